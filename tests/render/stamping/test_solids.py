"""Bodies added to the part and cut out of it: what is covered, what is seen through, and their shadows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firstshift.core.imprint import Edge, Ground, Imprint, Patch, Solid
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.render.pose import Pose
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed
from firstshift.render.stamp import stamp
from firstshift.render.stamping import lit_bodies, solid_light, solids
from firstshift.render.stamping.beneath import light_from_beneath
from firstshift.render.stamping.reshading import towards_camera
from firstshift.spec.defect_types import Dent
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


def test_rays_that_meet_nothing_have_a_normal_and_no_light() -> None:
    """A drill through the edge of a block with nothing behind it: no 0/0, and what is cut away is black."""
    alone = staging.prepared(staging.box((3, 3, 2)), at=staging.station(128, PIXEL_MM, (staging.RING,)))
    import trimesh

    drill = trimesh.creation.cylinder(0.5, 10, sections=64)
    with np.errstate(all="raise"):
        stamped = stamp(alone, [(staging.landing((1.5, 0, 0)), flaw(drill, False))])
    assert np.isfinite(stamped.layers).all()
    pixel, share = stamped.coverage[0]
    gone = np.isin(stamped.pixel, pixel[share > 0.999])
    assert np.abs(stamped.layers[:, gone]).max() < 1e-5
    view = np.tile(np.array([0, 0, 1], np.float32), (2, 1))
    normals = towards_camera(np.array([[0, 0, 0], [0, 3, 4]], np.float32), view)
    assert normals == pytest.approx(np.array([[0, 0, 1], [0, 0.6, 0.8]]))


def test_what_covers_an_outline_leaves_nothing_of_it(block: Prepared) -> None:
    """A slab over the edge of the block: its rays take each sample's whole weight in the pixels that it fills."""
    import trimesh

    slab = trimesh.creation.box((1.2, 1.2, 0.1))
    seen = solids.seen_with(block, solids.Body(flaw(slab, True).solids[0], staging.landing((1.49, 0.013, 0.06))))
    assert seen is not None
    before = lit_bodies.nearest_rows(block.gbuffer, seen.pixel, seen.offset_px)
    weight = lit_bodies.weights_of(block.gbuffer, seen, before)
    pixels, first, rays = np.unique(seen.pixel, return_index=True, return_counts=True)
    filled = np.isin(block.gbuffer.pixel, pixels[rays == seen.side[first] ** 2])
    samples = np.bincount(block.gbuffer.pixel, minlength=128 * 128)[block.gbuffer.pixel]
    taken = np.bincount(before, weight, len(block.gbuffer))
    nearest = np.isin(np.arange(len(filled)), before)
    assert (filled & (samples > 1) & nearest).sum() > 30
    assert taken[filled & nearest] == pytest.approx(block.gbuffer.weight[filled & nearest], rel=1e-5)


def test_pixels_of_a_plug_are_as_large_as_those_beside_it(block: Prepared) -> None:
    body = solids.Body(flaw(ball(0.4), True).solids[0], staging.landing((0, 0, 0.0)))
    seen = solids.seen_with(block, body)
    assert seen is not None
    across, down = solids.steps_on_surface(block, seen)
    inner = seen.facet[:, 2] > 0.3
    area = np.linalg.norm(np.cross(across, down), axis=1)[inner]
    assert area * seen.facet[inner, 2] == pytest.approx(PIXEL_MM**2, rel=1e-3)  # straight down, telecentric
    assert np.abs((across * seen.facet).sum(axis=1))[inner].max() < 1e-5


def test_metal_that_looks_down_mirrors_the_part(block: Prepared) -> None:
    rows = np.flatnonzero(block.gbuffer.surface == 0)[:50]
    up = np.array([0, 0, 1], np.float32)
    sideways = np.float32(np.sqrt(0.5))
    normals = np.array([[0, 0, 1], [0, sideways, sideways], [0, 0.95, np.sqrt(1 - 0.95**2)]], np.float32)
    look = block.appearance.taken(rows[:3])
    look = replace(look, normal=normals, alpha=np.full((3, 2), 0.1, np.float32))
    view = np.tile(up, (3, 1))
    light = light_from_beneath(block, rows, up, view, look, block.materials)
    ground = block.radiance[:, rows].mean(axis=1)
    reflects = ((0.958 - 1) ** 2 + 6.69**2) / ((0.958 + 1) ** 2 + 6.69**2)
    assert light[:, 0] == pytest.approx(0)  # looks up
    assert light[:, 1] == pytest.approx(reflects * ground / 2, rel=1e-4)  # mirrors the horizon
    assert light[:, 2] == pytest.approx(reflects * ground, rel=1e-4)


def test_a_nick_changes_the_outline(block: Prepared) -> None:
    """What it pressed out stands beyond the block's edge, over the table: seen from above as in back light."""
    u = np.linspace(-1.4, 1.4, 15).astype(np.float32)
    edge = Edge(u, np.zeros_like(u), 90.0, 2.0)
    ground = Ground(PIXEL_MM, "aluminium", True, 0.8, edge=edge)
    entry = Dent.model_validate(
        {"type": "dent", "class": "nick", "size_mm": [1, 1.2], "depth_um": [120, 150], "rim": [0.2, 0.2]}
    )
    for number in range(3):
        imprint = draw_flaw(entry, ground, 3, Seed(number))
        # u along y, so that v points over the edge at x = 1.5
        stamped = stamp(block, [(staging.landing((1.5, 0, 0), -90), imprint)])
        pixel, share = stamped.coverage[0]
        x = (pixel % 128 + 0.5 - 64) * PIXEL_MM
        assert share[x > 1.5 + PIXEL_MM / 2].sum() > 3
        far = np.flatnonzero(x < 1.3)
        assert share[far].sum() > 20, "the dent itself"
        lit = image(block, stamped)[0] / np.maximum(block.layers[0, ..., 0], 1e-6)
        beyond = np.zeros(128 * 128, bool)
        beyond[pixel[(x > 1.5 + PIXEL_MM / 2) & (share > 0.9)]] = True
        assert np.abs(lit.ravel()[beyond] - 1).max() > 0.2
