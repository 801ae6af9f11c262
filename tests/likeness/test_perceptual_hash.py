"""The hash stays put under what a camera and a codec do, and does not under another scene."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.errors import BadInput
from firstshift.likeness import hash_distance, perceptual_hash
from firstshift.likeness.perceptual_hash import BITS, perceptual_hash_slowly

Grey = npt.NDArray[np.float32]


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (31, 33), (32, 32), (97, 64), (300, 500)])
def test_equals_its_readable_twin(shape: tuple[int, int]) -> None:
    for seed in range(5):
        grey = np.random.default_rng(seed).random(shape, dtype=np.float32)
        assert perceptual_hash(grey) == perceptual_hash_slowly(grey)


def test_same_scene_stays_near(ground: Callable[[int], Grey]) -> None:
    for part in range(8):
        scene = cv2.GaussianBlur(ground(part), (0, 0), 4)
        known = perceptual_hash(scene)
        smaller = cv2.resize(scene, (97, 113), interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", np.round(scene * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])
        again = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        for changed in (smaller, again, np.asarray(0.5 * scene + 0.1, np.float32)):
            assert hash_distance(known, perceptual_hash(changed)) <= 6


def test_other_scenes_are_half_the_bits_away(ground: Callable[[int], Grey]) -> None:
    hashes = [perceptual_hash(ground(part)) for part in range(20)]
    distances = [hash_distance(a, b) for k, a in enumerate(hashes) for b in hashes[:k]]
    assert abs(np.mean(distances) - BITS / 2) < 4
    assert min(distances) > 8


def test_fits_64_bits_and_flat_images_are_equal() -> None:
    assert perceptual_hash(np.full((40, 40), 0.2, np.float32)) == perceptual_hash(np.full((9, 70), 0.9, np.float32))
    assert 0 <= perceptual_hash(np.random.default_rng(0).random((64, 64), dtype=np.float32)) < 2**BITS


def test_what_is_no_grey_image_is_refused() -> None:
    for bad in (np.zeros((4, 4)), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4), np.float32)):
        with pytest.raises(BadInput, match="grey image: expected"):
            perceptual_hash(bad)  # type: ignore[arg-type]


def test_nan_is_dark() -> None:
    holes = np.random.default_rng(1).random((50, 50), dtype=np.float32)
    dark = holes.copy()
    holes[3:9, 4:30], dark[3:9, 4:30] = np.nan, 0
    assert perceptual_hash(holes) == perceptual_hash(dark)
