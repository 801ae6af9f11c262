"""COCO: one JSON with images, categories and annotations; boxes, polygons of several rings, run lengths.

Read: `bbox`, `segmentation` (rings, run lengths packed or plain), `iscrowd`, `keypoints` and any other key of an
annotation (into attributes). The split comes from the image's own key or the names of file and folders.

Written beyond the standard, in keys other tools pass over: `verdict`, `split`, `capture` and `not_visible` of an image;
`severity`, `text`, `attributes`, `angle_deg` and `whole_image` of an annotation. With them COCO holds all a label says.

What is not visible is no `iscrowd` annotation: whoever converts the file or counts its boxes would take it for a
positive, and in an evaluation false alarms inside it would be forgiven.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Polygon, RunLengths, Shape
from firstshift.formats.coco_runs import MAX_PIXELS, pack_counts, unpack_counts
from firstshift.formats.documents import json_bytes, number, read_json, whole
from firstshift.formats.fitting import Fitted, Fitting, json_only
from firstshift.formats.format import (
    ClassOrder,
    Finder,
    Format,
    Sink,
    Size,
    class_name,
    is_good,
    label_of,
    reader,
    reading,
    split_in,
)
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import UNSEEN, unseen_to_json, visible_in, with_unseen

UNLABELLED = "unlabelled"
_KNOWN = {"id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "keypoints", "num_keypoints"} | {
    "severity",
    "text",
    "attributes",
    "angle_deg",
    "whole_image",
}
_IN_PLACE = ("iscrowd", "keypoints", "num_keypoints")


class Coco(Format):
    name = "coco"
    title = "COCO"
    keeps_unseen = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        found = [name for name in tree.files if _looks_like(tree, name)]
        return (90, f"{found[0]} has images, annotations and categories") if found else (0, "no COCO JSON")

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        names = [options.table] if options.table else [name for name in tree.files if _looks_like(tree, name)]
        if not names:
            raise BadInput(where=tree.where, expected="a JSON with images, annotations and categories", found="none")
        tables = [_Table.parse(read_json(tree, name), name) for name in names]
        finder = Finder(tree)
        classes = ClassOrder(c for table in tables for c in table.categories.values())
        used = [*names]

        def entries() -> Iterator[tuple[_Table, dict[str, Any]]]:
            for table in tables:
                for image in table.images:
                    yield table, image

        for table in tables:
            used += table.present(finder)

        def build(entry: tuple[_Table, dict[str, Any]], losses: Losses) -> Record:
            table, image = entry
            return table.record(image, tree, finder, options, losses)

        count = sum(len(table.images) for table in tables)
        return reading(self.name, tree, options, entries(), build, count=count, classes=classes.names, used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.masks_of_image_size()
        fitting.annotations(_without_odd_keypoints, "keypoints or iscrowd that COCO cannot hold")
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"images/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _CocoSink(out, options)


def _looks_like(tree: Tree, name: str) -> bool:
    data = json_bytes(tree, name)
    return all(key in data for key in (b'"images"', b'"annotations"', b'"categories"'))


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    images: list[dict[str, Any]]
    categories: dict[int, str]
    annotations: dict[int, list[dict[str, Any]]]
    split: str | None

    @classmethod
    def parse(cls, plain: Any, name: str) -> _Table:
        images, annotations = _list(plain, "images", name), _list(plain, "annotations", name)
        categories: dict[int, str] = {}
        for i, category in enumerate(_list(plain, "categories", name)):
            where = f"{name}: categories[{i}]"
            categories[whole(category.get("id"), where)] = class_name(category.get("name", ""), where, Losses())
        by_image: dict[int, list[dict[str, Any]]] = {}
        seen: set[int] = set()
        for i, image in enumerate(images):
            number_ = whole(image.get("id"), f"{name}: images[{i}].id")
            if number_ in seen:
                raise BadInput(where=f"{name}: images[{i}].id", expected="an id of its own", found=number_)
            seen.add(number_)
        for i, annotation in enumerate(annotations):
            image_id = whole(annotation.get("image_id"), f"{name}: annotations[{i}].image_id")
            if image_id not in seen:
                raise BadInput(where=f"{name}: annotations[{i}].image_id", expected="an id in images", found=image_id)
            by_image.setdefault(image_id, []).append(annotation)
        stem_words = (
            PurePosixPath(name).stem.lower().replace("-", "_").replace(".", "_").rstrip("0123456789").split("_")
        )
        split = split_in(name) or next((word for word in stem_words if word in SPLIT_NAMES), None)
        return cls(name, images, categories, by_image, split)

    def folders(self) -> tuple[str, ...]:
        """Where images may lie, seen from the JSON."""
        here = str(PurePosixPath(self.name).parent)
        base = "" if here == "." else here
        above = str(PurePosixPath(base).parent) if base and "/" in base else ""
        roots = list(dict.fromkeys((base, above, "")))
        below = ("images", f"images/{self.split}", f"{self.split}", f"{self.split}2017", f"{self.split}2014")
        return tuple(f"{root}/{sub}".strip("/") for sub in ("", *below) for root in roots)

    def present(self, finder: Finder) -> list[str]:
        found = []
        for image in self.images:
            try:
                found.append(finder.find(str(image.get("file_name", "")), self.folders(), self.name))
            except BadInput:
                continue  # said again, with its place, when the record is built
        return found

    def record(self, image: dict[str, Any], tree: Tree, finder: Finder, options: ReadOptions, losses: Losses) -> Record:
        called = image.get("file_name")
        where = f"{self.name}: image {image['id']}"
        if not isinstance(called, str) or not called:
            raise BadInput(where=where, expected="a file_name", found=repr(called))
        path = finder.find(called, self.folders(), where)
        source = called.replace("\\", "/").removeprefix("./").removeprefix("images/")
        if not path.endswith(source):
            source = path
        annotations = [
            self.annotation(plain, image, f"{self.name}: {called}", losses)
            for plain in self.annotations.get(whole(image["id"], where), [])
        ]
        annotations = with_unseen(annotations, image.get(UNSEEN), where)
        capture = dict(_dict(image.get("capture", {}), f"{where}: capture"))
        if "date_captured" in image and image["date_captured"] and "captured_at" not in capture:
            capture["date_captured"] = image["date_captured"]
        return Record(
            source=source,
            read_bytes=reader(tree, path),
            label=label_with_verdict(annotations, image.get("verdict"), options, losses, where),
            split=image["split"] if isinstance(image.get("split"), str) else self.split_of(image),
            capture=capture,
        )

    def split_of(self, image: dict[str, Any]) -> str | None:
        return None if "split" in image else self.split

    def annotation(self, plain: dict[str, Any], image: dict[str, Any], where: str, losses: Losses) -> Annotation:
        category = whole(plain.get("category_id"), f"{where}: category_id")
        if category not in self.categories:
            raise BadInput(where=f"{where}: category_id", expected="an id in categories", found=category)
        attributes = dict(_dict(plain.get("attributes", {}), f"{where}: attributes"))
        attributes |= {key: value for key, value in plain.items() if key not in _KNOWN}
        attributes |= {key: plain[key] for key in _IN_PLACE if plain.get(key)}
        text = plain.get("text")
        severity = plain.get("severity")
        return Annotation(
            class_name=self.categories[category],
            shape=None if plain.get("whole_image") else _shape(plain, image, where, losses),
            severity=None if severity is None else whole(severity, f"{where}: severity"),
            text=text if isinstance(text, str) else None,
            attributes=attributes,
        )


def label_with_verdict(
    annotations: list[Annotation], verdict: object, options: ReadOptions, losses: Losses, where: str
) -> Label | None:
    """The file's own word when it has one; else something marked is a defect and nothing marked is `options.empty`."""
    if verdict is None:
        if annotations and all(a.shape is None and is_good(a.class_name, options) for a in annotations):
            return Label.good()
        if not annotations and options.empty == "unlabelled":
            losses.add("images without annotations were taken as unlabelled (empty='good' if somebody looked)", where)
        return label_of(annotations, Label.good() if options.empty == "good" else None)
    if verdict == UNLABELLED:
        return None
    if not isinstance(verdict, str) or verdict not in set(Verdict):
        raise BadInput(where=where, expected="good, defect, unsure or unlabelled", found=repr(verdict))
    return Label(Verdict(verdict), tuple(annotations))


