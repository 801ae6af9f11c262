"""Height fields as geometry: heights, slopes and size survive."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Patch
from firstshift.render.reference.displaced import displaced


def test_a_bowl_keeps_its_heights_and_slopes() -> None:
    patch = Patch(0.02, 0.05, 101, 41)
    u, v = np.meshgrid(patch.u_mm, patch.v_mm)
    height = (0.1 * u**2 + 0.2 * v**2).astype(np.float32)
    mesh = displaced(patch, height)
    x, y, z = mesh.vertices_mm.T
    assert z == pytest.approx(0.1 * x**2 + 0.2 * y**2, abs=1e-6)
    corner = mesh.corners_mm.reshape(-1, 3)
    normal = mesh.corner_normals.reshape(-1, 3)
    inner = (np.abs(corner[:, 0]) < 0.95) & (np.abs(corner[:, 1]) < 0.95)
    slopes = -normal[inner, :2] / normal[inner, 2:]
    assert slopes == pytest.approx(np.stack([0.2 * corner[inner, 0], 0.4 * corner[inner, 1]], axis=1), abs=1e-3)
    assert (mesh.area_vectors[:, 2] > 0).all()


def test_a_margin_lies_flat_and_makes_it_larger() -> None:
    patch = Patch(0.1, 0.1, 21, 11)
    mesh = displaced(patch, np.full(patch.shape, -0.3, np.float32), margin_mm=5.0)
    assert mesh.size_mm == pytest.approx((2.0 + 0.2 + 10, 1.0 + 0.2 + 10, 0.3))
    outside = np.abs(mesh.vertices_mm[:, 0]) > 1.05
    assert (mesh.vertices_mm[outside, 2] == 0).all()
    rim = (np.abs(mesh.corners_mm[..., 0]) > 1.15).any(axis=1)
    assert mesh.corner_normals[rim].mean(axis=(0, 1))[2] > 0.5


def test_a_height_field_of_another_size_is_refused() -> None:
    with pytest.raises(BadInput, match="patch's"):
        displaced(Patch(0.1, 0.1, 20, 10), np.zeros((20, 10), np.float32))
