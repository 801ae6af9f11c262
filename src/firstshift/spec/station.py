"""The station: camera, lens, light, and which light is on for which image.

Coordinates of lights are the station's: the origin lies where the optical axis meets the part's upper surface, x to the
right and y upwards in the image, z towards the camera, all in millimetres.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from firstshift.core.units import Micrometres, Millimetres, mm_to_um, um_to_mm
from firstshift.spec.declared import (
    Declared,
    Name,
    Number,
    OneOf,
    Positive,
    Sentence,
    Title,
    Vector,
    Whole,
    check_file_beside,
    reject,
)
from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot
from firstshift.spec.part import reject_repeated_in

Pixels = Annotated[Whole, Field(ge=1, le=100_000)]


class Camera(Declared):
    """The sensor behind the lens."""

    name: Title | None = Field(default=None, description="Make and model, as on its label.")
    sensor_px: tuple[Pixels, Pixels] = Field(
        description="Pixels across and down, [width, height]; a line camera has a height of 1."
    )
    pixel_um: Annotated[Number, Field(ge=0.5, le=100)] | None = Field(
        default=None, description="Distance from pixel to pixel on the sensor, in µm; most are between 1.5 and 10."
    )
    sensor_mm: tuple[Positive, Positive] | None = Field(
        default=None, description="Width and height of the sensor in mm, where the pixel pitch is not known."
    )
    colour: Literal["mono", "colour"] = Field(
        default="mono", description="'mono', or 'colour' for one sensor behind a mosaic of colour filters."
    )
    bits: Literal[8, 10, 12, 14, 16] = Field(default=8, description="Bits for each pixel as the camera sends them.")

    @property
    def pitch_mm(self) -> tuple[float, float]:
        """Distance from pixel to pixel on the sensor, across and down."""
        if self.pixel_um is not None:
            return (um_to_mm(Micrometres(self.pixel_um)), um_to_mm(Micrometres(self.pixel_um)))
        assert self.sensor_mm is not None
        return (self.sensor_mm[0] / self.sensor_px[0], self.sensor_mm[1] / self.sensor_px[1])

    @model_validator(mode="after")
    def _has_one_size(self) -> Camera:
        if (self.pixel_um is None) == (self.sensor_mm is None):
            found = None if self.pixel_um is None else "both"
            reject("either pixel_um or sensor_mm", found, "the data sheet calls it pixel size", ("pixel_um",))
        across, down = self.pitch_mm
        if not (0.0005 <= across <= 0.1 and 0.0005 <= down <= 0.1):
            found = f"pixels of {mm_to_um(Millimetres(across)):.3g} × {mm_to_um(Millimetres(down)):.3g} µm"
            reject("a sensor whose pixels are 0.5 to 100 µm", found, "check sensor_mm and sensor_px", ("sensor_mm",))
        return self


class Distortion(Declared):
    """Brown–Conrady (Brown 1966), numbered as in OpenCV: k for radial, p for tangential distortion.

    Radii are those of the normalised image plane (x/z) for a perspective lens; for a telecentric lens they are shares
    of half the sensor's diagonal.
    """

    k1: Annotated[Number, Field(ge=-10, le=10)] = Field(default=0.0, description="Radial distortion, second order.")
    k2: Annotated[Number, Field(ge=-100, le=100)] = Field(default=0.0, description="Radial distortion, fourth order.")
    p1: Annotated[Number, Field(ge=-1, le=1)] = Field(default=0.0, description="Tangential distortion, vertical.")
    p2: Annotated[Number, Field(ge=-1, le=1)] = Field(default=0.0, description="Tangential distortion, horizontal.")
    k3: Annotated[Number, Field(ge=-1000, le=1000)] = Field(
        default=0.0, description="Radial distortion, sixth order; 0 unless a calibration says otherwise."
    )

    @property
    def is_none(self) -> bool:
        return not (self.k1 or self.k2 or self.p1 or self.p2 or self.k3)


FNumber = Annotated[Number, Field(ge=0.5, le=128)]


class Perspective(Declared):
    """An ordinary lens: near things look larger."""

    kind: Literal["perspective"] = Field(description="An ordinary lens.")
    focal_mm: Annotated[Number, Field(ge=0.5, le=5000)] = Field(description="Focal length in mm.")
    f_number: FNumber = Field(description="The f-number set on the lens: 8 for f/8.")
    distortion: Distortion = Field(default_factory=Distortion, description="Lens distortion; left out, there is none.")


class Telecentric(Declared):
    """A telecentric lens: everything has the same scale, near or far."""

    kind: Literal["telecentric"] = Field(description="A telecentric lens.")
    magnification: Annotated[Number, Field(ge=0.001, le=100)] = Field(
        description="Size on the sensor divided by size on the part; 0.5 shows 2 mm on 1 mm of sensor."
    )
    f_number: FNumber = Field(description="Working f-number on the sensor's side, as the lens maker gives it.")
    distortion: Distortion = Field(default_factory=Distortion, description="Lens distortion; left out, there is none.")


Lens = Annotated[Perspective | Telecentric, OneOf("kind", (Perspective, Telecentric))]


class LineScan(Declared):
    """The image is built line by line while the part moves past."""

    line_rate_hz: Annotated[Number, Field(gt=0, le=1e6)] = Field(description="Lines a second.")
    speed_mm_s: Annotated[Number, Field(gt=0, le=1e5)] = Field(description="Speed of the part, in mm a second.")
    length_mm: Annotated[Number, Field(gt=0, le=1e5)] = Field(description="Length of part in one image, in mm.")

    @property
    def mm_per_line(self) -> float:
        return self.speed_mm_s / self.line_rate_hz

    @property
    def lines(self) -> int:
        return max(1, round(self.length_mm / self.mm_per_line))


class Channel(Declared):
    """One exposure: which lights are on, and for how long. A part gets one image for each channel."""

    name: Name = Field(description="Name of the channel, as images and results carry it.")
    lights: tuple[Name, ...] = Field(min_length=1, max_length=50, description="Lights that are on, by name.")
    exposure_ms: Annotated[Number, Field(gt=0, le=60_000)] | None = Field(
        default=None, description="Exposure time in ms; left out, the part is taken to stand still."
    )


def _check_profile_file(value: str) -> str:
    return check_file_beside(value, (".json",), "write one with 'firstshift station calibrate'", "profile")


ProfileFile = Annotated[str, AfterValidator(_check_profile_file)]


class Station(Declared):
    """Where the part is inspected."""

    name: Name = Field(description="Name of the station, as images and results carry it.")
    camera: Camera = Field(description="The sensor behind the lens.")
    lens: Lens = Field(description="The lens, perspective or telecentric.")
    working_distance_mm: Annotated[Number, Field(gt=0, le=1e5)] = Field(
        description="From the lens's front principal plane to the part's upper surface, in mm. The front of the lens "
        "is a few mm to cm nearer: calibrate, or take the value from the lens maker's calculator."
    )
    focus_mm: Annotated[Number, Field(gt=0, le=1e5)] | None = Field(
        default=None,
        description="Distance that is in perfect focus, measured like the working distance; left out, it is the "
        "part's upper surface.",
    )
    part_speed_mm_s: Annotated[Number, Field(ge=0, le=1e5)] = Field(
        default=0.0, description="How fast the part moves during an exposure, in mm a second; 0 when it stands still."
    )
    part_direction_deg: Annotated[Number, Field(ge=-360, le=360)] = Field(
        default=0.0,
        description="Which way it moves in the image, in degrees anticlockwise: 0 along the rows, 90 along the "
        "columns. Motion blur runs that way.",
    )
    line_scan: LineScan | None = Field(
        default=None, description="Settings of a line camera; left out, it is an area camera."
    )
    lights: tuple[Light, ...] = Field(min_length=1, max_length=100, description="Every light at the station.")
    channels: tuple[Channel, ...] = Field(
        min_length=1, max_length=32, description="One image of a part each: which lights are on."
    )
    profile: ProfileFile | None = Field(
        default=None,
        description="Sensor profile beside the plan, written by 'firstshift station calibrate': noise, blur and "
        "illumination of this very camera; left out, those usual for its pixel size.",
    )
    note: Sentence | None = Field(default=None, description="Anything a colleague should know; not evaluated.")

    @property
    def focus_distance_mm(self) -> float:
        return self.working_distance_mm if self.focus_mm is None else self.focus_mm

    def light(self, name: str) -> Light:
        return next(light for light in self.lights if light.name == name)

    @model_validator(mode="after")
    def _hangs_together(self) -> Station:
        reject_repeated_in("lights", self.lights, "light")
        reject_repeated_in("channels", self.channels, "channel")
        names = [light.name for light in self.lights]
        for index, channel in enumerate(self.channels):
            for place, name in enumerate(channel.lights):
                if name not in names:
                    reject(f"one of the lights {', '.join(names)}", name, "", ("channels", index, "lights", place))
        lines = self.camera.sensor_px[1]
        if self.line_scan is not None and lines > 256:
            reject("a line camera, [width, 1]", list(self.camera.sensor_px), "", ("camera", "sensor_px"))
        if self.line_scan is None and lines == 1:
            reject("settings for a line camera", None, "sensor_px has a height of 1", ("line_scan",))
        return self


__all__ = [
    "BackLight", "Bar", "Camera", "Channel", "Coaxial", "DarkField", "Distortion", "Dome", "Lens", "Light", "LineScan",
    "Perspective", "Ring", "Spot", "Station", "Telecentric", "Vector",
]  # fmt: skip
