"""How large is the part in a STEP file? An answer from its text alone, without a CAD library.

Read are the vertices of the solid's edges and its circles and spheres (ISO 10303-21 text; VERTEX_POINT, CIRCLE,
SPHERICAL_SURFACE), and the length unit. Free-form curves count by their ends and assembly placements are not applied,
so the answer is approximate: good enough to tell millimetres from inches, not to measure.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from firstshift.core.errors import BadInput

MAX_STEP_BYTES = 64_000_000
Point = tuple[float, float, float]

_RECORD = re.compile(
    r"#([0-9]{1,12})\s*=\s*(CARTESIAN_POINT|DIRECTION|VERTEX_POINT|AXIS2_PLACEMENT_3D|AXIS2_PLACEMENT3D|CIRCLE|"
    r"SPHERICAL_SURFACE)\s*\(\s*'(?:[^']|''){0,200}'\s*,([^;']{1,400});"
)
_NUMBER = re.compile(r"[-+]?[0-9]{1,40}\.?[0-9]{0,40}(?:[eE][-+]?[0-9]{1,4})?")
_REFERENCE = re.compile(r"#([0-9]{1,12})")
_SI_LENGTH = re.compile(r"LENGTH_UNIT\s*\(\s*\)[^;]{0,200}?SI_UNIT\s*\(\s*(\$|\.[A-Z]+\.)\s*,\s*\.METRE\.\s*\)")
_NAMED_LENGTH = re.compile(r"CONVERSION_BASED_UNIT\s*\(\s*'(INCH|FOOT|MM|CM|MILLIMETRE|CENTIMETRE)'", re.IGNORECASE)
_PLACING = re.compile(r"=\s*(?:ITEM_DEFINED_TRANSFORMATION|MAPPED_ITEM)\s*\(")
_MM_OF_PREFIX = {"$": 1000.0, ".MILLI.": 1.0, ".CENTI.": 10.0, ".DECI.": 100.0, ".MICRO.": 0.001, ".KILO.": 1e6}
_MM_OF_NAME = {"inch": 25.4, "foot": 304.8, "mm": 1.0, "cm": 10.0, "millimetre": 1.0, "centimetre": 10.0}


@dataclass(frozen=True, slots=True)
class StepExtent:
    """From `low` to `high` along x, y and z, in mm, and the unit the file is written in."""

    low: Point
    high: Point
    unit: str
    points: int
    is_assembly: bool = False
    """Parts are placed by transformations, which are not applied here: the extent is that of the unplaced parts."""

    @property
    def size_mm(self) -> Point:
        x, y, z = (high - low for low, high in zip(self.low, self.high, strict=True))
        return (x, y, z)


def read_step_extent(path: Path) -> StepExtent:
    """Raises BadInput for a file that is no STEP file, is too large, or holds no solid."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_STEP_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(where=path.name, expected="a STEP file that can be read", found=reason) from None
    if len(data) > MAX_STEP_BYTES:
        limit = f"at most {MAX_STEP_BYTES // 1_000_000} MB"
        raise BadInput(where=path.name, expected=limit, found="more", way_out="export the part alone, without assembly")
    return step_extent(data.decode("latin-1"), path.name)


def step_extent(text: str, name: str = "STEP file") -> StepExtent:
    if "ISO-10303-21" not in text[:2000]:
        raise BadInput(
            where=name, expected="a STEP file (ISO-10303-21)", found="something else", way_out="export it as STEP"
        )
    scale, unit = _unit(text)
    records = _Records(text)
    reach = [*records.vertices(), *records.round_ends()]
    if not reach:
        raise BadInput(
            where=name, expected="a solid", found="no edges at all", way_out="export the solid, not sketches or notes"
        )
    low, high = (tuple(pick(point[axis] for point in reach) * scale for axis in range(3)) for pick in (min, max))
    if not all(math.isfinite(value) and abs(value) < 1e9 for value in (*low, *high)):
        raise BadInput(where=name, expected="finite coordinates", found="numbers beyond every part")
    placed = _PLACING.search(text) is not None
    return StepExtent((low[0], low[1], low[2]), (high[0], high[1], high[2]), unit, len(reach), placed)


class _Records:
    """The records of the file that carry places, by number."""

    def __init__(self, text: str) -> None:
        self.numbers: dict[int, tuple[float, ...]] = {}
        self.placements: dict[int, list[int]] = {}
        self.corners: list[int] = []
        self.rounds: list[tuple[str, int, float]] = []
        for match in _RECORD.finditer(text):
            self._keep(int(match[1]), match[2], match[3])

    def _keep(self, number: int, kind: str, body: str) -> None:
        references = [int(r) for r in _REFERENCE.findall(body)]
        if kind in ("CARTESIAN_POINT", "DIRECTION"):
            values = tuple(float(v) for v in _NUMBER.findall(body)[:3])
            if len(values) == 3:
                self.numbers[number] = values
        elif kind == "VERTEX_POINT":
            self.corners += references[:1]
        elif kind.startswith("AXIS2"):
            self.placements[number] = references[:2]
        else:
            radius = _NUMBER.findall(_REFERENCE.sub("", body))
            if references and radius:
                self.rounds.append((kind, references[0], abs(float(radius[-1]))))

    def vertices(self) -> list[Point]:
        return [point for number in self.corners if (point := self._point(number))]

    def round_ends(self) -> list[Point]:
        """The two corners of the box around each circle: its reach along an axis is r·√(1 − n²)."""
        ends: list[Point] = []
        for kind, placement, radius in self.rounds:
            references = self.placements.get(placement, [])
            centre = self._point(references[0]) if references else None
            normal = self._point(references[1]) if len(references) > 1 else None
            if centre is None:
                continue
            length = math.hypot(*normal) if normal else 0.0
            reach = [radius] * 3
            if kind == "CIRCLE" and normal is not None and 0 < length < 1e100:
                reach = [radius * math.sqrt(max(0.0, 1 - (n / length) ** 2)) for n in normal]
            (x, y, z), (dx, dy, dz) = centre, reach
            ends += [(x - dx, y - dy, z - dz), (x + dx, y + dy, z + dz)]
        return ends

    def _point(self, number: int) -> Point | None:
        values = self.numbers.get(number)
        return (values[0], values[1], values[2]) if values else None


def _unit(text: str) -> tuple[float, str]:
    named = _NAMED_LENGTH.search(text)
    if named:
        name = named[1].lower()
        return _MM_OF_NAME[name], name
    si = _SI_LENGTH.search(text)
    if si:
        return _MM_OF_PREFIX.get(si[1], 1.0), {"$": "metre", ".MILLI.": "mm"}.get(si[1], si[1].strip(".").lower())
    return 1.0, "mm"
