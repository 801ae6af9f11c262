"""What the camera's rays found: a list of samples, each with its pixel, its weight and the surface it met.

A pixel in the middle of a face has one sample, a pixel on an outline has several; a pixel's radiance is the weighted
sum of its samples' radiances, and weights add up to 1 where the pixel was covered. Arrays rather than objects: shading
is arithmetic on them.

Coordinates: *station* coordinates (origin where the optical axis meets the part's upper surface, x right, y up in the
image, z to the camera) unless a name says `local`: those are the CAD file's, to which finish and flaws are tied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import njit

F32 = npt.NDArray[np.float32]
NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    width: int
    height: int
    pixel: npt.NDArray[np.int32]
    """(N,): row · width + column, ascending."""
    offset_px: F32
    """(N, 2): where in its pixel the ray went through, from the pixel's centre, x right, y down: −0.5…0.5."""
    weight: F32
    """(N,)"""
    surface: npt.NDArray[np.int16]
    """(N,): which of the scene's surfaces, NOTHING (−1) where the ray met none."""
    triangle: npt.NDArray[np.int32]
    """(N,): which triangle of the object met (part, fixture, background), −1 for none."""
    position_mm: F32
    """(N, 3)"""
    local_mm: F32
    """(N, 3): the same point in the coordinates of the object it lies on."""
    normal: F32
    """(N, 3): shading normal, unit length, interpolated between corners."""
    facet: F32
    """(N, 3): the triangle's own normal, towards the camera."""
    view: F32
    """(N, 3): unit vector from the point to the lens."""
    across_mm: F32
    """(N, 3): how the point on the surface's tangent plane moves when its pixel moves by one to the right, mm/pixel."""
    down_mm: F32
    """(N, 3): the same for one pixel downwards."""
    distance_mm: F32
    """(N,): along the optical axis from the lens's front principal plane; decides the blur of defocus."""
    travel_mm: tuple[float, float] = (0.0, 0.0)
    """For a line camera: where along y camera and lamps are, seen from the part, when the image's top border is taken,
    and how much that changes from row to row. (0, 0) for an area camera."""

    outlined: npt.NDArray[np.bool_] | None = None
    """(height · width,): pixels on outlines, as the cast found them; None where nobody knows."""
    starts: npt.NDArray[np.int32] | None = None
    """(height · width + 1,): the first sample of each pixel, then their number; None where only some were taken."""

    def __len__(self) -> int:
        return len(self.pixel)

    @property
    def footprint_mm(self) -> F32:
        """(N,): side of the square on the surface that one pixel sees."""
        side = np.empty(len(self), np.float32)
        _footprints(self.across_mm, self.down_mm, side)
        return side

    def samples_of(self, pixel: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(P,) each: the first sample of each of these pixels, and how many it has."""
        if self.starts is not None:
            first, after = self.starts[pixel], self.starts[pixel + 1]
        else:
            wanted = pixel.astype(np.int32)  # of the same type, or all samples are converted first
            first, after = np.searchsorted(self.pixel, wanted), np.searchsorted(self.pixel, wanted, side="right")
        return first.astype(np.int64), (after - first).astype(np.int64)

    @property
    def lamps_shift_mm(self) -> F32 | None:
        """(N,): how far the lamps are shifted along the station's y axis when a sample's line is taken; None where
        they hang still."""
        start, step = self.travel_mm
        if step == 0.0:
            return None
        rows = self.pixel // self.width + 0.5 + self.offset_px[:, 1]
        return np.asarray(start + step * rows, dtype=np.float32)

    @property
    def lit_mm(self) -> F32:
        """(N, 3): positions as the lamps see them: what shading takes directions and distances from."""
        shift = self.lamps_shift_mm
        if shift is None:
            return self.position_mm
        lit = self.position_mm.copy()
        lit[:, 1] -= shift
        return lit

    def taken(self, which: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> GBuffer:
        """Only these samples, in this order."""
        names = [name for name in self.__slots__ if name not in ("width", "height", "travel_mm", "outlined", "starts")]
        return replace(self, outlined=None, starts=None, **{name: getattr(self, name)[which] for name in names})

    def gathered(self, values: npt.NDArray[np.floating]) -> F32:
        """(N, C) sample values as an image (height, width, C): the weighted sum in each pixel."""
        values = values[:, None] if values.ndim == 1 else values
        weighted = values.astype(np.float64) * self.weight[:, None]
        size = self.width * self.height
        planes = [np.bincount(self.pixel, weighted[:, c], size) for c in range(values.shape[1])]
        return np.stack(planes, axis=1).reshape(self.height, self.width, -1).astype(np.float32)


@njit(cache=True, nogil=True)
def _footprints(across, down, side):  # type: ignore[no-untyped-def]
    for i in range(len(side)):
        x = across[i, 1] * down[i, 2] - across[i, 2] * down[i, 1]
        y = across[i, 2] * down[i, 0] - across[i, 0] * down[i, 2]
        z = across[i, 0] * down[i, 1] - across[i, 1] * down[i, 0]
        side[i] = math.sqrt(math.sqrt(x * x + y * y + z * z))


def footprints_slowly(gbuffer: GBuffer) -> F32:
    """The readable twin of `GBuffer.footprint_mm`."""
    area = np.linalg.norm(np.cross(gbuffer.across_mm, gbuffer.down_mm), axis=1)
    return np.asarray(np.sqrt(area), dtype=np.float32)
