"""A relief laid over an object: how large its texels are, how high it stands, along which lines it runs.

    plane      straight lines, or no direction at all; in the plane (x–y, y–z, z–x) that the face is nearest to
    front arc  what the leading edge of a face mill leaves: arcs of the cutter's radius, row beside row
    back arc   the same of the trailing edge, bent the other way
    circular   rings about the lay's centre, on faces across the axis and on walls along it
    radial     spokes from the lay's centre

A *finish* is one to three layers added up, the slopes finer than any texel, and how a slow field makes it uneven.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from firstshift.render.finish.relief import Relief
from firstshift.render.gbuffer import F32


class Course(IntEnum):
    PLANE = 0
    FRONT_ARC = 1
    BACK_ARC = 2
    CIRCULAR = 3
    RADIAL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    relief: Relief
    """Its height is in µm; for slow fields in standard deviations."""
    along_mm: float
    """Length of a texel along the lay."""
    across_mm: float
    course: Course = Course.PLANE
    amplitude: float = 1.0
    """Factor on the relief's height."""
    turned_deg: float = 0.0
    """Turn of a plane layer beside the lay's own direction."""
    offset: tuple[float, float] = (0.0, 0.0)
    """Where in the endless texture the object lies, as shares of the relief's sides."""
    has_lay: bool = True
    """With a lay the texture is sheared along it by 0.38 of its length for each repetition across: lines stay where
    they are, no seam arises, and nothing is seen to repeat."""
    strip_seed: int = 0
    cutter_mm: float = 0.0
    """Radius of the arcs."""
    row_mm: float = 0.0
    """Distance between rows of arcs."""

    def numbers(self, lay_deg: float) -> F32:
        """As the kernel takes them; see `placing.py`."""
        turn = np.radians(lay_deg + self.turned_deg if self.course is Course.PLANE else lay_deg)
        long_mm, wide_mm = self.relief.columns * self.along_mm, self.relief.rows * self.across_mm
        shear = 0.381966 * long_mm / wide_mm if self.has_lay else 0.0
        values = [
            float(self.course), self.along_mm, self.across_mm, self.amplitude * 1e-3, np.cos(turn), np.sin(turn),
            self.offset[0] * long_mm, self.offset[1] * wide_mm, long_mm, wide_mm,
            shear, float(self.strip_seed % 65536), self.cutter_mm, self.row_mm,
        ]  # fmt: skip
        return np.array(values, np.float64).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    layers: tuple[Layer, ...]
    """Roughness; their sum has the Ra asked for."""
    unseen: tuple[float, float]
    """Variance of the slopes finer than the texels, along the lay and across it."""
    wave: Layer | None = None
    """Slow undulation: its slopes count, its height does not count towards Ra (a gauge filters waviness out)."""
    mottle: Layer | None = None
    """A slow field w of mean 0 and variance 1 that makes the surface uneven in the two ways below."""
    uneven_slope: float = 0.0
    """Slopes are larger by exp(uneven_slope · w)."""
    uneven_tint: float = 0.0
    """Reflectance is larger by exp(uneven_tint · w)."""
    valley: float = 0.0
    """Share of light kept out one Rq below the mean height."""
