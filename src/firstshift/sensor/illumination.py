"""How bright which part of the image is: the light's own profile and the lens's falloff together.

From flats: their mean, black level taken off, as a smooth surface (polynomial of degree 6, robust against dust). From
ordinary backgrounds: the median over pictures at each place (parts come and go, the light stays), degree 2 only, and
only when they can tell. They cannot when they are few, when each shows one surface (a bent part is shaded by its own
shape, each time alike), when they share what they show (a nest), or when one half of them says another thing than the
other half. A wrong light is worse than none: it would take the place of the lamps in the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from firstshift.sensor.pattern import mean_of
from firstshift.sensor.profile import GRID
from firstshift.sensor.reading import Frame
from firstshift.sensor.smooth import fitted_surface, grid_means, surface_at, surface_coefficients

F64 = npt.NDArray[np.float64]
CELLS = (48, 64)
FLAT_ORDER, BACKGROUND_ORDER = 6, 2
ENOUGH_BACKGROUNDS = 8
THINGS = 0.12
"""Standard deviation inside a picture, light taken off, from which it shows things of different brightness: a textured
surface has 0.04 to 0.06, things on a table 0.25 and more."""
SHARED = 0.2
"""Mean correlation of two pictures, light taken off: 0.5 with one nest around the parts, below 0.05 without."""
MOST_COMPARED = 24
DISAGREE = 0.33
"""Largest error, from the halves' difference, as a share of how far the light departs from even."""


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


def from_backgrounds(frames: Sequence[Frame], black_dn: float) -> Illumination | str:
    """Or why the pictures cannot tell."""
    if len(frames) < ENOUGH_BACKGROUNDS:
        return f"no flats, and fewer than {ENOUGH_BACKGROUNDS} different backgrounds"
    stacks = [_relative(frames, channel, black_dn) for channel in range(frames[0].numbers.shape[2])]
    contents = [cells - _smooth(cells) for cells in np.mean(stacks, axis=0)]
    if float(np.median([content.std() for content in contents])) < THINGS:
        return "each picture shows one surface, whose own shape cannot be told from light"
    if float(np.mean([_correlation(a, b) for a, b in combinations(contents[:MOST_COMPARED], 2)])) > SHARED:
        return "the pictures share what they show, a nest or a fixture, which cannot be told from light"
    found = _surface([np.median(stack, axis=0) for stack in stacks], BACKGROUND_ORDER)
    halves = [
        _surface([np.median(stack[half::2], axis=0) for stack in stacks], BACKGROUND_ORDER).planes for half in (0, 1)
    ]
    # The mean of two halves errs half as much as they differ.
    error = float(np.sqrt(np.mean((halves[0] - halves[1]) ** 2))) / 2
    if error > DISAGREE * float(np.sqrt(np.mean((found.planes - 1) ** 2))):
        return f"one half of the pictures says another thing than the other, by {2 * error:.1%}"
    return replace(found, error=error)


def _relative(frames: Sequence[Frame], channel: int, black_dn: float) -> F64:
    """(frames, rows, columns): brightness over a coarse grid, each picture by its own median."""
    rows, columns = _cells(frames[0])
    stack = []
    for frame in frames:
        cells = grid_means(frame.numbers[:, :, channel], rows, columns)[0] - black_dn
        stack.append(cells / max(float(np.median(cells)), 1e-6))
    return np.array(stack)


def _smooth(cells: F64) -> F64:
    return fitted_surface(cells, BACKGROUND_ORDER)


def _correlation(one: F64, other: F64) -> float:
    return float(np.mean((one - one.mean()) * (other - other.mean())) / max(float(one.std() * other.std()), 1e-12))


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
