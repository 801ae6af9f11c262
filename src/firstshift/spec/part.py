"""The part: what lies in front of the camera, what it is made of, and which of its surfaces are inspected.

Coordinates of regions are those of the CAD file, in millimetres. A part without a CAD file is flat: a strip, a label, a
ground tile, `size_mm: [width, length, thickness]`; its origin lies in the middle of its upper surface.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from firstshift.spec.declared import (
    Declared,
    Flag,
    Name,
    Number,
    Positive,
    Range,
    Sentence,
    Share,
    Title,
    Vector,
    Within,
    check_file_beside,
    reject,
)
from firstshift.spec.serial import SerialFormat

Material = Literal[
    "aluminium", "steel", "stainless_steel", "cast_iron", "brass", "bronze", "copper", "titanium", "zinc", "nickel",
    "chrome", "gold", "silver", "plastic", "rubber", "ceramic", "ferrite", "glass", "wood", "paper", "fabric",
]  # fmt: skip
FinishKind = Literal[
    "turned", "milled", "brushed", "ground", "cast", "blasted", "polished", "moulded", "painted", "rolled"
]
Lay = Literal["straight", "crossed", "circular", "radial", "none"]
Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]
CAD_SUFFIXES = (".step", ".stp", ".stl", ".obj", ".ply", ".glb")
UNITLESS_SUFFIXES = (".stl", ".obj", ".ply")
METALS = frozenset(
    {"aluminium", "steel", "stainless_steel", "cast_iron", "brass", "bronze", "copper", "titanium", "zinc", "nickel",
     "chrome", "gold", "silver"}
)  # fmt: skip

_LAY_OF: dict[str, Lay] = {
    "turned": "circular", "milled": "crossed", "brushed": "straight", "ground": "straight", "rolled": "straight",
}  # fmt: skip


def _check_cad_file(value: str) -> str:
    return check_file_beside(value, CAD_SUFFIXES, "export it as STEP (AP214 or AP242)", "CAD file")


def _check_colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        reject("a colour written '#rrggbb'", value, "quote it: # begins a comment otherwise")
    return value


CadFile = Annotated[str, AfterValidator(_check_cad_file)]
Colour = Annotated[str, AfterValidator(_check_colour)]


class Finish(Declared):
    """How the surface was made: the small hills and valleys that decide how it shines."""

    kind: FinishKind = Field(description="The process that made the surface.")
    ra_um: Annotated[Range, Within(0.005, 100, "Ra is in micrometres: 0.8 is finely milled, 0.05 polished")] = Field(
        description="Roughness Ra in µm (ISO 21920) from the smoothest to the roughest good part."
    )
    lay: Lay | None = Field(
        default=None,
        description="Pattern of the tool marks; left out, it follows from the kind: turned is circular, milled "
        "crossed, brushed, ground and rolled straight, the others none.",
    )
    lay_deg: Annotated[Number, Field(ge=-360, le=360)] = Field(
        default=0.0,
        description="Direction of straight or crossed tool marks, in degrees from the part's X axis, seen from above.",
    )
    gloss: Annotated[Range, Within(0, 1)] | None = Field(
        default=None,
        description="Share of light mirrored by a clear top layer (paint, moulded plastic), 0 matt to 1 glossy.",
    )

    @property
    def lay_pattern(self) -> Lay:
        return self.lay or _LAY_OF.get(self.kind, "none")


class Body(Declared):
    """One solid of the CAD file, or the whole of a flat part."""

    name: Name = Field(description="Name of the body; the CAD file's own name where it has one.")
    material: Material = Field(description="What the body is made of.")
    colour: Colour | None = Field(
        default=None,
        description="Colour as '#rrggbb' (sRGB) for plastics, paint and the like; metals have their own.",
    )
    finish: Finish = Field(description="How the surface of this body was made.")


class Block(Declared):
    """An upright box in the part's coordinates."""

    from_mm: Vector = Field(description="Corner of the box with the smallest x, y and z, in mm.")
    to_mm: Vector = Field(description="Opposite corner of the box, in mm.")

    @model_validator(mode="after")
    def _has_volume(self) -> Block:
        for axis, low, high in zip("xyz", self.from_mm, self.to_mm, strict=True):
            if low > high:
                reject(f"{axis} of from_mm below {axis} of to_mm", [low, high], "exchange the two", ("from_mm",))
        return self


class Facing(Declared):
    """Surfaces that look in one direction."""

    direction: Vector = Field(
        description="The direction the surface looks in, as [x, y, z]; its length does not matter."
    )
    within_deg: Annotated[Number, Field(gt=0, le=180)] = Field(
        default=15.0, description="How far a surface may lean away from that direction, in degrees."
    )

    @model_validator(mode="after")
    def _points_somewhere(self) -> Facing:
        if math.hypot(*self.direction) < 1e-9:
            reject("a direction other than [0, 0, 0]", list(self.direction), "[0, 0, 1] is upwards", ("direction",))
        return self


