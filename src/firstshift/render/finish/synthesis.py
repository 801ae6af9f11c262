"""Periodic height fields from a power spectrum, and the building blocks that processes share.

White noise, Fourier transformed, times the square root of the spectrum wanted, transformed back: Gaussian, periodic,
with exactly that expected spectrum (Wu, "Simulation of rough surfaces with FFT", Tribology International 33, 2000).
Wave numbers here are in cycles per texel, so a spectrum is written against texels and sized later by its `Layer`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]
Spectrum = Callable[[Field, Field], Field]


def shaped_noise(generator: np.random.Generator, rows: int, columns: int, power: Spectrum) -> Field:
    """Mean 0, variance 1; `power(along, across)` is the spectrum at wave numbers in cycles per texel."""
    white = np.fft.rfft2(generator.standard_normal((rows, columns)))
    across, along = _waves(np.fft.fftfreq(rows))[:, None], _waves(np.fft.rfftfreq(columns))[None, :]
    shaped = white * np.sqrt(power(along, across))
    shaped[0, 0] = 0.0
    return standard(np.fft.irfft2(shaped, (rows, columns)))


def _waves(numbers: npt.NDArray[np.floating]) -> Field:
    return np.asarray(numbers, np.float64)


def fractal(generator: np.random.Generator, side: int, longest: float, fall: float = 3.0, finest: float = 3.0) -> Field:
    """Isotropic: even power up to wavelengths of `longest` texels, falling as k^−fall below, gone below `finest`."""

    def power(along: Field, across: Field) -> Field:
        k = np.hypot(along, across)
        return np.asarray((1 + (k * longest) ** 2) ** (-fall / 2) * np.exp(-((k * finest) ** 2)))

    return shaped_noise(generator, side, side, power)


def band(generator: np.random.Generator, side: int, wavelength: float, octaves: float = 0.6) -> Field:
    """Isotropic waves about one wavelength (texels), a log-normal band `octaves` wide: orange peel, mottle."""

    def power(along: Field, across: Field) -> Field:
        k = np.maximum(np.hypot(along, across), 1e-9)
        return np.asarray(np.exp(-0.5 * (np.log2(k * wavelength) / octaves) ** 2) / k)

    return shaped_noise(generator, side, side, power)


def streaks(
    generator: np.random.Generator, rows: int, columns: int, long: float, wide: float, fall: float = 1.6
) -> Field:
    """Streaks of `long` texels along the lay, with a broad spectrum across from `wide` texels down, power ∝ k^−fall."""

    def power(along: Field, across: Field) -> Field:
        kept = (1 + (across * wide) ** 2) ** (-fall / 2) * np.exp(-((across * 2.5) ** 2))
        return np.asarray(kept / (1 + (along * long) ** 2) ** 1.5)

    return shaped_noise(generator, rows, columns, power)


def add_scratches(
    height: Field, generator: np.random.Generator, count: int, long: tuple[float, float],
    wide: tuple[float, float], deep: tuple[float, float], slant: float = 0.0,
) -> None:  # fmt: skip
    """Single grooves along the rows, tapered at both ends, periodic; sizes in texels, drawn log-uniformly. `slant` is
    the standard deviation of their direction in texels across per texel along."""
    rows, columns = height.shape
    for _ in range(count):
        length, width, depth = (
            float(np.exp(generator.uniform(np.log(low), np.log(high)))) for low, high in (long, wide, deep)
        )
        start, middle = generator.uniform(0, columns), generator.uniform(0, rows)
        lean = generator.normal(0, slant) if slant else 0.0
        u = np.arange(int(start - length / 2), int(start + length / 2) + 1)
        taper = np.sqrt(np.clip(1 - ((u - start) / (length / 2 + 0.5)) ** 2, 0, 1))
        reach = int(np.ceil(width * 1.5 + abs(lean) * length / 2)) + 1
        v = np.arange(int(middle) - reach, int(middle) + reach + 1)
        x = (v[:, None] - middle - lean * (u[None, :] - start)) / width
        groove = -np.clip(1 - x**2, 0, None) + 0.35 * np.exp(-(((np.abs(x) - 1.15) / 0.3) ** 2))
        height[np.ix_(v % rows, u % columns)] += depth * groove * taper


def standard(height: Field) -> Field:
    """Mean 0, variance 1."""
    height = height - height.mean()
    return np.asarray(height / max(float(height.std()), 1e-12))


def with_ra(height: Field, ra: float = 1.0) -> Field:
    """Mean 0, mean absolute height `ra` (Ra of ISO 21920-2) of the surface that is bilinear between texels: where
    texels are as fine as the detail it is a little smoother than they are."""
    height = height - height.mean()
    found = 0.0
    for s in (1 / 6, 1 / 2, 5 / 6):
        beside = (1 - s) * height + s * np.roll(height, 1, 1)
        for t in (1 / 6, 1 / 2, 5 / 6):
            found += float(np.abs((1 - t) * beside + t * np.roll(beside, 1, 0)).mean()) / 9
    return np.asarray(height * (ra / max(found, 1e-12)))
