"""Coats of a pattern onto samples: a numba kernel."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from firstshift.render.backdrop.pattern import Coat
from firstshift.render.finish.placing import FAST, STRAIGHT, Levels, Whole, find_frame
from firstshift.render.gbuffer import F32, GBuffer


def paint(gbuffer: GBuffer, which: Whole, coat: Coat, rotation: F32, lay_deg: float, tint: F32, hidden: F32) -> None:
    """Multiplies `tint` (N, 3) and raises `hidden` (N,) of the samples `which`."""
    turn = math.radians(coat.turned_deg + lay_deg)
    texture = np.array([coat.texel_mm, math.cos(turn), math.sin(turn)], np.float32)
    _paint(
        which, gbuffer.local_mm, gbuffer.facet, gbuffer.across_mm, gbuffer.down_mm, rotation, coat.texels,
        coat.levels, texture, tint, hidden,
    )  # fmt: skip


def paint_slowly(coat: Coat, p: npt.NDArray[np.floating], q: npt.NDArray[np.floating], level: int) -> F32:
    """The twin of one look-up: (N, 4) at points of the tile's own plane (mm), bilinear between texel centres."""
    first, rows, columns = (int(value) for value in coat.levels[level])
    image = coat.texels[first : first + rows * columns].reshape(rows, columns, 4)
    long_mm = coat.texel_mm * coat.levels[0, 2]
    x, y = p / long_mm * columns - 0.5, q / long_mm * rows - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    s, t = (x - left)[:, None], (y - top)[:, None]
    upper = image[top % rows, left % columns] * (1 - s) + image[top % rows, (left + 1) % columns] * s
    lower = image[(top + 1) % rows, left % columns] * (1 - s) + image[(top + 1) % rows, (left + 1) % columns] * s
    return np.asarray(upper * (1 - t) + lower * t, np.float32)


@FAST
def _paint(
    which: Whole, local: F32, facet: F32, across: F32, down: F32, rotation: F32, texels: F32, levels: Levels,
    texture: F32, tint: F32, hidden: F32,
) -> None:  # fmt: skip
    origin = np.zeros(3, np.float32)
    last = len(levels) - 1
    side_mm = texture[0] * levels[0, 2]
    value = np.zeros(4, np.float32)
    for k in range(len(which)):
        i = which[k]
        frame = find_frame(i, local, facet, rotation, STRAIGHT, origin)
        u = (texture[1] * frame[0] + texture[2] * frame[1]) / side_mm
        v = (texture[1] * frame[1] - texture[2] * frame[0]) / side_mm
        p1 = frame[3] * across[i, 0] + frame[4] * across[i, 1] + frame[5] * across[i, 2]
        p2 = frame[3] * down[i, 0] + frame[4] * down[i, 1] + frame[5] * down[i, 2]
        q1 = frame[6] * across[i, 0] + frame[7] * across[i, 1] + frame[8] * across[i, 2]
        q2 = frame[6] * down[i, 0] + frame[7] * down[i, 1] + frame[8] * down[i, 2]
        wide = max(p1 * p1 + p2 * p2, q1 * q1 + q2 * q2) / (texture[0] * texture[0])
        level = min(float(last), max(0.0, 0.5 * math.log2(max(wide, 1e-12))))
        low = int(level)
        value[:] = 0.0
        for step in range(2):
            share = 1.0 - (level - low) if step == 0 else level - low
            if share > 0.0:
                _add(texels, levels[low + step, 0], levels[low + step, 1], u, v, share, value)
        for c in range(3):
            tint[i, c] *= value[c]
        hidden[i] = 1.0 - (1.0 - hidden[i]) * (1.0 - value[3])


@FAST
def _add(texels: F32, first: int, side: int, u: float, v: float, share: float, value: F32) -> None:
    x, y = u * side - 0.5, v * side - 0.5
    left, top = math.floor(x), math.floor(y)
    s, t = x - left, y - top
    c0, r0 = int(left) & (side - 1), int(top) & (side - 1)
    c1, r1 = (c0 + 1) & (side - 1), (r0 + 1) & (side - 1)
    for c in range(4):
        above = (1 - s) * texels[first + r0 * side + c0, c] + s * texels[first + r0 * side + c1, c]
        below = (1 - s) * texels[first + r1 * side + c0, c] + s * texels[first + r1 * side + c1, c]
        value[c] += share * ((1 - t) * above + t * below)
