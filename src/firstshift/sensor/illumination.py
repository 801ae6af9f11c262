"""How bright which part of the image is: the light's own profile and the lens's falloff together.

From flats: their mean, black level taken off, as a smooth surface (polynomial of degree 6, robust against dust). From
ordinary backgrounds: the median over pictures at each place (parts come and go, the light stays), degree 2 only, and
only from many pictures, because what all of them share (a fixture) cannot be told from light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.sensor.pattern import mean_of
from firstshift.sensor.profile import GRID
from firstshift.sensor.reading import Frame
from firstshift.sensor.smooth import grid_means, surface_at, surface_coefficients

F64 = npt.NDArray[np.float64]
CELLS = (48, 64)
FLAT_ORDER, BACKGROUND_ORDER = 6, 2
ENOUGH_BACKGROUNDS = 8


@dataclass(frozen=True, slots=True)
class Illumination:
    """A grid for each channel with mean 1, and how well it is known."""

    planes: F64
    """(channels, rows, columns), nodes on the sensor's edges."""
    error: float
    """Root mean square of what the surface leaves over, as a share of the mean."""
    balance: tuple[float, ...]
    """Mean of each channel."""

    @property
    def range(self) -> float:
        """From the darkest to the brightest place, as a share of the mean."""
        return float(self.planes.max() - self.planes.min())

    def as_tuples(self) -> tuple[tuple[tuple[float, ...], ...], ...]:
        return tuple(tuple(tuple(round(float(v), 5) for v in row) for row in plane) for plane in self.planes)


def from_flats(flats: Sequence[Frame], black_dn: float) -> Illumination:
    means = [mean_of(flats, channel) - np.float32(black_dn) for channel in range(flats[0].numbers.shape[2])]
    return _surface(means, FLAT_ORDER)


def from_backgrounds(frames: Sequence[Frame], black_dn: float) -> Illumination | None:
    """None when the pictures are too few."""
    if len(frames) < ENOUGH_BACKGROUNDS:
        return None
    rows, columns = _cells(frames[0])
    means = []
    for channel in range(frames[0].numbers.shape[2]):
        stack = []
        for frame in frames:
            cells, _, _ = grid_means(frame.numbers[:, :, channel], rows, columns)
            cells -= black_dn
            stack.append(cells / max(float(np.median(cells)), 1e-6))
        means.append(np.median(np.array(stack), axis=0))
    return _surface(means, BACKGROUND_ORDER)


def _cells(frame: Frame) -> tuple[int, int]:
    height, width = frame.numbers.shape[:2]
    return min(CELLS[0], height // 4), min(CELLS[1], width // 4)


def _surface(means: Sequence[npt.NDArray[np.generic]], order: int) -> Illumination:
    rows, columns = min(CELLS[0], means[0].shape[0]), min(CELLS[1], means[0].shape[1])
    nodes_y, nodes_x = np.linspace(0, 1, GRID[0]), np.linspace(0, 1, GRID[1])
    planes, errors, balance = [], [], []
    for mean in means:
        cells, y, x = grid_means(mean, rows, columns)
        coefficients, spread = surface_coefficients(cells, y, x, order)
        surface = surface_at(coefficients, nodes_y, nodes_x, order)
        level = float(surface_at(coefficients, y, x, order).mean())
        planes.append(np.maximum(surface / level, 0.01))
        errors.append(spread / level)
        balance.append(level)
    return Illumination(np.array(planes), float(np.sqrt(np.mean(np.square(errors)))), tuple(balance))