class Region(Declared):
    """A surface to inspect. Rules given together narrow the choice down; at least one is needed."""

    name: Name = Field(description="Name of the region, as defects and results refer to it.")
    body: Name | None = Field(default=None, description="Only surfaces of this body.")
    face: Name | None = Field(default=None, description="Only the face with this name (or number) in the CAD file.")
    box: Block | None = Field(default=None, description="Only surfaces inside this box, in the part's coordinates.")
    facing: Facing | None = Field(default=None, description="Only surfaces that look in this direction.")

    @model_validator(mode="after")
    def _has_a_rule(self) -> Region:
        if not (self.body or self.face or self.box or self.facing):
            reject("at least one of body, face, box, facing", None, "say which surface the region is")
        return self


class Placement(Declared):
    """How the part lies under the camera, and how much it may move from one part to the next."""

    up: Axis = Field(default="+z", description="Which axis of the CAD file points at the camera.")
    turned_deg: Annotated[Number, Field(ge=-360, le=360)] = Field(
        default=0.0, description="Turn about the optical axis, in degrees, anticlockwise as the camera sees it."
    )
    shift_mm: Annotated[Number, Field(ge=0, le=10000)] = Field(
        default=0.0, description="How far the part may lie off centre in any direction, in mm."
    )
    turn_deg: Annotated[Number, Field(ge=0, le=180)] = Field(
        default=0.0, description="How far the part may be turned either way, in degrees; 180 is any direction."
    )
    tilt_deg: Annotated[Number, Field(ge=0, le=90)] = Field(
        default=0.0, description="How far the part may be tilted out of its seat, in degrees."
    )


class Part(Declared):
    """What is inspected."""

    name: Title = Field(description="Name of the part, as people on the line say it.")
    number: Title | None = Field(default=None, description="Drawing or article number, with its revision.")
    cad: CadFile | None = Field(
        default=None,
        description="CAD file beside the plan: STEP, STL, OBJ, PLY or GLB. Left out, the part is flat and size_mm "
        "says how large.",
    )
    cad_unit: Literal["mm", "cm", "m", "inch"] | None = Field(
        default=None, description="Unit of a CAD file that does not name one itself (STL, OBJ, PLY)."
    )
    size_mm: tuple[Positive, Positive, Positive] = Field(
        description="Size over everything along x, y and z, in mm, as on the drawing. It catches a CAD file in the "
        "wrong unit. For a flat part: width, length, thickness."
    )
    bodies: tuple[Body, ...] = Field(
        min_length=1, max_length=200, description="The solids the part consists of, with material and finish."
    )
    regions: tuple[Region, ...] = Field(
        default=(), max_length=500, description="Surfaces to inspect; left out, everything the camera sees."
    )
    placement: Placement = Field(
        default_factory=Placement, description="How the part lies under the camera and how much it moves."
    )
    serial: SerialFormat | None = Field(default=None, description="What a serial number of this part looks like.")
    round: Flag = Field(
        default=False, description="Whether the camera sees a round outline: turning the part then takes no more room."
    )
    good_share: Share | None = Field(
        default=None, description="Share of parts that are good, as far as known; helps to plan how many to look at."
    )
    note: Sentence | None = Field(default=None, description="Anything a colleague should know; not evaluated.")

    @property
    def is_flat(self) -> bool:
        return self.cad is None

    @property
    def needs_unit(self) -> bool:
        return self.cad is not None and self.cad.lower().endswith(UNITLESS_SUFFIXES)

    @property
    def seen_size_mm(self) -> tuple[float, float, float]:
        """Width and length as the camera sees them (turned by `turned_deg`), and height along the optical axis."""
        sizes = dict(zip("xyz", self.size_mm, strict=True))
        height = sizes.pop(self.placement.up[1])
        across, along = sizes.values()
        turn = math.radians(self.placement.turned_deg)
        cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
        return (across * cos + along * sin, across * sin + along * cos, height)

    @model_validator(mode="after")
    def _hangs_together(self) -> Part:
        reject_repeated_in("bodies", self.bodies, "body")
        reject_repeated_in("regions", self.regions, "region")
        names = [body.name for body in self.bodies]
        for index, region in enumerate(self.regions):
            if region.body is not None and region.body not in names:
                reject(f"one of the bodies {', '.join(names)}", region.body, "", ("regions", index, "body"))
        if self.needs_unit and self.cad_unit is None:
            reject("the unit of the CAD file: mm, cm, m or inch", None, "this format does not name it", ("cad_unit",))
        return self


def reject_repeated_in(key: str, blocks: tuple[Any, ...], what: str) -> None:
    names = [block.name for block in blocks]
    for index, name in enumerate(names):
        if name in names[:index]:
            reject(f"a {what} name used once", name, f"{key}[{names.index(name)}] has it already", (key, index, "name"))
