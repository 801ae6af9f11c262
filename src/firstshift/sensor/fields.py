"""Brightness that belongs to places on the sensor: vignetting and the measured illumination, for any window of it.

A window is (x, y, full width, full height): where the image's top left corner lies on a sensor of that size. A line
camera has no height on its sensor: brightness depends on the column alone, and `y` runs from line to line.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.sensor.profile import SensorProfile

F32 = npt.NDArray[np.float32]
Window = tuple[int, int, int, int]


@njit(cache=True, nogil=True)
def _field(grid, terms, window, out):  # type: ignore[no-untyped-def]
    rows, columns = grid.shape
    height, width = out.shape
    x0, y0, full_width, full_height = window
    half_x, half_y = np.float32(full_width * 0.5), np.float32(full_height * 0.5)
    square = np.float32(1.0) / (half_x * half_x + half_y * half_y)
    one = np.float32(1.0)
    for row in range(height):
        y = np.float32(y0 + row) + np.float32(0.5)
        v = min(max(y / max(np.float32(full_height), one), np.float32(0.0)), one) * np.float32(rows - 1)
        top = min(int(v), rows - 2)
        v -= np.float32(top)
        for column in range(width):
            x = np.float32(x0 + column) + np.float32(0.5)
            u = min(max(x / np.float32(full_width), np.float32(0.0)), one) * np.float32(columns - 1)
            left = min(int(u), columns - 2)
            u -= np.float32(left)
            upper = grid[top, left] * (one - u) + grid[top, left + 1] * u
            lower = grid[top + 1, left] * (one - u) + grid[top + 1, left + 1] * u
            r2 = ((x - half_x) * (x - half_x) + (y - half_y) * (y - half_y)) * square
            fall = one + r2 * (terms[0] + r2 * (terms[1] + r2 * terms[2]))
            out[row, column] = (upper * (one - v) + lower * v) * max(fall, np.float32(0.0))


def brightness_field(
    profile: SensorProfile,
    shape: tuple[int, int],
    window: Window,
    plane: int = 0,
    illuminated: bool = True,
    by_line: bool = False,
) -> F32:
    """Relative brightness of every pixel of the window, (H, W)."""
    grid = profile.illumination if illuminated else None
    measured = None if grid is None else grid[min(plane, len(grid) - 1)]
    return _even_field(measured, profile.vignetting, shape, window, by_line)


@lru_cache(maxsize=4)
def _even_field(
    grid: tuple[tuple[float, ...], ...] | None,
    vignetting: tuple[float, ...],
    shape: tuple[int, int],
    window: Window,
    by_line: bool,
) -> F32:
    """The images of one pose share it."""
    out = np.empty(shape, dtype=np.float32)
    light = np.ones((2, 2), np.float32) if grid is None else np.array(grid, dtype=np.float32)
    terms = np.array(vignetting, dtype=np.float32)
    if by_line:
        line = np.empty((1, shape[1]), dtype=np.float32)
        # One line without height: measured light is the mean of its lines.
        light = np.repeat(light.mean(axis=0, keepdims=True, dtype=np.float64), 2, axis=0).astype(np.float32)
        _field(light, terms, (window[0], -0.5, window[2], 0.0), line)
        out[:] = line
    else:
        _field(light, terms, (float(window[0]), float(window[1]), float(window[2]), float(window[3])), out)
    out.setflags(write=False)
    return out


def brightness_field_slowly(
    profile: SensorProfile,
    shape: tuple[int, int],
    window: Window,
    plane: int = 0,
    illuminated: bool = True,
    by_line: bool = False,
) -> F32:
    """The readable twin of `brightness_field`."""
    x0, y0, width, height = window
    grid = _plane(profile, plane, illuminated).astype(np.float64)
    if by_line:
        grid = np.broadcast_to(grid.mean(axis=0), grid.shape)
    y, x = np.meshgrid(y0 + np.arange(shape[0]) + 0.5, x0 + np.arange(shape[1]) + 0.5, indexing="ij")
    u = np.clip(x / width, 0, 1) * (grid.shape[1] - 1)
    v = np.clip(y / height, 0, 1) * (grid.shape[0] - 1)
    left, top = np.minimum(u.astype(int), grid.shape[1] - 2), np.minimum(v.astype(int), grid.shape[0] - 2)
    u, v = u - left, v - top
    upper = grid[top, left] * (1 - u) + grid[top, left + 1] * u
    lower = grid[top + 1, left] * (1 - u) + grid[top + 1, left + 1] * u
    r2 = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / ((width / 2) ** 2 + (height / 2) ** 2)
    if by_line:
        r2 = ((x - width / 2) / (width / 2)) ** 2
    a, b, c = profile.vignetting
    fall = np.maximum(1 + a * r2 + b * r2**2 + c * r2**3, 0)
    return np.asarray((upper * (1 - v) + lower * v) * fall, dtype=np.float32)


def _plane(profile: SensorProfile, plane: int, illuminated: bool) -> F32:
    grid = profile.grid() if illuminated else None
    if grid is None:
        return np.ones((2, 2), dtype=np.float32)
    return np.ascontiguousarray(grid[min(plane, len(grid) - 1)])
