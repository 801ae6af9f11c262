"""What a split by images would have leaked: test images whose part was photographed for training as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, lgamma


def leak_count(labels: Sequence[int], test_share: float) -> float:
    """Test images that have a repeat among the training images, on average over all random splits by image.

    `labels[k]` is the group of image k (`Groups.labels()`). Of n images, t = round(n · test_share) test, drawn without
    putting back. An image of a group of size s tests with chance t / n and then has no repeat in training only if the
    other s − 1 of its group test too: C(n − s, t − s) / C(n − 1, t − 1). Exact, nothing is drawn.
    """
    images = len(labels)
    tests = min(images, max(0, round(images * test_share)))
    if not 0 < tests < images:
        return 0.0
    leaks = 0.0
    for size, groups in Counter(Counter(labels).values()).items():
        leaks += groups * size * tests / images * (1.0 - _all_test(images, tests, size))
    return leaks


def leaks_of(
    labels: Sequence[int], side: Mapping[int, str] | Sequence[str], test: str = "test", train: str = "train"
) -> int:
    """Test images of *this* split that have a repeat in training; `side[k]` is the side on which image k lies."""
    trained = {label for k, label in enumerate(labels) if side[k] == train}
    return sum(1 for k, label in enumerate(labels) if side[k] == test and label in trained)


def _all_test(images: int, tests: int, size: int) -> float:
    """Given that one image of a group tests: the chance that the rest of the group does."""
    if size > tests:
        return 0.0
    return 1.0 if size == 1 else exp(_choices(images - size, tests - size) - _choices(images - 1, tests - 1))


def _choices(among: int, chosen: int) -> float:
    return lgamma(among + 1) - lgamma(chosen + 1) - lgamma(among - chosen + 1)
