"""Boxes in text files, DeepPCB style: `name.txt` beside the image with a line `x1 y1 x2 y2 class` per thing.

Most images with such a file beside them are recognised as this format, whatever their folders are called.

`name_test.png` belongs to `name.txt`; `name_temp.png` is the good template the part is compared with, and says so in
its capture (`role`, `pair`). Class numbers take their names from `classes`, counted from 1. A split is a top folder.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Shape
from firstshift.formats.documents import number, read_text
from firstshift.formats.fitting import Fitted, Fitting, derived_label, round_number, utf8_name
from firstshift.formats.format import ClassOrder, Format, Sink, Size, class_name, label_of, reader, reading, split_in
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, UNASSIGNED, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree

GLANCED_AT = 5
_TEMPLATE, _TEST = "_temp", "_test"


class BoxesTxt(Format):
    name = "boxes_txt"
    title = "boxes in text files"
    by_stem = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        images = [name for name in tree.images() if _role(name) != "template"]
        found = [p for p in map(_label_path, images) if p in tree]
        filled = [p for p in found if tree.size_of(p)][:GLANCED_AT]  # an empty one is a good part
        lines = [line for p in filled for line in tree.read(p)[:4096].decode("utf-8", "replace").splitlines()[:3]]
        if lines and all(_looks_like_box(line) for line in lines):
            # Folders named train/good say less than a file of boxes beside every image.
            is_plain = 2 * len(found) >= len(images) and _in_pixels(lines)
            return 86 if is_plain else 60, f"{len(found)} text files of x1 y1 x2 y2 class, such as {filled[0]}"
        return 0, "no text files of boxes"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        images = tree.images()

        def build(name: str, losses: Losses) -> Record:
            path = _label_path(name)
            label: Label | None = None
            if path in tree:
                label = label_of(_annotations(tree, path, options, losses), Label.good())
            elif _role(name) == "template":
                label = Label.good()
            split = split_in(name) if name.split("/")[0] in SPLIT_NAMES else None
            source = name.removeprefix(f"{UNASSIGNED}/") if split is None else name
            return Record(source, reader(tree, name), label, split, _capture(source))

        used = [*images, *map(_label_path, images)]
        classes = options.classes
        return reading(self.name, tree, options, images, build, count=len(images), classes=classes, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.splits_in((None, *SPLIT_NAMES))
        fitting.only_classes_and_shapes()
        fitting.only_with_shapes()
        fitting.classes(_line_name)
        fitting.to_boxes()
        fitting.only_with_shapes()
        fitting.upright()
        fitting.rounded()
        fitting.verdict(derived_label, "verdicts other than what the marks say")
        split, source = fitting.record.split, fitting.record.source
        top = source.split("/")[0] if "/" in source else ""
        if split != (top if top in SPLIT_NAMES else None):
            rest = source.split("/", 1)[1] if top in SPLIT_NAMES else source
            fitting.set("paths changed: the folder names the split", source=f"{split}/{rest}" if split else rest)
        if _role(fitting.record.source) == "template" and fitting.record.label is None:
            fitting.set("templates without a label became good", label=Label.good())
        fitting.set("capture data (serial, lot, time, …)", capture=_capture(fitting.record.source))
        return fitting.done()

    def place(self, record: Record) -> str:
        return record.source if record.split else f"{UNASSIGNED}/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _BoxesSink(self, out, options)


def _role(image: str) -> str:
    stem = PurePosixPath(image).stem
    return "template" if stem.endswith(_TEMPLATE) else "test" if stem.endswith(_TEST) else ""


def _label_path(image: str) -> str:
    stem = image[: image.rfind(".")]
    short = stem.removesuffix(_TEST)
    return (stem if not short or short.endswith("/") else short) + ".txt"


def _capture(source: str) -> dict[str, Any]:
    role = _role(source)
    if not role:
        return {}
    path = PurePosixPath(source)
    return {"role": role, "pair": str(path.with_name(path.stem[:-5])) if path.stem[:-5] else str(path.parent)}


def _looks_like_box(line: str) -> bool:
    cells = line.replace(",", " ").split(maxsplit=4)
    return len(cells) == 5 and all(cell.lstrip("-").replace(".", "", 1).isdigit() for cell in cells[:4])


def _in_pixels(lines: list[str]) -> bool:
    """Corners in order and not all within 0–1, as the shares of YOLO's class cx cy w h would be."""
    corners = [[float(cell) for cell in line.replace(",", " ").split(maxsplit=4)[:4]] for line in lines]
    in_order = all(x1 <= x2 and y1 <= y2 for x1, y1, x2, y2 in corners)
    return in_order and any(max(x2, y2) > 1 for _, _, x2, y2 in corners)


def _annotations(tree: Tree, path: str, options: ReadOptions, losses: Losses) -> list[Annotation]:
    annotations = []
    for index, line in enumerate(read_text(tree, path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}: line {index}"
        cells = line.split(maxsplit=4) if line.count(",") < 4 else line.split(",", maxsplit=4)
        if len(cells) != 5:
            raise BadInput(where=where, expected="x1 y1 x2 y2 class", found=line)
        x1, y1, x2, y2 = (number(cell, where) for cell in cells[:4])
        if x2 < x1 or y2 < y1:
            raise BadInput(where=where, expected="x1 ≤ x2 and y1 ≤ y2", found=line)
        called = cells[4].rstrip("\r")
        if called.isdecimal() and 0 < int(called[:9]) <= len(options.classes):
            called = options.classes[int(called[:9]) - 1]
        box = Box(*(round_number(v) for v in (x1, y1, x2 - x1, y2 - y1)))
        annotations.append(Annotation(class_name(called, where, losses), box))
    return annotations


def _line_name(name: str) -> str:
    """On one line, and no commas that would be taken for a separator."""
    safe = "".join("_" if c in "," or (c != " " and c.isspace()) or not c.isprintable() else c for c in utf8_name(name))
    return safe.strip() or "_"


class _BoxesSink(Sink):
    def __init__(self, format_: BoxesTxt, out: OutFolder, options: WriteOptions) -> None:
        self._format = format_
        self._out = out
        self._order = ClassOrder(options.classes)

    def add(self, record: Record, size: Size) -> None:
        if record.label is None or (_role(record.source) == "template" and not record.label.annotations):
            return
        lines = [f"{_corners(a.shape)} {a.class_name}\n" for a in record.label.annotations]
        for annotation in record.label.annotations:
            self._order.number(annotation.class_name)
        self._out.write_text(_label_path(self._format.place(record)), "".join(lines))

    def close(self) -> None:
        self.classes = tuple(self._order.names)


def _corners(shape: Shape | None) -> str:
    if not isinstance(shape, Box):
        raise BadInput(where="boxes_txt", expected="a box", found=shape)
    values = (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
    return " ".join(f"{v:.12g}" for v in values)
