"""Structural similarity: its fixed points, and a case worked out from the paper's equation."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.render.reference.similarity import similarity

NOISE = np.random.Generator(np.random.PCG64(3)).uniform(0, 1, (48, 64))


def test_an_image_is_like_itself() -> None:
    assert similarity(NOISE, NOISE) == pytest.approx(1.0, abs=1e-12)


def test_flat_images_differ_by_luminance_only() -> None:
    """Equation 6 of Wang 2004: (2·m₁·m₂ + C₁) / (m₁² + m₂² + C₁)."""
    one, other = np.full((32, 32), 0.2), np.full((32, 32), 0.6)
    assert similarity(one, other) == pytest.approx((2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4), rel=1e-9)


def test_opposite_structure_counts_against() -> None:
    assert similarity(NOISE, 1 - NOISE) < -0.8


def test_contrast_as_in_the_paper() -> None:
    """Same mean and structure, half the contrast: (2·½ + c) / (1 + ¼ + c) where variance is far above C₂."""
    halved = 0.5 + (NOISE - 0.5) / 2
    assert similarity(100 * NOISE, 100 * halved, full_scale=1.0) == pytest.approx(0.8, abs=0.02)


def test_two_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="two grey images of one size"):
        similarity(NOISE, NOISE[:-1])
