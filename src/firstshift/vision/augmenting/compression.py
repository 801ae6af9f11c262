"""A camera or a gateway that sends JPEGs."""

from __future__ import annotations

import cv2
import numpy as np

from firstshift.core.seed import Seed
from firstshift.vision.augmenting.sample import Sample, lights_of

BEST, WORST = 95.0, 45.0


def compression(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Each light's image through a JPEG of its own: colours together, as a camera sends them."""
    if strength == 0:
        return sample
    quality = round(max(BEST - strength * seed.uniform("quality") * (BEST - WORST), 5.0))
    image = sample.image.copy()
    for light in lights_of(sample.channels):
        groups = [[channel] for channel in light]
        if len(light) == 3:  # blue first, as OpenCV has it: a JPEG keeps less of blue than of green
            groups = [sorted(light, key=lambda channel: "BGR".index(sample.channels[channel]))]
        for group in groups:
            pixels = np.rint(image[:, :, group] * 255).astype(np.uint8)
            _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
            back = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED)).reshape(pixels.shape)
            image[:, :, group] = back.astype(np.float32) / np.float32(255)
    return sample.shown(image)
