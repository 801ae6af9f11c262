"""Label Studio's JSON export: rectangles, polygons, brush masks, choices and text, in percent of the image's size.

A task without annotations is unlabelled. Of several annotators the last who did not skip counts, the others are listed.
The verdict is a choice named `verdict`; without it what is marked is a defect, and a choice that means good is good.
Severity is the rating of a region, text its text area, attributes go to `meta`; what is not visible goes to the task's
`meta`, not among its regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Polygon, RunLengths, Shape
from firstshift.formats.brush import decode_brush, encode_brush
from firstshift.formats.documents import json_bytes, number, read_json, whole
from firstshift.formats.fitting import Fitted, Fitting, round_shape
from firstshift.formats.format import ClassOrder, Finder, Format, Sink, Size, class_name, is_good, reader, reading
from firstshift.formats.outfolder import OutFolder
from firstshift.formats.record import Losses, Reading, ReadOptions, Record, WriteOptions
from firstshift.formats.tree import Tree
from firstshift.formats.unseen import UNSEEN, unseen_to_json, visible_in, with_unseen

_KINDS = {
    "rectanglelabels": "rectanglelabels",
    "polygonlabels": "polygonlabels",
    "brushlabels": "brushlabels",
    "choices": "choices",
}
VERDICT = "verdict"
MAX_PIXELS = 150_000_000


class LabelStudio(Format):
    name = "label_studio"
    title = "Label Studio"
    keeps_unseen = True
    says_unsure = True

    def guess(self, tree: Tree) -> tuple[int, str]:
        found = _tables(tree)
        return (
            (85, f"{found[0]} is a list of tasks with data and annotations") if found else (0, "no Label Studio JSON")
        )

    def read(self, tree: Tree, options: ReadOptions) -> Reading:
        name = options.table or next(iter(_tables(tree)), None)
        if name is None:
            raise BadInput(where=tree.where, expected="a JSON list of tasks", found="none")
        tasks = read_json(tree, name)
        if not isinstance(tasks, list):
            raise BadInput(where=name, expected="a list of tasks", found=type(tasks).__name__)
        finder = Finder(tree)

        def build(entry: tuple[int, Any], losses: Losses) -> Record:
            index, task = entry
            return _record(task, f"{name}: task {index + 1}", tree, finder, options, losses)

        used = [name, *_present(tasks, finder)]
        return reading(self.name, tree, options, enumerate(tasks), build, count=len(tasks), used=used)

    def hold(self, record: Record, size: Size, options: WriteOptions) -> Fitted:
        fitting = Fitting(record, size)
        fitting.masks_of_image_size()
        fitting.one_ring()
        fitting.angles_wrapped()
        fitting.rounded()
        return fitting.done()

    def place(self, record: Record) -> str:
        return f"images/{record.source}"

    def sink(self, out: OutFolder, options: WriteOptions) -> Sink:
        return _LabelStudioSink(out, options)


def _tables(tree: Tree) -> list[str]:
    return [name for name in tree.files if _is_task_list(json_bytes(tree, name))]


def _is_task_list(data: bytes) -> bool:
    is_list = data[:64].lstrip().startswith(b"[")
    return is_list and b'"data"' in data and (b'"annotations"' in data or b'"completions"' in data)


def _image_of(task: Any, where: str) -> str:
    """The path behind the address a task gives: uploads, local files, buckets."""
    data = task.get("data") if isinstance(task, dict) else None
    address = data.get("image") if isinstance(data, dict) else None
    if not isinstance(address, str) or not address:
        raise BadInput(where=where, expected="data.image", found=repr(data)[:80])
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise BadInput(where=where, expected="an address in data.image", found=address) from error
    local = parse_qs(parts.query, keep_blank_values=True).get("d")
    # Whatever else it is, the path is one of the labelling server: its leading slash says so to the finder.
    return local[0] if local else "/" + unquote(parts.path).lstrip("/")


def _find(called: str, finder: Finder, where: str) -> str:
    try:
        return finder.find(called, ("", "images"), where)
    except BadInput:
        # Uploads are stored as <project>/<8 hex digits>-<name>.
        base = called.rsplit("/", 1)[-1]
        if len(base) > 9 and base[8] == "-":
            return finder.find(base[9:], ("", "images"), where)
        raise


def _present(tasks: list[Any], finder: Finder) -> list[str]:
    found = []
    for task in tasks:
        try:
            found.append(_find(_image_of(task, ""), finder, ""))
        except BadInput:
            continue  # said again, with its place, when the record is built
    return found


def _record(task: Any, where: str, tree: Tree, finder: Finder, options: ReadOptions, losses: Losses) -> Record:
    path = _find(_image_of(task, where), finder, where)
    answers = task.get("annotations", task.get("completions")) or []
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise BadInput(where=where, expected="a list of annotations", found=type(answers).__name__)
    given = [a for a in answers if not a.get("was_cancelled")]
    if len(given) > 1:
        losses.add("answers of other annotators; the last one counts", path)
    if task.get("predictions"):
        losses.add("predictions", path)
    meta = task.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    label = _label(given[-1].get("result", []), meta, f"{where} ({path})", options, losses) if given else None
    capture, split = meta.get("capture"), meta.get("split")
    return Record(
        source=path.removeprefix("images/"),
        read_bytes=reader(tree, path),
        label=label,
        split=split if isinstance(split, str) else None,
        capture=capture if isinstance(capture, dict) else {},
    )


def _label(results: Any, meta: dict[str, Any], where: str, options: ReadOptions, losses: Losses) -> Label:
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise BadInput(where=where, expected="a list of results", found=type(results).__name__)
    verdict: str | None = None
    notes: dict[str, dict[str, Any]] = {}
    for result in results:
        value = result.get("value")
        value = value if isinstance(value, dict) else {}
        if result.get("type") == "choices" and result.get("from_name") == VERDICT:
            verdict = next(iter(_names(value, "choices", where)), None)
        elif result.get("type") in ("textarea", "rating"):
            notes.setdefault(str(result.get("id")), {})[str(result["type"])] = value
    annotations: list[Annotation] = []
    good = False
    for result in results:
        if result.get("from_name") == VERDICT or result.get("type") in ("textarea", "rating", "relation"):
            if result.get("type") == "relation":
                losses.add("relations between regions", where)
            continue
        found = _annotations(result, notes.get(str(result.get("id")), {}), where, losses)
        if verdict is None and found and all(a.shape is None and is_good(a.class_name, options) for a in found):
            good = True
        else:
            annotations += found
    if verdict is not None and verdict not in set(Verdict):
        raise BadInput(where=where, expected="good, defect or unsure", found=verdict)
    if verdict is None:
        verdict = "defect" if annotations and not good else "good"
        if good and annotations:
            raise BadInput(where=where, expected="good, or defects", found="both for one image")
    return Label(Verdict(verdict), tuple(with_unseen(annotations, meta.get(UNSEEN), where)))


def _annotations(result: dict[str, Any], notes: dict[str, Any], where: str, losses: Losses) -> list[Annotation]:
    kind = result.get("type")
    if kind not in _KINDS:
        losses.add(f"results of type {kind!r}", where)
        return []
    value = result.get("value")
    if not isinstance(value, dict):
        raise BadInput(where=where, expected="a value", found=repr(value)[:80])
    shape = None if kind == "choices" else _shape(str(kind), value, result, where)
    texts, meta = notes.get("textarea", {}).get("text"), result.get("meta")
    rating = notes.get("rating", {}).get("rating")
    attributes = meta.get("attributes") if isinstance(meta, dict) else None
    severity = None if rating is None else whole(rating, f"{where}: rating")
    return [
        Annotation(
            class_name=class_name(name, where, losses),
            shape=shape,
            severity=severity,
            text="\n".join(map(str, texts)) if isinstance(texts, list) else texts if isinstance(texts, str) else None,
            attributes=attributes if isinstance(attributes, dict) else {},
        )
        for name in _names(value, str(kind), where)
    ]


def _names(value: dict[str, Any], kind: str, where: str) -> Iterable[str]:
    names = value.get(kind)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise BadInput(where=where, expected=f"names in {kind}", found=repr(names)[:80])
    return names


def _shape(kind: str, value: dict[str, Any], result: dict[str, Any], where: str) -> Shape:
    width = whole(result.get("original_width"), f"{where}: original_width")
    height = whole(result.get("original_height"), f"{where}: original_height")
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise BadInput(where=where, expected="an image size", found=f"{width}×{height}")
    if kind == "brushlabels":
        rle = value.get("rle")
        if not isinstance(rle, list) or not all(isinstance(v, int) and 0 <= v < 256 for v in rle):
            raise BadInput(where=f"{where}: rle", expected="bytes", found=type(rle).__name__)
        return decode_brush(bytes(rle), width, height).run_lengths()
    if kind == "polygonlabels":
        points = value.get("points")
        if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 2 for p in points):
            raise BadInput(where=f"{where}: points", expected="x and y of each point", found=repr(points)[:80])
        corners = tuple((number(x, where) * width / 100, number(y, where) * height / 100) for x, y in points)
        return round_shape(Polygon((corners,)))
    x, y, w, h = (number(value.get(key), f"{where}: {key}") for key in ("x", "y", "width", "height"))
    x, y, w, h = x * width / 100, y * height / 100, w * width / 100, h * height / 100
    angle = number(value.get("rotation") or 0, f"{where}: rotation")
    return round_shape(_about_corner(x, y, w, h, angle) if angle else Box(x, y, w, h))


def _about_corner(x: float, y: float, width: float, height: float, angle: float) -> Box:
    """Label Studio turns a rectangle about its top left corner, we about the centre."""
    plain = Box(0, 0, width, height, angle)
    left, top = plain.corners()[0]
    return Box(x - left, y - top, width, height, angle)


class _LabelStudioSink(Sink):
    def __init__(self, out: OutFolder, options: WriteOptions) -> None:
        self._out = out
        self._order = ClassOrder(options.classes)
        self._tasks: list[dict[str, Any]] = []

    def add(self, record: Record, size: Size) -> None:
        path = f"images/{record.source}"
        task: dict[str, Any] = {"id": len(self._tasks) + 1}
        task["data"] = {"image": f"/data/local-files/?d={quote(path)}"}
        unseen = unseen_to_json(record.label) or None
        meta = {"capture": dict(record.capture) or None, "split": record.split, UNSEEN: unseen}
        task["meta"] = {key: value for key, value in meta.items() if value is not None}
        task["annotations"] = []
        if record.label is not None:
            results = [_verdict(record.label.verdict)]
            for index, annotation in enumerate(visible_in(record.label)):
                self._order.number(annotation.class_name)
                results += _results(f"r{index}", annotation, size)
            task["annotations"].append({"id": task["id"], "was_cancelled": False, "result": results})
        self._tasks.append(task)

    def close(self) -> None:
        self.classes = tuple(self._order.names)
        self._out.write_text("label_studio.json", json.dumps(self._tasks))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    value = {"choices": [verdict.value]}
    return {"id": VERDICT, "type": "choices", "from_name": VERDICT, "to_name": "image", "value": value}


def _results(region: str, annotation: Annotation, size: Size) -> list[dict[str, Any]]:
    width, height = size
    kind, value = _plain_shape(annotation.shape, size)
    value[kind] = [annotation.class_name]
    shared = {"id": region, "to_name": "image", "original_width": width, "original_height": height}
    first = shared | {"type": kind, "from_name": kind, "image_rotation": 0, "value": value}
    if annotation.attributes:
        first["meta"] = {"attributes": annotation.attributes}
    results = [first]
    if annotation.text is not None:
        results.append(shared | {"type": "textarea", "from_name": "text", "value": {"text": [annotation.text]}})
    if annotation.severity is not None:
        results.append(shared | {"type": "rating", "from_name": "severity", "value": {"rating": annotation.severity}})
    return results


def _plain_shape(shape: Shape | None, size: Size) -> tuple[str, dict[str, Any]]:
    width, height = size
    match shape:
        case None:
            return "choices", {}
        case Box():
            x, y = shape.corners()[0] if shape.angle_deg else (shape.x, shape.y)
            sides = {"x": x / width, "y": y / height, "width": shape.width / width, "height": shape.height / height}
            value: dict[str, Any] = {key: share * 100 for key, share in sides.items()}
            return "rectanglelabels", value | {"rotation": shape.angle_deg}
        case Polygon():
            return "polygonlabels", {"points": [[x / width * 100, y / height * 100] for x, y in shape.rings[0]]}
        case RunLengths():
            return "brushlabels", {"format": "rle", "rle": encode_brush(shape.mask())}
