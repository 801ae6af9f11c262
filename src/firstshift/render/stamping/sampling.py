"""Reading a patch where pixels look: the mean over a footprint, worked out cell by cell.

A footprint is a box in patch coordinates, never smaller than a cell (a box of one cell over constant cells is bilinear
interpolation). Heights are read as slopes of the bilinear surface between four cell centres; what varies inside the
footprint is kept as second moments, so that detail too fine for a pixel becomes roughness instead of vanishing
(Olano and Baker 2010, LEAN mapping): roughness α² = 2·σ² per axis.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Patch

F32 = npt.NDArray[np.float32]


def box_means(layer: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """(S, F) means of a (rows, columns, F) layer over boxes at (u, v), `wide` × `high` mm. Cells beyond the border
    are those on it."""
    layer = layer[:, :, None] if layer.ndim == 2 else layer
    out = np.empty((len(u), layer.shape[2]), dtype=np.float32)
    layer = np.ascontiguousarray(layer, dtype=np.float32)
    _box_means(layer, *_in_cells(patch, u, v, wide, high), out)
    return out


def box_most(layer: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """(S,): the largest value of a (rows, columns) layer in each of the boxes of `box_means`."""
    out = np.empty(len(u), dtype=np.float32)
    _box_most(np.ascontiguousarray(layer, dtype=np.float32), *_in_cells(patch, u, v, wide, high), out)
    return out


def relief_means(height_mm: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """(S, 6): mean height, mean slopes along u and v, and their second moments uu, vv, uv over each box."""
    out = np.empty((len(u), 6), dtype=np.float32)
    cells = _in_cells(patch, u, v, wide, high)
    height = np.ascontiguousarray(height_mm, dtype=np.float32)
    _relief_means(height, np.float32(patch.along_mm), np.float32(patch.across_mm), *cells, out)
    return out


def box_means_slowly(layer: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """The readable twin of `box_means`."""
    layer = layer[:, :, None] if layer.ndim == 2 else layer
    rows, columns = patch.shape
    means = []
    for x, y, w, h in zip(*_in_cells(patch, u, v, wide, high), strict=True):
        along = _shares(x, w, columns)
        across = _shares(y, h, rows)
        means.append(np.einsum("r,c,rcf->f", across, along, layer.astype(np.float64)))
    return np.array(means, dtype=np.float32)


def box_most_slowly(layer: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """The readable twin of `box_most`."""
    rows, columns = patch.shape
    most = []
    for x, y, w, h in zip(*_in_cells(patch, u, v, wide, high), strict=True):
        across, along = _shares(y, h, rows) > 0, _shares(x, w, columns) > 0
        most.append(layer[across][:, along].max())
    return np.array(most, dtype=np.float32)


def relief_means_slowly(height_mm: F32, patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> F32:
    """The readable twin of `relief_means`: slopes on the grid between cell centres, then plain means."""
    h = height_mm.astype(np.float64)
    slope_u = (h[1:, 1:] - h[1:, :-1] + h[:-1, 1:] - h[:-1, :-1]) / (2 * patch.along_mm)
    slope_v = (h[1:, 1:] - h[:-1, 1:] + h[1:, :-1] - h[:-1, :-1]) / (2 * patch.across_mm)
    slopes = np.stack([slope_u, slope_v, slope_u**2, slope_v**2, slope_u * slope_v], axis=2)
    rows, columns = patch.shape
    means = []
    for x, y, w, t in zip(*_in_cells(patch, u, v, wide, high), strict=True):
        height = np.einsum("r,c,rc->", _shares(y, t, rows), _shares(x, w, columns), h)
        between = _shares(y - 0.5, t, rows - 1), _shares(x - 0.5, w, columns - 1)
        means.append([height, *np.einsum("r,c,rcf->f", *between, slopes)])
    return np.array(means, dtype=np.float32)


def _in_cells(patch: Patch, u: F32, v: F32, wide: F32, high: F32) -> tuple[F32, F32, F32, F32]:
    """Boxes in cells: the centre of cell (column j, row i) is (j, i)."""
    x = u / np.float32(patch.along_mm) + np.float32((patch.columns - 1) / 2)
    y = v / np.float32(patch.across_mm) + np.float32((patch.rows - 1) / 2)
    w = np.maximum(wide / np.float32(patch.along_mm), np.float32(1))
    h = np.maximum(high / np.float32(patch.across_mm), np.float32(1))
    return (x.astype(np.float32), y.astype(np.float32), w.astype(np.float32), h.astype(np.float32))


def _shares(centre: float, width: float, count: int) -> npt.NDArray[np.float64]:
    """How much of an interval lies in each of `count` cells; what lies beyond them counts for the outermost."""
    edges = np.arange(count + 1) - 0.5
    edges[0], edges[-1] = -np.inf, np.inf
    low, high = float(centre) - float(width) / 2, float(centre) + float(width) / 2
    overlap = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
    return np.asarray(np.maximum(overlap, 0) / (high - low))


@njit(cache=True, nogil=True, inline="always")
def _share(cell, low, high):  # type: ignore[no-untyped-def]
    """Overlap of [cell − ½, cell + ½] with [low, high]."""
    return max(min(cell + 0.5, high) - max(cell - 0.5, low), 0.0)


@njit(cache=True, nogil=True)
def _box_means(layer, xs, ys, ws, hs, out):  # type: ignore[no-untyped-def]
    rows, columns, channels = layer.shape
    for s in range(len(xs)):
        left, right = xs[s] - ws[s] / 2, xs[s] + ws[s] / 2
        top, bottom = ys[s] - hs[s] / 2, ys[s] + hs[s] / 2
        for f in range(channels):
            out[s, f] = 0.0
        for i in range(math.floor(top + 0.5), math.ceil(bottom + 0.5)):
            across = _share(i, top, bottom)
            row = min(max(i, 0), rows - 1)
            for j in range(math.floor(left + 0.5), math.ceil(right + 0.5)):
                share = across * _share(j, left, right)
                column = min(max(j, 0), columns - 1)
                for f in range(channels):
                    out[s, f] += share * layer[row, column, f]
        for f in range(channels):
            out[s, f] /= (right - left) * (bottom - top)


@njit(cache=True, nogil=True)
def _box_most(layer, xs, ys, ws, hs, out):  # type: ignore[no-untyped-def]
    rows, columns = layer.shape
    for s in range(len(xs)):
        left, right = xs[s] - ws[s] / 2, xs[s] + ws[s] / 2
        top, bottom = ys[s] - hs[s] / 2, ys[s] + hs[s] / 2
        first, last = math.floor(left + 0.5), math.ceil(right + 0.5)
        first, last = min(max(first, 0), columns - 1), min(max(last, 1), columns)
        low, end = math.floor(top + 0.5), math.ceil(bottom + 0.5)
        low, end = min(max(low, 0), rows - 1), min(max(end, 1), rows)
        most = layer[low, first]
        for i in range(low, end):
            for j in range(first, last):
                most = max(most, layer[i, j])
        out[s] = most


@njit(cache=True, nogil=True)
def _relief_means(h, along, across, xs, ys, ws, hs, out):  # type: ignore[no-untyped-def]
    rows, columns = h.shape
    for s in range(len(xs)):
        left, right = xs[s] - ws[s] / 2, xs[s] + ws[s] / 2
        top, bottom = ys[s] - hs[s] / 2, ys[s] + hs[s] / 2
        area = (right - left) * (bottom - top)
        height, su, sv, suu, svv, suv = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(math.floor(top + 0.5), math.ceil(bottom + 0.5)):
            share_v = _share(i, top, bottom)
            row = min(max(i, 0), rows - 1)
            for j in range(math.floor(left + 0.5), math.ceil(right + 0.5)):
                height += share_v * _share(j, left, right) * h[row, min(max(j, 0), columns - 1)]
        # Slopes live between cell centres: cell (i, j) of that grid spans centres i … i + 1 and j … j + 1.
        for i in range(math.floor(top), math.ceil(bottom)):
            share_v = _share(i, top - 0.5, bottom - 0.5)
            r = min(max(i, 0), rows - 2)
            for j in range(math.floor(left), math.ceil(right)):
                share = share_v * _share(j, left - 0.5, right - 0.5)
                c = min(max(j, 0), columns - 2)
                a, b, d, e = h[r, c], h[r, c + 1], h[r + 1, c], h[r + 1, c + 1]
                slope_u = (b - a + e - d) / (2 * along)
                slope_v = (d - a + e - b) / (2 * across)
                su += share * slope_u
                sv += share * slope_v
                suu += share * slope_u * slope_u
                svv += share * slope_v * slope_v
                suv += share * slope_u * slope_v
        out[s, 0], out[s, 1], out[s, 2] = height / area, su / area, sv / area
        out[s, 3], out[s, 4], out[s, 5] = suu / area, svv / area, suv / area
