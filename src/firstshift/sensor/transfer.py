"""Photon transfer: from how noise grows with brightness to electrons (Janesick 2007; EMVA 1288, section 6).

Two frames of one scene differ by their noise only, so var(a − b)/2 is the noise of one frame: fixed pattern, dust and
texture cancel. Over several levels

    variance [DN²] = (mean − black)/K + (read noise/K)² + 1/12        K: electrons for one DN; 1/12: quantisation

is a straight line. A flat gives one point; a background with dark and bright places gives one point for each level.

Below 0.4 DN of noise, quantisation is no longer noise of its own. Where the mean lies anywhere between two steps (the
light of a flat varies by some DN), two quantised frames still differ by a known amount, whatever σ is:

    E(a − b)²/2 = σ² + 1/12 − Σₖ exp(−4π²k²σ²)/(2π²k²)      k = 1, 2, …

(Fourier series of x(1 − x), which is what rounding adds to a difference), and this is solved for σ². A dark frame of
8 bits, all of it 3 or 4 DN, does not have that; its noise is then not used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.sensor.reading import Frame, Numbers
from firstshift.sensor.smooth import block_means, without_low_pass

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
QUANTISATION_VARIANCE = 1 / 12
RESOLVED_DN = 0.4
"""Below this noise, quantisation is no longer an independent noise of 1/12 (Widrow and Kollár 2008, ch. 5)."""
SAME_LEVEL = 0.03
GREEN = 1
MOSAIC_RATIO = 0.8
"""Interpolated pixels are less noisy than measured ones by more than this."""
LEVELS_IN_A_PICTURE = 14
BOX = 33
DITHERED_DN = 0.5
"""Standard deviation of the light over a flat from which all places between two steps are as frequent."""
LEAST_DN = 0.1


@dataclass(frozen=True, slots=True)
class Point:
    """Noise at one level."""

    mean_dn: float
    variance_dn2: float
    """Of time, in one frame, quantisation taken off."""
    samples: int
    channel: int
    source: str
    """dark, flat or background."""
    resolved: bool = True
    """False: the noise is hidden by quantisation, and this number is no measurement."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The line through the points."""

    gain_e_per_dn: float
    gain_error: float
    """One standard deviation."""
    read_noise_e: float | None
    """None when the line says less than nothing."""
    read_noise_error: float
    black_dn: float


def usable(numbers: Numbers, white: int) -> bool:
    """Neither cut at white nor at 0 in more than one pixel of a thousand."""
    return float((numbers >= white).mean()) < 1e-3 and float((numbers <= 0).mean()) < 1e-3


def pairs_of(frames: Sequence[Frame]) -> list[tuple[Frame, Frame]]:
    """Neighbours in brightness, each frame once."""
    ordered = sorted(frames, key=lambda frame: (float(frame.numbers.mean()), frame.name))
    pairs, index = [], 0
    while index + 1 < len(ordered):
        one, other = ordered[index], ordered[index + 1]
        low, high = float(one.numbers.mean()), float(other.numbers.mean())
        if high - low <= SAME_LEVEL * high + 0.5:
            pairs.append((one, other))
            index += 2
        else:
            index += 1
    return pairs


def mosaic_phases(one: Frame, other: Frame) -> npt.NDArray[np.bool_] | None:
    """(2, 2): where green was measured, seen from its noise; None when it was everywhere.

    Red and blue are interpolated with the help of green and may become noisier by it, so that only green can tell.
    """
    if one.numbers.shape[2] != 3:
        return None
    difference = _difference(one, other, GREEN)
    variance = np.array([[_clipped_variance(difference[y::2, x::2]) for x in range(2)] for y in range(2)])
    if float(variance.min()) > MOSAIC_RATIO * float(variance.max()):
        return None
    return np.asarray(variance > math.sqrt(MOSAIC_RATIO) * variance.max())


def _difference(one: Frame, other: Frame, channel: int) -> F32:
    """Without what varies slowly: a lamp that flickers by 1 % is no noise of the camera."""
    a = one.numbers[:, :, channel].astype(np.float32)
    return without_low_pass(a - other.numbers[:, :, channel].astype(np.float32), BOX)


