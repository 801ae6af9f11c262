"""All layers of one finish at all samples of one surface, in one pass: the numba kernel that `dressing.py` calls.

Layers come in four fixed places, so that one compiled kernel serves every finish: a slow field that makes the surface
uneven, two of roughness, one undulation. A place that is not used has 0 in the last of its numbers, ROUGH where the
layer's height counts as roughness.
"""

from __future__ import annotations

import math

import numpy as np

from firstshift.render.finish import block as at
from firstshift.render.finish.block import W
from firstshift.render.finish.placing import FAST, Levels, Whole, find_texture, height_at, look_up
from firstshift.render.gbuffer import F32

PLACES = 4
USED = 14
ROUGH, SLOW = 1.0, 2.0
_F = np.float32
_ZERO, _HALF, _ONE, _TWO = _F(0), _F(0.5), _F(1), _F(2)
_MICROMETRES = _F(1e3)
NX, NY, NZ, VX, VY, VZ = at.NX, at.NY, at.NZ, at.VX, at.VY, at.VZ
AX, AY, AZ, DX, DY, DZ = at.ACROSS_X, at.ACROSS_Y, at.ACROSS_Z, at.DOWN_X, at.DOWN_Y, at.DOWN_Z
P, Q, RADIUS, PX, PY, PZ, QX, QY, QZ = at.P, at.Q, at.RADIUS, at.PX, at.PY, at.PZ, at.QX, at.QY, at.QZ
TX, TY, TZ, BX, BY, BZ, GAIN, TINT = at.TX, at.TY, at.TZ, at.BX, at.BY, at.BZ, at.GAIN, at.TINT
GX, GY, GZ, TT, TB, BB, HEIGHT = at.GX, at.GY, at.GZ, at.TT, at.TB, at.BB, at.HEIGHT
U, V, UP, UQ, VP, VQ, WIDE, READ = at.U, at.V, at.UP, at.UQ, at.VP, at.VQ, at.WIDE, at.READ
UX, UY, UZ, WX, WY, WZ, UT, UB, VT, VB = at.UX, at.UY, at.UZ, at.WX, at.WY, at.WZ, at.UT, at.UB, at.VT, at.VB
ALPHA_0, ALPHA_1, END = at.ALPHA_0, at.ALPHA_1, at.END


@FAST
def _begin(s: F32, texels: F32, levels: Levels, n: F32, whole: F32) -> None:
    """Unevenness, and sums that start with the slopes finer than any texel."""
    for j in range(W):
        s[GAIN + j], s[TINT + j] = _ONE, _ONE
    if n[USED] > 0:
        for j in range(W):
            place = find_texture(n, s[P + j], s[Q + j], s[RADIUS + j])
            field = height_at(texels, levels[0, 2], levels[0, 1], place[0] / n[8], place[1] / n[9])
            s[GAIN + j] = math.exp(whole[0] * field - whole[0] * whole[0])
            s[TINT + j] = math.exp(whole[1] * field - 0.5 * whole[1] * whole[1])
    for j in range(W):
        gain = s[GAIN + j]
        s[GX + j], s[GY + j], s[GZ + j], s[HEIGHT + j] = _ZERO, _ZERO, _ZERO, _ZERO
        s[TT + j], s[TB + j], s[BB + j] = whole[2] * gain * gain, _ZERO, whole[3] * gain * gain


@FAST
def _find_lines(s: F32, n: F32) -> None:
    """Where each sample lies on the layer's lines: u, v and their gradients."""
    cos, sin, shear, from_u, from_v = n[4], n[5], n[10], n[6], n[7]
    if n[0] == 0:
        for j in range(W):
            p, q = s[P + j], s[Q + j]
            v = cos * q - sin * p + from_v
            s[U + j], s[V + j] = cos * p + sin * q + from_u + shear * v, v
            s[UP + j], s[UQ + j], s[VP + j], s[VQ + j] = cos - shear * sin, sin + shear * cos, -sin, cos
        return
    for j in range(W):
        u, v, e, f, g, h = find_texture(n, s[P + j], s[Q + j], s[RADIUS + j])
        s[U + j], s[V + j], s[UP + j], s[UQ + j], s[VP + j], s[VQ + j] = u, v, e, f, g, h


