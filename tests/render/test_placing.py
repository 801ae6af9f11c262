from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy import stats

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.core.seed import Seed
from firstshift.render.cad.edges import feature_edges
from firstshift.render.cad.openings import openings
from firstshift.render.inspected import areas_slowly, inspected
from firstshift.render.placing import HeatMap, Staged, land, missed_by, sites_of
from firstshift.render.pose import Pose, about, seated
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import Window, view_of
from firstshift.spec.part import Part
from tests.render.shapes import STEEL, at, block, mesh_of, part, station

TOP = {"name": "top", "facing": {"direction": (0, 0, 1), "within_deg": 5}}
WEST = {"name": "west", "box": {"from_mm": (-10, -7, -2), "to_mm": (-4, 7, 2)}}
UNDERSIDE = {"name": "underside", "facing": {"direction": (0, 0, -1), "within_deg": 5}}


def staged(mesh: Mesh, pose: Pose, **window: Window) -> Staged:
    view = view_of(station(), scale=0.5 if not window else 1.0, **window)
    scene = Scene((Placed(mesh, pose, 0), Placed(block(90, 90, 1), at(z=-20), 1, is_part=False)))
    return Staged(view, scene, (STEEL, STEEL), scene.cast(view))


@pytest.fixture(scope="module")
def plate() -> tuple[Part, Staged]:
    made, mesh = part(regions=(TOP, WEST, UNDERSIDE)), block(18, 12, 4)
    return made, staged(mesh, seated(made, mesh))


@pytest.mark.parametrize("tilt_deg", [0.0, 40.0])
def test_landings_are_uniform_by_area(tilt_deg: float) -> None:
    """On a face that leans away from the camera as well, whose far end is smaller in the image."""
    made, mesh = part(regions=(TOP,)), block(14, 12, 4)
    pose = Pose(about("x", tilt_deg), np.zeros(3)).after(Pose(np.eye(3), np.array([0.0, 0.0, -2.0])))
    stage = staged(mesh, pose)
    sites = sites_of(stage, made, regions=("top",))
    assert sites.total == pytest.approx(14 * 12, rel=0.005)
    landed = np.array([land(stage, sites, Seed(n)).local_mm for n in range(1500)])
    counts, _, _ = np.histogram2d(landed[:, 0], landed[:, 1], bins=(7, 6), range=[[-7, 7], [-6, 6]])
    assert counts.sum() == 1500
    np.testing.assert_allclose(landed[:, 2], 2.0, atol=1e-5)
    # 41 degrees of freedom; one seed in a thousand would fail.
    assert ((counts - 1500 / 42) ** 2 / (1500 / 42)).sum() < stats.chi2.ppf(0.999, 41)


