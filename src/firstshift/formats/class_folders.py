"""Class folders: the folder an image lies in is its class, `scratch/17.png`; or below a split, `train/scratch/17.png`.

Folders named like a good part (`good`, `ok`, `normal`, … or `good_classes`) mean good; `unsure` and `unlabelled` mean
that. Holds a verdict and one class for the whole image, nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from firstshift.core.label import Annotation, Label, Verdict
from firstshift.formats.fitting import Fitted, Fitting
from firstshift.formats.format import Format, Sink, Size, class_name, is_good, reader, reading
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import (
    GOOD_NAMES,
    SPLIT_NAMES,
    UNASSIGNED,
    Losses,
    Reading,
    ReadOptions,
    Record,
    WriteOptions,
)
from firstshift.formats.tree import Tree

RESERVED = ("unsure", "unlabelled")


class ClassFolders(Format):
    name = "class_folders"
    title = "class folders"
    says_unsure = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        folders = sorted({name.rsplit("/", 1)[0] for name in tree.images() if "/" in name})
        if not folders:
            return 0, "no folders with images"
        return 20, f"images in {len(folders)} folders: {', '.join(folders[:3])}{', …' if len(folders) > 3 else ''}"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        images = tree.images()
        has_splits = bool(images) and all(_is_split(name.split("/")[0]) and name.count("/") for name in images)
        folders = {_class_folder(name, has_splits): None for name in images}
        classes = [
            name for name in sorted(filter(None, folders)) if not is_good(name, options) and name not in RESERVED
        ]

        def build(name: str, losses: Losses) -> Record:
            split = name.split("/")[0] if has_splits else None
            folder = _class_folder(name, has_splits)
            return Record(
                source=name.split("/", 1)[1] if has_splits else name,
                read_bytes=reader(tree, name),
                label=folder_label(folder, name, options, losses),
                split=None if split == UNASSIGNED else split,
            )

        return reading(self.name, tree, options, images, build, count=len(images), classes=classes, used=images)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.no_capture()
        fitting.splits_in((None, *SPLIT_NAMES))
        fitting.only_classes_and_shapes()
        fitting.shapes(lambda _: None, "boxes, polygons and masks")
        fitting.classes(folder_name)
        one_class(fitting)
        in_class_folder(fitting)
        return fitting.done()

    def place(self, record: Record) -> str:
        # A split folder for all or for none: the reader cannot know otherwise whether `test` is a split or a class.
        return f"{record.split or UNASSIGNED}/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _NoFiles(out)


class _NoFiles(Sink):
    def __init__(self, out: OutFolder) -> None:
        self._out = out
        self._met: set[str] = set()

    def add(self, record: Record, size: Size) -> None:
        self._met.update(record.label.classes if record.label else ())

    def close(self) -> None:
        self.classes = tuple(sorted(self._met))
        self._out.lift(UNASSIGNED)  # without any split there is no folder for it


def folder_label(folder: str, where: str, options: ReadOptions, losses: Losses) -> Label | None:
    if not folder or folder == "unlabelled":
        return None
    if folder == "unsure":
        return Label(Verdict.UNSURE)
    if is_good(folder, options):
        return Label.good()
    return Label.defect(Annotation(class_name(folder, where, losses)))


def folder_of(label: Label | None) -> str:
    if label is None:
        return "unlabelled"
    if label.verdict is not Verdict.DEFECT:
        return label.verdict.value
    return label.annotations[0].class_name if label.annotations else "defect"


def in_class_folder(fitting: Fitting) -> None:
    """The image's folder becomes its class, unless it already says so: `ok/17.png` of a good part stays."""
    path, label = PurePosixPath(fitting.record.source), fitting.record.label
    folder = str(path.parent)
    says_good = label is not None and label.verdict is Verdict.GOOD and folder.casefold() in GOOD_NAMES
    if not says_good and folder != folder_of(label):
        fitting.set("paths changed: the folder names the class", source=f"{folder_of(label)}/{path.name}")


def folder_name(name: str) -> str:
    """A class name that can be one folder on any disk and is not taken for a verdict or a split."""
    safe = "".join("_" if char in '/\\:*?"<>|' or not char.isprintable() else char for char in name).rstrip(".")
    safe = safe.encode("utf-8", "replace").decode().strip() or "_"
    while len(safe.encode()) > 200:
        safe = safe[:-1]
    taken = (*GOOD_NAMES, *RESERVED, *SPLIT_NAMES, UNASSIGNED)
    return f"{safe}_" if safe.casefold() in taken or safe in (".", "..") else safe.strip()


def one_class(fitting: Fitting) -> None:
    """A defect of one class, or a bare verdict."""
    label = fitting.record.label
    if label is None:
        return
    if label.verdict is not Verdict.DEFECT:
        fitting.set("what was marked on good and unsure images", label=Label(label.verdict))
    elif not label.annotations:
        fitting.set("defects without a class became 'defect'", label=Label.defect(Annotation("defect")))
    elif len(label.annotations) > 1:
        first = replace(label.annotations[0])
        fitting.set("all but the first annotation of an image", label=Label.defect(first))


def _class_folder(name: str, has_splits: bool) -> str:
    folder = name.split("/", 1)[1] if has_splits else name
    return folder.rsplit("/", 1)[0] if "/" in folder else ""


def _is_split(folder: str) -> bool:
    return folder in SPLIT_NAMES or folder == UNASSIGNED
