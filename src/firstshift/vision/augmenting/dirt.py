"""What lies on good parts in a real hall: a film of oil, dust, fibres. None of it is a defect, so no mask changes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.vision.augmenting.sample import F32, Sample, between, smooth_field

DARKER, RIM = 0.22, 0.12
"""What a film takes away inside and adds along its rim, at strength 1, as shares of the light."""
SPECKS, FIBRES = 14, 2
"""In an image of 512 × 512 pixels, at strength 1, at most."""
SPECK_PX, FIBRE_PX = 2.2, 40.0
STRONGEST = 0.35
_SHIFT = 4
"""Bits of a pixel's fractions."""


def oil(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Blots with a soft border: darker and smoother inside, a bright line along the border."""
    if strength == 0:
        return sample
    level = smooth_field(seed.child("where"), sample.size, 5) - np.float32(between(seed, "how much", 0.1, 0.7))
    inside = 1 / (1 + np.exp(np.clip(-level * 25, -30, 30)))
    rim = 4 * inside * (1 - inside)
    sharpness = np.float32(1 - 0.5 * min(strength, 1.0)) * inside
    still = cv2.GaussianBlur(sample.image, (0, 0), 1.5).reshape(sample.image.shape)
    film = sample.image + (still - sample.image) * (inside - sharpness)[:, :, None]
    darker, brighter = (strength * between(seed, name, 0, most) for name, most in (("in", DARKER), ("rim", RIM)))
    factor = 1 - np.float32(darker) * inside + np.float32(brighter) * rim
    return sample.shown(film * factor[:, :, None])


def dust(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Specks a few pixels large and fibres, brighter or darker than what they lie on, the same in every channel."""
    if strength == 0:
        return sample
    cover = _cover(sample.size, seed, strength)
    sign = np.float32(1 if seed.uniform("bright") < 0.5 else -1)
    change = sign * np.float32(strength * between(seed, "strength", 0.1, STRONGEST)) * cover
    # Towards white or towards black, so that it shows on dark and on bright ground.
    target = np.where(change > 0, 1 - sample.image.mean(axis=2), sample.image.mean(axis=2))
    return sample.shown(sample.image + (change * (0.3 + 0.7 * target))[:, :, None])


def _cover(size: tuple[int, int], seed: Seed, strength: float) -> F32:
    """(height, width): how much of each pixel lies under something, 0 … 1."""
    height, width = size
    generator = seed.child("where").generator()
    share = strength * height * width / 512**2
    cover = np.zeros(size, np.uint8)
    turn = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    for _ in range(generator.poisson(share * generator.uniform(0, SPECKS))):
        radius = SPECK_PX / 2 * float(np.exp(generator.normal(0, 0.4)))
        angle, flat = generator.uniform(0, math.pi), generator.uniform(0.5, 1)
        along, across = radius * np.cos(turn), flat * radius * np.sin(turn)
        outline = _placed(along, across, angle, generator, size)
        cv2.fillPoly(cover, [outline], (255,), cv2.LINE_AA, _SHIFT)
    for _ in range(generator.poisson(share * generator.uniform(0, FIBRES))):
        length, bend = FIBRE_PX * generator.uniform(0.4, 1), math.radians(generator.uniform(20, 120))
        arc = np.linspace(-bend / 2, bend / 2, 24)
        radius = length / bend
        line = _placed(radius * np.sin(arc), radius * (np.cos(arc) - 1), generator.uniform(0, math.pi), generator, size)
        cv2.polylines(cover, [line], False, (255,), 1, cv2.LINE_AA, _SHIFT)
    return cover.astype(np.float32) / np.float32(255)


def _placed(
    along: npt.NDArray[np.float64], across: npt.NDArray[np.float64], angle: float, generator: np.random.Generator,
    size: tuple[int, int],
) -> npt.NDArray[np.int32]:  # fmt: skip
    """Points anywhere in the image, turned, as OpenCV takes fractions of pixels."""
    x = along * math.cos(angle) - across * math.sin(angle) + generator.uniform(0, size[1])
    y = along * math.sin(angle) + across * math.cos(angle) + generator.uniform(0, size[0])
    return np.rint(np.stack([x, y], axis=1) * (1 << _SHIFT)).astype(np.int32)
