"""Where on its texture a point of the object lies: numba kernels. `slowly.py` says the same in numpy.

`find_frames` gives each sample two coordinates in its object's own space (p, q in mm; for circular and radial lays
the angle and the distance) and the gradients of both, turned into station coordinates. `add_layer` maps them to the
lines of one layer (arcs, rings, …), looks up the relief at the level that fits the pixel's footprint, and adds slopes
and left over slope variance. Because gradients are carried along, arcs and rings tilt normals the right way round
everywhere.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.gbuffer import F32

Whole = npt.NDArray[np.int64]
STRAIGHT, ROUND, SPOKES = 0, 1, 2


@njit(cache=True, nogil=True)
def find_frames(
    which: Whole, local: F32, facet: F32, normal: F32, rotation: F32, lay: int, centre: F32,
    place: F32, first: F32, second: F32, tangent: F32,
) -> None:  # fmt: skip
    """Fills place (p, q, radius), the gradients of p and q, and a unit tangent near the first."""
    r = rotation
    for k in range(len(which)):
        i = which[k]
        fx, fy, fz = facet[i, 0], facet[i, 1], facet[i, 2]
        lx = r[0, 0] * fx + r[1, 0] * fy + r[2, 0] * fz
        ly = r[0, 1] * fx + r[1, 1] * fy + r[2, 1] * fz
        lz = r[0, 2] * fx + r[1, 2] * fy + r[2, 2] * fz
        x, y, z = local[i, 0] - centre[0], local[i, 1] - centre[1], local[i, 2] - centre[2]
        if lay == STRAIGHT:
            ax, ay, az = abs(lx), abs(ly), abs(lz)
            if az >= 0.999 * ax and az >= 0.999 * ay:
                a, b = 0, 1
                place[k, 0], place[k, 1] = x, y
            elif ax >= ay:
                a, b = 1, 2
                place[k, 0], place[k, 1] = y, z
            else:
                a, b = 0, 2
                place[k, 0], place[k, 1] = x, z
            place[k, 2] = 0.0
            for c in range(3):
                first[k, c] = r[c, a]
                second[k, c] = r[c, b]
        else:
            radius = max(math.sqrt(x * x + y * y), 1e-3)
            cx, cy = x / radius, y / radius
            tilt = min(1.0, max(-1.0, np.round(lz * 256.0) / 256.0))
            out = math.sqrt(abs(1.0 - tilt * tilt))
            if lx * cx + ly * cy < 0:
                out = -out
            place[k, 0] = math.atan2(y, x)
            place[k, 1] = tilt * radius - out * z
            place[k, 2] = radius
            for c in range(3):
                first[k, c] = r[c, 1] * cx - r[c, 0] * cy
                second[k, c] = tilt * (r[c, 0] * cx + r[c, 1] * cy) - out * r[c, 2]
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        along = nx * first[k, 0] + ny * first[k, 1] + nz * first[k, 2]
        tx, ty, tz = first[k, 0] - along * nx, first[k, 1] - along * ny, first[k, 2] - along * nz
        size = math.sqrt(tx * tx + ty * ty + tz * tz)
        if size < 1e-3:
            along = nx * second[k, 0] + ny * second[k, 1] + nz * second[k, 2]
            tx, ty, tz = second[k, 0] - along * nx, second[k, 1] - along * ny, second[k, 2] - along * nz
            size = max(math.sqrt(tx * tx + ty * ty + tz * tz), 1e-6)
        tangent[k, 0], tangent[k, 1], tangent[k, 2] = tx / size, ty / size, tz / size


@njit(cache=True, nogil=True)
def chance(number: int, seed: int) -> float:
    """0…1 from two whole numbers."""
    mixed = (number * 374761393 + seed * 668265263) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)) & 0xFFFFFF) / 16777216.0


@njit(cache=True, nogil=True)
def find_texture(n: F32, p: float, q: float, radius: float) -> tuple[float, float, float, float, float, float]:
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
        u, v = x + n[6], y + n[7]
        if n[10] > 0:
            u += chance(math.floor(v / n[9]), int(n[11])) * n[8]
        return u, v, n[4], n[5], -n[5], n[4]
    row = math.floor((y + n[7]) / n[13])
    dy = y + n[7] - (row + 0.5) * n[13]
    way = 1.0 if row % 2 == 0 else -1.0
    if course == 2:
        way = -way
    root = math.sqrt(max(n[12] * n[12] - dy * dy, 0.01 * n[12] * n[12]))
    u = n[12] * math.asin(min(1.0, max(-1.0, dy / n[12]))) + chance(row, int(n[11])) * n[8]
    v = way * x - root + n[7] + chance(row, int(n[11]) + 1) * n[9]
    ux, uy = 0.0, n[12] / root
    vx, vy = way, dy / root
    return u, v, ux * n[4] - uy * n[5], ux * n[5] + uy * n[4], vx * n[4] - vy * n[5], vx * n[5] + vy * n[4]


@njit(cache=True, nogil=True)
def add_level(texels: F32, first: int, rows: int, columns: int, u: float, v: float, share: float, into: F32) -> None:
    """Adds `share` of the bilinear mean of four texels."""
    x, y = u * columns - 0.5, v * rows - 0.5
    left, top = math.floor(x), math.floor(y)
    s, t = x - left, y - top
    c0, r0 = int(left) % columns, int(top) % rows
    c1, r1 = (c0 + 1) % columns, (r0 + 1) % rows
    i00, i01 = first + r0 * columns + c0, first + r0 * columns + c1
    i10, i11 = first + r1 * columns + c0, first + r1 * columns + c1
    w00, w01 = np.float32((1 - s) * (1 - t) * share), np.float32(s * (1 - t) * share)
    w10, w11 = np.float32((1 - s) * t * share), np.float32(s * t * share)
    for c in range(5):
        into[c] += w00 * texels[i00, c] + w01 * texels[i01, c] + w10 * texels[i10, c] + w11 * texels[i11, c]


@njit(cache=True, nogil=True)
def look_up(texels: F32, levels: npt.NDArray[np.int32], u: float, v: float, level: float, into: F32) -> None:
    low = int(level)
    part = level - low
    into[:] = 0.0
    add_level(texels, levels[low, 0], levels[low, 1], levels[low, 2], u, v, 1.0 - part, into)
    if part > 0.0:
        add_level(texels, levels[low + 1, 0], levels[low + 1, 1], levels[low + 1, 2], u, v, part, into)


@njit(cache=True, nogil=True)
def find_level(
    n: F32, ux: float, uy: float, uz: float, vx: float, vy: float, vz: float, across: F32, down: F32, last: int
) -> float:
    """The level whose texels are as large as the pixel's footprint, along the lay or across it, whichever is coarser:
    then only waves longer than two pixels are resolved."""
    u1 = ux * across[0] + uy * across[1] + uz * across[2]
    u2 = ux * down[0] + uy * down[1] + uz * down[2]
    v1 = vx * across[0] + vy * across[1] + vz * across[2]
    v2 = vx * down[0] + vy * down[1] + vz * down[2]
    wide = max((u1 * u1 + u2 * u2) / (n[1] * n[1]), (v1 * v1 + v2 * v2) / (n[2] * n[2]))
    return min(float(last), max(0.0, 0.5 * math.log2(max(wide, 1e-12))))


@njit(cache=True, nogil=True)
def add_height(
    which: Whole, texels: F32, levels: npt.NDArray[np.int32], n: F32, place: F32, first: F32, second: F32,
    across: F32, down: F32, height: F32,
) -> None:  # fmt: skip
    """Height alone: for slow fields."""
    found = np.zeros(5, np.float32)
    last = len(levels) - 1
    for k in range(len(which)):
        i = which[k]
        u, v, a, b, c, d = find_texture(n, place[k, 0], place[k, 1], place[k, 2])
        level = find_level(
            n, a * first[k, 0] + b * second[k, 0], a * first[k, 1] + b * second[k, 1],
            a * first[k, 2] + b * second[k, 2], c * first[k, 0] + d * second[k, 0],
            c * first[k, 1] + d * second[k, 1], c * first[k, 2] + d * second[k, 2], across[i], down[i], last,
        )  # fmt: skip
        look_up(texels, levels, u / n[8], v / n[9], level, found)
        height[k] += found[4] * n[3] * 1e3


@njit(cache=True, nogil=True)
def add_layer(
    which: Whole, texels: F32, levels: npt.NDArray[np.int32], n: F32, gain: F32, place: F32, first: F32, second: F32,
    tangent: F32, normal: F32, across: F32, down: F32, slope: F32, spread: F32, height: F32,
) -> None:  # fmt: skip
    """Adds one layer's slopes (station vector), left over variance (xx, xy, yy about `tangent`) and height (µm)."""
    found = np.zeros(5, np.float32)
    last = len(levels) - 1
    for k in range(len(which)):
        i = which[k]
        u, v, a, b, c, d = find_texture(n, place[k, 0], place[k, 1], place[k, 2])
        ux = a * first[k, 0] + b * second[k, 0]
        uy = a * first[k, 1] + b * second[k, 1]
        uz = a * first[k, 2] + b * second[k, 2]
        vx = c * first[k, 0] + d * second[k, 0]
        vy = c * first[k, 1] + d * second[k, 1]
        vz = c * first[k, 2] + d * second[k, 2]
        level = find_level(n, ux, uy, uz, vx, vy, vz, across[i], down[i], last)
        look_up(texels, levels, u / n[8], v / n[9], level, found)
        su, sv = n[3] / n[1] * gain[k], n[3] / n[2] * gain[k]
        hu, hv = found[0] * su, found[1] * sv
        slope[k, 0] += hu * ux + hv * vx
        slope[k, 1] += hu * uy + hv * vy
        slope[k, 2] += hu * uz + hv * vz
        height[k] += found[4] * n[3] * 1e3
        left_u = max(0.0, found[2] - found[0] * found[0]) * su * su
        left_v = max(0.0, found[3] - found[1] * found[1]) * sv * sv
        tx, ty, tz = tangent[k, 0], tangent[k, 1], tangent[k, 2]
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
        ut, ub = ux * tx + uy * ty + uz * tz, ux * bx + uy * by + uz * bz
        vt, vb = vx * tx + vy * ty + vz * tz, vx * bx + vy * by + vz * bz
        spread[k, 0] += left_u * ut * ut + left_v * vt * vt
        spread[k, 1] += left_u * ut * ub + left_v * vt * vb
        spread[k, 2] += left_u * ub * ub + left_v * vb * vb


