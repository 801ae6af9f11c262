"""Intervals over parts."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.tasks.measures.intervals import interval
from firstshift.tasks.measures.ranking import area_under_roc


def test_intervals_are_over_parts() -> None:
    """Ten photographs of each part say the same: they make an interval no narrower."""
    random = np.random.default_rng(3)
    of_parts = random.normal(size=60)
    once = interval(lambda which: float(of_parts[which].mean()), range(60), seed=Seed(1))
    repeated = np.repeat(of_parts, 10)
    often = interval(lambda which: float(repeated[which].mean()), np.repeat(np.arange(60), 10).tolist(), seed=Seed(1))
    assert (often.n, often.parts, once.parts) == (600, 60, 60)
    assert (often.low, often.high) == pytest.approx((once.low, once.high))
    half_width = 1.96 * of_parts.std() / np.sqrt(60)
    assert (once.high - once.low) / 2 == pytest.approx(half_width, rel=0.15)
    assert once.low < once.value < once.high
    assert str(often).endswith("n = 600 of 60 parts)")
    assert interval(lambda which: float(repeated[which].mean()), list(range(600)), seed=Seed(1)).low > often.low


def test_draws_without_a_defect_are_drawn_again() -> None:
    scores, is_defect = np.arange(12.0), np.array([*[False] * 10, True, True])
    found = interval(lambda which: area_under_roc(scores[which], is_defect[which]), range(12), seed=Seed(2), draws=200)
    assert found.value == found.low == found.high == 1
    with pytest.raises(BadInput, match="no defect"):
        interval(lambda which: area_under_roc(scores[which], is_defect[which] & False), range(12), seed=Seed(2))
    with pytest.raises(BadInput, match="20 draws"):
        interval(lambda _: 0.0, range(5), seed=Seed(1), draws=3)
