"""Backdrops: endlessly many, beside and under the part, never over it."""

import numpy as np
import pytest

from firstshift.core.seed import Seed
from firstshift.render.backdrop.drawing import drawn_backdrop, plain_backdrop
from firstshift.render.backdrop.painting import paint, paint_slowly
from firstshift.render.backdrop.patterns import MAKERS, pattern_of
from firstshift.render.backdrop.solids import box, mesh_of
from firstshift.render.backdrop.stuffs import PLANES, plane_surface
from firstshift.render.finish.dressing import dress
from firstshift.render.pose import Pose
from firstshift.render.scene import Placed, Scene
from tests.render.finish.planes import flat, gbuffer_of


@pytest.fixture(scope="module")
def part():
    mesh = mesh_of({"part": [box((-20, -12, 0), (20, 12, 8))]})
    return Placed(mesh, Pose(np.eye(3), np.array([3.0, 1.0, -8.0])), 0)


def test_a_thousand_seeds_give_a_thousand_textures():
    """Descriptor: log brightness of 12 × 12 blocks in three colours, as a light from the side sees them. Any two seeds
    differ by more than three times what two exposures of one texture with 1 % noise a pixel differ by."""
    side = 48
    axis = (np.arange(side) - side / 2) * 0.6
    x, y = np.meshgrid(axis, axis)
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1)
    gbuffer = gbuffer_of(points, np.tile([0, 0, 1.0], (side * side, 1)), np.eye(3), 0.6)
    light = np.array([0.6, 0.3, 0.74])
    pictures = []
    for seed in range(1000):
        surface = plane_surface(Seed(seed).generator())
        look = dress(gbuffer, [surface], np.eye(3))
        colour = np.array(surface.colour or (0.5, 0.5, 0.5))
        value = colour * look.tint * ((1 - look.occlusion) * (look.normal @ light).clip(0))[:, None]
        pictures.append(value.reshape(12, 4, 12, 4, 3).mean((1, 3)).ravel())
    level = np.log(np.clip(np.array(pictures), 1e-3, None))
    squares = (level**2).sum(1)
    apart = np.sqrt(np.clip(squares[:, None] + squares[None] - 2 * level @ level.T, 0, None) / level.shape[1])
    apart[np.diag_indices(1000)] = np.inf
    noise = 0.01 / 4 * np.sqrt(2)  # mean of 4 × 4 pixels, difference of two
    assert apart.min() > 3 * noise


@pytest.mark.parametrize("name", list(MAKERS))
def test_patterns_close_and_stay_within_bounds(name):
    for seed in range(3):
        for coat in pattern_of(name, seed).coats:
            finest = coat.texels[: coat.levels[0, 1] * coat.levels[0, 2]]
            assert np.isfinite(coat.texels).all()
            assert finest[:, :3].min() >= 0
            assert finest[:, :3].max() <= 4
            assert finest[:, 3].min() >= 0
            assert finest[:, 3].max() <= 1
            np.testing.assert_allclose(coat.texels[-1], finest.mean(0), rtol=1e-3)


def test_every_pattern_that_planes_name_exists():
    assert {name for stuff in PLANES.values() for name in stuff.patterns} == set(MAKERS)


def test_painting_agrees_with_its_slow_twin():
    coat = pattern_of("wood", 5).coats[0]
    gbuffer = flat(3000, coat.texel_mm * 0.5)
    tint, hidden = np.ones((3000, 3), np.float32), np.zeros(3000, np.float32)
    paint(gbuffer, np.arange(3000), coat, np.eye(3, dtype=np.float32), 0.0, tint, hidden)
    slow = paint_slowly(coat, gbuffer.local_mm[:, 0].astype(np.float64), gbuffer.local_mm[:, 1].astype(np.float64), 0)
    np.testing.assert_allclose(tint, slow[:, :3], atol=2e-4)
    np.testing.assert_allclose(hidden, slow[:, 3], atol=2e-4)


def test_nothing_covers_the_part_from_above_or_from_a_camera_over_it(part):
    draw = np.random.default_rng(0)
    low, high = part.mesh.bounds_mm
    aim = draw.uniform(low[:2] * 0.995, high[:2] * 0.995, (400, 2)) + part.pose.shift_mm[:2]
    lens = np.array([3.0, 1.0, 250.0])
    directions = np.column_stack([aim, np.full(400, 0.0)]) - lens
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    fixtures = 0
    for seed in range(60):
        backdrop = drawn_backdrop(Seed(seed), part, 1)
        fixtures += len(backdrop.placed) > 1
        hits = Scene((part, *backdrop.placed)).hits(np.tile(lens, (400, 1)), directions)
        assert (hits.placed == 0).all(), seed
    assert fixtures > 25


def test_surfaces_and_bodies_belong_together(part):
    for seed in range(60):
        backdrop = drawn_backdrop(Seed(seed), part, 4)
        numbers = [
            placed.first_surface + body for placed in backdrop.placed for body in range(len(placed.mesh.body_names))
        ]
        assert numbers == list(range(4, 4 + len(backdrop.surfaces)))
        assert not any(placed.is_part for placed in backdrop.placed)
        assert not any(surface.is_part for surface in backdrop.surfaces)


def test_the_part_lies_on_the_plane(part):
    for backdrop in (drawn_backdrop(Seed(1), part, 1), plain_backdrop(part, 1)):
        plane = backdrop.placed[0]
        corners = plane.pose.to_station(plane.mesh.vertices_mm)
        np.testing.assert_allclose(corners[:, 2], -8.0, atol=1e-9)
        assert corners[:, 0].min() < -200
        assert corners[:, 0].max() > 200


def test_walls_of_fixtures_face_outwards(part):
    for seed in range(40):
        for placed in drawn_backdrop(Seed(seed), part, 1).placed:
            facets = placed.mesh.area_vectors
            facets = facets / np.linalg.norm(facets, axis=1, keepdims=True)
            assert ((placed.mesh.corner_normals * facets[:, None]).sum(2) > 0.5).all()


def test_plain_means_even_and_dark(part):
    (surface,) = plain_backdrop(part, 1).surfaces
    assert surface.pattern is None
    look = dress(flat(500, 0.1), [surface], np.eye(3))
    assert np.std(look.tint) < 0.02


def test_the_same_seed_draws_the_same_backdrop(part):
    first, again = (drawn_backdrop(Seed(11), part, 1) for _ in range(2))
    assert first.surfaces == again.surfaces
    for a, b in zip(first.placed, again.placed, strict=True):
        np.testing.assert_array_equal(a.mesh.vertices_mm, b.mesh.vertices_mm)
