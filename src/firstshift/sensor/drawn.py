"""Simulated cameras with known, drawn parameters, and the frames that a person would take with them.

    camera = drawn_camera(Seed(3))
    frames = FrameSet.of_arrays(**calibration_frames(camera, Seed(3)), bits=camera.bits)

They are what `calibrate` is held to: the truth is known here and nowhere else. The lens's blur is applied to a scene
four times finer than the pixels, before these average it: not by the kernel that `expose` uses.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.sensor.blur import TAIL_WIDTH
from firstshift.sensor.expose import expose
from firstshift.sensor.profile import SensorProfile

F32 = npt.NDArray[np.float32]
TRUE_GRID = (40, 52)
FLAT_LEVELS = (0.015, 0.03, 0.08, 0.2, 0.4, 0.6, 0.75)
FINE = 4


def drawn_camera(
    seed: Seed, size_px: tuple[int, int] = (640, 512), bits: Literal[8, 10, 12] | None = None
) -> SensorProfile:
    """A mono camera such as one buys: pixels of 2.4 to 6 µm, a lens from sharp to soft, light from even to uneven."""
    draw = seed.child("camera").generator()
    depth: Literal[8, 10, 12] = bits or (8, 10, 12)[int(draw.integers(3))]
    white = (1 << depth) - 1
    full_well = float(math.exp(draw.uniform(math.log(6_000), math.log(32_000))))
    black = round(float(draw.uniform(0.012, 0.04)) * white)
    return SensorProfile(
        bits=depth,
        sensor_px=size_px,
        black_level_dn=black,
        gain_e_per_dn=full_well / (white - black),
        read_noise_e=float(draw.uniform(2.0, 12.0)),
        prnu=float(draw.uniform(0.003, 0.015)),
        dsnu_e=float(draw.uniform(0.5, 5.0)),
        psf_sigma_px=float(draw.uniform(0.45, 1.6)),
        tail_share=float(draw.uniform(0.0, 0.08)),
        illumination=(_drawn_light(draw, size_px),),
        pattern_seed=int(draw.integers(2**31)),
    )


def _drawn_light(draw: np.random.Generator, size_px: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    """A lamp off the middle, a tilt, and the lens's cos⁴ (natural vignetting) over a drawn field angle."""
    y, x = np.meshgrid(np.linspace(-1, 1, TRUE_GRID[0]), np.linspace(-1, 1, TRUE_GRID[1]), indexing="ij")
    y = y * size_px[1] / size_px[0]
    centre_x, centre_y = draw.uniform(-0.7, 0.7, 2)
    width, strength = draw.uniform(0.8, 2.0), draw.uniform(0.1, 0.6)
    lamp = 1 + strength * np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * width**2))
    tilt = 1 + draw.uniform(-0.12, 0.12) * x + draw.uniform(-0.12, 0.12) * y
    cosine = np.cos(np.arctan(np.hypot(x, y) * math.tan(math.radians(float(draw.uniform(3, 22)))))) ** 4
    light = lamp * tilt * cosine
    return tuple(tuple(float(v) for v in row) for row in light / light.mean())


def calibration_frames(
    camera: SensorProfile, seed: Seed, *, flats: int = 4, darks: int = 8, backgrounds: int = 4, still: bool = False
) -> dict[str, list[npt.NDArray[Any]]]:
    """`flats` at each of seven exposures, dark frames, and pictures of drawn things: of new
    ones each time, or all of the same (`still`). For `FrameSet.of_arrays`."""
    width, height = camera.sensor_px or (640, 512)
    peak = 1.0 if camera.illumination is None else float(np.max(np.array(camera.illumination)))
    even = np.ones((height, width), dtype=np.float32)
    behind_the_lens = camera.model_copy(update={"psf_sigma_px": 0.0, "tail_share": 0.0})
    return {
        "flats": [
            expose(even * np.float32(level / peak), camera, seed=seed.child("flat", str(level), number)).pixels
            for level in FLAT_LEVELS
            for number in range(flats)
        ],
        "darks": [expose(even * 0, camera, seed=seed.child("dark", number)).pixels for number in range(darks)],
        "backgrounds": [
            expose(
                drawn_scene(seed.child("scene", 0 if still else number), camera) * np.float32(0.9 / peak),
                behind_the_lens,
                seed=seed.child("background", number),
            ).pixels
            for number in range(backgrounds)
        ],
    }


def drawn_scene(seed: Seed, camera: SensorProfile) -> F32:
    """Things with straight tilted edges on a textured ground, seen through the lens, each pixel averaged over its area.
    Share of white."""
    draw = seed.generator()
    width, height = camera.sensor_px or (640, 512)
    fine_y, fine_x = np.meshgrid(
        (np.arange(height * FINE, dtype=np.float32) + 0.5) / FINE,
        (np.arange(width * FINE, dtype=np.float32) + 0.5) / FINE,
        indexing="ij",
    )
    scene = np.full(fine_x.shape, draw.uniform(0.2, 0.5), dtype=np.float32)
    for _ in range(int(draw.integers(5, 9))):
        x, y = draw.uniform(0, width), draw.uniform(0, height)
        turn, long, wide = draw.uniform(0, math.pi), draw.uniform(60, 200), draw.uniform(40, 120)
        along = (fine_x - np.float32(x)) * np.float32(math.cos(turn)) + (fine_y - np.float32(y)) * np.float32(
            math.sin(turn)
        )
        across = (fine_y - np.float32(y)) * np.float32(math.cos(turn)) - (fine_x - np.float32(x)) * np.float32(
            math.sin(turn)
        )
        inside = (np.abs(along) < long / 2) & (np.abs(across) < wide / 2)
        scene[inside] = draw.uniform(0.05, 0.9)
    scene *= np.repeat(np.repeat(_texture(draw, (width, height)), FINE, axis=0), FINE, axis=1)
    sigma = camera.psf_sigma_px * FINE
    sharp = cv2.GaussianBlur(scene, (0, 0), sigma)
    halo = cv2.GaussianBlur(scene, (0, 0), TAIL_WIDTH * sigma)
    light = (1 - camera.tail_share) * sharp + camera.tail_share * halo
    return np.asarray(light.reshape(height, FINE, width, FINE).mean(axis=(1, 3)), dtype=np.float32)


def _texture(draw: np.random.Generator, size_px: tuple[int, int]) -> F32:
    """Brightness that wanders as surfaces do: amplitude falls with frequency, by some per cent."""
    width, height = size_px
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1
    phases = np.exp(2j * np.pi * draw.random(frequency.shape))
    wander = np.fft.irfft2(phases / frequency ** draw.uniform(1.2, 1.8), s=(height, width))
    return np.asarray(1 + draw.uniform(0.01, 0.06) * wander / wander.std(), dtype=np.float32)
