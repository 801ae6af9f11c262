from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.render.lens import distort, undistort
from firstshift.render.view import STRAIGHT, CameraPose, Window, view_of
from firstshift.spec.optics import optics_of
from firstshift.spec.station import Distortion
from tests.render.shapes import station

TILTED = CameraPose(tilt_deg=(3.0, -2.0), roll_deg=4.0, distance_factor=1.03)
BENT = {"k1": -0.1, "k2": 0.05, "p1": 0.002, "p2": -0.001}
LENSES = {
    "perspective": {"kind": "perspective", "focal_mm": 25, "f_number": 8, "distortion": BENT},
    "telecentric": {"kind": "telecentric", "magnification": 0.1, "f_number": 8, "distortion": BENT},
}


@pytest.mark.parametrize("camera", [STRAIGHT, TILTED])
@pytest.mark.parametrize("kind", ["perspective", "telecentric"])
@pytest.mark.parametrize("is_line", [False, True])
def test_a_point_on_a_ray_is_seen_where_the_ray_went_through(kind: str, is_line: bool, camera: CameraPose) -> None:
    cell = station("line" if is_line else "perspective", lens=LENSES[kind])
    view = view_of(cell, window=Window(40, 20, 500, 400), scale=0.7, camera=camera)
    xy = np.random.default_rng(1).uniform((0, 0), (view.width, view.height), (500, 2))
    origins, directions = view.rays(xy)
    for reach in (200.0, 260.0):
        np.testing.assert_allclose(view.project(origins + reach * directions), xy, atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)


def test_the_origin_is_in_the_middle_and_y_goes_up() -> None:
    view = view_of(station())
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    origin, right, up = view.project(points)
    assert origin.tolist() == [320, 240]
    assert right[0] > 320
    assert up[1] < 240
    assert view.distance_mm(points + np.array([0, 0, 3])).tolist() == [247, 247, 247]


def test_the_picture_turns_anticlockwise_with_roll() -> None:
    view = view_of(station(), camera=CameraPose(roll_deg=90))
    right = view.project(np.array([[1.0, 0, 0]]))[0]
    assert right[0] == pytest.approx(320)
    assert right[1] < 240


@pytest.mark.parametrize("lens", ["perspective", "telecentric"])
def test_defocus_is_that_of_the_optics(lens: str) -> None:
    cell = station(lens, focus_mm=248.0)
    view, optics = view_of(cell), optics_of(cell)
    for distance in (240.0, 248.0, 255.0):
        on_part = optics.blur(distance).defocus_mm
        assert view.confusion_px(np.array([distance]))[0] == pytest.approx(
            on_part / optics.mm_per_pixel(distance)[0], abs=1e-9
        )
    half = view_of(cell, scale=0.5)
    assert half.confusion_px(np.array([240.0]))[0] == pytest.approx(view.confusion_px(np.array([240.0]))[0] / 2)


def test_distortion_is_undone_to_a_billionth() -> None:
    lens = Distortion(k1=-0.15, k2=0.08, k3=-0.01, p1=0.002, p2=-0.003)
    ideal = np.random.default_rng(2).uniform(-0.6, 0.6, (500, 2))
    np.testing.assert_allclose(undistort(distort(ideal, lens), lens), ideal, atol=1e-9)


def test_a_telecentric_lens_counts_radii_in_half_diagonals() -> None:
    lens = {"kind": "telecentric", "magnification": 0.1, "f_number": 8, "distortion": {"k1": 0.01}}
    bent, straight = view_of(station(lens=lens)), view_of(station("telecentric"))
    corner = straight.rays(np.array([[640.0, 480.0]]))[0]
    moved = (bent.project(corner) - (320, 240)) / (320, 240)
    np.testing.assert_allclose(moved, 1.01, atol=1e-9)


def test_a_window_outside_the_image_is_refused() -> None:
    with pytest.raises(BadInput, match="640 × 480 pixels, found x 200 to 712"):
        view_of(station(), window=Window(200, 0, 512, 400))
    with pytest.raises(BadInput, match="scale"):
        view_of(station(), scale=0)


def test_a_lens_that_folds_the_image_over_is_refused() -> None:
    lens = {"kind": "perspective", "focal_mm": 2, "f_number": 8, "distortion": {"k1": -0.9}}
    with pytest.raises(BadInput, match="fold over, found k1: -0"):
        view_of(station(size=(2448, 2048), lens=lens))


def test_a_window_is_pushed_into_the_image() -> None:
    assert Window.around(10, 400, 128, 128, (640, 480)) == Window(0, 336, 128, 128)
    assert Window.around(320, 240, 999, 100, (640, 480)) == Window(0, 190, 640, 100)
