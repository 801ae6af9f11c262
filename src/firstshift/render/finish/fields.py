"""Slow fields, mean 0 and variance 1: bands along a lay, clouds without one. They make finishes uneven."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import Field, band, fractal, shaped_noise, standard, streaks


@lru_cache(maxsize=8)
def banded(variant: int) -> Relief:
    """Long bands of all widths from two texels up, and clouds; texels are some 16 times as long as wide."""
    generator = np.random.Generator(np.random.PCG64([11, variant]))

    def clouds(along: Field, across: Field) -> Field:
        return np.asarray((1 + (np.hypot(along / 16, across) * 60) ** 2) ** -1.5)

    fine = streaks(generator, 256, 64, 30.0, 8.0, 1.0)
    wide = streaks(generator, 256, 64, 40.0, 50.0, 1.6)
    return relief_of(standard(0.8 * fine + 0.6 * wide + 0.5 * shaped_noise(generator, 256, 64, clouds)))


@lru_cache(maxsize=8)
def clouded(variant: int) -> Relief:
    """Clouds from half the side (128 texels) down."""
    generator = np.random.Generator(np.random.PCG64([12, variant]))
    return relief_of(standard(fractal(generator, 128, 40.0, 2.6)))


@lru_cache(maxsize=8)
def waved(variant: int) -> Relief:
    """Waves about 16 texels long in all directions: orange peel, undulation. 256 texels a side."""
    generator = np.random.Generator(np.random.PCG64([13, variant]))
    return relief_of(band(generator, 256, 16.0))
