"""The sensor forwards: every fast path against its slow twin, and the physics against their own laws."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.sensor.blur import (
    box_edge,
    defocus,
    defocus_slowly,
    disc_kernel,
    gaussian_kernel,
    motion_kernel,
    motion_kernel_slowly,
    path_px,
    scale_about,
    spread,
)
from firstshift.sensor.expose import expose, through_jpeg
from firstshift.sensor.fields import brightness_field, brightness_field_slowly
from firstshift.sensor.mosaic import demosaiced, sampled
from firstshift.sensor.noise import develop, develop_slowly, normal_table
from firstshift.sensor.profile import HotPixel
from tests.sensor.plain import even, profile

F32 = npt.NDArray[np.float32]


def dn(pixels: npt.NDArray[np.generic], bits: int = 12) -> npt.NDArray[np.float64]:
    return np.asarray(pixels[:, :, 0], dtype=np.float64) / (1 << (16 - bits))


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_developing_is_what_the_slow_twin_says(gamma: float) -> None:
    light = np.linspace(0, 1.1, 96 * 80, dtype=np.float32).reshape(96, 80) ** 3  # from no electron to saturated
    field = np.linspace(0.8, 1.1, 96 * 80, dtype=np.float32).reshape(96, 80)
    keys = np.array([123456789, 2**63 + 17], dtype=np.uint64)
    place = np.array([1000, 700], dtype=np.int64)
    camera = np.array([10_000, 2.5, 64, 6, 0.01, 3, 4095, gamma], dtype=np.float32)
    factors = np.array([1.1, 0.7], dtype=np.float32)
    fast = np.empty(light.shape, dtype=np.uint16)
    develop(light, field, normal_table(), keys, place, camera, factors, fast)
    slow = develop_slowly(light, field, normal_table(), keys, place, camera, factors)
    off = np.abs(fast.astype(int) - slow.astype(int))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01  # a rounding that falls on the other side


@pytest.mark.parametrize("share", [0.0003, 0.001, 0.01, 0.3])
def test_noise_is_that_of_counted_electrons(share: float) -> None:
    """Mean and variance against e/K + black and (e + read²)/K² + 1/12, within five standard errors."""
    camera = profile()
    electrons = share * camera.full_scale_e
    found = dn(expose(even(share, 512, 512), camera, seed=Seed(3)).pixels)
    variance = (electrons + 36) / 2.5**2 + 1 / 12
    assert found.mean() == pytest.approx(electrons / 2.5 + 64, abs=5 * math.sqrt(variance / found.size))
    # Few electrons are skewed: the variance of a Poisson law's sample variance is (2 + 1/λ)·v²/n.
    error = 5 * math.sqrt((2 + 1 / max(electrons, 1)) / found.size)
    assert found.var() == pytest.approx(variance, rel=error + 0.002)


def test_the_fixed_pattern_is_the_cameras_own() -> None:
    camera = profile(prnu=0.02, read_noise_e=0.0, pattern_seed=5)
    one, other = (dn(expose(even(0.5), camera, seed=Seed(seed)).pixels) for seed in (1, 2))
    another = dn(expose(even(0.5), camera.model_copy(update={"pattern_seed": 6}), seed=Seed(3)).pixels)
    light = 0.5 * camera.full_scale_e / 2.5
    shared = float(np.mean((one - one.mean()) * (other - other.mean())))
    assert math.sqrt(shared) / light == pytest.approx(0.02, rel=0.03)
    assert abs(float(np.corrcoef(one.ravel(), another.ravel())[0, 1])) < 5 / 256


def test_same_seed_same_bytes_and_a_window_is_a_part_of_the_whole() -> None:
    camera = profile(prnu=0.02, dsnu_e=5.0, vignetting=(-0.3, 0.0, 0.0), illumination=light_grid())
    whole = expose(even(0.4), camera, seed=Seed(9))
    assert whole == expose(even(0.4), camera, seed=Seed(9))
    assert whole != expose(even(0.4), camera, seed=Seed(10))
    part = expose(even(0.4)[:100, :120], camera, seed=Seed(9), window=(30, 50, 256, 256))
    np.testing.assert_array_equal(part.pixels, whole.pixels[50:150, 30:150])


def light_grid() -> tuple[tuple[tuple[float, ...], ...], ...]:
    y, x = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 12), indexing="ij")
    return (tuple(tuple(float(v) for v in row) for row in 1.1 - 0.2 * x * x - 0.1 * y),)


def test_brightness_of_places_is_what_the_slow_twin_says() -> None:
    camera = profile(vignetting=(-0.3, 0.1, -0.05), illumination=light_grid())
    window = (100, 40, 640, 480)
    fast = brightness_field(camera, (120, 160), window)
    slow = brightness_field_slowly(camera, (120, 160), window)
    np.testing.assert_allclose(fast, slow, rtol=2e-6)
    unlit = brightness_field(camera, (120, 160), window, illuminated=False)
    np.testing.assert_allclose(unlit, brightness_field_slowly(camera, (120, 160), window, illuminated=False), rtol=2e-6)
    assert not np.allclose(unlit, fast, rtol=0.01)


@pytest.mark.parametrize("sigma", [0.3, 0.5, 0.7, 1.0, 2.0])
def test_an_edge_is_as_soft_as_the_point_spread_says(sigma: float) -> None:
    """Against the exact answer: the edge blurred before the pixels average it, at 16 places within a pixel. Averaged
    pixels only know the edge along straight lines between whole pixels, which may be off by max|E″|/8."""
    fine = box_edge(np.arange(-5, 5, 0.01), sigma)
    tolerance = float(np.abs(np.diff(fine, 2)).max()) / 0.01**2 / 8
    places = np.arange(-20.0, 21.0)
    worst, mean = 0.0, []
    for shift in np.linspace(0, 1, 16, endpoint=False):
        sharp = np.clip(places - shift + 0.5, 0, 1).astype(np.float32)
        off = (spread(np.tile(sharp, (9, 1)), sigma)[4] - box_edge(places - shift, sigma))[8:-8]
        worst = max(worst, float(np.abs(off).max()))
        mean.append(off.sum())
    assert worst < tolerance
    assert abs(float(np.mean(mean))) < 1e-4  # it is not shifted


def test_blurs_keep_the_light() -> None:
    for kernel in (gaussian_kernel(0.4), gaussian_kernel(3.0), disc_kernel(7.3), motion_kernel((5.0, -2.0))):
        assert float(kernel.sum()) == pytest.approx(1, abs=1e-6)
        assert float(kernel.min()) >= 0
    halo = spread(point(65), 1.0, tail_share=0.3)
    assert float(halo.sum()) == pytest.approx(1, abs=1e-4)
    assert halo[32, 32 + 8] > 20 * spread(point(65), 1.0)[32, 32 + 8]


def point(size: int) -> F32:
    made = np.zeros((size, size), dtype=np.float32)
    made[size // 2, size // 2] = 1
    return made


def test_motion_smears_along_its_path_and_as_far_as_it_goes() -> None:
    kernel = motion_kernel((8.0, 4.0)).astype(np.float64)
    reach = kernel.shape[0] // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # A uniform path of length L has the variance L²/12; sharing out between two pixels adds at most 1/4.
    assert (kernel * x * x).sum() == pytest.approx(64 / 12, abs=0.25)
    assert (kernel * y * y).sum() == pytest.approx(16 / 12, abs=0.25)
    assert (kernel * x * y).sum() == pytest.approx(32 / 12, abs=0.1)


@pytest.mark.parametrize("length_px", [0.6, 3.0, 9.5, 24.0])
@pytest.mark.parametrize("direction_deg", [0.0, 17.0, 45.0, 90.0, 133.0, -60.0])
def test_motion_at_any_angle_is_what_the_slow_twin_says(length_px: float, direction_deg: float) -> None:
    """Sixteen points a pixel miss a bend of the tent by at most half a step; a pixel of the path's length L lies under
    L/16 steps, and its tent bends up to three times on each axis."""
    motion = path_px(length_px, direction_deg)
    assert math.hypot(*motion) == pytest.approx(length_px)
    fast, exact = motion_kernel(motion), motion_kernel_slowly(motion)
    assert float(exact.sum()) == pytest.approx(1, abs=1e-12)  # all light arrives, whichever way
    assert float(np.abs(fast - exact).max()) < 6 / (8 * 16**2) / max(length_px, 1)
    reach = exact.shape[0] // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * math.cos(math.radians(direction_deg)) - y * math.sin(math.radians(direction_deg))
    across = x * math.sin(math.radians(direction_deg)) + y * math.cos(math.radians(direction_deg))
    # Exactly as long as the path: L²/12, and what sharing out between pixels adds, at most 1/4 on each axis.
    assert length_px**2 / 12 <= (exact * along * along).sum() <= length_px**2 / 12 + 0.26
    assert (exact * across * across).sum() <= 0.26


def test_upwards_is_upwards_and_along_the_rows_is_as_ever() -> None:
    assert path_px(5.0, 0.0) == (5.0, 0.0)
    across, down = path_px(5.0, 30.0)
    assert across > 0
    assert down < 0  # rows count downwards
    np.testing.assert_array_equal(motion_kernel(path_px(5.0, 0.0)), motion_kernel((5.0, 0.0)))


def test_defocus_is_what_the_slow_twin_says() -> None:
    draw = np.random.default_rng(4)
    plane = np.kron(draw.random((8, 8)), np.ones((8, 8))).astype(np.float32)
    confusion = np.tile(np.linspace(0, 9, 64, dtype=np.float32), (64, 1))
    fast, slow = defocus(plane, confusion), defocus_slowly(plane, confusion)
    assert float(np.sqrt(np.mean((fast - slow) ** 2))) < 0.01
    constant = np.full_like(confusion, 5.0)
    np.testing.assert_allclose(defocus(plane, constant), defocus_slowly(plane, constant), atol=2e-6)
    assert defocus(plane, np.zeros_like(plane)) is plane


def test_lateral_colour_moves_the_corner_and_not_the_middle() -> None:
    y, x = np.mgrid[:200, :300].astype(np.float32)
    moved = scale_about(x, 2.0, (0, 0, 300, 200))
    assert moved[100, 150] == pytest.approx(150, abs=0.05)
    corner = 2 * 150 / math.hypot(150, 100)  # the part of two pixels that points to the right
    assert moved[100, 290] == pytest.approx(290 - corner * (290 - 149.5) / 150, abs=0.1)
    assert moved.shape == y.shape


def test_a_mosaic_keeps_what_was_measured_and_greys_grey() -> None:
    draw = np.random.default_rng(1)
    planes = draw.random((32, 40, 3)).astype(np.float32)
    raw = sampled(planes, 5, 3)
    back = demosaiced(raw, 5, 3)
    assert raw[0, 0] == planes[0, 0, 2]  # column 5, row 3 of an RGGB sensor is blue
    kept = np.isclose(back, planes, atol=1e-6)
    assert kept.any(axis=2).mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(demosaiced(np.full((16, 16), 0.3, dtype=np.float32), 0, 0), 0.3, rtol=1e-5)


def test_a_colour_camera_gives_rgb_with_its_balance() -> None:
    camera = profile(colour="colour", colour_balance=(0.7, 1.0, 0.5), mosaic=True, black_level_dn=0.0)
    image = expose(np.full((64, 64, 3), 0.5, dtype=np.float32), camera, seed=Seed(1))
    assert image.channels == ("R", "G", "B")
    means = image.pixels.mean(axis=(0, 1)) / image.pixels[:, :, 1].mean()
    np.testing.assert_allclose(means, [0.7, 1, 0.5], atol=0.005)
    with pytest.raises(BadInput, match="3 channels"):
        expose(even(0.5), camera, seed=Seed(1))


def test_bits_gamma_hot_pixels_jpeg_and_saturation() -> None:
    bright = expose(even(3.0), profile(bits=8, gain_e_per_dn=40.0, black_level_dn=2.0), seed=Seed(1))
    assert bright.pixels.dtype == np.uint8
    assert bright.pixels.min() == 255
    wide = expose(even(0.5), profile(), seed=Seed(1)).pixels
    assert wide.dtype == np.uint16
    assert not (wide & 15).any()  # 12 bits in the upper places
    bent = dn(expose(even(0.25), profile(gamma=2.2, black_level_dn=0.0), seed=Seed(1)).pixels)
    assert bent.mean() / 4095 == pytest.approx(0.25 ** (1 / 2.2), rel=0.003)
    hot = profile(hot_pixels=(HotPixel(x=7, y=9, extra_e=2500.0),))
    dark = dn(expose(even(0.0), hot, seed=Seed(1)).pixels)
    assert [int(n) for n in np.unravel_index(int(dark.argmax()), dark.shape)] == [9, 7]
    assert dark[9, 7] == pytest.approx(64 + 1000, abs=15)
    small = profile(bits=8, gain_e_per_dn=40.0, black_level_dn=2.0, jpeg_quality=60)
    plain = expose(even(0.5), small.model_copy(update={"jpeg_quality": None}), seed=Seed(1)).pixels
    compressed = expose(even(0.5), small, seed=Seed(1)).pixels
    np.testing.assert_array_equal(compressed[:, :, 0], through_jpeg(plain[:, :, 0].astype(np.uint8), 60))
    assert not np.array_equal(compressed, plain)


def test_exposure_and_noise_factors_do_what_they_say() -> None:
    camera = profile(black_level_dn=0.0)
    darker = dn(expose(even(0.5), camera, exposure_factor=0.5, seed=Seed(1)).pixels)
    assert darker.mean() / 4095 == pytest.approx(0.25, rel=0.002)
    calm = dn(expose(even(0.5), camera, noise_factor=0.0, seed=Seed(1)).pixels)
    assert calm.std() == 0


def test_windows_and_shapes_that_cannot_be() -> None:
    with pytest.raises(BadInput, match="window: expected 256×256 pixels inside 300×200"):
        expose(even(0.5), profile(), seed=Seed(1), window=(0, 0, 300, 200))
    with pytest.raises(BadInput, match="height × width × channels"):
        expose(np.zeros((0, 5), dtype=np.float32), profile(), seed=Seed(1))
    three = profile(illumination=light_grid() * 3)
    with pytest.raises(BadInput, match="3 channels as in the profile"):
        expose(even(0.5), three, seed=Seed(1))
