"""Rays through a height field: where the camera's slanting ray meets it, and where light from one wall meets another.

A ray goes on in steps of half a cell until it is below the surface, which is bilinear between cell centres; the last
step is then cut where ray and surface cross. What leaves the patch, or rises above its highest point, meets nothing.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Patch
from firstshift.render.gbuffer import F32

STEP_CELLS = 0.5
MOST_STEPS = 4_000


def marched(height_mm: F32, patch: Patch, start: F32, way: F32) -> tuple[npt.NDArray[np.bool_], F32]:
    """Rays (K, 3) in patch coordinates, from above the surface: whether each meets it, and where (K, 2) as u, v."""
    met = np.zeros(len(start), dtype=np.bool_)
    place = np.ascontiguousarray(start[:, :2], dtype=np.float32).copy()
    _marched(
        np.ascontiguousarray(height_mm, dtype=np.float32), np.float32(patch.along_mm), np.float32(patch.across_mm),
        np.ascontiguousarray(start, dtype=np.float32), np.ascontiguousarray(way, dtype=np.float32), met, place,
    )  # fmt: skip
    return met, place


def marched_slowly(height_mm: F32, patch: Patch, start: F32, way: F32) -> tuple[npt.NDArray[np.bool_], F32]:
    """The readable twin: the same steps, with plain interpolation."""
    rows, columns = patch.shape
    step = STEP_CELLS * min(patch.along_mm, patch.across_mm)
    met, place = np.zeros(len(start), dtype=np.bool_), start[:, :2].astype(np.float32).copy()

    def above(point: npt.NDArray[np.float64]) -> float | None:
        x = point[0] / patch.along_mm + (columns - 1) / 2
        y = point[1] / patch.across_mm + (rows - 1) / 2
        if not (0 <= x <= columns - 1 and 0 <= y <= rows - 1):
            return None
        left, top = min(int(x), columns - 2), min(int(y), rows - 2)
        a, b = x - left, y - top
        cell = height_mm[top : top + 2, left : left + 2].astype(np.float64)
        return float(point[2] - np.array([1 - b, b]) @ cell @ np.array([1 - a, a]))

    for k in range(len(start)):
        point, direction = start[k].astype(np.float64), way[k].astype(np.float64)
        stride = step * direction / np.linalg.norm(direction)
        last = above(point)
        for _ in range(MOST_STEPS):
            ahead = point + stride
            gap = above(ahead)
            if gap is None or last is None or (ahead[2] > height_mm.max() and stride[2] >= 0):
                break
            if gap < 0:
                met[k], place[k] = True, (point + stride * (last / (last - gap)))[:2]
                break
            point, last = ahead, gap
    return met, place


@njit(cache=True, nogil=True, inline="always")
def _above(h, along, across, u, v, n):  # type: ignore[no-untyped-def]
    """Height over the surface; infinite beyond the border."""
    rows, columns = h.shape
    x, y = u / along + (columns - 1) / 2, v / across + (rows - 1) / 2
    if not (0 <= x <= columns - 1 and 0 <= y <= rows - 1):
        return math.inf
    left, top = min(int(x), columns - 2), min(int(y), rows - 2)
    a, b = x - left, y - top
    upper = h[top, left] * (1 - a) + h[top, left + 1] * a
    lower = h[top + 1, left] * (1 - a) + h[top + 1, left + 1] * a
    return n - (upper * (1 - b) + lower * b)


@njit(cache=True, nogil=True)
def _marched(h, along, across, start, way, met, place):  # type: ignore[no-untyped-def]
    highest = h.max()
    step = STEP_CELLS * min(along, across)
    for k in range(len(start)):
        size = math.sqrt(way[k, 0] ** 2 + way[k, 1] ** 2 + way[k, 2] ** 2)
        du, dv, dn = step * way[k, 0] / size, step * way[k, 1] / size, step * way[k, 2] / size
        u, v, n = start[k, 0], start[k, 1], start[k, 2]
        last = _above(h, along, across, u, v, n)
        for _ in range(MOST_STEPS):
            u, v, n = u + du, v + dv, n + dn
            gap = _above(h, along, across, u, v, n)
            if gap == math.inf or last == math.inf or (n > highest and dn >= 0):
                break
            if gap < 0:
                back = 1 - last / (last - gap)
                met[k] = True
                place[k, 0], place[k, 1] = u - back * du, v - back * dv
                break
            last = gap
