"""YOLO: `data.yaml`, and for each image a text file with a line per thing, in shares of the image's size.

    detect   class cx cy w h          segment   class x1 y1 x2 y2 x3 y3 …        obb   class x1 y1 … x4 y4

`data.yaml` is written with `task`, which tells four-cornered outlines from turned boxes; without it, four right-angled
corners are read as a turned box. An image with an empty text file is good; one without a file is unlabelled.
Coordinates keep four decimals of a pixel.
"""

from __future__ import annotations

import io
import posixpath
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Point, Polygon, Shape
from firstshift.formats.documents import number, read_text, read_yaml, whole
from firstshift.formats.fitting import (
    Fitted,
    Fitting,
    derived_label,
    is_rectangle,
    round_shape,
    turned_box,
    utf8_name,
)
from firstshift.formats.format import (
    ClassOrder,
    Format,
    Sink,
    Size,
    class_name,
    image_size,
    label_of,
    reader,
    reading,
    split_in,
)
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, UNASSIGNED, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree

TASKS = ("detect", "segment", "obb")
_NAME_FILES = ("classes.txt", "obj.names", "labels/classes.txt")


class Yolo(Format):
    name = "yolo"
    title = "YOLO"
    by_stem = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        images = tree.images()
        labels = sum(_label_path(name) in tree for name in images)
        yaml = _yaml_name(tree)
        if yaml and (labels or images):
            return 80, f"{yaml} names classes, {labels} of {len(images)} images have a text file"
        if labels and any(_label_path(name).startswith("labels/") for name in images):
            return 70, f"images/ and labels/, {labels} of {len(images)} images have a text file"
        if labels and any(name in tree for name in _NAME_FILES):
            return 70, f"a list of class names, {labels} images with a text file beside"
        return 0, "no data.yaml, no labels/"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        yaml = _yaml_name(tree)
        plan = read_yaml(tree, yaml) if yaml else {}
        names = _names(tree, plan, yaml or "", options)
        task = plan.get("task") if plan.get("task") in TASKS else None
        splits = _Splits(tree, plan, yaml or "")
        images = tree.images()

        def build(name: str, losses: Losses) -> Record:
            label: Label | None = None
            path = _label_path(name)
            if path in tree:
                lines = [line for line in read_text(tree, path, 64 * 2**20).splitlines() if line.strip()]
                size = image_size(tree, name) if lines else (1, 1)
                marked = []
                for number_, line in enumerate(lines, 1):
                    where = f"{path}: line {number_}"
                    marked.append(_annotation(line.split(), size, names, task, "kpt_shape" in plan, where, losses))
                label = label_of(marked, Label.good())
            split = splits.of(name)
            return Record(splits.source(name), reader(tree, name), label, split)

        used = [*images, *(_label_path(n) for n in images), *_NAME_FILES, *splits.lists, *([yaml] if yaml else [])]
        return reading(self.name, tree, options, images, build, count=len(images), classes=names, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.no_capture()
        fitting.splits_in((None, *SPLIT_NAMES))
        fitting.only_classes_and_shapes()
        fitting.only_with_shapes()
        fitting.classes(utf8_name)
        fitting.masks_of_image_size()
        if options.task == "segment":
            fitting.masks_to_polygons()
            fitting.only_with_shapes()
            fitting.boxes_to_polygons()
            fitting.one_ring()
        else:
            fitting.to_boxes()
            fitting.only_with_shapes()
            _settle_angles(fitting, options.task == "obb")
        fitting.inside_image()
        fitting.rounded()
        fitting.verdict(derived_label, "verdicts other than what the marks say")
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"images/{record.split or UNASSIGNED}/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _YoloSink(out, options)


def _settle_angles(fitting: Fitting, may_turn: bool) -> None:
    """Turned boxes stay when the task holds them, they have an extent, and lie near the image."""
    width, height = fitting.size

    def change(shape: Shape) -> Shape:
        if not isinstance(shape, Box) or not shape.angle_deg:
            return shape
        near = all(-width <= x <= 2 * width and -height <= y <= 2 * height for x, y in shape.corners())
        return shape if may_turn and near and min(shape.width, shape.height) >= 0.001 else shape.upright()

    if may_turn:
        fitting.angles_wrapped()
    fitting.rounded()
    fitting.shapes(change, "turned boxes became upright")


def _yaml_name(tree: Tree) -> str | None:
    for name in sorted(tree.files, key=lambda n: (n.count("/"), n)):
        if name.lower().endswith((".yaml", ".yml")):
            try:
                plan = read_yaml(tree, name)
            except BadInput:
                continue
            if isinstance(plan, dict) and "names" in plan:
                return name
    return None


def _label_path(image: str) -> str:
    parts = (image[: image.rfind(".")] + ".txt").split("/")
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return "/".join(parts)


def _names(tree: Tree, plan: dict[str, Any], yaml: str, options: ReadOptions) -> tuple[str, ...]:
    losses = Losses()
    names = plan.get("names")
    if isinstance(names, list):
        return tuple(class_name(n, f"{yaml}: names", losses) for n in names)
    if isinstance(names, dict):
        numbered = {whole(key, f"{yaml}: names"): value for key, value in names.items()}
        if sorted(numbered) != list(range(len(numbered))):
            raise BadInput(where=f"{yaml}: names", expected="numbers from 0 without gaps", found=sorted(numbered))
        return tuple(class_name(numbered[i], f"{yaml}: names", losses) for i in range(len(numbered)))
    for name in _NAME_FILES:
        if name in tree:
            lines = read_text(tree, name).splitlines()
            return tuple(class_name(line, name, losses) for line in lines if line.strip())
    return options.classes


def _annotation(
    cells: list[str],
    size: Size,
    names: tuple[str, ...],
    task: str | None,
    has_keypoints: bool,
    where: str,
    losses: Losses,
) -> Annotation:
    number_ = whole(cells[0], f"{where}: class")
    if number_ < 0 or (names and number_ >= len(names)):
        raise BadInput(where=f"{where}: class", expected=f"0–{len(names) - 1}", found=number_)
    called = names[number_] if names else str(number_)
    shares = [number(cell, where) for cell in cells[1:]]
    if any(not -1 <= v <= 2 for v in shares[:4] if not has_keypoints):
        raise BadInput(where=where, expected="shares of the image between 0 and 1", found=" ".join(cells[1:5]))
    if has_keypoints and len(shares) > 4:
        losses.add("keypoints", where)
        shares = shares[:4]
    attributes: dict[str, Any] = {}
    if len(shares) == 5:
        attributes["confidence"] = shares.pop()
    width, height = size
    shape: Shape
    if len(shares) == 4:
        cx, cy, w, h = (v * side for v, side in zip(shares, (width, height, width, height), strict=True))
        if w < 0 or h < 0:
            raise BadInput(where=where, expected="a width and height of 0 or more", found=" ".join(cells[3:5]))
        shape = Box(cx - w / 2, cy - h / 2, w, h)
    elif len(shares) >= 6 and len(shares) % 2 == 0:
        points: list[Point] = [(x * width, y * height) for x, y in zip(shares[::2], shares[1::2], strict=True)]
        turned = len(points) == 4 and (task == "obb" or (task is None and is_rectangle(points)))
        shape = turned_box(points) if turned else Polygon((tuple(points),))
    else:
        raise BadInput(where=where, expected="4 numbers of a box, or x y of three points or more", found=len(shares))
    return Annotation(called, round_shape(shape), attributes=attributes)


class _Splits:
    """Which split an image is in: by the folders or lists `data.yaml` names, else by a folder called like one."""

    def __init__(self, tree: Tree, plan: dict[str, Any], yaml: str) -> None:
        self._folders: list[tuple[str, str]] = []
        self._listed: dict[str, str] = {}
        self.lists: list[str] = []
        here = posixpath.dirname(yaml)
        root = plan.get("path") if isinstance(plan.get("path"), str) else "."
        for split in ("train", "val", "test"):
            entries = plan.get(split)
            for entry in entries if isinstance(entries, list) else [entries]:
                if not isinstance(entry, str):
                    continue
                for base in (posixpath.join(here, str(root)), here):
                    path = posixpath.normpath(posixpath.join(base, entry)).lstrip("/")
                    while path.startswith("../"):  # Roboflow writes ../train/images and means train/images
                        path = path[3:]
                    if path in tree and path.endswith(".txt"):
                        self.lists.append(path)
                        for line in read_text(tree, path, 64 * 2**20).splitlines():
                            listed = posixpath.normpath(posixpath.join(posixpath.dirname(path), line.strip()))
                            self._listed[listed] = split
                        break
                    if any(name.startswith(path + "/") for name in tree.files):
                        self._folders.append((path + "/", split))
                        break

    def of(self, image: str) -> str | None:
        if UNASSIGNED in image.split("/")[:2]:  # data.yaml may have to name the folder as train
            return None
        if image in self._listed:
            return self._listed[image]
        within = [(folder, split) for folder, split in self._folders if image.startswith(folder)]
        if within:
            return max(within, key=lambda pair: len(pair[0]))[1]
        return split_in(image)

    def source(self, image: str) -> str:
        """Without `images` and the split's folder at the front, in either order."""
        parts = image.split("/")
        for _ in range(2):
            if len(parts) > 1 and (parts[0] == "images" or parts[0] in SPLIT_NAMES or parts[0] == UNASSIGNED):
                head = parts.pop(0)
                if head != "images" and "images" not in image.split("/")[:2]:
                    break
        return "/".join(parts)


class _YoloSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._task = options.task
        self._order = ClassOrder(options.classes)
        self._splits: set[str] = set()

    def add(self, record: Record, size: Size) -> None:
        self._splits.add(record.split or UNASSIGNED)
        if record.label is None:
            return
        lines = [self._line(a, size) + "\n" for a in record.label.annotations]
        path = PurePosixPath(f"labels/{record.split or UNASSIGNED}/{record.source}").with_suffix(".txt")
        self._out.write_text(str(path), "".join(lines))

    def _line(self, annotation: Annotation, size: Size) -> str:
        width, height = size
        match annotation.shape:
            case Box() as box if self._task == "obb":
                values = [v / side for corner in box.corners() for v, side in zip(corner, size, strict=True)]
            case Box() as box:
                cx, cy = box.centre
                values = [cx / width, cy / height, box.width / width, box.height / height]
            case Polygon() as polygon:
                values = [v / side for point in polygon.rings[0] for v, side in zip(point, size, strict=True)]
            case other:
                raise BadInput(where="YOLO", expected="a box or a polygon", found=other)
        return " ".join([str(self._order.number(annotation.class_name)), *(f"{v:.12g}" for v in values)])

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        plan: dict[str, Any] = {"path": ".", "task": self._task}
        for key in ("train", "val", "test"):
            plan[key] = f"images/{key if key in self._splits else UNASSIGNED}"
        plan["names"] = dict(enumerate(self.classes))
        stream = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.dump(plan, stream)
        self._out.write_text("data.yaml", stream.getvalue())
