"""Poses are found again from points and from the silhouette; what cannot be registered is refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.render.cad.reading import read_part
from firstshift.render.onto.foreground import foreground_of
from firstshift.render.onto.points import register_points
from firstshift.render.onto.registering import Registered, fitting_scale, register_plane
from firstshift.render.onto.silhouette import register_silhouette
from firstshift.render.pose import Pose, seated
from firstshift.render.scene import Placed, Scene
from firstshift.spec.examples import copy_example
from firstshift.spec.plan import Plan
from tests.render.onto.drawn import side_lit


@pytest.fixture(scope="module")
def bracket(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("bracket") / "plan"
    copy_example("bracket", folder)
    plan = Plan.load(folder / "plan.yaml")
    mesh = read_part(plan.part, folder)
    width, height = plan.station.camera.sensor_px
    return plan.station, mesh, seated(plan.part, mesh), (400, round(400 * height / width))


def off_px(registered: Registered, truth: Pose, points: np.ndarray) -> float:  # type: ignore[type-arg]
    view = registered.view()
    apart = view.project(registered.pose.to_station(points)) - view.project(truth.to_station(points))
    return float(np.linalg.norm(apart, axis=1).max())


@pytest.mark.parametrize("turn_deg", [4.0, -71.0, 178.0])
def test_six_clicked_points_give_the_pose(bracket, turn_deg: float) -> None:  # type: ignore[no-untyped-def]
    station, mesh, nominal, size = bracket
    truth = nominal.shaken(shift_mm=(1.5, -2.0), turn_deg=turn_deg, tilt_deg=(0.8, -0.5))
    view = Registered(station, size, fitting_scale(station, size), truth, "points").view()
    points = mesh.vertices_mm[np.unique(mesh.triangles)]
    chosen = points[np.linspace(0, len(points) - 1, 6).astype(int)]
    clicked = view.project(truth.to_station(chosen)) + np.random.default_rng(1).normal(0, 0.4, (6, 2))
    found = register_points(station, chosen, clicked, size, nominal)
    assert found.found["residual_px"] < 1.5
    assert off_px(found, truth, points) < 4
    again = Registered.again(found.to_json(), station, size)
    assert np.array_equal(again.pose.rotation, found.pose.rotation)


def test_points_that_do_not_fit_are_refused(bracket) -> None:  # type: ignore[no-untyped-def]
    station, mesh, nominal, size = bracket
    points = mesh.vertices_mm[np.unique(mesh.triangles)]
    chosen = points[np.linspace(0, len(points) - 1, 6).astype(int)]
    view = Registered(station, size, fitting_scale(station, size), nominal, "points").view()
    clicked = view.project(nominal.to_station(chosen))
    with pytest.raises(BadInput, match="4 or more pairs"):
        register_points(station, chosen[:3], clicked[:3], size, nominal)
    line = np.linspace([0, 0, 0], [30, 0, 0], 5)
    with pytest.raises(BadInput, match="one line"):
        register_points(station, line, clicked[:5], size, nominal)
    clicked[2] += (90.0, 60.0)
    with pytest.raises(BadInput, match="check that point"):
        register_points(station, chosen, clicked, size, nominal)
    with pytest.raises(BadInput, match="whole image"):
        register_points(station, chosen, clicked * 0.5, (200, 200), nominal)


def test_the_silhouette_gives_the_pose(bracket) -> None:  # type: ignore[no-untyped-def]
    station, mesh, nominal, size = bracket
    truth = nominal.shaken(shift_mm=(1.5, -2.0), turn_deg=12.0, tilt_deg=(0.5, -0.5))
    registered = Registered(station, size, fitting_scale(station, size), truth, "silhouette")
    gbuffer = Scene((Placed(mesh, truth, 0),)).cast(registered.view())
    mask = gbuffer.gathered((gbuffer.surface >= 0).astype(np.float32))[:, :, 0] > 0.5
    found = register_silhouette(station, mesh, mask, nominal)
    assert found.found["overlap"] > 0.98
    assert off_px(found, truth, mesh.vertices_mm[np.unique(mesh.triangles)]) < 2.0
    disc = np.hypot(*(np.mgrid[: size[1], : size[0]] - np.array([150, 200])[:, None, None])) < 60
    with pytest.raises(BadInput, match="outline"):
        register_silhouette(station, mesh, np.asarray(disc), nominal)


@pytest.mark.parametrize("size", [(2448, 2048), (612, 512), (640, 535), (640, 536), (613, 512), (100, 83), (100, 84)])
def test_the_view_of_a_photograph_is_as_large_as_it(bracket, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    """However the camera's 2448 × 2048 were rounded when they were shrunk."""
    station, _, nominal, _ = bracket
    view = Registered(station, size, fitting_scale(station, size), nominal, "points").view()
    assert (view.width, view.height) == size


@pytest.mark.parametrize("size", [(2448, 2047), (2448, 2049), (2447, 2048), (2449, 2048), (612, 513), (640, 534)])
def test_one_pixel_off_the_cameras_size_is_refused(bracket, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    station, mesh, nominal, _ = bracket
    found = f"found {size[0]} × {size[1]}"
    with pytest.raises(BadInput, match=found):
        fitting_scale(station, size)
    disc = np.hypot(*(np.mgrid[: size[1], : size[0]] - np.array([size[1] / 2, size[0] / 2])[:, None, None])) < 100
    with pytest.raises(BadInput, match=found):
        register_silhouette(station, mesh, np.asarray(disc), nominal)


def test_a_plane_has_the_scale_that_is_asked_for() -> None:
    found = register_plane(side_lit(), (331, 173), mm_per_pixel=0.1, turn_deg=30.0)
    view = found.view()
    assert (view.width, view.height) == (331, 173)
    assert found.mm_per_pixel == pytest.approx(0.1, rel=1e-6)
    apart = view.project(np.array([[0.0, 0, 0], [10.0, 0, 0]]))
    assert np.linalg.norm(apart[1] - apart[0]) == pytest.approx(100, rel=1e-4)


def test_foreground_is_told_from_a_plain_border_and_not_from_a_picture_without_one() -> None:
    draw = np.random.default_rng(2)
    light = 0.1 + 0.01 * draw.standard_normal((120, 160, 1))
    light[30:90, 40:120] += 0.4
    found = foreground_of(light.astype(np.float32))
    assert not found.is_whole
    truth = np.zeros((120, 160), bool)
    truth[30:90, 40:120] = True
    assert (found.mask & truth).sum() / (found.mask | truth).sum() > 0.95
    tile = (0.4 + 0.05 * draw.standard_normal((120, 160, 1))).astype(np.float32)
    assert foreground_of(tile).is_whole
