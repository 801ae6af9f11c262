"""All layers of one finish at all samples of one surface, in one pass: the numba kernel that `dressing.py` calls.

Layers come in four fixed places, so that one compiled kernel serves every finish: a slow field that makes the surface
uneven, two of roughness, one undulation. A place that is not used has 0 in the last of its numbers.
"""

from __future__ import annotations

import math

import numpy as np

from firstshift.render.finish.placing import (
    FAST,
    INLINE,
    Levels,
    Nine,
    Whole,
    find_frame,
    find_level,
    find_texture,
    height_at,
    look_up,
)
from firstshift.render.gbuffer import F32

PLACES = 4
USED = 14
Seven = tuple[float, float, float, float, float, float, float]


@INLINE
def at_layer(
    i: int, frame: Nine, t: tuple[float, float, float], b: tuple[float, float, float], texels: F32, levels: Levels,
    n: F32, across: F32, down: F32, gain: float,
) -> Seven:  # fmt: skip
    """Slope as a station vector, variance left (along t, mixed, along b), height in µm."""
    p, q, radius, px, py, pz, qx, qy, qz = frame
    u, v, e, f, g, h = find_texture(n, p, q, radius)
    ux, uy, uz = e * px + f * qx, e * py + f * qy, e * pz + f * qz
    vx, vy, vz = g * px + h * qx, g * py + h * qy, g * pz + h * qz
    level = find_level(n, ux, uy, uz, vx, vy, vz, across, down, i, len(levels) - 1)
    found = look_up(texels, levels, u / n[8], v / n[9], level)
    su, sv = n[3] / n[1] * gain, n[3] / n[2] * gain
    hu, hv = found[0] * su, found[1] * sv
    left_u = max(0.0, found[2] - found[0] * found[0]) * su * su
    left_v = max(0.0, found[3] - found[1] * found[1]) * sv * sv
    ut, ub = ux * t[0] + uy * t[1] + uz * t[2], ux * b[0] + uy * b[1] + uz * b[2]
    vt, vb = vx * t[0] + vy * t[1] + vz * t[2], vx * b[0] + vy * b[1] + vz * b[2]
    return (
        hu * ux + hv * vx,
        hu * uy + hv * vy,
        hu * uz + hv * vz,
        left_u * ut * ut + left_v * vt * vt,
        left_u * ut * ub + left_v * vt * vb,
        left_u * ub * ub + left_v * vb * vb,
        found[4] * n[3] * 1e3,
    )


@FAST
def tangents(i: int, normal: F32, frame: Nine) -> tuple[float, float, float]:
    """Unit vector at right angles to the normal, along ∇p, or along ∇q where that stands upright."""
    nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
    x, y, z = frame[3], frame[4], frame[5]
    out = nx * x + ny * y + nz * z
    x, y, z = x - out * nx, y - out * ny, z - out * nz
    size = math.sqrt(x * x + y * y + z * z)
    if size < 1e-3:
        x, y, z = frame[6], frame[7], frame[8]
        out = nx * x + ny * y + nz * z
        x, y, z = x - out * nx, y - out * ny, z - out * nz
        size = max(math.sqrt(x * x + y * y + z * z), 1e-6)
    return x / size, y / size, z / size