def _shape(plain: dict[str, Any], image: dict[str, Any], where: str, losses: Losses) -> Shape | None:
    segmentation, bbox = plain.get("segmentation"), plain.get("bbox")
    if isinstance(segmentation, dict):
        return _run_lengths(segmentation, image, where)
    if segmentation:
        if not isinstance(segmentation, list):
            raise BadInput(where=where, expected="a segmentation of rings or run lengths", found=segmentation)
        rings = tuple(_ring(flat, where) for flat in segmentation)
        polygon = Polygon(tuple(ring for ring in rings if ring))
        if isinstance(bbox, list) and len(bbox) == 4:
            bounds = polygon.bounds()
            edges = (bounds.x, bounds.y, bounds.width, bounds.height)
            if any(abs(number(a, where) - b) > 2 for a, b in zip(bbox, edges, strict=True)):
                losses.add("boxes that differ from their polygon by over 2 px; the polygon was taken", where)
        return polygon
    if bbox is None or bbox == []:
        return None
    if not isinstance(bbox, list) or len(bbox) != 4:
        raise BadInput(where=f"{where}: bbox", expected="x, y, width, height", found=bbox)
    if "angle_deg" in plain:  # the upright box is for other tools, this is what was drawn
        x, y, width, height, angle = (number(v, where) for v in _list(plain["angle_deg"], "box", where))
        return Box(x, y, width, height, angle)
    return Box(*(number(v, f"{where}: bbox") for v in bbox))


