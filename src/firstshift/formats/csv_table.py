"""CSV: a row for each thing, or for each image; columns are known by their names or by `ReadOptions.columns`.

    file,class,x,y,w,h,text,severity,serial,lot,split
    scratch/17.png,scratch,12,30,4,80,,2,SN0017,B7,train

Rows with the same `file` are one image. Known columns: see `MEANINGS`; every other column goes into the image's
capture as text. Written with `verdict`, `angle`, `shape` (JSON of polygons and masks) and `attributes` (JSON), so that
it holds all a label says. The row of what is not visible has no class and no box, which a program that knows only those
would learn from: its class is in `class_not_visible`, its box in `shape`.

A table of boxes with no column for class, verdict or severity says where things are, not that they are defects: they
become things (`object`, or `text` when a column is text) on good parts, and `Reading.notes` says so.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.hashing import canonical_json
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, RunLengths, Shape, shape_from_json, shape_to_json
from firstshift.formats.cells import text_from_cell, text_to_cell
from firstshift.formats.coco import UNLABELLED
from firstshift.formats.coco_runs import pack_counts, unpack_counts
from firstshift.formats.documents import number, read_csv, whole
from firstshift.formats.fitting import Fitted, Fitting, json_only, utf8_name
from firstshift.formats.format import ClassOrder, Finder, Format, Sink, Size, class_name, is_good, reader, reading
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import surely_unseen

MEANINGS = {
    "file": ("file", "filename", "file_name", "path", "image", "image_path", "img"),
    "class": ("class", "label", "category", "defect", "class_name"),
    "verdict": ("verdict",),
    "x": ("x", "xmin", "x1", "left"),
    "y": ("y", "ymin", "y1", "top"),
    "w": ("w", "width", "box_width"),
    "h": ("h", "height", "box_height"),
    "x2": ("x2", "xmax", "right"),
    "y2": ("y2", "ymax", "bottom"),
    "angle": ("angle", "angle_deg"),
    "shape": ("shape",),
    "text": ("text", "transcription"),
    "severity": ("severity",),
    "attributes": ("attributes",),
    "split": ("split", "subset"),
    "class_not_visible": ("class_not_visible",),
}
"""What a column means, and the headers it goes by."""
JUDGING = frozenset(("class", "verdict", "severity"))
NOT_JUDGED = (
    "no column says class, verdict or severity: what is marked is kept as things on good parts; "
    "--column NAME=class or --column NAME=verdict says otherwise"
)
CAPTURE = "capture."
"""Header prefix that makes any column capture data: `capture.file`."""
MAX_CELL = 120_000
"""Python's CSV reader takes 131,072 characters in a cell, and its limit is a global we leave alone."""
_WRITTEN = ("file", "verdict", "class", "x", "y", "w", "h", "angle", "shape", "severity", "text", "attributes", "split")
_UNSEEN = "class_not_visible"


class CsvTable(Format):
    name = "csv"
    title = "CSV"
    keeps_unseen = True
    says_unsure = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        for name in _tables(tree):
            try:
                header = tree.read(name).split(b"\n", 1)[0].decode("utf-8-sig")
            except (BadInput, UnicodeDecodeError):
                continue
            first = [cell.strip() for cell in header.replace(";", ",").replace("\t", ",").split(",")]
            if any(cell.lower() in MEANINGS["file"] for cell in first):
                return 95 if "verdict" in first else 50, f"{name} has a column of files: {', '.join(first)}"
        return 0, "no CSV with a file column"

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        tables = [options.table] if options.table else _tables(tree)
        if len(tables) != 1:
            raise BadInput(where=tree.where, expected="one CSV file", found=", ".join(tables) or "none")
        header, rows = read_csv(tree, tables[0])
        meaning = _meanings(header, options.columns, tables[0])
        rows_of: dict[str, list[tuple[int, dict[str, str]]]] = {}
        for line, row in enumerate(rows, 2):
            known = {meaning[column]: cell for column, cell in row.items()}
            rows_of.setdefault(known["file"].strip(), []).append((line, known))
        finder = Finder(tree)
        here = tables[0].rsplit("/", 1)[0] if "/" in tables[0] else ""
        folders = (here, f"{here}/images".strip("/"), "", "images")
        found: dict[str, str] = {}
        for called in rows_of:
            try:
                found[called] = finder.find(called, folders, tables[0])
            except BadInput:
                continue  # said again when its record is built

        notes = Losses()

        def build(called: str, losses: Losses) -> Record:
            where = f"{tables[0]}: line {rows_of[called][0][0]}"
            path = found.get(called) or finder.find(called, folders, where)
            record = _record(called, path, rows_of[called], tables[0], tree, options, losses)
            if record.label is not None and JUDGING.isdisjoint(meaning.values()):
                notes.add(NOT_JUDGED, record.source)
            return record

        used = [tables[0], *found.values()]
        names = ClassOrder(row["class"].strip() for rows in rows_of.values() for _, row in rows if row.get("class"))
        classes = [name for name in names.names if name and not is_good(name, options)]
        result = reading(self.name, tree, options, rows_of, build, count=len(rows_of), classes=classes, used=used)
        result.notes = notes
        return result

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.classes(utf8_name)
        fitting.masks_of_image_size()
        fitting.shapes(_short_enough, "shapes too long for a cell became boxes")
        fitting.annotations(_short_attributes, "attributes too long for a cell")
        fitting.set("split names with spaces around or half characters", split=_cell_text(record.split) or None)
        capture = {_key(key): _as_text(value) for key, value in record.capture.items() if value is not None}
        capture = {key: value for key, value in capture.items() if key and value and len(value) < MAX_CELL}
        fitting.set("capture data that is no text became text, empty values went", capture=capture)
        return fitting.done()

    def place(self, record: Record) -> str:
        return record.source

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _CsvSink(out, options)


