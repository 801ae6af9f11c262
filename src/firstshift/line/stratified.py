"""Groups onto sides so that every class has its share on each side: greedy, deterministic, then mended by moves.

The error is the sum over classes and sides of ((count − wanted) / total of the class)²: a rare class counts as much as
a common one. The number of images is one more class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from firstshift.core.seed import Seed

_PASSES = 4
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Bundle:
    """Images that stay together: how many of each class."""

    name: str
    """For the seeded order: does not depend on where the bundle stands in the list."""
    classes: Mapping[Hashable, int]
    fixed: str | None = None
    """The side it must go to."""


def assign(bundles: Sequence[Bundle], shares: Mapping[str, float], seed: Seed) -> list[str]:
    """A side for each bundle."""
    sides = tuple(shares)
    totals: Counter[Hashable] = Counter()
    for bundle in bundles:
        totals.update(bundle.classes)
    board = _Board(sides, shares, totals)
    result = [bundle.fixed or "" for bundle in bundles]
    for bundle, side in zip(bundles, result, strict=True):
        if side:
            board.add(side, bundle, 1)
    free = [k for k, side in enumerate(result) if not side]
    # Large bundles and rare classes first: what is small and common fills the gaps.
    free.sort(key=lambda k: _order(bundles[k], totals, seed))
    for k in free:
        result[k] = min(sides, key=lambda side: (round(board.cost(side, bundles[k], 1), 12), sides.index(side)))
        board.add(result[k], bundles[k], 1)
    for _ in range(_PASSES):
        if not _mend(bundles, result, free, board):
            break
    return result


class _Board:
    """How many of each class lie on each side, and what a change would cost."""

    def __init__(self, sides: Sequence[str], shares: Mapping[str, float], totals: Mapping[Hashable, int]) -> None:
        self.sides = sides
        self._totals = totals
        self._excess: dict[tuple[str, Hashable], float] = {
            (side, name): -shares[side] * total for side in sides for name, total in totals.items()
        }

    def cost(self, side: str, bundle: Bundle, sign: int) -> float:
        change = 0.0
        for name, count in bundle.classes.items():
            now = self._excess[side, name]
            change += ((now + sign * count) ** 2 - now**2) / self._totals[name] ** 2
        return change

    def add(self, side: str, bundle: Bundle, sign: int) -> None:
        for name, count in bundle.classes.items():
            self._excess[side, name] += sign * count


def _order(bundle: Bundle, totals: Mapping[Hashable, int], seed: Seed) -> tuple[float, int, float]:
    weight = sum(count / totals[name] for name, count in bundle.classes.items())
    return (-round(weight, 9), -max(bundle.classes.values(), default=0), seed.uniform("bundle", bundle.name))


def _mend(bundles: Sequence[Bundle], result: list[str], free: Sequence[int], board: _Board) -> bool:
    """One pass of moves that lower the error; False when there was none."""
    moved = False
    for k in free:
        here = result[k]
        gain = board.cost(here, bundles[k], -1)
        costs = {side: gain + board.cost(side, bundles[k], 1) for side in board.sides if side != here}
        there = min(costs, key=lambda side: costs[side], default=here)
        if there != here and costs[there] < -_TINY:
            board.add(here, bundles[k], -1)
            board.add(there, bundles[k], 1)
            result[k] = there
            moved = True
    return moved
