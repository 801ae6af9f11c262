"""Orders of scores, against what the words say, counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstshift.core.errors import BadInput
from firstshift.tasks.measures.ranking import area_under_roc, average_precision, detected_at, threshold_at

MANY = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({is_defect for _, is_defect in rows}) == 2
)


@given(rows=MANY, share=st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_each_is_what_it_says(rows: list[tuple[int, bool]], share: float) -> None:
    scores, is_defect = np.array([one for one, _ in rows], float), np.array([one for _, one in rows])
    defects, good = scores[is_defect], scores[~is_defect]
    wins = [(one > other) + 0.5 * (one == other) for one in defects for other in good]
    assert area_under_roc(scores, is_defect) == pytest.approx(np.mean(wins))
    at_each = [(defects >= one).sum() / (scores >= one).sum() for one in defects]
    assert average_precision(scores, is_defect) == pytest.approx(np.mean(at_each))
    threshold = threshold_at(scores, is_defect, share)
    assert (good > threshold).mean() <= share + 1e-9
    lower = [one for one in {-np.inf, *good} if one < threshold]
    assert all((good > one).mean() > share - 1e-9 for one in lower)
    assert detected_at(scores, is_defect, share) == (defects > threshold).mean()


def test_the_ends() -> None:
    scores, is_defect = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert area_under_roc(scores, is_defect) == average_precision(scores, is_defect) == 1
    assert area_under_roc(-scores, is_defect) == 0
    assert detected_at(scores, is_defect, 0.0) == 1
    assert detected_at(np.array([np.inf, 0, 1, 2.0]), is_defect, 0.5) == 1


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(BadInput, match="no defect"):
        area_under_roc(np.zeros(3), np.zeros(3, bool))
    with pytest.raises(BadInput, match="defects only"):
        average_precision(np.zeros(3), np.ones(3, bool))
    with pytest.raises(BadInput, match="1 NaN"):
        area_under_roc(np.array([1, np.nan]), np.array([True, False]))
    with pytest.raises(BadInput, match="for each image"):
        area_under_roc(np.zeros(3), np.zeros(2, bool))
    with pytest.raises(BadInput, match="false alarms"):
        detected_at(np.array([1.0, 2]), np.array([True, False]), 1.5)
