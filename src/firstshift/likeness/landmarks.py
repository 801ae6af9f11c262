"""Landmarks: small spots of an image that are found again when the same surface is photographed again.

A scratch end, a pore, a grain of the cast skin: each is kept with its place, size and direction and with a description
of its surroundings (SIFT, Lowe 2004, in the square-root form of Arandjelović and Zisserman 2012). The image is first
levelled — local mean taken away, local contrast set to one — so that a dark exposure shows the same landmarks as a
bright one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.likeness.perceptual_hash import Grey

Floats = npt.NDArray[np.float32]

MOST = 200
"""Landmarks kept of an image, the most distinct first."""
LENGTH = 128
"""Numbers in a landmark's description: 4 × 4 cells of 8 directions."""
LONG_SIDE_PX = 320
"""Images are looked at in this size, so that a re-scaled copy shows the same landmarks."""
SMALLEST_PX = 64
LARGEST_ENLARGEMENT = 2.0

_LEVEL_RADIUS_PX = 12.0
_QUIET = 1.5 / 255
"""Contrast below this is sensor noise or compression, and is not levelled up."""
_CELL_PX = 2.0
_CEILING = 0.3
"""Largest number in a description that 4 bits can hold; SIFT clips below it."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """`places` is (n, 4): x, y and size in pixels of the levelled image, direction in degrees.
    `descriptions` is (n, 128), 4 bits each (0…15)."""

    places: Floats
    descriptions: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.places)

    def unit_descriptions(self) -> Floats:
        """As unit vectors, so that a product of two is their likeness."""
        plain = self.descriptions.astype(np.float32)
        return np.asarray(plain / np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-6), np.float32)

    def mirrored(self, width_px: float) -> Landmarks:
        """What would be found in the mirror image: no pixel is looked at again."""
        places = self.places.copy()
        places[:, 0] = width_px - 1 - places[:, 0]
        places[:, 3] = (180.0 - places[:, 3]) % 360.0
        return Landmarks(places, np.ascontiguousarray(self.descriptions[:, _MIRROR]))


def find_landmarks(grey: Grey) -> tuple[Landmarks, Floats]:
    """The landmarks, and the levelled image in which they were found."""
    level = level_out(resize_for_landmarks(grey))
    eight_bit = np.clip(level * 40 + 128, 0, 255).astype(np.uint8)
    detector = cv2.SIFT.create(nfeatures=2 * MOST, contrastThreshold=0.02, edgeThreshold=15)
    keypoints, found = detector.detectAndCompute(eight_bit, None)
    if found is None or not len(keypoints):
        return Landmarks(np.zeros((0, 4), np.float32), np.zeros((0, LENGTH), np.uint8)), level
    places = np.array([(*k.pt, k.size, k.angle) for k in keypoints], dtype=np.float32)
    strength = np.array([k.response for k in keypoints])
    # Ties are broken by place: the order in which the detector found them is not ours to rely on.
    order = np.lexsort((places[:, 3], places[:, 1], places[:, 0], -strength))
    keep = _distinct(places, order)
    return Landmarks(places[keep], _quantise(np.asarray(found[keep], np.float32))), level


def resize_for_landmarks(grey: Grey) -> Floats:
    height, width = grey.shape
    scale = min(LARGEST_ENLARGEMENT, LONG_SIDE_PX / max(height, width))
    # A strip of 10 × 5000 pixels keeps some height, and no image grows beyond a few hundred thousand pixels.
    scale = min(max(scale, min(1.0, SMALLEST_PX / min(height, width))), 4 * LONG_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return grey
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))


def level_out(grey: Floats) -> Floats:
    """Local mean away, local contrast to one."""
    flat = grey - cv2.GaussianBlur(grey, (0, 0), _LEVEL_RADIUS_PX)
    spread = cv2.GaussianBlur(flat * flat, (0, 0), _LEVEL_RADIUS_PX)
    return np.asarray(flat / (np.sqrt(np.maximum(spread, 0)) + _QUIET), dtype=np.float32)


def _distinct(places: Floats, order: npt.NDArray[np.intp]) -> list[int]:
    """One landmark a spot: a second direction at the same place is no second piece of evidence."""
    taken: set[tuple[int, int]] = set()
    keep: list[int] = []
    for k in order:
        spot = (int(places[k, 0] // _CELL_PX), int(places[k, 1] // _CELL_PX))
        if spot not in taken:
            taken.add(spot)
            keep.append(int(k))
            if len(keep) == MOST:
                break
    return keep


def _quantise(found: Floats) -> npt.NDArray[np.uint8]:
    root = np.sqrt(np.maximum(found, 0) / np.maximum(found.sum(axis=1, keepdims=True), 1e-6))
    return np.asarray(np.minimum(np.floor(root * (15 / _CEILING) + 0.5), 15), np.uint8)


# In a mirror the rows of cells change places and each direction turns into its opposite about the landmark's own.
_MIRROR = np.arange(LENGTH).reshape(4, 4, 8)[::-1, :, (8 - np.arange(8)) % 8].ravel()
