"""Counts of answers, against what the words say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstshift.core.errors import BadInput
from firstshift.tasks.measures.overlap import accuracy, confusion, f1, intersection_over_union, precision, recall


@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_overlap_is_counted_as_the_words_say(pairs: list[tuple[int, int]]) -> None:
    predicted, true = np.array(pairs).T
    counts = confusion(predicted, true, 4)
    assert accuracy(counts) == pytest.approx((predicted == true).mean())
    for kind in range(4):
        said, is_so = predicted == kind, true == kind
        hits = (said & is_so).sum()
        for found, below, above in (
            (precision(counts), said.sum(), hits),
            (recall(counts), is_so.sum(), hits),
            (f1(counts), said.sum() + is_so.sum(), 2 * hits),
            (intersection_over_union(counts), (said | is_so).sum(), hits),
        ):
            assert found[kind] == pytest.approx(above / below) if below else np.isnan(found[kind])
    half = len(pairs) // 2
    apart = confusion(predicted[:half], true[:half], 4) + confusion(predicted[half:], true[half:], 4)
    np.testing.assert_array_equal(apart, counts)


def test_overlap_refuses_what_does_not_fit() -> None:
    with pytest.raises(BadInput, match="answers of"):
        confusion(np.zeros(3, int), np.zeros(4, int), 2)
    with pytest.raises(BadInput, match="0 to 1"):
        confusion(np.array([2]), np.array([0]), 2)
    with pytest.raises(BadInput, match="truths"):
        confusion(np.array([0]), np.array([-1]), 2)
