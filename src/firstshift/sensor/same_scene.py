"""Do two pictures show the same, so that nothing but noise differs? Then noise can be measured as from two flats.

Texture must never pass for noise. Noise of a sensor is independent from pixel to pixel; texture came through a lens, so
that neighbours are alike, and so does what a shaken camera leaves. Hence: the difference must be white, must average
out in blocks, and the pictures must have their fine structure in common.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.sensor.reading import Frame
from firstshift.sensor.smooth import block_means, without_low_pass

F32 = npt.NDArray[np.float32]
BOX = 33
BLOCK = 16
WHITE = 0.03
"""Largest correlation of neighbours in the difference: white noise of 60,000 pixels has 0.01, texture 0.3."""
WHITE_BEYOND_MOSAIC = 0.06
"""The same two and three pixels away in colour, where interpolation makes neighbours alike."""
IN_COMMON = 0.4
"""Correlation that the tenth of blocks with the most in common must reach; calm scenes are noise in the others."""


def same_scene(one: Frame, other: Frame) -> bool:
    """One scene, one exposure: the pictures differ by noise only."""
    a, b = (without_low_pass(frame.numbers.mean(axis=2, dtype=np.float32), BOX) for frame in (one, other))
    difference = np.asarray(a - b)
    return _averages_out(difference) and _is_white(difference, one.numbers.shape[2]) and _in_common(a, b)


def _averages_out(difference: F32) -> bool:
    noise = float(np.median(np.abs(difference))) * 1.4826 + 0.3
    blocks = block_means(difference, 8)
    return float(np.percentile(np.abs(blocks), 90)) < 4.5 * noise / 8 and float(np.abs(blocks).max()) < 20 * noise / 8


def _is_white(difference: F32, channels: int) -> bool:
    power = float(np.mean(difference * difference))
    if power == 0.0:
        return False  # one file twice
    steps, most = ((1, 2), WHITE) if channels == 1 else ((2, 3), WHITE_BEYOND_MOSAIC)
    for step in steps:
        across = float(np.mean(difference[:, step:] * difference[:, :-step])) / power
        down = float(np.mean(difference[step:] * difference[:-step])) / power
        if max(abs(across), abs(down)) > most:
            return False
    return True


def _in_common(a: F32, b: F32) -> bool:
    shared = block_means(a * b, BLOCK) / np.sqrt(block_means(a * a, BLOCK) * block_means(b * b, BLOCK) + 1e-12)
    return float(np.quantile(shared, 0.9)) > IN_COMMON
