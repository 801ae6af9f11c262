"""What lens and movement do before the pixels count: chromatic shift, defocus, motion, point spread.

Everything here works on float32 planes and keeps the sum of the light (edges are continued outwards).

A lens blurs light before pixels average it; here it can only blur what is averaged already. The point spread's kernel
is therefore the one that comes nearest to the right order on a sharp edge, in whatever place of the pixel the edge
lies. From 0.7 pixels on the two cannot be told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
TAIL_WIDTH = 4.0
"""The halo is this many times as wide as the core."""
SAMPLED_FROM_PX = 1.5
SHARP_PX = 0.6
"""A circle of confusion below this diameter stays within its pixel."""
EDGE = cv2.BORDER_REPLICATE


@lru_cache(maxsize=256)
def gaussian_kernel(sigma_px: float) -> F32:
    """Normalised, odd length. Wide ones are sampled as they stand, narrow ones are `fitted_kernel`s."""
    reach = max(2, math.ceil(4 * sigma_px + 1))
    if sigma_px < SAMPLED_FROM_PX:
        return fitted_kernel(reach, lambda x: box_edge(x, sigma_px))
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    kernel = np.exp(-(steps**2) / (2 * sigma_px * sigma_px))
    made: F32 = (kernel / kernel.sum()).astype(np.float32)
    made.setflags(write=False)
    return made


@lru_cache(maxsize=256)
def line_kernel(length_px: float) -> F32:
    """How far a part moves along y while one line is exposed, in lines: a box of that length, for pixels that are
    averaged over a line already."""

    def edge(x: F64) -> F64:
        return np.asarray((_ramp_sum(x + length_px / 2) - _ramp_sum(x - length_px / 2)) / length_px)

    return fitted_kernel(max(2, math.ceil(length_px / 2 + 1)), edge)


def _ramp_sum(u: F64) -> F64:
    """∫ clip(v + ½, 0, 1) dv up to u: how a pixel sees a sharp edge, added up."""
    inside = np.clip(u + 0.5, 0, 1)
    return np.asarray(inside * inside / 2 + np.maximum(u - 0.5, 0))


def fitted_kernel(reach: int, edge: Callable[[F64], F64]) -> F32:
    """Normalised, symmetric, 2·reach + 1 long. By least squares over the places x of a sharp edge: Σ kₘ·ramp(x − m) →
    `edge`, how the blurred one looks averaged over a pixel, where `ramp` is how pixels see it without any blur."""
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    x = np.arange(-reach - 2, reach + 2, 1 / 16) + 1 / 32
    ramps = np.clip(x[:, None] - steps[None, :] + 0.5, 0, 1)
    # Symmetric, sum 1: the middle is what the wings leave.
    wings = ramps[:, reach + 1 :] + ramps[:, :reach][:, ::-1] - 2 * ramps[:, reach : reach + 1]
    wing = np.linalg.lstsq(wings, edge(x) - ramps[:, reach], rcond=None)[0]
    wing = np.maximum(wing, 0)
    kernel = np.concatenate([wing[::-1], [1 - 2 * wing.sum()], wing])
    made: F32 = (kernel / kernel.sum()).astype(np.float32)
    made.setflags(write=False)
    return made


def box_edge(u: F64, sigma: float) -> F64:
    """A unit step behind a Gaussian of `sigma`, averaged over a pixel: ∫Φ over u ± ½, with ∫Φ(z) = zΦ(z) + φ(z)."""
    from scipy.special import ndtr

    def integral(z: F64) -> F64:
        return np.asarray(z * ndtr(z) + np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))

    return np.asarray(sigma * (integral((u + 0.5) / sigma) - integral((u - 0.5) / sigma)))


def spread(plane: F32, sigma_px: float, tail_share: float = 0.0) -> F32:
    """The point spread of lens and sensor."""
    if sigma_px < 0.05:
        return plane
    core = gaussian_kernel(sigma_px)
    blurred = cv2.sepFilter2D(plane, -1, core, core, borderType=EDGE)
    if tail_share <= 0:
        return np.asarray(blurred)
    wide = gaussian_kernel(TAIL_WIDTH * sigma_px)
    halo = cv2.sepFilter2D(plane, -1, wide, wide, borderType=EDGE)
    return np.asarray(cv2.addWeighted(blurred, 1 - tail_share, halo, tail_share, 0.0))


def disc_kernel(diameter_px: float) -> F32:
    """A uniform disc; pixels on its rim count by the share that lies inside (8×8 points each)."""
    reach = max(0, math.ceil(diameter_px / 2 - 0.5))
    fine = (np.arange(-(reach * 8) - 3.5, reach * 8 + 4.5) / 8) ** 2
    inside = (fine[:, None] + fine[None, :] <= (diameter_px / 2) ** 2).astype(np.float32)
    size = 2 * reach + 1
    kernel = inside.reshape(size, 8, size, 8).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32) if kernel.any() else np.ones((1, 1), dtype=np.float32)


def defocus(plane: F32, confusion_px: F32) -> F32:
    """Spread each pixel over its circle of confusion (diameter, per pixel).

    Quick when it is small or the same everywhere. Otherwise some evenly graded blurs are made and each pixel takes
    its value between the two nearest (Potmesil and Chakravarty 1981 with interpolated layers).
    """
    low, high = float(confusion_px.min()), float(confusion_px.max())
    if high <= SHARP_PX:
        return plane
    if high - low <= 0.05 * high:
        return np.asarray(cv2.filter2D(plane, -1, disc_kernel((low + high) / 2), borderType=EDGE))
    levels = _levels(low, high)
    at = np.interp(confusion_px, levels, np.arange(len(levels), dtype=np.float64)).astype(np.float32)
    out = np.zeros_like(plane)
    for index, diameter in enumerate(levels):
        near = np.abs(at - np.float32(index)) < 1
        box = _box_of(near)
        if box is not None:
            weight = np.maximum(1 - np.abs(at[box] - np.float32(index)), 0)
            out[box] += weight * (plane[box] if diameter <= SHARP_PX else _spread_in(plane, disc_kernel(diameter), box))
    return out


def _box_of(inside: npt.NDArray[np.bool_]) -> tuple[slice, slice] | None:
    rows = np.flatnonzero(inside.any(axis=1))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(inside[top:bottom].any(axis=0))
    return slice(top, bottom), slice(int(columns[0]), int(columns[-1]) + 1)


def _spread_in(plane: F32, kernel: F32, box: tuple[slice, slice]) -> F32:
    """That piece of the filtered plane, from no more of the plane than the kernel reaches."""
    reach = kernel.shape[0] // 2
    starts = [max(0, one.start - reach) for one in box]
    ends = [min(side, one.stop + reach) for one, side in zip(box, plane.shape, strict=True)]
    wide = cv2.filter2D(plane[starts[0] : ends[0], starts[1] : ends[1]], -1, kernel, borderType=EDGE)
    inner = [slice(one.start - start, one.stop - start) for one, start in zip(box, starts, strict=True)]
    return np.asarray(wide[inner[0], inner[1]])


def _levels(low: float, high: float) -> list[float]:
    """Diameters a quarter apart, from sharp to the largest."""
    levels = [max(low, SHARP_PX)]
    while levels[-1] < high:
        levels.append(min(high, max(levels[-1] * 1.25, levels[-1] + 0.5)))
    return levels


def defocus_slowly(plane: F32, confusion_px: F32) -> F32:
    """The readable twin of `defocus`: every pixel gathers from its own disc."""
    out = plane.copy()
    reach = math.ceil(float(confusion_px.max()) / 2) + 1
    padded = np.pad(plane, reach, mode="edge")
    for (row, column), diameter in np.ndenumerate(confusion_px):
        if diameter > SHARP_PX:
            kernel = disc_kernel(float(diameter))
            half = kernel.shape[0] // 2
            around = padded[
                row + reach - half : row + reach + half + 1, column + reach - half : column + reach + half + 1
            ]
            out[row, column] = float((around * kernel).sum())
    return out


def path_px(length_px: float, direction_deg: float) -> tuple[float, float]:
    """Across and down, of a movement in the image; the direction counts anticlockwise from the rows."""
    turned = math.radians(direction_deg)
    return (length_px * math.cos(turned), -length_px * math.sin(turned))


def motion_kernel(motion_px: tuple[float, float]) -> F32:
    """A straight path of constant speed, shared out over the pixels it crosses (bilinear)."""
    dx, dy = motion_px
    reach = max(1, math.ceil(max(abs(dx), abs(dy)) / 2) + 1)
    count = max(2, math.ceil(16 * math.hypot(dx, dy)))
    steps = (np.arange(count) + 0.5) / count - 0.5
    x, y = steps * dx + reach, steps * dy + reach
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for step_y, step_x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - np.abs(x - left - step_x)) * (1 - np.abs(y - top - step_y))
        np.add.at(kernel, (np.minimum(top + step_y, 2 * reach), np.minimum(left + step_x, 2 * reach)), weight)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def motion_kernel_slowly(motion_px: tuple[float, float]) -> F64:
    """The readable twin of `motion_kernel`, and exact: each pixel's weight is the mean of its tent along the path.

    Between two crossings of a row or a column of centres the tent is a product of two straight lines, a parabola along
    the path, which Simpson's rule integrates without error.
    """
    dx, dy = motion_px
    reach = max(1, math.ceil(max(abs(dx), abs(dy)) / 2) + 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    knots = {-0.5, 0.5}
    for step in (dx, dy):
        if step:
            knots |= {at / step for at in range(-reach, reach + 1) if abs(at / step) < 0.5}
    ends = sorted(knots)
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):

            def tent(t: float, row: int = row, column: int = column) -> float:
                return max(0.0, 1 - abs(t * dx - column)) * max(0.0, 1 - abs(t * dy - row))

            kernel[row + reach, column + reach] = sum(
                (end - begin) * (tent(begin) + 4 * tent((begin + end) / 2) + tent(end)) / 6
                for begin, end in pairwise(ends)
            )
    return kernel


def smear(plane: F32, motion_px: tuple[float, float]) -> F32:
    """Movement of the image during the exposure, in pixels across and down."""
    if math.hypot(*motion_px) < 0.1:
        return plane
    return np.asarray(cv2.filter2D(plane, -1, motion_kernel(motion_px), borderType=EDGE))


def smear_lines(plane: F32, length_px: float) -> F32:
    """Movement of the part while a line camera takes a line, in lines."""
    if length_px < 0.1:
        return plane
    still = np.ones(1, np.float32)
    return np.asarray(cv2.sepFilter2D(plane, -1, still, line_kernel(round(length_px, 6)), borderType=EDGE))


def scale_about(plane: F32, corner_shift_px: float, window: tuple[int, int, int, int], by_line: bool = False) -> F32:
    """Lateral colour: a plane magnified about the middle of the sensor until its corner has moved so far outwards. Of a
    line camera: the ends of its line."""
    if abs(corner_shift_px) < 0.02:
        return plane
    x0, y0, width, height = window
    factor = 1 + corner_shift_px / ((width if by_line else math.hypot(width, height)) / 2)
    middle_x, middle_y = width / 2 - x0 - 0.5, height / 2 - y0 - 0.5
    down = 1.0 if by_line else 1 / factor
    inverse = np.array(
        [[1 / factor, 0, middle_x * (1 - 1 / factor)], [0, down, middle_y * (1 - down)]], dtype=np.float64
    )
    size = (plane.shape[1], plane.shape[0])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, inverse, size, flags=flags, borderMode=EDGE))
