"""The station's light on another day: it falls off to one side, and bulbs grow old."""

from __future__ import annotations

import math

import numpy as np

from firstshift.core.seed import Seed
from firstshift.vision.augmenting.sample import COLOURS, Sample, between, lights_of, smooth_field

FALL, UNEVEN = 0.3, 0.1
"""At strength 1: across the whole image, and of slow spots, as shares of the light."""
OLDEST, FRESHEST = 0.4, 0.1
"""What a bulb has lost at the end of its life, and what a new one has more."""
YELLOWER = {"R": 0.0, "G": 0.1, "B": 0.3}
"""Of that loss, how much more a colour loses: white light grows yellow."""


def light_gradient(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Each light falls off in its own direction, and is a little uneven."""
    if strength == 0:
        return sample
    height, width = sample.size
    down, right = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    image = sample.image.copy()
    for number, light in enumerate(lights_of(sample.channels)):
        own = seed.child("light", number)
        way, fall = between(own, "way", 0, 2 * math.pi), strength * between(own, "fall", 0, FALL)
        plane = np.float32(fall) * (math.cos(way) * right + math.sin(way) * down)
        spots = np.float32(strength * between(own, "uneven", 0, UNEVEN)) * smooth_field(
            own.child("spots"), sample.size, 3
        )
        image[:, :, light] *= np.maximum(1 + plane + spots, 0)[:, :, None]
    return sample.shown(image)


def bulb_ageing(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Each light as old as it happens to be; colours of an old one are yellower."""
    if strength == 0:
        return sample
    image = sample.image.copy()
    for number, light in enumerate(lights_of(sample.channels)):
        lost = strength * between(seed.child("light", number), "lost", -FRESHEST, OLDEST)
        for channel in light:
            name = sample.channels[channel]
            more = YELLOWER[name] * max(lost, 0.0) if name in COLOURS else 0.0
            image[:, :, channel] *= np.float32(max(1 - lost - more, 0.05))
    return sample.shown(image)