@FAST
def _find_gradients(s: F32, n: F32) -> None:
    """∇u and ∇v, both along t and b, and how many texels of the finest level a pixel spans, squared.

    The level's texels are 1.25 times the pixel's footprint, along the lay or across it, whichever is coarser: then only
    waves longer than two pixels are resolved, with a little to spare for highlights, which are sharper.
    """
    by_long, by_wide = _F(1.25) / n[1], _F(1.25) / n[2]
    for j in range(W):
        e, f, g, h = s[UP + j], s[UQ + j], s[VP + j], s[VQ + j]
        ux, uy, uz = e * s[PX + j] + f * s[QX + j], e * s[PY + j] + f * s[QY + j], e * s[PZ + j] + f * s[QZ + j]
        vx, vy, vz = g * s[PX + j] + h * s[QX + j], g * s[PY + j] + h * s[QY + j], g * s[PZ + j] + h * s[QZ + j]
        u1 = (ux * s[AX + j] + uy * s[AY + j] + uz * s[AZ + j]) * by_long
        u2 = (ux * s[DX + j] + uy * s[DY + j] + uz * s[DZ + j]) * by_long
        v1 = (vx * s[AX + j] + vy * s[AY + j] + vz * s[AZ + j]) * by_wide
        v2 = (vx * s[DX + j] + vy * s[DY + j] + vz * s[DZ + j]) * by_wide
        s[WIDE + j] = max(max(u1 * u1 + u2 * u2, v1 * v1 + v2 * v2), _F(1e-12))
        s[UX + j], s[UY + j], s[UZ + j] = ux, uy, uz
        s[WX + j], s[WY + j], s[WZ + j] = vx, vy, vz
        s[UT + j] = ux * s[TX + j] + uy * s[TY + j] + uz * s[TZ + j]
        s[UB + j] = ux * s[BX + j] + uy * s[BY + j] + uz * s[BZ + j]
        s[VT + j] = vx * s[TX + j] + vy * s[TY + j] + vz * s[TZ + j]
        s[VB + j] = vx * s[BX + j] + vy * s[BY + j] + vz * s[BZ + j]


@FAST
def _read(s: F32, texels: F32, levels: Levels, n: F32) -> None:
    last, by_long, by_wide = _F(len(levels) - 1), _ONE / n[8], _ONE / n[9]
    for j in range(W):
        level = min(last, max(_ZERO, _HALF * np.log2(s[WIDE + j])))
        a, b, c, d, e = look_up(texels, levels, s[U + j] * by_long, s[V + j] * by_wide, level)
        s[READ + j], s[READ + W + j], s[READ + 2 * W + j] = a, b, c
        s[READ + 3 * W + j], s[READ + 4 * W + j] = d, e


@FAST
def _add(s: F32, n: F32) -> None:
    """A layer's slope, the variance it leaves, and its height, which counts for roughness only."""
    is_rough = n[USED] == ROUGH
    by_long, by_wide, risen = n[3] / n[1], n[3] / n[2], n[3] * _MICROMETRES if is_rough else _ZERO
    for j in range(W):
        gain = s[GAIN + j] if is_rough else _ONE
        su, sv = by_long * gain, by_wide * gain
        mean_u, mean_v = s[READ + j], s[READ + W + j]
        left_u = max(_ZERO, s[READ + 2 * W + j] - mean_u * mean_u) * su * su
        left_v = max(_ZERO, s[READ + 3 * W + j] - mean_v * mean_v) * sv * sv
        hu, hv = mean_u * su, mean_v * sv
        ut, ub, vt, vb = s[UT + j], s[UB + j], s[VT + j], s[VB + j]
        s[GX + j] += hu * s[UX + j] + hv * s[WX + j]
        s[GY + j] += hu * s[UY + j] + hv * s[WY + j]
        s[GZ + j] += hu * s[UZ + j] + hv * s[WZ + j]
        s[TT + j] += left_u * ut * ut + left_v * vt * vt
        s[TB + j] += left_u * ut * ub + left_v * vt * vb
        s[BB + j] += left_u * ub * ub + left_v * vb * vb
        s[HEIGHT + j] += s[READ + 4 * W + j] * risen


