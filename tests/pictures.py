"""Small images for tests, made on the spot from a number: the same number gives the same bytes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image as Pillow


def jpeg(number: int, side: int = 48) -> bytes:
    """A grey surface with soft structure and noise, unlike that of any other number."""
    rng = np.random.default_rng(number)
    coarse = rng.normal(128, 40, (6, 6)).astype(np.float32)
    surface = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) + rng.normal(0, 8, (side, side))
    return encoded(np.clip(surface, 0, 255).astype(np.uint8), "JPEG", quality=85)


def png(number: int, side: int = 24) -> bytes:
    rng = np.random.default_rng(number)
    return encoded(rng.integers(0, 256, (side, side), dtype=np.uint8), "PNG")


def encoded(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()
