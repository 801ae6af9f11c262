"""Correlated randomness in millimetres: what keeps edges from being circles and lines from being straight.

White noise on a lattice, smoothed by a cubic B-spline, octave over octave (each half as wide and `gain` as high, about
a 1/f spectrum at gain 0.5). The lattice hangs on the seed and on millimetres only: a finer grid shows the same surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Layer, Patch

_SPREAD = 0.4792
"""Mean of the sum of squared B-spline weights: the variance that smoothing leaves in each direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Smooth noise of variance about 1 over ±reach_mm."""

    octaves: tuple[tuple[npt.NDArray[np.float32], float, float], ...]
    """Lattice (rows along v, columns along u), its pitch in mm along u and along v."""

    def on(self, patch: Patch) -> Layer:
        total = np.zeros(patch.shape, dtype=np.float32)
        for lattice, along_mm, across_mm in self.octaves:
            rows, columns = lattice.shape
            u = patch.u_mm / np.float32(along_mm) + np.float32((columns - 1) / 2)
            v = patch.v_mm / np.float32(across_mm) + np.float32((rows - 1) / 2)
            _add_on_grid(lattice, u.astype(np.float32), v.astype(np.float32), total)
        return total

    def at(self, u_mm: npt.ArrayLike, v_mm: npt.ArrayLike) -> Layer:
        """At scattered points."""
        u, v = np.broadcast_arrays(np.asarray(u_mm, np.float32), np.asarray(v_mm, np.float32))
        total = np.zeros(u.size, dtype=np.float32)
        for lattice, along_mm, across_mm in self.octaves:
            rows, columns = lattice.shape
            x = u.ravel() / np.float32(along_mm) + np.float32((columns - 1) / 2)
            y = v.ravel() / np.float32(across_mm) + np.float32((rows - 1) / 2)
            _add_at_points(lattice, x.astype(np.float32), y.astype(np.float32), total)
        return total.reshape(u.shape)


def noise(
    generator: np.random.Generator,
    reach_mm: tuple[float, float],
    pitch_mm: float | tuple[float, float],
    octaves: int = 1,
    gain: float = 0.5,
) -> Noise:
    """`reach_mm`: half the extent along u and v. `pitch_mm`: size of the largest bumps (along u, across)."""
    along, across = (pitch_mm, pitch_mm) if isinstance(pitch_mm, int | float) else pitch_mm
    norm = np.sqrt(sum(gain ** (2 * k) for k in range(octaves))) * _SPREAD
    layers = []
    for k in range(octaves):
        pitch = (along / 2**k, across / 2**k)
        columns, rows = (2 * int(np.ceil(reach / p)) + 5 for reach, p in zip(reach_mm, pitch, strict=True))
        lattice = generator.standard_normal((rows, columns), dtype=np.float32) * np.float32(gain**k / norm)
        layers.append((lattice, *pitch))
    return Noise(tuple(layers))


def noise_along(
    generator: np.random.Generator, length_mm: float, pitch_mm: float, octaves: int = 1, gain: float = 0.5
) -> Callable[[npt.NDArray[np.floating]], npt.NDArray[np.float64]]:
    """A function of the way along a line, 0…length_mm, with variance about 1."""
    norm = np.sqrt(sum(gain ** (2 * k) for k in range(octaves)) * _SPREAD)
    layers = []
    for k in range(octaves):
        pitch = pitch_mm / 2**k
        knots = generator.standard_normal(int(np.ceil(length_mm / pitch)) + 5) * gain**k / norm
        layers.append((knots, pitch))

    def value(s_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        total = np.zeros(np.shape(s_mm))
        for knots, pitch in layers:
            x = np.clip(np.asarray(s_mm, np.float64) / pitch, 0, len(knots) - 5) + 1
            base = np.floor(x).astype(int)
            for tap, weight in enumerate(_weights(x - base)):
                total += knots[base - 1 + tap] * weight
        return total

    return value


def noise_around(
    generator: np.random.Generator, count: int, steps: int, waves: int, gain: float
) -> npt.NDArray[np.float64]:
    """(count, steps): noise of variance 1 on circles, from the second wave on (the first would only shift them), the
    amplitude of wave k falling as 1/k^gain."""
    k = np.arange(2, waves + 1)
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    strength = generator.standard_normal((2, count, len(k))) / k**gain / np.sqrt(np.sum(k ** (-2.0 * gain)))
    # einsum rather than @: the order of its sums does not hang on the number of threads.
    wave = k[:, None] * angle
    return np.asarray(
        np.einsum("ck,ks->cs", strength[0], np.cos(wave)) + np.einsum("ck,ks->cs", strength[1], np.sin(wave))
    )


def _weights(t: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Uniform cubic B-spline (de Boor 1978), taps −1, 0, 1, 2."""
    return ((1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6)


@njit(cache=True, nogil=True)
def _taps(x: float, size: int) -> tuple[int, float, float, float, float]:
    x = min(max(x, 1.0), size - 3.001)
    base = int(x)
    t = x - base
    s = 1.0 - t
    return (
        base - 1,
        s * s * s / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
        t * t * t / 6.0,
    )


@njit(cache=True, nogil=True)
def _add_on_grid(
    lattice: npt.NDArray[np.float32],
    u: npt.NDArray[np.float32],
    v: npt.NDArray[np.float32],
    total: npt.NDArray[np.float32],
) -> None:
    rows, columns = lattice.shape
    wide = np.empty((rows, len(u)), dtype=np.float32)
    for j in range(len(u)):
        first, a, b, c, d = _taps(u[j], columns)
        for i in range(rows):
            wide[i, j] = (
                a * lattice[i, first]
                + b * lattice[i, first + 1]
                + c * lattice[i, first + 2]
                + d * lattice[i, first + 3]
            )
    for i in range(len(v)):
        down = _taps(v[i], rows)
        first = down[0]
        above, here, below, last = np.float32(down[1]), np.float32(down[2]), np.float32(down[3]), np.float32(down[4])
        for j in range(len(u)):
            total[i, j] += (
                above * wide[first, j]
                + here * wide[first + 1, j]
                + below * wide[first + 2, j]
                + last * wide[first + 3, j]
            )


@njit(cache=True, nogil=True)
def _add_at_points(
    lattice: npt.NDArray[np.float32],
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.float32],
    total: npt.NDArray[np.float32],
) -> None:
    rows, columns = lattice.shape
    for k in range(len(x)):
        first, a, b, c, d = _taps(x[k], columns)
        top, e, f, g, h = _taps(y[k], rows)
        value = 0.0
        for i in range(4):
            weight = e if i == 0 else f if i == 1 else g if i == 2 else h
            row = top + i
            value += weight * (
                a * lattice[row, first]
                + b * lattice[row, first + 1]
                + c * lattice[row, first + 2]
                + d * lattice[row, first + 3]
            )
        total[k] += value


def add_slowly(
    lattice: npt.NDArray[np.float32], x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """The readable twin of both kernels: the value at each (x, y) in lattice units."""
    rows, columns = lattice.shape
    x, y = np.clip(x, 1.0, columns - 3.001), np.clip(y, 1.0, rows - 3.001)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across = _weights(np.asarray(x - left, np.float64))
    down = _weights(np.asarray(y - top, np.float64))
    total = np.zeros(np.shape(x))
    for i in range(4):
        for j in range(4):
            total += down[i] * across[j] * lattice[top - 1 + i, left - 1 + j]
    return total
