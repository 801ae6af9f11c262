"""A flaw on its place in a view: the samples it touches, its walls, and those samples that it really changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.finding import Rows, touched_rows
from firstshift.render.stamping.sampling import box_means
from firstshift.render.stamping.shadow import Walls, walls_of
from firstshift.render.stamping.splitting import bend_of, footprints

NOTHING = 1e-6
"""Slopes, shares and factors nearer than this to 'no change' change nothing."""
FLAT = 5e-4
"""Slopes below this share of the surface's own roughness (as alpha) move no highlight that anybody could see."""


@dataclass(frozen=True, slots=True, eq=False)
class Landed:
    landing: Landing
    imprint: Imprint
    touched: Rows
    """Samples under the patch."""
    rows: Rows
    """Those among them where a layer changes something."""
    walls: Walls | None
    bend: float
    """Largest change of slope from cell to cell."""


def landed(prepared: Prepared, landing: Landing, imprint: Imprint) -> Landed:
    slanting = 0.0 if imprint.height_mm is None else float(np.abs(imprint.height_mm).max())
    touched = touched_rows(prepared, landing, imprint.patch, slanting)
    if not len(touched):
        return Landed(landing, imprint, touched, touched, None, 0.0)
    walls = walls_of(prepared, landing, imprint)
    u, v, _ = landing.to_patch(prepared.gbuffer.position_mm[touched]).T
    view = prepared.gbuffer.view[touched]
    # A slanting view sees what lies beside.
    facing = np.maximum(view @ landing.normal.astype(np.float32), 0.2)
    aside = 2 * slanting * np.sqrt(np.maximum(1 - facing * facing, 0)) / facing
    wide, high = footprints(prepared.gbuffer, touched, landing, np.ones(len(touched), np.float32))
    box = (u, v, (wide + aside).astype(np.float32), (high + aside).astype(np.float32))
    flat = FLAT * float(prepared.appearance.alpha[touched].min())
    changed = box_means(busy_cells(imprint, flat).astype(np.float32), imprint.patch, *box)[:, 0] > 0
    if walls is not None:
        walled = walls.tangents.max(axis=2) > walls.least_tan
        changed |= box_means(walled.astype(np.float32), walls.patch, *box)[:, 0] > 0
    return Landed(landing, imprint, touched, touched[changed], walls, bend_of(imprint))


def busy_cells(imprint: Imprint, flat: float = NOTHING) -> npt.NDArray[np.bool_]:
    """Cells where a layer says anything; slopes below `flat` say nothing."""
    busy = np.zeros(imprint.patch.shape, dtype=np.bool_)
    if imprint.height_mm is not None:
        along = np.abs(np.diff(imprint.height_mm, axis=1)) > flat * imprint.patch.along_mm
        across = np.abs(np.diff(imprint.height_mm, axis=0)) > flat * imprint.patch.across_mm
        busy[:, 1:] |= along
        busy[:, :-1] |= along
        busy[1:] |= across
        busy[:-1] |= across
    if imprint.tint is not None:
        busy |= (np.abs(imprint.tint - 1) > NOTHING).any(axis=2)
    if imprint.smoothness is not None:
        busy |= np.abs(imprint.smoothness - 1) > NOTHING
    for layer in (imprint.occlusion, imprint.film, imprint.hides_finish, imprint.cover):
        if layer is not None:
            busy |= layer > NOTHING
    return busy
