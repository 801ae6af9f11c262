"""The formulas of `shade_slowly` as a numba kernel: float32, one thread, sixty-four samples side by side.

A block of samples lies in one flat scratch array, value after value, sixty-four of each: the compiler sees that no two
values overlap and turns every inner loop into vector instructions. Emitters are the outer loop, so what they need is in
registers; an emitter that no sample of the block can see is skipped. No fastmath: the order of every sum is fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.appearance import Emitters, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.shade_inputs import Samples
from firstshift.render.shade_slowly import EDGE, LAYER, LEAST_COSINE, ROUNDEST, SMOOTHING, STRETCH, emitters_by_light

W = 64
"""Samples in a block."""
_F = np.float32
_TINY = _F(1e-4)
_ZERO, _HALF, _ONE, _TWO, _FOUR = _F(0), _F(0.5), _F(1), _F(2), _F(4)
_PI = _F(np.pi)
_BY_255 = _F(1 / 255)
_TUNED = np.array([LEAST_COSINE, SMOOTHING, STRETCH, ROUNDEST, EDGE, *(value for row in LAYER for value in row)], _F)
"""Handed to the kernel as values: numba keeps compiled code by this file alone and would not notice a change there."""

# Places in the scratch array, in blocks of W.
_PX, _PY, _PZ = 0 * W, 1 * W, 2 * W
_TX, _TY, _TZ = 3 * W, 4 * W, 5 * W
_BX, _BY, _BZ = 6 * W, 7 * W, 8 * W
_NX, _NY, _NZ = 9 * W, 10 * W, 11 * W
_VT, _VB, _VN = 12 * W, 13 * W, 14 * W
_BY_AU, _BY_AV, _OUT = 15 * W, 16 * W, 17 * W
_L0, _L2, _L5, _L14 = 18 * W, 19 * W, 20 * W, 21 * W
_VIS, _VH, _WEIGHT = 22 * W, 23 * W, 24 * W
_PLAIN, _UNDER = 25 * W, 26 * W
_ETA, _KAPPA, _MIRRORED = 27 * W, 30 * W, 33 * W
_END = 36 * W


def shade_fast(samples: Samples, materials: Materials, emitters: Emitters, visible: Any) -> F32:
    lights, channels = emitters.colour.shape
    out = np.zeros((lights, len(samples), channels), dtype=np.float32)
    lit = np.flatnonzero(samples.material >= 0).astype(np.int64)
    if len(lit) == 0 or len(emitters) == 0:
        return out
    order = np.argsort(emitters.light, kind="stable")
    by_light = emitters_by_light(emitters, None, np.float32)
    values = np.concatenate([np.column_stack([light[name] for name in _OF_EMITTERS]) for light in by_light])
    starts = np.concatenate([[0], np.cumsum([len(light["area"]) for light in by_light])]).astype(np.int64)
    seen = np.zeros((0, 0), np.uint8) if visible is None else np.ascontiguousarray(visible)
    _kernel(  # type: ignore[call-arg]
        lit, samples.material.astype(np.int64), *(_flat(getattr(samples, name)) for name in _OF_SAMPLES),
        materials.is_metal, *(_flat(getattr(materials, name)) for name in _OF_MATERIALS),
        _flat(values), starts, order.astype(np.int64), _flat(emitters.colour), _flat(emitters.tint_mix), seen, _TUNED,
        out,
    )  # fmt: skip
    return out


_OF_SAMPLES = ("position", "view", "normal", "tangent", "alpha", "tint", "open_share")
_OF_EMITTERS = (
    "position", "direction", "area", "of_ellipse", "cone_cos", "cone_steep", "first", "second",
)  # fmt: skip
_OF_MATERIALS = ("eta", "kappa", "albedo", "gloss")


def _flat(values: npt.NDArray[Any]) -> F32:
    return np.ascontiguousarray(values, dtype=np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def _kernel(  # type: ignore[no-untyped-def]
    lit, material, position, view, normal, tangent, alpha, tint, open_share,
    is_metal, eta, kappa, albedo, gloss, emitter, starts, order, colour, tint_mix, visible, tuned, out,
):  # fmt: skip
    s = np.empty(_END, np.float32)
    lights, channels = colour.shape
    for first in range(0, len(lit), W):
        count = min(W, len(lit) - first)
        _gather(s, lit, first, count, position, view, normal, tangent, alpha, tuned[0])
        for light in range(lights):
            alike = _begin(s, lit, first, count, material, alpha, eta, kappa, light, channels, tuned)
            for e in range(starts[light], starts[light + 1]):
                if visible.shape[0] > 0 and not _look(s, lit, first, count, visible, order[e]):
                    continue
                _add(s, emitter[e], tuned)
                _mirror(s, 0)
                if channels == 3 and not alike:
                    _mirror(s, W)
                    _mirror(s, 2 * W)
            if channels == 3 and alike:
                s[_MIRRORED + W : _MIRRORED + 2 * W] = s[_MIRRORED : _MIRRORED + W]
                s[_MIRRORED + 2 * W : _MIRRORED + 3 * W] = s[_MIRRORED : _MIRRORED + W]
            _finish(
                s, lit, first, count, material, tint, open_share, is_metal, albedo, gloss, colour, tint_mix, light, out
            )


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(s, lit, first, count, position, view, normal, tangent, alpha, least_cosine):  # type: ignore[no-untyped-def]
    """A last block that is not full repeats its last sample."""
    for j in range(W):
        n = lit[first + min(j, count - 1)]
        nx, ny, nz = normal[n, 0], normal[n, 1], normal[n, 2]
        tx, ty, tz = tangent[n, 0], tangent[n, 1], tangent[n, 2]
        bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
        vx, vy, vz = view[n, 0], view[n, 1], view[n, 2]
        s[_PX + j], s[_PY + j], s[_PZ + j] = position[n, 0], position[n, 1], position[n, 2]
        s[_TX + j], s[_TY + j], s[_TZ + j] = tx, ty, tz
        s[_BX + j], s[_BY + j], s[_BZ + j] = bx, by, bz
        s[_NX + j], s[_NY + j], s[_NZ + j] = nx, ny, nz
        s[_VT + j] = vx * tx + vy * ty + vz * tz
        s[_VB + j] = vx * bx + vy * by + vz * bz
        s[_VN + j] = max(vx * nx + vy * ny + vz * nz, least_cosine)
        s[_BY_AU + j], s[_BY_AV + j] = _ONE / alpha[n, 0], _ONE / alpha[n, 1]
        s[_VIS + j] = _ONE


@njit(cache=True, nogil=True, error_model="numpy")
def _begin(s, lit, first, count, material, alpha, eta, kappa, light, channels, tuned):  # type: ignore[no-untyped-def]
    """Returns whether the block mirrors all colours alike, as clear layers do and most metals do not."""
    alike = True
    for j in range(W):
        n = lit[first + min(j, count - 1)]
        m = material[n]
        for c in range(channels):
            s[_ETA + c * W + j], s[_KAPPA + c * W + j] = eta[m, light, c], kappa[m, light, c]
            s[_MIRRORED + c * W + j] = _ZERO
            alike &= eta[m, light, c] == eta[m, light, 0] and kappa[m, light, c] == kappa[m, light, 0]
        s[_PLAIN + j] = s[_UNDER + j] = _ZERO
        layer = max(eta[m, light, 0], _F(1.01))
        rough = np.sqrt(alpha[n, 0] * alpha[n, 1])
        root = np.sqrt(rough)
        at_normal = ((layer - _ONE) / (layer + _ONE)) ** 2
        rest = (_ONE - at_normal) / _F(0.96)
        s[_L0 + j] = _cubic(tuned, 5, root) * at_normal / _F(0.04)
        s[_L2 + j] = _cubic(tuned, 9, root) * rest
        s[_L5 + j] = _cubic(tuned, 13, root) * rest
        s[_L14 + j] = _cubic(tuned, 17, root) * rest
        s[_OUT + j] = (_ONE - _layer(s, j, s[_VN + j])) * _inner_factor(rough, layer)
    return alike


@njit(cache=True, nogil=True, error_model="numpy")
def _look(s, lit, first, count, visible, e):  # type: ignore[no-untyped-def]
    """Whether any sample of the block sees the emitter; fills in how far each does."""
    any_light = False
    for j in range(count):
        share = visible[lit[first + j], e]
        any_light |= share > 0
        s[_VIS + j] = _F(share) * _BY_255
    return any_light


@njit(cache=True, nogil=True, error_model="numpy")
def _add(s, emitter, tuned):  # type: ignore[no-untyped-def]
    """One emitter's part for the block; the mirrored one is left as weight and cosine for `_mirror`."""
    ex, ey, ez = emitter[0], emitter[1], emitter[2]
    dx, dy, dz = emitter[3], emitter[4], emitter[5]
    area, of_ellipse, cone_cos, cone_steep = emitter[6], emitter[7], emitter[8], emitter[9]
    least_cosine, smoothing, stretching, roundest, edge = tuned[0], tuned[1], tuned[2], tuned[3], tuned[4]
    fx, fy, fz, gx, gy, gz = emitter[10], emitter[11], emitter[12], emitter[13], emitter[14], emitter[15]
    for j in range(W):
        x, y, z = ex - s[_PX + j], ey - s[_PY + j], ez - s[_PZ + j]
        by_r2 = _ONE / (x * x + y * y + z * z)
        by_r = np.sqrt(by_r2)
        x, y, z = x * by_r, y * by_r, z * by_r
        lt = x * s[_TX + j] + y * s[_TY + j] + z * s[_TZ + j]
        lb = x * s[_BX + j] + y * s[_BY + j] + z * s[_BZ + j]
        ln = x * s[_NX + j] + y * s[_NY + j] + z * s[_NZ + j]
        vt, vb, vn = s[_VT + j], s[_VB + j], s[_VN + j]

        at_emitter = max(-(x * dx + y * dy + z * dz), _ZERO)
        share = min(max((at_emitter - cone_cos) * cone_steep, _ZERO), _ONE) * s[_VIS + j]
        fn = fx * s[_NX + j] + fy * s[_NY + j] + fz * s[_NZ + j]
        gn = gx * s[_NX + j] + gy * s[_NY + j] + gz * s[_NZ + j]
        radius = edge * np.sqrt(max((fn * fn + gn * gn) * by_r2, _F(1e-10)))
        risen = min(max((ln + radius) / (_TWO * radius), _ZERO), _ONE)
        cosine = risen * risen * radius + max(ln - radius, _ZERO)
        ln = min(max(cosine / max(risen, _TINY), least_cosine), _ONE)
        plain = area * at_emitter * by_r2 * share * cosine
        s[_PLAIN + j] += plain
        s[_UNDER + j] += plain * (_ONE - _layer(s, j, ln))

        vh2 = max(_HALF * (_ONE + lt * vt + lb * vb + ln * vn), _F(1e-8))
        vh = np.sqrt(vh2)
        up = ln + vn
        hn = up / (_TWO * vh)
        by_up = _ONE / up
        su, sv = (lt + vt) * by_up, (lb + vb) * by_up
        # The ellipse's semi-axes f and g in the plane of slopes, at the end in units of alpha.
        by_au, by_av = s[_BY_AU + j], s[_BY_AV + j]
        scale = by_up * by_r
        fl, gl = x * fx + y * fy + z * fz, x * gx + y * gy + z * gz
        fn, gn = fn - fl * ln, gn - gl * ln
        ft = fx * s[_TX + j] + fy * s[_TY + j] + fz * s[_TZ + j] - fl * lt
        gt = gx * s[_TX + j] + gy * s[_TY + j] + gz * s[_TZ + j] - gl * lt
        fb = fx * s[_BX + j] + fy * s[_BY + j] + fz * s[_BZ + j] - fl * lb
        gb = gx * s[_BX + j] + gy * s[_BY + j] + gz * s[_BZ + j] - gl * lb
        ft, gt = (ft - su * fn) * scale * by_au, (gt - su * gn) * scale * by_au
        fb, gb = (fb - sv * fn) * scale * by_av, (gb - sv * gn) * scale * by_av
        within, covering = _within(su * by_au, sv * by_av, ft, fb, gt, gb, smoothing, stretching, roundest)
        at, ab = lt / by_au, lb / by_av
        shadow = _TWO / (_ONE + np.sqrt(_ONE + (at * at + ab * ab) / (ln * ln)))
        s[_VH + j] = vh
        spreading = (_ONE + covering) / (hn / vh + covering / vn)
        s[_WEIGHT + j] = within * of_ellipse * share * risen * shadow * spreading


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _within(su, sv, ft, fb, gt, gb, smoothing, stretching, roundest):  # type: ignore[no-untyped-def]
    """As `shade_slowly.within_ellipse`, in units of alpha; f and g are its semi-axes."""
    muu, mvv, muv = ft * ft + gt * gt, fb * fb + gb * gb, ft * fb + gt * gb
    half_sum, half_gap = _HALF * (muu + mvv), _HALF * (muu - mvv)
    spread = np.sqrt(half_gap * half_gap + muv * muv)
    area_ratio = abs(ft * gb - fb * gt)
    shortest = max(half_sum - spread, _ZERO) + roundest * (half_sum + spread + _F(1e-12))
    fading = (_ONE + shortest) / (_ONE + shortest + su * su + sv * sv)
    stretch = stretching * fading
    round_part = _ONE + smoothing * fading * shortest
    wuu, wvv = round_part + stretch * (spread + half_gap), round_part + stretch * (spread - half_gap)
    wuv = stretch * muv
    det = round_part * (round_part + _TWO * stretch * spread)
    a2 = (wvv * su * su - _TWO * wuv * su * sv + wuu * sv * sv) / det
    rho2 = shortest / np.sqrt(det)
    b = _ONE + a2 - rho2
    root = np.sqrt(b * b + _FOUR * rho2)
    small = _TWO * rho2 / (root * (root + abs(b)))
    inside = _ONE - small if b < _ZERO else small
    return min(inside * area_ratio / shortest, _ONE), shortest / (_ONE + a2)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _mirror(s, c):  # type: ignore[no-untyped-def]
    """Fresnel's reflectance for one colour channel; inlined, because only a constant offset is known not to overlap."""
    for j in range(W):
        eta, kappa, vh = s[_ETA + c + j], s[_KAPPA + c + j], s[_VH + j]
        c2 = vh * vh
        s2 = _ONE - c2
        ek = eta * kappa
        t0 = eta * eta - kappa * kappa - s2
        a2b2 = np.sqrt(t0 * t0 + _FOUR * ek * ek)
        t1 = a2b2 + c2
        t2 = _TWO * vh * np.sqrt(max(_HALF * (a2b2 + t0), _ZERO))
        t3 = c2 * a2b2 + s2 * s2
        t4 = t2 * s2
        share = _HALF * (t1 - t2) / (t1 + t2) * (_ONE + (t3 - t4) / (t3 + t4))
        s[_MIRRORED + c + j] += share * s[_WEIGHT + j]


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(  # type: ignore[no-untyped-def]
    s, lit, first, count, material, tint, open_share, is_metal, albedo, gloss, colour, tint_mix, light, out
):  # fmt: skip
    for j in range(count):
        n = lit[first + j]
        m = material[n]
        vn = s[_VN + j]
        alpha2_sine2 = (s[_VT + j] / s[_BY_AU + j]) ** 2 + (s[_VB + j] / s[_BY_AV + j]) ** 2
        mask = _TWO / (_ONE + np.sqrt(_ONE + alpha2_sine2 / (vn * vn))) / vn
        layer = _ONE if is_metal[m] else gloss[m]
        diffuse = ((_ONE - layer) * s[_PLAIN + j] + layer * s[_OUT + j] * s[_UNDER + j]) / _PI
        for c in range(colour.shape[1]):
            mixed = (
                tint_mix[light, c, 0] * tint[n, 0]
                + tint_mix[light, c, 1] * tint[n, 1]
                + tint_mix[light, c, 2] * tint[n, 2]
            )
            mirrored = min(s[_MIRRORED + c * W + j] * mask, _ONE) * layer
            value = mirrored * mixed if is_metal[m] else mirrored + albedo[m, light, c] * mixed * diffuse
            out[light, n, c] = value * colour[light, c] * open_share[n]


