"""Surfaces that never existed, and photographs of them: made here, nothing taken from a data set."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Grey = npt.NDArray[np.float32]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def ground_surface(part: int, side: int = 360) -> Grey:
    """Grinding marks, stains and pores: every part has the same statistics and its own draw."""
    rng = np.random.default_rng([part, 7])
    marks = cv2.GaussianBlur(rng.normal(size=(side, side)).astype(np.float32), (0, 0), sigmaX=0.9, sigmaY=7)
    stains = cv2.GaussianBlur(rng.normal(size=(side, side)).astype(np.float32), (0, 0), 9)
    image = 0.5 + 0.12 * marks / marks.std() + 0.07 * stains / stains.std()
    for x, y, radius in zip(*rng.integers(8, side - 8, (2, 25)), rng.integers(1, 5, 25), strict=True):
        cv2.circle(image, (int(x), int(y)), int(radius), 0.15, -1, cv2.LINE_AA)
    return np.clip(image, 0, 1).astype(np.float32)


def printed_part(part: int, side: int = 360) -> Grey:
    """One product: the same print on all, and a faint grain of its own on each."""
    paper = np.full((side, side), 204, np.uint8)
    design = np.random.default_rng(123)
    for k in range(24):
        x, y = (int(v) for v in design.integers(20, side - 60, 2))
        cv2.putText(paper, "QZRK47EX"[k % 8], (x, y + 24), 0, 1.0, int(design.integers(0, 120)), 2, cv2.LINE_AA)
        cv2.circle(paper, (x, y), int(design.integers(4, 14)), int(design.integers(50, 150)), 2, cv2.LINE_AA)
    noise = np.random.default_rng([part, 11]).normal(size=(side, side)).astype(np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.clip(paper / 255 + 0.015 * grain / grain.std(), 0, 1).astype(np.float32)


def photograph_of(surface: Grey, shot: int, *, move: float = 1.0) -> Grey:
    """The same surface again: other exposure, light from another side, a little moved, blurred, noisy, a JPEG."""
    rng = np.random.default_rng([shot, 3])
    height, width = surface.shape
    degrees, scale = move * rng.uniform(-4, 4), 1 + move * rng.uniform(-0.05, 0.05)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    turn[:, 2] += move * rng.uniform(-8, 8, 2)
    image = cv2.warpAffine(surface, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    top, left, bottom, right = (int(v) for v in move * rng.uniform(5, 30, 4))
    image = image[top : height - bottom, left : width - right]
    slope = np.linspace(-0.15, 0.15, image.shape[1], dtype=np.float32) * rng.uniform(-1, 1)
    image = cv2.GaussianBlur(image * rng.uniform(0.5, 1.2) + slope, (0, 0), rng.uniform(0.3, 0.8))
    image = np.clip(image + rng.normal(0, 0.006, image.shape), 0, 1)
    _, jpeg = cv2.imencode(".jpg", np.round(image * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.float32) / 255


@pytest.fixture(scope="session")
def ground() -> Callable[[int], Grey]:
    return ground_surface


@pytest.fixture(scope="session")
def printed() -> Callable[[int], Grey]:
    return printed_part


@pytest.fixture(scope="session")
def photograph() -> Callable[..., Grey]:
    return photograph_of
