"""Which classes images can have, which entries of the catalogue draw them, and why the others are left out.

    drawn = Drawn.by_models(plan.defects, types).without(lambda entry: why_not(entry))
    drawn.classes                     # in the plan's order
    drawn.entry_for("scratch", seed)  # one of its entries, as often as their frequencies say

Rendered images, flaws on photographs, contact sheets and benches all ask here, so that they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.defects.drawn import DrawnTypes
from firstshift.line.synth.settings import GOOD
from firstshift.spec.catalogue import Defect
from firstshift.spec.plan import Plan

SPREAD = 4
NO_MODEL = "no model draws it; it is learnt from real images"


@dataclass(frozen=True, slots=True)
class Drawn:
    catalogue: tuple[Defect, ...]
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Why an entry, by its number, is not drawn."""

    @classmethod
    def by_models(cls, catalogue: Sequence[Defect], types: DrawnTypes) -> Drawn:
        return cls(tuple(catalogue)).without(lambda entry: "" if types.can_be_drawn(entry) else NO_MODEL)

    def without(self, why_not: Callable[[Defect], str]) -> Drawn:
        """Less the entries for which there is a reason; those that are left out already are not asked about."""
        found = {number: why_not(entry) for number, entry in enumerate(self.catalogue) if number not in self.reasons}
        return Drawn(self.catalogue, {**self.reasons, **{number: why for number, why in found.items() if why}})

    def why_not(self, entry: Defect) -> str:
        """The reason, or '' for an entry that is drawn."""
        return next((why for number, why in self.reasons.items() if self.catalogue[number] is entry), "")

    @property
    def entries(self) -> tuple[Defect, ...]:
        return tuple(entry for number, entry in enumerate(self.catalogue) if number not in self.reasons)

    @property
    def classes(self) -> tuple[str, ...]:
        """In the plan's order; what has a frequency of 0 never comes."""
        return tuple(dict.fromkeys(entry.class_name for entry in self.entries if entry.frequency > 0))

    @property
    def left_out(self) -> dict[str, str]:
        """Classes that are not drawn, and single entries of classes that others still draw, with the reason."""
        still = {entry.class_name for entry in self.entries}
        told: dict[str, str] = {}
        for number, why in sorted(self.reasons.items()):
            entry = self.catalogue[number]
            alone = entry.class_name not in still
            told.setdefault(entry.class_name if alone else f"{entry.class_name} of defects[{number}]", why)
        return told

    def asked(self, names: Sequence[str]) -> tuple[str, ...]:
        """The classes of these names, or all of them where none is named; refuses one that is not drawn."""
        drawn = self.classes
        for name in names:
            if name not in drawn:
                raise BadInput(
                    where=f"class {name!r}", expected="a class that can be drawn", found=self._why_not(name),
                    way_out=f"these can: {', '.join(drawn)}" if drawn else "`firstshift plan check` tells more",
                )  # fmt: skip
        return tuple(name for name in drawn if not names or name in names)

    def require_any(self) -> None:
        """Somebody asks for flaws: refuses a plan none of whose classes is drawn."""
        if not self.classes:
            name, why = next(iter(self.left_out.items()), ("", "no class with a frequency above 0"))
            raise BadInput(
                where="synth", expected="a class that can be drawn", found=f"none; {name}: {why}" if name else why
            )

    def entry_for(self, kind: str, seed: Seed) -> Defect | None:
        """One of the class's entries, as often as their frequencies say; None for good parts."""
        entries = [entry for entry in self.entries if kind == entry.class_name]
        entries = [entry for entry in entries if entry.frequency > 0] or entries
        if not entries:
            return None
        weights = np.cumsum([max(entry.frequency, 1e-9) for entry in entries])
        at = int(np.searchsorted(weights, seed.uniform("entry") * weights[-1], side="right"))
        return entries[min(at, len(entries) - 1)]

    def standing_in_for(self, number: int) -> int | None:
        """The entry itself where it is drawn, or else the first of its class that is; None where none is."""
        if number not in self.reasons:
            return number
        name = self.catalogue[number].class_name
        alike = (
            other
            for other, entry in enumerate(self.catalogue)
            if entry.class_name == name and other not in self.reasons
        )
        return next(alike, None)

    def _why_not(self, name: str) -> str:
        if name in self.left_out:
            return self.left_out[name]
        known = any(entry.class_name == name for entry in self.catalogue)
        return "its frequency is 0" if known else "no such class in the plan"


def first_images(plan: Plan, kind: str) -> Iterator[int]:
    """Of each pose the number of its first image; the images until the next one share pose and finish.

    The first few images have a pose each, so that a run of ten shows parts lying about; later ones share theirs with up
    to a quarter as many as came before, until a pose has all that the plan allows. Which pose an image is of does not
    depend on how many are asked for.
    """
    most = 1 if kind == GOOD else plan.synthetic.images_per_pose
    first = 0
    while True:
        yield first
        first += min(most, 1 + first // SPREAD)


def pose_of(plan: Plan, kind: str, number: int) -> int:
    """Which pose an image is of."""
    if kind == GOOD:
        return number
    most, pose, first = plan.synthetic.images_per_pose, 0, 0
    while first < SPREAD * most:
        following = first + min(most, 1 + first // SPREAD)
        if number < following:
            return pose
        pose, first = pose + 1, following
    return pose + (number - first) // most
