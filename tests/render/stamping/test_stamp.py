"""Flaws on a plate under the real camera, rays and shader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firstshift.core.imprint import Imprint, Patch, Stuff
from firstshift.render.prepared import Prepared, Stamped
from firstshift.render.shade import shade
from firstshift.render.stamp import stamp
from firstshift.render.stamping.change import change_of
from firstshift.render.stamping.finding import touched_rows, touched_rows_slowly
from firstshift.render.stamping.landed import landed
from firstshift.render.stamping.reshading import dressed, main_axes
from firstshift.render.stamping.splitting import footprints, split
from tests.render.stamping import staging

PIXEL_MM = 0.036
SQUARE = Patch(0.01, 0.01, 61, 61)
EVERYWHERE = np.ones(SQUARE.shape, np.bool_)


@pytest.fixture(scope="module")
def plate() -> Prepared:
    return staging.prepared(at=staging.station(128, PIXEL_MM, (staging.RING, staging.DARK)))


def image(prepared: Prepared, stamped: Stamped) -> np.ndarray:
    """(L, height, width), one colour."""
    layers = prepared.layers.reshape(len(prepared.radiance), -1, 1).copy()
    layers[:, stamped.pixel] = stamped.layers
    return layers.reshape(prepared.layers.shape)[..., 0]


def test_nothing_changes_nothing(plate: Prepared) -> None:
    ones = np.ones(SQUARE.shape, np.float32)
    nothing = Imprint(
        SQUARE, EVERYWHERE, height_mm=0 * ones, tint=np.ones((*SQUARE.shape, 3), np.float32), smoothness=ones,
        torn=0 * ones, occlusion=0 * ones, film=0 * ones, hides_finish=0 * ones, stuff=Stuff("dust"), cover=0 * ones,
    )  # fmt: skip
    stamped = stamp(plate, [(staging.landing((0.3, -0.2, 0), 37), nothing)])
    assert np.abs(image(plate, stamped) / plate.layers[..., 0] - 1).max() <= 1e-4


def test_sub_samples_add_up_to_their_pixel(plate: Prepared) -> None:
    """So little is changed that only the shading of sub-samples instead of pixels could show."""
    patch = Patch(0.02, 0.02, 101, 101)
    hardly = Imprint(patch, np.ones(patch.shape, np.bool_), smoothness=np.full(patch.shape, 1 + 3e-6, np.float32))
    stamped = stamp(plate, [(staging.landing(), hardly)])
    assert len(stamped.pixel) > 2500
    assert np.abs(stamped.layers / stamped.clean - 1).max() <= 1e-4


def test_pixels_outside_the_patch_are_untouched(plate: Prepared) -> None:
    stamped = stamp(plate, [(staging.landing(turned_deg=30), staging.groove())])
    rows, columns = np.divmod(stamped.pixel, 128)
    x, y = (columns + 0.5 - 64) * PIXEL_MM, -(rows + 0.5 - 64) * PIXEL_MM
    turn = np.radians(30)
    v = -x * np.sin(turn) + y * np.cos(turn)
    assert np.abs(v).max() < 0.15 + PIXEL_MM
    assert np.array_equal(np.unique(stamped.pixel), stamped.pixel)
    assert stamped.clean == pytest.approx(plate.layers.reshape(2, -1, 1)[:, stamped.pixel])


def test_landing_outside_the_image_or_no_flaw_at_all(plate: Prepared) -> None:
    assert len(stamp(plate, []).pixel) == 0
    far = stamp(plate, [(staging.landing((12, 12, 0)), staging.groove())])
    assert len(far.pixel) == 0
    assert len(far.coverage) == 1
    assert len(far.coverage[0][0]) == 0


def test_coverage_adds_up_to_the_mask(plate: Prepared) -> None:
    disc = np.hypot(SQUARE.u_mm[None], SQUARE.v_mm[:, None]) < 0.25
    stamped = stamp(plate, [(staging.landing((0.011, 0.02, 0), 20), Imprint(SQUARE, disc))])
    assert len(stamped.pixel) == 0  # a mask alone changes no light
    pixel, share = stamped.coverage[0]
    assert share.sum() * PIXEL_MM**2 == pytest.approx(disc.sum() * 0.01**2, rel=0.01)
    assert share.max() <= 1
    assert len(pixel) > 100


@pytest.mark.parametrize("lamp", [0, 1])
def test_thin_scratch_has_the_contrast_of_a_finer_image(lamp: int) -> None:
    """0.3 pixels wide: the sum of its change is that of an image eight times as fine, which resolves it."""
    scratch = staging.groove(1.2, 0.0108, (0.0012, 0.004)[lamp], 0.0, across_mm=0.0012)
    changes = []
    for pixels, size in ((40, PIXEL_MM), (320, PIXEL_MM / 8)):
        view = staging.prepared(
            at=staging.station(pixels, size, ((staging.RING, staging.DARK)[lamp],)), alpha=(0.15, 0.15)
        )
        stamped = stamp(view, [(staging.landing((0.003, 0.005, 0), 17), scratch)])
        changes.append(float((stamped.layers - stamped.clean).sum()) * size**2)
    assert abs(changes[1]) > 5e-5
    assert changes[0] == pytest.approx(changes[1], rel=0.06)


def test_tint_is_averaged_exactly(plate: Prepared) -> None:
    tint = np.ones((*SQUARE.shape, 3), np.float32)
    tint[20:40, 20:40] = 0.4
    stamped = stamp(plate, [(staging.landing((0.004, 0.013, 0), 33), Imprint(SQUARE, EVERYWHERE, tint=tint))])
    lost = (1 - stamped.layers / stamped.clean).sum(axis=(1, 2)) * PIXEL_MM**2
    assert lost == pytest.approx(0.6 * (20 * 0.01) ** 2, rel=0.01)


def test_tints_multiply_and_of_covers_the_larger_wins_or_else_the_last(plate: Prepared) -> None:
    tint = np.full((*SQUARE.shape, 3), 0.5, np.float32)
    full = np.ones(SQUARE.shape, np.float32)
    at = staging.landing()

    def middle(*imprints: Imprint) -> float:
        return float(image(plate, stamp(plate, [(at, imprint) for imprint in imprints]))[0, 64, 64])

    clean = float(plate.layers[0, 64, 64, 0])
    stain = Imprint(SQUARE, EVERYWHERE, tint=tint)
    assert middle(stain, stain) == pytest.approx(clean / 4, rel=1e-3)
    white = Imprint(SQUARE, EVERYWHERE, stuff=Stuff("chalk", (0.9, 0.9, 0.9), None, 0.6), cover=full)
    black = Imprint(SQUARE, EVERYWHERE, stuff=Stuff("soot", (0.02, 0.02, 0.02), None, 0.6), cover=full)
    assert middle(black, white) == pytest.approx(middle(white), rel=1e-4)
    assert middle(white, black) == pytest.approx(middle(black), rel=1e-4)
    assert middle(black) < 0.2 * middle(white)
    half = replace(white, cover=full / 2)
    assert middle(half) == pytest.approx((clean + middle(white)) / 2, rel=1e-3)
    hardly = replace(black, cover=full / 100)
    assert middle(white, hardly) == pytest.approx(middle(white), rel=1e-4)
    assert middle(hardly, white) == pytest.approx(middle(white), rel=1e-4)
    assert middle(hardly) > 0.98 * clean


def test_heights_add(plate: Prepared) -> None:
    """Two ramps that rise against each other are flat again; their shadows (none under a ring) would stay."""
    ramp = np.tile((0.2 * SQUARE.u_mm).astype(np.float32), (61, 1))
    up, down = Imprint(SQUARE, EVERYWHERE, height_mm=ramp), Imprint(SQUARE, EVERYWHERE, height_mm=-ramp)
    at = staging.landing()
    one = image(plate, stamp(plate, [(at, up)]))[:, 60:68, 60:68]
    both = image(plate, stamp(plate, [(at, up), (at, down)]))[:, 60:68, 60:68]
    clean = plate.layers[:, 60:68, 60:68, 0]
    assert np.abs(one / clean - 1).min() > 0.02
    assert both[0] == pytest.approx(clean[0], rel=0.02)


def test_finish_is_hidden_where_told(plate: Prepared) -> None:
    tilted = plate.appearance.normal + np.array([0.1, 0, 0], np.float32)
    tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
    appearance = replace(plate.appearance, normal=tilted)
    light = shade(plate.gbuffer, appearance, plate.materials, plate.emitters)
    marked = replace(plate, appearance=appearance, radiance=light)
    even = replace(plate.appearance, alpha=np.full_like(plate.appearance.alpha, np.sqrt(0.12 * 0.25)))
    bare = shade(plate.gbuffer, even, plate.materials, plate.emitters)
    gone = Imprint(SQUARE, EVERYWHERE, hides_finish=np.ones(SQUARE.shape, np.float32))
    seen = image(marked, stamp(marked, [(staging.landing(), gone)]))[:, 64, 64]
    expected = [float(plate.gbuffer.gathered(each)[64, 64, 0]) for each in bare]
    assert seen == pytest.approx(expected, rel=1e-3)


def test_neither_onto_a_floor_below_nor_onto_the_wall() -> None:
    """A step of 1 mm through the middle of the patch: only the upper half is scratched."""
    upper, lower = staging.box((2, 10, 3)), staging.box((10, 10, 3), -1.0)
    mesh = staging.flat_shaded(
        np.concatenate([upper.vertices_mm + np.array([1.0, 0, 0]), lower.vertices_mm]),
        np.concatenate([upper.triangles, lower.triangles + 8]),
    )
    view = staging.prepared(mesh)
    scratch = (staging.landing(), staging.groove())
    rows = touched_rows(view, scratch[0], scratch[1].patch).rows
    assert np.array_equal(rows, touched_rows_slowly(view, scratch[0], scratch[1].patch))
    assert len(rows) > 200
    assert view.gbuffer.position_mm[rows, 2].min() > -0.05
    assert view.gbuffer.position_mm[rows, 0].min() > -0.05
    pixel, _ = stamp(view, [scratch]).coverage[0]
    assert (pixel % 128).min() >= 63


def test_wraps_around_a_cylinder() -> None:
    turn = np.linspace(0, 2 * np.pi, 257)[:-1]
    rim = np.stack([np.cos(turn) * 2, np.zeros(256), np.sin(turn) * 2 - 2], axis=1)
    vertices = np.concatenate([rim - np.array([0.0, 5, 0]), rim + np.array([0.0, 5, 0])])
    here, there = np.arange(256), np.roll(np.arange(256), -1)
    sides = np.concatenate([np.stack([here, here + 256, there], 1), np.stack([there, here + 256, there + 256], 1)])
    view = staging.prepared(staging.flat_shaded(vertices, sides))
    under = touched_rows(view, staging.landing(), Patch(0.02, 0.02, 151, 11))
    rows = under.rows
    assert np.array_equal(rows, touched_rows_slowly(view, staging.landing(), Patch(0.02, 0.02, 151, 11)))
    u, v, _ = staging.landing().to_patch(view.gbuffer.position_mm[rows]).T
    assert under.u == pytest.approx(u, abs=1e-5)
    assert under.v == pytest.approx(v, abs=1e-5)
    wide, high = footprints(view.gbuffer, rows, staging.landing(), np.ones(len(rows), np.float32))
    assert under.wide == pytest.approx(wide, rel=1e-5)
    assert under.high == pytest.approx(high, rel=1e-5)
    x = view.gbuffer.position_mm[rows, 0]
    assert x.min() < -1.45
    assert x.max() > 1.45
    assert view.gbuffer.position_mm[rows, 2].min() < -0.5


def test_deep_pore_is_dark_under_flat_light_and_not_black_under_a_ring(plate: Prepared) -> None:
    r = np.hypot(SQUARE.u_mm[None], SQUARE.v_mm[:, None]) / 0.2
    hole = (-0.3 * np.clip((1.1 - r) / 0.3, 0, 1)).astype(np.float32)
    stamped = stamp(plate, [(staging.landing(), Imprint(SQUARE, r < 1, height_mm=hole))])
    flat = [float(each[64, 64]) for each in image(plate, stamped)]
    clean = plate.layers[:, 64, 64, 0]
    assert flat[1] < 0.5 * clean[1]
    assert 0.05 * clean[0] < flat[0] < 1.5 * clean[0]  # bright walls send light down


def test_same_flaws_same_bytes(plate: Prepared) -> None:
    flaws = [(staging.landing((0.2, 0, 0), 12), staging.groove()), (staging.landing((0, 0.3, 0)), staging.groove())]
    one, two = stamp(plate, flaws), stamp(plate, flaws)
    assert one.layers.tobytes() == two.layers.tobytes()
    assert one.pixel.tobytes() == two.pixel.tobytes()


def test_roughness_takes_its_own_main_axes() -> None:
    draw = np.random.default_rng(4)
    alpha = draw.uniform(0.05, 0.4, (50, 2)).astype(np.float32)
    slopes = draw.normal(0, 0.2, (50, 6, 2))
    spread = np.stack([(slopes[..., a] * slopes[..., b]).mean(1) for a, b in ((0, 0), (1, 1), (0, 1))], 1)
    spread[0] = 0
    found, turn = main_axes(alpha, spread.astype(np.float32))
    tensor = np.zeros((50, 2, 2))
    tensor[:, 0, 0], tensor[:, 1, 1] = (alpha**2 + 2 * spread[:, :2]).T
    tensor[:, 0, 1] = tensor[:, 1, 0] = 2 * spread[:, 2]
    values, axes = np.linalg.eigh(tensor)
    assert np.allclose(found**2, values, atol=1e-5)
    along = np.stack([np.cos(turn), np.sin(turn)], 1)
    assert np.allclose(np.abs((along * axes[:, :, 0]).sum(1)), 1, atol=1e-3)


def test_torn_walls_scatter_across_the_groove_however_the_lay_runs() -> None:
    """Seen by the roughness that is left: a tear at 45° to the lay has its axis at 45°."""
    torn = np.zeros(SQUARE.shape, np.float32)
    torn[2:-2, 2:-2] = 0.1
    for turned in (0.0, 45.0, 90.0):
        view, landing = staging.prepared(alpha=(0.1, 0.1)), staging.landing(turned_deg=turned)
        flaw = landed(view, landing, Imprint(SQUARE, EVERYWHERE, torn=torn))
        splinters = split(view.gbuffer, flaw.rows, np.ones(len(flaw.rows), np.int64))
        change, _ = change_of(view, splinters, [flaw])
        deep = np.flatnonzero(change.spread[:, :2].sum(axis=1) > 0.129)
        look = dressed(view, splinters.rows[splinters.owner[deep]], change, deep)
        assert np.allclose(np.abs(look.tangent @ landing.u), 1, atol=1e-3)
        assert look.alpha == pytest.approx(np.sqrt(0.01 + 2 * np.array([[0.03, 0.1]])) + 0 * look.alpha, rel=1e-3)