def _tables(tree: Tree) -> list[str]:
    return [n for n in tree.files if n.lower().endswith((".csv", ".tsv"))]


def _meanings(header: list[str], asked: Mapping[str, str], where: str) -> dict[str, str]:
    wanted = {other: meaning for meaning, others in MEANINGS.items() for other in others}
    meaning: dict[str, str] = {}
    for column in header:
        found = asked.get(column) or (column if column.startswith(CAPTURE) else wanted.get(column.lower()))
        meaning[column] = found if found in MEANINGS else CAPTURE + (found or column).removeprefix(CAPTURE)
    unknown = [column for column in asked if column not in header]
    if unknown:
        raise BadInput(where=where, expected=f"a column of {', '.join(header)}", found=unknown[0])
    taken = list(meaning.values())
    twice = [m for m in taken if taken.count(m) > 1]
    if "file" not in taken or twice:
        found = f"two columns for {twice[0]}" if twice else ", ".join(header)
        raise BadInput(where=f"{where}: line 1", expected="one column of files", found=found, way_out="map the columns")
    return meaning


def _record(
    called: str,
    path: str,
    rows: list[tuple[int, dict[str, str]]],
    table: str,
    tree: Tree,
    options: ReadOptions,
    losses: Losses,
) -> Record:
    annotations, verdicts, good = [], set(), False
    judged = not JUDGING.isdisjoint(rows[0][1])
    for line, row in rows:
        where = f"{table}: line {line}"
        verdicts.add(row.get("verdict", ""))
        name = row.get("class", "").strip() or row.get(_UNSEEN, "").strip()
        if name and is_good(name, options) and not row.get("verdict"):
            good = True
            continue
        shape = _shape(row, where)
        text = text_from_cell(row["text"]) if row.get("text") else None
        if name or shape is not None or text is not None:
            name = class_name(name or _unnamed(row, judged), where, losses)
            said = _annotation(row, name, shape, text, where)
            annotations.append(surely_unseen(said) if row.get(_UNSEEN) else said)
    where = f"{table}: line {rows[0][0]}"
    if len(verdicts) > 1:
        raise BadInput(where=where, expected="one verdict for an image", found=", ".join(sorted(verdicts)))
    capture = {k.removeprefix(CAPTURE): text_from_cell(v) for k, v in rows[0][1].items() if k.startswith(CAPTURE) and v}
    if any(row.get(k) != v for _, row in rows[1:] for k, v in rows[0][1].items() if k.startswith(CAPTURE)):
        losses.add("capture columns that differ between the rows of an image; the first was taken", called)
    return Record(
        source=called if path.endswith(called) else path,
        read_bytes=reader(tree, path),
        label=_label(annotations, verdicts.pop(), good, judged, where),
        split=text_from_cell(rows[0][1]["split"]) if rows[0][1].get("split") else None,
        capture=capture,
    )


def _unnamed(row: Mapping[str, str], judged: bool) -> str:
    """The class of what no cell gives one."""
    is_thing = not judged or row.get("verdict") == Verdict.GOOD
    if row.get("text") or (is_thing and "text" in row):
        return "text"
    return "object" if is_thing else "defect"


def _annotation(row: dict[str, str], name: str, shape: Shape | None, text: str | None, where: str) -> Annotation:
    try:
        attributes = json.loads(row.get("attributes") or "{}")
    except (ValueError, RecursionError) as error:
        raise BadInput(where=f"{where}: attributes", expected="JSON", found=error) from error
    if not isinstance(attributes, dict):
        raise BadInput(where=f"{where}: attributes", expected="a JSON object", found=type(attributes).__name__)
    severity = whole(row["severity"], f"{where}: severity") if row.get("severity") else None
    return Annotation(name, shape, severity, text, attributes)


