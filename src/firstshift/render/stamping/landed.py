"""A flaw on its place in a view: the samples it touches, its walls, and those samples that it really changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.creases import on_one_face
from firstshift.render.stamping.finding import Rows, Touched, touched_rows
from firstshift.render.stamping.sampling import box_most
from firstshift.render.stamping.shadow import Walls, walls_of

NOTHING = 1e-6
"""Slopes, shares and factors nearer than this to 'no change' change nothing."""
FLAT = 5e-4
"""Slopes below this share of the surface's own roughness (as alpha) move no highlight that anybody could see."""


_MOST_AND_LEAST = (np.float32(1), np.float32(-1))
EVEN = 1.25
"""Largest over smallest factor on the roughness within a pixel up to which their mean will do."""


@dataclass(frozen=True, slots=True, eq=False)
class Landed:
    landing: Landing
    imprint: Imprint
    under: Touched
    """Samples under the patch."""
    rows: Rows
    """Those among them where a layer changes something."""
    walls: Walls | None
    bend: F32
    """(K,): the largest change of slope from cell to cell under each of `rows`."""
    uneven: npt.NDArray[np.bool_]
    """(K,): whether the roughness changes so much under a row that its mean says too little."""

    @property
    def touched(self) -> Rows:
        return self.under.rows


def landed(prepared: Prepared, landing: Landing, imprint: Imprint) -> Landed:
    slanting = 0.0 if imprint.height_mm is None else float(np.abs(imprint.height_mm).max())
    touched = touched_rows(prepared, landing, imprint.patch, slanting)
    if imprint.height_mm is not None and len(touched):
        touched = touched.taken(on_one_face(prepared.gbuffer, touched.rows, landing))
    if not len(touched):
        return Landed(landing, imprint, touched, touched.rows, None, np.zeros(0, np.float32), np.zeros(0, np.bool_))
    walls = walls_of(prepared, landing, imprint)
    view = prepared.gbuffer.view[touched.rows]
    # A slanting view sees what lies beside.
    facing = np.maximum(view @ landing.normal.astype(np.float32), 0.2)
    aside = 2 * slanting * np.sqrt(np.maximum(1 - facing * facing, 0)) / facing
    wide, high = (touched.wide + aside).astype(np.float32), (touched.high + aside).astype(np.float32)
    box = (touched.u, touched.v, wide, high)
    flat = FLAT * float(prepared.appearance.alpha[touched.rows].min())
    bend, busy = bends(imprint), busy_cells(imprint, flat)
    # A cell that is busy and straight is told from one at rest by a bend below all others.
    most = box_most(np.where(busy, bend, np.float32(-1)), imprint.patch, *box)
    changed = most >= 0
    if walls is not None:
        walled = (walls.tangents.max(axis=2) > walls.least_tan).astype(np.float32)
        changed |= box_most(walled, walls.patch, *box) > 0
    uneven = _uneven(prepared, touched.rows[changed], imprint, *(part[changed] for part in box))
    return Landed(landing, imprint, touched, touched.rows[changed], walls, np.maximum(most[changed], 0), uneven)


def _uneven(prepared: Prepared, rows: Rows, imprint: Imprint, *box: F32) -> npt.NDArray[np.bool_]:
    uneven = np.zeros(len(rows), np.bool_)
    if imprint.smoothness is not None:
        most, least = (sign * box_most(sign * imprint.smoothness, imprint.patch, *box) for sign in _MOST_AND_LEAST)
        uneven |= most > np.float32(EVEN) * least
    if imprint.torn is not None:
        own = (prepared.appearance.alpha[rows] ** 2).mean(axis=1)
        most, least = (own + 2 * sign * box_most(sign * imprint.torn, imprint.patch, *box) for sign in _MOST_AND_LEAST)
        uneven |= most > np.float32(EVEN**2) * least
    return uneven


def bends(imprint: Imprint) -> F32:
    """(rows, columns): how much the slope changes from each cell to its neighbours."""
    height, patch = imprint.height_mm, imprint.patch
    out = np.zeros(patch.shape, np.float32)
    if height is not None:
        along = np.abs(height[:, 2:] - 2 * height[:, 1:-1] + height[:, :-2]) / np.float32(patch.along_mm)
        across = np.abs(height[2:] - 2 * height[1:-1] + height[:-2]) / np.float32(patch.across_mm)
        out[:, 1:-1] = along
        np.maximum(out[1:-1], across, out=out[1:-1])
    return out


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
    for layer in (imprint.torn, imprint.occlusion, imprint.film, imprint.hides_finish, imprint.cover):
        if layer is not None:
            busy |= layer > NOTHING
    return busy
