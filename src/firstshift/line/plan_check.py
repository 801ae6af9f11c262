"""Can this plan work, with the files it names? What `spec.check_plan` finds, and what reading the files shows.

    for finding in check_plan_and_files(plan, folder):
        print(finding)

The CAD file, heat maps and the camera's profile are read by the same code as for images, so that nothing is refused
there which is called good here. What needs libraries that are not installed is not looked at, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.line.synth.heat_maps import read_heat_map
from firstshift.sensor.camera_match import check_made_for
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.check import check_plan
from firstshift.spec.finding import Finding, Level, error, note
from firstshift.spec.part import Part
from firstshift.spec.plan import Plan

CAD_LIBRARIES = ("trimesh", "embreex", "cascadio", "scipy")


def check_plan_and_files(plan: Plan, folder: Path) -> list[Finding]:
    by_plan = check_plan(plan, folder)
    missing = {one.path for one in by_plan if one.level is Level.ERROR}
    by_files = list(_part(plan.part, folder)) if "part.cad" not in missing else []
    by_files += [*_heat_maps(plan, folder)]
    by_files += [*_profile(plan, folder)] if "station.profile" not in missing else []
    return _said_once(plan.part, by_plan, by_files)


def _part(part: Part, folder: Path) -> Iterator[Finding]:
    lacking = [name for name in CAD_LIBRARIES if find_spec(name) is None]
    if lacking:
        text = f"{part.cad or 'its shape'} was not looked at: {', '.join(lacking)} not installed"
        yield note("part.cad", text, "pip install 'firstshift[synth]'")
        return
    # Here, because they import those libraries.
    from firstshift.render.cad.checking import examine
    from firstshift.render.cad.reading import read_part
    from firstshift.render.cad.regions import regions_without_area

    try:
        mesh = read_part(part, folder)
    except BadInput as bad:
        yield _as_error(bad, "part.size_mm" if "size_mm" in bad.expected else "part.cad")
        return
    yield from examine(part, mesh)
    for problem in regions_without_area(part, mesh):
        yield _as_error(problem, problem.where.split(" ")[0])


def _heat_maps(plan: Plan, folder: Path) -> Iterator[Finding]:
    for index, entry in enumerate(plan.defects):
        if entry.heat_map is not None:
            try:
                read_heat_map(folder, entry.heat_map)
            except FirstshiftError as bad:
                yield _as_error(bad, f"defects[{index}].heat_map")


def _profile(plan: Plan, folder: Path) -> Iterator[Finding]:
    name = plan.station.profile
    if name is None:
        return
    try:
        check_made_for(plan.station, SensorProfile.load(folder / name), name)
    except FirstshiftError as bad:
        yield _as_error(bad, "station.profile")


def _as_error(bad: FirstshiftError, path: str) -> Finding:
    facts = (bad.what, bad.expected and f"expected {bad.expected}", bad.found and f"found {bad.found}")
    where = bad.where if bad.where.split(" ")[0] != path else ""
    text = ", ".join(filter(None, facts))
    return error(path, f"{where}: {text}" if where else text, bad.way_out)


def _said_once(part: Part, by_plan: list[Finding], by_files: list[Finding]) -> list[Finding]:
    """What the file itself shows replaces what was guessed about it."""
    was_read = not any(one.path == "part.cad" and one.level in (Level.ERROR, Level.NOTE) for one in by_files)
    known = {one.path for one in by_files if one.level is Level.ERROR}

    def is_guessed(one: Finding) -> bool:
        if one.level is Level.ERROR:
            return False
        about_size = one.path == "part.size_mm" and part.cad is not None and part.cad in one.text
        return (about_size and was_read) or any(one.path.startswith(path) for path in known)

    kept = [one for one in by_plan if not is_guessed(one)]
    own = {one.path for one in kept if one.level is Level.ERROR}
    new = [one for one in by_files if not any(path.startswith(one.path) for path in own)]
    at = next((number for number, one in enumerate(kept) if not one.path.startswith("part")), len(kept))
    of_part = [one for one in new if one.path.startswith("part")]
    return [*kept[:at], *of_part, *kept[at:], *(one for one in new if one not in of_part)]
