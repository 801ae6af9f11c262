"""Fast kernels against their slow, readable twins."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.imprint import Patch
from firstshift.render.stamping import horizon, marching, sampling
from firstshift.render.stamping.bounce import evened

PATCH = Patch(0.02, 0.013, 23, 17)


@pytest.fixture
def bumps() -> np.ndarray:
    draw = np.random.Generator(np.random.PCG64(5))
    return (0.02 * draw.standard_normal(PATCH.shape)).astype(np.float32)


def places(count: int, reach: float = 1.2) -> tuple[np.ndarray, ...]:
    draw = np.random.Generator(np.random.PCG64(6))
    u = draw.uniform(-1, 1, count) * PATCH.length_mm / 2 * reach
    v = draw.uniform(-1, 1, count) * PATCH.width_mm / 2 * reach
    return tuple(each.astype(np.float32) for each in (u, v, *draw.uniform(0.001, 0.07, (2, count))))


def test_means_over_boxes(bumps: np.ndarray) -> None:
    layer = np.stack([bumps, bumps**2], axis=2)
    fast, slow = sampling.box_means(layer, PATCH, *places(60)), sampling.box_means_slowly(layer, PATCH, *places(60))
    assert fast == pytest.approx(slow, abs=2e-6)


def test_most_of_boxes(bumps: np.ndarray) -> None:
    fast, slow = sampling.box_most(bumps, PATCH, *places(200)), sampling.box_most_slowly(bumps, PATCH, *places(200))
    assert np.array_equal(fast, slow)


def test_mean_of_a_cell_is_the_cell(bumps: np.ndarray) -> None:
    u, v = np.meshgrid(PATCH.u_mm, PATCH.v_mm)
    small = np.full(u.size, 0.001, np.float32)
    means = sampling.box_means(bumps, PATCH, u.ravel(), v.ravel(), small, small)
    assert means.reshape(PATCH.shape) == pytest.approx(bumps, abs=1e-5)


def test_relief(bumps: np.ndarray) -> None:
    inside = places(60, 0.8)
    fast, slow = sampling.relief_means(bumps, PATCH, *inside), sampling.relief_means_slowly(bumps, PATCH, *inside)
    assert fast == pytest.approx(slow, abs=2e-5, rel=1e-3)


def test_slopes_of_a_plane_and_no_spread() -> None:
    u, v = np.meshgrid(PATCH.u_mm, PATCH.v_mm)
    _, su, sv, suu, svv, suv = sampling.relief_means(0.3 * u - 0.2 * v, PATCH, *places(30, 0.6)).T
    assert su == pytest.approx(0.3, abs=1e-4)
    assert sv == pytest.approx(-0.2, abs=1e-4)
    assert suu - su * su == pytest.approx(0, abs=1e-4)
    assert suv - su * sv == pytest.approx(0, abs=1e-4)
    assert svv - sv * sv == pytest.approx(0, abs=1e-4)


def test_horizons() -> None:
    u, v = np.meshgrid(PATCH.u_mm, PATCH.v_mm)
    bowl = (-0.1 * np.exp(-(u**2 + v**2) / 0.003)).astype(np.float32)
    fast, slow = horizon.horizon_tangents(bowl, PATCH), horizon.horizon_tangents_slowly(bowl, PATCH)
    # Rises below LOWEST_TAN are not followed to their end, and far away some cells are stepped over.
    assert np.abs(fast - slow).max() < horizon.LOWEST_TAN + 0.1
    assert np.abs(fast - slow).mean() < 0.005
    assert fast[8, 11].min() > 0.5  # the bottom of the bowl sees walls all around
    assert fast[0].max() < 0.1


def test_bearings_and_light_past_walls() -> None:
    draw = np.random.Generator(np.random.PCG64(8))
    position = draw.uniform(-2, 2, (9, 3)).astype(np.float32)
    normal = np.array([0.1, -0.2, 1]) + draw.uniform(-0.1, 0.1, (9, 3))
    normal = (normal / np.linalg.norm(normal, axis=1, keepdims=True)).astype(np.float32)
    lamps = draw.uniform(-60, 60, (14, 3)).astype(np.float32) + np.array([0, 0, 70], np.float32)
    given = (position, normal, np.array([0.6, 0.8, 0], np.float32), lamps, np.full(14, 9, np.float32))
    fast, slow = horizon.bearings(*given), horizon.bearings_slowly(*given)
    assert fast == pytest.approx(slow, rel=1e-4, abs=1e-4)
    tangents = draw.uniform(0, 2, (40, horizon.DIRECTIONS)).astype(np.float32)
    tangents[::5] = 0
    owner = draw.integers(0, 9, 40)
    lit = horizon.lit_past(tangents, owner, fast)
    assert lit == pytest.approx(horizon.lit_past_slowly(tangents, owner, fast), abs=1e-5)
    assert lit[::5] == pytest.approx(1)
    assert 0 < lit.mean() < 1


def test_thinned_patch_keeps_its_middle_and_its_mean() -> None:
    patch = Patch(0.01, 0.01, 403, 301)
    u, v = np.meshgrid(patch.u_mm, patch.v_mm)
    height = (0.1 * u + 0.05 * v).astype(np.float32)
    thin, coarse = horizon.thinned(height, patch)
    assert coarse.rows * coarse.columns <= horizon.MOST_CELLS
    inner = np.s_[2:-2, 2:-2]
    expected = 0.1 * coarse.u_mm[None] + 0.05 * coarse.v_mm[:, None]
    assert thin[inner] == pytest.approx(expected[inner], abs=0.1 * 0.01)


def test_rays_through_a_height_field(bumps: np.ndarray) -> None:
    draw = np.random.Generator(np.random.PCG64(9))
    start = np.stack([*places(80, 0.9)[:2], np.full(80, bumps.max() + 0.01, np.float32)], axis=1)
    way = np.stack([*draw.normal(0, 1, (2, 80)), np.full(80, -0.7)], axis=1).astype(np.float32)
    met, place = marching.marched(bumps, PATCH, start, way)
    slow_met, slow_place = marching.marched_slowly(bumps, PATCH, start, way)
    assert (met == slow_met).mean() > 0.97  # a ray that grazes a crest may fall on either side
    both = met & slow_met
    assert both.sum() > 20
    assert np.median(np.abs(place[both] - slow_place[both])) < 1e-5


def test_evened_light_keeps_its_sum_and_loses_its_noise() -> None:
    generator = np.random.default_rng(3)
    uv = generator.uniform(-0.5, 0.5, (4000, 2)).astype(np.float32)
    noisy = generator.exponential(1.0, (2, 4000, 1)).astype(np.float32)
    even = evened(noisy, uv, 0.05)
    # 400 pixels of about 10 samples; the kernel joins the samples of about 7 of them.
    assert even.mean() == pytest.approx(noisy.mean(), abs=4 / np.sqrt(8000))
    assert even.std() < 0.25 * noisy.std()
    assert evened(np.full((1, 4000, 1), 2.0, np.float32), uv, 0.05) == pytest.approx(2.0, rel=1e-5)
    assert evened(noisy[:, :0], uv[:0], 0.05).shape == (2, 0, 1)


def test_horizon_sees_thin_walls_from_afar() -> None:
    """A wall of two cells must not be stepped over."""
    patch = Patch(0.01, 0.01, 60, 9)
    height = np.zeros(patch.shape, np.float32)
    height[:, 50:52] = 0.1
    fast, slow = horizon.horizon_tangents(height, patch), horizon.horizon_tangents_slowly(height, patch)
    at = slice(35, 49)
    share = fast[4, at, 0] / slow[4, at, 0]
    assert share.min() > 0.75  # its far side, at worst
    assert share.max() <= 1.0001
