"""What is the same in every frame: dark level and sensitivity from pixel to pixel, and pixels that glow.

Frames are averaged in two halves. The noise of time is independent between the halves, so their covariance is the fixed
pattern's variance alone, however few frames there are (EMVA 1288, section 8, takes differences for the same reason).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.sensor.profile import HotPixel
from firstshift.sensor.reading import Frame
from firstshift.sensor.smooth import without_low_pass

F32 = npt.NDArray[np.float32]
BOX = 15
MOST_HOT = 2000
HOT_SIGMAS = 10.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A standard deviation between pixels, with one standard error."""

    spread: float
    error: float
    samples: int


def mean_of(frames: Sequence[Frame], channel: int) -> F32:
    total = np.zeros(frames[0].numbers.shape[:2], dtype=np.float64)
    for frame in frames:
        total += frame.numbers[:, :, channel]
    return np.asarray(total / len(frames), dtype=np.float32)


def fixed_pattern(frames: Sequence[Frame], channel: int, black_dn: float | None = None) -> Pattern | None:
    """In DN; with a black level, as a share of the light at each place. Needs two frames; None when what the halves
    share is no more than chance."""
    if len(frames) < 2:
        return None
    halves = [mean_of(frames[start::2], channel) for start in (0, 1)]
    if black_dn is not None:
        level = np.maximum(cv2.blur((halves[0] + halves[1]) / 2, (63, 63)) - np.float32(black_dn), 1.0)
        halves = [half / level for half in halves]
    one, other = (without_low_pass(half, BOX) for half in halves)
    limit = 5 * math.sqrt(float(np.median(one * one)) / 0.455 + 1e-18)
    kept = (np.abs(one) < limit) & (np.abs(other) < limit)  # dust and hot pixels are no spread
    a, b = one[kept].astype(np.float64), other[kept].astype(np.float64)
    if a.size < 1000:
        return None
    shared = float(np.mean(a * b))
    error = math.sqrt((float(np.mean(a * a)) * float(np.mean(b * b)) + shared**2) / a.size)
    if shared <= max(3 * error, 1e-15):
        return None
    spread = math.sqrt(shared)
    return Pattern(spread, error / (2 * spread), int(a.size))


def hot_pixels(darks: Sequence[Frame], gain_e_per_dn: float) -> tuple[HotPixel, ...]:
    """Pixels that stand out of the mean of the dark frames, the brightest first."""
    if len(darks) < 2:
        return ()
    residual = without_low_pass(np.mean([mean_of(darks, c) for c in range(darks[0].numbers.shape[2])], axis=0), BOX)
    limit = HOT_SIGMAS * max(1.4826 * float(np.median(np.abs(residual))), 0.1)
    rows, columns = np.nonzero(residual > limit)
    brightest = np.argsort(-residual[rows, columns], kind="stable")[:MOST_HOT]
    return tuple(
        HotPixel(
            x=int(columns[i]), y=int(rows[i]), extra_e=round(float(residual[rows[i], columns[i]]) * gain_e_per_dn, 1)
        )
        for i in brightest
    )