def _label(annotations: list[Annotation], verdict: str, good: bool, judged: bool, where: str) -> Label | None:
    """The verdict column's word; else a class that means good; else what is marked is a defect, if anything says so."""
    if verdict == UNLABELLED:
        return None
    if verdict:
        if verdict not in set(Verdict):
            raise BadInput(where=where, expected="good, defect, unsure or unlabelled", found=verdict)
        return Label(Verdict(verdict), tuple(annotations))
    if good and annotations:
        raise BadInput(where=where, expected="good, or defects", found="both for one image")
    if good or (annotations and not judged):
        return Label.good(*annotations)
    return Label.defect(*annotations) if annotations else None


def _shape(row: dict[str, str], where: str) -> Shape | None:
    if row.get("shape"):
        try:
            plain = json.loads(row["shape"])
            if "packed" in plain:
                columns, lines = (whole(v, where) for v in plain["size"])
                return RunLengths(columns, lines, unpack_counts(plain["packed"], columns * lines))
            return shape_from_json(plain)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(where=f"{where}: shape", expected="the JSON of a shape", found=error) from error
    if not row.get("x") or not row.get("y"):
        return None
    x, y = number(row["x"], f"{where}: x"), number(row["y"], f"{where}: y")
    if row.get("x2") and row.get("y2"):
        width, height = number(row["x2"], f"{where}: x2") - x, number(row["y2"], f"{where}: y2") - y
    elif row.get("w") and row.get("h"):
        width, height = number(row["w"], f"{where}: w"), number(row["h"], f"{where}: h")
    else:
        raise BadInput(where=where, expected="w and h, or x2 and y2, beside x and y", found="neither")
    if width < 0 or height < 0:
        raise BadInput(where=where, expected="a box of 0 or more pixels", found=f"{width} × {height}")
    return Box(x, y, width, height, number(row["angle"], f"{where}: angle") if row.get("angle") else 0.0)


class _CsvSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._order = ClassOrder(options.classes)
        self._rows: list[dict[str, str]] = []
        self._extra: dict[str, None] = {}
        """Columns that are there when an image needs them."""

    def add(self, record: Record, size: Size) -> None:
        image = {"file": record.source, "verdict": record.label.verdict.value if record.label else UNLABELLED}
        image["split"] = text_to_cell(record.split) if record.split else ""
        for key, value in record.capture.items():
            column = CAPTURE + key
            self._extra[column] = None
            image[column] = text_to_cell(value)
        for annotation in record.label.annotations if record.label and record.label.annotations else [None]:
            self._rows.append(image | (self._cells(annotation) if annotation else {}))

    def _cells(self, annotation: Annotation) -> dict[str, str]:
        if annotation.is_visible:
            self._order.number(annotation.class_name)
            cells = {"class": annotation.class_name}
        else:
            self._extra[_UNSEEN] = None
            cells = {_UNSEEN: annotation.class_name}
        match annotation.shape:
            case Box() as box if annotation.is_visible:
                sides = {"x": box.x, "y": box.y, "w": box.width, "h": box.height, "angle": box.angle_deg}
                cells |= {key: _short(value) for key, value in sides.items() if key != "angle" or value}
            case None:
                pass
            case shape:
                cells["shape"] = _shape_cell(shape)
        if annotation.severity is not None:
            cells["severity"] = str(annotation.severity)
        if annotation.text is not None:
            cells["text"] = text_to_cell(annotation.text)
        if annotation.attributes:
            cells["attributes"] = json.dumps(annotation.attributes)
        return cells

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        stream = io.StringIO()
        writer = csv.DictWriter(stream, [*_WRITTEN, *self._extra], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        self._out.write_text("labels.csv", stream.getvalue())


def _short(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _shape_cell(shape: Shape) -> str:
    if isinstance(shape, RunLengths):
        return json.dumps({"packed": pack_counts(shape.counts), "size": [shape.width, shape.height]})
    return json.dumps(shape_to_json(shape))


def _short_enough(shape: Shape) -> Shape | None:
    if isinstance(shape, Box) or len(_shape_cell(shape)) <= MAX_CELL:
        return shape
    return shape.mask().bounds() if isinstance(shape, RunLengths) else shape.bounds()


def _short_attributes(annotation: Annotation) -> Annotation:
    fits = len(json.dumps(annotation.attributes)) <= MAX_CELL and len(json.dumps(annotation.text)) <= MAX_CELL
    if fits:
        return annotation
    shorter = replace(annotation, attributes={}, text=None)
    return shorter if annotation.is_visible else surely_unseen(shorter)


def _cell_text(text: str | None) -> str:
    return utf8_name(text) if text else ""


def _key(key: str) -> str:
    return "".join(c for c in utf8_name(key) if c.isprintable()).strip()[:200]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(json_only(value))
