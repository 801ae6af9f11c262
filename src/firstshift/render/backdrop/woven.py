"""Belts, mats and cloths: threads and studs that repeat. Pitches are whole parts of the tile, so that it closes."""

from __future__ import annotations

import numpy as np

from firstshift.render.backdrop.pattern import Plane, Tile
from firstshift.render.finish.synthesis import fractal

SIDE = 256


def belt(draw: np.random.Generator) -> Tile:
    """Conveyor belt: impression of a fabric, plain or twill, under a rubber cover."""
    threads, texel = int(2 ** draw.integers(3, 6)), draw.uniform(0.06, 0.2)
    u, v = _grid()
    over, under = np.cos(np.pi * threads * u), np.cos(np.pi * threads * v)
    twill = 0.7 if draw.uniform() < 0.5 else 0.0
    height = twill * np.cos(np.pi * threads * (u + v)) + (1 - twill) * over * under
    height = np.tanh(1.5 * height) + 0.15 * fractal(draw, SIDE, 20.0)
    deep = draw.uniform(0.015, 0.05) * SIDE * texel / threads
    return Tile(1 + 0.10 * height + 0.04 * fractal(draw, SIDE, 60.0), texel, height * deep * 500)


def mat(draw: np.random.Generator) -> Tile:
    """Rubber mat: ribs, studs or pyramids."""
    count, texel = int(2 ** draw.integers(2, 5)), draw.uniform(0.08, 0.25)
    u, v = _grid()
    a, b = np.abs((u * count) % 1 - 0.5) * 2, np.abs((v * count) % 1 - 0.5) * 2
    kind = int(draw.integers(4))
    if kind == 0:
        height = np.clip((a - 0.4) / 0.25, 0, 1)
    elif kind == 1:
        height = np.clip((0.75 - np.hypot(a, b)) / 0.15, 0, 1)
    elif kind == 2:
        height = 1 - np.maximum(a, b)
    else:
        height = np.clip((np.abs(a - b) - 0.2) / 0.2, 0, 1)
    rough = height + 0.06 * fractal(draw, SIDE, 12.0)
    deep = draw.uniform(0.02, 0.06) * SIDE * texel / count
    return Tile(0.9 + 0.15 * height, texel, rough * deep * 1000, 0.25 * (1 - height))


def cloth(draw: np.random.Generator) -> Tile:
    """Woven cloth: threads of uneven brightness and width, each over and under."""
    threads, texel = int(2 ** draw.integers(5, 7)), draw.uniform(0.05, 0.12)
    u, v = _grid()
    warp, weft = np.abs(np.sin(np.pi * threads * u)), np.abs(np.sin(np.pi * threads * v))
    every = int(draw.integers(1, 4))
    over = ((np.floor(u * threads) + np.floor(v * threads) * every) % (every + 1)) < 1
    bright = draw.normal(1, 0.10, (2, threads))
    tint_u = np.take(bright[0], (u * threads).astype(int) % threads)
    tint_v = np.take(bright[1], (v * threads).astype(int) % threads)
    height = np.where(over, warp, weft)
    tint = np.where(over, tint_u, tint_v * draw.uniform(0.8, 1.1)) * (0.75 + 0.3 * height)
    return Tile(tint, texel, height * draw.uniform(15, 50), 0.3 * (1 - height))


def _grid() -> tuple[Plane, Plane]:
    axis = (np.arange(SIDE) + 0.5) / SIDE
    return np.broadcast_to(axis[None, :], (SIDE, SIDE)), np.broadcast_to(axis[:, None], (SIDE, SIDE))