def _ring(flat: object, where: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(flat, list) or len(flat) % 2:
        raise BadInput(where=where, expected="x and y of each point in turn", found=flat)
    values = [number(v, f"{where}: segmentation") for v in flat]
    points = tuple(zip(values[::2], values[1::2], strict=True))
    if len(points) < 3:
        raise BadInput(where=f"{where}: segmentation", expected="rings of three points or more", found=len(points))
    return points


def _run_lengths(plain: dict[str, Any], image: dict[str, Any], where: str) -> RunLengths:
    size, counts = plain.get("size"), plain.get("counts")
    if not isinstance(size, list) or len(size) != 2:
        raise BadInput(where=f"{where}: segmentation.size", expected="height and width", found=size)
    height, width = (whole(v, f"{where}: segmentation.size") for v in size)
    if height < 0 or width < 0 or height * width > MAX_PIXELS:
        raise BadInput(where=f"{where}: segmentation.size", expected="an image size", found=size)
    declared = [image.get("height"), image.get("width")]
    if None not in declared and declared != [height, width]:
        raise BadInput(where=f"{where}: segmentation.size", expected=f"{declared} as the image", found=size)
    if isinstance(counts, str):
        return RunLengths(width, height, unpack_counts(counts, width * height))
    if not isinstance(counts, list):
        raise BadInput(where=f"{where}: segmentation.counts", expected="text or numbers", found=counts)
    return RunLengths(width, height, tuple(whole(v, f"{where}: segmentation.counts") for v in counts))


class _CocoSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._order = ClassOrder(options.classes)
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, record: Record, size: Size) -> None:
        width, height = size
        image: dict[str, Any] = {"id": len(self._images) + 1, "file_name": f"images/{record.source}"}
        image |= {"width": width, "height": height}
        image["verdict"] = record.label.verdict.value if record.label else UNLABELLED
        image["split"] = record.split
        if record.capture:
            image["capture"] = dict(record.capture)
        self._images.append(image)
        if unseen := unseen_to_json(record.label):
            image[UNSEEN] = unseen
        for annotation in visible_in(record.label):
            plain: dict[str, Any] = {"id": len(self._annotations) + 1, "image_id": image["id"]}
            plain["category_id"] = self._order.number(annotation.class_name) + 1
            plain |= _plain_shape(annotation.shape, size)
            attributes = dict(annotation.attributes)
            plain["iscrowd"] = attributes.pop("iscrowd", 0)
            plain |= {key: attributes.pop(key) for key in _IN_PLACE if key in attributes}
            extra = {"severity": annotation.severity, "text": annotation.text, "attributes": attributes or None}
            plain |= {key: value for key, value in extra.items() if value is not None}
            self._annotations.append(plain)

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        categories = [{"id": i, "name": name} for i, name in enumerate(self.classes, 1)]
        table = {"images": self._images, "categories": categories, "annotations": self._annotations}
        self._out.write_text("annotations.json", json.dumps(table))


def _plain_shape(shape: Shape | None, size: Size) -> dict[str, Any]:
    match shape:
        case None:
            return {"bbox": [0, 0, *size], "area": size[0] * size[1], "segmentation": [], "whole_image": True}
        case Box():
            box = shape.upright()
            plain: dict[str, Any] = {"bbox": [box.x, box.y, box.width, box.height], "area": shape.area}
            if shape.angle_deg:
                plain["angle_deg"] = {"box": [shape.x, shape.y, shape.width, shape.height, shape.angle_deg]}
            return plain | {"segmentation": []}
        case Polygon():
            rings = [[v for point in ring for v in point] for ring in shape.rings]
            box = shape.bounds()
            return {"segmentation": rings, "bbox": [box.x, box.y, box.width, box.height], "area": shape.area}
        case RunLengths():
            counts = {"size": [shape.height, shape.width], "counts": pack_counts(shape.counts)}
            box = shape.mask().bounds() or Box(0, 0, 0, 0)
            return {"segmentation": counts, "bbox": [box.x, box.y, box.width, box.height], "area": shape.area}


def _without_odd_keypoints(annotation: Annotation) -> Annotation:
    """`iscrowd: 0` and empty keypoints read back as absent."""
    kept = {key: value for key, value in annotation.attributes.items() if key not in _IN_PLACE or value}
    return annotation if len(kept) == len(annotation.attributes) else replace(annotation, attributes=json_only(kept))


def _list(plain: Any, key: str, where: str) -> list[Any]:
    value = plain.get(key) if isinstance(plain, dict) else None
    if not isinstance(value, list) or (key != "box" and not all(isinstance(item, dict) for item in value)):
        raise BadInput(where=f"{where}: {key}", expected="a list of objects", found=type(value).__name__)
    return value


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(where=where, expected="an object", found=type(value).__name__)
    return value
