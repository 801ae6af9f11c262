"""Export: images byte for byte and labels anew, in another tool's format, with what it cannot hold listed.

    report = export_dataset(ws, Path("out/"), format_name="coco", snapshot="line4-v1")

Images go back to the relative paths and splits they were imported with, wherever the format leaves that to us; what
came with them and has no place in the workspace (`imported.extra`) is handed to the format again. A snapshot's own
splits and label versions win over both.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.progress import Progress
from firstshift.formats.record import Loss, Losses, Record, WriteOptions
from firstshift.formats.registry import format_named, write_dataset
from firstshift.line.import_report import loss_to_json
from firstshift.line.imported import imported_of, told_of
from firstshift.line.selecting import Chosen, Selection, choose, chosen_ids, count_chosen, paged
from firstshift.store.images import ImageRecord
from firstshift.store.workspace import Workspace

WHOLE = "all"
"""The split of a snapshot that was made without one; the split of the import shows through."""
NO_SPLIT = "none"
_SUFFIXES = {"jpeg": ".jpg", "tiff": ".tif", "pnm": ".pgm"}


@dataclass(frozen=True, slots=True)
class ExportReport:
    target: str
    format: str
    images: int
    annotations: int
    splits: dict[str, int]
    classes: tuple[str, ...]
    losses: tuple[Loss, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "format": self.format,
            "images": self.images,
            "annotations": self.annotations,
            "splits": self.splits,
            "classes": list(self.classes),
            "losses": [loss_to_json(loss) for loss in self.losses],
            "seconds": round(self.seconds, 3),
        }


def export_dataset(
    ws: Workspace,
    target: str | Path,
    *,
    format_name: str,
    snapshot: str | None = None,
    selection: Selection = None,
    options: WriteOptions | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """A snapshot, or what a search finds, or everything. The folder `target` must be new or empty; it appears when it
    is complete, and not at all when something goes wrong or `progress.advance` raises `Cancelled`."""
    format_named(format_name)
    folder = Path(target)
    if ws.folder.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise BadInput(where=folder, expected="a folder outside the workspace", found=f"a place in {ws.folder}")
    ids = selection if selection is None or not isinstance(selection, Iterator) else tuple(selection)
    total = count_chosen(ws, snapshot, ids)
    if not total:
        raise BadInput(where="export", expected="at least one image", found="none")
    began = time.monotonic()
    settled = options or WriteOptions()
    if not settled.classes:
        settled = replace(settled, classes=_class_order(ws, snapshot, ids))
    left = _Left()
    records = _records(ws, choose(ws, snapshot, ids), left)
    report = write_dataset(format_name, records, folder, settled, progress, total)
    not_written = Counter({split or NO_SPLIT: count for split, count in report.left_out.items()})
    return ExportReport(
        target=str(report.folder),
        format=report.format,
        images=report.images,
        annotations=report.annotations,
        splits=dict(sorted((left.splits - not_written).items())),
        classes=report.classes,
        losses=(*report.losses, *left.losses),
        seconds=time.monotonic() - began,
    )


@dataclass(slots=True)
class _Left:
    splits: Counter[str] = field(default_factory=Counter)
    losses: Losses = field(default_factory=Losses)


def _records(ws: Workspace, chosen: Iterator[Chosen], left: _Left) -> Iterator[Record]:
    for one in chosen:
        source = one.image.capture.source or f"{one.image.id}{_suffix(one.image)}"
        split = one.split if one.split not in (None, WHOLE) else imported_of(one.image.capture).split
        try:
            data = ws.images.read_bytes(one.image)
        except NotFound as error:
            if "retired" not in error.what:
                raise
            left.losses.add("images whose pixels were retired", source)
            continue
        if one.label is not None:
            left.losses.add("who labelled, when, at which level, and earlier versions", source)
        if one.image.golden:
            left.losses.add("golden flags", source)
        left.splits[split or NO_SPLIT] += 1
        label = one.label.label if one.label else None
        yield Record(source, _Held(data), label, split, told_of(one.image))


@dataclass(frozen=True, slots=True)
class _Held:
    """The bytes of one image while it is being written."""

    data: bytes

    def __call__(self) -> bytes:
        return self.data


def _class_order(ws: Workspace, snapshot: str | None, selection: Selection) -> tuple[str, ...]:
    """As the data sets had it that the images came from, one after the other: class numbers depend on it."""
    met: dict[tuple[str, ...], None] = {}
    for page in paged(chosen_ids(ws, snapshot, selection)):
        images = ws.images.by_id(page)
        met.update((imported_of(images[image].capture).classes, None) for image in page)
    return tuple(dict.fromkeys(name for classes in met for name in classes))


def _suffix(image: ImageRecord) -> str:
    if image.format == "pnm" and image.channels > 1:
        return ".ppm"
    return _SUFFIXES.get(image.format, f".{image.format}")
