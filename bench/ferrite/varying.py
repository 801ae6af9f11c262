"""What differs from one photograph to the next beside the tile: a rendered tile, as another photographer would show it.

Cut closer, a little larger or smaller, sharper or softer, noisier. New draws at every step of the training.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ferrite.rendering import Tile

CLOSER_PX = 5
SCALE = 0.25
"""Log of the largest factor."""
SHARPER = 0.7
NOISE = 0.04


def varied(tile: Tile, generator: np.random.Generator) -> Tile:
    top, bottom, left, right = (int(cut) for cut in generator.integers(0, CLOSER_PX, 4))
    window = (slice(top, tile.grey.shape[0] - bottom), slice(left, tile.grey.shape[1] - right))
    grey, mask = tile.grey[window].astype(np.float32), tile.mask[window].astype(np.float32)
    if generator.uniform() < 0.6:
        scale = float(np.exp(generator.uniform(-SCALE, SCALE)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how), np.float32)
        mask = np.asarray(cv2.resize(mask, grey.shape[::-1], interpolation=how), np.float32)
    sharper = generator.uniform(-SHARPER, SHARPER)
    if abs(sharper) > 0.2:
        grey = grey + np.float32(sharper) * (grey - cv2.GaussianBlur(grey, (0, 0), 0.8))
    noise = generator.standard_normal(grey.shape, dtype=np.float32)
    grey = grey * (1 + np.float32(generator.uniform(0, NOISE)) * noise)
    return replace(tile, grey=np.clip(grey, 0, 255).astype(np.uint8), mask=mask > 0.4)
