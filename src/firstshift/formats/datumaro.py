"""Datumaro JSON: `annotations/<subset>.json` and `images/<subset>/…`; labels, boxes, polygons of one ring, masks.

Beyond the format, in keys other tools pass over: `verdict`, `capture` and `not_visible` in an item's `attr`; `severity`
and `text` of an annotation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation
from firstshift.core.shapes import Box, Polygon, RunLengths, Shape
from firstshift.formats.coco import UNLABELLED, label_with_verdict
from firstshift.formats.coco_runs import MAX_PIXELS, pack_counts, unpack_counts
from firstshift.formats.documents import json_bytes, number, read_json, whole
from firstshift.formats.fitting import Fitted, Fitting, round_number
from firstshift.formats.format import ClassOrder, Finder, Format, Sink, Size, class_name, reader, reading
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import UNSEEN, unseen_to_json, visible_in, with_unseen

DEFAULT_SUBSET = "default"
_FOUR = 4


class Datumaro(Format):
    name = "datumaro"
    title = "Datumaro"
    keeps_unseen = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        found = _tables(tree)
        return (90, f"{found[0]} has items and categories") if found else (0, "no Datumaro JSON")

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        names = [options.table] if options.table else _tables(tree)
        tables = [_Table(read_json(tree, name), name) for name in names]
        if not tables:
            raise BadInput(where=tree.where, expected="annotations/<subset>.json", found="none")
        finder = Finder(tree)
        classes = ClassOrder(name for table in tables for name in table.labels)

        def entries() -> Iterator[tuple[_Table, dict[str, Any]]]:
            for table in tables:
                for item in table.items:
                    yield table, item

        def build(entry: tuple[_Table, dict[str, Any]], losses: Losses) -> Record:
            table, item = entry
            return table.record(item, tree, finder, options, losses)

        used = [*names, *(n for n in tree.images() if n.startswith("images/"))]
        count = sum(len(table.items) for table in tables)
        return reading(self.name, tree, options, entries(), build, count=count, classes=classes.names, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.splits_in((None, *SPLIT_NAMES))
        fitting.masks_of_image_size()
        fitting.one_ring()
        fitting.rounded()
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"images/{record.split or DEFAULT_SUBSET}/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _DatumaroSink(out, options)


def _tables(tree: Tree) -> list[str]:
    return [name for name in tree.files if _is_subset(json_bytes(tree, name))]


def _is_subset(data: bytes) -> bool:
    return all(key in data for key in (b'"items"', b'"categories"', b'"labels"'))


class _Table:
    def __init__(self, plain: Any, name: str) -> None:
        self.name = name
        self.subset = PurePosixPath(name).stem
        try:
            self.items: list[dict[str, Any]] = list(plain["items"])
            named = plain["categories"]["label"]["labels"]
            self.labels = [class_name(each["name"], name, Losses()) for each in named]
        except (KeyError, TypeError) as error:
            raise BadInput(where=name, expected="items, and labels in categories", found=f"no {error}") from error

    def record(self, item: Any, tree: Tree, finder: Finder, options: ReadOptions, losses: Losses) -> Record:
        if not isinstance(item, dict):
            raise BadInput(where=self.name, expected="items that are objects", found=type(item).__name__)
        where = f"{self.name}: item {item.get('id')!r}"
        picture = item.get("image") or item.get("media")
        called = picture.get("path") if isinstance(picture, dict) else None
        if not isinstance(called, str) or not called:
            raise BadInput(where=where, expected="image.path", found=repr(picture)[:80])
        path = finder.find(called, (f"images/{self.subset}", "images", ""), where)
        attr = item.get("attr")
        attr = attr if isinstance(attr, dict) else {}
        plain = item.get("annotations", [])
        if not isinstance(plain, list) or not all(isinstance(each, dict) for each in plain):
            raise BadInput(where=f"{where}: annotations", expected="a list of objects", found=type(plain).__name__)
        annotations = [a for each in plain if (a := self.annotation(each, where, losses)) is not None]
        annotations = with_unseen(annotations, attr.get(UNSEEN), where)
        capture = attr.get("capture")
        return Record(
            source=called if path.endswith(called) else path,
            read_bytes=reader(tree, path),
            label=label_with_verdict(annotations, attr.get("verdict"), options, losses, where),
            split=None if self.subset == DEFAULT_SUBSET else self.subset,
            capture=capture if isinstance(capture, dict) else {},
        )

    def annotation(self, plain: dict[str, Any], where: str, losses: Losses) -> Annotation | None:
        kind = plain.get("type")
        if kind not in ("label", "bbox", "rotated_bbox", "polygon", "mask"):
            losses.add(f"annotations of type {kind!r}", where)
            return None
        label = whole(plain.get("label_id"), f"{where}: label_id")
        if not 0 <= label < len(self.labels):
            raise BadInput(where=f"{where}: label_id", expected=f"0–{len(self.labels) - 1}", found=label)
        attributes = plain.get("attributes") or {}
        text, severity = plain.get("text"), plain.get("severity")
        if not isinstance(attributes, dict):
            raise BadInput(where=f"{where}: attributes", expected="an object", found=type(attributes).__name__)
        return Annotation(
            class_name=self.labels[label],
            shape=_shape(kind, plain, where),
            severity=None if severity is None else whole(severity, f"{where}: severity"),
            text=text if isinstance(text, str) else None,
            attributes=attributes,
        )


def _shape(kind: str, plain: dict[str, Any], where: str) -> Shape | None:
    if kind == "label":
        return None
    if kind == "mask":
        rle = plain.get("rle")
        size = rle.get("size") if isinstance(rle, dict) else None
        if not isinstance(rle, dict) or not isinstance(size, list) or len(size) != 2:
            raise BadInput(where=f"{where}: rle", expected="counts and size", found=repr(rle)[:80])
        lines, columns = (whole(v, f"{where}: rle.size") for v in size)
        if lines < 0 or columns < 0 or lines * columns > MAX_PIXELS:
            raise BadInput(where=f"{where}: rle.size", expected="an image size", found=size)
        return RunLengths(columns, lines, unpack_counts(str(rle.get("counts")), columns * lines))
    values = plain.get("points" if kind == "polygon" else kind, plain.get("bbox"))
    if not isinstance(values, list):
        raise BadInput(where=where, expected=f"the numbers of a {kind}", found=repr(values)[:80])
    numbers = [number(v, where) for v in values]
    if kind == "bbox" and len(numbers) == _FOUR:
        return Box(*numbers)
    if kind == "rotated_bbox" and len(numbers) == 5:
        cx, cy, width, height, angle = numbers
        return Box(*(round_number(v) for v in (cx - width / 2, cy - height / 2, width, height, angle)))
    if kind == "polygon" and len(numbers) >= 6 and len(numbers) % 2 == 0:
        return Polygon((tuple(zip(numbers[::2], numbers[1::2], strict=True)),))
    raise BadInput(where=where, expected=f"the numbers of a {kind}", found=f"{len(numbers)} numbers")


class _DatumaroSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._order = ClassOrder(options.classes)
        self._items: dict[str, list[dict[str, Any]]] = {}

    def add(self, record: Record, size: Size) -> None:
        attr: dict[str, Any] = {"verdict": record.label.verdict.value if record.label else UNLABELLED}
        if record.capture:
            attr["capture"] = dict(record.capture)
        if unseen := unseen_to_json(record.label):
            attr[UNSEEN] = unseen
        width, height = size
        item = {
            "id": str(PurePosixPath(record.source).with_suffix("")),
            "annotations": [self._plain(i, annotation) for i, annotation in enumerate(visible_in(record.label))],
            "attr": attr,
            "image": {"path": record.source, "size": [height, width]},
        }
        self._items.setdefault(record.split or DEFAULT_SUBSET, []).append(item)

    def _plain(self, index: int, annotation: Annotation) -> dict[str, Any]:
        plain: dict[str, Any] = {"id": index, "group": 0, "label_id": self._order.number(annotation.class_name)}
        plain["attributes"] = annotation.attributes
        if annotation.severity is not None:
            plain["severity"] = annotation.severity
        if annotation.text is not None:
            plain["text"] = annotation.text
        match annotation.shape:
            case None:
                plain["type"] = "label"
            case Box() as box if box.angle_deg:
                plain |= {"type": "rotated_bbox", "rotated_bbox": [*box.centre, box.width, box.height, box.angle_deg]}
            case Box() as box:
                plain |= {"type": "bbox", "z_order": 0, "bbox": [box.x, box.y, box.width, box.height]}
            case Polygon() as polygon:
                plain |= {"type": "polygon", "z_order": 0, "points": [v for p in polygon.rings[0] for v in p]}
            case RunLengths() as runs:
                packed = {"counts": pack_counts(runs.counts), "size": [runs.height, runs.width]}
                plain |= {"type": "mask", "z_order": 0, "rle": packed}
        return plain

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        labels = [{"name": name, "parent": "", "attributes": []} for name in self.classes]
        for subset, items in (self._items or {DEFAULT_SUBSET: []}).items():
            table = {"info": {}, "categories": {"label": {"labels": labels, "attributes": []}}, "items": items}
            self._out.write_text(f"annotations/{subset}.json", json.dumps(table))
