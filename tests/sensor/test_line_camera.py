"""A line camera has one row of pixels: what belongs to a pixel runs down the image, what belongs to a moment not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.seed import Seed
from firstshift.sensor.blur import line_kernel, scale_about
from firstshift.sensor.expose import expose
from firstshift.sensor.fields import brightness_field, brightness_field_slowly
from firstshift.sensor.noise import develop, develop_slowly, normal_table
from firstshift.sensor.profile import HotPixel, SensorProfile
from tests.sensor.plain import even, profile

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


def lines(light: F32, camera: SensorProfile, seed: int = 1, **more: object) -> F64:
    image = expose(light, camera, seed=Seed(seed), by_line=True, **more)  # type: ignore[arg-type]
    return np.asarray(image.pixels[:, :, 0], dtype=np.float64) / 16


def test_the_fixed_pattern_runs_down_the_image_as_streaks() -> None:
    camera = profile(prnu=0.02, dsnu_e=20.0)
    found = lines(even(0.5, 2000), camera)
    light = 0.5 * camera.full_scale_e / 2.5
    by_column = found.mean(axis=0)
    assert by_column.std() == pytest.approx(np.hypot(0.02 * light, 20 / 2.5), rel=4 / np.sqrt(2 * 256))
    # Within a column nothing but the noise of time: shot and read noise.
    electrons = 0.5 * camera.full_scale_e
    assert found.std(axis=0).mean() == pytest.approx(np.sqrt(electrons + 36) / 2.5, rel=0.01)
    # And time's noise is new in every line, and belongs to the line: not a streak across.
    left = found - by_column
    assert left.mean(axis=1).std() == pytest.approx(left.std() / 16, rel=4 / np.sqrt(2 * 2000))


def test_any_window_of_a_scan_shows_the_same_streaks() -> None:
    camera = profile(
        prnu=0.02, dsnu_e=20.0, vignetting=(-0.3, 0.0, 0.0), hot_pixels=(HotPixel(x=50, y=0, extra_e=900),)
    )
    whole = lines(even(0.4), camera, window=(0, 0, 256, 256))
    part = lines(even(0.4, 100, 120), camera, window=(30, 50, 256, 256))
    np.testing.assert_array_equal(part, whole[50:150, 30:150])


def test_falloff_goes_by_the_column_alone() -> None:
    grid = tuple(tuple(1.2 - 0.1 * row - 0.02 * column for column in range(6)) for row in range(4))
    for camera in (profile(vignetting=(-0.3, 0.05, 0.0)), profile(vignetting=(-0.1, 0.0, 0.0), illumination=(grid,))):
        field = brightness_field(camera, (90, 200), (0, 300, 200, 4000), by_line=True)
        np.testing.assert_array_equal(field, np.broadcast_to(field[0], field.shape))
        slow = brightness_field_slowly(camera, (90, 200), (0, 300, 200, 4000), by_line=True)
        np.testing.assert_allclose(field, slow, atol=2e-6)
    ends = brightness_field(profile(vignetting=(-0.3, 0.0, 0.0)), (2, 200), (0, 0, 200, 4000), by_line=True)[0]
    assert ends[0] == pytest.approx(0.7, abs=0.004)
    assert ends[100] == pytest.approx(1.0, abs=1e-4)


def test_a_hot_pixel_is_a_column_however_often_it_is_named() -> None:
    hot = tuple(HotPixel(x=7, y=row, extra_e=500.0 + row) for row in range(50))
    found = lines(even(0.0, 64, 32), profile(read_noise_e=0.0, hot_pixels=hot))
    assert (np.delete(found, 7, axis=1) == 64).all()
    assert (found[:, 7] == 64 + int(549 / 2.5)).all()


@pytest.mark.parametrize("length", [0.3, 0.66, 1.0, 2.4])
def test_movement_within_a_line_is_a_box(length: float) -> None:
    """A sharp edge anywhere between two lines against the edge averaged over a line and over the way: fine steps."""
    kernel = line_kernel(length)
    reach = len(kernel) // 2
    worst = off = 0.0
    for x in np.linspace(-2.5, 2.5, 41):
        places = (np.arange(400) + 0.5) / 400 - 0.5
        truth = float(np.mean(np.clip(x + length * places + 0.5, 0, 1)))
        still = np.clip(x - np.arange(-reach, reach + 1) + 0.5, 0, 1)
        worst = max(worst, abs(float(still @ kernel) - truth))
        off = max(off, abs(float(np.clip(x + 0.5, 0, 1)) - truth))
    # No kernel of whole lines is exact wherever the edge lies between them.
    assert worst < 0.8 * off
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert (kernel >= 0).all()


def test_a_moving_part_is_smeared_along_the_scan_and_not_across() -> None:
    light = even(0.2, 64, 64)
    light[32, :] = 0.8
    still, moved = (lines(light, profile(read_noise_e=0.0), motion_px=(0.0, by), noise_factor=0.0) for by in (0.0, 1.0))
    before, after = still[:, 30] - still[0, 30], moved[:, 30] - moved[0, 30]
    assert after.sum() == pytest.approx(before.sum(), rel=0.01)
    assert 0.7 * before[32] < after[32] < 0.95 * before[32]
    assert after[31] == pytest.approx(after[33], abs=1.5)
    across = lines(np.ascontiguousarray(light.T), profile(read_noise_e=0.0), motion_px=(0.0, 1.0), noise_factor=0.0)
    np.testing.assert_array_equal(across, still.T)


def test_lateral_colour_moves_columns_only() -> None:
    light = np.tile(np.linspace(0.2, 0.8, 80, dtype=np.float32), (40, 1))
    moved = scale_about(light, 2.0, (0, 500, 80, 4000), by_line=True)
    np.testing.assert_allclose(moved, np.broadcast_to(moved[0], moved.shape), atol=1e-6)
    assert moved[0, 70] < light[0, 70] - 0.005
    rows = np.ascontiguousarray(np.tile(np.linspace(0.2, 0.8, 80, dtype=np.float32), (40, 1)).T)
    np.testing.assert_allclose(scale_about(rows, 2.0, (0, 0, 40, 4000), by_line=True), rows, atol=1e-6)


def test_developing_lines_is_what_the_slow_twin_says() -> None:
    light = np.linspace(0, 1.1, 96 * 80, dtype=np.float32).reshape(96, 80) ** 3
    field = np.ones_like(light)
    keys = np.array([123456789, 2**63 + 17], dtype=np.uint64)
    place = np.array([1000, 700], dtype=np.int64)
    camera = np.array([10_000, 2.5, 64, 6, 0.01, 3, 4095, 1.0], dtype=np.float32)
    factors = np.array([1.1, 0.7], dtype=np.float32)
    fast = np.empty(light.shape, dtype=np.uint16)
    develop(light, field, normal_table(), keys, place, camera, factors, fast, by_line=True)
    slow = develop_slowly(light, field, normal_table(), keys, place, camera, factors, by_line=True)
    off = np.abs(fast.astype(int) - slow.astype(int))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01
