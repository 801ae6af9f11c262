"""Walls of a flaw between its ground and the lights: `horizon` asked for one view's emitters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint, Patch
from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.horizon import LOWEST_TAN, bearings, horizon_tangents, lit_past, openness, thinned
from firstshift.render.stamping.sampling import box_means

Floats = npt.NDArray[np.float64]
DEEP_TAN = 0.35
"""Walls steeper than this throw light onto each other that is worth counting, whether they shade or not."""
FINE_CELLS, GENTLE_CELLS = 25_000, 3_000
"""Cells for horizons of patches with and without such walls: a dent's shadow has no detail."""


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    landing: Landing
    emitters: Emitters
    patch: Patch
    tangents: F32
    """(rows, columns, 16): horizons, `horizon.horizon_tangents`."""
    least_tan: float
    """What stands lower than this shades no light and throws none."""

    def seen_from(self, u: F32, v: F32, wide: F32, high: F32) -> F32:
        """(S, 16): horizons at points of the patch."""
        return box_means(self.tangents, self.patch, u, v, wide, high)

    def lit(self, tangents: F32, position_mm: F32, normal: F32, owner: npt.NDArray[np.int64] | None = None) -> F32:
        """(S, E): share of each emitter above the horizons (S, 16). The frame turns with the surface where that is
        curved. Positions and normals are those of the samples, or (K,) fewer that the samples own."""
        along = self.landing.u.astype(np.float32)
        towards = bearings(position_mm, normal, along, self.emitters.position_mm, self.emitters.across_mm)
        return lit_past(tangents, np.arange(len(tangents)) if owner is None else owner, towards)

    def openness(self, tangents: F32) -> F32:
        return openness(tangents)


def walls_of(prepared: Prepared, landing: Landing, imprint: Imprint) -> Walls | None:
    """None where nothing on this patch is steep enough to stand in the way of any light."""
    height = imprint.height_mm
    if height is None:
        return None
    steepest = max(
        float(np.abs(np.diff(height, axis=1)).max(initial=0)) / imprint.patch.along_mm,
        float(np.abs(np.diff(height, axis=0)).max(initial=0)) / imprint.patch.across_mm,
    )
    way = prepared.emitters.position_mm - _landing_lit_from(prepared, landing)
    flat = np.hypot(way @ landing.u, way @ landing.v)
    # Half the emitter's own angular size lower than its middle; what stands below the plane is no light at all.
    low = (way @ landing.normal - prepared.emitters.across_mm / 2) / np.maximum(flat, 1e-6)
    shining = way @ landing.normal > 0
    lowest = float(low[shining].min()) if shining.any() else np.inf
    if steepest < max(min(lowest, DEEP_TAN), float(LOWEST_TAN)):
        return None
    thin, patch = thinned(height, imprint.patch, FINE_CELLS if steepest > DEEP_TAN else GENTLE_CELLS)
    low_tan = float(np.clip(lowest / 2, LOWEST_TAN, DEEP_TAN / 2))
    return Walls(landing, prepared.emitters, patch, horizon_tangents(thin, patch, low_tan), low_tan)


def _landing_lit_from(prepared: Prepared, landing: Landing) -> Floats:
    """The landing as the lamps see it: on a line camera, when its line is taken."""
    start, step = prepared.gbuffer.travel_mm
    if step == 0.0:
        return landing.position_mm
    row = float(prepared.view.project(landing.position_mm[None])[0, 1])
    return np.asarray(landing.position_mm - np.array([0.0, start + step * row, 0.0]))
