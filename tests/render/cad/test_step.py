"""STEP: units, assembly transforms, instances, names and colours survive, and triangles keep to the tolerance."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.cad.reading import read_part
from firstshift.render.cad.topology import sides_of
from firstshift.spec.check_part import check_part
from firstshift.spec.finding import Level
from tests.render.cad.parts import EXAMPLES, FILES, example, fixture, part_of

BODIES = ("plate", "pin")
ASSEMBLY_MM = (60.0, 40.0, 25.0)


@pytest.fixture(scope="module")
def assembly() -> Mesh:
    return read_part(part_of("assembly.step", ASSEMBLY_MM, BODIES), FILES)


def volume_mm3(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.corners_mm, 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("unit", ["mm", "inch", "metre"])
def test_units_survive(unit: str) -> None:
    mesh = fixture(f"block_{unit}", 50.8, 25.4, 12.7)
    assert mesh.size_mm == pytest.approx((50.8, 25.4, 12.7), abs=1e-5)
    assert volume_mm3(mesh) == pytest.approx(50.8 * 25.4 * 12.7, rel=1e-6)
    assert len(mesh.face_names) == 6


def test_assembly_transforms_survive_through_a_turned_subassembly(assembly: Mesh) -> None:
    assert assembly.body_names == ("plate", "pin", "pin")
    centres = []
    for body in (1, 2):
        points = assembly.corners_mm[assembly.body == body].reshape(-1, 3)
        assert points[:, 2].min() == pytest.approx(5, abs=1e-5)
        assert points[:, 2].max() == pytest.approx(25, abs=1e-5)
        centres.append(((points.min(axis=0) + points.max(axis=0)) / 2)[:2])
        # Normals are turned with the body: those of the wall point away from its own axis.
        wall = np.abs(assembly.area_vectors[:, 2]) < 1e-6
        wall &= assembly.body == body
        outwards = assembly.corners_mm[wall][:, :, :2] - centres[-1]
        along = np.einsum("tcj,tcj->tc", outwards, assembly.corner_normals[wall][:, :, :2])
        assert along == pytest.approx(3, abs=0.01)
    assert sorted(np.round(centres, 3).tolist()) == [
        pytest.approx([0, -10], abs=1e-2),
        pytest.approx([0, 10], abs=1e-2),
    ]


def test_colours_survive_as_linear_rgb(assembly: Mesh) -> None:
    # The file says sRGB 0.1 0.2 0.8 and 0.8 0.1 0.1; linear by IEC 61966-2-1.
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    blue = tuple(linear(v) for v in (0.1, 0.2, 0.8))
    red = tuple(linear(v) for v in (0.8, 0.1, 0.1))
    assert assembly.body_colours[0] == pytest.approx(blue, abs=2e-3)
    assert assembly.body_colours[1] == pytest.approx(red, abs=2e-3)
    assert assembly.body_colours[2] == assembly.body_colours[1]


def test_a_painted_face_leaves_faces_and_the_colour_of_the_body_alone(assembly: Mesh, tmp_path: Path) -> None:
    text = (FILES / "assembly.step").read_text()
    face = re.findall(r"#(\d+) = ADVANCED_FACE", text)[3]
    (red, *_) = re.findall(r"= STYLED_ITEM\('[^']*',\(#(\d+)\)", text)
    listed = "MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION('',("
    text = text.replace(listed, listed + "#9100,", 1)
    text = text.replace("ENDSEC;\nEND-ISO", f"#9100 = STYLED_ITEM('color',(#{red}),#{face});\nENDSEC;\nEND-ISO")
    (tmp_path / "assembly.step").write_text(text)
    painted = read_part(part_of("assembly.step", ASSEMBLY_MM, BODIES), tmp_path)
    assert painted.face_names == assembly.face_names
    assert np.array_equal(painted.face, assembly.face)
    assert np.array_equal(painted.corners_mm, assembly.corners_mm)
    assert painted.body_colours == assembly.body_colours


def test_bodies_of_an_assembly_are_found_by_number_subassembly_or_other_case() -> None:
    def names(*bodies: str) -> tuple[str, ...]:
        return read_part(part_of("assembly.step", ASSEMBLY_MM, bodies), FILES).body_names

    assert names("plate", "pin#1", "pin#2") == ("plate", "pin#1", "pin#2")
    assert names("Plate", "pins") == ("Plate", "pins", "pins")
    assert names("all of it") == ("all of it",) * 3


def test_checking_the_plan_does_not_judge_the_size_of_an_assembly_it_cannot_place() -> None:
    findings = list(check_part(part_of("assembly.step", ASSEMBLY_MM, BODIES), FILES))
    assert [(finding.level, finding.path) for finding in findings] == [(Level.NOTE, "part.size_mm")]
    assert "is an assembly" in findings[0].text


@pytest.mark.parametrize("bodies", [("plate", "screw"), ("plate", "pin", "nut")])
def test_bodies_that_do_not_match_are_listed(bodies: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as caught:
        read_part(part_of("assembly.step", ASSEMBLY_MM, bodies), FILES)
    assert bodies[-1] in caught.value.found
    assert "plate, pin (2×)" in caught.value.found
    assert "name the plan's bodies as the CAD file does" in caught.value.way_out


@pytest.mark.parametrize(("tolerance_mm", "angle_deg"), [(0.01, 8.0), (0.05, 45.0), (0.2, 90.0), (0.002, 90.0)])
def test_a_cylinder_keeps_within_the_tolerance(tolerance_mm: float, angle_deg: float) -> None:
    part = part_of("rod.step", (20, 20, 30))
    mesh = read_part(part, FILES, tolerance_mm, angle_deg)
    corners = mesh.corners_mm
    middles = (corners + np.roll(corners, 1, axis=1)) / 2
    wall = np.abs(mesh.area_vectors[:, 2]) < 1e-6
    error = 10 - np.linalg.norm(middles[wall].reshape(-1, 3)[:, :2], axis=1)
    assert error.max() < tolerance_mm
    assert np.linalg.norm(corners[wall].reshape(-1, 3)[:, :2], axis=1) == pytest.approx(10, abs=1e-4)


def test_the_tolerance_means_millimetres_whatever_the_unit_of_the_file(tmp_path: Path) -> None:
    text = (FILES / "rod.step").read_text()
    inch = text.replace(
        "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.) );",
        "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.CENTI.,.METRE.) );",
    )
    assert inch != text
    (tmp_path / "rod.step").write_text(inch)
    mesh = read_part(part_of("rod.step", (200, 200, 300)), tmp_path, 0.05, 90)
    middles = (mesh.corners_mm + np.roll(mesh.corners_mm, 1, axis=1)) / 2
    wall = np.abs(mesh.area_vectors[:, 2]) < 1e-6
    error = 100 - np.linalg.norm(middles[wall].reshape(-1, 3)[:, :2], axis=1)
    assert 0.001 < error.max() < 0.05


@pytest.mark.parametrize("tolerance_mm", [0.01, 0.05, 0.2])
def test_a_sphere_keeps_within_the_tolerance_inside_its_triangles_too(tolerance_mm: float) -> None:
    mesh = read_part(part_of("ball.step", (25, 25, 25)), FILES, tolerance_mm, 90)
    weights = np.random.default_rng(1).dirichlet((1, 1, 1), 20)
    inside = np.einsum("kc,tcj->tkj", weights, mesh.corners_mm).reshape(-1, 3)
    assert 12.5 - np.linalg.norm(inside, axis=1).min() < tolerance_mm


def test_shading_normals_are_those_of_the_surface() -> None:
    ball = fixture("ball", 25, 25, 25)
    directions = ball.corners_mm / np.linalg.norm(ball.corners_mm, axis=2, keepdims=True)
    cosine = np.einsum("tcj,tcj->tc", directions, ball.corner_normals)
    # Far below the 8° of the facets; at the two poles the file has no normal and the facet's own is taken.
    assert np.quantile(np.degrees(np.arccos(np.clip(cosine, -1, 1))), 0.98) < 0.1
    rod = fixture("rod", 20, 20, 30)
    lengths = np.linalg.norm(rod.corner_normals, axis=2)
    assert lengths == pytest.approx(1, abs=1e-5)
    assert set(np.unique(np.round(np.abs(rod.corner_normals[:, :, 2]), 4)).tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["bracket", "cap", "fitting"])
def test_examples_are_closed_turned_outwards_and_as_large_as_their_plan_says(name: str) -> None:
    part, mesh = example(name)
    sides = sides_of(mesh.triangles)
    assert (sides.count == 2).all()
    assert sides.coherent.all()
    assert volume_mm3(mesh) > 0
    assert mesh.size_mm == pytest.approx(part.size_mm, abs=0.02)
    ahead = np.einsum("tcj,tj->tc", mesh.corner_normals, mesh.area_vectors)
    assert (ahead > 0).all()


def test_the_same_file_gives_the_same_mesh() -> None:
    part, mesh = example("fitting")
    again = read_part(part, EXAMPLES / "fitting")
    assert np.array_equal(again.vertices_mm, mesh.vertices_mm)
    assert np.array_equal(again.triangles, mesh.triangles)
    assert np.array_equal(again.corner_normals, mesh.corner_normals)


def test_names_of_faces_come_from_the_file(tmp_path: Path) -> None:
    lines = (FILES / "rod.step").read_text().splitlines()
    faces = [i for i, line in enumerate(lines) if "ADVANCED_FACE(''" in line]
    for index, name in zip(faces, ("wall", "", "it''s the end"), strict=True):
        lines[index] = lines[index].replace("ADVANCED_FACE(''", f"ADVANCED_FACE('{name}'")
    (tmp_path / "rod.step").write_text("\n".join(lines))
    mesh = read_part(part_of("rod.step", (20, 20, 30)), tmp_path)
    assert mesh.face_names == ("wall", "2", "it's the end")
    area = np.linalg.norm(mesh.area_vectors, axis=1)
    assert area[mesh.face == 0].sum() == pytest.approx(2 * math.pi * 10 * 30, rel=1e-3)
    assert area[mesh.face == 2].sum() == pytest.approx(math.pi * 100, rel=1e-2)


def test_a_flat_part_is_a_box_under_zero() -> None:
    part = part_of(None, (300, 200, 0.8), ("strip",))
    mesh = read_part(part, Path("nowhere"))
    low, high = mesh.bounds_mm
    assert low.tolist() == [-150, -100, -0.8]
    assert high.tolist() == [150, 100, 0]
    assert volume_mm3(mesh) == pytest.approx(300 * 200 * 0.8)
    assert (sides_of(mesh.triangles).count == 2).all()
    top = mesh.face == mesh.face_names.index("top")
    assert mesh.area_vectors[top].sum(axis=0) == pytest.approx([0, 0, 60000])
    facing = mesh.area_vectors / np.linalg.norm(mesh.area_vectors, axis=1, keepdims=True)
    assert mesh.corner_normals == pytest.approx(np.repeat(facing[:, None], 3, axis=1))
