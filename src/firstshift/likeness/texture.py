"""Does the fine texture agree where two photographs overlap? The share of the overlap in which it does.

The levelled images are laid on each other as their landmarks say, everything coarser than a few pixels is taken away,
and the rest is correlated in small windows. Two photographs of one surface agree nearly everywhere whatever the
exposure; two ground or rolled surfaces of one kind nearly nowhere, however alike they look.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.likeness.comparison import Comparison
from firstshift.likeness.landmarks import Floats, level_out, resize_for_landmarks
from firstshift.likeness.perceptual_hash import Grey, check_grey
from firstshift.likeness.registration import Registration

AGREES = 0.5
"""Correlation in a window from which on it counts as agreeing."""
LEAST_OVERLAP = 0.03

_WINDOW_PX = 13
_COARSE_PX = 2.5
_VARIANCE_FLOOR = 1e-4
_TEXTURED = 0.01
"""Variance of the fine part from which on a window shows anything (the levelled image has variance 1)."""
_NUDGES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
_KEPT = 512


class Surfaces:
    """Levelled images by index, the last few hundred kept (half precision, about 80 MB at most)."""

    def __init__(self, evidence: Callable[[int], Grey]) -> None:
        self._evidence = evidence
        self._kept: OrderedDict[int, npt.NDArray[np.float16]] = OrderedDict()

    def __getitem__(self, index: int) -> Floats:
        if index in self._kept:
            self._kept.move_to_end(index)
        else:
            level = level_out(resize_for_landmarks(check_grey(self._evidence(index))))
            self._kept[index] = level.astype(np.float16)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[index].astype(np.float32)

    def agreement(self, comparison: Comparison) -> float:
        other = self[comparison.second]
        if comparison.mirrored:
            other = np.ascontiguousarray(other[:, ::-1])
        return fine_agreement(self[comparison.first], other, comparison.registration)


def fine_agreement(level: Floats, other: Floats, registration: Registration) -> float:
    """0…1; 0 as well when the two hardly overlap or show next to no texture."""
    turn, shift = registration.turn, registration.shift
    move = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    size = (level.shape[1], level.shape[0])
    laid = np.asarray(cv2.warpAffine(other, move, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32)
    ones = np.ones(other.shape, dtype=np.float32)
    overlap = np.asarray(cv2.warpAffine(ones, move, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP), np.float32)
    fine = _fine(level)
    # Where neither shows anything there is nothing to agree about; where one does and the other not, they disagree.
    textured = np.maximum(_mean(fine * fine), _mean(_fine(laid) ** 2)) > _TEXTURED
    whole = (_mean(overlap) > 0.9) & textured
    if whole.mean() < LEAST_OVERLAP:
        return 0.0
    best = np.full(level.shape, -1.0, dtype=np.float32)
    for dx, dy in _NUDGES:
        best = np.maximum(best, windowed_correlation(fine, _fine(np.roll(laid, (dy, dx), (0, 1))), overlap))
    return float((best[whole] > AGREES).mean())


def windowed_correlation(one: Floats, other: Floats, weight: Floats) -> Floats:
    """Correlation in a window around each pixel, over the pixels that both images cover."""
    share = np.maximum(_mean(weight), 1e-3)
    a, b = one * weight, other * weight
    mean_a, mean_b = _mean(a) / share, _mean(b) / share
    spread_a = np.maximum(_mean(a * a) / share - mean_a * mean_a, _VARIANCE_FLOOR)
    spread_b = np.maximum(_mean(b * b) / share - mean_b * mean_b, _VARIANCE_FLOOR)
    return np.asarray((_mean(a * b) / share - mean_a * mean_b) / np.sqrt(spread_a * spread_b), dtype=np.float32)


def _mean(image: Floats) -> Floats:
    return np.asarray(cv2.boxFilter(image, -1, (_WINDOW_PX, _WINDOW_PX), borderType=cv2.BORDER_REFLECT))


def _fine(image: Floats) -> Floats:
    return np.asarray(image - cv2.GaussianBlur(image, (0, 0), _COARSE_PX))
