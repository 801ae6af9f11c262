"""What every format is: a guess, a reader, a statement of what it can hold, and a writer.

A format is one file with one subclass, entered in `registry.FORMATS`; the contract test runs over all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import ClassVar, TypeVar

from firstshift.core.errors import BadInput
from firstshift.core.imagefacts import probe_image
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import RunLengths
from firstshift.formats.fitting import Fitted
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import without_false_positives

Size = tuple[int, int]
Entry = TypeVar("Entry")


class Sink(ABC):
    """Takes fitted records one by one and leaves the label files when closed."""

    classes: tuple[str, ...] = ()

    @abstractmethod
    def add(self, record: Record, size: Size) -> None: ...

    def close(self) -> None:  # noqa: B027 - formats with one file per image have nothing left to write
        pass


class Format(ABC):
    name: ClassVar[str]
    title: ClassVar[str]
    by_stem: ClassVar[bool] = False
    """Label files are named after the image without its suffix, so two images may not share a stem."""
    keeps_unseen: ClassVar[bool] = False
    """What is not visible goes to a place that other tools pass over, and is read back; else it is left out."""
    says_unsure: ClassVar[bool] = False
    """Other tools can see that nobody could tell; else an image without marks is a good one to them."""

    @abstractmethod
    def guess(self, tree: Tree) -> tuple[int, str]:
        """0–100 and the reason, from file names and a glance into label files."""

    @abstractmethod
    def read(self, tree: Tree, options: ReadOptions) -> Reading: ...

    def fit(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        """The record as it will be read back, and what had to go."""
        settled = without_false_positives(record, self.keeps_unseen, self.says_unsure)
        if settled.record is None:
            return settled
        held = self.hold(settled.record, size, options)
        return Fitted(held.record, (*settled.losses, *held.losses))

    @abstractmethod
    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        """What the format can hold of a record on which everything may be written."""

    @abstractmethod
    def place(self, record: Record) -> str:
        """Where the image file of a fitted record goes."""

    @abstractmethod
    def sink(self, out: OutFolder, options: WriteOptions) -> Sink: ...


class ClassOrder:
    """Class names numbered from 0 in the order asked for, then in the order met."""

    def __init__(self, first: Iterable[str]) -> None:
        self.names: list[str] = list(dict.fromkeys(first))
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


def reading(
    format_name: str,
    tree: Tree,
    options: ReadOptions,
    entries: Iterable[Entry],
    build: Callable[[Entry, Losses], Record],
    *,
    count: int,
    classes: Iterable[str] = (),
    used: Iterable[str] = (),
) -> Reading:
    """Records built one by one, bad entries stopped at or listed, files left over named."""
    problems = list(tree.problems)
    losses = Losses()

    def records() -> Iterator[Record]:
        for entry in entries:
            try:
                record = build(entry, losses)
                _check_masks(record)
            except BadInput as error:
                if options.on_problem == "stop":
                    raise
                problems.append(error)
            else:
                yield record

    taken = set(used)
    extra = tuple(name for name in tree.files if name not in taken)
    return Reading(format_name, count, tuple(classes), records(), problems, losses, extra)


def _check_masks(record: Record) -> None:
    """A mask is of its image's own size, whatever the label file says that is."""
    shapes = [a.shape for a in record.label.annotations if isinstance(a.shape, RunLengths)] if record.label else []
    if not shapes:
        return
    facts = probe_image(record.read_bytes(), record.source)
    for shape in shapes:
        if (shape.width, shape.height) != (facts.width, facts.height):
            expected = f"a mask of {facts.width}×{facts.height} pixels as the image"
            raise BadInput(where=record.source, expected=expected, found=f"{shape.width}×{shape.height}")


def reader(tree: Tree, name: str) -> Callable[[], bytes]:
    return partial(tree.read, name)


def image_size(tree: Tree, name: str) -> Size:
    facts = probe_image(tree.read(name), name)
    return facts.width, facts.height


def class_name(value: object, where: str, losses: Losses) -> str:
    """A name as `Annotation` wants it; spaces around it go, and are counted."""
    text = value if isinstance(value, str) else str(value)
    if text != text.strip():
        losses.add("spaces around class names", where)
    try:
        return Annotation(text.strip()).class_name
    except BadInput as error:
        raise BadInput(where=where, expected=error.expected, found=error.found) from error


def is_good(name: str, options: ReadOptions) -> bool:
    return name.casefold() in {good.casefold() for good in options.good_classes}


def label_of(annotations: Iterable[Annotation], empty: Label | None) -> Label | None:
    marked = tuple(annotations)
    return Label.defect(*marked) if marked else empty


def split_in(path: str) -> str | None:
    """The split that a folder on the way to a file names: `train/…`, `images/val/…`."""
    return next((part for part in PurePosixPath(path).parts[:-1] if part.lower() in SPLIT_NAMES), None)


class Finder:
    """Files by the names that label files call them: as they are, inside known folders, or by an unambiguous end.

    A path of another machine (`/home/me/set/a.png`, `C:\\set\\a.png`) is found by as much of its end as is there. A
    relative path is only found whole: `b/1.png` is not `a/1.png`.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_name: dict[str, list[str]] = {}
        for name in tree.images():
            self._by_name.setdefault(name.rsplit("/", 1)[-1], []).append(name)

    def find(self, called: str, folders: Iterable[str], where: str) -> str:
        plain = called.replace("\\", "/").removeprefix("./")
        is_elsewhere = plain.startswith("/") or plain[1:2] == ":"
        while plain.startswith("../"):
            plain = plain[3:]
        for folder in folders:
            name = f"{folder}/{plain}" if folder else plain
            if name in self._tree:
                return name
        alike = self._by_name.get(plain.rsplit("/", 1)[-1], [])
        parts = plain.strip("/").split("/")
        ends: list[str] = []
        for start in range(len(parts) if is_elsewhere else 1):
            end = "/".join(parts[start:])
            ends = [name for name in alike if name == end or name.endswith("/" + end)]
            if ends:
                break
        if len(ends) == 1:
            return ends[0]
        found = f"{called!r}, which is not there" if not ends else f"{called!r}, which {len(ends)} files could be"
        raise BadInput(where=where, expected="an image in the data set", found=found)
