"""The shadow a flaw casts on itself: how high its walls stand around each cell, in 16 directions.

From each cell a march along every direction keeps the steepest rise seen so far and stops as soon as not even the
highest point of the patch could rise above it: a flat neighbourhood costs nothing, a groove its own width. Long marches
lengthen their steps, as the walls far away need less detail. Light that comes from below that horizon is kept out,
softly over the angular size of the emitter.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Patch

F32 = npt.NDArray[np.float32]
DIRECTIONS = 16
LOWEST_TAN = np.float32(0.03)
"""Rises below 2° shade nothing: no light of a station hangs lower."""
ROUNDING = 1e-3
"""Of a cell: along the border a march stays on it."""
MOST_CELLS = 25_000
FLAT = np.float32(0.6)
"""Emitters are tiles of rings and bars, about this much lower than wide as the part sees them."""
SOFTEST = 0.04
"""The least width of a shadow's edge, as a difference of tangents: cells are finite too."""


def azimuths() -> F32:
    """(16, 2): directions in the patch, anticlockwise from u."""
    turn = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)


def thinned(height_mm: F32, patch: Patch, most: int = MOST_CELLS) -> tuple[F32, Patch]:
    """A patch of at most `most` cells with the mean heights of blocks; its middle stays the middle."""
    cells = patch.rows * patch.columns
    if cells <= most:
        return height_mm, patch
    along, across = patch.along_mm, patch.across_mm
    step_u = step_v = 1
    while -(-patch.columns // step_u) * -(-patch.rows // step_v) > most:
        if along * step_u <= across * step_v:
            step_u += 1
        else:
            step_v += 1
    columns, rows = -(-patch.columns // step_u), -(-patch.rows // step_v)
    more = ((0, rows * step_v - patch.rows), (0, columns * step_u - patch.columns))
    halves = [(extra // 2, extra - extra // 2) for _, extra in more]
    padded = np.pad(height_mm, halves, mode="edge")
    means = padded.reshape(rows, step_v, columns, step_u).mean(axis=(1, 3), dtype=np.float32)
    return means, Patch(along * step_u, across * step_v, columns, rows)


def horizon_tangents(height_mm: F32, patch: Patch, lowest_tan: float = float(LOWEST_TAN)) -> F32:
    """(rows, columns, 16): tangent of the steepest rise seen from each cell in each direction; 0 where there is none.
    Marches end where no rise above `lowest_tan` is to be found any more.

    What lies beyond the border is taken to be as high as the cell itself."""
    out = np.zeros((*patch.shape, DIRECTIONS), dtype=np.float32)
    height = np.ascontiguousarray(height_mm, dtype=np.float32)
    _horizon(height, np.float32(patch.along_mm), np.float32(patch.across_mm), azimuths(), np.float32(lowest_tan), out)
    return out


def horizon_tangents_slowly(height_mm: F32, patch: Patch) -> F32:
    """The readable twin: every step of every march, none skipped."""
    rows, columns = patch.shape
    out = np.zeros((rows, columns, DIRECTIONS), dtype=np.float32)
    for i in range(rows):
        for j in range(columns):
            for d, (cos, sin) in enumerate(azimuths()):
                step = 1 / max(abs(cos) / patch.along_mm, abs(sin) / patch.across_mm)
                for n in range(1, rows + columns):
                    x, y = j + n * step * cos / patch.along_mm, i + n * step * sin / patch.across_mm
                    if not (-ROUNDING <= x <= columns - 1 + ROUNDING and -ROUNDING <= y <= rows - 1 + ROUNDING):
                        break
                    left, top = min(max(int(x), 0), columns - 2), min(max(int(y), 0), rows - 2)
                    a, b = x - left, y - top
                    upper = height_mm[top, left] * (1 - a) + height_mm[top, left + 1] * a
                    lower = height_mm[top + 1, left] * (1 - a) + height_mm[top + 1, left + 1] * a
                    rise = (upper * (1 - b) + lower * b - height_mm[i, j]) / (n * step)
                    out[i, j, d] = max(out[i, j, d], rise)
    return out


def openness(tangents: F32) -> F32:
    """(…): share of the light of an even sky that gets past horizons (…, 16), cosine weighted: the mean of cos² of the
    horizon's angle."""
    return np.asarray((1 / (1 + tangents * tangents)).mean(axis=-1), dtype=np.float32)


def bearings(position_mm: F32, normal: F32, along: F32, emitters_mm: F32, across_mm: F32) -> F32:
    """(K, E, 3) for points (K, 3) on ground with this normal: the direction of each emitter as a place among the
    azimuths, the tangent of its elevation, and the width of its shadow's edge as a difference of tangents. `along` is
    the direction of azimuth 0."""
    out = np.empty((len(position_mm), len(emitters_mm), 3), dtype=np.float32)
    u = along - normal * (normal @ along)[:, None]
    u /= np.sqrt((u * u).sum(axis=1, keepdims=True))
    frame = np.ascontiguousarray(np.stack([u, np.cross(normal, u), normal], axis=1), dtype=np.float32)
    _bearings(np.ascontiguousarray(position_mm, dtype=np.float32), frame, emitters_mm, across_mm, out)
    return out


def bearings_slowly(position_mm: F32, normal: F32, along: F32, emitters_mm: F32, across_mm: F32) -> F32:
    """The readable twin of `bearings`."""
    u = along - normal * (normal @ along)[:, None]
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    way = emitters_mm[None] - position_mm[:, None]
    x, y, z = (np.einsum("kex,kx->ke", way, axis) for axis in (u, np.cross(normal, u), normal))
    flat = np.maximum(np.hypot(x, y), 1e-6)
    place = np.mod(np.arctan2(y, x) / (2 * np.pi), 1) * DIRECTIONS
    size = FLAT * across_mm / np.linalg.norm(way, axis=2)
    edge = np.maximum(size * (1 + (z / flat) ** 2), SOFTEST)
    return np.stack([place, z / flat, edge], axis=2).astype(np.float32)


def lit_past(tangents: F32, owner: npt.NDArray[np.int64], towards: F32) -> F32:
    """(S, E): share of each emitter that stands above the horizon (S, 16); `towards` are `bearings` (K, E, 3), of which
    each sample takes those of its `owner`."""
    out = np.empty((len(tangents), towards.shape[1]), dtype=np.float32)
    _lit_past(np.ascontiguousarray(tangents), owner.astype(np.int64), towards, out)
    return out


def lit_past_slowly(tangents: F32, owner: npt.NDArray[np.int64], towards: F32) -> F32:
    """The readable twin of `lit_past`."""
    place, rise, edge = np.moveaxis(towards[owner].astype(np.float64), 2, 0)
    before = np.floor(place).astype(int) % DIRECTIONS
    share = place - np.floor(place)
    sample = np.arange(len(tangents))[:, None]
    wall = tangents[sample, before] * (1 - share) + tangents[sample, (before + 1) % DIRECTIONS] * share
    lit = np.clip(0.5 + (rise - wall) / edge, 0, 1)
    return np.where(wall < LOWEST_TAN, 1, lit).astype(np.float32)


@njit(cache=True, nogil=True)
def _horizon(h, along, across, directions, lowest, out):  # type: ignore[no-untyped-def]
    rows, columns = h.shape
    top_mm = h.max()
    for d in range(len(directions)):
        cos, sin = directions[d, 0], directions[d, 1]
        step = 1 / max(abs(cos) / along, abs(sin) / across)
        dx, dy = step * cos / along, step * sin / across
        for i in range(rows):
            for j in range(columns):
                here = h[i, j]
                room = top_mm - here
                best = np.float32(0.0)
                n = np.float32(1.0)
                while room > max(best, lowest) * n * step:
                    x, y = j + n * dx, i + n * dy
                    if min(x, y) < -ROUNDING or x > columns - 1 + ROUNDING or y > rows - 1 + ROUNDING:
                        break
                    left, top = min(max(int(x), 0), columns - 2), min(max(int(y), 0), rows - 2)
                    a, b = x - left, y - top
                    upper = h[top, left] * (1 - a) + h[top, left + 1] * a
                    lower = h[top + 1, left] * (1 - a) + h[top + 1, left + 1] * a
                    best = max(best, (upper * (1 - b) + lower * b - here) / (n * step))
                    n += 1 if n < 4 else max(2, math.floor(n * 0.12))
                out[i, j, d] = best


@njit(cache=True, nogil=True)
def _bearings(position, frame, emitters, across, out):  # type: ignore[no-untyped-def]
    turn = DIRECTIONS / (2 * math.pi)
    for k in range(out.shape[0]):
        for e in range(out.shape[1]):
            a, b = emitters[e, 0] - position[k, 0], emitters[e, 1] - position[k, 1]
            c = emitters[e, 2] - position[k, 2]
            x = a * frame[k, 0, 0] + b * frame[k, 0, 1] + c * frame[k, 0, 2]
            y = a * frame[k, 1, 0] + b * frame[k, 1, 1] + c * frame[k, 1, 2]
            z = a * frame[k, 2, 0] + b * frame[k, 2, 1] + c * frame[k, 2, 2]
            flat = max(math.sqrt(x * x + y * y), 1e-6)
            rise = z / flat
            place = math.atan2(y, x) * turn
            size = FLAT * across[e] / math.sqrt(a * a + b * b + c * c)
            out[k, e, 0] = place + DIRECTIONS if place < 0 else place
            out[k, e, 1] = rise
            out[k, e, 2] = max(size * (1 + rise * rise), SOFTEST)


@njit(cache=True, nogil=True)
def _lit_past(tangents, owner, towards, out):  # type: ignore[no-untyped-def]
    for s in range(out.shape[0]):
        k = owner[s]
        for e in range(out.shape[1]):
            place = towards[k, e, 0]
            before = int(place)
            share = place - before
            first = before % DIRECTIONS
            wall = tangents[s, first] * (1 - share) + tangents[s, (first + 1) % DIRECTIONS] * share
            lit = min(max(0.5 + (towards[k, e, 1] - wall) / towards[k, e, 2], 0.0), 1.0)
            out[s, e] = 1.0 if wall < LOWEST_TAN else lit
