"""What a format can hold of a record, step by step; each step that changes something says what is lost.

`Format.fit` chains these steps. Its result is exactly what reading the written files gives back: a contract test holds
every format to that, so that a loss cannot go unnamed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.outline import mask_of, trace
from firstshift.core.shapes import Box, Point, Polygon, RunLengths, Shape
from firstshift.formats.record import Record

DIGITS = 4
"""Decimals of a pixel kept where a format stores shares or text: enough for any optics, few enough to come back."""


@dataclass(frozen=True, slots=True)
class Fitted:
    record: Record | None
    """None: this format has no way to say it, and the image is left out."""
    losses: tuple[str, ...]


class Fitting:
    def __init__(self, record: Record, size: tuple[int, int]) -> None:
        self.record = record
        self.size = size
        self.losses: list[str] = []
        self._left_out = False

    def done(self) -> Fitted:
        return Fitted(None if self._left_out else self.record, tuple(dict.fromkeys(self.losses)))

    def leave_out(self, what: str) -> Fitted:
        self._left_out = True
        self.lose(what)
        return self.done()

    def lose(self, what: str) -> None:
        self.losses.append(what)

    def set(self, what: str, **changes: Any) -> None:
        """Replace fields of the record; a loss when that changes anything."""
        after = replace(self.record, **changes)
        if after != self.record:
            self.record = after
            self.lose(what)

    def annotations(self, change: Callable[[Annotation], Annotation | None], what: str) -> None:
        """Change or drop annotations one by one."""
        label = self.record.label
        if label is None:
            return
        after = tuple(a for a in map(change, label.annotations) if a is not None)
        if after != label.annotations:
            self.record = replace(self.record, label=Label(label.verdict, after))
            self.lose(what)

    def shapes(self, change: Callable[[Shape], Shape | None], what: str) -> None:
        """Change shapes; an annotation whose shape becomes None stays, as one about the whole image."""
        self.annotations(lambda a: a if a.shape is None else replace(a, shape=change(a.shape)), what)

    def no_capture(self) -> None:
        self.set("capture data (serial, lot, time, …)", capture={})

    def no_split(self) -> None:
        self.set("split", split=None)

    def splits_in(self, known: Iterable[str | None]) -> None:
        if self.record.split not in known:
            self.set("a split this format has no folder for", split=None)

    def only_classes_and_shapes(self) -> None:
        self.annotations(lambda a: replace(a, severity=None), "severity")
        self.annotations(lambda a: replace(a, text=None), "text")
        self.annotations(lambda a: replace(a, attributes={}), "attributes")

    def only_with_shapes(self) -> None:
        self.annotations(lambda a: a if a.shape is not None else None, "annotations of the whole image")

    def classes(self, safe: Callable[[str], str]) -> None:
        self.annotations(lambda a: replace(a, class_name=safe(a.class_name)), "class names changed to what can be held")

    def masks_to_polygons(self) -> None:
        def change(shape: Shape) -> Shape | None:
            return trace(shape.mask()) if isinstance(shape, RunLengths) else shape

        self.shapes(change, "masks became polygons")

    def boxes_to_polygons(self) -> None:
        def change(shape: Shape) -> Shape:
            return Polygon((shape.corners(),)) if isinstance(shape, Box) else shape

        self.shapes(change, "boxes became polygons")

    def one_ring(self) -> None:
        def change(shape: Shape) -> Shape:
            return bridged(shape) if isinstance(shape, Polygon) else shape

        self.shapes(change, "rings of a polygon joined into one by bridges of no width")

    def to_boxes(self) -> None:
        def change(shape: Shape) -> Shape | None:
            if isinstance(shape, Box):
                return shape
            return shape.bounds() if isinstance(shape, Polygon) else shape.mask().bounds()

        self.shapes(change, "polygons and masks became boxes")

    def upright(self) -> None:
        self.shapes(lambda s: s.upright() if isinstance(s, Box) else s, "turned boxes became upright")

    def to_masks(self) -> None:
        width, height = self.size

        def change(shape: Shape) -> Shape:
            return mask_of(shape, width, height).run_lengths()

        self.shapes(change, "boxes and polygons became masks")

    def masks_of_image_size(self) -> None:
        def change(shape: Shape) -> Shape | None:
            wrong = isinstance(shape, RunLengths) and (shape.width, shape.height) != self.size
            return None if wrong else shape

        self.shapes(change, "masks of another size than the image")
        self.shapes(
            lambda s: s.mask().run_lengths() if isinstance(s, RunLengths) else s, "run lengths brought to shortest form"
        )

    def rounded(self) -> None:
        self.shapes(round_shape, f"coordinates rounded to {DIGITS} decimals")

    def inside_image(self) -> None:
        """Upright boxes and polygons cut at the image's border."""
        width, height = self.size

        def at_x(x: float) -> float:
            return min(max(x, 0.0), float(width))

        def at_y(y: float) -> float:
            return min(max(y, 0.0), float(height))

        def change(shape: Shape) -> Shape:
            if isinstance(shape, Box) and not shape.angle_deg:
                x, y = at_x(shape.x), at_y(shape.y)
                right, bottom = at_x(shape.x + shape.width), at_y(shape.y + shape.height)
                untouched = x == shape.x and y == shape.y and right < width and bottom < height
                return shape if untouched else Box(x, y, min(shape.width, right - x), min(shape.height, bottom - y))
            if isinstance(shape, Polygon):
                return Polygon(tuple(tuple((at_x(x), at_y(y)) for x, y in ring) for ring in shape.rings))
            return shape

        self.shapes(change, "what lies outside the image was cut off")

    def angles_wrapped(self) -> None:
        def change(shape: Shape) -> Shape:
            return replace(shape, angle_deg=wrapped(shape.angle_deg)) if isinstance(shape, Box) else shape

        self.shapes(change, "angles brought into -180–180°")

    def verdict(self, derived: Callable[[Label | None], Label | None], what: str) -> None:
        """What a format without verdicts reads back."""
        self.set(what, label=derived(self.record.label))


