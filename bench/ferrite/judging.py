"""AUROC and detection at a rate of false alarms. Intervals over tiles: photographs of one tile are no new evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
BOOTSTRAPS = 500


@dataclass(frozen=True, slots=True)
class Tested:
    """What all models were tested on, in the order of their scores."""

    kinds: tuple[str, ...]
    tiles: npt.NDArray[np.int64]

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        return np.array([kind == "Free" for kind in self.kinds])


def auroc(scores: F64, good: npt.NDArray[np.bool_]) -> float:
    """Chance that a defective one scores above a good one (Mann and Whitney 1947)."""
    order = np.argsort(scores, kind="stable")
    rank = np.empty(len(scores))
    rank[order] = np.arange(1, len(scores) + 1)
    bad = ~good
    return float((rank[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * good.sum()))


def detection(scores: F64, good: npt.NDArray[np.bool_], false_alarms: float) -> float:
    """Share of defective photographs above what `false_alarms` of the good ones exceed."""
    return float((scores[~good] > np.quantile(scores[good], 1 - false_alarms)).mean())


def figures(scores: F64, good: npt.NDArray[np.bool_]) -> F64:
    return np.array([auroc(scores, good), detection(scores, good, 0.05), detection(scores, good, 0.10)])


@dataclass(frozen=True, slots=True)
class Judged:
    mean: F64
    """AUROC, detection at 5 % and 10 %: mean of the seeds."""
    low: F64
    high: F64
    seeds: F64
    """(seeds, 3)"""


def judged(scores: Sequence[F64], tested: Tested) -> Judged:
    """95 % bootstrap interval (Efron 1979): tiles are drawn again, good and defective ones apart, and seeds too."""
    generator = np.random.default_rng(0)
    seeds = np.array([figures(one, tested.good) for one in scores])
    drawn = np.array([_again(scores, tested, generator) for _ in range(BOOTSTRAPS)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return Judged(seeds.mean(axis=0), low, high, seeds)


def _again(scores: Sequence[F64], tested: Tested, generator: np.random.Generator) -> F64:
    rows = np.concatenate([_tiles_again(tested, side, generator) for side in (tested.good, ~tested.good)])
    good = tested.good[rows]
    which = generator.integers(len(scores), size=len(scores))
    return np.asarray(np.mean([figures(scores[k][rows], good) for k in which], axis=0))


def _tiles_again(tested: Tested, side: npt.NDArray[np.bool_], generator: np.random.Generator) -> npt.NDArray[np.int64]:
    here = np.flatnonzero(side)
    order = here[np.argsort(tested.tiles[here], kind="stable")]
    pieces = np.split(order, np.flatnonzero(np.diff(tested.tiles[order])) + 1)
    return np.concatenate([pieces[k] for k in generator.integers(len(pieces), size=len(pieces))])


def by_class(scores: Sequence[F64], tested: Tested) -> dict[str, float]:
    """AUROC of one class against the good ones, mean of the seeds."""
    kinds = np.array(tested.kinds)
    found = {}
    for kind in sorted(set(tested.kinds) - {"Free"}):
        here = tested.good | (kinds == kind)
        found[kind] = float(np.mean([auroc(one[here], tested.good[here]) for one in scores]))
    return found
