"""Emitters: brightness, place, number, changes, and lights that cannot light the part."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.render.appearance import Materials
from firstshift.render.lighting import MOST, LightChange, emitters_of, irradiance_from, radiance_of, seen_directly
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.tiles import tiles_of
from firstshift.spec.lights import Bar, Light
from firstshift.spec.station import Station
from tests.render.bench_parts import (
    BACK_LIGHT,
    BAR,
    COAXIAL,
    DARK_FIELD,
    DOME,
    FROM_ABOVE,
    RING,
    SPOT,
    integrated,
    plane,
    station_with,
    surface_of,
)


def white(station: Station) -> Materials:
    materials = materials_of([surface_of("paper", colour=(1, 1, 1))], station)
    return replace(materials, gloss=np.zeros(1, np.float32))


@pytest.mark.parametrize("light", FROM_ABOVE, ids=lambda light: light.kind)
def test_a_white_plane_has_the_radiance_one(light: Light) -> None:
    station = station_with(light)
    emitters = emitters_of(station, smoothest_alpha=0.2, colour_channels=1)
    gbuffer, appearance = plane(side=1)
    assert shade(gbuffer, appearance, white(station), emitters).item() == pytest.approx(1, abs=0.015)


@pytest.mark.parametrize("light", FROM_ABOVE, ids=lambda light: light.kind)
def test_a_matt_plane_is_lit_as_the_true_area_light_would(light: Light) -> None:
    station = station_with(light)
    emitters = emitters_of(station, smoothest_alpha=0.4, colour_channels=1)
    gbuffer, appearance = plane(side=9, half_mm=20)
    cone = np.cos(np.radians(15)) if light.kind == "spot" else -1.0
    truth = integrated(gbuffer, appearance, tiles_of(light, 2.5), None, cone) * radiance_of(light)
    found = shade(gbuffer, appearance, white(station), emitters)[0, :, 0]
    lit = truth > 0.02
    assert lit.sum() > 20
    assert np.abs(found / np.where(lit, truth, 1) - 1)[lit].max() < 0.02


def test_the_ring_agrees_with_its_formula() -> None:
    """A thin ring of radius R at height h: E = L·A·h²/(R² + h²)² on the axis."""
    thin = RING.model_copy(update={"width_mm": 0.2})
    tiles = tiles_of(thin, 5.0)
    found = irradiance_from(tiles, np.zeros(3), np.array([0, 0, 1.0]))
    assert found == pytest.approx(np.pi * 120 * 0.2 * 160**2 / (60**2 + 160**2) ** 2, rel=1e-3)


@pytest.mark.parametrize("light", [*FROM_ABOVE, BACK_LIGHT], ids=lambda light: light.kind)
@pytest.mark.parametrize("edge_mm", [3.0, 20.0, 1000.0])
def test_tiles_cover_the_light_whatever_their_size(light: Light, edge_mm: float) -> None:
    area = {
        "ring": np.pi * 120 * 20, "bar": 80 * 12, "dome": 2 * np.pi * 80**2 * np.sqrt(1 - 0.25**2), "coaxial": 3600,
        "dark_field": np.pi * 150 * 5, "back_light": 6400, "spot": np.pi * 25,
    }  # fmt: skip
    tiles = tiles_of(light, edge_mm)
    assert tiles.area_mm2.sum() == pytest.approx(area[light.kind], rel=1e-9)
    assert np.allclose(np.linalg.norm(tiles.direction, axis=1), 1)
    assert np.abs(np.einsum("tax,tx->ta", tiles.half_mm, tiles.direction)).max() < 1e-9


def test_lights_shine_where_they_should() -> None:
    dome = tiles_of(DOME, 10.0)
    assert (np.hypot(*dome.position_mm[:, :2].T)[dome.position_mm[:, 2] > 80] > 20).all(), "the camera's hole is free"
    ring = tiles_of(RING, 10.0)
    assert np.allclose(ring.direction, [0, 0, -1])
    low = tiles_of(DARK_FIELD, 5.0)
    assert np.allclose(low.direction[:, 2], 0)
    assert ((low.direction * low.position_mm).sum(axis=1) < 0).all(), "inwards"
    assert np.allclose(tiles_of(BACK_LIGHT, 20.0).direction, [0, 0, 1])
    bar = tiles_of(BAR, 5.0)
    assert np.ptp(bar.position_mm[:, 1]) > 70, "across its own direction of light"


def test_smoother_surfaces_get_more_emitters_up_to_a_limit() -> None:
    station = station_with(*FROM_ABOVE)
    counts = [
        np.bincount(emitters_of(station, smoothest_alpha=alpha, colour_channels=1).light)
        for alpha in (0.5, 0.1, 0.03, 1e-4)
    ]
    assert all((fewer <= more).all() for fewer, more in pairwise(counts))
    assert counts[-1].max() <= MOST
    assert counts[-1][-1] < MOST, "a spot that is small enough needs few"


def test_intensity_size_and_shift() -> None:
    station = station_with(RING, SPOT)
    gbuffer, appearance = plane(side=1)

    def lit(**changes: LightChange) -> list[float]:
        emitters = emitters_of(station, smoothest_alpha=0.2, colour_channels=1, changes=changes)
        return list(map(float, shade(gbuffer, appearance, white(station), emitters)[:, 0, 0]))

    assert lit(ring=LightChange(intensity=1.2)) == pytest.approx([1.2, 1.0], rel=0.02)
    assert lit(ring=LightChange(size=1.5)) == pytest.approx([1.0, 1.0], rel=0.02)
    further = lit(spot=LightChange(shift_mm=(30, 30, 60)))
    assert further[0] == pytest.approx(1.0, rel=0.02)
    assert further[1] == pytest.approx(1 / 1.5**2, rel=0.02), "one and a half times as far on the same line"


def test_a_change_for_a_light_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="expected one of ring, found lamp"):
        emitters_of(station_with(RING), smoothest_alpha=0.2, colour_channels=1, changes={"lamp": LightChange()})


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (RING.model_copy(update={"height_mm": -10.0}), "height_mm: expected a place above"),
        (COAXIAL.model_copy(update={"height_mm": 0.0}), "height_mm: expected a place above"),
        (DOME.model_copy(update={"height_mm": -90.0}), "height_mm: expected a place above"),
        (BACK_LIGHT.model_copy(update={"below_mm": -3.0}), "below_mm: expected more than 0"),
        (SPOT.model_copy(update={"position_mm": (0.0, 0.0, -50.0)}), "position_mm: expected a place above"),
        (SPOT.model_copy(update={"aim_mm": SPOT.position_mm}), "aim_mm: expected a point away"),
    ],
)
def test_a_light_that_cannot_light_the_part(light: Light, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        emitters_of(station_with(light), smoothest_alpha=0.2, colour_channels=1)


def test_the_camera_looks_into_a_back_light_only() -> None:
    station = station_with(RING, BACK_LIGHT.model_copy(update={"intensity": 2.0}))
    emitters = emitters_of(station, smoothest_alpha=0.2, colour_channels=1)
    x = np.array([0.0, 39.0, 41.0])
    origins = np.stack([x, 0 * x, 0 * x + 300], axis=1)
    down = np.tile([0.0, 0.0, -1.0], (3, 1))
    assert seen_directly(station, emitters, origins, down)[:, :, 0].tolist() == [[0, 0, 0], [2, 2, 0]]
    moved = {"back_light": LightChange(shift_mm=(5, 0, 0))}
    assert seen_directly(station, emitters, origins, down, moved)[1, :, 0].tolist() == [2, 2, 2]
    assert not seen_directly(station, emitters, origins, -down).any()


def test_coloured_light_in_a_colour_camera() -> None:
    blue = Bar(kind="bar", name="blue", length_mm=80, position_mm=(-90, 0, 35), colour="blue")
    station = station_with(RING, blue, colour="colour")
    emitters = emitters_of(station, smoothest_alpha=0.2, colour_channels=3)
    assert np.allclose(emitters.tint_mix.sum(axis=2), 1)
    assert np.allclose(emitters.tint_mix[0], np.eye(3))
    seen = emitters.colour / emitters.colour.max(axis=1, keepdims=True)
    assert seen[0].tolist() == [1, 1, 1]
    assert seen[1].argmax() == 2
    assert seen[1, 0] < 0.1
