"""Scratches end at the edges of their face and go on over what is rounded."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.mesh import Mesh
from firstshift.render.stamping.creases import on_one_face, on_one_face_slowly
from firstshift.render.stamping.finding import touched_rows
from firstshift.render.stamping.landed import landed
from tests.render.stamping import staging


def shoulder(turns: int, radius_mm: float, turned_deg: float = 60.0) -> Mesh:
    """A plane that bends down at x = 0 by `turned_deg` in `turns` steps around a radius, and goes on straight."""
    angle = np.deg2rad(np.linspace(0, turned_deg, turns + 1))
    x = np.concatenate([[-3.0], radius_mm * np.sin(angle)])
    z = np.concatenate([[0.0], radius_mm * (np.cos(angle) - 1)])
    end = np.deg2rad(turned_deg)
    x, z = np.append(x, x[-1] + 2 * np.cos(end)), np.append(z, z[-1] - 2 * np.sin(end))
    near, far = (np.stack([x, np.full_like(x, y), z], axis=1) for y in (-2.0, 2.0))
    here, count = np.arange(len(x) - 1), len(x)
    first = np.stack([here, here + 1, here + count], axis=1)
    second = np.stack([here + 1, here + 1 + count, here + count], axis=1)
    return staging.flat_shaded(np.concatenate([near, far]), np.stack([first, second], axis=1).reshape(-1, 3))


def scratched_to_mm(mesh: Mesh) -> float:
    view = staging.prepared(mesh)
    rows = landed(view, staging.landing((-0.3, 0.013, 0)), staging.groove()).rows
    return float(view.gbuffer.position_mm[rows, 0].max())


@pytest.mark.parametrize("fall_deg", [30.0, 45.0, 60.0])
def test_a_scratch_ends_at_a_chamfer(fall_deg: float) -> None:
    assert scratched_to_mm(shoulder(1, 1e-4, fall_deg)) == pytest.approx(0.0, abs=0.04)


@pytest.mark.parametrize("turns", [6, 40])
def test_a_scratch_goes_on_over_what_is_rounded(turns: int) -> None:
    assert scratched_to_mm(shoulder(turns, 0.6, 55.0)) > 0.45


def test_a_fold_too_slight_for_an_edge_is_none() -> None:
    assert scratched_to_mm(shoulder(1, 1e-4, 15.0)) > 0.8


def test_the_fast_way_finds_what_the_slow_one_finds() -> None:
    for mesh in (shoulder(1, 1e-4, 45.0), shoulder(4, 0.3, 70.0), shoulder(12, 0.5, 70.0), staging.box((3, 3, 2))):
        view, landing = staging.prepared(mesh), staging.landing((-0.3, 0.013, 0))
        rows = touched_rows(view, landing, staging.groove().patch).rows
        assert np.array_equal(on_one_face(view.gbuffer, rows, landing), on_one_face_slowly(view.gbuffer, rows, landing))
