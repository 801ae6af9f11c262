"""Finishes: asked Ra and measured Ra, what a pixel resolves and what is left, fast and slow."""

import numpy as np
import pytest

from firstshift.render.finish.dressing import ALPHA_FLOOR, dress
from firstshift.render.finish.feedmarks import feed_mm
from firstshift.render.finish.layer import Course
from firstshift.render.finish.processes import PROCESSES, finish_of
from firstshift.render.finish.relief import relief_of
from firstshift.render.finish.slowly import courses, dress_slowly, frames, sampled
from firstshift.render.surface import Surface
from firstshift.spec.part import Finish as Declared
from tests.render.finish.planes import flat, gbuffer_of, wall

RA_UM = {"turned": (0.4, 3.2), "milled": (0.4, 3.2), "brushed": (0.3, 0.8), "ground": (0.1, 0.8), "rolled": (0.3, 1.5),
         "cast": (3.0, 25.0), "blasted": (0.8, 6.0), "polished": (0.02, 0.1), "moulded": (0.2, 1.6),
         "painted": (0.05, 0.8)}  # fmt: skip


def lay_of(kind):
    return Declared.model_validate({"kind": kind, "ra_um": [0.5, 0.5]}).lay_pattern


def surface(kind, ra_um, lay=None, seed=3, **more):
    values = {
        "name": kind, "material": "steel", "finish": kind, "ra_um": ra_um, "lay": lay or lay_of(kind), "lay_deg": 25.0,
        "lay_centre_mm": (1.0, -2.0, 0.0), "gloss": 0.5, "colour": None, "finish_seed": seed,
    }  # fmt: skip
    return Surface(**{**values, **more})


def test_every_process_of_the_plan_has_a_file():
    assert set(PROCESSES) == set(Declared.model_fields["kind"].annotation.__args__)


@pytest.mark.parametrize("kind", list(PROCESSES))
def test_the_height_field_has_the_ra_that_was_asked_for(kind):
    for ra_um in RA_UM[kind]:
        for seed in (1, 2):
            finish = finish_of(kind, ra_um, lay_of(kind), seed)
            gbuffer = flat(60_000, 0.001, seed, 60.0)
            place, *_ = frames(gbuffer, finish.layers[0].course, np.zeros(3), np.eye(3))
            height = sum(
                layer.amplitude * sampled(layer, *courses(layer, 10.0, place)[:2], np.zeros(60_000, int))[:, 4]
                for layer in finish.layers
            )
            measured = np.abs(height - height.mean()).mean()
            assert measured == pytest.approx(ra_um, rel=0.05), (kind, ra_um, seed)


@pytest.mark.parametrize("kind", list(PROCESSES))
@pytest.mark.parametrize("pixel_mm", [0.004, 0.02, 0.1, 0.5])
def test_slope_variance_is_the_same_from_near_and_from_far(kind, pixel_mm):
    """What tilts normals plus what widens highlights: ⟨∇h²⟩ = ⟨slope²⟩ + (α₁² + α₂² − 2·floor²)/2."""
    ra_um = RA_UM[kind][0]

    def total(pixel_mm):
        look = dress(flat(40_000, pixel_mm), [surface(kind, ra_um)], np.eye(3))
        slopes = look.normal[:, :2] / look.normal[:, 2:]
        resolved = (slopes.astype(np.float64) ** 2).sum(1)
        left = ((look.alpha.astype(np.float64) ** 2 - ALPHA_FLOOR**2) / 2).sum(1)
        return (resolved + left).mean(), resolved.mean()

    (near, _), (here, resolved) = total(1e-4), total(pixel_mm)
    # 40,000 points of a field that is correlated over some hundred of them at most: a few per cent.
    assert here == pytest.approx(near, rel=0.06)
    assert resolved < here


def test_from_far_a_ground_surface_is_all_gloss_and_its_highlight_is_wide_across_the_lay():
    near = dress(flat(5000, 0.005), [surface("ground", 0.4)], np.eye(3))
    far = dress(flat(5000, 2.0), [surface("ground", 0.4)], np.eye(3))
    assert np.std(near.normal[:, :2]) > 5 * np.std(far.normal[:, :2])
    assert far.alpha[:, 1].mean() > 2 * far.alpha[:, 0].mean()
    along = np.array([np.cos(np.radians(25)), np.sin(np.radians(25)), 0])
    assert np.median(np.abs(far.tangent @ along)) > 0.99


def test_rougher_is_duller():
    for kind, (smooth, rough) in RA_UM.items():
        alphas = [dress(flat(3000, 0.3), [surface(kind, ra)], np.eye(3)).alpha.mean() for ra in (smooth, rough)]
        assert alphas[0] < alphas[1], kind


def test_feed_marks_are_as_far_apart_as_the_feed():
    """The spectrum of a turned face along its radius has its line at 1/feed."""
    ra_um, step = 1.6, 0.004
    radius = 8 + np.arange(2048) * step
    points = np.stack([radius, 0 * radius, 0 * radius], 1)
    gbuffer = gbuffer_of(points, np.tile([0, 0, 1.0], (2048, 1)), np.eye(3), step)
    look = dress(gbuffer, [surface("turned", ra_um, lay_centre_mm=(0.0, 0.0, 0.0))], np.eye(3))
    power = np.abs(np.fft.rfft(look.normal[:, 0] * np.hanning(2048))) ** 2
    peak = np.fft.rfftfreq(2048, step)[np.argmax(power)]
    assert peak == pytest.approx(1 / feed_mm(ra_um, 0.8), rel=0.03)


