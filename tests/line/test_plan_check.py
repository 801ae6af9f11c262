"""What `synth` would refuse is found when the plan is checked: files are read, not only looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from firstshift.core.errors import FirstshiftError
from firstshift.line.plan_check import check_plan_and_files
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.spec.examples import copy_example, example_names
from firstshift.spec.finding import Finding, Level
from firstshift.spec.plan import Plan
from tests.line.synth.plates import plate, plate_plan, without_underside

REGION = "facing: {direction: [0, 0, 1]}"
RING = "{kind: ring, name: ring, diameter_mm: 100, height_mm: 100}"


def findings(plan: Path) -> list[Finding]:
    return check_plan_and_files(Plan.load(plan), plan.parent)


def refused_by_synth(plan: Path) -> bool:
    try:
        stage = Stage(order_for(plan, SynthSettings(good=1, size_px=32)))
        _ = stage.exposures
    except FirstshiftError:
        return True
    return False


@pytest.mark.parametrize("name", example_names())
def test_the_examples_have_no_errors_and_nothing_is_said_twice(name: str, tmp_path: Path) -> None:
    copy_example(name, tmp_path / "plan")
    found = findings(tmp_path / "plan" / "plan.yaml")
    assert [one for one in found if one.level is Level.ERROR] == []
    assert len({(one.path, one.text) for one in found}) == len(found)


def not_a_number(data: bytes) -> bytes:
    return data[:96] + np.full(9, np.nan, "<f4").tobytes() + data[132:]


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "an empty file"),
    "garbage": (lambda _: bytes(range(256)) * 8, "expected"),
    "truncated": (lambda data: data[:700], "expected"),
    "a web page": (lambda _: b"<html><body>404</body></html>", "a web page"),
    "not a number": (not_a_number, "finite"),
}


@pytest.mark.parametrize("suffix", ["stl", "ply", "glb", "obj"])
@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated", "a web page"])
def test_a_damaged_file_is_an_error(suffix: str, damage: str, tmp_path: Path) -> None:
    change, words = DAMAGE[damage]
    file = plate_plan(tmp_path, None, ("plate.stl", f"plate.{suffix}"))
    data = plate().export(file_type=suffix)
    (tmp_path / f"plate.{suffix}").write_bytes(change(data if isinstance(data, bytes) else data.encode()))
    errors = [one for one in findings(file) if one.level is Level.ERROR]
    assert bool(errors) == refused_by_synth(file)
    assert [one.path for one in errors] == ["part.cad"]
    assert words in errors[0].text


def test_numbers_that_are_none_are_an_error(tmp_path: Path) -> None:
    file = plate_plan(tmp_path)
    (tmp_path / "plate.stl").write_bytes(not_a_number((tmp_path / "plate.stl").read_bytes()))
    (error,) = [one for one in findings(file) if one.level is Level.ERROR]
    assert error.path == "part.cad"
    assert refused_by_synth(file)


def test_a_step_file_that_was_cut_off(tmp_path: Path) -> None:
    copy_example("bracket", tmp_path / "plan")
    cad = next((tmp_path / "plan").glob("*.step"))
    cad.write_bytes(cad.read_bytes()[: cad.stat().st_size // 2])
    errors = [one for one in findings(tmp_path / "plan" / "plan.yaml") if one.level is Level.ERROR]
    assert [one.path for one in errors] == ["part.cad"]
    assert "END-ISO-10303-21" in errors[0].text


def open_above(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces[mesh.face_normals[:, 2] < 0.9], process=False)


def in_metres(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return mesh.apply_scale(0.001)


MESHES = [
    # what becomes of the mesh, the level of what is found, its place, a piece of the text
    (open_above, "error", "part.cad", "the camera sees the inside"),
    (without_underside, "warning", "part.cad", "64 open edges"),
    (in_metres, "error", "part.size_mm", "0.03 × 0.03 × 0.004 mm"),
]


@pytest.mark.parametrize(("change", "level", "path", "text"), MESHES)
def test_a_mesh_that_cannot_be_inspected(
    change: Callable[[trimesh.Trimesh], trimesh.Trimesh], level: str, path: str, text: str, tmp_path: Path
) -> None:
    file = plate_plan(tmp_path, change(plate()))
    (found,) = [one for one in findings(file) if one.path in ("part.cad", "part.size_mm")]
    assert (found.level, found.path) == (level, path)
    assert text in found.text
    assert refused_by_synth(file) == (level == "error")


SLIPS = [
    # what is changed, into what, the level of what is found, its place, a piece of the text
    (REGION, "box: {from_mm: [90, 90, 0], to_mm: [95, 95, 4]}", "error", "part.regions[0]", "expected some surface"),
    (REGION, "facing: {direction: [0, 0, -1]}", "error", "part.regions[0].facing", "looks away"),
    ("[5, 6]}", "[5, 6], place: heat_map, heat_map: hot.png}", "error", "defects[0].heat_map", "hot.png"),
    (RING, RING.replace("height_mm: 100", "height_mm: -20"), "error", "station.lights[0].height_mm", "behind"),
    (RING, RING.replace("height_mm: 100", "height_mm: 500"), "note", "station.lights[0].height_mm", "behind the lens"),
    (
        RING, "{kind: bar, name: ring, length_mm: 50, width_mm: 9, position_mm: [0, 0, -9]}",
        "error", "station.lights[0].position_mm", "behind the part",
    ),
    (
        RING, "{kind: spot, name: ring, position_mm: [0, 0, 9], aim_mm: [0, 0, 9]}",
        "error", "station.lights[0].aim_mm", "itself",
    ),
    (
        RING, "{kind: dome, name: ring, diameter_mm: 90, opening_mm: 95}",
        "error", "station.lights[0].opening_mm", "as large as the dome",
    ),
    (
        RING, "{kind: back_light, name: ring, size_mm: [90, 90], below_mm: -9}",
        "error", "station.lights[0].below_mm", "in front",
    ),
    (
        RING, "{kind: back_light, name: ring, size_mm: [90, 90], below_mm: 2}",
        "warning", "station.lights[0].below_mm", "inside the part",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "level", "path", "text"), SLIPS)
def test_a_slip_is_an_error_where_synth_refuses_it(
    old: str, new: str, level: str, path: str, text: str, tmp_path: Path
) -> None:
    file = plate_plan(tmp_path, None, (old, new))
    (found,) = [one for one in findings(file) if one.path.startswith(path)]
    assert (found.level, found.path) == (level, path)
    assert text in found.text
    assert refused_by_synth(file) == (level == "error")


def test_every_region_without_a_surface_is_named(tmp_path: Path) -> None:
    two = f"{REGION}}}\n    - {{name: one, face: nowhere}}\n    - {{name: other, face: elsewhere"
    found = findings(plate_plan(tmp_path, None, (REGION, two)))
    assert [one.path for one in found if one.level is Level.ERROR] == ["part.regions[1]", "part.regions[2]"]
