"""Numbers of one flaw: drawn from the plan's ranges, moved by severity, and written down.

**Severity.** An entry's `severity: [mildest, worst]` splits each of its ranges into as many bands as there are grades.
A flaw of grade g takes its sizes, depth and contrast from band g, widened by a quarter of a band on both sides: grades
overlap, as those of people do. Lengths and depths are spread evenly in their logarithm (in a range of 0.5–50 mm as many
flaws are shorter than 5 mm as longer), shares and angles evenly. What says nothing about how bad a flaw is, the
height of lips for example, comes from the whole range.

Each draw hangs on the seed and on its own name only, so a new draw in a type does not change the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.spec.catalogue import Defect
from firstshift.spec.declared import Range

RESERVED = frozenset(("instance", "type", "visibility", "contrast_to_noise", "at_mm", "turned_deg", "region"))
"""Names under which a label tells what was found of a flaw: no draw may be called so. (`contrast` may: many types have
such a setting, and the label calls it `drawn_contrast`.)"""
OVERLAP = 0.25
"""Share of a band by which it reaches into its neighbours."""


def band_of(grades: tuple[int, int], severity: int) -> Range:
    """Which share of each range belongs to a grade."""
    mildest, worst = grades
    if not mildest <= severity <= worst:
        raise BadInput(where="severity", expected=f"a grade from {mildest} to {worst}", found=severity)
    bands = worst - mildest + 1
    low, high = severity - mildest - OVERLAP, severity - mildest + 1 + OVERLAP
    return Range(max(0.0, low / bands), min(1.0, high / bands))


def refuse_reserved(recorded: Iterable[str], where: str) -> None:
    taken = sorted(RESERVED.intersection(recorded))
    if taken:
        raise BadInput(
            where=where,
            expected=f"other names than {', '.join(sorted(RESERVED))}, which the label uses itself",
            found=", ".join(taken),
            way_out=f"call it something else, for example own_{taken[0]}",
        )


@dataclass(slots=True)
class Draws:
    """The draws of one flaw; `recorded` is what the label will say."""

    band: Range
    seed: Seed
    recorded: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Defect, severity: int, seed: Seed) -> Draws:
        return cls(band_of(entry.severity, severity), seed)

    def graded(self, name: str, span: Range) -> float:
        """The worse the flaw, the larger. Spread evenly in the logarithm when the span allows it."""
        share = self.band.at(self.seed.uniform("draw", name))
        value = span.low * (span.high / span.low) ** share if span.low > 0 else span.at(share)
        return self._record(name, min(max(value, span.low), span.high))

    def graded_count(self, name: str, span: Range) -> int:
        share = self.band.at(self.seed.uniform("draw", name))
        low, high = math.ceil(span.low), math.floor(span.high)
        count = min(high, max(low, low + math.floor((high - low + 1) * share)))
        self.recorded[name] = int(count)
        return int(count)

    def graded_count_between(self, name: str, low: int, high: int) -> int:
        """A number that the plan does not speak of, larger for worse flaws."""
        return self.graded_count(name, Range(low, high))

    def any_of(self, name: str, span: Range) -> float:
        """Anywhere in the range, whatever the severity."""
        return self._record(name, span.at(self.seed.uniform("draw", name)))

    def between(self, name: str, low: float, high: float) -> float:
        """A detail of the shape that the plan does not speak of; recorded all the same."""
        return self._record(name, low + (high - low) * self.seed.uniform("draw", name))

    def choice(self, name: str, **weights: float) -> str:
        """One of several words, by weight."""
        at = self.seed.uniform("draw", name) * sum(weights.values())
        words = list(weights)
        for word in words:
            at -= weights[word]
            if at < 0:
                break
        self.recorded[name] = word
        return word

    def generator(self, *name: str | int) -> np.random.Generator:
        """Randomness of the texture: not recorded, made again from the seed."""
        return self.seed.child("texture", *name).generator()

    def _record(self, name: str, value: float) -> float:
        # Four digits are more than anybody measures; drawing with the rounded value keeps record and flaw the same.
        value = float(f"{value:.4g}")
        self.recorded[name] = value
        return value
