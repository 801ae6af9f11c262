"""Pairs of images compared by their landmarks, each common landmark weighed by how rare it is in this data set.

The rim of a bottle or the print of a label lies on every image of the product: finding it on two of them says nothing.
So each image meets a random cohort first, and a landmark that is found on many of the cohort counts little. What is
left is what only these two photographs share: scratches, pores, stains, the grain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.progress import Progress
from firstshift.likeness.candidates import Pairs
from firstshift.likeness.landmarks import Floats
from firstshift.likeness.registration import Registration, register
from firstshift.likeness.signature import Signature

AT_LEAST = 3
"""Two landmarks agree on some move by chance in nearly every pair; fewer than three are not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    first: int
    second: int
    mirrored: bool
    registration: Registration


class Comparer:
    """Compares signatures pair by pair; remembers only pairs with something in common."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._signatures = signatures
        self._first: tuple[int, Floats, Floats] | None = None

    def compare(self, first: int, second: int, mirrored: bool = False) -> Comparison | None:
        if self._first is None or self._first[0] != first:
            landmarks = self._signatures[first].landmarks
            self._first = (first, landmarks.places, landmarks.unit_descriptions())
        other = self._signatures[second]
        landmarks = other.landmarks.mirrored(other.width_px) if mirrored else other.landmarks
        found = register(self._first[1], self._first[2], landmarks.places, landmarks.unit_descriptions())
        return Comparison(first, second, mirrored, found) if len(found) >= AT_LEAST else None

    def compare_all(self, pairs: Pairs, progress: Progress, mirrored: bool = False) -> list[Comparison]:
        found: list[Comparison] = []
        for first, second in pairs.tolist():
            comparison = self.compare(first, second, mirrored)
            if comparison is not None:
                found.append(comparison)
            progress.advance()
        return found


class Rarity:
    """How much each landmark of each image tells: 1 if no image of the cohort has it, 0 if all have."""

    def __init__(self, sizes: Sequence[int], cohort: Pairs, found: Sequence[Comparison]) -> None:
        self._seen = [np.zeros(size, dtype=np.int64) for size in sizes]
        self._met = np.bincount(cohort.ravel(), minlength=len(sizes))
        self._cohort: set[tuple[int, int]] = set()
        for comparison in found:
            self._seen[comparison.first][comparison.registration.here] += 1
            self._seen[comparison.second][comparison.registration.there] += 1
            self._cohort.add((comparison.first, comparison.second))

    def evidence(self, comparison: Comparison) -> float:
        """The landmarks two images share, each counted by its rarity on both sides."""
        # A pair of the cohort must not make its own landmarks common.
        own = not comparison.mirrored and (comparison.first, comparison.second) in self._cohort
        here = self._weights(comparison.first, comparison.registration.here, own)
        there = self._weights(comparison.second, comparison.registration.there, own)
        return float((here * there).sum())

    def _weights(self, image: int, landmarks: npt.NDArray[np.intp], own: bool) -> npt.NDArray[np.float64]:
        seen = self._seen[image][landmarks] - (1 if own else 0)
        met = max(1, int(self._met[image]) - (1 if own else 0))
        return np.asarray(np.maximum(0.0, 1.0 - np.log1p(seen) / np.log1p(max(met, 2))))
