"""What processes share when they lay a relief on a part: its courses for each lay, its place, the Ra of a sum."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.core.seed import Seed
from firstshift.render.finish.layer import Course, Layer
from firstshift.render.finish.relief import Relief
from firstshift.spec.part import Lay

VARIANTS = 4
"""How many different reliefs of one process are made; place, direction and unevenness make each part different."""
_COURSES = {"straight": Course.PLANE, "circular": Course.CIRCULAR, "radial": Course.RADIAL}


def generator_of(process: str, seed: int) -> np.random.Generator:
    return Seed(abs(int(seed))).child("finish", process).generator()


def with_lay(
    relief: Relief, along_mm: float, across_mm: float, ra_um: float, lay: Lay, generator: np.random.Generator
) -> tuple[Layer, ...]:
    """One layer along the lay; two that cross at 30° to it for a crossed lay, at 45° for none (a random orbit).
    The relief has a Ra of 1 µm."""
    if lay in _COURSES:
        return (_laid(relief, along_mm, across_mm, ra_um, _COURSES[lay], 0.0, generator),)
    angle = 30.0 if lay == "crossed" else 45.0
    share = ra_um / ra_of_sum(relief, relief)
    turns = (angle, -angle + generator.uniform(-4, 4))
    return tuple(_laid(relief, along_mm, across_mm, share, Course.PLANE, turn, generator) for turn in turns)


def without_lay(relief: Relief, texel_mm: float, ra_um: float, generator: np.random.Generator) -> tuple[Layer, ...]:
    """Two layers of the same relief, turned and of sizes that have no common multiple: their sum does not repeat."""
    share = ra_um / ra_of_sum(relief, relief)
    start = generator.uniform(0, 360)
    return tuple(
        Layer(
            relief, texel, texel, amplitude=share, turned_deg=start + turn, offset=_somewhere(generator), has_lay=False
        )
        for texel, turn in ((texel_mm, 0.0), (texel_mm * 1.1708, 67.3))
    )


def slow(
    relief: Relief, along_mm: float, across_mm: float, lay: Lay, generator: np.random.Generator, amplitude: float = 1.0
) -> Layer:
    """A slow field or an undulation that follows the lay; without one it lies anyhow."""
    course = _COURSES.get(lay, Course.PLANE)
    turn = 0.0 if lay in _COURSES or lay == "crossed" else float(generator.uniform(0, 360))
    return _laid(relief, along_mm, across_mm, amplitude, course, turn, generator, lay in _COURSES)


@lru_cache(maxsize=64)
def ra_of_sum(one: Relief, other: Relief, weight: float = 1.0) -> float:
    """Ra of one + weight · other, laid over each other anywhere."""
    generator = np.random.Generator(np.random.PCG64(0))
    first = generator.choice(one.height.ravel(), 40_000)
    second = generator.choice(other.height.ravel(), 40_000)
    return float(np.abs(first + weight * second).mean())


def _laid(
    relief: Relief, along_mm: float, across_mm: float, amplitude: float, course: Course, turned_deg: float,
    generator: np.random.Generator, has_lay: bool = True,
) -> Layer:  # fmt: skip
    return Layer(
        relief, along_mm, across_mm, course, amplitude, turned_deg, _somewhere(generator), has_lay,
        int(generator.integers(1, 60_000)),
    )  # fmt: skip


def _somewhere(generator: np.random.Generator) -> tuple[float, float]:
    return (float(generator.uniform()), float(generator.uniform()))
