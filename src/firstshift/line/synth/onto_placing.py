"""Where a flaw lands in a photograph: on the part as far as it is seen, and the window around that is rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.line.synth.onto_ready import OntoReady
from firstshift.line.synth.placing import NoPlace, sites_for
from firstshift.line.synth.recipe import FlawRecipe
from firstshift.line.synth.stage import Stage
from firstshift.render.landing import Landing
from firstshift.render.onto.registering import Pixels
from firstshift.render.placing import Sites, land
from firstshift.render.prepared import Prepared
from firstshift.spec.catalogue import Defect
from firstshift.spec.declared import Range

LEAST_WINDOW, MOST_WINDOW = 320, 1280
ROOM_PX = 128
MIDDLE = 0.3
"""In a window, the flaw lands within the middle part of this width, so that it does not stick out."""


def window_for(stage: Stage, ready: OntoReady, flaw: FlawRecipe, seed: Seed) -> tuple[Pixels, bool]:
    """The piece of the photograph to render, and whether the flaw has to lie in its middle."""
    height, width = ready.mask.shape
    if ready.is_whole:
        return (0, 0, width, height), False
    entry = stage.plan.defects[flaw.entry]
    whole = (0, 0, width, height)
    landing = _landed(stage, ready, ready.base, whole, entry, seed.child("spot"), middle=False, sites=ready.sites)
    view = ready.findings.registered.view()
    x, y = view.project(landing.position_mm[None])[0]
    long_px = entry.long_mm.high / ready.findings.registered.mm_per_pixel if entry.long_mm is not None else 0.0
    side = int(min(max(LEAST_WINDOW, 1.4 * long_px + ROOM_PX), MOST_WINDOW))
    wide, high = min(side, width), min(side, height)
    left, top = min(max(round(x - wide / 2), 0), width - wide), min(max(round(y - high / 2), 0), height - high)
    return (left, top, wide, high), True


def land_in(
    stage: Stage, ready: OntoReady, prepared: Prepared, window: Pixels, flaw: FlawRecipe, middle: bool, seed: Seed
) -> Landing:
    entry = stage.plan.defects[flaw.entry]
    sites = ready.sites if ready.is_whole else {}
    return _landed(stage, ready, prepared, window, entry, seed, middle=middle, sites=sites)


def _landed(
    stage: Stage, ready: OntoReady, prepared: Prepared, window: Pixels, entry: Defect, seed: Seed, *,
    middle: bool, sites: dict[int, Sites],
) -> Landing:  # fmt: skip
    number = stage.entry_number(entry)
    if number not in sites:
        margin_px = 0.5 if prepared is ready.base else 4.0
        found = sites_for(stage, prepared, entry, margin_px, is_cad=ready.mesh is stage.mesh)
        sites[number] = _seen_only(found, ready, prepared, window, middle)
    span = getattr(entry, "orientation_deg", None)
    turn = np.degrees(np.arctan2(*ready.findings.registered.pose.rotation[1::-1, 0]))
    turned = float(span.at(seed.uniform("orientation")) + turn) if isinstance(span, Range) else None
    return land(prepared, sites[number], seed, turned_deg=turned)


def _seen_only(sites: Sites, ready: OntoReady, prepared: Prepared, window: Pixels, middle: bool) -> Sites:
    """Of sites on surfaces, those where the photograph shows the part; edges and openings stay as they are."""
    if sites.steps is not None or sites.rims is not None:
        return sites
    gbuffer = prepared.gbuffer
    x, y, width, height = window
    pixel = gbuffer.pixel[sites.chosen]
    column = (pixel % gbuffer.width + 0.5) * width / gbuffer.width
    row = (pixel // gbuffer.width + 0.5) * height / gbuffer.height
    kept = ready.mask[(row + y).astype(int), (column + x).astype(int)]
    if middle and (central := kept & _central(column, width) & _central(row, height)).any():
        kept = central
    if not kept.any():
        raise NoPlace(where="photograph", expected="a place on the part", found="background only")
    weights = np.diff(sites.cumulative, prepend=0.0)[kept]
    return replace(sites, cumulative=np.cumsum(weights), chosen=sites.chosen[kept], region=sites.region[kept])


def _central(at: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(at - size / 2) <= max(MIDDLE * size / 2, 4))
