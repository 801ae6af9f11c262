"""What a run has to tell at its end: how much there is, how well flaws are seen, and what a person should look at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import NOT_VISIBLE, Label
from firstshift.line.synth.journal import Tally
from firstshift.line.synth.settings import GOOD
from firstshift.store.images import NewImage


@dataclass(frozen=True, slots=True)
class Hidden:
    """Parts of one class whose flaw shows in no channel, against the share that the plan keeps."""

    parts: int
    not_visible: int
    share: float
    """`synthetic.not_visible` of the plan."""

    @property
    def is_exceeded(self) -> bool:
        """Rounded up to whole parts: of two, one may hide."""
        return self.not_visible > math.ceil(self.share * self.parts - 1e-9)

    def to_json(self) -> dict[str, Any]:
        return {
            "parts": self.parts, "not_visible": self.not_visible, "plan": self.share, "exceeded": self.is_exceeded,
        }  # fmt: skip


@dataclass(slots=True)
class SynthReport:
    """`images` and `known` count images; a part has one for each light channel."""

    run: str
    images: int = 0
    """Recorded by this call."""
    known: int = 0
    """Images of what was asked for that were recorded earlier and are still kept."""
    retired: int = 0
    """Images of what was asked for whose pixels retention has given up; only their records are left."""
    parts: Counter[str] = field(default_factory=Counter)
    """Parts of each kind that the run now has."""
    seen: Counter[str] = field(default_factory=Counter)
    """Flaws on the images of this call by how well they are seen: visible, faint, not visible."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Classes that cannot be drawn, and why."""
    problems: dict[str, str] = field(default_factory=dict)
    """Photographs that were left out, and why."""
    hidden: dict[str, Hidden] = field(default_factory=dict)
    """By class, over the whole run."""
    without_place: dict[str, int] = field(default_factory=dict)
    """By kind, over the whole run: parts that were left out, because their flaw found no place."""

    def require_any(self) -> None:
        """A run that leaves nothing behind has failed, whatever the reason."""
        if not self.images + self.known + self.retired:
            why = next(iter(self.warnings), "every part was left out")
            raise BadInput(where="synth", expected="images", found=f"none; {why}")

    def close(self, kinds: Mapping[str, Tally], share: float) -> None:
        self.parts = Counter({kind: one.parts for kind, one in kinds.items() if one.parts})
        self.without_place = {kind: len(one.without_place) for kind, one in kinds.items() if one.without_place}
        self.hidden = {
            kind: Hidden(one.parts, one.not_visible, share) for kind, one in kinds.items() if kind != GOOD and one.parts
        }

    @property
    def warnings(self) -> list[str]:
        """One line each, with numbers and what to do."""
        hidden = [
            f"{kind}: the flaw shows in no channel on {one.not_visible:,} of {one.parts:,} parts, where the plan's "
            f"synthetic.not_visible keeps {one.share:.0%}; raise its severity or sizes, add a light that shows it, or "
            "raise that share"
            for kind, one in self.hidden.items()
            if one.is_exceeded
        ]
        placeless = [
            f"{kind}: {count:,} of {count + self.parts[kind]:,} parts are left out, because {_what_is_missing(kind)}; "
            "look at its regions and place, and at part.placement"
            for kind, count in self.without_place.items()
        ]
        return hidden + placeless

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "images": self.images,
            "known": self.known,
            "retired": self.retired,
            "parts": dict(self.parts),
            "flaws": dict(self.seen),
            "not_visible": {kind: one.to_json() for kind, one in self.hidden.items()},
            "without_place": self.without_place,
            "skipped": self.skipped,
            **({"problems": self.problems} if self.problems else {}),
        }


Told = tuple[tuple[str, int], Label | None]
"""Kind and number of an image's part, and what its label says."""


def told_by(images: Iterable[NewImage]) -> list[Told]:
    told = []
    for image in images:
        made = image.capture.provenance
        label = image.label.label if image.label is not None else None
        told.append(((str(made["kind"]), int(made["number"])), label))
    return told


def tallied(images: Iterable[Told], asked: Iterable[tuple[str, int]]) -> dict[str, Tally]:
    """Of images, and the kind and number of each part that was asked for."""
    shows: dict[tuple[str, int], bool] = {}
    for part, label in images:
        shows[part] = shows.get(part, False) or label is None or _shows(label)
    found: dict[str, Tally] = {}
    for kind, number in asked:
        one = found.setdefault(kind, Tally())
        if (kind, number) not in shows:
            one.without_place.append(number)
            continue
        one.parts += 1
        one.not_visible += not shows[kind, number]
    return found


def _shows(label: Label) -> bool:
    """The flaw that was asked for comes first; good parts have none that could hide."""
    return not label.annotations or label.annotations[0].attributes.get("visibility") != NOT_VISIBLE


def _what_is_missing(kind: str) -> str:
    return "the part lies outside the image" if kind == GOOD else "the flaw finds no place in the image"
