"""A signature survives storage, refuses what is not one, and exists for every image however odd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.errors import BadInput
from firstshift.likeness import Signature, signature
from firstshift.likeness.landmarks import MOST, find_landmarks

Grey = npt.NDArray[np.float32]


def test_comes_back_from_bytes(ground: Callable[[int], Grey]) -> None:
    made = signature(ground(1))
    data = made.to_bytes()
    back = Signature.from_bytes(data)
    assert back.to_bytes() == data
    assert len(data) < 16_000
    assert (back.perceptual_hash, back.digest) == (made.perceptual_hash, made.digest)
    assert np.array_equal(back.landmarks.descriptions, made.landmarks.descriptions)
    assert np.abs(back.landmarks.places[:, :3] - made.landmarks.places[:, :3]).max() <= 1 / 32
    assert len(back.landmarks) == MOST


def test_same_pixels_same_bytes(ground: Callable[[int], Grey]) -> None:
    assert signature(ground(2)).to_bytes() == signature(ground(2).copy()).to_bytes()


def test_damaged_bytes_are_refused(ground: Callable[[int], Grey]) -> None:
    data = signature(ground(1)).to_bytes()
    for bad in (b"", b"FSLK", data[:-1], data + b"\0", b"XXXX" + data[4:]):
        with pytest.raises(BadInput, match="signature: expected"):
            Signature.from_bytes(bad)
    with pytest.raises(BadInput, match="expected version 1, found 9; compute it again"):
        Signature.from_bytes(data[:4] + b"\x09" + data[5:])
    many = bytearray(data)
    many[6:8] = (65535).to_bytes(2, "little")
    with pytest.raises(BadInput):
        Signature.from_bytes(bytes(many))


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (5000, 3), (2, 2), (17, 40), (2000, 64)])
def test_every_shape_has_one(shape: tuple[int, int]) -> None:
    for grey in (np.zeros(shape, np.float32), np.random.default_rng(0).random(shape, dtype=np.float32)):
        assert Signature.from_bytes(signature(grey).to_bytes()).width_px >= 1


def test_a_flat_image_has_no_landmarks() -> None:
    assert len(signature(np.full((300, 300), 0.4, np.float32)).landmarks) == 0


def test_landmarks_of_the_mirror_image_need_no_second_look(ground: Callable[[int], Grey]) -> None:
    grey = ground(5)
    straight, level = find_landmarks(grey)
    mirrored = straight.mirrored(level.shape[1])
    found, _ = find_landmarks(np.ascontiguousarray(grey[:, ::-1]))
    likeness = mirrored.unit_descriptions() @ found.unit_descriptions().T
    best = likeness.argmax(axis=1)
    apart = np.linalg.norm(mirrored.places[:, :2] - found.places[best, :2], axis=1)
    same = (likeness.max(axis=1) > 0.97) & (apart < 1.0)
    # Not all: among equally strong landmarks the detector drops others at the left than at the right.
    assert same.mean() > 0.6
    turn = (mirrored.places[same, 3] - found.places[best[same], 3] + 180) % 360 - 180
    assert np.median(np.abs(turn)) < 2
