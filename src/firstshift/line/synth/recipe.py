"""Every draw of one image, in words and numbers that a person can read: the image's provenance (M7).

An image is painted from its recipe and its plan, never from a random stream: `paint(stage, recipe)` gives the same
bytes whenever it is asked, on any worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.line.synth.settings import RECIPE_VERSION

Vector = tuple[float, float, float]
MADE_BY = "firstshift synth"


@dataclass(frozen=True, slots=True)
class SurfaceDraw:
    """How one body of the part came out this time."""

    body: str
    ra_um: float
    gloss: float
    finish_seed: int


@dataclass(frozen=True, slots=True)
class PoseDraw:
    """What all images of one pose share."""

    number: int
    shift_mm: tuple[float, float]
    turn_deg: float
    tilt_deg: tuple[float, float]
    camera_tilt_deg: tuple[float, float]
    camera_roll_deg: float
    distance_factor: float
    surfaces: tuple[SurfaceDraw, ...]
    light_shift_mm: dict[str, Vector]
    backdrop_seed: int | None
    """None: the plain backdrop."""
    window: tuple[int, int, int, int] | None
    """x, y, width, height on the sensor; None is all of it."""
    scale: float
    """Pixels of the image for each pixel of the sensor."""
    entry: int | None = None
    """The entry of the catalogue that the window was chosen for; None for good parts."""


@dataclass(frozen=True, slots=True)
class FlawRecipe:
    entry: int
    """Which entry of the plan's catalogue."""
    class_name: str
    type: str
    severity: int
    seed: int
    attempt: int = 0
    """Which place it got: the first one (0), or another after the first showed nothing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    run: str
    kind: str
    """`good`, or the class that was asked for."""
    number: int
    pose: PoseDraw
    light: dict[str, float]
    """Factor on each lamp's brightness."""
    exposure: float
    noise: float
    sharpness: float
    sensor_seed: int
    flaws: tuple[FlawRecipe, ...] = ()
    motion_deg: float = 0.0
    """Which way a moving part moves in the image, anticlockwise; 0 along the rows."""

    @property
    def shot(self) -> str:
        return f"{self.run}/{self.kind}/{self.number:07d}"

    def to_json(self) -> dict[str, Any]:
        return {"made_by": MADE_BY, "recipe": RECIPE_VERSION, **plain_values(self)}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Recipe:
        if plain.get("made_by") != MADE_BY:
            raise BadInput(where="provenance", expected=f"an image made by {MADE_BY}", found=plain.get("made_by"))
        if plain.get("recipe") != RECIPE_VERSION:
            raise BadInput(
                where="provenance",
                expected=f"recipe version {RECIPE_VERSION}",
                found=plain.get("recipe"),
                way_out="another release of firstshift made it, and paints it again",
            )
        told = {name: plain[name] for name in cls.__slots__ if name in plain}
        pose = dict(told["pose"])
        pose["surfaces"] = tuple(SurfaceDraw(**one) for one in pose["surfaces"])
        pose["light_shift_mm"] = {name: tuple(shift) for name, shift in pose["light_shift_mm"].items()}
        for name in ("shift_mm", "tilt_deg", "camera_tilt_deg"):
            pose[name] = tuple(pose[name])
        pose["window"] = tuple(pose["window"]) if pose["window"] is not None else None
        told["pose"] = PoseDraw(**pose)
        told["flaws"] = tuple(FlawRecipe(**one) for one in told.get("flaws", ()))
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Unit:
    """Images that are painted together, because they share a pose; the piece of work that a worker takes."""

    kind: str
    first: int
    count: int
    numbers: range = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", range(self.first, self.first + self.count))


def plain_values(value: Any) -> Any:
    """As `dataclasses.asdict`, with lists for tuples and without copying what is plain: this runs for every image."""
    if is_dataclass(value):
        return {one.name: plain_values(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: plain_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    return value