def _clipped_variance(values: npt.NDArray[np.generic]) -> float:
    """Without what lies beyond 6 standard deviations: a cosmic ray, a pixel that blinks."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    for _ in range(2):
        limit = 6 * math.sqrt(float(np.mean(flat * flat)))
        flat = flat[np.abs(flat) <= limit] if limit > 0 else flat
    return float(np.mean(flat * flat))


def points_of(one: Frame, other: Frame, phases: npt.NDArray[np.bool_] | None) -> list[Point]:
    """One point per channel for flats and dark frames, one per level for a background."""
    found = []
    for channel in range(one.numbers.shape[2]) if phases is None else (GREEN,):
        difference: Any = _difference(one, other, channel)
        mean: Any = (one.numbers[:, :, channel].astype(np.float32) + other.numbers[:, :, channel]) / 2
        spread_dn = float(block_means(mean, 8).std())
        if phases is not None:
            native = np.tile(phases, (mean.shape[0] // 2 + 1, mean.shape[1] // 2 + 1))
            native = native[: mean.shape[0], : mean.shape[1]]
            difference, mean = difference[native], mean[native]
        if one.kind != "background":
            found.append(_point(difference, mean, channel, one.kind, spread_dn))
            continue
        levels = np.unique(np.quantile(mean, np.linspace(0, 1, LEVELS_IN_A_PICTURE + 1)))
        for low, high in pairwise(levels):
            here = (mean >= low) & (mean < high)
            if int(here.sum()) >= 400:
                found.append(_point(difference[here], mean[here], channel, one.kind, float(high - low) / 3))
    return found


def _point(
    difference: npt.NDArray[np.floating[Any]],
    mean: npt.NDArray[np.floating[Any]],
    channel: int,
    kind: str,
    spread_dn: float,
) -> Point:
    seen = _clipped_variance(difference) / 2
    variance = seen - QUANTISATION_VARIANCE
    known = variance >= RESOLVED_DN**2
    if not known and spread_dn >= DITHERED_DN:
        variance = unrounded_variance(seen)
        known = variance >= LEAST_DN**2
    level = float(np.mean(mean, dtype=np.float64))
    return Point(level, max(variance, 0.0), difference.size, channel, kind, known)


def unrounded_variance(seen: float) -> float:
    """The variance before rounding whose rounded frames differ so much; by bisection, as the sum only grows."""
    k = np.arange(1, 40)
    low, high = 0.0, max(seen, 1e-9)
    for _ in range(50):
        middle = (low + high) / 2
        rounded = middle + QUANTISATION_VARIANCE
        rounded -= float((np.exp(-4 * np.pi**2 * k**2 * middle) / (2 * np.pi**2 * k**2)).sum())
        low, high = (middle, high) if rounded < seen else (low, middle)
    return (low + high) / 2


def fitted_line(points: Sequence[Point], black_dn: float) -> Transfer | None:
    """Weighted least squares with weights from the fitted line itself; None when the points carry no slope."""
    kept = [point for point in points if point.resolved]
    if len({round(point.mean_dn, 1) for point in kept}) < 2:
        return None
    mean = np.array([point.mean_dn - black_dn for point in kept])
    variance = np.array([point.variance_dn2 for point in kept])
    samples = np.array([point.samples for point in kept], dtype=np.float64)
    expected = variance.copy()
    design = np.stack([mean, np.ones_like(mean)], axis=1)
    solution: F64 = np.zeros(2)
    covariance: F64 = np.eye(2)
    for _ in range(6):
        # A sample variance has the standard error v·√(2/n); quantisation noise is part of v here.
        weight = samples / (2 * (expected + QUANTISATION_VARIANCE) ** 2)
        covariance = np.asarray(np.linalg.pinv(design.T @ (design * weight[:, None])))
        solution = np.asarray(covariance @ (design.T @ (weight * variance)))
        expected = np.maximum(design @ solution, 0.05 * variance + 1e-6)
    slope, floor = float(solution[0]), float(solution[1])
    left_over = float((weight * (variance - design @ solution) ** 2).sum()) / max(1, len(kept) - 2)
    covariance = covariance * max(1.0, left_over)
    slope_error = math.sqrt(max(covariance[0, 0], 0.0))
    if slope <= 3 * slope_error:
        return None
    return _as_electrons(slope, floor, covariance, black_dn)


def _as_electrons(slope: float, floor: float, covariance: F64, black_dn: float) -> Transfer:
    """Read noise r = √floor/slope; its error by the first-order rule with the covariance of both."""
    gain = 1 / slope
    slope_error = math.sqrt(float(covariance[0, 0]))
    if floor <= 0:
        bound = math.sqrt(max(0.0, floor + 2 * math.sqrt(float(covariance[1, 1])))) * gain
        return Transfer(gain, gain * gain * slope_error, None, bound, black_dn)
    read_dn = math.sqrt(floor)
    by_floor, by_slope = gain / (2 * read_dn), -read_dn * gain * gain
    variance = (
        by_floor**2 * covariance[1, 1] + by_slope**2 * covariance[0, 0] + 2 * by_floor * by_slope * covariance[0, 1]
    )
    return Transfer(gain, gain * gain * slope_error, read_dn * gain, math.sqrt(max(float(variance), 0.0)), black_dn)