@pytest.mark.parametrize(
    ("kind", "lay", "scene"),
    [
        ("turned", "circular", flat),
        ("turned", "circular", wall),
        ("ground", "radial", flat),
        ("milled", "crossed", flat),
        ("milled", "straight", wall),
        ("brushed", "crossed", flat),
        ("cast", "none", wall),
        ("painted", "none", flat),
    ],
)
def test_the_kernel_agrees_with_its_slow_twin(kind, lay, scene):
    gbuffer, ra_um = scene(4000, 0.03), RA_UM[kind][1]
    rotation = np.eye(3)
    look = dress(gbuffer, [surface(kind, ra_um, lay)], rotation)
    finish = finish_of(kind, ra_um, lay, 3)
    slow = dress_slowly(gbuffer, finish, ra_um, 25.0, (1.0, -2.0, 0.0), rotation, ALPHA_FLOOR)
    for name in ("normal", "alpha", "occlusion"):
        gap = np.abs(getattr(look, name) - slow[name]).reshape(4000, -1).max(1)
        # Single precision: a point within a thousandth of a texel of a border may fall on its other side.
        assert np.quantile(gap, 0.99) < 2e-3, (name, np.quantile(gap, 0.99))
    assert np.quantile(np.abs(look.tint[:, 0] - slow["tint"]), 0.99) < 1e-3
    aligned = np.abs((look.tangent * slow["tangent"]).sum(1))
    clear = slow["alpha"][:, 1] > 1.1 * slow["alpha"][:, 0]
    assert not clear.any() or np.quantile(aligned[clear], 0.01) > 0.99


def test_the_texture_turns_with_the_part():
    turn = np.radians(40)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    still = dress(flat(2000, 0.02), [surface("milled", 1.6)], np.eye(3))
    turned = dress(flat(2000, 0.02, rotation=rotation), [surface("milled", 1.6)], rotation)
    np.testing.assert_allclose(turned.normal @ rotation, still.normal, atol=2e-4)


@pytest.mark.parametrize("kind", list(PROCESSES))
def test_vectors_are_units_at_right_angles_and_alpha_keeps_its_floor(kind):
    look = dress(wall(2000, 0.05), [surface(kind, RA_UM[kind][1])], np.eye(3))
    np.testing.assert_allclose(np.linalg.norm(look.normal, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(look.tangent, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((look.normal * look.tangent).sum(1), 0, atol=1e-5)
    assert (look.alpha >= ALPHA_FLOOR).all()
    assert (look.alpha <= 1).all()
    assert (look.tint > 0.5).all()
    assert (look.occlusion >= 0).all()


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_piece():
    first, again, other = (dress(flat(500, 0.02), [surface("ground", 0.4, seed=s)], np.eye(3)) for s in (7, 7, 8))
    assert first.normal.tobytes() == again.normal.tobytes()
    assert np.abs(first.normal - other.normal).max() > 0.01


def test_nothing_is_seen_to_repeat_along_or_across():
    """The texture one period further is no copy: it correlates only as neighbouring pieces of one line do."""
    finish = finish_of("ground", 0.4, "straight", 3)
    (layer,) = finish.layers
    assert layer.course is Course.PLANE
    laid = surface("ground", 0.4, lay_deg=0.0)
    wide = layer.relief.rows * layer.across_mm
    points = np.random.default_rng(0).uniform(-3, 3, (4000, 3)) * [1, 1, 0]
    up = np.tile([0, 0, 1.0], (4000, 1))
    scenes = [gbuffer_of(points + np.array([0, shift, 0]), up, np.eye(3), 0.02) for shift in (0, wide)]
    here, there = (dress(scene, [laid], np.eye(3)).normal[:, 1] for scene in scenes)
    assert abs(np.corrcoef(here, there)[0, 1]) < 0.25


def test_a_relief_keeps_its_mean_squares_at_every_level():
    height = np.random.default_rng(4).normal(size=(64, 32))
    relief = relief_of(height)
    squares = [relief.level(k)[..., 2:4].mean((0, 1)) for k in range(len(relief.levels))]
    for each in squares[1:]:
        np.testing.assert_allclose(each, squares[0], rtol=1e-5)
    np.testing.assert_allclose(squares[0][1], (np.diff(height, axis=0, append=height[:1]) ** 2).mean(), rtol=1e-5)


def _milled_rows(layer):
    """Heights on a fine line along each of ten rows, in the middle of the row, and how fast v runs there."""
    s = np.linspace(0, 40, 8000)
    rows = [
        np.stack([s, np.full_like(s, (k + 0.5) * layer.row_mm - layer.offset[1] * 9.7), 0 * s], 1) for k in range(10)
    ]
    return [(sampled(layer, u, v, np.zeros(len(u), int))[:, 4], np.abs(vx)) for u, v, _, _, vx, _ in
            (courses(layer, 0.0, row) for row in rows)]  # fmt: skip


def test_the_trailing_arcs_of_a_mill_come_and_go_and_the_leading_ones_stay():
    """Standard deviation of the height over pieces of 1 mm, as a share of its mean over all pieces."""
    spread = {}
    for seed in range(4):
        front, back = finish_of("milled", 0.8, "crossed", seed).layers
        for layer in (front, back):
            pieces = np.concatenate([height.reshape(-1, 200).std(1) for height, _ in _milled_rows(layer)])
            spread.setdefault(layer.course, []).append(pieces.std() / pieces.mean())
    assert min(spread[Course.BACK_ARC]) > 0.4, spread
    assert max(spread[Course.FRONT_ARC]) < 0.3, spread


def test_rows_of_a_mill_differ_in_feed():
    """So that leading and trailing arcs form no lattice that goes on from row to row."""
    for layer in finish_of("milled", 0.8, "crossed", 2).layers:
        pitch = np.array([np.median(rate) for _, rate in _milled_rows(layer)])
        assert 0.02 < pitch.std() < 0.06
        assert np.all(np.abs(pitch - 1) < 0.065)