@njit(cache=True, nogil=True, error_model="numpy")
def _layer(s, j, cosine):  # type: ignore[no-untyped-def]
    m = _ONE - cosine
    m2 = m * m
    m5 = m2 * m2 * m
    return s[_L0 + j] + m2 * s[_L2 + j] + m5 * s[_L5 + j] + m5 * m5 * m2 * m2 * s[_L14 + j]


@njit(cache=True, nogil=True, error_model="numpy")
def _cubic(tuned, first, x):  # type: ignore[no-untyped-def]
    return tuned[first] + x * (tuned[first + 1] + x * (tuned[first + 2] + x * tuned[first + 3]))


@njit(cache=True, nogil=True, error_model="numpy")
def _inner_factor(alpha, eta):  # type: ignore[no-untyped-def]
    inner = _F(-9.23372) + eta * (
        _F(22.2272) + eta * (_F(-20.9292) + eta * (_F(10.2291) + eta * (_F(-2.54396) + eta * _F(0.254913))))
    )
    denser = eta - _F(1.5)
    lost = (_F(1.936) + _F(2.765) * denser) * (_ONE + _F(1.027) * denser * alpha) * alpha * alpha
    return _ONE / (eta * eta * (_ONE - inner) * (_ONE + lost / (alpha + _F(0.0603))))
