"""The exact expectation against every possible split, one by one."""

from __future__ import annotations

from itertools import combinations

import pytest

from firstshift.likeness import leak_count, leaks_of


@pytest.mark.parametrize("labels", [[0, 0, 0, 1, 1, 2, 3], [5, 5, 5, 5], [1, 2, 3, 4], [0, 0, 1, 1, 2, 2, 2, 2]])
@pytest.mark.parametrize("test_share", [0.0, 0.2, 0.5, 0.75, 1.0])
def test_equals_the_mean_over_all_splits(labels: list[int], test_share: float) -> None:
    tests = round(len(labels) * test_share)
    leaks = [
        leaks_of(labels, ["test" if k in chosen else "train" for k in range(len(labels))])
        for chosen in map(set, combinations(range(len(labels)), tests))
    ]
    assert leak_count(labels, test_share) == pytest.approx(sum(leaks) / len(leaks))


def test_large_sets_do_not_overflow() -> None:
    labels = [k // 6 for k in range(600_000)]
    assert leak_count(labels, 0.2) == pytest.approx(120_000 * (1 - 0.2**5), rel=1e-4)


def test_an_image_on_neither_side_leaks_nothing() -> None:
    assert leaks_of([0, 0, 0], ["test", "validation", "golden"]) == 0
    assert leaks_of([0, 0, 1], {0: "test", 1: "train", 2: "test"}) == 1
