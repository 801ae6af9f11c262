"""Where something is on an image, in pixels. (0, 0) is the top left corner of the top left pixel; y grows downwards.

Every shape converts to the next rougher one: mask → polygon → box. What a conversion loses is the caller's to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Point = tuple[float, float]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box: left, top, width, height; `angle_deg` turns it clockwise about its centre."""

    x: float
    y: float
    width: float
    height: float
    angle_deg: float = 0.0

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.width, self.height, self.angle_deg)
        if not all(math.isfinite(v) for v in values):
            raise BadInput(where="box", expected="finite numbers", found=values)
        if self.width < 0 or self.height < 0:
            raise BadInput(where="box", expected="a width and height of 0 or more", found=f"{self.width}×{self.height}")

    @property
    def centre(self) -> Point:
        return (self.x + self.width / 2, self.y + self.height / 2)

    @property
    def area(self) -> float:
        return self.width * self.height

    def corners(self) -> tuple[Point, Point, Point, Point]:
        cx, cy = self.centre
        turn = math.radians(self.angle_deg)
        cos, sin = math.cos(turn), math.sin(turn)
        w, h = self.width / 2, self.height / 2

        def at(dx: float, dy: float) -> Point:
            return (cx + dx * cos - dy * sin, cy + dx * sin + dy * cos)

        return (at(-w, -h), at(w, -h), at(w, h), at(-w, h))

    def upright(self) -> Box:
        if self.angle_deg == 0.0:
            return self
        return Polygon((self.corners(),)).bounds()


@dataclass(frozen=True, slots=True)
class Polygon:
    """One or more rings. A point is inside when an odd number of rings enclose it, so a second ring can be a hole
    or a second piece, as in COCO."""

    rings: tuple[tuple[Point, ...], ...]

    def __post_init__(self) -> None:
        if not self.rings or any(len(ring) < 3 for ring in self.rings):
            raise BadInput(where="polygon", expected="rings of three points or more", found=self.rings)
        if not all(math.isfinite(v) for ring in self.rings for point in ring for v in point):
            raise BadInput(where="polygon", expected="finite numbers", found="NaN or infinity")

    @property
    def area(self) -> float:
        """Of the largest ring's winding sum; holes subtract when they are wound the other way."""
        return abs(sum(_signed_area(ring) for ring in self.rings))

    def bounds(self) -> Box:
        xs = [x for ring in self.rings for x, _ in ring]
        ys = [y for ring in self.rings for _, y in ring]
        return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Which pixels: a boolean array of the image's own height and width."""

    pixels: BoolArray

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.bool_:
            raise BadInput(
                where="mask",
                expected="a two-dimensional array of booleans",
                found=f"{self.pixels.ndim} dimensions of {self.pixels.dtype}",
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and np.array_equal(self.pixels, other.pixels)

    def __hash__(self) -> int:
        return hash((self.pixels.shape, self.pixels.tobytes()))

    @property
    def area(self) -> int:
        return int(self.pixels.sum())

    def bounds(self) -> Box | None:
        rows, columns = np.any(self.pixels, 1).nonzero()[0], np.any(self.pixels, 0).nonzero()[0]
        if not len(rows):
            return None
        x, y = float(columns[0]), float(rows[0])
        return Box(x, y, float(columns[-1]) + 1 - x, float(rows[-1]) + 1 - y)

    def run_lengths(self) -> RunLengths:
        """COCO order: down the columns, starting with a run of zeros."""
        flat = np.asarray(self.pixels.T).reshape(-1)
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        counts = np.diff(np.concatenate(([0], changes, [flat.size])))
        runs = [int(c) for c in counts]
        if flat.size and flat[0]:
            runs.insert(0, 0)
        height, width = self.pixels.shape
        return RunLengths(width, height, tuple(runs))


@dataclass(frozen=True, slots=True)
class RunLengths:
    """A mask, small enough for a label row: COCO's uncompressed run lengths (column by column, zeros first)."""

    width: int
    height: int
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if min(self.width, self.height, *self.counts, 0) < 0 or sum(self.counts) != self.width * self.height:
            raise BadInput(
                where="mask run lengths",
                expected=f"counts that add up to {self.width}×{self.height}",
                found=f"a sum of {sum(self.counts)}",
            )

    @property
    def area(self) -> int:
        return sum(self.counts[1::2])

    def mask(self) -> Mask:
        values = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(values, np.asarray(self.counts, dtype=np.int64))
        return Mask(np.ascontiguousarray(flat.reshape(self.width, self.height).T))


Shape = Box | Polygon | RunLengths


def shape_to_json(shape: Shape) -> dict[str, Any]:
    match shape:
        case Box():
            plain: dict[str, Any] = {"box": [shape.x, shape.y, shape.width, shape.height]}
            if shape.angle_deg:
                plain["angle_deg"] = shape.angle_deg
            return plain
        case Polygon():
            return {"polygon": [[list(point) for point in ring] for ring in shape.rings]}
        case RunLengths():
            return {"mask": {"size": [shape.width, shape.height], "counts": list(shape.counts)}}


def shape_from_json(plain: dict[str, Any]) -> Shape:
    if "box" in plain:
        x, y, width, height = (float(v) for v in plain["box"])
        return Box(x, y, width, height, float(plain.get("angle_deg", 0.0)))
    if "polygon" in plain:
        return Polygon(tuple(tuple((float(x), float(y)) for x, y in ring) for ring in plain["polygon"]))
    if "mask" in plain:
        width, height = plain["mask"]["size"]
        return RunLengths(int(width), int(height), tuple(int(c) for c in plain["mask"]["counts"]))
    raise BadInput(where="shape", expected="one of 'box', 'polygon', 'mask'", found=sorted(plain))


def _signed_area(ring: tuple[Point, ...]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True)) / 2
