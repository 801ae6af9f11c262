"""What single ordinary pictures say: noise in the flattest places at each brightness, and the darkest place.

In every block of 16 × 16 pixels the second differences (Immerkær 1996) hold noise and texture. Texture only adds, so
the quiet end of the blocks of one brightness is noise: a low quantile, divided by where that quantile lies for pure
noise (chi-squared law; Liu, Szeliski et al. 2008 take such a lower envelope too). An estimate, not a measurement: the
same number is made from three quantiles, and their spread is part of the interval.

What is certain are bounds. Texture, fixed pattern and read noise only add to what light itself makes, so the calmest
places bound the gain from below and read noise from above; nothing is darker than the camera's black.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.sensor.reading import Frame
from firstshift.sensor.smooth import block_means, noise_residual
from firstshift.sensor.transfer import QUANTISATION_VARIANCE, RESOLVED_DN, Point

F64 = npt.NDArray[np.float64]
BLOCK = 16
FREEDOM = 64.0
"""Of a block: 256 residuals that the filter correlates; Σr² of its autocorrelation is 3.8."""
QUANTILES = (0.1, 0.2, 0.35)
BANDS = 12
FEWEST_BLOCKS = 40
NARROW = 2.0
"""A gain is taken for measured when the upper end of its interval is no more than this times the lower."""
SLACK = 0.9
"""Quantiles of a hundred blocks scatter by some per cent: a bound is drawn so much wider."""
SMOOTHED = 4.0
"""Less noise than this many times the usual electrons would make: the picture was smoothed, and bounds nothing."""
CALM = 5
"""Pixels over which the darkest place is averaged, so that noise does not make it darker."""
DARKEST_PERCENT = 0.5


@dataclass(frozen=True, slots=True)
class Level:
    """Noise at one brightness, with what the other quantiles say."""

    point: Point
    low_dn2: float
    high_dn2: float


def noise_levels(frames: Sequence[Frame], white: int) -> list[Level]:
    """Blocks of all frames together, by brightness; blocks near black or white are left out."""
    brightness, variance = _blocks(frames)
    inside = (brightness > 0.02 * white) & (brightness < 0.9 * white)
    brightness, variance = brightness[inside], variance[inside]
    if brightness.size < 2 * FEWEST_BLOCKS:
        return []
    found = []
    edges = np.unique(np.quantile(brightness, np.linspace(0, 1, BANDS + 1)))
    for low, high in pairwise(edges):
        here = (brightness >= low) & (brightness <= high)
        if int(here.sum()) >= FEWEST_BLOCKS:
            found.append(_level(brightness[here], variance[here]))
    return found


@dataclass(frozen=True, slots=True)
class Slope:
    """Electrons for one DN as single pictures show it, with bounds."""

    gain_e_per_dn: float
    low: float
    high: float

    @property
    def is_narrow(self) -> bool:
        return self.high <= NARROW * self.low


def gain_of_levels(levels: Sequence[Level], black_dn: float) -> Slope | None:
    """variance = floor + m/K + t²·m²: the texture of a surface grows with its light, its variance with the square.

    Every level is good to 5 % at best (quantiles of blocks that are not all alike); the interval follows from that and
    is never narrower than a fifth below and two fifths above.
    """
    levels = resolved(levels)
    if len(levels) < 6:
        return None
    mean = np.array([level.point.mean_dn for level in levels]) - black_dn
    variance = np.array([level.point.variance_dn2 for level in levels])
    if mean.max() < 2 * max(mean.min(), 1e-6) or variance.min() <= 0:
        return None
    error = 0.05 * (variance + QUANTISATION_VARIANCE)
    design = np.stack([mean, np.ones_like(mean), mean**2], axis=1) / error[:, None]
    curved, covariance = _solved(design, variance / error)
    straight, _ = _solved(design[:, :2], variance / error)
    slope, spread = float(curved[0]), float(np.sqrt(covariance[0, 0]))
    if slope <= 2 * spread or straight[0] <= 0:
        return None
    # All taken for noise of light, the gain comes out too small; the square taken for texture, rather too large.
    ends = sorted((1 / slope, 1 / float(straight[0])))
    gain = float(np.sqrt(ends[0] * ends[1]))
    return Slope(gain, min(ends[0], 0.8 * gain), max(1 / (slope - 2 * spread + 1e-12), 1.4 * gain))


def resolved(levels: Sequence[Level]) -> list[Level]:
    """Where noise is more than what rounding hides."""
    return [level for level in levels if level.point.variance_dn2 >= RESOLVED_DN**2]


def least_gain(levels: Sequence[Level], highest_black_dn: float, usual_e_per_dn: float) -> float:
    """A lower bound: with fewer electrons for one DN, light alone would be noisier than the calmest places are. 0 when
    there is none."""
    ratios = [(level.point.mean_dn - highest_black_dn) / level.point.variance_dn2 for level in resolved(levels)]
    bound = SLACK * max(ratios, default=0.0)
    return bound if 0 < bound < SMOOTHED * usual_e_per_dn else 0.0


def most_read_noise_dn(levels: Sequence[Level]) -> float:
    """An upper bound; infinite when there is none."""
    return float(np.sqrt(min((level.point.variance_dn2 for level in resolved(levels)), default=np.inf) / SLACK))


def darkest_level(frames: Sequence[Frame]) -> float:
    """Of all channels and frames, in DN: the camera's black level is no higher."""
    darkest = np.inf
    for frame in frames:
        for channel in range(frame.numbers.shape[2]):
            calm = cv2.blur(frame.numbers[:, :, channel].astype(np.float32), (CALM, CALM))
            darkest = min(darkest, float(np.percentile(calm, DARKEST_PERCENT)))
    return darkest


def _solved(design: F64, target: F64) -> tuple[F64, F64]:
    inverse = np.linalg.pinv(design.T @ design)
    solution = inverse @ (design.T @ target)
    left_over = float(((target - design @ solution) ** 2).sum()) / max(1, len(target) - design.shape[1])
    return np.asarray(solution), np.asarray(inverse * max(1.0, left_over))


def _blocks(frames: Sequence[Frame]) -> tuple[F64, F64]:
    brightness, variance = [], []
    for frame in frames:
        channel = min(1, frame.numbers.shape[2] - 1)  # green: measured in half of the pixels
        plane = frame.numbers[:, :, channel].astype(np.float32)
        brightness.append(block_means(plane[1:-1, 1:-1], BLOCK).ravel())
        variance.append(block_means(noise_residual(plane) ** 2, BLOCK).ravel())
    return np.concatenate(brightness), np.concatenate(variance)


def _level(brightness: F64, variance: F64) -> Level:
    from scipy.special import gammaincinv

    estimates = []
    for quantile in QUANTILES:
        of_noise = 2 * float(gammaincinv(FREEDOM / 2, quantile)) / FREEDOM
        estimates.append(max(0.0, float(np.quantile(variance, quantile)) / of_noise - QUANTISATION_VARIANCE))
    quiet = variance <= np.quantile(variance, QUANTILES[1])
    samples = int(quiet.sum() * FREEDOM)
    point = Point(float(brightness[quiet].mean()), estimates[0], samples, 0, "background")
    return Level(point, min(estimates), max(estimates))
