"""Meshes that cannot be inspected, and parts that are not the plan's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.cad.checking import examine
from firstshift.render.cad.reading import read_part
from firstshift.spec.finding import Level
from firstshift.spec.part import Part
from tests.render.cad.parts import FILES, box_mesh, example, part_of, saved, without_faces

SIZE = (40.0, 30.0, 20.0)


def part_in(folder: Path, mesh: trimesh.Trimesh, size: tuple[float, float, float] = SIZE, **more: Any) -> Part:
    saved(mesh, folder / "it.ply")
    return part_of("it.ply", size, cad_unit=more.pop("cad_unit", "mm"), **more)


def refused(part: Part, folder: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_part(part, folder)
    assert caught.value.way_out
    return caught.value


@pytest.mark.parametrize("name", ["bracket", "cap", "fitting", "strip"])
def test_there_is_nothing_to_say_about_the_examples(name: str) -> None:
    assert examine(*example(name)) == ()


def test_open_where_the_camera_looks_is_refused(tmp_path: Path) -> None:
    error = refused(part_in(tmp_path, without_faces(box_mesh(), (0, 0, 1))), tmp_path)
    assert error.expected == "a closed surface"
    assert "4 open edges, 140 mm in all" in error.found
    assert "10]" in error.found  # the height of the rim
    assert "the camera sees the inside on 100" in error.found
    assert "make solid" in error.way_out


def test_open_underneath_can_be_inspected_and_is_remarked_on(tmp_path: Path) -> None:
    part = part_in(tmp_path, without_faces(box_mesh(), (0, 0, -1)))
    (finding,) = examine(part, read_part(part, tmp_path))
    assert finding.level is Level.WARNING
    assert "4 open edges" in finding.text
    assert "closed solid" in finding.way_out


def test_the_same_mesh_turned_over_is_refused(tmp_path: Path) -> None:
    part = part_in(tmp_path, without_faces(box_mesh(), (0, 0, -1)), placement={"up": "-z"})
    assert "the camera sees the inside" in refused(part, tmp_path).found


def test_a_wall_that_splits_the_inside_is_refused(tmp_path: Path) -> None:
    box = box_mesh()
    wall = [i for i, v in enumerate(box.vertices) if v[0] * v[1] > 0]  # the diagonal plane through two edges
    low = sorted(wall, key=lambda i: (box.vertices[i][2], box.vertices[i][0]))
    faces = np.concatenate([box.faces, [[low[0], low[1], low[3]], [low[0], low[3], low[2]]]])
    error = refused(part_in(tmp_path, trimesh.Trimesh(box.vertices, faces, process=False)), tmp_path)
    assert "edges at which three faces meet" in error.found


def test_two_solids_that_share_an_edge_are_only_remarked_on(tmp_path: Path) -> None:
    one, other = box_mesh((20, 15, 20)), box_mesh((20, 15, 20))
    one.apply_translation((-10, -7.5, 0))
    other.apply_translation((10, 7.5, 0))
    part = part_in(tmp_path, trimesh.util.concatenate([one, other]))
    (finding,) = examine(part, read_part(part, tmp_path))
    assert finding.level is Level.WARNING
    assert "1 edges that two walls share" in finding.text


def test_a_strip_with_a_half_turn_has_no_outside(tmp_path: Path) -> None:
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    half = np.stack([np.cos(turns / 2) * np.cos(turns), np.cos(turns / 2) * np.sin(turns), np.sin(turns / 2)], axis=1)
    ring = 15 * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    vertices = np.concatenate([ring - 3 * half, ring + 3 * half])
    faces = [f for i in range(39) for f in ((i, i + 1, i + 40), (i + 1, i + 41, i + 40))]
    faces += [(39, 40, 79), (40, 0, 79)]  # the last piece meets the first upside down
    moebius = trimesh.Trimesh(vertices, faces, process=False)
    part = part_in(tmp_path, moebius, tuple(np.ptp(vertices, axis=0).tolist()))
    assert "outside and inside change over" in refused(part, tmp_path).found


@pytest.mark.parametrize(("scale", "unit"), [(1 / 25.4, "inch"), (0.001, "m"), (0.1, "cm")])
def test_the_wrong_unit_of_a_mesh_is_named(scale: float, unit: str, tmp_path: Path) -> None:
    box = box_mesh()
    box.apply_scale(scale)
    assert refused(part_in(tmp_path, box), tmp_path).way_out.endswith(f"cad_unit: {unit}")


def test_a_bracket_of_25_metres(tmp_path: Path) -> None:
    error = refused(part_in(tmp_path, box_mesh((25, 20, 10)), (25, 20, 10), cad_unit="m"), tmp_path)
    assert error.found == "2.5e+04 × 2e+04 × 1e+04 mm" or "25" in error.found
    assert error.way_out == "the numbers in the file look like mm: write cad_unit: mm"


def test_step_with_the_wrong_unit_in_it(tmp_path: Path) -> None:
    text = (FILES / "block_mm.step").read_text()
    (tmp_path / "b.step").write_text(text.replace("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT($,.METRE.)"))
    error = refused(part_of("b.step", (50.8, 25.4, 12.7)), tmp_path)
    assert (
        error.way_out
        == "write size_mm in mm; where that is right and the file says m and means mm, export it again in mm"
    )


def test_another_part_altogether() -> None:
    with pytest.raises(BadInput, match="is this the right file"):
        read_part(part_of("rod.step", (6, 6, 9)), FILES)


def test_small_differences_and_exchanged_axes_are_remarked_on(tmp_path: Path) -> None:
    def findings(size: tuple[float, float, float]) -> tuple[str, str]:
        part = part_in(tmp_path, box_mesh(), size)
        mesh: Mesh = read_part(part, tmp_path)
        (finding,) = examine(part, mesh)
        assert finding.level is Level.WARNING
        return finding.text, finding.way_out

    assert "different along y" in findings((40, 32, 20))[0]
    assert findings((30, 40, 20))[1] == "write [40, 30, 20]"