def derived_label(label: Label | None) -> Label | None:
    """Formats that know annotations only: some mean a defect, none mean good; unsure is not known."""
    if label is None or label.verdict is Verdict.UNSURE:
        return None
    if label.annotations:
        return Label(Verdict.DEFECT, label.annotations)
    return None if label.verdict is Verdict.DEFECT else label


def round_number(value: float) -> float:
    return round(value, DIGITS) + 0.0  # no minus zero


def round_shape(shape: Shape) -> Shape:
    match shape:
        case Box():
            return Box(*(round_number(v) for v in (shape.x, shape.y, shape.width, shape.height, shape.angle_deg)))
        case Polygon():
            return Polygon(tuple(tuple((round_number(x), round_number(y)) for x, y in r) for r in shape.rings))
        case RunLengths():
            return shape


def wrapped(angle_deg: float) -> float:
    return angle_deg if -180 < angle_deg <= 180 else 180 - (180 - angle_deg) % 360


def bridged(polygon: Polygon) -> Polygon:
    """One ring that visits all: each further ring is reached and left along the same line, which encloses nothing."""
    first, *rest = polygon.rings
    if not rest:
        return polygon
    points = [*first, first[0]]
    for ring in rest:
        points += [*ring, ring[0], first[0]]
    return Polygon((tuple(points[:-1]),))


def is_rectangle(corners: list[Point]) -> bool:
    """Four corners in clockwise order with right angles, give or take a hundredth."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    longest = max(math.hypot(x1 - x0, y1 - y0), math.hypot(x3 - x0, y3 - y0))
    slack = 0.01 * longest + 1e-3
    skew = (x1 - x0) * (x3 - x0) + (y1 - y0) * (y3 - y0)
    closing = math.hypot(x0 + x2 - x1 - x3, y0 + y2 - y1 - y3)
    clockwise = (x1 - x0) * (y3 - y0) - (y1 - y0) * (x3 - x0) > 0
    return clockwise and closing <= slack and abs(skew) <= slack * longest


def turned_box(corners: list[Point]) -> Box:
    """The box with these corners, the first being the top left one before turning."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    width, height = math.hypot(x1 - x0, y1 - y0), math.hypot(x3 - x0, y3 - y0)
    cx, cy = (x0 + x2) / 2, (y0 + y2) / 2
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    return Box(cx - width / 2, cy - height / 2, width, height, angle)


def utf8_name(name: str) -> str:
    """Without the half characters and non-characters that text files cannot hold."""
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" else c for c in name)


def json_only(value: Any) -> Any:
    """As it comes back from JSON: tuples as lists, keys as text."""
    return json.loads(json.dumps(value))


def with_stem(source: str, stem: str) -> str:
    path = PurePosixPath(source)
    return str(path.with_name(stem + path.suffix))
