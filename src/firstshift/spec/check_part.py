"""The part: is the CAD file there and of the size the plan states, are regions where a camera can see them, does the
roughness fit the process?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.spec.finding import Finding, error, note, warning
from firstshift.spec.part import METALS, Body, Part, Region
from firstshift.spec.step_extent import StepExtent, read_step_extent

USUAL_RA_UM = {
    "turned": (0.2, 12.5), "milled": (0.2, 12.5), "brushed": (0.1, 3.2), "ground": (0.05, 3.2), "cast": (0.8, 50),
    "blasted": (0.4, 25), "polished": (0.005, 0.4), "moulded": (0.01, 12.5), "painted": (0.01, 10),
    "rolled": (0.02, 6.3),
}  # fmt: skip
"""Roughness these processes leave, from ISO 4288-era shop tables (e.g. Machinery's Handbook, "Surface texture")."""
LARGEST_MM, SMALLEST_MM = 5000.0, 0.1
NEVER_SEEN_DEG = 110.5
"""From the optical axis: a wide lens or a tilt may show a wall that falls inwards by 20°, never more."""
SIZE_TOLERANCE = 0.10
"""The STEP reader is approximate: free-form outlines and fillets move its box by a few percent."""


def check_part(part: Part, folder: Path | None) -> Iterator[Finding]:
    yield from _size(part)
    extent = None
    if folder is not None and part.cad is not None:
        path = folder / part.cad
        problem = _where_cad_is(part, folder, path)
        if problem:
            yield problem
        elif path.suffix.lower() in (".step", ".stp"):
            try:
                extent = read_step_extent(path)
            except BadInput as bad:
                yield error("part.cad", f"{part.cad}: expected {bad.expected}, found {bad.found}", bad.way_out)
            else:
                if extent.is_assembly:
                    text = f"{part.cad} is an assembly: its size is compared with the plan when it is read, not here"
                    yield note("part.size_mm", text, "firstshift synth preview shows the part")
                    extent = None
                else:
                    yield from _compare(part, extent)
    for index, body in enumerate(part.bodies):
        yield from _finish(body, f"part.bodies[{index}]")
    for index, region in enumerate(part.regions):
        yield from _region(part, region, extent, f"part.regions[{index}]")


def _size(part: Part) -> Iterator[Finding]:
    largest, smallest = max(part.size_mm), min(part.size_mm)
    if largest > LARGEST_MM and not part.is_flat:
        text = f"a part of {largest / 1000:g} m"
        yield warning("part.size_mm", text, "the sizes are in mm: 60 mm is 60, not 60000")
    if largest < SMALLEST_MM:
        yield warning("part.size_mm", f"a part of {largest * 1000:g} µm", "the sizes are in mm")
    if not part.is_flat and largest > 1000 * smallest:
        yield warning("part.size_mm", f"{largest:g} mm long and {smallest:g} mm thick", "are all three in mm?")


def _where_cad_is(part: Part, folder: Path, path: Path) -> Finding | None:
    try:
        if not path.is_file():
            return error("part.cad", f"no file {part.cad} beside the plan", "copy it there, or leave cad out if flat")
        if not path.resolve().is_relative_to(folder.resolve()):
            return error("part.cad", f"{part.cad} leads out of the plan's folder", "copy the file beside the plan")
    except (OSError, ValueError):
        return error("part.cad", f"{part.cad} cannot be read", "copy it beside the plan")
    return None


def _compare(part: Part, extent: StepExtent) -> Iterator[Finding]:
    found, stated = extent.size_mm, part.size_mm
    ratio = max(found) / max(stated)
    shown = " × ".join(f"{value:.4g}" for value in found)
    for factor, way_out in (
        (1 / 25.4, "the file says mm, its numbers are inches: export it again in mm"),
        (25.4, "the file says inches, its numbers are mm: export it again in mm"),
        (1 / 1000, "the file says mm, its numbers are metres: export it again in mm"),
        (1000.0, "the file says metres, its numbers are mm: export it again in mm"),
        (1 / 10, "the file says mm, its numbers are centimetres: export it again in mm"),
        (10.0, "the file says centimetres, its numbers are mm: export it again in mm"),
    ):
        if math.isclose(ratio, factor, rel_tol=SIZE_TOLERANCE):
            text = f"the plan says {max(stated):g} mm, the edges in {part.cad} span {max(found):.3g} mm ({shown})"
            yield warning("part.size_mm", text, way_out)
            return
    wrong = [
        axis
        for axis, said, seen in zip("xyz", stated, found, strict=True)
        if abs(said - seen) > SIZE_TOLERANCE * max(said, seen) + 0.05
    ]
    if wrong and sorted(stated) != list(stated) and _same(sorted(stated), sorted(found)):
        yield warning("part.size_mm", f"the axes are exchanged: {part.cad} measures {shown} mm", f"write [{shown}]")
    elif wrong:
        text = f"differs from {part.cad} along {', '.join(wrong)}: its edges span about {shown} mm"
        yield warning("part.size_mm", text, "take the size from the drawing, or check which CAD file this is")


def _same(stated: list[float], found: list[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=SIZE_TOLERANCE, abs_tol=0.05) for a, b in zip(stated, found, strict=True))


def _finish(body: Body, path: str) -> Iterator[Finding]:
    ra, (low, high) = body.finish.ra_um, USUAL_RA_UM[body.finish.kind]
    if ra.low < low or ra.high > high:
        text = f"Ra {ra.low:g}–{ra.high:g} µm on a {body.finish.kind} surface; usual is {low:g}–{high:g}"
        yield warning(f"{path}.finish.ra_um", text, "Ra is in µm; Rz is four to seven times as large")
    if body.material in METALS and body.colour is not None and body.finish.kind != "painted":
        text = f"{body.material} has its own colour; {body.colour} is not used"
        yield note(f"{path}.colour", text, "leave it out, or the finish is 'painted'")
    if body.finish.lay_deg and body.finish.lay_pattern not in ("straight", "crossed"):
        text = f"a {body.finish.lay_pattern} pattern has no direction"
        yield note(f"{path}.finish.lay_deg", text, "leave it out")


def _region(part: Part, region: Region, extent: StepExtent | None, path: str) -> Iterator[Finding]:
    if region.facing is not None:
        sign, axis = part.placement.up
        towards = region.facing.direction["xyz".index(axis)] * (1 if sign == "+" else -1)
        length = math.hypot(*region.facing.direction)
        angle = math.degrees(math.acos(max(-1.0, min(1.0, towards / length))))
        if angle - region.facing.within_deg >= 90 and angle > 90:
            text = f"looks away from the camera (which looks at {part.placement.up})"
            say = error if angle - region.facing.within_deg > NEVER_SEEN_DEG else warning
            yield say(f"{path}.facing", text, "turn the part (part.placement.up) or add a second station")
    if region.box is not None and extent is not None:
        for axis, low, high, near, far in zip(
            "xyz", region.box.from_mm, region.box.to_mm, extent.low, extent.high, strict=True
        ):
            if low > far + 0.05 or high < near - 0.05:
                text = f"lies beside the part: {axis} {low:g} to {high:g} mm, the part from {near:.4g} to {far:.4g}"
                yield warning(f"{path}.box", text, "boxes are in the coordinates of the CAD file, in mm")
