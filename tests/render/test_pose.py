from __future__ import annotations

import numpy as np
import pytest

from firstshift.render.pose import about, seated
from tests.render.shapes import block, part


@pytest.mark.parametrize("up", ["+x", "-x", "+y", "-y", "+z", "-z"])
def test_a_seated_part_is_centred_and_touches_zero(up: str) -> None:
    mesh = block(20, 10, 4).moved(np.eye(3), np.array([7.0, -3.0, 11.0]))
    made = part(size_mm=(20, 10, 4), placement={"up": up, "turned_deg": 90})
    pose = seated(made, mesh)
    points = pose.to_station(mesh.vertices_mm)
    low, high = points.min(axis=0), points.max(axis=0)
    np.testing.assert_allclose(high - low, made.seen_size_mm, atol=1e-9)
    np.testing.assert_allclose((low + high)[:2], 0, atol=1e-9)
    assert high[2] == pytest.approx(0)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)
    axis = np.eye(3)["xyz".index(up[1])] * (1 if up[0] == "+" else -1)
    np.testing.assert_allclose(pose.rotation @ axis, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(pose.to_local(points), mesh.vertices_mm, atol=1e-12)


def test_turned_is_anticlockwise_as_the_camera_sees_it() -> None:
    pose = seated(part(placement={"turned_deg": 90}), block(20, 20, 4))
    np.testing.assert_allclose(pose.rotation @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_shaken_turns_about_the_station_and_then_shifts() -> None:
    pose = seated(part(), block(20, 20, 4)).shaken(shift_mm=(1.5, -0.5), turn_deg=30, tilt_deg=(2, -1))
    np.testing.assert_allclose(pose.to_station(np.array([[0.0, 0, 2]])), [[1.5, -0.5, 0]], atol=1e-12)
    expected = about("x", 2) @ about("y", -1) @ about("z", 30)
    np.testing.assert_allclose(pose.rotation, expected, atol=1e-12)
