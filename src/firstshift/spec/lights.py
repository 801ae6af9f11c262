"""Lights, one kind after the other, as they hang in a station.

The origin lies where the optical axis meets the part's upper surface; z points to the camera; millimetres. Intensity is
relative: what matters is how bright the lights of one channel are beside each other.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from firstshift.spec.declared import Declared, Name, Number, OneOf, Positive, Vector

LightColour = Literal["white", "red", "green", "blue", "infrared", "ultraviolet"]
WAVELENGTH_NM: dict[str, float] = {
    "white": 550.0, "red": 630.0, "green": 525.0, "blue": 465.0, "infrared": 850.0, "ultraviolet": 385.0,
}  # fmt: skip
"""Peak of the usual LED of that colour; white counts as the eye's and the sensor's green maximum."""

Height = Annotated[Number, Field(ge=-1e4, le=1e4)]


class _Lamp(Declared):
    name: Name = Field(description="Name of the light, as channels refer to it.")
    colour: LightColour = Field(default="white", description="Colour of the light.")
    intensity: Annotated[Number, Field(gt=0, le=1000)] = Field(
        default=1.0, description="Brightness relative to the other lights; 1 is usual."
    )


class Ring(_Lamp):
    """A ring around the lens that shines down on the part."""

    kind: Literal["ring"] = Field(description="A ring around the lens.")
    diameter_mm: Positive = Field(description="Diameter of the middle of the ring of emitters, in mm.")
    width_mm: Positive = Field(default=10.0, description="Width of the ring of emitters, in mm.")
    height_mm: Height = Field(description="Height above the part's upper surface, in mm.")

    @property
    def elevation_deg(self) -> float:
        return _elevation(self.height_mm, self.diameter_mm)


class Bar(_Lamp):
    """A straight row of emitters."""

    kind: Literal["bar"] = Field(description="A straight row of emitters.")
    length_mm: Positive = Field(description="Length of the row, in mm.")
    width_mm: Positive = Field(default=10.0, description="Width of the row, in mm.")
    position_mm: Vector = Field(description="Middle of the bar as [x, y, z], in mm.")
    aim_mm: Vector = Field(default=(0.0, 0.0, 0.0), description="Point the bar shines at, as [x, y, z], in mm.")
    along_deg: Annotated[Number, Field(ge=-360, le=360)] | None = Field(
        default=None,
        description="Direction of the row in the image plane, in degrees from x; left out, across its own direction "
        "of light.",
    )


class Dome(_Lamp):
    """A white half sphere that lights from everywhere: no shadows, no glare."""

    kind: Literal["dome"] = Field(description="A half sphere that lights from everywhere.")
    diameter_mm: Positive = Field(description="Inner diameter of the dome, in mm.")
    opening_mm: Positive = Field(description="Diameter of the hole the camera looks through, in mm.")
    height_mm: Height = Field(
        default=0.0, description="Height of the dome's rim above the part's upper surface, in mm."
    )


class Coaxial(_Lamp):
    """Light along the optical axis, through a half mirror: flat mirrors shine, everything tilted is dark."""

    kind: Literal["coaxial"] = Field(description="Light along the optical axis through a half mirror.")
    size_mm: tuple[Positive, Positive] = Field(description="Width and height of the bright field, in mm.")
    height_mm: Height = Field(description="Height of the half mirror's box above the part's upper surface, in mm.")


class DarkField(_Lamp):
    """A low ring that shines flat across the surface: what is smooth stays dark, what is raised or cut in shines."""

    kind: Literal["dark_field"] = Field(description="A low ring that shines flat across the surface.")
    diameter_mm: Positive = Field(description="Diameter of the ring of emitters, in mm.")
    width_mm: Positive = Field(default=5.0, description="Height of the row of emitters, in mm.")
    height_mm: Height = Field(description="Height above the part's upper surface, in mm.")

    @property
    def elevation_deg(self) -> float:
        """Angle between the light and the surface at the middle of the image."""
        return _elevation(self.height_mm, self.diameter_mm)


class BackLight(_Lamp):
    """A bright field behind the part: it shows the outline."""

    kind: Literal["back_light"] = Field(description="A bright field behind the part.")
    size_mm: tuple[Positive, Positive] = Field(description="Width and height of the bright field, in mm.")
    below_mm: Annotated[Number, Field(ge=-1e4, le=1e4)] = Field(
        description="Distance below the part's upper surface, in mm; more than the part's height."
    )


class Spot(_Lamp):
    """A small lamp with a cone of light."""

    kind: Literal["spot"] = Field(description="A small lamp with a cone of light.")
    position_mm: Vector = Field(description="Where the lamp is, as [x, y, z], in mm.")
    aim_mm: Vector = Field(default=(0.0, 0.0, 0.0), description="Point it shines at, as [x, y, z], in mm.")
    diameter_mm: Positive = Field(default=10.0, description="Diameter of the bright area of the lamp, in mm.")
    cone_deg: Annotated[Number, Field(gt=0, le=180)] = Field(
        default=30.0, description="Full angle of the cone of light, in degrees."
    )


_KINDS = (Ring, Bar, Dome, Coaxial, DarkField, BackLight, Spot)
Light = Annotated[Ring | Bar | Dome | Coaxial | DarkField | BackLight | Spot, OneOf("kind", _KINDS)]


def _elevation(height_mm: float, diameter_mm: float) -> float:
    return math.degrees(math.atan2(height_mm, diameter_mm / 2))
