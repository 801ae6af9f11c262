"""A lens that was knocked out of focus, a part that had not stopped, a camera that is warm."""

from __future__ import annotations

import math

import cv2
import numpy as np

from firstshift.core.seed import Seed
from firstshift.vision.augmenting.sample import F32, Sample, between

BLUR_PX, MOTION_PX = 1.3, 5.0
"""Of the point spread (standard deviation), and of the way while the shutter is open, at strength 1."""
SHOT, READ = 0.0016, 0.008
"""Variance for each share of white, and standard deviation in the dark, at strength 1: white is some 600 electrons."""


def blur(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Out of focus or smeared, one or the other."""
    if strength == 0:
        return sample
    amount = strength * between(seed, "amount", 0.1, 1.0)
    if seed.uniform("kind") < 0.6:
        kernel = _round(amount * BLUR_PX)
    else:
        kernel = _along(amount * MOTION_PX, between(seed, "way", 0, math.pi))
    planes = [
        cv2.filter2D(np.ascontiguousarray(sample.image[:, :, number]), -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        for number in range(sample.image.shape[2])
    ]
    return sample.shown(np.stack(planes, axis=2))


def noise(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Of light (it grows with brightness) and of reading out (it does not)."""
    if strength == 0:
        return sample
    shot, read = (strength * between(seed, name, 0, most) for name, most in (("shot", SHOT), ("read", READ)))
    drawn = seed.child("drawn").generator().standard_normal(sample.image.shape, dtype=np.float32)
    sigma = np.sqrt(np.float32(shot) * sample.image + np.float32(read * read))
    return sample.shown(sample.image + sigma * drawn)


def _round(sigma: float) -> F32:
    reach = max(1, math.ceil(3 * sigma))
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _along(length: float, way: float) -> F32:
    """A line of this length through the middle, shared out to the pixels that it touches."""
    reach = max(1, math.ceil(length / 2) + 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    steps = np.linspace(-length / 2, length / 2, 16 * reach + 1)
    for x, y in zip(reach + steps * math.cos(way), reach + steps * math.sin(way), strict=True):
        column, row = math.floor(x), math.floor(y)
        right, down = x - column, y - row
        kernel[row, column] += (1 - right) * (1 - down)
        kernel[row, min(column + 1, 2 * reach)] += right * (1 - down)
        kernel[min(row + 1, 2 * reach), column] += (1 - right) * down
        kernel[min(row + 1, 2 * reach), min(column + 1, 2 * reach)] += right * down
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