@FAST
def _turn(s: F32, floor: float) -> None:
    """Normal n − ∇h; tangent and alpha from the principal axes of the variance that is left, the smoother first.
    Normals and tangents replace those of the geometry."""
    floor2 = _F(floor) * _F(floor)
    for j in range(W):
        nx, ny, nz = s[NX + j], s[NY + j], s[NZ + j]
        out = _ONE + s[GX + j] * nx + s[GY + j] * ny + s[GZ + j] * nz
        x, y, z = out * nx - s[GX + j], out * ny - s[GY + j], out * nz - s[GZ + j]
        size = _ONE / math.sqrt(x * x + y * y + z * z)
        x, y, z = x * size, y * size, z * size
        hidden = x * s[VX + j] + y * s[VY + j] + z * s[VZ + j] < _F(0.02)
        x = nx if hidden else x
        y = ny if hidden else y
        z = nz if hidden else z
        half, mean = _HALF * (s[TT + j] - s[BB + j]), _HALF * (s[TT + j] + s[BB + j])
        mixed = s[TB + j]
        reach = math.sqrt(half * half + mixed * mixed)
        # The axis of the smaller variance is (reach − half, −mixed), unless that vanishes.
        ct, cb = reach - half, -mixed
        vanishes = ct * ct + cb * cb < _F(1e-6) * reach * reach + _F(1e-20)
        ct = (_ZERO if half > _ZERO else _ONE) if vanishes else ct
        cb = (_ONE if half > _ZERO else _ZERO) if vanishes else cb
        ax = ct * s[TX + j] + cb * s[BX + j]
        ay = ct * s[TY + j] + cb * s[BY + j]
        az = ct * s[TZ + j] + cb * s[BZ + j]
        along = ax * x + ay * y + az * z
        ax, ay, az = ax - along * x, ay - along * y, az - along * z
        size = _ONE / math.sqrt(max(ax * ax + ay * ay + az * az, _F(1e-24)))
        s[NX + j], s[NY + j], s[NZ + j] = x, y, z
        s[TX + j], s[TY + j], s[TZ + j] = ax * size, ay * size, az * size
        s[ALPHA_0 + j] = math.sqrt(min(_ONE, floor2 + _TWO * max(_ZERO, mean - reach)))
        s[ALPHA_1 + j] = math.sqrt(min(_ONE, floor2 + _TWO * (mean + reach)))


@FAST
def _layer(s: F32, texels: F32, levels: Levels, n: F32) -> None:
    if n[USED] > 0:
        _find_lines(s, n)
        _find_gradients(s, n)
        _read(s, texels, levels, n)
        _add(s, n)


@FAST
def dress_samples(
    which: Whole, local: F32, facet: F32, normal: F32, view: F32, across: F32, down: F32, rotation: F32, centre: F32,
    lay: int, mottle_t: F32, rough_t: F32, cross_t: F32, wave_t: F32, mottle_l: Levels, rough_l: Levels,
    cross_l: Levels, wave_l: Levels, numbers: F32, whole: F32, out_normal: F32, out_tangent: F32, out_alpha: F32,
    out_tint: F32, out_occlusion: F32,
) -> None:  # fmt: skip
    """`whole`: uneven_slope, uneven_tint, unseen along and across, valley share per µm of depth, floor of alpha."""
    s = np.empty(END, np.float32)
    mottle_n, rough_n, cross_n, wave_n = numbers[0], numbers[1], numbers[2], numbers[3]
    for first in range(0, len(which), W):
        count = min(W, len(which) - first)
        at.gather(s, which, first, count, local, facet, normal, view, across, down, centre)
        at.find_frames(s, rotation, lay)
        at.find_tangents(s)
        _begin(s, mottle_t, mottle_l, mottle_n, whole)
        _layer(s, rough_t, rough_l, rough_n)
        _layer(s, cross_t, cross_l, cross_n)
        _layer(s, wave_t, wave_l, wave_n)
        _turn(s, whole[5])
        for j in range(count):
            i = which[first + j]
            out_normal[i, 0], out_normal[i, 1], out_normal[i, 2] = s[NX + j], s[NY + j], s[NZ + j]
            out_tangent[i, 0], out_tangent[i, 1], out_tangent[i, 2] = s[TX + j], s[TY + j], s[TZ + j]
            out_alpha[i, 0], out_alpha[i, 1] = s[ALPHA_0 + j], s[ALPHA_1 + j]
            for c in range(3):
                out_tint[i, c] *= s[TINT + j]
            out_occlusion[i] = min(_HALF, max(_ZERO, -s[HEIGHT + j]) * whole[4])


NO_TEXELS = np.zeros((1, 5), np.float32)
NO_LEVELS = np.array([[0, 1, 1]], np.int32)
