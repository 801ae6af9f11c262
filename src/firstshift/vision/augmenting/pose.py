"""The part lies a little differently in its fixture, or the camera was hung up again."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from firstshift.core.seed import Seed
from firstshift.vision.augmenting.sample import Sample, between

TURN_DEG, SHIFT, LARGER = 4.0, 0.04, 0.08
"""At strength 1, either way: about the middle, as a share of the side, as a share of the size."""


def pose(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Turned, shifted and scaled; the image goes on past its border as in a mirror."""
    if strength == 0:
        return sample
    height, width = sample.size
    turn = math.radians(strength * between(seed, "turn", -TURN_DEG, TURN_DEG))
    scale = math.exp(strength * between(seed, "scale", -LARGER, LARGER))
    shift = [strength * between(seed, name, -SHIFT, SHIFT) * side for name, side in (("x", width), ("y", height))]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    turned = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = np.eye(3)
    matrix[:2, :2] = turned
    matrix[:2, 2] = middle - turned @ middle + shift
    return warped(sample, matrix)


def flipped(sample: Sample, seed: Seed, strength: float) -> Sample:
    """Mirrored left to right, upside down, both or neither: only for parts whose lay and print allow it."""
    if strength == 0:
        return sample
    height, width = sample.size
    matrix = np.eye(3)
    if seed.uniform("left to right") < 0.5:
        matrix[0] = [-1, 0, width - 1]
    if seed.uniform("upside down") < 0.5:
        matrix[1] = [0, -1, height - 1]
    return warped(sample, matrix)


def warped(sample: Sample, matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Sample:
    height, width = sample.size
    planes = [
        cv2.warpAffine(
            np.ascontiguousarray(sample.image[:, :, number]), matrix[:2], (width, height), flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        for number in range(sample.image.shape[2])
    ]  # fmt: skip
    mask = sample.mask
    if mask is not None:
        mask = np.asarray(
            cv2.warpAffine(
                mask, matrix[:2], (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101
            ),
            dtype=np.uint8,
        )
    image = np.stack(planes, axis=2).astype(np.float32)
    return replace(sample, image=image, mask=mask, moved=matrix @ sample.moved)
