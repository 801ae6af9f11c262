"""Where a picture has outlines, and which samples stand for a pixel there.

One ray a pixel is enough inside a face. Where the surface, the depth or the direction of the surface jumps from one
pixel to the next, a pixel gets the nine rays of `casting.SUBSAMPLES`; those that met the same face in nearly the same
direction are then one sample with their common weight, so that shading pays for what differs only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.casting import SAME_COS, SMOOTH_COS

Flags = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def _differ(i: int, j: int, kind: Any, face: Any, position: Any, normal: Any, facet: Any, pixel_mm: float) -> bool:
    if kind[i] != kind[j]:
        return True
    if kind[i] < 0:
        return False
    turned = 0.0
    off_i = off_j = away = 0.0
    for k in range(3):
        turned += normal[i, k] * normal[j, k]
        apart = position[j, k] - position[i, k]
        off_i += apart * facet[i, k]
        off_j += apart * facet[j, k]
        away += apart * apart
    if turned < SMOOTH_COS:
        return True
    if face[i] != face[j] and turned < 0.9998:
        return True
    # A step: the neighbour lies off this point's plane and this point off the neighbour's.
    off = min(abs(off_i), abs(off_j))
    return off > 0.2 * pixel_mm or (face[i] != face[j] and off > 0.02 * pixel_mm)


@njit(cache=True, nogil=True)
def outlines(
    width: int, height: int, kind: Whole, face: Whole, position: F32, normal: F32, facet: F32, pixel_mm: float
) -> Flags:
    """(height · width,): pixels that differ from the one beside or below them, on both sides of the difference.

    `kind` is the surface, −1 for none.
    """
    marked = np.zeros(width * height, np.bool_)
    for row in range(height):
        for column in range(width):
            i = row * width + column
            if column + 1 < width and _differ(i, i + 1, kind, face, position, normal, facet, pixel_mm):
                marked[i] = marked[i + 1] = True
            if row + 1 < height and _differ(i, i + width, kind, face, position, normal, facet, pixel_mm):
                marked[i] = marked[i + width] = True
    return marked


@njit(cache=True, nogil=True)
def merged(kind: Any, face: Any, normal: Any, offsets: Any) -> tuple[Any, Any]:
    """For (P, S) subsamples of P pixels: which stay, and with how much weight, (P, S) each.

    Of those that are alike, the one nearest their common middle stays.
    """
    pixels, each = kind.shape
    weight = np.zeros((pixels, each), np.float32)
    group = np.empty(each, np.int64)
    for p in range(pixels):
        groups = 0
        first = np.empty(each, np.int64)
        for s in range(each):
            group[s] = -1
            for g in range(groups):
                f = first[g]
                if kind[p, f] != kind[p, s]:
                    continue
                if kind[p, s] >= 0:
                    alike = 0.0
                    for k in range(3):
                        alike += normal[p, f, k] * normal[p, s, k]
                    if face[p, f] != face[p, s] or alike < SAME_COS:
                        continue
                group[s] = g
                break
            if group[s] < 0:
                group[s] = groups
                first[groups] = s
                groups += 1
        for g in range(groups):
            size, x, y = 0, 0.0, 0.0
            for s in range(each):
                if group[s] == g:
                    size += 1
                    x += offsets[s, 0]
                    y += offsets[s, 1]
            best, nearest = -1, 1e9
            for s in range(each):
                if group[s] == g:
                    off = (offsets[s, 0] - x / size) ** 2 + (offsets[s, 1] - y / size) ** 2
                    if off < nearest - 1e-12:
                        best, nearest = s, off
            weight[p, best] = size / each
    return weight > 0, weight
