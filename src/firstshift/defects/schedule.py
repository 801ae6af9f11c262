"""Which flaws one image gets: of which classes, how many, how bad.

    draws = draw_flaws_of(plan.defects, per_image=(1, 3), together=Together(mixed=0.4), seed=seed)
    for one in draws:
        imprint = draw_flaw(plan.defects[one.entry], ground, one.severity, one.seed)

The first class comes from the entries' frequencies (or is given), its number from the entry's `count`. `per_image` sets
how many flaws an image has in all; what `count` leaves open is filled with more, of the same class or of others as
`together` says. Grades are drawn evenly within each entry's `severity`: the mild end is as frequent as the gross one,
because a model has to learn where a flaw begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.spec.catalogue import Defect

MOST_PER_IMAGE = 500


@dataclass(frozen=True, slots=True)
class Together:
    """Which flaws share an image."""

    mixed: float = 0.3
    """Chance that a further flaw is of another class than the first; 0 keeps an image to one class."""
    likelier: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """{("burr", "chip"): 5}: beside a burr a chip comes five times as often as its frequency alone says; 0 never."""

    def __post_init__(self) -> None:
        if not 0 <= self.mixed <= 1:
            raise BadInput(where="together: mixed", expected="a share from 0 to 1", found=self.mixed)
        for pair, factor in self.likelier.items():
            if factor < 0:
                raise BadInput(where=f"together: {' and '.join(pair)}", expected="0 or more", found=factor)

    def factor(self, first: str, other: str) -> float:
        return self.likelier.get((first, other), self.likelier.get((other, first), 1.0))


@dataclass(frozen=True, slots=True)
class FlawDraw:
    """One flaw to come: everything `draw_flaw` needs besides the ground."""

    entry: int
    """Index into the plan's defects."""
    class_name: str
    severity: int
    seed: Seed


def draw_flaws_of(
    defects: Sequence[Defect],
    *,
    target_class: str | None = None,
    per_image: tuple[int, int] | None = None,
    together: Together = Together(),
    seed: Seed,
    types: DrawnTypes = DRAWN_TYPES,
) -> tuple[FlawDraw, ...]:
    """At least one flaw. Entries without a model ('other') and of frequency 0 do not come by themselves."""
    drawable = {index: entry for index, entry in enumerate(defects) if types.can_be_drawn(entry)}
    first = _first(defects, drawable, target_class, seed.child("first"))
    fewest, most = defects[first].count
    if per_image is not None:
        _check(per_image)
        fewest, most = min(fewest, per_image[1]), min(most, per_image[1])
    count = _whole(fewest, most, seed.child("count"))
    entries = [first] * count
    total = count if per_image is None else max(count, _whole(*per_image, seed.child("total")))
    for number in range(count, total):
        entries.append(_next(drawable, first, together, seed.child("further", number)))
    return tuple(_flaw(defects[index], index, seed.child("flaw", number)) for number, index in enumerate(entries))


def _first(defects: Sequence[Defect], drawable: Mapping[int, Defect], target: str | None, seed: Seed) -> int:
    if target is None:
        weights = {index: entry.frequency for index, entry in drawable.items() if entry.frequency > 0}
    else:
        named = {index: entry for index, entry in enumerate(defects) if entry.class_name == target}
        if not named:
            classes = ", ".join(dict.fromkeys(entry.class_name for entry in defects))
            raise BadInput(
                where="defect class", expected=f"one of {classes or 'none: the plan has no defects'}", found=target
            )
        # Somebody asked for this class: a frequency of 0 counts then like any other.
        weights = {index: max(entry.frequency, 1e-9) for index, entry in named.items() if index in drawable}
    if not weights:
        raise BadInput(
            where=f"defect class {target!r}" if target else "defects",
            expected="an entry that can be drawn, with a frequency above 0",
            found="none" if target is None else "a type without a model",
            way_out="leave it to real images, or give the file with its model: --defects FILE.py",
        )
    return _weighted(weights, seed)


def _next(drawable: Mapping[int, Defect], first: int, together: Together, seed: Seed) -> int:
    name = drawable[first].class_name
    if seed.uniform("mixed") >= together.mixed:
        return first
    weights = {
        index: entry.frequency * together.factor(name, entry.class_name)
        for index, entry in drawable.items()
        if entry.class_name != name
    }
    weights = {index: weight for index, weight in weights.items() if weight > 0}
    return _weighted(weights, seed.child("class")) if weights else first


def _flaw(entry: Defect, index: int, seed: Seed) -> FlawDraw:
    return FlawDraw(index, entry.class_name, _whole(*entry.severity, seed.child("severity")), seed)


def _weighted(weights: Mapping[int, float], seed: Seed) -> int:
    at = seed.uniform() * sum(weights.values())
    chosen = next(iter(weights))
    for index, weight in weights.items():
        chosen = index
        at -= weight
        if at < 0:
            break
    return chosen


def _whole(low: int, high: int, seed: Seed) -> int:
    return min(high, low + int(seed.uniform() * (high - low + 1)))


def _check(per_image: tuple[int, int]) -> None:
    low, high = per_image
    if not 1 <= low <= high <= MOST_PER_IMAGE:
        raise BadInput(
            where="flaws per image", expected=f"[fewest, most] from 1 to {MOST_PER_IMAGE}", found=list(per_image)
        )
