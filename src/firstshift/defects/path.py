"""Lines that a hand, a chip or a crack leaves, and where the cells of a patch lie beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Layer, Patch

Points = npt.NDArray[np.float64]
FAR = np.float32(np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """The cells near a line, as a flat list: which cell, how far to its left (signed), how far along."""

    cell: npt.NDArray[np.int64]
    across_mm: Layer
    along: Layer
    """Position on the line in points, 0…len(points) − 1, with fractions."""

    def interpolated(self, values: npt.NDArray[np.floating]) -> Layer:
        """A quantity given at the line's points, at these cells."""
        given = np.asarray(values, dtype=np.float32)
        low = np.minimum(self.along.astype(np.int32), len(given) - 2)
        return given[low] + (self.along - low).astype(np.float32) * np.diff(given)[low]


def of_length(points: Points, length_mm: float) -> Points:
    """The same line, scaled to a length, its ends on the u axis and its box's middle at (0, 0)."""
    turn = np.arctan2(*(points[-1] - points[0])[::-1])
    cos, sin = np.cos(turn), np.sin(turn)
    level = (points - points[0]) @ np.array([[cos, -sin], [sin, cos]])
    steps = np.hypot(*np.diff(level, axis=0).T)
    level = level * (length_mm / steps.sum())
    return np.asarray(level - (level.min(axis=0) + level.max(axis=0)) / 2)


def way_mm(points: Points) -> Points:
    """(N,): length of the line up to each point."""
    return np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))


def beside(points: Points, reach_mm: float, patch: Patch) -> Beside:
    """Cells within reach of the line."""
    line = np.ascontiguousarray(points, dtype=np.float32)
    low, high = line.min(axis=0) - reach_mm, line.max(axis=0) + reach_mm
    u, v = patch.u_mm, patch.v_mm
    left, right = np.searchsorted(u, [low[0], high[0]])
    top, bottom = np.searchsorted(v, [low[1], high[1]])
    near = np.full((max(bottom - top, 0), max(right - left, 0)), FAR, dtype=np.float32)
    if not near.size:
        return Beside(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32))
    along = np.zeros(near.shape, dtype=np.float32)
    _nearest(
        line,
        np.float32(reach_mm),
        u[left],
        np.float32(patch.along_mm),
        v[top],
        np.float32(patch.across_mm),
        near,
        along,
    )
    row, column = np.nonzero(near < FAR)
    cell = (row + top) * patch.columns + column + left
    return Beside(cell.astype(np.int64), near[row, column], along[row, column])


@njit(cache=True, nogil=True)
def _nearest(
    line: npt.NDArray[np.float32],
    reach: np.float32,
    u0: np.float32,
    du: np.float32,
    v0: np.float32,
    dv: np.float32,
    near: npt.NDArray[np.float32],
    along: npt.NDArray[np.float32],
) -> None:
    rows, columns = near.shape
    for k in range(len(line) - 1):
        au, av = line[k, 0], line[k, 1]
        bu, bv = line[k + 1, 0], line[k + 1, 1]
        tu, tv = bu - au, bv - av
        square = max(tu * tu + tv * tv, np.float32(1e-20))
        first = max(0, int((min(au, bu) - reach - u0) / du))
        last = min(columns - 1, int((max(au, bu) + reach - u0) / du) + 1)
        top = max(0, int((min(av, bv) - reach - v0) / dv))
        bottom = min(rows - 1, int((max(av, bv) + reach - v0) / dv) + 1)
        for i in range(top, bottom + 1):
            pv = v0 + i * dv - av
            for j in range(first, last + 1):
                pu = u0 + j * du - au
                t = min(max((pu * tu + pv * tv) / square, np.float32(0)), np.float32(1))
                eu, ev = pu - t * tu, pv - t * tv
                distance = np.sqrt(eu * eu + ev * ev)
                if distance < reach and distance < abs(near[i, j]):
                    near[i, j] = distance if tu * pv - tv * pu >= 0 else -distance
                    along[i, j] = k + t


def beside_slowly(points: Points, reach_mm: float, patch: Patch) -> Beside:
    """The readable twin of `beside`: every cell against every piece of the line."""
    cells = np.stack(np.meshgrid(patch.u_mm, patch.v_mm), axis=-1).reshape(-1, 1, 2).astype(np.float64)
    a, b = points[None, :-1], points[None, 1:]
    piece = b - a
    t = np.clip(((cells - a) * piece).sum(-1) / np.maximum((piece**2).sum(-1), 1e-20), 0, 1)
    away = cells - a - t[..., None] * piece
    distance = np.hypot(away[..., 0], away[..., 1])
    best = distance.argmin(axis=1)
    row = np.arange(len(cells))
    left = piece[0, best, 0] * (cells - a)[row, best, 1] - piece[0, best, 1] * (cells - a)[row, best, 0]
    signed = np.where(left >= 0, distance[row, best], -distance[row, best])
    cell = np.flatnonzero(distance[row, best] < reach_mm)
    along = (best + t[row, best])[cell]
    return Beside(cell, signed[cell].astype(np.float32), along.astype(np.float32))
