"""What is asked for when flaws go onto photographs: settings, the plan, and pieces of work, one for a photograph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, overload

from firstshift.core.errors import BadInput
from firstshift.core.hashing import record_hash
from firstshift.line.synth.onto_plane import FlatOrder
from firstshift.line.synth.order import Order
from firstshift.line.synth.settings import MAX_IMAGES

if TYPE_CHECKING:
    from firstshift.line.synth.onto_painting import OntoPainter
    from firstshift.store.workspace import Workspace

Method = Literal["plane", "points", "silhouette"]
Pairs = tuple[tuple[float, float, float, float, float], ...]
"""x, y in the photograph; x, y, z on the part, mm."""
ONTO_VERSION = 4
"""Rises whenever the same recipe would give another image."""


@dataclass(frozen=True, slots=True)
class OntoSettings:
    method: Method = "plane"
    per_defect: int = 0
    per_photo: int = 0
    seed: int = 0
    channel: str | None = None
    """The light channel that the photographs were taken under; None: the plan's first."""
    classes: tuple[str, ...] = ()
    mm_per_pixel: float | None = None
    turn_deg: float = 0.0
    region: str | None = None
    """The plan's region that a plane shows; None: its first, where it has any."""
    points: tuple[tuple[str, Pairs], ...] = ()
    """By name of the photograph; '' for all of them."""
    gamma: float | None = None
    """None: the sensor profile's."""
    whole: bool = False
    """The photographs show nothing but the part: no background is looked for."""
    plan_light: bool = False
    """Light and gloss are the plan's: nothing is estimated."""
    skip_problems: bool = False
    renderer: str = ""
    """Names the renderer in a run that was begun beside one of another renderer; usually empty."""

    def __post_init__(self) -> None:
        for name in ("per_defect", "per_photo"):
            if not 0 <= getattr(self, name) <= MAX_IMAGES:
                raise BadInput(where=f"--{name}", expected=f"0 to {MAX_IMAGES:,}", found=getattr(self, name))
        if not 0 <= self.seed < 2**63:
            raise BadInput(where="--seed", expected="a whole number of 0 or more", found=self.seed)
        if self.mm_per_pixel is not None and not 1e-6 <= self.mm_per_pixel <= 1000:
            raise BadInput(where="--mm-per-pixel", expected="0.000001 to 1000", found=f"{self.mm_per_pixel:g}")
        if not -360 <= self.turn_deg <= 360:
            raise BadInput(where="--turn", expected="-360 to 360 degrees", found=f"{self.turn_deg:g}")
        if self.gamma is not None and not 0.2 <= self.gamma <= 5:
            raise BadInput(where="--gamma", expected="0.2 to 5", found=f"{self.gamma:g}")
        if bool(self.points) != (self.method == "points"):
            raise BadInput(where="points", expected="points, for the method 'points' alone", found=self.method)
        if self.region is not None and self.method != "plane":
            raise BadInput(
                where="--region", expected="--plane with it", found=f"--{self.method}",
                way_out="a pose tells where each region lies",
            )  # fmt: skip

    def named(self) -> dict[str, Any]:
        """What decides what the images look like, not how many there are."""
        told = asdict(self)
        for name in ("per_defect", "per_photo", "classes", "skip_problems", "renderer"):
            del told[name]
        return told


@dataclass(frozen=True, slots=True)
class Photograph:
    id: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OntoUnit:
    """Everything that one photograph is asked for; the piece of work that a worker takes."""

    photograph: Photograph
    asked: tuple[tuple[str, int], ...]
    """Class and number of each image."""

    @property
    def kind(self) -> str:
        return self.photograph.id

    @property
    def count(self) -> int:
        return len(self.asked)


@dataclass(frozen=True, slots=True)
class OntoOrder:
    """Everything a worker needs, as plain values that travel to another process or machine."""

    order: Order
    settings: OntoSettings

    @classmethod
    def of(cls, order: Order, settings: OntoSettings) -> OntoOrder:
        if settings.method == "plane":
            order = FlatOrder(
                order.plan_text, order.folder, order.settings, order.defect_files, order.profile, settings.region
            )
        elif order.plan().part.is_flat:
            raise BadInput(
                where=f"--{settings.method}", expected="a plan with a CAD file", found="a flat part",
                way_out="--plane is for flat parts",
            )  # fmt: skip
        return cls(order, settings)

    def run_name(self, plan_hash: str, profile_hash: str | None) -> str:
        """The same whatever the photographs and the classes are: more of them add to the run."""
        told = {"plan": plan_hash, "profile": profile_hash, "onto": ONTO_VERSION}
        if self.settings.renderer:
            told["renderer"] = self.settings.renderer
        mode = "photo" if self.settings.per_photo else "defect"
        return record_hash(told | self.settings.named() | {"per": mode})[:12]

    def painter(self) -> OntoPainter:
        from firstshift.line.synth.onto_painting import OntoPainter

        return OntoPainter(self)


class Units(Sequence[OntoUnit]):
    """The pieces of work; a photograph's bytes are read when its turn comes, so that memory stays flat."""

    def __init__(self, ws: Workspace, names: dict[str, str], units: Sequence[OntoUnit]) -> None:
        self._ws, self._names, self._units = ws, names, units

    def __len__(self) -> int:
        return len(self._units)

    @overload
    def __getitem__(self, at: int) -> OntoUnit: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[OntoUnit]: ...
    def __getitem__(self, at: int | slice) -> OntoUnit | Sequence[OntoUnit]:
        if isinstance(at, slice):
            return Units(self._ws, self._names, self._units[at])
        unit = self._units[at]
        data = self._ws.images.read_bytes(unit.kind)
        return replace(unit, photograph=Photograph(unit.kind, self._names[unit.kind], data))

    def __iter__(self) -> Iterator[OntoUnit]:
        return (self[at] for at in range(len(self)))
