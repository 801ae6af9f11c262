from __future__ import annotations

import numpy as np
import pytest
import trimesh

from firstshift.core.errors import BadInput
from firstshift.render.casting import SUBSAMPLES, UNIT_X, ideal_grid, ideal_points, lens_numbers
from firstshift.render.gbuffer import NOTHING
from firstshift.render.placing import sample_xy
from firstshift.render.pose import Pose, about
from firstshift.render.scene import Placed, Scene, looks_at_back_light
from firstshift.render.view import CameraPose, View, view_of
from firstshift.spec.lights import BackLight
from tests.render.shapes import at, ball, block, mesh_of, station

BENT = {"k1": -0.1, "k2": 0.05, "p1": 0.002, "p2": -0.001}
LENSES = {
    "perspective": {"kind": "perspective", "focal_mm": 25, "f_number": 8, "distortion": BENT},
    "telecentric": {"kind": "telecentric", "magnification": 0.1, "f_number": 8, "distortion": BENT},
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    leaning = Pose(about("z", 10) @ about("x", 15), np.array([0.5, -0.5, -4.0]))
    return Scene((Placed(block(14, 9, 4), leaning, 0), Placed(ball(2.0), at(3.0, 1.0, 0.5), 1, is_part=False)))


def views() -> list[View]:
    camera = CameraPose((1.0, 2.0), 3.0, 1.01)
    wide, parallel = {**LENSES["perspective"], "focal_mm": 6}, {**LENSES["telecentric"], "magnification": 0.03}
    size = (160, 120)
    cells = (station(size=size, lens=wide), station(size=size, lens=parallel), station("line", size, lens=wide))
    return [view_of(cell, camera=camera) for cell in cells]


@pytest.mark.parametrize("view", views(), ids=["perspective", "telecentric", "line"])
def test_the_cast_is_what_single_rays_find(scene: Scene, view: View) -> None:
    gbuffer = scene.cast(view)
    origins, directions = view.rays(sample_xy(gbuffer))
    hits = scene.hits(origins, directions)
    same = (hits.surface == gbuffer.surface) & (hits.triangle == gbuffer.triangle)
    assert same.mean() > 0.999  # single precision decides on the line between two triangles
    found = same & (gbuffer.surface >= 0)
    assert 0.1 < found.mean() < 0.9
    np.testing.assert_allclose(gbuffer.position_mm[found], hits.position_mm[found], atol=1e-4)
    np.testing.assert_allclose(gbuffer.facet[found], hits.facet[found], atol=1e-5)
    np.testing.assert_allclose(gbuffer.view, -directions, atol=1e-6)
    np.testing.assert_allclose(gbuffer.distance_mm[found], view.distance_mm(hits.position_mm[found]), atol=1e-3)
    for number, item in enumerate(scene.placed):
        rows = scene.placed_of(gbuffer.surface) == number
        local = item.pose.to_local(gbuffer.position_mm[rows].astype(np.float64))
        np.testing.assert_allclose(gbuffer.local_mm[rows], local, atol=1e-4)
    assert (np.einsum("ni,ni->n", gbuffer.normal, gbuffer.view) > 0).all()


@pytest.mark.parametrize("view", views(), ids=["perspective", "telecentric", "line"])
def test_a_footprint_is_how_the_point_moves_with_its_pixel(scene: Scene, view: View) -> None:
    gbuffer = scene.cast(view)
    steep = np.einsum("ni,ni->n", gbuffer.facet, gbuffer.view) < 0.2
    rows = np.flatnonzero((gbuffer.surface == 0) & ~steep)
    position, normal = gbuffer.position_mm[rows].astype(np.float64), gbuffer.facet[rows].astype(np.float64)
    for layer, step in ((gbuffer.across_mm, (0.01, 0.0)), (gbuffer.down_mm, (0.0, 0.01))):
        origins, directions = view.rays(sample_xy(gbuffer)[rows] + step)
        reach = np.einsum("ni,ni->n", normal, position - origins) / np.einsum("ni,ni->n", normal, directions)
        moved = (origins + reach[:, None] * directions - position) / 0.01
        # Positions are single precision: a few times 1e-5 mm, a hundredfold after the division.
        np.testing.assert_allclose(layer[rows], moved, atol=4e-3)


def test_weights_add_up_and_outlines_have_more_samples(scene: Scene) -> None:
    view = views()[0]
    gbuffer = scene.cast(view)
    total = np.bincount(gbuffer.pixel, gbuffer.weight, minlength=view.width * view.height)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    assert (np.diff(gbuffer.pixel) >= 0).all()
    assert 1.01 < len(gbuffer) / total.size < 1.3
    assert set(np.unique(gbuffer.surface)) == {NOTHING, 0, 1}
    mixed = gbuffer.gathered((gbuffer.surface >= 0).astype(np.float32))
    assert ((mixed > 0.05) & (mixed < 0.95)).sum() > 100


def test_subsamples_share_no_row_and_no_column() -> None:
    for axis in (0, 1):
        assert len(np.unique(np.round(SUBSAMPLES[:, axis], 6))) == len(SUBSAMPLES)
    np.testing.assert_allclose(SUBSAMPLES.mean(axis=0), 0, atol=1e-12)


def test_rays_that_meet_nothing_can_be_followed_on(scene: Scene) -> None:
    view = views()[0]
    gbuffer = scene.cast(view)
    light = BackLight(kind="back_light", name="back", size_mm=(8, 100), below_mm=30)
    sees = looks_at_back_light(gbuffer, light)
    nothing = gbuffer.surface == NOTHING
    assert not sees[~nothing].any()
    origins, directions = view.rays(sample_xy(gbuffer)[nothing])
    there = origins + directions * ((-30 - origins[:, 2]) / directions[:, 2])[:, None]
    clear = np.abs(np.abs(there[:, 0]) - 4) > 1e-3
    np.testing.assert_array_equal(sees[nothing][clear], (np.abs(there[:, 0]) < 4)[clear])
    assert 0 < sees.sum() < nothing.sum()


def test_blocked_is_what_stands_between(scene: Scene) -> None:
    below, above = np.array([[3.0, 1, -30], [40, 0, -30]]), np.array([[3.0, 1, 30], [40, 0, 30]])
    assert scene.blocked(below, above).tolist() == [True, False]
    assert scene.blocked(above, above - (0, 0, 1)).tolist() == [False, False]


def test_a_surface_does_not_shadow_itself(scene: Scene) -> None:
    gbuffer = scene.cast(views()[0])
    rows = gbuffer.surface == 1
    start = gbuffer.position_mm[rows] + scene.clearance_mm * gbuffer.facet[rows]
    assert not scene.blocked(start, start + 50 * gbuffer.facet[rows]).any()


def test_faces_seen_from_behind_look_to_the_camera() -> None:
    inside_out = block(8, 8, 2)
    inside_out = inside_out.moved(np.diag([1.0, 1.0, -1.0]), np.zeros(3))
    gbuffer = Scene((Placed(inside_out, at(z=-1), 0),)).cast(view_of(station(size=(64, 64))))
    assert (gbuffer.surface == 0).all()
    np.testing.assert_allclose(gbuffer.normal[:, 2], 1.0, atol=1e-6)


def test_a_scene_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one object"):
        Scene(())


def test_pixels_between_those_worked_out_lie_where_the_lens_puts_them() -> None:
    for view in views():
        numbers = lens_numbers(view)
        column, row = np.meshgrid(np.arange(view.width) + 0.5, np.arange(view.height) + 0.5)
        exact = ideal_points(np.stack([column.ravel(), row.ravel()], axis=1), numbers)
        # 1e-6 pixels.
        np.testing.assert_allclose(ideal_grid(view.width, view.height, numbers), exact, atol=1e-6 / numbers[UNIT_X])


def test_thin_triangles_are_drawn_without_gaps() -> None:
    """A fan of five thousand slivers around the middle of the picture is as closed as one square."""
    angle = np.linspace(0, 2 * np.pi, 5001)[:-1]
    rim = np.stack([8 * np.cos(angle), 8 * np.sin(angle), np.zeros(5000)], axis=1)
    corners = np.arange(5000)
    triangles = np.stack([corners, (corners + 1) % 5000, np.full(5000, 5000)], axis=1)
    fan = mesh_of(trimesh.Trimesh(np.vstack([rim, [[0.0123, 0.0456, 0.0]]]), triangles, process=False))
    for view in views()[:2]:
        gbuffer = Scene((Placed(fan, at(), 0),)).cast(view)
        radius = np.hypot(*gbuffer.position_mm[:, :2].T)
        assert (gbuffer.surface[radius < 7.9] == 0).all()
        assert (radius < 7.9).sum() > 1000
