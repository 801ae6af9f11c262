"""Bodies added to the part and cut out of it: what is covered, what is seen through, and their shadows."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.imprint import Imprint, Patch, Solid
from firstshift.render.pose import Pose
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed
from firstshift.render.stamp import stamp
from firstshift.render.stamping import solid_light, solids
from tests.render.stamping import staging
from tests.render.stamping.test_stamp import image

PIXEL_MM = 0.036
PATCH = Patch(0.05, 0.05, 41, 41)
NOWHERE = np.zeros(PATCH.shape, np.bool_)


def ball(radius_mm: float, middle: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    import trimesh

    return trimesh.creation.icosphere(3, radius_mm).apply_translation(middle)


def flaw(body: object, is_added: bool, ra_um: float | None = 5.0) -> Imprint:
    mesh = staging.flat_shaded(np.asarray(body.vertices), np.asarray(body.faces))  # type: ignore[attr-defined]
    return Imprint(PATCH, NOWHERE, solids=(Solid(mesh, is_added, ra_um),))


@pytest.fixture(scope="module")
def block() -> Prepared:
    """3 × 3 mm, over a table."""
    table = Placed(staging.box((30, 30, 1), -6.0), Pose(np.eye(3), np.zeros(3)), 1, is_part=False)
    at = staging.station(128, PIXEL_MM, (staging.RING, staging.DARK))
    return staging.prepared(staging.box((3, 3, 2)), at=at, more=(table,))


def test_added_ball_covers_its_disc(block: Prepared) -> None:
    stamped = stamp(block, [(staging.landing((0.013, 0.02, 0)), flaw(ball(0.4), True))])
    pixel, share = stamped.coverage[0]
    assert share.sum() * PIXEL_MM**2 == pytest.approx(np.pi * 0.4**2, rel=0.02)
    assert set(pixel.tolist()) <= set(stamped.pixel.tolist())
    seen = image(block, stamped)
    assert np.abs(seen / block.layers[..., 0] - 1)[1, 64 - 5 : 64 + 5, 64 - 5 : 64 + 5].mean() > 0.02


def test_ball_casts_a_shadow_under_flat_light(block: Prepared) -> None:
    stamped = stamp(block, [(staging.landing(), flaw(ball(0.3), True))])
    ratio = image(block, stamped)[1] / block.layers[1, ..., 0]
    beside = ratio[64, 64 + 10 : 64 + 14]
    assert beside.min() < 0.95
    assert beside.max() <= 1 + 1e-5
    assert ratio[2, 64] == pytest.approx(1)


def test_chip_opens_the_silhouette(block: Prepared) -> None:
    """A ball through the whole thickness at the edge: behind the part the table is seen."""
    import trimesh

    drill = trimesh.creation.cylinder(0.5, 10, sections=64)
    stamped = stamp(block, [(staging.landing((1.5, 0, 0)), flaw(drill, False))])
    rows, columns = np.divmod(stamped.coverage[0][0], 128)
    x, y = (columns + 0.5 - 64) * PIXEL_MM - 1.5, (rows + 0.5 - 64) * PIXEL_MM
    assert np.hypot(x, y).max() < 0.5 + PIXEL_MM
    assert stamped.coverage[0][1].sum() * PIXEL_MM**2 == pytest.approx(np.pi * 0.5**2 / 2, rel=0.03)
    seen = solids.seen_with(block, solids.Body(flaw(drill, False).solids[0], staging.landing((1.5, 0, 0))))
    assert seen is not None
    assert (seen.surface == 1).mean() > 0.98  # the table; the rest grazes the wall
    assert np.median(seen.position_mm[:, 2]) == pytest.approx(-6.0, abs=1e-3)


def test_dent_shaped_cut_shows_its_far_wall(block: Prepared) -> None:
    body = solids.Body(flaw(ball(0.5), False).solids[0], staging.landing())
    seen = solids.seen_with(block, body)
    assert seen is not None
    assert (seen.surface == solids.ON_BODY).all()
    x, y, z = seen.position_mm.T
    assert z == pytest.approx(-np.sqrt(np.maximum(0.25 - x * x - y * y, 0)), abs=0.04)
    inner = np.hypot(x, y) < 0.4
    assert (seen.normal[inner, 2] > 0.5).all()  # faces the camera, not the cutter's outside


def test_cut_beside_the_part_changes_nothing(block: Prepared) -> None:
    stamped = stamp(block, [(staging.landing((0, 0, 1.0)), flaw(ball(0.4), False))])
    assert len(stamped.pixel) == 0
    assert len(stamped.coverage[0][0]) == 0


def test_bodies_of_one_kind_are_one(block: Prepared) -> None:
    near, far = flaw(ball(0.3), True).solids[0], flaw(ball(0.3, (0.2, 0, 0)), True).solids[0]
    assert len(solid_light.joined((near, far))) == 1
    both = Imprint(PATCH, NOWHERE, solids=(near, far))
    overlap = 2 * 0.09 * np.arccos(1 / 3) - 0.1 * np.sqrt(0.09 - 0.01) * 2
    area = stamp(block, [(staging.landing(), both)]).coverage[0][1].sum() * PIXEL_MM**2
    assert area == pytest.approx(2 * np.pi * 0.09 - overlap, rel=0.03)
