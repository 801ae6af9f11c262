"""Each fast kernel and its slow, readable twin say the same."""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Patch
from firstshift.core.seed import Seed
from firstshift.defects.noise import add_slowly, noise, noise_along
from firstshift.defects.outline import blobs, same_area
from firstshift.defects.path import beside, beside_slowly, of_length, way_mm

PATCH = Patch(0.02, 0.01, 61, 83)


def test_noise_on_a_grid_at_points_and_by_hand_are_one_surface() -> None:
    surface = noise(Seed(1).generator(), (0.7, 0.5), (0.3, 0.2), octaves=3)
    on_grid = surface.on(PATCH)
    u, v = np.meshgrid(PATCH.u_mm, PATCH.v_mm)
    assert np.abs(surface.at(u, v) - on_grid).max() < 2e-5
    by_hand = np.zeros(PATCH.shape)
    for lattice, along_mm, across_mm in surface.octaves:
        rows, columns = lattice.shape
        by_hand += add_slowly(lattice, u / along_mm + (columns - 1) / 2, v / across_mm + (rows - 1) / 2)
    assert np.abs(by_hand - on_grid).max() < 2e-5


def test_noise_has_the_variance_it_says() -> None:
    """Each lattice point is about one independent value, so the variance strays by √(2/n), half more with octaves."""
    for octaves in (1, 4):
        surface = noise(Seed(octaves).generator(), (10.0, 10.0), 0.5, octaves=octaves)
        values = surface.on(Patch(0.05, 0.05, 380, 380))
        assert abs(float(values.var()) - 1) < 4 * np.sqrt(2 / (20 / 0.5) ** 2) * 1.5
    line = noise_along(Seed(3).generator(), 400.0, 0.5)(np.linspace(0, 400, 9000))
    assert abs(float(line.var()) - 1) < 4 * np.sqrt(2 / 800) * 1.5


def test_cells_beside_a_line() -> None:
    t = np.linspace(0, 1, 40)
    line = of_length(np.stack([t, 0.1 * np.sin(9 * t)], axis=1), 1.0)
    assert way_mm(line)[-1] == np.float64(1.0) or abs(way_mm(line)[-1] - 1) < 1e-9
    fast, slow = beside(line, 0.08, PATCH), beside_slowly(line, 0.08, PATCH)
    assert set(fast.cell.tolist()) ^ set(slow.cell.tolist()) <= set(
        slow.cell[np.abs(np.abs(slow.across_mm) - 0.08) < 1e-5].tolist()
    )
    both = np.intersect1d(fast.cell, slow.cell)
    a, b = np.searchsorted(fast.cell, both), np.searchsorted(slow.cell, both)
    assert np.abs(np.abs(fast.across_mm[a]) - np.abs(slow.across_mm[b])).max() < 1e-5


def test_cells_inside_outlines() -> None:
    places = np.array([[0.0, 0.0], [0.2, 0.1], [-0.3, -0.2]])
    outlines = blobs(Seed(4).generator(), np.array([0.3, 0.2, 0.1]), places, elongation=1.6, rough=0.1)
    (fast, owner), (slow, its_owner) = outlines.out(PATCH, 1.2), outlines.out_slowly(PATCH, 1.2)
    same = owner == its_owner  # on the border between two, rounding decides
    assert same.mean() > 0.999
    close = same & np.isfinite(slow) & np.isfinite(fast)
    assert np.abs(fast[close] - slow[close]).max() < 1e-4
    assert (np.isfinite(fast) == np.isfinite(slow)).mean() > 0.999


def test_same_area_gives_the_area_of_a_circle() -> None:
    out, _ = blobs(Seed(5).generator(), np.array([0.4]), np.zeros((1, 2))).out(PATCH, 2.0)
    ragged = out + 0.2 * noise(Seed(6).generator(), (0.7, 0.5), 0.1, octaves=3).on(PATCH)
    cells = int((same_area(ragged, PATCH, 0.4) < 1).sum())
    assert abs(cells - np.pi / 4 * 0.4**2 / (0.02 * 0.01)) <= 2
