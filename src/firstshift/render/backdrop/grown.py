"""Wood, stone, paper, foam: what grew, crystallised or was pulped."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from firstshift.render.backdrop.pattern import Plane, Tile
from firstshift.render.finish.synthesis import fractal, shaped_noise, standard, streaks

SIDE = 256
COARSE = 128
"""For cells, whose borders are slow to find."""


def wood(draw: np.random.Generator) -> Tile:
    """Year rings cut lengthwise: wavy dark bands, finer at the end of each year, with pores along the grain."""
    years, texel = int(draw.integers(4, 24)), draw.uniform(0.25, 0.7)
    v = np.arange(SIDE)[:, None] / SIDE
    bend = shaped_noise(draw, SIDE, SIDE, lambda a, b: (1 + (a * 200) ** 2 + (b * 90) ** 2) ** -2.5)
    year = (v * years + draw.uniform(0.2, 0.9) * bend) % 1
    late = year**3 * np.clip((1 - year) / 0.12, 0, 1)
    pores = np.clip(streaks(draw, SIDE, SIDE, 25.0, 4.0) - 1.2, 0, None)
    dark = draw.uniform(0.3, 0.8) * late + draw.uniform(0.05, 0.2) * pores
    tone = np.exp(-dark[..., None] * np.array([0.7, 1.0, 1.25]))
    return Tile(tone * (1 + 0.05 * streaks(draw, SIDE, SIDE, 60.0, 20.0))[..., None], texel, -30 * pores - 10 * late)


def granite(draw: np.random.Generator) -> Tile:
    """A polished or honed surface plate: crystals of three minerals, each grain of one shade."""
    grains = int(draw.integers(300, 1500))
    which = _cells(draw, grains)[1]
    shades = np.array([draw.uniform(0.05, 0.4), 1.0, draw.uniform(1.2, 2.2)])
    kinds = draw.choice(3, grains, p=draw.dirichlet([3, 6, 2]))
    tint = (shades[kinds] * draw.normal(1, 0.12, grains))[which]
    return Tile(np.clip(tint, 0.05, 3), draw.uniform(0.15, 0.4))


def paper(draw: np.random.Generator) -> Tile:
    """Fibres and cloudy pulp; a third of all sheets are ruled."""
    tint = 1 + 0.02 * fractal(draw, SIDE, 40.0, 2.5) + 0.012 * fractal(draw, SIDE, 4.0)
    height = fractal(draw, SIDE, 12.0) * draw.uniform(1, 4)
    if draw.uniform() < 0.33:
        pitch = int(2 ** draw.integers(4, 7))
        line = (np.arange(SIDE) % pitch) < max(1, pitch // 24)
        ruled = line[:, None] | (line[None, :] if draw.uniform() < 0.5 else np.zeros_like(line)[None, :])
        tint = tint * np.where(ruled, draw.uniform(0.4, 0.85), 1.0)
    return Tile(tint, draw.uniform(0.06, 0.3), height)


def foam(draw: np.random.Generator) -> Tile:
    """Cut foam: round cells with thin walls, dark where they are deep."""
    cells = int(draw.integers(80, 800))
    away, which = _cells(draw, cells)
    wall = np.clip((away[1] - away[0]) / draw.uniform(1.5, 4.0), 0, 1)
    deep = draw.uniform(0.3, 1.0, cells)[which] * wall
    texel = draw.uniform(0.1, 0.3)
    return Tile(1.05 - 0.35 * deep, texel, -deep * texel * 800 / np.sqrt(cells / 80), 0.5 * deep)


def speckled(draw: np.random.Generator) -> Tile:
    """Hammered or structured sheet, powder coat: soft dimples and specks."""
    dimples = standard(np.minimum(fractal(draw, SIDE, draw.uniform(12, 40), 5.0), 0.3))
    specks = np.where(draw.uniform(size=(SIDE, SIDE)) < draw.uniform(0, 0.01), draw.uniform(0.5, 1.6), 1.0)
    return Tile((1 + 0.02 * dimples) * specks, draw.uniform(0.05, 0.2), dimples * draw.uniform(2, 12))


def _cells(
    draw: np.random.Generator, count: int
) -> tuple[tuple[Plane, Plane], np.ndarray[tuple[int, ...], np.dtype[np.intp]]]:
    points = draw.uniform(0, COARSE, (count, 2))
    grid = np.stack(np.meshgrid(np.arange(COARSE), np.arange(COARSE), indexing="ij"), -1).reshape(-1, 2)
    away, which = cKDTree(points, boxsize=COARSE).query(grid, k=2)
    near, far = away[:, 0].reshape(COARSE, COARSE), away[:, 1].reshape(COARSE, COARSE)
    return (near, far), which[:, 0].reshape(COARSE, COARSE)
