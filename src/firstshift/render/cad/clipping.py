"""How much of each triangle lies in a box: exact areas by cutting the triangle at the box's six sides, one after the
other (Sutherland and Hodgman 1974), for all triangles at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Floats

_MOST_CORNERS = 9
"""A triangle cut by six planes has at most nine corners."""


def areas_in_box(corners_mm: Floats, low: Floats, high: Floats) -> Floats:
    """(T,): mm² of each triangle inside the box."""
    areas = np.zeros(len(corners_mm))
    least, most = corners_mm.min(axis=1), corners_mm.max(axis=1)
    touches = ((most >= low) & (least <= high)).all(axis=1)
    inside = ((least >= low) & (most <= high)).all(axis=1)
    areas[inside] = _areas(corners_mm[inside], np.full(int(inside.sum()), 3))
    cut = np.flatnonzero(touches & ~inside)
    for chunk in np.array_split(cut, len(cut) // 200_000 + 1):
        areas[chunk] = _areas(*_clipped(corners_mm[chunk], low, high))
    return areas


def _clipped(corners: Floats, low: Floats, high: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Polygons (T, 9, 3) and how many corners each has."""
    polygons = np.zeros((len(corners), _MOST_CORNERS, 3))
    polygons[:, :3] = corners
    count = np.full(len(corners), 3)
    for axis in range(3):
        for sign, side in ((1.0, low[axis]), (-1.0, high[axis])):
            polygons, count = _halved(polygons, count, sign * (polygons[:, :, axis] - side))
    return polygons, count


def _halved(polygons: Floats, count: npt.NDArray[np.int64], above: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """What remains where `above` (T, 9), a distance to a plane, is not negative."""
    rows = np.arange(len(polygons))
    result = np.zeros((len(polygons), _MOST_CORNERS + 1, 3))
    filled = np.zeros(len(polygons), dtype=np.int64)
    for k in range(_MOST_CORNERS):
        valid = k < count
        following = np.where(k + 1 < count, k + 1, 0)
        here, there = above[:, k], above[rows, following]
        stays = valid & (here >= 0)
        result[rows[stays], filled[stays]] = polygons[stays, k]
        filled += stays
        crosses = valid & ((here >= 0) != (there >= 0))
        share = (here[crosses] / (here[crosses] - there[crosses]))[:, None]
        start, end = polygons[crosses, k], polygons[rows[crosses], following[crosses]]
        result[rows[crosses], filled[crosses]] = start + share * (end - start)
        filled += crosses
    return result[:, :_MOST_CORNERS], np.minimum(filled, _MOST_CORNERS)


def _areas(polygons: Floats, count: npt.NDArray[np.int64]) -> Floats:
    """Area of flat polygons: half the length of the sum of the cross products of a fan."""
    first = polygons[:, :1]
    total = np.zeros((len(polygons), 3))
    for k in range(1, polygons.shape[1] - 1):
        cross = np.cross(polygons[:, k] - first[:, 0], polygons[:, k + 1] - first[:, 0])
        total += np.where((k + 1 < count)[:, None], cross, 0.0)
    return np.asarray(np.linalg.norm(total, axis=1) / 2)
