"""Slow fields, mean 0 and variance 1: bands along a lay, clouds without one. They make finishes uneven."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import band, fractal, standard, streaks


@lru_cache(maxsize=8)
def banded(variant: int) -> Relief:
    """Long bands of all widths from a few texels up: 256 across × 64 along."""
    generator = np.random.Generator(np.random.PCG64([11, variant]))
    return relief_of(streaks(generator, 256, 64, 40.0, 60.0, 1.4))


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
