"""Where on its texture a point of the object lies: numba functions. `slowly.py` says the same in numpy.

A *frame* is two coordinates of a point in its object's own space (p, q in mm; for circular and radial lays the angle
and the distance) with the gradients of both in station coordinates. `find_texture` maps them to the lines of one layer
(arcs, rings, …), `look_up` reads the relief at the level that fits the pixel's footprint. Because
gradients are carried along, arcs and rings tilt normals the right way round everywhere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.gbuffer import F32

Whole = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int32]
Six = tuple[float, float, float, float, float, float]
Nine = tuple[float, float, float, float, float, float, float, float, float]
STRAIGHT, ROUND, SPOKES = 0, 1, 2
# No fastmath: with it, code compiled a moment ago and the same code from the cache differ in the last bit.
FAST = njit(cache=True, nogil=True, error_model="numpy")
INLINE = njit(cache=True, nogil=True, error_model="numpy", inline="always")


@FAST
def find_frame(i: int, local: F32, facet: F32, r: F32, lay: int, centre: F32) -> Nine:
    """(p, q, radius), ∇p, ∇q. Straight lays lie in the plane of the two axes that the facet is nearest to; round ones
    follow the generator of the cone through the facet, so that they run around walls and across faces alike."""
    fx, fy, fz = facet[i, 0], facet[i, 1], facet[i, 2]
    lx = r[0, 0] * fx + r[1, 0] * fy + r[2, 0] * fz
    ly = r[0, 1] * fx + r[1, 1] * fy + r[2, 1] * fz
    lz = r[0, 2] * fx + r[1, 2] * fy + r[2, 2] * fz
    x, y, z = local[i, 0] - centre[0], local[i, 1] - centre[1], local[i, 2] - centre[2]
    if lay == STRAIGHT:
        ax, ay, az = abs(lx), abs(ly), abs(lz)
        if az >= 0.999 * ax and az >= 0.999 * ay:
            return x, y, 0.0, r[0, 0], r[1, 0], r[2, 0], r[0, 1], r[1, 1], r[2, 1]
        if ax >= ay:
            return y, z, 0.0, r[0, 1], r[1, 1], r[2, 1], r[0, 2], r[1, 2], r[2, 2]
        return x, z, 0.0, r[0, 0], r[1, 0], r[2, 0], r[0, 2], r[1, 2], r[2, 2]
    radius = max(math.sqrt(x * x + y * y), 1e-3)
    cx, cy = x / radius, y / radius
    # Rounded, so that the many facets of one cone agree on its slope.
    tilt = min(1.0, max(-1.0, np.round(lz * 256.0) / 256.0))
    out = math.sqrt(abs(1.0 - tilt * tilt))
    if lx * cx + ly * cy < 0:
        out = -out
    return (
        math.atan2(y, x), tilt * radius - out * z, radius,
        r[0, 1] * cx - r[0, 0] * cy, r[1, 1] * cx - r[1, 0] * cy, r[2, 1] * cx - r[2, 0] * cy,
        tilt * (r[0, 0] * cx + r[0, 1] * cy) - out * r[0, 2],
        tilt * (r[1, 0] * cx + r[1, 1] * cy) - out * r[1, 2],
        tilt * (r[2, 0] * cx + r[2, 1] * cy) - out * r[2, 2],
    )  # fmt: skip


@FAST
def chance(number: int, seed: int) -> float:
    """0…1 from two whole numbers."""
    mixed = (number * 374761393 + seed * 668265263) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)) & 0xFFFFFF) / 16777216.0


@FAST
def find_texture(n: F32, p: float, q: float, radius: float) -> Six:
    """Position (u, v) on the layer's lines in mm, and their gradients as multiples of those of p and q:
    ∇u = a∇p + b∇q, ∇v = c∇p + d∇q."""
    course = int(n[0])
    if course == 3 or course == 4:
        if course == 3:
            strip = math.floor((q + n[7]) / n[9])
            middle = max(abs(radius), 1e-3)
            # Whole repetitions around; kept the same within a strip so that lines close and do not shear.
            middle = max(n[9] * 0.5, (math.floor(middle / n[9]) + 0.5) * n[9])
            turns = max(1.0, float(round(6.2831853 * middle / n[8])))
            scale = turns * n[8] / 6.2831853
            u = p * scale + chance(strip, int(n[11])) * n[8]
            return u, q + n[7], scale / radius, 0.0, 0.0, 1.0
        ring = 2.0 ** math.floor(math.log2(max(radius, 1e-2)))
        turns = max(1.0, float(round(6.2831853 * 1.4 * ring / n[9])))
        scale = turns * n[9] / 6.2831853
        return q + n[6], p * scale, 0.0, 1.0, scale / radius, 0.0
    x, y = n[4] * p + n[5] * q, n[4] * q - n[5] * p
    if course == 0:
        v = y + n[7]
        return x + n[6] + n[10] * v, v, n[4] - n[10] * n[5], n[5] + n[10] * n[4], -n[5], n[4]
    row = math.floor((y + n[7]) / n[13])
    dy = y + n[7] - (row + 0.5) * n[13]
    way = 1.0 if row % 2 == 0 else -1.0
    if course == 2:
        way = -way
    root = math.sqrt(max(n[12] * n[12] - dy * dy, 0.01 * n[12] * n[12]))
    u = n[12] * math.asin(min(1.0, max(-1.0, dy / n[12]))) + chance(row, int(n[11])) * n[8]
    # Each row has a feed of its own: nobody sets it twice alike, and what crosses it never falls into step.
    pitch = 0.94 + 0.12 * chance(row, int(n[11]) + 2)
    v = (way * x - root + n[7]) * pitch + chance(row, int(n[11]) + 1) * n[9]
    vx, vy = way * pitch, dy / root * pitch
    ux, uy = n[10] * vx, n[12] / root + n[10] * vy
    return u + n[10] * v, v, ux * n[4] - uy * n[5], ux * n[5] + uy * n[4], vx * n[4] - vy * n[5], vx * n[5] + vy * n[4]


@INLINE
def at_level(texels: F32, first: int, rows: int, columns: int, u: float, v: float) -> Any:
    """The bilinear mean of four texels; sides are powers of two."""
    x, y = u * columns - 0.5, v * rows - 0.5
    left, top = math.floor(x), math.floor(y)
    s, t = np.float32(x - left), np.float32(y - top)
    c0, r0 = int(left) & (columns - 1), int(top) & (rows - 1)
    c1, r1 = (c0 + 1) & (columns - 1), (r0 + 1) & (rows - 1)
    i, j = first + r0 * columns + c0, first + r0 * columns + c1
    k, m = first + r1 * columns + c0, first + r1 * columns + c1
    b, d = s - s * t, s * t
    c, a = t - d, np.float32(1.0) - s - t + d
    return (
        a * texels[i, 0] + b * texels[j, 0] + c * texels[k, 0] + d * texels[m, 0],
        a * texels[i, 1] + b * texels[j, 1] + c * texels[k, 1] + d * texels[m, 1],
        a * texels[i, 2] + b * texels[j, 2] + c * texels[k, 2] + d * texels[m, 2],
        a * texels[i, 3] + b * texels[j, 3] + c * texels[k, 3] + d * texels[m, 3],
        a * texels[i, 4] + b * texels[j, 4] + c * texels[k, 4] + d * texels[m, 4],
    )


@INLINE
def look_up(texels: F32, levels: Levels, u: float, v: float, level: float) -> Any:
    low = int(level)
    part = np.float32(level - low)
    a = at_level(texels, levels[low, 0], levels[low, 1], levels[low, 2], u, v)
    if part < 0.01:
        return a
    b = at_level(texels, levels[low + 1, 0], levels[low + 1, 1], levels[low + 1, 2], u, v)
    rest = np.float32(1.0) - part
    return (
        rest * a[0] + part * b[0],
        rest * a[1] + part * b[1],
        rest * a[2] + part * b[2],
        rest * a[3] + part * b[3],
        rest * a[4] + part * b[4],
    )


@FAST
def height_at(texels: F32, columns: int, rows: int, u: float, v: float) -> Any:
    """Height alone, at the finest level: for slow fields, whose texels are larger than pixels."""
    x, y = u * columns - 0.5, v * rows - 0.5
    left, top = math.floor(x), math.floor(y)
    s, t = np.float32(x - left), np.float32(y - top)
    c0, r0 = int(left) & (columns - 1), int(top) & (rows - 1)
    c1, r1 = (c0 + 1) & (columns - 1), (r0 + 1) & (rows - 1)
    above = (1 - s) * texels[r0 * columns + c0, 4] + s * texels[r0 * columns + c1, 4]
    below = (1 - s) * texels[r1 * columns + c0, 4] + s * texels[r1 * columns + c1, 4]
    return (1 - t) * above + t * below
