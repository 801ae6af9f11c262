"""What is carried onto a photograph is what a render of the same surface with the flaw shows; all else stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.image import GREY, RGB, Image
from firstshift.core.seed import Seed
from firstshift.render.gbuffer import F32
from firstshift.render.onto.carrying import Carried, Change, Noise, carry, exposure_of, hidden_by, without_noise
from firstshift.render.onto.levels import Levels, step_of
from firstshift.render.onto.preparing import light_of, prepare_registered
from firstshift.render.onto.registering import plane_under, register_plane
from firstshift.render.prepared import Prepared
from firstshift.render.stamp import stamp
from firstshift.sensor.blur import spread
from firstshift.sensor.expose import expose
from tests.render.onto.drawn import PROFILE, a_flaw, cast_surface, side_lit

WHOLE = (0, 0, 200, 160)


def flawed(prepared: Prepared, kind: str) -> tuple[F32, F32, F32]:
    flaw = a_flaw(prepared, kind)
    stamped = stamp(prepared, [flaw])
    clean = light_of(prepared, ("bar",))
    now = clean.copy()
    now.reshape(-1, 1)[stamped.pixel] += (stamped.layers - stamped.clean).sum(axis=0)
    return clean, now, hidden_by(prepared, [flaw])


def soft(light: F32) -> F32:
    return spread(np.ascontiguousarray(light[:, :, 0]), 0.6)[:, :, None]


@pytest.mark.parametrize("kind", ["dent", "groove", "spot"])
def test_carried_flaws_look_as_rendered_ones(kind: str) -> None:
    """The photograph has a texture of its own, the carried change has none; same camera noise in both."""
    registered = register_plane(side_lit(), (200, 160))
    mesh = plane_under(registered, "part")
    textured = prepare_registered(
        registered, mesh, cast_surface(0.5, finish_seed=31), colour_channels=1, azimuth_deg=40.0, textured=True
    )
    plain = prepare_registered(registered, mesh, cast_surface(0.5), colour_channels=1, azimuth_deg=40.0)
    clean, truth, _ = flawed(textured, kind)
    scale = np.float32(0.4 / float(np.median(clean)))
    photograph = expose(clean * scale, PROFILE, seed=Seed(5))
    wanted = expose(truth * scale, PROFILE, seed=Seed(5))
    without, with_flaw, hidden = flawed(plain, kind)
    levels = Levels.of(photograph)
    light = levels.linear(photograph.pixels)
    exposure = exposure_of(light, without, np.ones((160, 200), np.bool_))
    got = carry(photograph, levels, Change(WHOLE, soft(without), soft(with_flaw), hidden, exposure), seed=Seed(1))
    moved = got.touched
    asked = (wanted.pixels.astype(np.float64) - photograph.pixels)[moved][:, 0]
    made = (got.image.pixels.astype(np.float64) - photograph.pixels)[moved][:, 0]
    assert moved.sum() > 300
    assert np.corrcoef(asked, made)[0, 1] > 0.95
    assert 0.8 < made.std() / asked.std() < 1.25


def carried(pixels: npt.NDArray[np.generic], channels: tuple[str, ...], factor: float, noise: Noise) -> Carried:
    """A disc in which the render is `factor` times as bright."""
    image = Image.of(pixels, channels)
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    disc = np.hypot(rows - height / 2, columns - width / 2) < 12
    count = 3 if "R" in channels else 1
    without = np.full((height, width, count), 0.5, np.float32)
    with_flaw = np.where(disc[:, :, None], without * np.float32(factor), without)
    change = Change((0, 0, width, height), without, with_flaw, np.zeros((height, width), np.float32),
                    np.ones(count, np.float32))  # fmt: skip
    return carry(image, Levels.of(image), change, noise=noise, seed=Seed(2))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [GREY, RGB, (*RGB, "alpha")])
def test_untouched_pixels_stay_bit_for_bit(bits: int, channels: tuple[str, ...]) -> None:
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = Seed(4).generator().integers(1, (1 << bits) - 1, (80, 90, len(channels)), dtype=kind)
    got = carried(pixels, channels, 0.5, Noise(1e-6, 1e-4))
    assert got.touched.any()
    assert not got.touched.all()
    assert np.array_equal(got.image.pixels[~got.touched], pixels[~got.touched])
    assert (got.image.pixels != pixels).any()
    if "alpha" in channels:
        assert np.array_equal(got.image.pixels[:, :, 3], pixels[:, :, 3])


def test_half_the_light_is_half_the_number_and_white_stays_white() -> None:
    dark = carried(np.full((80, 90, 1), 120, np.uint8), GREY, 0.5, Noise(0, 0))
    assert np.all(np.abs(dark.image.pixels[dark.touched].astype(int) - 60) <= 1)
    bright = carried(np.full((80, 90, 1), 200, np.uint8), GREY, 4.0, Noise(0, 0))
    assert (bright.image.pixels[bright.touched] == 255).all()


def test_gamma_is_undone_before_multiplying() -> None:
    image = Image.of(np.full((40, 40, 1), 180, np.uint8))
    levels = Levels(0.0, 255.0, 2.2)
    light = np.ones((40, 40, 1), np.float32)
    change = Change((0, 0, 40, 40), light, light / 2, np.zeros((40, 40), np.float32), np.ones(1, np.float32))
    got = carry(image, levels, change, seed=Seed(1)).image.pixels
    assert np.all(np.abs(got.astype(float) - 180 * 0.5 ** (1 / 2.2)) <= 1)


def test_where_the_render_is_black_the_difference_is_added() -> None:
    image = Image.of(np.full((40, 40, 1), 50, np.uint8))
    without = np.full((40, 40, 1), 0.4, np.float32)
    without[:20] = 0.0
    change = Change((0, 0, 40, 40), without, without + np.float32(0.2), np.zeros((40, 40), np.float32),
                    np.ones(1, np.float32))  # fmt: skip
    got = carry(image, Levels(0.0, 255.0, 1.0), change, seed=Seed(1)).image.pixels
    assert np.all(np.abs(got[:16].astype(float) - (50 + 0.2 * 255)) <= 2)


def test_a_darkened_place_has_the_noise_of_its_new_brightness() -> None:
    """Shot noise: variance is proportional to light. 450 pixels tell a spread to 3.3 %; four times that is 13 %."""
    draw = Seed(9).generator()
    slope = 4e-4
    light = 0.6 + np.sqrt(slope * 0.6) * draw.standard_normal((80, 90, 1))
    pixels = np.round(light * 65535).astype(np.uint16)
    got = carried(pixels, GREY, 0.25, Noise(0.0, slope))
    inside = got.image.pixels[got.touched].astype(np.float64) / 65535
    assert len(inside) > 400
    assert abs(inside.mean() - 0.15) < 0.005
    assert abs(inside.std() / np.sqrt(slope * 0.15) - 1) < 0.14


def test_twelve_bit_cameras_keep_their_empty_bits() -> None:
    pixels = (Seed(1).generator().integers(100, 4000, (60, 60, 1)) * 16).astype(np.uint16)
    assert step_of(pixels) == 16
    got = carried(pixels, GREY, 0.7, Noise(1e-7, 1e-5))
    assert (got.image.pixels % 16 == 0).all()


def test_noise_is_taken_off_where_something_hides_the_surface_and_texture_stays() -> None:
    """600 pixels tell a spread to 3 %; what a window of three pixels leaves of the noise is more."""
    law = Noise(1e-4, 0.0)
    calm = 0.4 + np.zeros((60, 60, 1), np.float32)
    grooves = 0.4 + np.float32(0.08) * np.sin(np.arange(60) * 1.2, dtype=np.float32)[None, :, None] + 0 * calm
    noise = 0.01 * Seed(3).generator().standard_normal((60, 60, 1)).astype(np.float32)
    hidden = np.zeros((60, 60), np.float32)
    hidden[15:45, 15:45] = 1
    for surface, left in ((calm, 0.35), (grooves, 1.2)):
        quiet = without_noise(surface + noise, hidden, law)
        assert np.array_equal(quiet[hidden == 0], (surface + noise)[hidden == 0])
        assert (quiet - surface)[20:40, 20:40].std() < left * 0.01


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_a_spread_of_light_is_one_of_numbers(gamma: float) -> None:
    levels = Levels(4.0, 255.0, gamma)
    light = np.linspace(0.02, 0.98, 20, dtype=np.float32)
    least = np.float32(1e-3)
    slope = (levels.numbers(light + least) - levels.numbers(light - least)) / (2 * least)
    assert np.allclose(levels.per_light(light), slope, rtol=0.01)
    assert np.isfinite(levels.per_light(np.zeros(1, np.float32))).all()
