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

from firstshift.render.casting import SAME_COS, SMOOTH_COS, at, dot, plus

Flags = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def _differ(i: int, j: int, hit: Any, even: Any, surface: Any, face: Any, position: F32, normal: F32, facet: F32,
            pixel_mm: float) -> bool:  # fmt: skip
    one, other = hit[i], hit[j]
    if one < 0 or other < 0:
        return bool(one != other)
    if even[one] == even[other]:
        return False
    if surface[one] != surface[other]:
        return True
    turned = dot(at(normal, i), at(normal, j))
    if turned < SMOOTH_COS:
        return True
    new_face = face[one] != face[other]
    if new_face and turned < 0.9998:
        return True
    # A step: the neighbour lies off this point's plane and this point off the neighbour's.
    apart = plus(at(position, j), -1.0, at(position, i))
    off = min(abs(dot(apart, at(facet, i))), abs(dot(apart, at(facet, j))))
    return bool(off > (0.02 if new_face else 0.2) * pixel_mm)


@njit(cache=True, nogil=True)
def outlines(
    width: int, height: int, hit: Whole, even: Whole, surface: Whole, face: Whole,
    position: F32, normal: F32, facet: F32, pixel_mm: float,
) -> Flags:  # fmt: skip
    """(height · width,): pixels that differ from the one beside or below them, on both sides of the difference.

    `hit` is the triangle of each pixel, −1 for none; `even`, `surface` and `face` belong to triangles, and triangles
    with the same number in `even` lie in one plane of one face.
    """
    marked = np.zeros(width * height, np.bool_)
    for row in range(height):
        for column in range(width):
            i = row * width + column
            for j, exists in ((i + 1, column + 1 < width), (i + width, row + 1 < height)):
                if (
                    exists
                    and hit[i] != hit[j]
                    and _differ(i, j, hit, even, surface, face, position, normal, facet, pixel_mm)
                ):
                    marked[i] = marked[j] = True
    return marked


@njit(cache=True, nogil=True)
def merged(kind: Whole, face: Whole, normal: F32, offsets: npt.NDArray[np.float64]) -> F32:
    """For (P, S) subsamples of P pixels: the weight with which each stays, 0 for those that another one stands for.

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
    return weight