def test_the_frame_is_turned_as_the_camera_sees_it(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    sites = sites_of(stage, made, regions=("top",))
    landing = land(stage, sites, Seed(4), turned_deg=30)
    np.testing.assert_allclose(landing.u, [np.cos(np.pi / 6), 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(landing.v, np.cross(landing.normal, landing.u), atol=1e-12)
    np.testing.assert_allclose(landing.normal, [0, 0, 1], atol=1e-6)
    assert landing.region == "top"
    ground = landing.ground
    assert (ground.material, ground.is_metal, ground.ra_um) == ("steel", True, 0.8)
    assert ground.lay_deg is not None
    assert min(ground.lay_deg % 180, -ground.lay_deg % 180) == pytest.approx(0.0, abs=1e-4)  # both at 30°
    assert ground.pixel_mm == pytest.approx(stage.view.mm_per_pixel[0], rel=0.002)
    assert land(stage, sites, Seed(4)).position_mm.tolist() == landing.position_mm.tolist()


def test_a_region_keeps_flaws_in_and_background_keeps_them_out(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    sites = sites_of(stage, made, regions=("west",))
    x = [land(stage, sites, Seed(n)).local_mm[0] for n in range(60)]
    assert -10 <= min(x) <= max(x) <= -4
    weights, region = inspected(stage, made).allowed()
    assert (weights[stage.scene.placed_of(stage.gbuffer.surface) != 0] == 0).all()
    assert set(np.unique(region[weights > 0])) == {0}  # 'west' is a piece of 'top', which comes first


def test_areas_are_those_of_the_readable_twin(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    shown = inspected(stage, made, margin_px=20)
    assert shown.area_mm2 == pytest.approx(areas_slowly(stage.gbuffer, shown.rows, 20), rel=1e-5)
    assert 0 < (shown.area_mm2 == 0).mean() < 0.5


def test_the_middle_of_a_flaw_keeps_away_from_the_border(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    mesh = stage.scene.placed[0].mesh
    close = staged(mesh, seated(made, mesh), window=Window(300, 200, 64, 64))
    sites = sites_of(close, made, margin_px=20)
    xy = close.view.project(np.array([land(close, sites, Seed(n)).position_mm for n in range(80)]))
    assert xy.min() >= 19.5
    assert xy.max() <= 44.5


def test_edges_are_hit_by_their_length_and_described(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    edges = feature_edges(stage.scene.placed[0].mesh)
    sites = sites_of(stage, made, place="edge", regions=("top",), edges=edges)
    assert sites.total == pytest.approx(2 * (18 + 12), rel=1e-6)
    landings = [land(stage, sites, Seed(n)) for n in range(400)]
    local = np.array([landing.local_mm for landing in landings])
    on_long = np.abs(np.abs(local[:, 1]) - 6) < 1e-6
    # 60 % of the length: binomial, four standard deviations.
    assert on_long.mean() == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 400))
    for landing, place in zip(landings[:50], local[:50], strict=True):
        np.testing.assert_allclose(landing.normal, [0, 0, 1], atol=1e-9)
        assert landing.v @ place > 0  # points off the face
        edge = landing.ground.edge
        assert edge is not None
        assert edge.fall_deg == pytest.approx(90)
        assert edge.fall_mm == pytest.approx(4.0, rel=0.05)
        np.testing.assert_allclose(edge.offset_mm, 0, atol=1e-5)
        assert edge.u_mm[0] <= 0 <= edge.u_mm[-1]
        assert (np.diff(edge.u_mm) > 0).all()
        reach = 9 if abs(abs(place[1]) - 6) < 1e-6 else 6
        assert edge.u_mm[-1] - edge.u_mm[0] == pytest.approx(2 * reach, abs=0.3)


def drilled() -> Mesh:
    """A washer: a plate with one hole."""
    return mesh_of(trimesh.creation.annulus(r_min=2.0, r_max=6.0, height=3.0, sections=64))


def test_round_edges_bend_in_the_patch_and_holes_are_openings() -> None:
    made, mesh = part(size_mm=(12, 12, 3)), drilled()
    # One face for the bore and one for the outer wall, as a CAD file has it.
    wall = np.abs(mesh.area_vectors[:, 2]) < 1e-9
    outer = np.linalg.norm(mesh.corners_mm[:, :, :2], axis=2).min(axis=1) > 4
    up = mesh.area_vectors[:, 2] > 0
    face = np.where(wall, np.where(outer, 3, 2), np.where(up, 1, 0)).astype(np.int32)
    normals = mesh.corner_normals.copy()
    normals[wall] = mesh.corners_mm[wall] * (1, 1, 0) * np.where(outer, 1 / 6, -1 / 2)[wall, None, None]
    mesh = Mesh(mesh.vertices_mm, mesh.triangles, normals, mesh.body, face, ("body",), tuple("abcd"))
    stage = staged(mesh, seated(made, mesh))
    holes = openings(mesh)
    landing = land(stage, sites_of(stage, made, place="opening", openings=holes), Seed(1))
    assert landing.ground.opening_mm == pytest.approx(4.0, rel=0.01)
    np.testing.assert_allclose(landing.position_mm, [0, 0, 0], atol=1e-3)
    sites = sites_of(stage, made, place="edge", edges=feature_edges(mesh))
    for seed in range(40):
        landing = land(stage, sites, Seed(seed))
        edge = landing.ground.edge
        assert edge is not None
        radius = np.linalg.norm(landing.local_mm[:2])
        u, offset = edge.u_mm.astype(np.float64), edge.offset_mm.astype(np.float64)
        near = np.abs(u) < 0.4 * radius
        # The outer rim bends towards the face, that of the hole away from it.
        bend = (radius - np.sqrt(radius**2 - u[near] ** 2)) * (-1 if radius > 4 else 1)
        np.testing.assert_allclose(offset[near], bend, atol=0.05 * radius / 2)


def test_a_heat_map_says_where(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    grey = np.zeros((48, 64), np.float32)
    grey[:, 40:] = 1
    nominal = HeatMap(grey, stage.view, stage.scene.placed[0].pose)
    turned = staged(stage.scene.placed[0].mesh, stage.scene.placed[0].pose.shaken(turn_deg=180))
    sites = sites_of(turned, made, place="heat_map", heat=nominal)
    # The part lies the other way round; the map goes with it.
    xy = np.array([turned.view.project(land(turned, sites, Seed(n)).position_mm[None])[0] for n in range(60)])
    assert xy[:, 0].max() < 320 * 0.4
    black = HeatMap(np.zeros((4, 4), np.float32), stage.view, nominal.pose)
    with pytest.raises(BadInput, match="the heat map is black where these regions are"):
        sites_of(stage, made, place="heat_map", heat=black)


def test_nowhere_to_land_says_why(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    with pytest.raises(BadInput, match="regions underside: expected some surface the camera sees, found none"):
        sites_of(stage, made, regions=("underside",))
    with pytest.raises(BadInput, match="expected an edge the camera sees"):
        sites_of(stage, made, place="edge")
    with pytest.raises(BadInput, match="expected a hole the camera sees"):
        sites_of(stage, made, place="opening")


def test_a_part_beside_the_image_says_by_how_much(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    mesh = stage.scene.placed[0].mesh
    away = staged(mesh, at(30.0, 0.0, -2.0))
    width = stage.view.width * stage.view.mm_per_pixel[0]
    assert missed_by(away.view, away.scene).endswith("mm to the right of the image")
    gap = float(missed_by(away.view, away.scene).split()[0])
    # Its lower left edge is 4 mm farther from the lens.
    assert gap == pytest.approx((30 - 9) * 250 / 254 - width / 2, rel=0.01)
    with pytest.raises(BadInput, match=r"part in front of the camera: .* found it lies .* mm to the right"):
        sites_of(away, made)


def test_a_landing_on_a_surface_is_told_of_the_edge_beside_it(plate: tuple[Part, Staged]) -> None:
    made, stage = plate
    edges = feature_edges(stage.scene.placed[0].mesh)
    plain, told = (sites_of(stage, made, regions=("top",), edges=given) for given in ((), edges))
    far = 0
    for number in range(60):
        landing, before = (land(stage, sites, Seed(number), turned_deg=20) for sites in (told, plain))
        assert landing.position_mm.tolist() == before.position_mm.tolist()
        assert landing.local_mm == before.local_mm
        assert before.ground.edge is None
        assert landing.ground.pixel_mm == before.ground.pixel_mm
        x, y, _ = (abs(value) for value in landing.local_mm)
        edge = landing.ground.edge
        if edge is None:
            far += 1
            assert min(9 - x, 6 - y) > 4.9
            assert landing.u.tolist() == before.u.tolist()
            continue
        # What the flaw is told lies on the border of the plate.
        along, off = edge.u_mm.astype(float), edge.offset_mm.astype(float)
        points = landing.position_mm + along[:, None] * landing.u + off[:, None] * landing.v
        outside = np.maximum(np.abs(points[:, 0]) - 9, np.abs(points[:, 1]) - 6)
        np.testing.assert_allclose(outside, 0, atol=1e-4)
        assert off == pytest.approx(min(9 - x, 6 - y), abs=1e-4)
    assert 0 < far < 50
