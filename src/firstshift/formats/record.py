"""The neutral record every format reads into and writes from, and what reading or writing has to say besides.

    record = Record(source="scratch/17.png", read_bytes=…, label=Label.defect(…), split="train", capture={"lot": "B7"})

A format never drops anything in silence: what it cannot hold is counted in `Losses`, with examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from firstshift.core.errors import BadInput
from firstshift.core.label import Label

EXAMPLES_KEPT = 5
GOOD_NAMES = ("good", "ok", "normal", "pass", "passed", "defect_free", "no_defect")
SPLIT_NAMES = ("train", "val", "test", "trainval", "valid", "validation", "training", "testing", "golden")
UNASSIGNED = "unassigned"
"""The folder for images that belong to no split, where a format keeps splits in folders."""


@dataclass(frozen=True, slots=True)
class Record:
    """One image of a data set as another tool knows it."""

    source: str
    """Name inside the data set: a relative path with forward slashes."""
    read_bytes: Callable[[], bytes] = field(compare=False, repr=False)
    """The image file's own bytes; read again at every call, nothing is kept."""
    label: Label | None = None
    split: str | None = None
    capture: Mapping[str, Any] = field(default_factory=dict)
    """`serial`, `lot`, `captured_at`, `station`, … and whatever else the format says about the shot; JSON values."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    on_problem: Literal["stop", "skip"] = "stop"
    """A bad entry ends the reading with its error, or is listed in `Reading.problems` and left out whole."""
    good_classes: tuple[str, ...] = GOOD_NAMES
    """Class or folder names that mean a good part; compared without regard to case, whole names only."""
    empty: Literal["good", "unlabelled"] = "unlabelled"
    """What COCO and Datumaro images without any annotation are, when the file does not say."""
    classes: tuple[str, ...] = ()
    """Names for class numbers, where a format has only numbers (YOLO without names, boxes_txt: counted from 1)."""
    mask_threshold: int = 127
    """A mask pixel above this value is marked."""
    mask_values: Literal["binary", "classes", "instances"] = "binary"
    """`classes`: the pixel value names the class (`classes[value - 1]`); `instances`: each value is one thing."""
    mask_class: str = "defect"
    """The class of masks that lie in no class folder."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """CSV header → meaning: file, class, verdict, x, y, w, h, x2, y2, text, severity, split, serial, …"""
    table: str | None = None
    """Which CSV or JSON file, when there are several."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    classes: tuple[str, ...] = ()
    """Class order; classes met that are not in it come after it."""
    task: Literal["detect", "segment", "obb"] = "segment"
    """What YOLO files hold: boxes, outlines, turned boxes."""


@dataclass(frozen=True, slots=True)
class Loss:
    what: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.examples) else ""
        return f"{self.what}: {self.count:,} ({', '.join(self.examples)}{more})"


class Losses:
    """What could not be kept, counted by kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, source: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        examples = self._examples.setdefault(what, [])
        if len(examples) < EXAMPLES_KEPT and source not in examples:
            examples.append(source)

    def __iter__(self) -> Iterator[Loss]:
        for what, count in self._counts.items():
            yield Loss(what, count, tuple(self._examples[what]))

    def __len__(self) -> int:
        return len(self._counts)


@dataclass(slots=True)
class Reading:
    """A data set being read. `records` is a stream to be walked once; `problems` and `losses` grow meanwhile."""

    format: str
    count: int
    """How many records there will be, problems included."""
    classes: tuple[str, ...]
    """In the format's own order, as far as it is known before the images are read."""
    records: Iterator[Record]
    problems: list[BadInput]
    losses: Losses
    extra_files: tuple[str, ...] = ()
    """Files that this format has no place for; nothing was taken from them."""
    notes: Losses = field(default_factory=Losses)
    """What a person should know about how the data set was understood."""


@dataclass(frozen=True, slots=True)
class WriteReport:
    format: str
    folder: Path
    images: int
    annotations: int
    classes: tuple[str, ...]
    losses: tuple[Loss, ...]
    left_out: Mapping[str | None, int] = field(default_factory=dict)
    """Split → images that the format has no way to say."""


@dataclass(frozen=True, slots=True)
class FormatGuess:
    format: str
    why: str
    others: tuple[tuple[str, str], ...] = ()
    """Formats that would fit less well, each with its reason."""
