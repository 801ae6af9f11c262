"""The verdict on each class, at its borders, and the physics behind them on simulated pixels."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.spec import Visibility, derive_facts
from firstshift.spec.visibility import LINE_LENGTH, LINE_MARGINAL_FROM, visibility
from tests.spec.plans import small_plan


@pytest.mark.parametrize(
    ("narrow", "long", "verdict"),
    [
        (3.0, 3.0, "visible"),
        (2.99, 100, "marginal"),
        (1.0, 1.0, "marginal"),
        (0.99, 9.9, "invisible"),
        (0.99, 10.0, "marginal"),
        (0.2, 10.0, "marginal"),
        (0.19, 1000, "invisible"),
    ],
)
def test_borders(narrow: float, long: float, verdict: str) -> None:
    assert visibility(narrow, long) == verdict


def test_class_verdict_follows_the_optics() -> None:
    # one pixel is 0.03105 mm
    plan = small_plan(("width_mm: [0.1, 0.2]", "width_mm: [0.01, 0.2]"), ("size_mm: [0.3, 2]", "size_mm: [0.03, 0.09]"))
    scratch, dent = derive_facts(plan).classes
    assert scratch.smallest is Visibility.MARGINAL
    assert scratch.largest is Visibility.VISIBLE
    assert scratch.elements == pytest.approx((0.01 / 0.03105, 0.2 / 0.03105))
    assert "along its length only" in scratch.why
    assert dent.smallest is Visibility.INVISIBLE
    assert dent.largest is Visibility.MARGINAL
    assert dent.visible_from_mm == pytest.approx(3 * 0.03105)


def covered_pixels(width: float, height: float, at: tuple[float, float], size: int = 24) -> np.ndarray:
    """Share of each pixel that an upright dark rectangle covers, worked out on a fine grid."""
    fine = 50
    line = (np.arange(size * fine) + 0.5) / fine
    x = np.abs(line - at[0]) <= width / 2
    y = np.abs(line - at[1]) <= height / 2
    return (y[:, None] & x[None, :]).reshape(size, fine, size, fine).mean((1, 3))


def test_why_a_thin_line_counts_and_a_small_spot_does_not() -> None:
    """Half contrast, pixel noise 1 %, texture 3 %, 400 places on the pixel grid: a matched filter along the line."""
    rng = np.random.default_rng(5)
    contrast, disturbance = 0.5, np.hypot(0.01, 0.03)
    line_snr, spot_snr = [], []
    for _ in range(400):
        at = (12 + rng.uniform(-0.5, 0.5), 12 + rng.uniform(-0.5, 0.5))
        line = contrast * covered_pixels(LINE_MARGINAL_FROM, LINE_LENGTH, at)
        spot = contrast * covered_pixels(LINE_MARGINAL_FROM, LINE_MARGINAL_FROM, at)
        line_snr.append(np.sqrt((line**2).sum()) / disturbance)
        spot_snr.append(np.sqrt((spot**2).sum()) / disturbance)
    assert np.median(line_snr) > 5  # the line stands out from the texture: found reliably by a filter that knows it
    assert np.median(spot_snr) < 1  # the spot of the same width drowns


def test_three_elements_cover_two_pixels_fully_wherever_they_lie() -> None:
    for offset in np.linspace(0, 1, 21):
        covered = covered_pixels(3.0, 3.0, (12 + float(offset), 12.3))
        assert (covered.max(0) > 0.6).sum() >= 2
