"""Predicted classes against true ones, for images or for pixels: counts first, every share from them.

    counts = confusion(predicted, true, classes=3)      # (true, predicted)
    precision(counts), recall(counts), f1(counts), intersection_over_union(counts)

Counts of several images add up, so a set of any size is measured without keeping it. A share with nothing below the
line is NaN, not 0 and not 1: a class that nobody saw says nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def confusion(predicted: npt.NDArray[np.integer], true: npt.NDArray[np.integer], classes: int) -> Counts:
    """(classes, classes): how many of each true class got each answer."""
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape:
        raise BadInput(where="measures", expected=f"answers of {true.shape}", found=predicted.shape)
    for name, one in (("answers", predicted), ("truths", true)):
        if one.size and (one.min() < 0 or one.max() >= classes):
            raise BadInput(
                where="measures", expected=f"{name} of 0 to {classes - 1}", found=f"{one.min()} to {one.max()}"
            )
    pairs = true.astype(np.int64).ravel() * classes + predicted.astype(np.int64).ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def precision(counts: Counts) -> Shares:
    return _share(np.diagonal(counts), counts.sum(axis=0))


def recall(counts: Counts) -> Shares:
    return _share(np.diagonal(counts), counts.sum(axis=1))


def f1(counts: Counts) -> Shares:
    """2·hits / (answers + truths): NaN only where there are neither."""
    return _share(2 * np.diagonal(counts), counts.sum(axis=0) + counts.sum(axis=1))


def intersection_over_union(counts: Counts) -> Shares:
    hits = np.diagonal(counts)
    return _share(hits, counts.sum(axis=0) + counts.sum(axis=1) - hits)


def accuracy(counts: Counts) -> float:
    total = int(counts.sum())
    return float(np.trace(counts) / total) if total else float("nan")


def _share(part: Counts, whole: Counts) -> Shares:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan).astype(np.float64)
