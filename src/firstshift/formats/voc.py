"""Pascal VOC: an XML per image with upright boxes; splits in `ImageSets/Main`.

Coordinates are written and read as continuous pixels from 0 (as labelImg, CVAT and Datumaro do): width = xmax − xmin.
Beyond the devkit: `robndbox` for turned boxes (roLabelImg), `attributes` (CVAT), `verdict`, `severity`, `text`, and
`not_visible` in place of `object`. That is no `difficult` object: several trainers learn from those, and pass over an
element that they do not know. An image without an XML is unlabelled, one whose XML has no object is good. Segmentation
folders are named as extra files and not read.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import PurePosixPath
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Shape
from firstshift.formats.cells import from_cell, text_from_cell, text_to_cell, to_cell
from firstshift.formats.documents import number, read_text, read_xml, whole
from firstshift.formats.fitting import Fitted, Fitting, round_number, utf8_name
from firstshift.formats.format import ClassOrder, Format, Sink, Size, class_name, label_of, reader, reading
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import SPLIT_NAMES, Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import UNSEEN, surely_unseen

_FLAGS = ("difficult", "truncated", "occluded")


class Voc(Format):
    name = "voc"
    title = "Pascal VOC"
    by_stem = True
    keeps_unseen = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        xml = [n for n in tree.files if n.endswith(".xml")]
        known = [n for n in xml[:20] if b"<annotation" in tree.read(n)[:4096]]
        return (80, f"{len(xml)} XML files such as {known[0]}") if known else (0, "no annotation XML")

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        images = [n for n in tree.images() if not n.split("/")[0].startswith("Segmentation")]
        xml = _XmlFiles(tree)
        splits, split_files = _splits(tree)
        paths = {name: xml.of(name) for name in images}
        orphans = sorted(set(xml.names) - {p for p in paths.values() if p})

        def build(name: str, losses: Losses) -> Record:
            if name.endswith(".xml"):
                raise BadInput(where=name, expected="an image of the same name", found="none")
            source = name.removeprefix("JPEGImages/")
            path = paths[name]
            label = _label(tree, path, losses) if path else None
            return Record(source, reader(tree, name), label, splits.get(str(PurePosixPath(source).with_suffix(""))))

        used = [*images, *xml.names, *split_files]
        entries = [*images, *orphans]
        return reading(self.name, tree, options, entries, build, count=len(entries), used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.no_capture()
        fitting.splits_in((None, *SPLIT_NAMES))
        fitting.classes(utf8_name)
        fitting.to_boxes()
        fitting.rounded()
        fitting.annotations(_without_empty_flags, "flags other than 0 and 1, empty poses")
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"JPEGImages/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _VocSink(out, options)


class _XmlFiles:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.names = [n for n in tree.files if n.endswith(".xml")]
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            self._by_stem.setdefault(PurePosixPath(name).stem, []).append(name)

    def of(self, image: str) -> str | None:
        stem = str(PurePosixPath(image).with_suffix(""))
        inner = stem.removeprefix("JPEGImages/")
        for name in (f"Annotations/{inner}.xml", f"{stem}.xml"):
            if name in self._tree:
                return name
        if image.startswith("JPEGImages/"):
            return None
        found = self._by_stem.get(PurePosixPath(stem).name, [])
        return found[0] if len(found) == 1 else None


def _splits(tree: Tree) -> tuple[dict[str, str], list[str]]:
    files = [n for n in tree.files if n.startswith("ImageSets/Main/") and PurePosixPath(n).stem in SPLIT_NAMES]
    splits: dict[str, str] = {}
    # `trainval` repeats what `train` and `val` say; the narrower word wins.
    for name in sorted(files, key=lambda n: PurePosixPath(n).stem != "trainval"):
        for line in read_text(tree, name, 64 * 2**20).split("\n"):
            if line.strip():
                splits[line.rstrip("\r")] = PurePosixPath(name).stem
    return splits, files


def _label(tree: Tree, path: str, losses: Losses) -> Label | None:
    root = read_xml(tree, path)
    things = (each for each in root.iter() if each.tag in ("object", UNSEEN))
    annotations = []
    for number_, each in enumerate(things, 1):
        said = _annotation(each, f"{path}: object {number_}", losses)
        annotations.append(surely_unseen(said) if each.tag == UNSEEN else said)
    verdict = root.findtext("verdict")
    if verdict is None:
        return label_of(annotations, Label.good())
    if verdict not in set(Verdict):
        raise BadInput(where=path, expected="good, defect or unsure", found=verdict)
    return Label(Verdict(verdict), tuple(annotations))


def _annotation(plain: ElementTree.Element, where: str, losses: Losses) -> Annotation:
    attributes: dict[str, Any] = {}
    for flag in _FLAGS:
        if whole(plain.findtext(flag) or 0, f"{where}: {flag}"):
            attributes[flag] = 1
    if (pose := plain.findtext("pose")) and pose != "Unspecified":
        attributes["pose"] = text_from_cell(pose)
    for each in plain.iterfind("attributes/attribute"):
        attributes[text_from_cell(each.findtext("name") or "")] = from_cell(each.findtext("value") or "")
    severity, text = plain.findtext("severity"), plain.findtext("text")
    if plain.find("part") is not None:
        losses.add("parts of objects", where)
    return Annotation(
        class_name=class_name(plain.findtext("name") or "", where, losses),
        shape=_shape(plain, where),
        severity=None if severity is None else whole(severity, f"{where}: severity"),
        text=None if text is None else text_from_cell(text),
        attributes=attributes,
    )


def _shape(plain: ElementTree.Element, where: str) -> Shape | None:
    turned, box = plain.find("robndbox"), plain.find("bndbox")
    if turned is not None:
        cx, cy, w, h, angle = (number(turned.findtext(k), f"{where}: {k}") for k in ("cx", "cy", "w", "h", "angle"))
        values = (cx - w / 2, cy - h / 2, w, h, math.degrees(angle))
        return Box(*(round_number(v) for v in values))
    if box is None:
        return None
    x0, y0, x1, y1 = (number(box.findtext(k), f"{where}: {k}") for k in ("xmin", "ymin", "xmax", "ymax"))
    if x1 < x0 or y1 < y0:
        raise BadInput(where=where, expected="xmin ≤ xmax and ymin ≤ ymax", found=f"{x0}, {y0}, {x1}, {y1}")
    return Box(*(round_number(v) for v in (x0, y0, x1 - x0, y1 - y0)))


def _without_empty_flags(annotation: Annotation) -> Annotation:
    kept = {}
    for key, value in annotation.attributes.items():
        if key in _FLAGS and (value != 1 or isinstance(value, bool | float)):
            continue
        if key == "pose" and (not isinstance(value, str) or value in ("", "Unspecified")):
            continue
        kept[key] = value
    return Annotation(annotation.class_name, annotation.shape, annotation.severity, annotation.text, kept)


class _VocSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._order = ClassOrder(options.classes)
        self._splits: dict[str, list[str]] = {}

    def add(self, record: Record, size: Size) -> None:
        stem = str(PurePosixPath(record.source).with_suffix(""))
        if record.split:
            self._splits.setdefault(record.split, []).append(stem)
        if record.label is None:
            return
        root = ElementTree.Element("annotation")
        _put(root, "filename", PurePosixPath(record.source).name)
        inside = ElementTree.SubElement(root, "size")
        for key, value in zip(("width", "height"), size, strict=True):
            _put(inside, key, value)
        _put(root, "verdict", record.label.verdict.value)
        for annotation in record.label.annotations:
            if annotation.is_visible:
                self._order.number(annotation.class_name)
            _put_object(root, annotation)
        data = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        data = re.sub(rb"><(?=object>|not_visible>|/annotation>)", b">\n<", data)
        self._out.write(f"Annotations/{stem}.xml", data + b"\n")

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        for split, stems in self._splits.items():
            self._out.write_text(f"ImageSets/Main/{split}.txt", "".join(f"{stem}\n" for stem in stems))


def _put_object(root: ElementTree.Element, annotation: Annotation) -> None:
    plain = ElementTree.SubElement(root, "object" if annotation.is_visible else UNSEEN)
    _put(plain, "name", annotation.class_name)
    attributes = dict(annotation.attributes)
    pose = attributes.pop("pose", None)
    if pose is not None:
        _put(plain, "pose", text_to_cell(pose))
    for flag in _FLAGS:
        _put(plain, flag, attributes.pop(flag, 0))
    box = annotation.shape
    if isinstance(box, Box) and box.angle_deg:
        turned = ElementTree.SubElement(plain, "robndbox")
        values = (*box.centre, box.width, box.height, math.radians(box.angle_deg))
        for key, value in zip(("cx", "cy", "w", "h", "angle"), values, strict=True):
            _put(turned, key, repr(value))
    elif isinstance(box, Box):
        upright = ElementTree.SubElement(plain, "bndbox")
        values4 = (box.x, box.y, box.x + box.width, box.y + box.height)
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), values4, strict=True):
            _put(upright, key, f"{value:.12g}")
    if annotation.severity is not None:
        _put(plain, "severity", annotation.severity)
    if annotation.text is not None:
        _put(plain, "text", text_to_cell(annotation.text))
    if attributes:
        parent = ElementTree.SubElement(plain, "attributes")
        for key, value in attributes.items():
            each = ElementTree.SubElement(parent, "attribute")
            _put(each, "name", text_to_cell(key))
            _put(each, "value", to_cell(value))


def _put(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)
