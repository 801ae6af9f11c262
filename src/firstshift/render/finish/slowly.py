"""The readable twin of `kernel.py`: the same finish on the same samples, in numpy and double precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.render.finish.layer import Course, Layer
from firstshift.render.finish.layer import Finish as Laid
from firstshift.render.gbuffer import GBuffer

Array = npt.NDArray[np.float64]
_GOLDEN = 0.381966


def dress_slowly(
    gbuffer: GBuffer, finish: Laid, ra_um: float, lay_deg: float, centre: npt.ArrayLike, rotation: Array, floor: float
) -> dict[str, Array]:
    """normal, tangent, alpha, tint, occlusion of every sample, all taken to lie on one surface."""
    course = finish.layers[0].course
    place, grad_p, grad_q = frames(gbuffer, course, np.asarray(centre, np.float64), rotation)
    n = gbuffer.normal.astype(np.float64)
    t = _unit(grad_p - n * _dot(grad_p, n)[:, None])
    b = np.cross(n, t)
    gain, tint = np.ones(len(n)), np.ones(len(n))
    if finish.mottle is not None:
        u, v, *_ = courses(finish.mottle, lay_deg, place)
        field = finish.mottle.amplitude * sampled(finish.mottle, u, v, np.zeros(len(u), int))[:, 4]
        gain = np.exp(finish.uneven_slope * field - finish.uneven_slope**2)
        tint = np.exp(finish.uneven_tint * field - finish.uneven_tint**2 / 2)
    slope, height = np.zeros_like(n), np.zeros(len(n))
    spread = np.zeros((len(n), 2, 2))
    spread[:, 0, 0], spread[:, 1, 1] = finish.unseen[0] * gain**2, finish.unseen[1] * gain**2
    rough = [(layer, gain) for layer in finish.layers]
    for layer, lifted in [*rough, (finish.wave, np.ones(len(n)))]:
        if layer is None:
            continue
        g, left, risen = _one_layer(gbuffer, layer, lay_deg, place, grad_p, grad_q, t, b, lifted)
        slope, spread = slope + g, spread + left
        height += risen if layer is not finish.wave else 0.0
    tilted = _unit(n - (slope - n * _dot(slope, n)[:, None]))
    tilted = np.where((_dot(tilted, gbuffer.view) < 0.02)[:, None], n, tilted)
    values, axes = np.linalg.eigh(spread)
    along = axes[:, 0, 0, None] * t + axes[:, 1, 0, None] * b
    return {
        "normal": tilted,
        "tangent": _unit(along - tilted * _dot(along, tilted)[:, None]),
        "alpha": np.minimum(1.0, np.sqrt(floor**2 + 2 * np.maximum(values, 0))),
        "tint": tint,
        "occlusion": np.minimum(0.5, np.maximum(0, -height) * finish.valley / (1.25 * ra_um)),
    }


def frames(gbuffer: GBuffer, course: Course, centre: Array, rotation: Array) -> tuple[Array, Array, Array]:
    """(N, 3) p, q and radius; the gradients of p and of q in station coordinates."""
    facet = gbuffer.facet.astype(np.float64) @ rotation
    x, y, z = (gbuffer.local_mm.astype(np.float64) - centre).T
    count = len(x)
    if course not in (Course.CIRCULAR, Course.RADIAL):
        size = np.abs(facet)
        top = (size[:, 2] >= 0.999 * size[:, 0]) & (size[:, 2] >= 0.999 * size[:, 1])
        side = ~top & (size[:, 0] >= size[:, 1])
        first = np.where(side, 1, 0)
        second = np.where(top, 1, 2)
        local = np.stack([x, y, z], 1)
        rows = np.arange(count)
        place = np.stack([local[rows, first], local[rows, second], np.zeros(count)], 1)
        return place, rotation.T[first], rotation.T[second]
    radius = np.maximum(np.hypot(x, y), 1e-3)
    outward = np.stack([x / radius, y / radius, np.zeros(count)], 1)
    tilt = np.clip(np.round(facet[:, 2] * 256) / 256, -1, 1)
    out = np.sqrt(np.abs(1 - tilt**2)) * np.where(_dot(facet, outward) < 0, -1, 1)
    place = np.stack([np.arctan2(y, x), tilt * radius - out * z, radius], 1)
    around = np.stack([-outward[:, 1], outward[:, 0], np.zeros(count)], 1)
    down = tilt[:, None] * outward - out[:, None] * np.array([0, 0, 1.0])
    return place, around @ rotation.T, down @ rotation.T


def courses(layer: Layer, lay_deg: float, place: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """u, v in mm, and ∇u = a∇p + b∇q, ∇v = c∇p + d∇q."""
    p, q, radius = place.T
    one, nil = np.ones_like(p), np.zeros_like(p)
    long_mm, wide_mm = layer.relief.columns * layer.along_mm, layer.relief.rows * layer.across_mm
    at_u, at_v = layer.offset[0] * long_mm, layer.offset[1] * wide_mm
    if layer.course is Course.CIRCULAR:
        strip = np.floor((q + at_v) / wide_mm)
        middle = np.maximum(wide_mm / 2, (np.floor(radius / wide_mm) + 0.5) * wide_mm)
        scale = np.maximum(1, np.round(2 * np.pi * middle / long_mm)) * long_mm / (2 * np.pi)
        return p * scale + _chance(strip, layer.strip_seed) * long_mm, q + at_v, scale / radius, nil, nil, one
    if layer.course is Course.RADIAL:
        ring = 2 ** np.floor(np.log2(np.maximum(radius, 1e-2)))
        scale = np.maximum(1, np.round(2 * np.pi * 1.4 * ring / wide_mm)) * wide_mm / (2 * np.pi)
        return q + at_u, p * scale, nil, one, scale / radius, nil
    turn = np.radians(lay_deg + (layer.turned_deg if layer.course is Course.PLANE else 0.0))
    cos, sin = np.cos(turn), np.sin(turn)
    shear = _GOLDEN * long_mm / wide_mm if layer.has_lay else 0.0
    x, y = cos * p + sin * q, cos * q - sin * p
    if layer.course is Course.PLANE:
        ux, uy, vx, vy = one, shear * one, nil, one
        v = y + at_v
        u = x + at_u + shear * v
    else:
        row = np.floor((y + at_v) / layer.row_mm)
        dy = y + at_v - (row + 0.5) * layer.row_mm
        way = np.where(row % 2 == 0, 1.0, -1.0) * (1 if layer.course is Course.FRONT_ARC else -1)
        root = np.sqrt(np.maximum(layer.cutter_mm**2 - dy**2, 0.01 * layer.cutter_mm**2))
        pitch = 0.94 + 0.12 * _chance(row, layer.strip_seed + 2)
        v = (way * x - root + at_v) * pitch + _chance(row, layer.strip_seed + 1) * wide_mm
        u = layer.cutter_mm * np.arcsin(np.clip(dy / layer.cutter_mm, -1, 1))
        u = u + _chance(row, layer.strip_seed) * long_mm + shear * v
        vx, vy = way * pitch, dy / root * pitch
        ux, uy = shear * vx, layer.cutter_mm / root + shear * vy
    return u, v, ux * cos - uy * sin, ux * sin + uy * cos, vx * cos - vy * sin, vx * sin + vy * cos


def sampled(layer: Layer, u: Array, v: Array, level: npt.NDArray[np.integer]) -> Array:
    """(N, 5), bilinear between texel centres of each sample's level."""
    found = np.zeros((len(u), 5))
    for number in np.unique(level):
        chosen = level == number
        image = layer.relief.level(int(number)).astype(np.float64)
        rows, columns = image.shape[:2]
        x = u[chosen] / (layer.relief.columns * layer.along_mm) * columns - 0.5
        y = v[chosen] / (layer.relief.rows * layer.across_mm) * rows - 0.5
        left, top = np.floor(x).astype(int), np.floor(y).astype(int)
        s, t = (x - left)[:, None], (y - top)[:, None]
        upper = image[top % rows, left % columns] * (1 - s) + image[top % rows, (left + 1) % columns] * s
        lower = image[(top + 1) % rows, left % columns] * (1 - s) + image[(top + 1) % rows, (left + 1) % columns] * s
        found[chosen] = upper * (1 - t) + lower * t
    return found


