"""Where a flaw lands on a pose that is ready: the plan's place, regions and directions, one draw of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.line.synth.heat_maps import read_heat_map
from firstshift.line.synth.recipe import FlawRecipe, PoseDraw
from firstshift.line.synth.settings import GOOD
from firstshift.render.cad.openings import Opening
from firstshift.render.inspected import MARGIN_PX, Inspected
from firstshift.render.landing import Landing
from firstshift.render.placing import HeatMap, Sites, Staged, land, sites_of
from firstshift.render.prepared import Prepared
from firstshift.spec.catalogue import Defect
from firstshift.spec.declared import Range
from firstshift.spec.defect_types import Dent, MissingFeature

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Ready, Stage


class NoPlace(BadInput):
    """The flaw finds no place where it was looked for."""


def land_flaw(stage: Stage, ready: Ready, flaw: FlawRecipe, seed: Seed) -> Landing:
    entry = stage.plan.defects[flaw.entry]
    sites = _sites_on(stage, ready, flaw.entry)
    return land(ready.prepared, sites, seed, turned_deg=turned_deg(entry, ready.pose, seed))


def has_place(stage: Stage, ready: Ready) -> bool:
    """For flaws of the entry that the pose was drawn for. Fixtures of the backdrop may hide what was there before; a
    defect without an entry is of a class that is left out."""
    if ready.pose.entry is None:
        return ready.kind == GOOD
    try:
        return bool(_sites_on(stage, ready, ready.pose.entry).total > 0)
    except NoPlace:
        return False


def _sites_on(stage: Stage, ready: Ready, number: int) -> Sites:
    sites = ready.sites.get(number)
    if sites is None:
        entry = stage.plan.defects[number]
        sites = ready.sites[number] = sites_for(stage, ready.prepared, entry, shown=ready.inspected)
    return sites


def sites_for(
    stage: Stage,
    staged: Prepared | Staged,
    entry: Defect | None,
    margin_px: float = MARGIN_PX,
    shown: Inspected | None = None,
    is_cad: bool = True,
) -> Sites:
    """For an entry of the catalogue, or everywhere that is inspected. Raises NoPlace where there is none. `is_cad`:
    whether the scene shows the CAD part, with its edges, and not a plane that stands for it."""
    place = entry.landing_place if entry is not None else "surface"
    heat = heat_map(stage, entry) if entry is not None and place == "heat_map" else None
    try:
        return sites_of(
            staged,
            stage.plan.part,
            place=place,
            regions=entry.regions if entry is not None else (),
            edges=stage.edges if is_cad and (place == "edge" or isinstance(entry, Dent)) else (),
            openings=_holes(stage, entry) if entry is not None and place == "opening" else (),
            heat=heat,
            margin_px=margin_px,
            shown=shown,
        )
    except BadInput as error:
        told = {"where": error.where, "expected": error.expected, "found": error.found, "way_out": error.way_out}
        raise NoPlace(error.what, **told) from error


def _holes(stage: Stage, entry: Defect) -> tuple[Opening, ...]:
    """Round holes of the size that the plan names; a slot is no hole that somebody forgot to drill."""
    span = entry.narrow_mm
    found = tuple(hole for hole in stage.openings if hole.is_round and (span is None or hole.diameter_mm in span))
    if not found:
        sizes = ", ".join(f"{hole.diameter_mm:.3g}" for hole in stage.openings if hole.is_round) or "none"
        raise BadInput(
            where=f"defect class {entry.class_name!r}: size_mm",
            expected=f"a range with the diameter of a round hole in it (there are: {sizes} mm)",
            found=span.as_list() if span is not None else "no range",
        )
    return found


def turned_deg(entry: Defect, pose: PoseDraw, seed: Seed) -> float | None:
    """The plan's direction counts on the part, so it turns with it; None where the plan names none. What is missing of
    a hole is as round as the hole."""
    if entry.landing_place == "opening" and isinstance(entry, MissingFeature):
        return 0.0
    span = getattr(entry, "orientation_deg", None)
    if not isinstance(span, Range):
        return None
    return span.at(seed.uniform("orientation")) + pose.turn_deg


def heat_map(stage: Stage, entry: Defect) -> HeatMap:
    assert entry.heat_map is not None
    return HeatMap(read_heat_map(stage.order.folder, entry.heat_map), stage.survey_view, stage.seat)
