"""Was this picture a JPEG once, whatever file it is in now? Compression takes the finest detail away, noise first.

A JPEG rounds the discrete cosine transform of every block of 8 × 8 pixels, the finest waves most coarsely. Looked at in
blocks that lie as they lay then, the finest waves have nearly gone; in blocks that lie otherwise, the seams bring them
back. So: their energy for each of the 64 ways in which blocks can lie; one way that stands out below all others is the
trace (after Fan and de Queiroz 2003, who look at the seams alone). A crop may begin anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.sensor.reading import Frame

F64 = npt.NDArray[np.float64]
BLOCK = 8
FINEST = (5, 6, 7)
"""Waves by their number in a block; 0 is its mean."""
LOOKED_AT = 512
"""Pixels along the longer side, from the middle: enough blocks."""
FRAMES = 8
ROUNDING = 1 / 12
BEYOND_CHANCE = 1.7
"""Spread of the 64 energies over what chance makes of it: at most 1.0 in raw pictures of textures, 3 to 10 in JPEGs."""
OUTLYING, DEEP = 6.0, 0.05
"""Of quality 97 and more, one offset alone stands out: by so many standard deviations of the others, and by so much in
the logarithm of the energy. Raw pictures reach 3.8."""


def was_compressed(frames: Sequence[Frame]) -> bool:
    """Whether most of the pictures bear the trace."""
    found = [bears_trace(frame) for frame in frames[:FRAMES]]
    return 2 * sum(found) > len(found)


def bears_trace(frame: Frame) -> bool:
    levels = finest_levels(frame)
    energies = levels.mean(axis=(0, 2))
    by_chance = float(levels.std(axis=(0, 2)).mean()) / np.sqrt(levels.shape[0] * levels.shape[2])
    if float(energies.std()) > BEYOND_CHANCE * by_chance and float(np.ptp(energies)) > DEEP:
        return True
    lowest = np.unravel_index(int(np.argmin(energies)), energies.shape)
    rows, columns = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None, :]
    # What shares rows or columns with the true blocks has half of their seams and is low as well.
    others = energies[(rows != lowest[0]) & (columns != lowest[1])]
    depth = float(others.mean() - energies[lowest])
    return depth > DEEP and depth > OUTLYING * float(others.std())


def finest_levels(frame: Frame) -> F64:
    """(rows, 8, columns, 8): logarithm of the finest waves' energy in the block that begins at each pixel."""
    height, width, channels = frame.numbers.shape
    top, left = max(0, (height - LOOKED_AT) // 2), max(0, (width - LOOKED_AT) // 2)
    part = frame.numbers[top : top + LOOKED_AT, left : left + LOOKED_AT, min(1, channels - 1)].astype(np.float32)
    energy = np.zeros(part.shape, np.float32)
    for across in FINEST:
        for down in FINEST:
            energy += cv2.sepFilter2D(part, cv2.CV_32F, _wave(across), _wave(down), anchor=(0, 0)) ** 2
    rows, columns = (int(n) // BLOCK * BLOCK - BLOCK for n in part.shape)
    levels = np.log(energy[:rows, :columns] + np.float32(ROUNDING * len(FINEST) ** 2)).astype(np.float64)
    return np.asarray(levels.reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK))


def _wave(number: int) -> npt.NDArray[np.float32]:
    """One row of the orthonormal cosine transform."""
    return np.asarray(0.5 * np.cos((2 * np.arange(BLOCK) + 1) * number * np.pi / (2 * BLOCK)), dtype=np.float32)