def _one_layer(
    gbuffer: GBuffer, layer: Layer, lay_deg: float, place: Array, grad_p: Array, grad_q: Array, t: Array, b: Array,
    gain: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    u, v, *shares = courses(layer, lay_deg, place)
    e, f, g, h = (share[:, None] for share in shares)
    grad_u, grad_v = e * grad_p + f * grad_q, g * grad_p + h * grad_q
    wide_u = np.hypot(_dot(grad_u, gbuffer.across_mm), _dot(grad_u, gbuffer.down_mm)) / layer.along_mm
    wide_v = np.hypot(_dot(grad_v, gbuffer.across_mm), _dot(grad_v, gbuffer.down_mm)) / layer.across_mm
    last = len(layer.relief.levels) - 1
    level = np.clip(np.log2(np.maximum(1.25 * np.maximum(wide_u, wide_v), 1e-9)), 0, last)
    low = np.floor(level).astype(int)
    part = (level - low)[:, None]
    part = np.where(part < 0.01, 0.0, part)
    found = (1 - part) * sampled(layer, u, v, low) + part * sampled(layer, u, v, np.minimum(low + 1, last))
    su, sv = layer.amplitude * 1e-3 / layer.along_mm * gain, layer.amplitude * 1e-3 / layer.across_mm * gain
    slope = (found[:, 0] * su)[:, None] * grad_u + (found[:, 1] * sv)[:, None] * grad_v
    left_u = np.maximum(0, found[:, 2] - found[:, 0] ** 2) * su**2
    left_v = np.maximum(0, found[:, 3] - found[:, 1] ** 2) * sv**2
    at_u = np.stack([_dot(grad_u, t), _dot(grad_u, b)], 1)
    at_v = np.stack([_dot(grad_v, t), _dot(grad_v, b)], 1)
    left = left_u[:, None, None] * at_u[:, :, None] * at_u[:, None, :]
    left = left + left_v[:, None, None] * at_v[:, :, None] * at_v[:, None, :]
    return slope, left, found[:, 4] * layer.amplitude


def _chance(number: Array, seed: int) -> Array:
    mixed = (number.astype(np.int64) * 374761393 + (seed % 65536) * 668265263) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
    return np.asarray(((mixed ^ (mixed >> 16)) & 0xFFFFFF) / 16777216.0)


def _dot(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> Array:
    return np.asarray((a.astype(np.float64) * b).sum(1))


def _unit(a: Array) -> Array:
    return np.asarray(a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-12))
