"""Crack: the material parted along a wandering, branching line.

    - type: crack
      class: crack
      length_mm: [1, 8]           # along the crack, without branches
      width_mm: [0.005, 0.05]     # of the gap at its widest
      depth_um: [50, 1000]        # usual; of the gap at its deepest
      branches: [0, 3]            # usual

A crack follows its own stress: it keeps its direction over millimetres, turns sharply from grain to grain, and comes
back. Its gap is narrow at the tips, changes all the time, and closes here and there. The walls are sharp (nothing was
ploughed, so there are no lips) and light hardly gets in: of a slot a times as deep as wide about 1/(1 + 2a) of the
light reaches the floor, and as much of that comes out again. Branches leave at 20 to 60 degrees, are finer, and soon
run alongside.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import MAX_CELLS, Ground, Imprint
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import blank, imprint_of, smoothstep
from firstshift.defects.noise import noise_along
from firstshift.defects.path import Points, beside, of_length, way_mm
from firstshift.spec.defect_types import Crack

TORN = np.float32(2.0)
"""By how much rougher the walls are than the finish: they broke."""


class CrackFlaw(DrawnType[Crack]):
    model = Crack
    example = "{type: crack, class: crack, length_mm: [2, 10], width_mm: [0.02, 0.12], depth_um: [100, 800]}"

    def imprint(self, entry: Crack, ground: Ground, draws: Draws) -> Imprint:
        length = draws.graded("length_mm", entry.length_mm)
        width = min(draws.graded("width_mm", entry.width_mm), length / 4)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        draws.recorded["width_mm"] = width
        branches = draws.graded_count("branches", entry.branches)
        unrest = draws.between("unrest", 0.12, 0.55)
        closed = draws.between("closed_share", 0.05, 0.4)
        shape = draws.generator("shape")

        main = of_length(_walk(shape, length, width, unrest), length)
        lines = [(main, _gap(shape, main, width, closed), 1.0)]
        for _ in range(branches):
            parent, gap, share = lines[0] if len(lines) < 3 or shape.random() < 0.7 else lines[-1]
            lines.append(_branch(shape, parent, gap, share, length, width, unrest))
        ends = np.concatenate([line for line, _, _ in lines])
        middle = (ends.min(axis=0) + ends.max(axis=0)) / 2
        extent = np.ptp(ends, axis=0) + 2 * width
        patch = grid_over(ground, extent[0], extent[1], narrowest_mm=width, most=MAX_CELLS, oblong=1.5)

        height, dark, gone = blank(patch), blank(patch), blank(patch)
        # The dark begins outside of the walls, as far as slopes are read across cells: walls that no camera sees must
        # not shine at their lips.
        cell, lip = 0.2 * width, 0.28 * width  # those of the coarsest grid, whatever the grid
        for line, gap, _ in lines:
            near = beside(line - middle, width * 0.55, patch)
            half = np.maximum(near.interpolated(gap) / 2, 1e-9)
            # Two walls that break apart are not alike: each strays by itself.
            left, right = (near.interpolated(1 + 0.25 * _stray(shape, line, width)) for _ in range(2))
            q = np.abs(near.across_mm) / (half * np.where(near.across_mm > 0, left, right).clip(0.5, 1.5))
            opening = np.clip(half / (width / 2), 0, 1)
            # Walls as steep as the coarsest grid shows without steps, whatever the grid.
            blunt = np.clip(((1 - q) * half - lip) / (0.15 * width), 0, 1) * (1 - 0.25 * q.clip(0, 1))
            down = (depth * opening**0.5 * smoothstep(opening / 0.15) * blunt).astype(np.float32)
            # The grid's walls slant, those of a crack do not: up to its lips it is as dark as a slot of its depth.
            slender = depth * opening**0.5 / np.maximum(2 * half, 0.2 * width)
            shade = (
                (1 - 1 / (1 + 2 * slender) ** 2)
                * np.clip((1 - q) * half / cell + 0.3, 0, 1)
                * smoothstep(opening / 0.12)
            )
            for layer, value in ((height, -down), (dark, -shade), (gone, -np.clip(blunt * 4, 0, 1))):
                flat = layer.ravel()
                flat[near.cell] = np.minimum(flat[near.cell] if layer is height else -flat[near.cell], value)
                if layer is not height:
                    flat[near.cell] *= -1
        height *= np.float32(depth / max(1e-12, -float(height.min())))
        return imprint_of(
            patch, draws.recorded, height_mm=height, smoothness=1 + TORN * gone, occlusion=dark, hides_finish=gone
        )


def _walk(generator: np.random.Generator, length_mm: float, width_mm: float, unrest: float) -> Points:
    """Heading: slow wander + a new turn at every grain + fine jitter, always drawn back to the main direction."""
    step = max(width_mm / 2, length_mm / 700)
    count = max(12, int(length_mm / step))
    s = np.linspace(0, length_mm, count)
    grain = float(np.clip(length_mm / 25, 4 * step, 0.6))
    slow = noise_along(generator, length_mm, length_mm / 3, octaves=3, gain=0.6)(s)
    turns = generator.laplace(0, 1, int(length_mm / grain) + 2)[
        np.searchsorted(np.cumsum(generator.gamma(2, grain / 2, int(2 * length_mm / grain) + 8)), s).clip(
            max=int(length_mm / grain) + 1
        )
    ]
    fine = noise_along(generator, length_mm, 3 * step, octaves=2, gain=0.8)(s)
    heading = unrest * (0.5 * slow + 0.6 * turns + 0.75 * fine)
    heading = np.clip(heading - heading.mean(), -1.35, 1.35)
    moves = step * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    return np.concatenate(([[0.0, 0.0]], np.cumsum(moves, axis=0)))


def _stray(generator: np.random.Generator, line: Points, width_mm: float) -> npt.NDArray[np.float64]:
    way = way_mm(line)
    return noise_along(generator, way[-1], max(2 * width_mm, way[-1] / 300), octaves=3, gain=0.8)(way)


def _gap(generator: np.random.Generator, line: Points, width_mm: float, closed: float) -> npt.NDArray[np.float64]:
    """Width of the gap at each point: widest once, fine at the tips, nearly shut over a share of the way."""
    way = way_mm(line)
    length = way[-1]
    t = way / length
    open_end = generator.random() < 0.3  # runs out of an edge or another flaw: wide from the start
    tips = np.minimum(1, (1 - t) / generator.uniform(0.15, 0.5)) ** 0.7
    if not open_end:
        tips = tips * np.minimum(1, t / generator.uniform(0.1, 0.4)) ** 0.7
    uneven = noise_along(generator, length, max(length / 16, 2 * width_mm), octaves=4, gain=0.75)(way)
    shut = smoothstep((uneven - np.quantile(uneven, closed)) / 0.4 + 0.25) if closed > 0 else 1.0
    gap = tips * np.clip(1 + 0.32 * uneven, 0.2, None) * shut
    return np.asarray(width_mm * np.clip(gap / gap.max(), 0.03, 1))


def _branch(
    generator: np.random.Generator,
    parent: Points,
    gap: npt.NDArray[np.float64],
    share: float,
    length_mm: float,
    width_mm: float,
    unrest: float,
) -> tuple[Points, npt.NDArray[np.float64], float]:
    at = int(generator.uniform(0.12, 0.85) * (len(parent) - 1))
    long = float(np.clip(generator.gamma(2.0, 0.09), 0.05, 0.4)) * length_mm * share
    long = max(long, 4 * width_mm)
    ahead = parent[min(at + 8, len(parent) - 1)] - parent[max(at - 8, 0)]
    side = generator.choice([-1.0, 1.0])
    turn = np.arctan2(ahead[1], ahead[0]) + side * np.deg2rad(generator.uniform(20, 60))
    walk = of_length(_walk(generator, long, width_mm * 0.5, unrest * 1.1), long)
    walk = walk - walk[0]
    t = np.linspace(0, 1, len(walk))
    bend = turn - side * 0.4 * t  # soon runs alongside
    moves = np.diff(walk, axis=0, prepend=walk[:1])
    u = np.cumsum(moves[:, 0] * np.cos(bend) - moves[:, 1] * np.sin(bend))
    v = np.cumsum(moves[:, 0] * np.sin(bend) + moves[:, 1] * np.cos(bend))
    begin = max(gap[at], 0.25 * width_mm) * generator.uniform(0.5, 0.85)
    uneven = np.clip(1 + 0.35 * _stray(generator, walk, width_mm), 0.2, 1.6)
    return (
        parent[at] + np.stack([u, v], axis=1),
        np.clip(begin * (1 - t) ** 0.8 * uneven, 0.02 * width_mm, width_mm),
        0.6,
    )
