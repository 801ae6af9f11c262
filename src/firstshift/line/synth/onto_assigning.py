"""Which photograph gets which flaws: what is recorded stays where it is, what is new goes where least is.

So more photographs, or more images of each class, only add. For the same photographs the choice hangs on the seed and
their ids alone, and a run that was stopped chooses as if it had not been.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count as counted

from firstshift.core.seed import Seed
from firstshift.line.synth.onto_order import OntoSettings

Wish = tuple[str, int]
"""One image that is asked for: its class, and its number among those of the class."""


def assigned(
    ids: Collection[str], classes: Sequence[str], settings: OntoSettings, taken: Mapping[Wish, str]
) -> dict[str, tuple[Wish, ...]]:
    """What each photograph is still asked for. `taken`: the photograph of each wish that was worked at."""
    seed = Seed(settings.seed).child("photographs")
    order = sorted(ids, key=lambda one: (seed.child(one).uniform(), one))
    if settings.per_photo:
        return _by_photograph(order, classes, settings.per_photo, taken)
    return _by_class(order, classes, settings.per_defect, taken)


def _by_class(
    order: Sequence[str], classes: Sequence[str], count: int, taken: Mapping[Wish, str]
) -> dict[str, tuple[Wish, ...]]:
    """The next image of a class goes onto the photograph that has fewest of it; each class starts elsewhere."""
    asked: dict[str, list[Wish]] = {one: [] for one in order}
    for place, name in enumerate(classes):
        start = place * len(order) // len(classes)
        turn = {one: (rank - start) % len(order) for rank, one in enumerate(order)}
        load: Counter[str] = Counter()
        heap = [(0, turn[one], one) for one in order]
        heapq.heapify(heap)
        for number in range(count):
            one = taken.get((name, number))
            if one is None:
                while heap[0][0] != load[heap[0][2]]:
                    heapq.heappop(heap)  # it got one since
                one = heap[0][2]
                asked[one].append((name, number))
            load[one] += 1
            if one in turn:
                heapq.heappush(heap, (load[one], turn[one], one))
    return {one: tuple(wishes) for one, wishes in asked.items() if wishes}


def _by_photograph(
    order: Sequence[str], classes: Sequence[str], count: int, taken: Mapping[Wish, str]
) -> dict[str, tuple[Wish, ...]]:
    """A photograph's next class is the one that it has least of, then the one that all before it have least of."""
    had: dict[str, Counter[str]] = {one: Counter() for one in order}
    for (name, _), one in taken.items():
        if one in had and name in classes:
            had[one][name] += 1
    spread: Counter[str] = Counter()
    free = {name: _free_numbers(name, taken) for name in classes}
    asked: dict[str, tuple[Wish, ...]] = {}
    for one in order:
        own = had[one]
        spread.update(own)
        wishes = []
        for _ in range(count - own.total()):
            _, _, place = min((own[name], spread[name], place) for place, name in enumerate(classes))
            name = classes[place]
            own[name] += 1
            spread[name] += 1
            wishes.append((name, next(free[name])))
        if wishes:
            asked[one] = tuple(wishes)
    return asked


def _free_numbers(name: str, taken: Mapping[Wish, str]) -> Iterator[int]:
    return (number for number in counted() if (name, number) not in taken)
