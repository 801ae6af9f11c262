"""Ordinary pictures of finished parts, for a camera whose truth is known: the hardest thing to calibrate from.

    frames = ordinary_frames(camera, seed, dark=True)           # a part in a dark nest, another one each time
    frames = ordinary_frames(camera, seed, dark=False, jpeg_quality=90)

Nothing but texture, and no two pictures alike: brushed, turned, cast and ground surfaces, as fine as a pixel, on
parts that bend and lie askew. Texture multiplies light, as on any real surface; the camera's noise is drawn on top.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.sensor.expose import expose, through_jpeg
from firstshift.sensor.profile import SensorProfile

F32 = npt.NDArray[np.float32]
Surface = Literal["brushed", "turned", "cast", "ground"]
SURFACES: tuple[Surface, ...] = ("brushed", "turned", "cast", "ground")
NEST = (0.002, 0.02)
"""Light from a dark nest, as a share of white."""


def ordinary_frames(
    camera: SensorProfile, seed: Seed, *, dark: bool, count: int = 12, jpeg_quality: int | None = None
) -> list[npt.NDArray[Any]]:
    """For `FrameSet.of_arrays(backgrounds=…)`. All of one kind of surface, as at a real station. `jpeg_quality`: each
    was saved as a JPEG once and comes as pixels (8 bits only)."""
    peak = 1.0 if camera.illumination is None else float(np.max(np.array(camera.illumination)))
    surface = SURFACES[int(seed.child("surface").generator().integers(len(SURFACES)))]
    frames = []
    for number in range(count):
        light = part_in_light(seed.child("part", number), camera, surface, dark=dark)
        pixels = expose(light / np.float32(peak), camera, seed=seed.child("ordinary", number)).pixels
        if jpeg_quality is not None:
            pixels = through_jpeg(pixels[:, :, 0].astype(np.uint8), jpeg_quality)[:, :, None]
        frames.append(pixels)
    return frames


def part_in_light(seed: Seed, camera: SensorProfile, surface: Surface, *, dark: bool) -> F32:
    """One picture as a share of white, before lens and sensor."""
    draw = seed.generator()
    width, height = camera.sensor_px or (640, 512)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    bend = draw.uniform(-0.4, 0.4, 2)
    shading = np.exp(bend[0] * x + bend[1] * y - draw.uniform(0, 0.5) * x**2 - draw.uniform(0, 0.3) * y**2)
    # Each material is as rough as it is all over one batch, give or take; the amplitude is that of its log.
    rough = draw.uniform(0.02, 0.08)
    part = draw.uniform(0.2, 0.55) * shading * np.exp(rough * _texture(draw, surface, (height, width)))
    if dark:
        nest = draw.uniform(*NEST)
        part = nest + (part - nest) * _inside(draw, height, width)
    return np.asarray(np.minimum(part, 0.95), dtype=np.float32)


def _inside(draw: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float64]:
    """A rectangle, turned a little, with the nest around it: how much of each pixel it covers."""
    y, x = np.meshgrid(np.arange(height) + 0.5 - height / 2, np.arange(width) + 0.5 - width / 2, indexing="ij")
    turn = math.radians(draw.uniform(3, 9))
    half_x, half_y = draw.uniform(0.7, 0.92) * width / 2, draw.uniform(0.7, 0.92) * height / 2
    along, across = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    depth = np.minimum(half_x - np.abs(along), half_y - np.abs(across))
    return np.asarray(np.clip(depth + 0.5, 0, 1))


def _texture(draw: np.random.Generator, surface: Surface, shape: tuple[int, int]) -> F32:
    """Variance 1. Fine and coarse together: marks of tools have no smallest size that a pixel would resolve."""
    if surface == "brushed":
        layers = [(40.0, 0.6, 1.0), (90.0, 3.0, 0.7), (1.2, 0.5, 0.4)]
    elif surface == "ground":
        layers = [(20.0, 0.5, 0.8), (0.5, 0.5, 0.8), (3.0, 2.0, 0.6)]
    elif surface == "cast":
        layers = [(1.0, 1.0, 0.7), (3.5, 3.5, 1.0), (14.0, 14.0, 0.8)]
    else:
        return _turned(draw, shape)
    total = sum(share * _soft(draw, shape, along, across) for along, across, share in layers)
    return np.asarray(total / np.std(total), dtype=np.float32)


def _turned(draw: np.random.Generator, shape: tuple[int, int]) -> F32:
    """Rings about a point, their pitch from three pixels on, beside a fine grain."""
    rows, columns = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    centre = draw.uniform(0.2, 0.8, 2) * shape
    radius = np.hypot(rows - centre[0], columns - centre[1])
    pitch = draw.uniform(3, 12)
    depth = np.interp(radius, np.arange(0, radius.max() + 8, 4), draw.normal(1, 0.4, int(radius.max() / 4) + 3))
    rings = depth * np.sin(2 * np.pi * radius / pitch) + 0.5 * _soft(draw, shape, 0.8, 0.8)
    return np.asarray(rings / rings.std(), dtype=np.float32)


def _soft(draw: np.random.Generator, shape: tuple[int, int], along: float, across: float) -> F32:
    white = draw.standard_normal(shape, dtype=np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), sigmaX=across, sigmaY=along, borderType=cv2.BORDER_REFLECT)
    return np.asarray(soft / soft.std(), dtype=np.float32)
