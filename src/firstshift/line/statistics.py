"""What a data set holds, in numbers: verdicts, classes, splits, origins, image sizes, and how large the things are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firstshift.core.progress import Progress, Silent
from firstshift.core.shapes import Box, Polygon, RunLengths
from firstshift.line.imported import imported_of
from firstshift.line.selecting import Chosen, Selection, choose, count_chosen
from firstshift.store.workspace import Workspace

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a list of numbers: how many, and the values below which 0, 5, 25, 50, 75, 95 and 100 % lie."""

    count: int
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        if not values:
            return None
        order = sorted(values)
        return cls(len(order), tuple(float(f"{_quantile(order, q):.4g}") for q in QUANTILES))

    def to_json(self) -> dict[str, Any]:
        return {"count": self.count, "quantiles": dict(zip(map(str, QUANTILES), self.quantiles, strict=True))}


@dataclass(frozen=True, slots=True)
class ClassStats:
    images: int
    """On which one can be seen."""
    annotations: int
    """Including those that are about the whole image; without those that are not visible."""
    not_visible: int
    length_px: Spread | None
    """The longer side of the things' boxes."""
    area_share: Spread | None
    """Area of the thing as a share of its image."""

    def to_json(self) -> dict[str, Any]:
        return {
            "images": self.images,
            "annotations": self.annotations,
            "not_visible": self.not_visible,
            "length_px": self.length_px.to_json() if self.length_px else None,
            "area_share": self.area_share.to_json() if self.area_share else None,
        }


@dataclass(frozen=True, slots=True)
class DatasetStats:
    images: int
    contents: int
    """Different images by their bytes."""
    bytes: int
    verdicts: dict[str, int]
    """With `unlabelled`."""
    splits: dict[str, int]
    verdicts_by_split: dict[str, dict[str, int]]
    origins: dict[str, int]
    levels: dict[str, int]
    """Who stands behind the labels."""
    sizes: dict[str, int]
    """`2448×2048×1, 8 bit` → images; the most frequent ten, the rest under `others`."""
    formats: dict[str, int]
    classes: dict[str, ClassStats]
    annotations_per_image: Spread | None
    shapes: dict[str, int]
    golden: int
    serials: int
    """Different serials among those that have one."""

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["classes"] = {name: stats.to_json() for name, stats in self.classes.items()}
        plain["annotations_per_image"] = self.annotations_per_image.to_json() if self.annotations_per_image else None
        return plain


def dataset_stats(
    ws: Workspace,
    *,
    snapshot: str | None = None,
    selection: Selection = None,
    progress: Progress | None = None,
) -> DatasetStats:
    """From the rows alone: no image is opened."""
    told = progress or Silent()
    counting = _Counting()
    told.start("counting", count_chosen(ws, snapshot, selection))
    try:
        for one in choose(ws, snapshot, selection):
            counting.add(one)
            told.advance()
    finally:
        told.finish()
    return counting.done()


class _Counting:
    def __init__(self) -> None:
        self._images = self._bytes = self._golden = 0
        self._contents: set[str] = set()
        self._serials: set[str] = set()
        self._tallies: dict[str, Counter[str]] = {
            name: Counter() for name in ("verdicts", "splits", "origins", "levels", "sizes", "formats", "shapes")
        }
        self._by_split: dict[str, Counter[str]] = {}
        self._class_images: Counter[str] = Counter()
        self._class_things: Counter[str] = Counter()
        self._class_unseen: Counter[str] = Counter()
        self._lengths: dict[str, list[float]] = {}
        self._areas: dict[str, list[float]] = {}
        self._per_image: list[float] = []

    def add(self, one: Chosen) -> None:
        image, said = one.image, one.label
        self._images += 1
        self._bytes += image.size
        self._golden += image.golden
        self._contents.add(image.content)
        if image.capture.serial is not None:
            self._serials.add(image.capture.serial)
        verdict = said.label.verdict.value if said else "unlabelled"
        split = one.split or imported_of(image.capture).split or "none"
        for name, value in (
            ("verdicts", verdict),
            ("splits", split),
            ("origins", image.capture.origin.value),
            ("levels", said.level.value if said else "unlabelled"),
            ("sizes", f"{image.width}×{image.height}×{image.channels}, {image.bits} bit"),
            ("formats", image.format),
        ):
            self._tallies[name][value] += 1
        self._by_split.setdefault(split, Counter())[verdict] += 1
        if said is not None:
            self._add_things(one)

    def done(self) -> DatasetStats:
        tallies = {name: dict(tally.most_common()) for name, tally in self._tallies.items()}
        classes = {
            name: ClassStats(
                self._class_images[name],
                count,
                self._class_unseen[name],
                Spread.of(self._lengths.get(name, [])),
                Spread.of(self._areas.get(name, [])),
            )
            for name, count in self._class_things.most_common()
        }
        return DatasetStats(
            images=self._images,
            contents=len(self._contents),
            bytes=self._bytes,
            verdicts=tallies["verdicts"],
            splits=tallies["splits"],
            verdicts_by_split={split: dict(tally.most_common()) for split, tally in sorted(self._by_split.items())},
            origins=tallies["origins"],
            levels=tallies["levels"],
            sizes=_shortened(self._tallies["sizes"]),
            formats=tallies["formats"],
            classes=classes,
            annotations_per_image=Spread.of(self._per_image),
            shapes=tallies["shapes"],
            golden=self._golden,
            serials=len(self._serials),
        )

    def _add_things(self, one: Chosen) -> None:
        if one.label is None:
            return
        label = one.label.label
        self._per_image.append(float(sum(thing.is_visible for thing in label.annotations)))
        self._class_images.update(label.visible_classes)
        pixels = one.image.width * one.image.height
        for thing in label.annotations:
            self._class_things[thing.class_name] += thing.is_visible  # 0 makes an entry: a class never seen is one too
            if not thing.is_visible:
                self._class_unseen[thing.class_name] += 1
                continue
            match thing.shape:
                case None:
                    self._tallies["shapes"]["whole image"] += 1
                    continue
                case Box():
                    kind = "box"
                case Polygon():
                    kind = "polygon"
                case RunLengths():
                    kind = "mask"
            self._tallies["shapes"][kind] += 1
            box = thing.box
            if box is not None:
                self._lengths.setdefault(thing.class_name, []).append(max(box.width, box.height))
                self._areas.setdefault(thing.class_name, []).append(thing.shape.area / pixels)


def _shortened(tally: Counter[str], most: int = 10) -> dict[str, int]:
    shown = dict(tally.most_common(most))
    rest = sum(tally.values()) - sum(shown.values())
    return {**shown, "others": rest} if rest else shown


def _quantile(order: Sequence[float], share: float) -> float:
    """Between neighbours, as numpy's default does it."""
    place = share * (len(order) - 1)
    low, high = math.floor(place), math.ceil(place)
    return order[low] + (order[high] - order[low]) * (place - low)
