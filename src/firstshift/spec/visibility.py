"""Can this camera see that flaw? Visible, marginal or invisible, from the flaw's narrowest size and the optics.

The narrowest size on the surface is compared with the *picture element*: half the smallest resolvable size, which is
one pixel where sampling is the limit and more where diffraction or defocus is.

- **visible** from 3 elements: its shape survives, whatever its place on the pixel grid (two of the three pixels are
  covered fully). Three pixels on the smallest flaw is the usual rule of machine vision.
- **marginal** from 1 element: it changes at least one pixel by most of its own contrast, its shape is lost.
- **invisible** below, because a round flaw of share a of a pixel's width changes that pixel by a² of its contrast only.

A line is different: it loses contrast in proportion to its width only, and it leaves it in every pixel along its way. A
scratch of half contrast that covers 0.2 of a pixel darkens it by 10 %: several times a camera's noise (about 1 % of a
well exposed 10,000 electron pixel), but no more than the texture of a machined surface. Along 10 elements the eye, and
a filter, gain √10 ≈ 3 over that texture. So a line at least 10 elements long is **marginal** from 0.2 elements of
width.

Contrast is not known here: how dark a flaw looks depends on light and finish. The verdict says what geometry allows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from firstshift.spec.catalogue import Defect

VISIBLE_FROM = 3.0
MARGINAL_FROM = 1.0
LINE_MARGINAL_FROM = 0.2
LINE_LENGTH = 10.0


class Visibility(StrEnum):
    VISIBLE = "visible"
    MARGINAL = "marginal"
    INVISIBLE = "invisible"
    UNKNOWN = "unknown"
    """The entry names no size."""


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """What the optics make of one entry of the catalogue."""

    class_name: str
    type: str
    narrow_mm: tuple[float, float] | None
    """Its narrowest size, smallest and largest flaw of the entry."""
    elements: tuple[float, float] | None
    """The same in picture elements (pixels, where sampling is the limit)."""
    smallest: Visibility
    """The verdict on the smallest flaw of the entry: the one a line is judged by."""
    largest: Visibility
    visible_from_mm: float
    """Narrowest size from which a flaw is visible here."""
    why: str

    @property
    def verdict(self) -> Visibility:
        return self.smallest

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "smallest": str(self.smallest), "largest": str(self.largest)}


def visibility(narrow: float, long: float) -> Visibility:
    """Both sizes in picture elements."""
    if narrow >= VISIBLE_FROM:
        return Visibility.VISIBLE
    if narrow >= MARGINAL_FROM or (narrow >= LINE_MARGINAL_FROM and long >= LINE_LENGTH):
        return Visibility.MARGINAL
    return Visibility.INVISIBLE


def class_facts(entry: Defect, element_mm: float) -> ClassFacts:
    narrow, long = entry.narrow_mm, entry.long_mm
    visible_from = VISIBLE_FROM * element_mm
    if narrow is None or long is None:
        unknown = Visibility.UNKNOWN
        why = "the entry names no size"
        return ClassFacts(entry.class_name, entry.type, None, None, unknown, unknown, visible_from, why)
    low, high = narrow.low / element_mm, narrow.high / element_mm
    smallest = visibility(low, long.low / element_mm)
    largest = visibility(high, long.high / element_mm)
    why = f"{narrow.low:g} mm is {_count(low)}"
    if smallest is Visibility.MARGINAL and low < MARGINAL_FROM:
        why += ", seen by its contrast along its length only"
    if smallest is not Visibility.VISIBLE:
        why += f"; from {visible_from:.2g} mm on it is visible"
    return ClassFacts(
        entry.class_name, entry.type, (narrow.low, narrow.high), (low, high), smallest, largest, visible_from, why
    )


def _count(elements: float) -> str:
    return f"{elements:.2g} picture element{'' if elements == 1 else 's'}"
