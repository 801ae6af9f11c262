"""Point spread where no edge can be found: from how fast the power spectrum of texture falls.

Surfaces and scenes have spectra near a power law (Field 1987); lens and pixel multiply it by their transfer functions,
noise adds a floor:   P(f) = c·f^(−α)·sinc²(f)·exp(−4π²σ²f²) + floor.   ln(P − floor) is linear in ln f and f².
A rough estimate: texture that is itself smooth looks like blur.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
TILE = 128
BANDS = 40
TRUST = 0.35
"""Share by which the texture's own spectrum may mislead, whatever the statistics say."""


def spread_from_texture(planes: Sequence[F32], noise_variance: float) -> tuple[float, float, float] | None:
    """Sigma and its bounds in pixels; None where noise drowns the texture."""
    power, frequency = _radial_power(planes)
    band = (frequency > 0.03) & (frequency < 0.48)
    power, frequency = power[band], frequency[band]
    kept = power > 4 * noise_variance
    if int(kept.sum()) < 8 or float(frequency[kept].max()) < 0.12:
        return None
    power, frequency = power[kept] - noise_variance, frequency[kept]
    target = np.log(power) - 2 * np.log(np.sinc(frequency))
    design = np.stack([np.ones_like(frequency), -np.log(frequency), -4 * np.pi**2 * frequency**2], axis=1)
    solution, left_over, *_ = np.linalg.lstsq(design, target, rcond=None)
    if solution[2] <= 0:
        return None
    sigma = float(np.sqrt(solution[2]))
    scatter = float(left_over[0]) / max(1, len(target) - 3) if left_over.size else 0.0
    error = float(np.sqrt(np.linalg.inv(design.T @ design)[2, 2] * scatter)) / (2 * sigma)
    half = 1.96 * error + TRUST * sigma
    return sigma, max(0.0, sigma - half), sigma + half


def _radial_power(planes: Sequence[F32]) -> tuple[F64, F64]:
    """Mean power per pixel of windowed tiles, over rings of frequency (cycles per pixel)."""
    window = np.hanning(TILE)[:, None] * np.hanning(TILE)[None, :]
    window /= np.sqrt((window**2).mean())
    total = np.zeros((TILE, TILE))
    count = 0
    for plane in planes:
        for top in range(0, plane.shape[0] - TILE + 1, TILE):
            for left in range(0, plane.shape[1] - TILE + 1, TILE):
                tile = plane[top : top + TILE, left : left + TILE].astype(np.float64)
                total += np.abs(np.fft.fft2((tile - tile.mean()) * window)) ** 2 / TILE**2
                count += 1
    f = np.fft.fftfreq(TILE)
    radius = np.hypot(f[:, None], f[None, :])
    ring = np.minimum((radius / 0.5 * BANDS).astype(int), BANDS)
    sums = np.bincount(ring.ravel(), (total / max(count, 1)).ravel(), BANDS + 1)[:BANDS]
    sizes = np.bincount(ring.ravel(), minlength=BANDS + 1)[:BANDS]
    middles = np.bincount(ring.ravel(), radius.ravel(), BANDS + 1)[:BANDS]
    return sums / sizes, middles / sizes
