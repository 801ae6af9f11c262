"""Make the STEP files of the example plans.

build123d (Apache-2.0, OpenCASCADE) is a developer's tool here and no dependency of the package. It needs an environment
of its own:

    python3 -m venv /tmp/cad && /tmp/cad/bin/pip install build123d
    /tmp/cad/bin/python scripts/make_example_parts.py

The same script gives the same bytes: the time stamp in the STEP header is replaced by a fixed one. All three parts lie
as the plans describe them: z points at the camera, the upper surface is on top.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from build123d import (
    Align,
    Axis,
    BuildPart,
    BuildSketch,
    Circle,
    Color,
    CounterBoreHole,
    Cylinder,
    GridLocations,
    Hole,
    Location,
    Locations,
    Mode,
    Part,
    Plane,
    PolarLocations,
    RectangleRounded,
    RegularPolygon,
    SlotOverall,
    chamfer,
    export_step,
    extrude,
    fillet,
    insert,
)

EXAMPLES = Path(__file__).resolve().parent.parent / "src" / "firstshift" / "spec" / "examples"
FIXED_TIME = "2026-01-01T00:00:00"
UP = (Align.CENTER, Align.CENTER, Align.MIN)


def make_bracket() -> Part:
    """A milled bracket, 80 × 50 × 12 mm: a plate with a pocket, a slot, a bearing bore and four counterbored holes."""
    with BuildPart() as bracket:
        with BuildSketch():
            RectangleRounded(80, 50, 8)
        extrude(amount=12)
        # The pocket leaves a 3 mm floor and a wall all around the left half.
        with BuildSketch(Plane.XY.offset(12)), Locations((-12, 0)):
            RectangleRounded(30, 26, 5)
        extrude(amount=-9, mode=Mode.SUBTRACT)
        with Locations((22, 0, 12)):
            CounterBoreHole(radius=8, counter_bore_radius=11, counter_bore_depth=4)
        with Locations((0, 0, 12)), GridLocations(66, 36, 2, 2):
            CounterBoreHole(radius=2.75, counter_bore_radius=4.75, counter_bore_depth=5)
        with BuildSketch(Plane.XY.offset(3)), Locations((-12, 0)):
            SlotOverall(18, 6)
        extrude(amount=-3, mode=Mode.SUBTRACT)
        outline = bracket.faces().sort_by(Axis.Z)[-1].outer_wire().edges()
        chamfer(outline, length=0.8)
    return bracket.part


def make_cap() -> Part:
    """A moulded screw cap, 37 mm wide and 15 mm high: a thin shell with a rounded shoulder, grip ribs, a raised ring
    and a sprue mark on top."""
    with BuildPart() as cap:
        Cylinder(18, 15, align=UP)
        fillet(cap.edges().sort_by(Axis.Z)[-1], radius=2.5)
        with BuildSketch(), PolarLocations(18, 48):
            Circle(0.55)
        extrude(amount=11.5)
        Cylinder(16.4, 13.4, align=UP, mode=Mode.SUBTRACT)
        with BuildSketch(Plane.XY.offset(15)):
            Circle(12.5)
            Circle(11.5, mode=Mode.SUBTRACT)
        extrude(amount=0.4)
        with Locations((0, 0, 15)):
            Cylinder(1.2, 0.25, align=UP)
        # The bead on the inside that holds the cap on the neck.
        with BuildSketch(Plane.XY.offset(3)):
            Circle(16.6)
            Circle(15.6, mode=Mode.SUBTRACT)
        extrude(amount=1.2)
    return cap.part


def make_fitting() -> Part:
    """A turned hose fitting, 19 mm across the hexagon's flats and 34 mm high, standing on its grooved tail: hexagon,
    sealing face with a groove for the O-ring, bore."""
    corner_mm = 19 / math.sqrt(3)
    # The hexagon's corners are turned off at 30°, as on every nut.
    turned = Cylinder(corner_mm, 8, align=UP)
    for rim in (turned.edges().sort_by(Axis.Z)[0], turned.edges().sort_by(Axis.Z)[-1]):
        turned = chamfer(rim, length=0.75, length2=1.3)
    hexagon = extrude(RegularPolygon(corner_mm, 6), amount=8) & turned
    with BuildPart() as fitting:
        insert(hexagon.moved(Location((0, 0, 22))))
        with Locations((0, 0, 30)):
            Cylinder(8.25, 4, align=UP)
        chamfer(fitting.faces().sort_by(Axis.Z)[-1].outer_wire().edges(), length=0.5)
        with Locations((0, 0, 16)):
            Cylinder(8, 6, align=UP)
        Cylinder(5.5, 16, align=UP)
        for height in (1.5, 5.5, 9.5):
            with BuildSketch(Plane.XY.offset(height)):
                Circle(5.5)
                Circle(4.7, mode=Mode.SUBTRACT)
            extrude(amount=1.5, mode=Mode.SUBTRACT)
        # A groove in the sealing face takes the O-ring.
        with BuildSketch(Plane.XY.offset(34)):
            Circle(6.9)
            Circle(5.5, mode=Mode.SUBTRACT)
        extrude(amount=-1.1, mode=Mode.SUBTRACT)
        with Locations((0, 0, 34)):
            Hole(3.5)
        bore = fitting.edges().filter_by_position(Axis.Z, 33.9, 34.1).sort_by(lambda edge: edge.length)[0]
        chamfer(bore, length=0.4)
    return fitting.part


def write_step(part: Part, name: str, label: str, colour: Color) -> None:
    folder = EXAMPLES / name
    folder.mkdir(parents=True, exist_ok=True)
    part.label, part.color = label, colour
    path = folder / f"{name}.step"
    export_step(part, path)
    path.write_text(_timeless(path.read_text(encoding="utf-8")), encoding="utf-8")
    box = part.bounding_box()
    print(f"{path.name}: {box.size.X:.2f} × {box.size.Y:.2f} × {box.size.Z:.2f} mm, {path.stat().st_size // 1024} kB")


def _timeless(text: str) -> str:
    return re.sub(r"'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'", f"'{FIXED_TIME}'", text, count=1)


def main() -> None:
    write_step(make_bracket(), "bracket", "bracket", Color(0.80, 0.81, 0.82))
    write_step(make_cap(), "cap", "cap", Color(0.05, 0.25, 0.60))
    write_step(make_fitting(), "fitting", "fitting", Color(0.80, 0.65, 0.30))


if __name__ == "__main__":
    main()
