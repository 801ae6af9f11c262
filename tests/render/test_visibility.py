from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from firstshift.core.seed import Seed
from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import GBuffer
from firstshift.render.pose import Pose, about
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import view_of
from firstshift.render.visibility import ambient_occlusion, visibility, visibility_slowly
from tests.render.shapes import at, ball, block, mesh_of, station


def ring(count: int, diameter_mm: float, height_mm: float) -> Emitters:
    angle = np.arange(count) * 2 * np.pi / count + 0.1
    height = np.full(count, height_mm)
    place = np.stack([diameter_mm / 2 * np.cos(angle), diameter_mm / 2 * np.sin(angle), height], axis=1)
    one = np.ones(count, np.float32)
    return Emitters(
        np.zeros(count, np.int16), place.astype(np.float32),
        (-place / np.linalg.norm(place, axis=1, keepdims=True)).astype(np.float32), one, 5 * one, -one,
        np.ones((1, 1), np.float32), np.full((1, 1, 3), 1 / 3, np.float32), ("ring",),
    )  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A plate with a block, a leaning block and a ball on it: hard shadows, contact shadows, round ones."""
    leaning = Pose(about("z", 30) @ about("x", 20), np.array([-4.0, 2.5, 1.0]))
    plate, upright = Placed(block(24, 18, 2), at(z=-1), 0), Placed(block(3, 5, 2), at(3, -2, 1), 1)
    return Scene((plate, upright, Placed(block(2, 4, 1), leaning, 2), Placed(ball(1.5), at(4, 4, 1.0), 3)))


@pytest.fixture(scope="module")
def gbuffer(scene: Scene) -> GBuffer:
    return scene.cast(view_of(station(), scale=0.5))


@pytest.mark.parametrize("lamps", [ring(24, 60, 40), ring(70, 50, 12), ring(1, 60, 15)], ids=["24", "70", "1"])
def test_the_short_way_sees_what_a_ray_for_everything_sees(scene: Scene, gbuffer: GBuffer, lamps: Emitters) -> None:
    quick, slow = visibility(scene, gbuffer, lamps), visibility_slowly(scene, gbuffer, lamps)
    assert quick is not None
    off = np.abs(quick.astype(int) - slow)
    assert off.mean() <= 5
    # Only the borders of shadows may differ, and there by the softening of one pixel.
    assert (off > 128).mean() < 2e-4
    assert 0.002 < (slow == 0).mean() < 0.9
    changed = np.flatnonzero((off > 0).any(axis=1))
    image = np.full((gbuffer.height * gbuffer.width, len(lamps)), np.nan)
    image[gbuffer.pixel] = slow
    grid = image.reshape(gbuffer.height, gbuffer.width, -1)
    beside = np.zeros(grid.shape, bool)
    for axis in (0, 1):
        for way in (-1, 1):
            beside |= np.roll(grid, way, axis=axis) != grid
    borders = beside.reshape(image.shape)[gbuffer.pixel[changed]]
    assert (borders | (off[changed] == 0)).mean() > 0.9999


def test_lamps_travel_with_a_line_camera(scene: Scene) -> None:
    """Each line is lit from its own place: a shadow does not grow towards the ends of the image."""
    seen = scene.cast(view_of(station("line"), scale=0.5))
    lamps = ring(2, 60, 15)
    quick, slow = visibility(scene, seen, lamps), visibility_slowly(scene, seen, lamps)
    assert quick is not None
    assert (np.abs(quick.astype(int) - slow) > 128).mean() < 2e-4
    still = visibility_slowly(scene, replace(seen, travel_mm=(0.0, 0.0)), lamps)
    assert (slow != still).mean() > 0.001


def test_few_rays_are_enough(scene: Scene, gbuffer: GBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    traced = []
    whole = Scene.blocked_along
    monkeypatch.setattr(Scene, "blocked_along", lambda *given: traced.append(len(given[1])) or whole(*given))
    lamps = ring(24, 60, 40)
    visibility(scene, gbuffer, lamps)
    assert sum(traced) < 0.25 * len(gbuffer) * len(lamps)


def test_nothing_blocked_is_none() -> None:
    flat = Scene((Placed(block(60, 60, 2), at(z=-1), 0),))
    seen = flat.cast(view_of(station(), scale=0.2))
    assert visibility(flat, seen, ring(8, 60, 40)) is None
    below = visibility(flat, seen, ring(8, 60, -40))
    assert below is not None
    assert (below == 0).all()


def test_a_thin_shadow_is_followed_to_its_end() -> None:
    """A wire high above the plate, whose shadow is a pixel wide and far from every outline."""
    wire = Placed(block(0.12, 14, 0.12), Pose(about("z", 12), np.array([6.0, 0, 8])), 1)
    wired = Scene((Placed(block(60, 60, 2), at(z=-1), 0), wire))
    seen = wired.cast(view_of(station(), scale=0.5))
    lamp = ring(1, 0.01, 0.0)
    lamp = Emitters(*[np.array([[20.0, 0, 40]], np.float32) if name == "position_mm" else getattr(lamp, name)
                      for name in lamp.__slots__])  # fmt: skip
    quick, slow = visibility(wired, seen, lamp), visibility_slowly(wired, seen, lamp)
    assert quick is not None
    on_plate = seen.surface == 0
    assert (slow[on_plate] == 0).sum() > 200
    assert (np.abs(quick[on_plate].astype(int) - slow[on_plate]) > 200).sum() == 0


def test_occlusion_beside_a_wall_is_what_its_angle_says() -> None:
    """At the foot of a tall wall half the sky is gone; far from it nothing is."""
    wall = Placed(block(1, 200, 100), at(5.5, 0, 49), 1)
    cornered = Scene((Placed(block(200, 200, 2), at(z=-1), 0), wall))
    seen = cornered.cast(view_of(station("telecentric"), scale=0.25))
    shut = ambient_occlusion(cornered, seen, reach_mm=1e4, rays=64, seed=Seed(1))
    floor = seen.surface == 0
    x = seen.position_mm[:, 0]
    foot = floor & (x > 4.7) & (x < 5)
    assert shut[foot].mean() == pytest.approx(0.5, abs=0.06)
    near = ambient_occlusion(cornered, seen, reach_mm=3.0, rays=64, seed=Seed(1))
    far = near[floor & (x < 1.4)]  # one cell of the grid before the reach begins
    assert far.max() == 0
    closer = near[floor & (x > 3.0) & (x < 3.3)].mean(), near[foot].mean()
    assert 0 < closer[0] < closer[1] < 0.5
    again = ambient_occlusion(cornered, seen, reach_mm=3.0, rays=64, seed=Seed(1))
    np.testing.assert_array_equal(near, again)


def test_a_round_surface_shows_no_triangles_where_light_grazes_it() -> None:
    """A coarse ball alone: whatever its smooth surface turns to the light is lit, up to the border of night."""
    coarse = mesh_of(trimesh.creation.icosphere(subdivisions=3, radius=5.0), smooth=True)
    alone = Scene((Placed(coarse, at(z=-5), 0),))
    seen = alone.cast(view_of(station(), scale=0.5))
    lamp = ring(1, 400, 30)
    visible = visibility(alone, seen, lamp)
    assert visible is not None
    way = lamp.position_mm[0] - seen.position_mm
    cosine = np.einsum("ni,ni->n", seen.normal, way) / np.linalg.norm(way, axis=1)
    lit = (seen.surface == 0) & (cosine > 0)
    assert lit.sum() > 5000
    missing = cosine[lit] * (1 - visible[lit, 0] / 255)
    assert missing.max() < 0.01
    assert (visible[(seen.surface == 0) & (cosine < -0.25), 0] == 0).all()
