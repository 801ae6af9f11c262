"""The reference itself: what can be worked out by hand comes out of it, and its camera projects as ours does."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.imprint import Patch
from firstshift.core.mesh import Mesh
from firstshift.render.reference.camera import Camera
from firstshift.render.reference.displaced import displaced
from firstshift.render.reference.lamps import shining
from firstshift.render.reference.tracing import Piece, traced
from firstshift.render.reference.variant import load_mitsuba
from firstshift.spec.lights import Bar, Coaxial, DarkField, Dome, Light, Ring, Spot

WHITE = {"type": "diffuse", "reflectance": {"type": "rgb", "value": [1.0, 1.0, 1.0]}}
RIGHT, DOWN, FORWARD = np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), np.array([0, 0, -1.0])


def plane(side_mm: float = 40.0) -> Mesh:
    patch = Patch(side_mm / 2, side_mm / 2, 3, 3)
    return displaced(patch, np.zeros((3, 3), np.float32))


def camera(width: int = 16, height: int = 12, focal_px: float | None = 300.0) -> Camera:
    return Camera(
        np.array([0.0, 0, 300.0]), RIGHT, DOWN, FORWARD, (width / 2, height / 2), width, height, focal_px, 0.5
    )


def lamp(light: Light) -> list[tuple[object, tuple[float, float, float]]]:
    return [(shining(light), (1.0, 1.0, 1.0))]


def sampling_error(image: npt.NDArray[np.float32]) -> float:
    """Standard error of the mean, from the spread between pixels that should be equal."""
    return float(image.std() / math.sqrt(image[..., 0].size))


def test_white_plane_in_a_closed_dome_is_as_bright_as_the_dome() -> None:
    dome = Dome(kind="dome", name="d", diameter_mm=4000, opening_mm=1)
    image = traced([Piece(plane(4.0), WHITE)], lamp(dome), camera(8, 6, 1200.0), samples=256)
    assert image.mean() == pytest.approx(1.0, abs=0.002 + 4 * sampling_error(image))


def test_small_lamp_lights_a_plane_by_the_square_of_its_distance() -> None:
    spot = Spot(kind="spot", name="s", position_mm=(0, 0, 200), diameter_mm=4, cone_deg=180)
    image = traced([Piece(plane(), WHITE)], lamp(spot), camera(8, 6, 3000.0), samples=16)
    expected = (math.pi * 2**2) / 200**2 / math.pi
    assert image.mean() == pytest.approx(expected, rel=0.002)


@pytest.mark.parametrize("focal_px", [137.0, None], ids=["perspective", "telecentric"])
def test_camera_projects_as_declared(focal_px: float | None) -> None:
    """Where rays of the reference go, our own formula finds the pixel they came from: to 0.01 px."""
    mitsuba = load_mitsuba()
    turn = np.radians(25)
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    forward = np.array([0.1 * np.sin(turn), -0.1 * np.cos(turn), -1.0])
    forward /= np.linalg.norm(forward)
    ours = Camera(
        np.array([3.0, -2, 90]), right, np.cross(forward, right), forward, (31.25, 11.5), 50, 40, focal_px, 0.3
    )
    sensor = ours.sensor(mitsuba, near_mm=10)
    seen = np.random.Generator(np.random.PCG64(1)).uniform(0, 1, (20, 2))
    points = []
    for place in seen:
        ray, _ = sensor.sample_ray(0, 0.5, place.tolist(), [0.5, 0.5])
        points.append(np.array(ray.o) + 70 * np.array(ray.d))
    assert ours.project(np.array(points)) == pytest.approx(seen * [50, 40], abs=0.01)


LIGHTS: list[tuple[Light, float]] = [
    (Ring(kind="ring", name="l", diameter_mm=120, width_mm=20, height_mm=160), math.pi * (70**2 - 50**2)),
    (DarkField(kind="dark_field", name="l", diameter_mm=150, width_mm=5, height_mm=16), math.pi * 150 * 5),
    (
        Dome(kind="dome", name="l", diameter_mm=160, opening_mm=40, height_mm=5),
        2 * math.pi * 80 * math.sqrt(80**2 - 20**2),
    ),
    (Bar(kind="bar", name="l", length_mm=80, width_mm=12, position_mm=(-90, 0, 35)), 960.0),
    (Coaxial(kind="coaxial", name="l", size_mm=(60, 40), height_mm=50), 2400.0),
    (Spot(kind="spot", name="l", position_mm=(50, 0, 100), diameter_mm=8), math.pi * 16),
]


@pytest.mark.parametrize(("light", "area"), LIGHTS, ids=lambda value: getattr(value, "kind", ""))
def test_lamps_have_their_size_and_shine_at_the_part(light: Light, area: float) -> None:
    surface = shining(light)
    middles = surface.vertices_mm[surface.triangles].mean(axis=1)
    assert surface.area_mm2 == pytest.approx(area, rel=0.002)
    assert ((-middles * surface.area_vectors).sum(axis=1) > 0).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    ring = LIGHTS[0][0]
    images = [traced([Piece(plane(), WHITE)], lamp(ring), camera(), samples=4, seed=seed) for seed in (5, 5, 6)]
    assert images[0].tobytes() == images[1].tobytes() != images[2].tobytes()


def test_light_between_two_walls_needs_the_whole_path() -> None:
    """A white groove is brighter with interreflection than with direct light alone."""
    patch = Patch(0.5, 0.5, 41, 41)
    groove = np.repeat(np.abs(patch.u_mm)[None, :], 41, axis=0).astype(np.float32)
    valley = Piece(displaced(patch, groove), WHITE)
    ring = LIGHTS[0][0]
    direct = traced([valley], lamp(ring), camera(8, 6, 300.0), samples=64)
    path = traced([valley], lamp(ring), camera(8, 6, 300.0), samples=64, way="path")
    assert path.mean() > 1.2 * direct.mean()
