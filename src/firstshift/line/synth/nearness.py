"""Whether flaws lie so close to each other that each is judged by what it adds to the others."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.line.synth.lit import Box

Pixels = npt.NDArray[np.integer]
CLOSE_PX = 3
"""Flaws nearer than this change each other's pixels by their rims and through the lens; out of focus, farther ones."""


def touch(one: Pixels, other: Pixels, close: int, height: int, width: int) -> bool:
    """Whether some of the pixels of an image lie so close to each other."""
    if not len(one) or not len(other):
        return False
    row, column = np.divmod(one, width)
    box = Box.around(row, column, close, height, width)
    there = np.divmod(other, width)
    inside = (there[0] >= box.top) & (there[0] < box.bottom) & (there[1] >= box.left) & (there[1] < box.right)
    if not inside.any():
        return False
    covered = np.zeros((box.bottom - box.top, box.right - box.left), np.uint8)
    covered[row - box.top, column - box.left] = 1
    near = cv2.dilate(covered, np.ones((2 * close + 1, 2 * close + 1), np.uint8))
    return bool(near[there[0][inside] - box.top, there[1][inside] - box.left].any())
