"""The ways to come by tiles for training, and those with something left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ferrite.ends import with_ends
from ferrite.onto import put_onto
from ferrite.photographs import GOOD, Photograph, calibrated
from ferrite.rendering import Tile, Wanted, Without, rendered


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    made: Literal["CAD", "onto", "half and half", "real"] = "CAD"
    varied: bool = True
    calibrated: bool = False
    without: Without = ""
    photographed: bool = True
    """Shown to the network as ever other photographers would show it (varying.py)."""


CAD = Way("CAD")
WAYS = (
    CAD,
    Way("onto good photographs", "onto"),
    Way("CAD, no randomisation", varied=False),
    Way("CAD, calibrated camera", calibrated=True),
    Way("half CAD, half onto", "half and half"),
)
BOUND = Way("real defects of the dev half", "real")
"""No way to start without parts: what this network finds when it is shown real ones."""
LEFT_OUT = (
    CAD,
    Way("without the skin", without="skin"),
    Way("without wear on good tiles", without="wear"),
    Way("grinding marks run through flaws", without="bare flaws"),
    Way("uneven as areas, not fronts", without="fronts"),
    Way("what does not stand out stays to be found", without="hidden flaws"),
    Way("each image shown as it was rendered", photographed=False),
)


def tiles_of(way: Way, taken: Sequence[Photograph], count: int) -> list[Tile]:
    """What trains: as many images whichever way they are made. Test photographs are not looked at."""
    backgrounds = [photograph for photograph in taken if photograph.side == "background"]

    def cad() -> list[Tile]:
        profile = calibrated(backgrounds) if way.calibrated else None
        name = "calibrated" if way.calibrated else way.without.replace(" ", "-") or ("cad" if way.varied else "plain")
        tiles = rendered(Wanted(name, count, way.varied, profile, without=way.without))
        return [with_ends(tile, k) for k, tile in enumerate(tiles)]

    match way.made:
        case "onto":
            return put_onto(backgrounds, count)
        case "half and half":
            return [*cad()[::2], *put_onto(backgrounds, count)[::2]]
        case "real":
            defects = [photograph for photograph in taken if photograph.side == "dev" and photograph.kind != GOOD]
            good = backgrounds[:: max(1, len(backgrounds) // len(defects))]
            return [photograph.shown() for photograph in [*defects, *good]]
        case _:
            return cad()
