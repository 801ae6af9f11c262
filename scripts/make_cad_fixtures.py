"""Make the small STEP files that tests/render/cad reads: units, an assembly with colours, a cylinder and a ball.

Made with build123d, a developer's tool and no dependency of the package, in an environment of its own:

    python3 -m venv /tmp/cad && /tmp/cad/bin/pip install build123d
    /tmp/cad/bin/python scripts/make_cad_fixtures.py

The same script gives the same bytes: the time stamp in the STEP header is replaced by a fixed one.
"""

from __future__ import annotations

import re
from pathlib import Path

from build123d import (
    Align,
    Box,
    Color,
    Compound,
    Cylinder,
    Location,
    Part,
    Shape,
    Sphere,
    export_step,
)

FILES = Path(__file__).resolve().parent.parent / "tests" / "render" / "cad" / "files"
FIXED_TIME = "2026-01-01T00:00:00"
UP = (Align.CENTER, Align.CENTER, Align.MIN)


INCH = """( CONVERSION_BASED_UNIT('INCH',#9001) LENGTH_UNIT() NAMED_UNIT(#9002) );
#9001 = LENGTH_MEASURE_WITH_UNIT(LENGTH_MEASURE(25.4),#9003);
#9002 = DIMENSIONAL_EXPONENTS(1.,0.,0.,0.,0.,0.,0.);
#9003 = ( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.) );"""
METRE = "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT($,.METRE.) );"
MILLIMETRE = "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.) );"


def make_block(unit_mm: float) -> Part:
    """50.8 × 25.4 × 12.7 mm, 2 × 1 × ½ inches, its numbers in the unit given."""
    block = Box(50.8 / unit_mm, 25.4 / unit_mm, 12.7 / unit_mm, align=UP)
    block.label = "block"
    return block


def make_assembly() -> Compound:
    """A blue plate, 60 × 40 × 5, with two red pins (Ø 6, 20 long) that are one part used twice in a sub-assembly
    which is itself turned by 90° and lifted: pin axes end up at (0, ±10) with their ends at z = 5 and 25."""
    plate = Box(60, 40, 5, align=UP)
    plate.label, plate.color = "plate", Color(0.1, 0.2, 0.8)
    pin = Cylinder(3, 20, align=UP)
    pin.label, pin.color = "pin", Color(0.8, 0.1, 0.1)
    left, right = pin.moved(Location((-10, 0, 0))), pin.moved(Location((10, 0, 0)))
    left.label = right.label = "pin"
    pins = Compound(label="pins", children=[left, right]).moved(Location((0, 0, 5), (0, 0, 90)))
    pins.label = "pins"
    return Compound(label="assembly", children=[plate, pins])


def make_bored_plate() -> Part:
    """40 × 30 × 8 with a through hole Ø 10 at (5, 0), a blind hole Ø 6 at (−10, 0), 3 mm deep, and a boss Ø 8."""
    plate = Box(40, 30, 8, align=UP)
    plate -= Cylinder(5, 8, align=UP).moved(Location((5, 0, 0)))
    plate -= Cylinder(3, 3, align=UP).moved(Location((-10, 0, 5)))
    plate += Cylinder(4, 2, align=UP).moved(Location((-10, 10, 8)))
    plate.label = "plate"
    return plate


def make_rod() -> Part:
    rod = Cylinder(10, 30, align=UP)
    rod.label = "rod"
    return rod


def make_ball() -> Part:
    ball = Sphere(12.5)
    ball.label = "ball"
    return ball


def write(shape: Shape, name: str, unit: str = MILLIMETRE) -> None:
    """The exporter writes mm; another unit is put into the text, as CAD programs declare it."""
    path = FILES / name
    export_step(shape, path)
    text = re.sub(r"'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'", f"'{FIXED_TIME}'", path.read_text(encoding="utf-8"), count=1)
    path.write_text(text.replace(MILLIMETRE, unit), encoding="utf-8")
    print(f"{name}: {path.stat().st_size // 1024} kB")


def main() -> None:
    FILES.mkdir(parents=True, exist_ok=True)
    write(make_block(1), "block_mm.step")
    write(make_block(25.4), "block_inch.step", INCH)
    write(make_block(1000), "block_metre.step", METRE)
    write(make_assembly(), "assembly.step")
    write(make_bored_plate(), "bored_plate.step")
    write(make_rod(), "rod.step")
    write(make_ball(), "ball.step")


if __name__ == "__main__":
    main()
