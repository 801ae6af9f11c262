"""What use leaves on a background: stains, scuffs, dust, oil rings. One tile, drawn anew for each background."""

from __future__ import annotations

import numpy as np

from firstshift.render.backdrop.pattern import Plane, Tile
from firstshift.render.finish.synthesis import fractal

SIDE = 256


def dirt(draw: np.random.Generator) -> Tile:
    """From nearly clean to well used; the tile is 60–200 mm wide."""
    used = 0.05 + 0.95 * float(draw.beta(1.2, 2.2))
    clouds = _doubled(fractal(draw, SIDE // 2, draw.uniform(25, 80), 2.8))
    tint = np.exp(-0.25 * used * np.clip(clouds - draw.uniform(-0.5, 1.5), 0, None))
    tint *= np.exp(0.04 * used * _doubled(fractal(draw, SIDE // 2, 4.0, 2.0)))
    for _ in range(int(draw.poisson(25 * used))):
        _scuff(tint, draw, used)
    for _ in range(int(draw.poisson(7 * used))):
        _stain(tint, draw, clouds)
    for _ in range(int(draw.poisson(60 * used))):
        row, column = draw.integers(0, SIDE, 2)
        tint[row, column] *= draw.uniform(0.5, 1.5)
    warm = 1 + 0.12 * used * np.array([0.3, 0.0, -0.5]) * (1 - tint)[..., None]
    return Tile(np.clip(tint[..., None] * warm, 0.1, 1.8), float(draw.uniform(60, 200)) / SIDE)


def _doubled(field: Plane) -> Plane:
    """Twice as many texels a side, in half the time that it takes to make them."""
    field = np.repeat(np.repeat(field, 2, 0), 2, 1)
    field = field + np.roll(field, 1, 0)
    return np.asarray((field + np.roll(field, 1, 1)) / 4)


def _scuff(tint: Plane, draw: np.random.Generator, used: float) -> None:
    """A curved mark, lighter or darker, torn along its way."""
    steps = int(draw.integers(15, 140))
    turn = draw.uniform(0, 2 * np.pi) + np.cumsum(draw.normal(0, 0.03, steps))
    column = (draw.uniform(0, SIDE) + np.cumsum(np.cos(turn))).astype(int) % SIDE
    row = (draw.uniform(0, SIDE) + np.cumsum(np.sin(turn))).astype(int) % SIDE
    torn = np.clip(draw.normal(0.6, 0.5, steps), 0, 1) * np.sin(np.linspace(0, np.pi, steps))
    tint[row, column] *= np.exp(draw.normal(0, 0.25) * (0.4 + used) * torn)


def _stain(tint: Plane, draw: np.random.Generator, clouds: Plane) -> None:
    """A drop that dried: darker, its rim darker still, its outline bent by the clouds."""
    radius = float(np.exp(draw.uniform(np.log(5), np.log(45))))
    row, column = draw.integers(0, SIDE, 2)
    near = np.arange(-min(int(1.7 * radius), SIDE // 2 - 1), min(int(1.7 * radius), SIDE // 2 - 1) + 1)
    place = np.ix_((row + near) % SIDE, (column + near) % SIDE)
    away = np.hypot(near[:, None], near[None, :]) / radius + 0.18 * clouds[place]
    inside = 1 / (1 + np.exp(np.clip((away - 1) * draw.uniform(8, 25), -40, 40)))
    rim = np.exp(-(((away - 0.95) / 0.07) ** 2))
    tint[place] *= np.exp(-draw.uniform(0.03, 0.3) * inside - draw.uniform(0, 0.25) * rim)
