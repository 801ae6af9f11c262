"""Split: images into train, val and test so that no part is on two sides and every class has its share on each.

    plan = split_dataset(ws, Query(station="cell-3"), shares={"train": 0.7, "val": 0.15, "test": 0.15}, seed=7)
    snapshot_dataset(ws, "line4-v1", plan)

What belongs together is found first (`families`): same bytes, same serial or shot, photographs of the same part. Golden
images judge models, so neither they nor anything that shows the same part is given to a side. Nothing is written but
the cache of signatures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import CLASS_NAME, Verdict
from firstshift.core.progress import Progress, Silent
from firstshift.core.seed import Seed
from firstshift.likeness.leakage import leak_count
from firstshift.line.families import DEFAULT_TOGETHER, Families, Tie, find_families, shown
from firstshift.line.imported import imported_of
from firstshift.line.selecting import Selection, paged, select_ids
from firstshift.line.stratified import Bundle, assign
from firstshift.store.images import ImageRecord
from firstshift.store.labels import LabelRecord
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace

DEFAULT_SHARES: Mapping[str, float] = {"train": 0.7, "val": 0.15, "test": 0.15}
TRAIN = "train"
GOLDEN = "golden: it judges models"
WITH_GOLDEN = "shows the same part as a golden image"
UNSURE = "nobody could tell what it shows (verdict unsure)"
_OTHER_NAMES = {"valid": "val", "validation": "val", "training": "train", "trainval": "train", "testing": "test"}


@dataclass(frozen=True, slots=True)
class SplitGroup:
    """Two images or more that stay together."""

    images: tuple[str, ...]
    names: tuple[str, ...]
    side: str | None
    """None when the group was left out because a golden image is in it; `mixed` when an import had torn it."""
    ties: tuple[Tie, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "images": list(self.images),
            "names": list(self.names),
            "side": self.side,
            "ties": [tie.to_json() for tie in self.ties],
        }


@dataclass(frozen=True, slots=True)
class SplitPlan:
    sides: dict[str, str]
    """Image → side."""
    shares: dict[str, float]
    seed: int
    groups: tuple[SplitGroup, ...]
    left_out: dict[str, tuple[str, ...]]
    """Reason → images."""
    classes: dict[str, dict[str, int]]
    """Side → class (or good, unlabelled) → images."""
    tested: int
    """Images that a split by image would have put on the sides that do not train."""
    would_leak: float
    """How many of them would have had their part in training as well, on average over all such splits."""
    torn: tuple[SplitGroup, ...]
    """Groups that the imported splits, which were kept, tear apart."""
    near_misses: tuple[Tie, ...]
    warnings: tuple[str, ...]
    options: dict[str, Any]

    def selection(self) -> dict[str, Any]:
        """How the split was made, for the snapshot to remember."""
        return {"split": {"shares": self.shares, "seed": self.seed, **self.options}}

    def to_json(self) -> dict[str, Any]:
        counts = Counter(self.sides.values())
        return {
            **self.selection(),
            "images": {side: counts[side] for side in self.shares},
            "classes": self.classes,
            "groups": len(self.groups),
            "grouped_images": sum(len(group.images) for group in self.groups),
            "left_out": {reason: len(ids) for reason, ids in self.left_out.items()},
            "naive_split": {"tested": self.tested, "would_leak": round(self.would_leak, 1)},
            "torn_groups": len(self.torn),
            "warnings": list(self.warnings),
        }


def split_dataset(
    ws: Workspace,
    selection: Selection = None,
    *,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    seed: int = 0,
    keep_together: Iterable[str] = DEFAULT_TOGETHER,
    find_repeats: bool = True,
    stratify: bool = True,
    respect_imported: bool = False,
    progress: Progress | None = None,
) -> SplitPlan:
    """`keep_together` names fields of the capture (or of what came with an import) of which equal values stay on one
    side. `respect_imported` keeps images on the side they were imported with and warns of parts that this tears."""
    wanted = _checked_shares(shares)
    together = tuple(keep_together)
    asked = select_ids(ws, selection)
    images = _images(ws, asked)
    labels = _labels(ws, images)
    families = find_families(ws, images, together, find_repeats, Seed(seed).child("repeats"), progress or Silent())
    work = _Work(images, labels, families, wanted, select_imported=respect_imported)
    work.leave_out(set(asked))
    work.assign(stratify, Seed(seed).child("sides"))
    options = {
        "keep_together": list(together),
        "find_repeats": find_repeats,
        "stratify": stratify,
        "respect_imported": respect_imported,
    }
    return work.plan(seed, options)


def _checked_shares(shares: Mapping[str, float]) -> dict[str, float]:
    wanted = {side: float(share) for side, share in shares.items() if share > 0}
    total = sum(wanted.values())
    if not wanted or any(share < 0 for share in shares.values()) or abs(total - 1) > 1e-6:
        raise BadInput(where="split shares", expected="shares that add up to 1, for example 0.7 0.15 0.15", found=total)
    for side in wanted:
        if not CLASS_NAME.fullmatch(side):
            raise BadInput(where="split shares", expected="names such as train, val, test", found=repr(side))
    return wanted


def _images(ws: Workspace, asked: Sequence[str]) -> list[ImageRecord]:
    """What was asked for and, to keep its parts out of training, the whole golden set."""
    ids = list(dict.fromkeys([*asked, *select_ids(ws, Query(golden=True))]))
    found: list[ImageRecord] = []
    for page in paged(ids):
        records = ws.images.by_id(page)
        found += [records[image] for image in page]
    if not found:
        raise BadInput(where="split", expected="at least one image", found="none")
    return found


def _labels(ws: Workspace, images: Sequence[ImageRecord]) -> dict[str, LabelRecord]:
    found: dict[str, LabelRecord] = {}
    for page in paged(image.id for image in images):
        found.update(ws.labels.current(page))
    return found


class _Work:
    def __init__(
        self,
        images: Sequence[ImageRecord],
        labels: Mapping[str, LabelRecord],
        families: Families,
        shares: dict[str, float],
        select_imported: bool,
    ) -> None:
        self._images, self._labels, self._families, self._shares = images, labels, families, shares
        self._respects = select_imported
        self._left_out: dict[str, list[str]] = {}
        self._sides: dict[str, str] = {}
        self._asked: set[str] = set()

    def leave_out(self, asked: set[str]) -> None:
        self._asked = asked
        for family in self._families.members:
            has_golden = any(self._images[k].golden for k in family)
            for k in family:
                image = self._images[k]
                said = self._labels.get(image.id)
                if image.id not in asked:
                    continue
                if image.golden:
                    self._drop(GOLDEN, image)
                elif has_golden:
                    self._drop(WITH_GOLDEN, image)
                elif said is not None and said.label.verdict is Verdict.UNSURE:
                    self._drop(UNSURE, image)

    def assign(self, stratify: bool, seed: Seed) -> None:
        gone = {image for ids in self._left_out.values() for image in ids}
        rest = [[self._images[k] for k in family] for family in self._families.members]
        rest = [kept for f in rest if (kept := [i for i in f if i.id in self._asked and i.id not in gone])]
        if not rest:
            raise BadInput(
                where="split", expected="images that may train or test", found="none", way_out="see left_out"
            )
        bundles = [
            Bundle(min(i.id for i in family), self._counted(family, stratify), self._fixed(family)) for family in rest
        ]
        for family, side in zip(rest, assign(bundles, self._shares, seed), strict=True):
            for image in family:
                self._sides[image.id] = (self._imported_side(image) if self._respects else None) or side

    def plan(self, seed: int, options: dict[str, Any]) -> SplitPlan:
        groups = self._groups()
        torn = tuple(group for group in groups if group.side == "mixed")
        numbers = [n for n, i in zip(self._families.labels(), self._images, strict=True) if i.id in self._sides]
        share = 1.0 - self._shares.get(TRAIN, 0.0)
        would_leak = leak_count(numbers, share) if TRAIN in self._shares else 0.0
        tested = round(len(numbers) * share)
        return SplitPlan(
            sides=dict(sorted(self._sides.items())),
            shares=self._shares,
            seed=seed,
            groups=groups,
            left_out={reason: tuple(sorted(ids)) for reason, ids in self._left_out.items()},
            classes=self._table(),
            tested=tested,
            would_leak=would_leak,
            torn=torn,
            near_misses=self._families.near_misses,
            warnings=tuple(self._warnings(groups, torn, would_leak, tested)),
            options=options,
        )

    def _drop(self, reason: str, image: ImageRecord) -> None:
        self._left_out.setdefault(reason, []).append(image.id)

    def _counted(self, family: Sequence[ImageRecord], stratify: bool) -> dict[Hashable, int]:
        counts: Counter[Hashable] = Counter({"image": len(family)})
        if stratify:
            counts.update(("class", name) for image in family for name in strata(self._labels.get(image.id)))
        return dict(counts)

    def _fixed(self, family: Sequence[ImageRecord]) -> str | None:
        """Where most of the family lies already."""
        sides = Counter(filter(None, map(self._imported_side, family))) if self._respects else Counter()
        return min(sides, key=lambda side: (-sides[side], list(self._shares).index(side))) if sides else None

    def _imported_side(self, image: ImageRecord) -> str | None:
        split = imported_of(image.capture).split
        if split is not None and split not in self._shares:
            split = _OTHER_NAMES.get(split.lower(), split)
        return split if split in self._shares else None

    def _groups(self) -> tuple[SplitGroup, ...]:
        at: dict[str, int] = {image.id: k for k, image in enumerate(self._images)}
        numbers = self._families.labels()
        ties: dict[int, list[Tie]] = {}
        for tie in self._families.ties:
            ties.setdefault(numbers[at[tie.first]], []).append(tie)
        found = []
        for family in self._families.members:
            if len(family) > 1:
                members = [self._images[k] for k in family]
                sides = {self._sides[i.id] for i in members if i.id in self._sides}
                side = None if not sides else next(iter(sides)) if len(sides) == 1 else "mixed"
                names = tuple(map(shown, members))
                found.append(SplitGroup(tuple(i.id for i in members), names, side, tuple(ties[numbers[family[0]]])))
        return tuple(found)

    def _table(self) -> dict[str, dict[str, int]]:
        table: dict[str, Counter[str]] = {side: Counter() for side in self._shares}
        for image, side in self._sides.items():
            table[side].update(strata(self._labels.get(image)))
        return {side: dict(sorted(counts.items())) for side, counts in table.items()}

    def _warnings(
        self, groups: Sequence[SplitGroup], torn: Sequence[SplitGroup], would_leak: float, tested: int
    ) -> Iterable[str]:
        if would_leak >= 0.5:
            largest = max((g for g in groups if g.side is not None), key=lambda g: len(g.images))
            names, tie = dict(zip(largest.images, largest.names, strict=True)), largest.ties[0]
            yield (
                f"a split by image would have leaked about {would_leak:.0f} of {tested} held-out images: their part is"
                f" in training as well, for example {names[tie.first]} and {names[tie.second]} ({tie.why})"
            )
        if torn:
            example = " and ".join(torn[0].names[:2])
            what = "a group" if len(torn) == 1 else f"{len(torn)} groups"
            yield f"the imported splits tear {what} of photographs of one part, for example {example}"
        if self._families.alike:
            yield "all photographs look alike, so repeats are hard to tell by their pixels; record serials"
        counts = Counter(self._sides.values())
        for side in self._shares:
            if not counts[side]:
                yield f"{side} is empty: there are too few groups to share out"
        for name, sides in _one_sided(self._table()).items():
            yield f"class {name!r} is missing on {', '.join(sides)}: its images belong together, or are too few"


def strata(said: LabelRecord | None) -> tuple[str, ...]:
    """The classes an image counts for: those that can be seen marked on it, or its verdict."""
    if said is None:
        return ("unlabelled",)
    return said.label.visible_classes or (said.label.verdict.value,)


def _one_sided(table: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    names = sorted({name for counts in table.values() for name in counts})
    used = [side for side, counts in table.items() if counts]
    missing = {name: [side for side in used if name not in table[side]] for name in names}
    return {name: sides for name, sides in missing.items() if sides}
