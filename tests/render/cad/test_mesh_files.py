"""STL, OBJ, PLY and GLB: units, bodies, creases, and our GLB reader against trimesh's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from firstshift.core.mesh import Mesh
from firstshift.render.cad.reading import read_part
from firstshift.render.cad.topology import sides_of
from tests.render.cad.parts import box_mesh, part_of, saved

SIZE = (40.0, 30.0, 20.0)
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}


def read(mesh: trimesh.Trimesh, path: Path, size: tuple[float, float, float] = SIZE, unit: str = "mm") -> Mesh:
    saved(mesh, path)
    return read_part(part_of(path.name, size, cad_unit=unit), path.parent)


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply"])
@pytest.mark.parametrize("unit", UNITS)
def test_the_declared_unit_is_used(suffix: str, unit: str, tmp_path: Path) -> None:
    box = box_mesh()
    box.apply_scale(1 / UNITS[unit])
    mesh = read(box, tmp_path / f"box.{suffix}", unit=unit)
    assert mesh.size_mm == pytest.approx(SIZE, rel=1e-5)
    assert (sides_of(mesh.triangles).count == 2).all()
    assert len(mesh.vertices_mm) == 8
    # Six sides, found by their creases, each with its own normal at every corner.
    assert mesh.face_names == ("1", "2", "3", "4", "5", "6")
    facing = mesh.area_vectors / np.linalg.norm(mesh.area_vectors, axis=1, keepdims=True)
    assert mesh.corner_normals == pytest.approx(np.repeat(facing[:, None], 3, axis=1), abs=1e-5)


def test_glb_is_in_metres_unless_the_plan_says_otherwise(tmp_path: Path) -> None:
    box = box_mesh()
    saved(box, tmp_path / "mm.glb")
    assert read_part(part_of("mm.glb", SIZE, cad_unit="mm"), tmp_path).size_mm == pytest.approx(SIZE)
    box.apply_scale(0.001)
    saved(box, tmp_path / "m.glb")
    assert read_part(part_of("m.glb", SIZE), tmp_path).size_mm == pytest.approx(SIZE)


def test_ascii_stl_is_read_like_binary(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_text(box_mesh().export(file_type="stl_ascii"))
    assert read_part(part_of("a.stl", SIZE, cad_unit="mm"), tmp_path).size_mm == pytest.approx(SIZE)


def test_a_round_wall_is_smooth_and_its_rim_is_sharp(tmp_path: Path) -> None:
    rod = trimesh.creation.cylinder(radius=10, height=20, sections=36)
    mesh = read(rod, tmp_path / "rod.stl", (20, 20, 20))
    assert len(mesh.face_names) == 3
    wall = np.abs(mesh.area_vectors[:, 2]) < 1e-6
    outwards = mesh.corners_mm[wall] * (1, 1, 0) / 10
    assert mesh.corner_normals[wall] == pytest.approx(outwards, abs=1e-3)
    assert np.abs(mesh.corner_normals[~wall][:, :, 2]) == pytest.approx(1, abs=1e-6)


def test_triangles_turned_the_wrong_way_are_turned_back(tmp_path: Path) -> None:
    box = box_mesh()
    inside_out = trimesh.Trimesh(box.vertices, box.faces[:, ::-1], process=False)
    half = np.where(np.arange(len(box.faces))[:, None] % 2, box.faces, box.faces[:, ::-1])
    mixed = trimesh.Trimesh(box.vertices, half, process=False)
    for name, mesh in (("a.ply", inside_out), ("b.ply", mixed)):
        read_back = read(mesh, tmp_path / name)
        assert (np.einsum("tj,tj->t", read_back.area_vectors, read_back.corners_mm.mean(axis=1)) > 0).all()


def test_a_cavity_stays_a_cavity(tmp_path: Path) -> None:
    hollow = trimesh.util.concatenate([box_mesh(), _inverted(box_mesh((10, 10, 10)))])
    mesh = read(hollow, tmp_path / "hollow.ply")
    inner = np.abs(mesh.corners_mm).max(axis=(1, 2)) < 6
    assert inner.sum() == 12
    assert (np.einsum("tj,tj->t", mesh.area_vectors[inner], mesh.corners_mm[inner].mean(axis=1)) < 0).all()


def test_triangles_without_area_are_dropped(tmp_path: Path) -> None:
    box = box_mesh()
    vertices = np.concatenate([box.vertices, [[0, 0, 10]]])
    faces = np.concatenate([box.faces, [[0, 0, 1], [2, 2, 2]]])
    mesh = read(trimesh.Trimesh(vertices, faces, process=False), tmp_path / "box.ply")
    assert len(mesh.triangles) == 12
    assert (np.linalg.norm(mesh.area_vectors, axis=1) > 0).all()


def test_objects_of_an_obj_file_are_bodies(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    for name, x in (("housing", 0.0), ("lid", 50.0)):
        box = box_mesh()
        box.apply_translation((x, 0, 0))
        scene.add_geometry(box, geom_name=name)
    (tmp_path / "two.obj").write_text(scene.export(file_type="obj"))
    mesh = read_part(part_of("two.obj", (90, 30, 20), ("lid", "housing"), cad_unit="mm"), tmp_path)
    assert sorted(mesh.body_names) == ["housing", "lid"]
    lid = mesh.body == mesh.body_names.index("lid")
    assert mesh.corners_mm[lid][:, :, 0].min() == pytest.approx(30)


def test_our_glb_reader_agrees_with_trimesh(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    scene = trimesh.Scene()
    for index in range(4):
        ball = trimesh.creation.icosphere(subdivisions=1, radius=0.01 * (index + 1))
        placed = trimesh.transformations.random_rotation_matrix(random.random(3))
        placed[:3, 3] = random.normal(size=3) * 0.02
        if index == 3:
            placed[:3, :3] @= np.diag([1, 1, -1])  # a mirrored instance
        parent = f"n{index - 1}" if index else None
        scene.add_geometry(
            ball, node_name=f"n{index}", geom_name=f"g{index}", parent_node_name=parent, transform=placed
        )
    (tmp_path / "nest.glb").write_bytes(scene.export(file_type="glb"))
    expected = np.concatenate([g.triangles for g in trimesh.load_scene(tmp_path / "nest.glb").dump()]) * 1000
    size = np.ptp(expected.reshape(-1, 3), axis=0)
    mesh = read_part(part_of("nest.glb", tuple(size.tolist())), tmp_path)
    assert len(mesh.body_names) == 4
    assert _sorted(mesh.corners_mm.mean(axis=1)) == pytest.approx(_sorted(expected.mean(axis=1)), abs=1e-3)
    for body in range(4):
        chosen = mesh.corners_mm[mesh.body == body]
        outwards = chosen.mean(axis=1) - chosen.reshape(-1, 3).mean(axis=0)
        assert (np.einsum("tj,tj->t", outwards, mesh.area_vectors[mesh.body == body]) > 0).all()
        ahead = np.einsum("tcj,tj->tc", mesh.corner_normals[mesh.body == body], mesh.area_vectors[mesh.body == body])
        assert (ahead > 0).all()


def _sorted(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(np.round(points, 4).T)]


def _inverted(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces[:, ::-1], process=False)
