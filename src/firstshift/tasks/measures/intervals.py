"""How sure a figure is: drawn again over parts, because photographs of one part tell the same thing several times.

interval(lambda which: area_under_roc(scores[which], is_defect[which]), parts, seed=Seed(1))
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    value: float
    low: float
    high: float
    """95 %, bootstrap percentiles over parts (Efron 1979)."""
    n: int
    """Images."""
    parts: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f}, n = {self.n} of {self.parts} parts)"


def interval(
    measure: Callable[[Rows], float], parts: Sequence[Hashable], *, seed: Seed, draws: int = 1000, level: float = 0.95
) -> Measured:
    """`measure` of some images by their numbers; one that cannot be measured (BadInput: no defect drawn) is drawn
    again, as often as half of all draws."""
    if not len(parts) or draws < 20 or not 0 < level < 1:
        raise BadInput(where="interval", expected="images, 20 draws or more, a level of 0 to 1", found=len(parts))
    number = {part: place for place, part in enumerate(dict.fromkeys(parts))}
    owner = np.array([number[part] for part in parts])
    rows = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    generator, found, failed = seed.generator(), list[float](), 0
    while len(found) < draws:
        which = np.concatenate([rows[part] for part in generator.integers(len(rows), size=len(rows))])
        try:
            found.append(measure(which))
        except BadInput:
            failed += 1
            if failed > draws // 2:
                raise
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(found, [tail, 100 - tail]).tolist()
    return Measured(measure(np.arange(len(parts))), low, high, len(parts), len(rows))