@njit(cache=True, nogil=True)
def tilt_normals(
    which: Whole, slope: F32, spread: F32, normal: F32, view: F32, tangent: F32, floor: float,
    out_normal: F32, out_tangent: F32, out_alpha: F32,
) -> None:  # fmt: skip
    """Normal −∇h + n; tangent and alpha from the principal axes of the variance that is left, the smoother first."""
    for k in range(len(which)):
        i = which[k]
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        gx, gy, gz = slope[k, 0], slope[k, 1], slope[k, 2]
        out = gx * nx + gy * ny + gz * nz
        x, y, z = nx - gx + out * nx, ny - gy + out * ny, nz - gz + out * nz
        size = math.sqrt(x * x + y * y + z * z)
        x, y, z = x / size, y / size, z / size
        if x * view[i, 0] + y * view[i, 1] + z * view[i, 2] < 0.02:
            x, y, z = nx, ny, nz
        xx, xy, yy = spread[k, 0], spread[k, 1], spread[k, 2]
        half = 0.5 * (xx - yy)
        reach = math.sqrt(half * half + xy * xy)
        mean = 0.5 * (xx + yy)
        tx, ty, tz = tangent[k, 0], tangent[k, 1], tangent[k, 2]
        # The axis of the smaller variance: (reach − half, −xy) up to length, or the other solution where that vanishes.
        ct, cb = reach - half, -xy
        if ct * ct + cb * cb < 1e-6 * reach * reach + 1e-20:
            ct, cb = (0.0, 1.0) if half > 0 else (1.0, 0.0)
        bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
        ax, ay, az = ct * tx + cb * bx, ct * ty + cb * by, ct * tz + cb * bz
        along = ax * x + ay * y + az * z
        ax, ay, az = ax - along * x, ay - along * y, az - along * z
        length = max(math.sqrt(ax * ax + ay * ay + az * az), 1e-12)
        out_normal[i, 0], out_normal[i, 1], out_normal[i, 2] = x, y, z
        out_tangent[i, 0], out_tangent[i, 1], out_tangent[i, 2] = ax / length, ay / length, az / length
        out_alpha[i, 0] = min(1.0, math.sqrt(floor * floor + 2.0 * max(0.0, mean - reach)))
        out_alpha[i, 1] = min(1.0, math.sqrt(floor * floor + 2.0 * (mean + reach)))