@FAST
def set_normal(
    i: int, normal: F32, view: F32, slope: tuple[float, float, float], spread: tuple[float, float, float],
    t: tuple[float, float, float], b: tuple[float, float, float], floor: float, out_normal: F32, out_tangent: F32,
    out_alpha: F32,
) -> None:  # fmt: skip
    """Normal n − ∇h; tangent and alpha from the principal axes of the variance that is left, the smoother first."""
    nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
    out = 1.0 + slope[0] * nx + slope[1] * ny + slope[2] * nz
    x, y, z = out * nx - slope[0], out * ny - slope[1], out * nz - slope[2]
    size = 1.0 / math.sqrt(x * x + y * y + z * z)
    x, y, z = x * size, y * size, z * size
    if x * view[i, 0] + y * view[i, 1] + z * view[i, 2] < 0.02:
        x, y, z = nx, ny, nz
    half, mean = 0.5 * (spread[0] - spread[2]), 0.5 * (spread[0] + spread[2])
    reach = math.sqrt(half * half + spread[1] * spread[1])
    # The axis of the smaller variance is (reach − half, −mixed), unless that vanishes.
    ct, cb = reach - half, -spread[1]
    if ct * ct + cb * cb < 1e-6 * reach * reach + 1e-20:
        ct, cb = (0.0, 1.0) if half > 0 else (1.0, 0.0)
    ax, ay, az = ct * t[0] + cb * b[0], ct * t[1] + cb * b[1], ct * t[2] + cb * b[2]
    along = ax * x + ay * y + az * z
    ax, ay, az = ax - along * x, ay - along * y, az - along * z
    size = 1.0 / max(math.sqrt(ax * ax + ay * ay + az * az), 1e-12)
    out_normal[i, 0], out_normal[i, 1], out_normal[i, 2] = x, y, z
    out_tangent[i, 0], out_tangent[i, 1], out_tangent[i, 2] = ax * size, ay * size, az * size
    out_alpha[i, 0] = min(1.0, math.sqrt(floor * floor + 2.0 * max(0.0, mean - reach)))
    out_alpha[i, 1] = min(1.0, math.sqrt(floor * floor + 2.0 * (mean + reach)))


@FAST
def dress_samples(
    which: Whole, local: F32, facet: F32, normal: F32, view: F32, across: F32, down: F32, rotation: F32, centre: F32,
    lay: int, mottle_t: F32, rough_t: F32, cross_t: F32, wave_t: F32, mottle_l: Levels, rough_l: Levels,
    cross_l: Levels, wave_l: Levels, numbers: F32, whole: F32, out_normal: F32, out_tangent: F32, out_alpha: F32,
    out_tint: F32, out_occlusion: F32,
) -> None:  # fmt: skip
    """`whole`: uneven_slope, uneven_tint, unseen along and across, valley share per µm of depth, floor of alpha."""
    # Taken out of the loop: a slice made for each sample would count references each time.
    mottle_n, rough_n, cross_n, wave_n = numbers[0], numbers[1], numbers[2], numbers[3]
    has_mottle, has_cross, has_wave = mottle_n[USED] > 0, cross_n[USED] > 0, wave_n[USED] > 0
    for k in range(len(which)):
        i = which[k]
        frame = find_frame(i, local, facet, rotation, lay, centre)
        t = tangents(i, normal, frame)
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        b = (ny * t[2] - nz * t[1], nz * t[0] - nx * t[2], nx * t[1] - ny * t[0])
        gain = 1.0
        if has_mottle:
            place = find_texture(mottle_n, frame[0], frame[1], frame[2])
            field = height_at(mottle_t, mottle_l[0, 2], mottle_l[0, 1], place[0] / mottle_n[8], place[1] / mottle_n[9])
            gain = math.exp(whole[0] * field - whole[0] * whole[0])
            tint = math.exp(whole[1] * field - 0.5 * whole[1] * whole[1])
            out_tint[i, 0] *= tint
            out_tint[i, 1] *= tint
            out_tint[i, 2] *= tint
        xx, yy = whole[2] * gain * gain, whole[3] * gain * gain
        # Unrolled: an index into a tuple of arrays that is known only at run time costs three times as much.
        gx, gy, gz, dx, xy, dy, height = at_layer(i, frame, t, b, rough_t, rough_l, rough_n, across, down, gain)
        if has_cross:
            a = at_layer(i, frame, t, b, cross_t, cross_l, cross_n, across, down, gain)
            gx, gy, gz, height = gx + a[0], gy + a[1], gz + a[2], height + a[6]
            dx, xy, dy = dx + a[3], xy + a[4], dy + a[5]
        if has_wave:
            a = at_layer(i, frame, t, b, wave_t, wave_l, wave_n, across, down, 1.0)
            gx, gy, gz = gx + a[0], gy + a[1], gz + a[2]
            dx, xy, dy = dx + a[3], xy + a[4], dy + a[5]
        xx, yy = xx + dx, yy + dy
        set_normal(i, normal, view, (gx, gy, gz), (xx, xy, yy), t, b, whole[5], out_normal, out_tangent, out_alpha)
        out_occlusion[i] = min(0.5, max(0.0, -height) * whole[4])


NO_TEXELS = np.zeros((1, 5), np.float32)
NO_LEVELS = np.array([[0, 1, 1]], np.int32)
