"""What can be noticed, and the masks of flaws wide and thin."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.render.noticing import (
    VISIBLE_FROM,
    mask_of,
    notice,
    recorded_change,
    texture_of,
    texture_of_face,
)


def test_matched_filter_on_a_known_square() -> None:
    """25 pixels, each 2 sigma darker: d = 2·√25 = 10."""
    clean = np.full((25, 1), 100.0)
    seen = notice(clean, clean - 6, np.ones(25), 3.0)
    assert seen.contrast_to_noise == pytest.approx(10)
    assert seen.contrast == pytest.approx(-0.06)
    assert seen.verdict == "visible"


def test_threshold_is_where_an_observer_begins_to_find_it() -> None:
    """A matched filter on 400 noise fields: at d = 5 it tells flaw from none nearly always, at 1 hardly ever."""
    draw = np.random.Generator(np.random.PCG64(3))
    shape = draw.uniform(0.2, 1, 40)

    def told_apart(d: float) -> float:
        change = shape * d / np.linalg.norm(shape)
        scores = draw.standard_normal((400, 40)) @ change / np.linalg.norm(change)
        return float((scores + d > 2.33).mean())  # 1 % false alarms

    assert told_apart(VISIBLE_FROM) > 0.98
    assert told_apart(1.0) < 0.2


@pytest.mark.parametrize(("change", "verdict"), [(6.0, "visible"), (1.8, "faint"), (0.5, "not visible")])
def test_verdicts(change: float, verdict: str) -> None:
    clean = np.full((20, 1), 50.0)
    assert notice(clean, clean + change, np.ones(20), 2.0).verdict == verdict


def test_texture_hides_what_noise_alone_would_show() -> None:
    clean = np.full((30, 1), 50.0)
    assert notice(clean, clean + 4, np.ones(30), 1.0).verdict == "visible"
    assert notice(clean, clean + 4, np.ones(30), 1.0, texture_sigma=6.0).verdict != "visible"


def test_a_drift_over_many_pixels_is_no_flaw() -> None:
    clean = np.full((100_000, 1), 50.0)
    seen = notice(clean, clean + 0.05, np.ones(100_000), 1.0)
    assert seen.contrast_to_noise > VISIBLE_FROM
    assert seen.verdict == "not visible"


@pytest.mark.parametrize("sigma", [0.02, 0.1, 0.3, 0.6, 2.0])
def test_what_is_recorded_on_the_average_is_what_rounding_leaves(sigma: float) -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    clean, flawed = draw.uniform(20, 25, (60, 1)), draw.uniform(20, 25, (60, 1))
    noise = draw.normal(0, sigma, (1, 20_000))
    saved = (np.floor(flawed + noise + 0.5) - np.floor(clean + noise + 0.5)).mean(axis=1)
    found = recorded_change(clean, flawed, np.full((60, 1), sigma))[:, 0]
    assert np.abs(found - saved).max() < 4 * 0.5 * 2**0.5 / 20_000**0.5 + 0.003


@pytest.mark.parametrize(
    ("level", "change", "sigma", "verdict"),
    [
        (2.0, 0.4, 0.05, "not visible"),  # all round alike: the image is the clean one's
        (100.6, 0.7, 0.05, "not visible"),  # 101 both times
        (2.0, 0.7, 0.05, "visible"),
        (2.0, 0.4, 0.9, "not visible"),  # dither carries it, but no single pixel shows it
        (2.0, 3.0, 0.9, "visible"),
    ],
)
def test_what_rounding_swallows_is_not_visible(level: float, change: float, sigma: float, verdict: str) -> None:
    clean = np.full((400, 1), level)
    assert notice(clean, clean + change, np.ones(400), sigma, zero=2.0).verdict == verdict


def test_a_change_beside_the_mask_alone_is_not_visible() -> None:
    clean = np.full((40, 1), 20.0)
    marked = np.arange(40) < 10
    beside = clean + np.where(marked, 0.0, 30.0)[:, None]
    assert notice(clean, beside, np.ones(40), 1.0, zero=2.0, marked=marked).verdict == "not visible"
    assert notice(clean, beside, np.ones(40), 1.0, zero=2.0, marked=~marked).verdict == "visible"


def test_contrast_counts_from_black() -> None:
    clean = np.full((40, 1), 22.0)
    assert notice(clean, clean + 5, np.ones(40), 1.0, zero=2.0).contrast == pytest.approx(0.25)


def test_the_fringe_of_an_outline_is_no_texture() -> None:
    draw = np.random.Generator(np.random.PCG64(6))
    row, column = np.mgrid[0:40, 0:40].reshape(2, -1)
    grey = 20 + 0.1 * column + draw.normal(0, 1.5, 1600)
    fringed = grey + 235 * (column < 3)
    assert texture_of_face(grey, row, column) == pytest.approx(1.5, rel=0.1)
    assert texture_of_face(fringed, row, column) == pytest.approx(1.5, rel=0.25)


def test_a_speck_is_marked_where_it_is() -> None:
    share = np.zeros((9, 9), np.float32)
    share[4, 5], share[4, 6] = 0.03, 0.01
    mask = mask_of(covered(share), 9, 9)
    assert mask.area == 1
    assert mask.pixels[4, 5]


def test_nothing_is_not_visible() -> None:
    assert notice(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), 1.0).verdict == "not visible"


def covered(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixel = np.flatnonzero(share.ravel() > 1e-4)
    return pixel.astype(np.int32), share.ravel()[pixel].astype(np.float32)


def test_mask_of_a_disc_is_its_area() -> None:
    fine = np.hypot(*np.mgrid[-20:20:400j, -20:20:400j]) < 9.3
    share = fine.reshape(40, 10, 40, 10).mean(axis=(1, 3))
    mask = mask_of(covered(share), 40, 40)
    assert mask.area == pytest.approx(np.pi * 9.3**2, rel=0.02)


@pytest.mark.parametrize("slope", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("width", [0.15, 0.3, 0.6])
def test_thin_line_is_an_unbroken_line_of_pixels(slope: float, width: float) -> None:
    y, x = np.mgrid[0:30:900j, 0:30:900j]
    fine = np.abs(y - 4.3 - slope * x) < width / 2 * np.hypot(1, slope)
    mask = mask_of(covered(fine.reshape(30, 30, 30, 30).mean(axis=(1, 3))), 30, 30)
    columns = mask.pixels[:, 1:24].sum(axis=0)
    assert columns.min() >= 1
    assert columns.mean() <= 2.2


def test_texture_leaves_the_slow_part_out() -> None:
    y, x = np.mgrid[0:40, 0:40]
    draw = np.random.Generator(np.random.PCG64(4))
    smooth = 100 + 0.5 * x + 0.01 * y * y
    inside = np.zeros((40, 40), np.float32)
    inside[18:22, 18:22] = 1
    mask = mask_of(covered(inside), 40, 40)
    assert texture_of(smooth, mask) < 0.01
    assert texture_of(smooth + draw.normal(0, 2, smooth.shape), mask) == pytest.approx(2, rel=0.1)


def test_what_no_person_sees_on_a_screen_is_not_called_visible() -> None:
    """A thousand calm black pixels that move together: certain for a matched filter, nothing for an eye."""
    clean = np.full((1000, 1), 20.0)
    marked = np.ones(1000, np.bool_)
    verdicts = []
    for move in (1.2, 2.0, 4.0):
        asked = {"zero": 10.0, "marked": marked, "white": 265.0}
        verdicts.append(notice(clean, clean + move, np.ones(1000), 0.6, **asked).verdict)
        assert notice(clean, clean + move, np.ones(1000), 0.6, zero=10.0, marked=marked).verdict == "visible"
    assert verdicts == ["not visible", "faint", "visible"]
