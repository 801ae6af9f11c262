"""Normals and pixel steps of bodies: the kernels beside what they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firstshift.render.stamping.ray_geometry import smooth_normals, smooth_normals_slowly, steps_on_planes
from firstshift.render.stamping.solids import rays_through
from firstshift.render.view import view_of
from firstshift.spec.station import Station
from tests.render.stamping import staging
from tests.render.stamping.test_solids import ball


def test_normals_are_those_of_the_readable_twin() -> None:
    sphere = ball(0.8)
    flat = staging.flat_shaded(np.asarray(sphere.vertices), np.asarray(sphere.faces))
    rounded = flat.corners_mm / np.linalg.norm(flat.corners_mm, axis=2, keepdims=True)
    mesh = replace(flat, corner_normals=rounded.astype(np.float32))
    generator = np.random.default_rng(1)
    triangle = generator.integers(len(mesh.triangles), size=500)
    shares = generator.dirichlet([1, 1, 1], 500)
    points = np.einsum("kc,kcx->kx", shares, mesh.corners_mm[triangle].astype(np.float64))
    facet = mesh.area_vectors[triangle] * generator.choice([-1.0, 1.0], 500)[:, None]
    found = smooth_normals(mesh, triangle, points, facet)
    np.testing.assert_allclose(found, smooth_normals_slowly(mesh, triangle, points, facet), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-9)
    assert ((found * facet).sum(axis=1) > 0).all()


BENT = {"k1": -0.2, "k2": 0.05, "p1": 0.001}


@pytest.mark.parametrize("lens", [
    {"kind": "perspective", "focal_mm": 16, "f_number": 8, "distortion": BENT},
    {"kind": "telecentric", "magnification": 0.25, "f_number": 8},
])  # fmt: skip
def test_a_step_is_how_far_the_point_moves(lens: dict) -> None:
    camera = {"sensor_px": [640, 480], "pixel_um": 5, "colour": "mono"}
    plain = {"name": "bench", "camera": camera, "lens": lens, "working_distance_mm": 120}
    lit = {"lights": [staging.RING], "channels": [{"name": "all", "lights": ["ring"]}]}
    view = view_of(Station.model_validate(plain | lit))
    generator = np.random.default_rng(2)
    xy = generator.uniform(20, 440, (200, 2))
    facet = np.stack([generator.uniform(-0.6, 0.6, 200), generator.uniform(-0.6, 0.6, 200), np.ones(200)], axis=1)
    facet /= np.linalg.norm(facet, axis=1, keepdims=True)

    def met(places: np.ndarray, plane_at: np.ndarray | None) -> np.ndarray:
        origins, directions = rays_through(view, places)
        foot = np.zeros_like(origins) if plane_at is None else plane_at
        far = ((foot - origins) * facet).sum(axis=1) / (directions * facet).sum(axis=1)
        return origins + far[:, None] * directions

    here = met(xy, None)
    across, down = steps_on_planes(view, xy, here, facet)
    for found, step in ((across, (0.5, 0.0)), (down, (0.0, 0.5))):
        moved = met(xy + step, here) - met(xy - np.array(step), here)
        # Rays are in single precision: 120 mm away that is some 1e-5 mm.
        np.testing.assert_allclose(found, moved, atol=2e-3 * float(np.abs(moved).max()) + 3e-5)
