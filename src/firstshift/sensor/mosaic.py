"""A colour sensor sees one colour in each pixel (Bayer 1976, RGGB); the others are interpolated from neighbours.

The interpolation is bilinear on colour differences (after Hamilton and Adams 1997, simplified): green first, then red
and blue minus green, so that grey detail stays grey. Measured values are kept as they are.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
_CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32) / 4
_TENT = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=np.float32) / 4


def sampled(planes: F32, x0: int, y0: int) -> F32:
    """(H, W, 3) → (H, W): what the pixel at each place can see. `x0`, `y0`: the window's place on the sensor."""
    out = planes[:, :, 1].copy()
    (red_y, red_x), (blue_y, blue_x) = _sites(x0, y0)
    out[red_y::2, red_x::2] = planes[red_y::2, red_x::2, 0]
    out[blue_y::2, blue_x::2] = planes[blue_y::2, blue_x::2, 2]
    return out


def demosaiced(raw: F32, x0: int, y0: int) -> F32:
    """(H, W) → (H, W, 3)."""
    height, width = raw.shape
    green_here = np.ones((height, width), dtype=bool)
    sites = _sites(x0, y0)
    for y, x in sites:
        green_here[y::2, x::2] = False
    border = cv2.BORDER_REFLECT_101
    green = np.where(green_here, raw, cv2.filter2D(raw, -1, _CROSS, borderType=border))
    out = np.empty((height, width, 3), dtype=np.float32)
    out[:, :, 1] = green
    for channel, (y, x) in zip((0, 2), sites, strict=True):
        difference = np.zeros_like(raw)
        difference[y::2, x::2] = raw[y::2, x::2] - green[y::2, x::2]
        out[:, :, channel] = green + cv2.filter2D(difference, -1, _TENT, borderType=border)
    return out


def _sites(x0: int, y0: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Row and column of the first red and the first blue pixel."""
    return ((-y0 % 2, -x0 % 2), ((1 - y0) % 2, (1 - x0) % 2))
