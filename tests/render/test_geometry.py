"""Known things measure in pixels what the optics say: a sphere, a checker plane, a strip half a millimetre wide."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from firstshift.render.gbuffer import GBuffer, footprints_slowly
from firstshift.render.pose import Pose, about
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import Window, view_of
from firstshift.spec.optics import optics_of
from tests.render.shapes import at, ball, block, station

LENSES = ("perspective", "telecentric", "line")


def covered(gbuffer: GBuffer, surface: int) -> np.ndarray:
    return gbuffer.gathered((gbuffer.surface == surface).astype(np.float32))[:, :, 0]


@pytest.mark.parametrize("lens", LENSES)
def test_a_sphere_is_as_large_as_the_optics_say(lens: str) -> None:
    radius, distance = 6.0, 256.0
    view = view_of(station(lens))
    gbuffer = Scene((Placed(ball(radius), at(z=-6.0), 0),)).cast(view)
    seen = covered(gbuffer, 0)
    # The outline is where rays touch the sphere: nearer than its middle for a perspective lens.
    beyond = 1 / np.sqrt(1 - (radius / distance) ** 2)
    across, down = view.optics.mm_per_pixel(distance)
    wide = 2 * radius / across * (1.0 if lens == "telecentric" else beyond)
    high = 2 * radius / down * (beyond if lens == "perspective" else 1.0)
    assert seen.sum() == pytest.approx(np.pi / 4 * wide * high, rel=0.001)
    assert seen[238:242].sum(axis=1).mean() == pytest.approx(wide, rel=0.001)
    assert seen[:, 318:322].sum(axis=0).mean() == pytest.approx(high, rel=0.001)


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("depth_mm", [0.0, 20.0])
def test_a_checker_plane_has_the_pitch_that_the_optics_say(lens: str, depth_mm: float) -> None:
    view = view_of(station(lens))
    gbuffer = Scene((Placed(block(400, 400, 2), at(z=-1.0 - depth_mm), 0),)).cast(view)
    square = 0.8
    x, y = gbuffer.gathered(gbuffer.local_mm)[:, :, :2].transpose(2, 0, 1)
    checker = (np.floor(x / square) + np.floor(y / square)) % 2
    across, down = view.optics.mm_per_pixel(250.0 + depth_mm)
    for line, mm in ((checker[238], across), (checker[:, 322], down)):
        steps = np.flatnonzero(np.diff(line) != 0)
        pitch = np.polyfit(np.arange(len(steps)), steps, 1)[0]
        assert len(steps) > 15
        assert pitch * mm == pytest.approx(square, rel=0.001)


@pytest.mark.parametrize("lens", LENSES)
def test_half_a_millimetre_is_as_many_pixels_as_the_optics_say(lens: str) -> None:
    view = view_of(station(lens))
    plate = Placed(block(60, 60, 2), at(z=-1.02), 0)
    turned = about("z", 7.0)  # so that it crosses the pixel grid in every phase
    strip = Placed(block(0.5, 12, 0.02), Pose(turned, np.array([0.3, 0.0, -0.01])), 1)
    seen = covered(Scene((plate, strip)).cast(view), 1)
    across, _ = view.optics.mm_per_pixel(250.0)
    width = seen[140:340].sum(axis=1).mean() * across * np.cos(np.radians(7.0))
    assert width == pytest.approx(0.5, rel=0.002)


@pytest.mark.parametrize("lens", LENSES)
def test_a_window_and_a_shrunken_view_show_the_same_places(lens: str) -> None:
    whole = view_of(station(lens))
    points = np.random.default_rng(3).uniform((-8, -6, -3), (8, 6, 0), (50, 3))
    window = view_of(station(lens), window=Window(100, 60, 200, 240))
    np.testing.assert_allclose(window.project(points), whole.project(points) - (100, 60), atol=1e-9)
    half = view_of(station(lens), scale=0.5)
    np.testing.assert_allclose(half.project(points), whole.project(points) / 2, atol=1e-9)


def random_lens(generator: np.random.Generator) -> dict[str, float]:
    k1, k2 = generator.uniform(-0.2, 0.2), generator.uniform(-0.1, 0.1)
    return {
        "k1": k1, "k2": k2, "k3": generator.uniform(-0.02, 0.02),
        "p1": generator.uniform(-0.003, 0.003), "p2": generator.uniform(-0.003, 0.003),
    }  # fmt: skip


def test_the_lens_model_is_opencv_s() -> None:
    generator = np.random.default_rng(7)
    for _ in range(40):
        given = random_lens(generator)
        focal = generator.uniform(8, 50)
        lens = {"kind": "perspective", "focal_mm": focal, "f_number": 8, "distortion": given}
        cell = station(size=(2448, 2048), lens=lens)
        view = view_of(cell)
        fx, fy = optics_of(cell).focal_px or (0.0, 0.0)
        xy = generator.uniform((0, 0), (2448, 2048), (200, 2))
        origins, directions = view.rays(xy)
        points = origins + directions * generator.uniform(240, 260, (200, 1))
        # OpenCV counts pixels from the middle of the first, and looks along +z with y down.
        matrix = np.array([[fx, 0, 1224 - 0.5], [0, fy, 1024 - 0.5], [0, 0, 1]])
        numbers = np.array([given[name] for name in ("k1", "k2", "p1", "p2", "k3")])
        turn, _ = cv2.Rodrigues(np.diag([1.0, -1.0, -1.0]))
        theirs, _ = cv2.projectPoints(points, turn, np.array([0.0, 0.0, 250.0]), matrix, numbers)
        np.testing.assert_allclose(theirs[:, 0] + 0.5, xy, atol=1e-3)
        np.testing.assert_allclose(view.project(points), xy, atol=1e-6)
        ideal = (directions / -directions[:, 2:])[:, :2] * (1, -1)
        again = cv2.projectPoints(np.column_stack([ideal, np.ones(200)]), np.zeros(3), np.zeros(3), matrix, numbers)[0]
        np.testing.assert_allclose(again[:, 0] + 0.5, xy, atol=1e-3)


def test_footprints_and_samples_by_pixel_are_those_of_their_readable_twins() -> None:
    """A cast knows where each pixel's samples begin; some of them are searched."""
    view = view_of(station(), scale=0.4)
    gbuffer = Scene((Placed(block(9, 7, 4), Pose(about("z", 12), np.array([0.0, 0.0, -2.0])), 0),)).cast(view)
    np.testing.assert_allclose(gbuffer.footprint_mm, footprints_slowly(gbuffer), rtol=1e-5)
    pixel = np.arange(gbuffer.width * gbuffer.height)
    first, count = gbuffer.samples_of(pixel)
    assert count.min() == 1 < count.max()
    np.testing.assert_array_equal(np.repeat(pixel, count), gbuffer.pixel)
    np.testing.assert_array_equal(gbuffer.pixel[first], pixel)
    every_third = gbuffer.taken(np.arange(0, len(gbuffer), 3))
    first, count = every_third.samples_of(pixel)
    np.testing.assert_array_equal(np.repeat(pixel, count), every_third.pixel)
