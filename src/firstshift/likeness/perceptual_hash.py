"""A 64-bit fingerprint of how an image looks: a few different bits mean alike, about 32 mean unrelated.

The signs of the 8 × 8 slowest cosine waves of a 32 × 32 reduction (Zauner 2010, "Implementation and benchmarking of
perceptual image hash functions"). It survives re-compression, re-scaling and a change of exposure; it does not survive
a crop or a turn, and two parts of one design have nearly the same. So it serves the search for "images like this one";
whether two photographs show the *same part* is decided in `registration`.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Grey = npt.NDArray[np.float32]

BITS = 64
_SIDE = 32
_WAVES = 8


def perceptual_hash(grey: Grey) -> int:
    """`grey` is (height, width), 0…1, of any size; 64–128 pixels are plenty."""
    small = _reduce(check_grey(grey))
    waves = _cosines() @ small @ _cosines().T
    return _pack(waves)


def perceptual_hash_slowly(grey: Grey) -> int:
    """The readable twin of `perceptual_hash`: each wave summed over each pixel, as the formula is written."""
    small = _reduce(check_grey(grey))
    steps = (np.arange(_SIDE) + 0.5) * np.pi / _SIDE
    waves = np.zeros((_WAVES, _WAVES))
    for row in range(_WAVES):
        for column in range(_WAVES):
            wave = np.cos((row + 1) * steps)[:, None] * np.cos((column + 1) * steps)[None, :]
            waves[row, column] = (wave * small).sum()
    return _pack(waves)


def hash_distance(one: int, other: int) -> int:
    """In how many of the 64 bits two hashes differ."""
    return (one ^ other).bit_count()


def check_grey(grey: Grey) -> Grey:
    if grey.ndim != 2 or 0 in grey.shape or grey.dtype != np.float32:
        raise BadInput(
            where="grey image",
            expected="height × width of float32 in 0…1, neither of them 0",
            found=f"{grey.shape} of {grey.dtype}",
        )
    # A TIFF of floats may hold NaN; what cannot be seen is dark.
    return grey if np.isfinite(grey).all() else np.nan_to_num(grey, nan=0.0, posinf=1.0, neginf=0.0)


def _reduce(grey: Grey) -> npt.NDArray[np.float64]:
    shrinks = min(grey.shape) >= _SIDE
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(small, dtype=np.float64)


@cache
def _cosines() -> npt.NDArray[np.float64]:
    # Wave 0 is the mean brightness: left out, so that exposure does not count.
    steps = (np.arange(_SIDE) + 0.5) * np.pi / _SIDE
    return np.asarray(np.cos(np.outer(np.arange(1, _WAVES + 1), steps)), np.float64)


def _pack(waves: npt.NDArray[np.float64]) -> int:
    # Rounded, so that the last bit of a sum decides no bit of the hash; the median halves zeros and ones.
    rounded = np.round(waves, 6).ravel()
    bits = rounded > np.median(rounded)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
