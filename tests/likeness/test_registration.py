"""A known move is found again; unrelated surfaces do not lie on each other; texture tells them apart."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from firstshift.likeness.landmarks import find_landmarks
from firstshift.likeness.registration import NOTHING, Registration, register
from firstshift.likeness.texture import fine_agreement, windowed_correlation

Grey = npt.NDArray[np.float32]


def _register(one: Grey, other: Grey) -> tuple[Registration, float]:
    (a, level_a), (b, level_b) = find_landmarks(one), find_landmarks(other)
    found = register(a.places, a.unit_descriptions(), b.places, b.unit_descriptions())
    return found, fine_agreement(level_a, level_b, found)


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1.0), (3, 1.1), (90, 1.0), (180, 1.0), (-35, 0.8)])
def test_finds_the_move(ground: Callable[[int], Grey], degrees: float, scale: float) -> None:
    surface = ground(3)
    side = surface.shape[0]
    move = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, scale)
    other = cv2.warpAffine(surface, move, (side, side), borderMode=cv2.BORDER_CONSTANT, borderValue=0.5)
    found, agreement = _register(surface, other)
    assert len(found) > 30
    assert abs(found.turn) == pytest.approx(scale, rel=0.01)
    assert np.rad2deg(np.angle(found.turn * np.exp(1j * np.deg2rad(degrees)))) == pytest.approx(0, abs=0.5)
    assert agreement > 0.7


def test_other_parts_do_not_lie_on_each_other(ground: Callable[[int], Grey]) -> None:
    for part in range(1, 6):
        found, agreement = _register(ground(0), ground(part))
        assert len(found) < 8
        assert agreement < 0.2


def test_without_landmarks_there_is_nothing() -> None:
    empty, _ = find_landmarks(np.full((50, 50), 0.3, np.float32))
    found = register(empty.places, empty.unit_descriptions(), empty.places, empty.unit_descriptions())
    assert found is NOTHING
    assert len(found) == 0


def test_windowed_correlation_is_that_of_each_window() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(40, 50)).astype(np.float32)
    other = (0.6 * one + 0.8 * rng.normal(size=(40, 50))).astype(np.float32)
    weight = np.ones_like(one)
    weight[:, :20] = 0
    fast = windowed_correlation(one, other, weight)
    for y, x in ((20, 35), (15, 22), (8, 40)):
        inside = (slice(y - 6, y + 7), slice(x - 6, x + 7))
        covered = weight[inside] > 0
        slow = np.corrcoef(one[inside][covered], other[inside][covered])[0, 1]
        assert fast[y, x] == pytest.approx(slow, abs=1e-3)


def test_surfaces_that_show_nothing_agree_in_nothing() -> None:
    flat = np.zeros((100, 100), np.float32)
    assert fine_agreement(flat, flat, NOTHING) == 0.0
