"""Edges between faces and openings in flat faces, on solids whose edges and holes are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import trimesh

from firstshift.render.cad.edges import FeatureEdge, feature_edges
from firstshift.render.cad.openings import openings
from firstshift.render.cad.reading import flat_mesh, read_part
from tests.render.cad.parts import example, fixture, part_of, saved, without_faces


def check_frame(edge: FeatureEdge) -> None:
    """Normals are unit length and at right angles to the edge; they turn about it as convex and hollow edges do."""
    points = edge.points_mm
    ahead = (np.roll(points, -1, axis=0) if edge.is_closed else points[1:]) - points[: None if edge.is_closed else -1]
    count = len(ahead)
    for normals in (edge.left_normals, edge.right_normals):
        assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-4)
        share = np.einsum("ij,ij->i", normals[:count], ahead) / np.linalg.norm(ahead, axis=1)
        assert np.abs(share).max() < 0.1  # chords turn by up to 8°
    # From the left normal to the right one, an edge that falls away turns clockwise about its direction.
    turn = np.einsum("ij,ij->i", np.cross(edge.left_normals[:count], edge.right_normals[:count]), ahead)
    assert (turn < 0).all() if not edge.is_convex else (turn > 0).all()


def test_a_block_has_twelve_edges_of_ninety_degrees() -> None:
    edges = feature_edges(flat_mesh((30, 20, 5), "it"))
    assert sorted(round(edge.length_mm, 6) for edge in edges) == [5] * 4 + [20] * 4 + [30] * 4
    for edge in edges:
        assert edge.is_convex
        assert not edge.is_closed
        assert edge.turn_deg == pytest.approx(90)
        check_frame(edge)


def test_edges_of_a_bored_plate() -> None:
    mesh = fixture("bored_plate", 40, 30, 10)
    edges = feature_edges(mesh)
    rings = sorted((round(e.length_mm, 1), e.is_convex) for e in edges if e.is_closed)
    circle = {d: round(math.pi * d, 1) for d in (6, 8, 10)}
    # Blind hole: rim and floor; boss: foot and rim; through hole: two rims.
    expected = [(circle[6], False), (circle[6], True), (circle[8], False), (circle[8], True)] + [(circle[10], True)] * 2
    assert [(pytest.approx(length, abs=0.1), convex) for length, convex in sorted(expected)] == rings
    assert sum(not e.is_closed for e in edges) == 12
    for edge in edges:
        assert edge.turn_deg == pytest.approx(90, abs=0.5)
        check_frame(edge)


def test_smooth_joints_and_flat_angles_are_no_edges() -> None:
    assert feature_edges(fixture("ball", 25, 25, 25)) == ()
    _, bracket = example("bracket")
    chamfers = [e for e in feature_edges(bracket) if e.turn_deg < 60]
    assert len(chamfers) == 2 * 8  # a chamfer around four sides and four corners, an edge above and one below
    assert not [e for e in feature_edges(bracket, angle_deg=50) if e.turn_deg < 60]


def test_edges_of_a_mesh_without_cad_faces(tmp_path: Path) -> None:
    saved(trimesh.creation.cylinder(radius=10, height=20, sections=48), tmp_path / "rod.stl")
    mesh = read_part(part_of("rod.stl", (20, 20, 20), cad_unit="mm"), tmp_path)
    edges = feature_edges(mesh)
    assert len(edges) == 2
    for edge in edges:
        assert edge.is_closed
        assert edge.length_mm == pytest.approx(2 * 48 * 10 * math.sin(math.pi / 48), rel=1e-5)
        check_frame(edge)


def test_openings_of_a_bored_plate() -> None:
    through_top, through_bottom, blind = _by_area(openings(fixture("bored_plate", 40, 30, 10)))
    assert sorted((through_top.normal[2], through_bottom.normal[2])) == pytest.approx([-1, 1])
    for hole in (through_top, through_bottom):
        assert hole.is_round
        assert hole.diameter_mm == pytest.approx(10, abs=1e-3)
        assert hole.centre_mm[:2] == pytest.approx([5, 0], abs=1e-3)
        assert hole.depth_mm is None
    assert blind.diameter_mm == pytest.approx(6, abs=1e-3)
    assert blind.centre_mm == pytest.approx([-10, 0, 8], abs=1e-3)
    assert blind.depth_mm == pytest.approx(3, abs=1e-3)
    assert blind.area_mm2 == pytest.approx(math.pi * 9, rel=1e-2)
    assert np.linalg.norm(blind.loop_mm - blind.centre_mm, axis=1) == pytest.approx(3, abs=1e-3)


def test_openings_of_the_bracket() -> None:
    _, mesh = example("bracket")
    found = openings(mesh)
    top = [o for o in found if o.normal[2] > 0 and o.centre_mm[2] == pytest.approx(12, abs=1e-3)]
    assert [(o.is_round, round(o.diameter_mm, 2)) for o in top] == [(False, 26.0), (True, 22.0)] + [(True, 9.5)] * 4
    pocket = top[0]
    assert (pocket.diameter_mm, pocket.length_mm) == (pytest.approx(26, abs=0.01), pytest.approx(30, abs=0.01))
    assert pocket.depth_mm == pytest.approx(9, abs=1e-3)
    slots = [o for o in found if not o.is_round and o.length_mm < 20]
    assert [(round(o.diameter_mm, 1), round(o.length_mm, 1)) for o in slots] == [(6.0, 18.0)] * 2


def test_a_boss_and_a_block_open_nothing() -> None:
    assert openings(flat_mesh((30, 20, 5), "it")) == ()
    assert openings(fixture("rod", 20, 20, 30)) == ()


def _by_area(found: tuple) -> tuple:
    assert len(found) == 3
    return found


def test_an_open_mesh_has_the_holes_of_its_closed_borders(tmp_path: Path) -> None:
    plate = without_faces(trimesh.creation.annulus(3.0, 15.0, 4.0, sections=32), (0, 0, -1))
    mesh = read_part(part_of(saved(plate, tmp_path / "plate.stl").name, (30, 30, 4), cad_unit="mm"), tmp_path)
    (hole,) = openings(mesh)
    assert (hole.is_round, hole.diameter_mm, hole.depth_mm) == (True, 6.0, None)


def test_a_hole_is_as_large_as_its_farthest_point(tmp_path: Path) -> None:
    ring = trimesh.creation.annulus(3.0, 15.0, 4.0, sections=32)
    away = np.hypot(*ring.vertices[:, :2].T)
    moved = (away < 4) & (ring.vertices[:, 0] > 2.99)
    assert moved.sum() == 2
    ring.vertices[moved, 0] += 0.04
    mesh = read_part(part_of(saved(ring, tmp_path / "plate.stl").name, (30, 30, 4), cad_unit="mm"), tmp_path)
    for hole in openings(mesh):
        far = np.linalg.norm(hole.loop_mm - hole.centre_mm, axis=1).max()
        assert hole.is_round
        assert hole.diameter_mm / 2 == pytest.approx(far, abs=1e-4)
        assert hole.diameter_mm > 6.04
