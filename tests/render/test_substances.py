"""Metals as measured, the rest as declared."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.imprint import Stuff
from firstshift.render.metals import TABLES, reflectance, refractive_index
from firstshift.render.substances import BASES, materials_of
from firstshift.spec.lights import WAVELENGTH_NM, Spot
from firstshift.spec.part import METALS
from tests.render.bench_parts import RING, SPOT, station_with, surface_of


def test_every_material_of_the_plan_is_known() -> None:
    from typing import get_args

    from firstshift.spec.part import Material

    assert set(TABLES) == set(METALS)
    assert set(BASES) | set(TABLES) == set(get_args(Material))


@pytest.mark.parametrize(
    ("metal", "nm", "expected"),
    [
        # At normal incidence, as textbooks round it; films and bulk samples differ by a few percent.
        ("aluminium", 550, 0.915),
        ("silver", 550, 0.96),
        ("gold", 465, 0.37),
        ("gold", 650, 0.965),
        ("copper", 465, 0.56),
        ("copper", 650, 0.95),
        ("nickel", 550, 0.61),
        ("chrome", 550, 0.55),
        ("steel", 550, 0.55),
        ("titanium", 550, 0.57),
        ("stainless_steel", 550, 0.64),
    ],
)
def test_reflectance_of_metals(metal: str, nm: float, expected: float) -> None:
    assert reflectance(refractive_index(metal, nm)) == pytest.approx(expected, abs=0.06)


def test_metals_have_their_colours() -> None:
    def rgb(metal: str) -> list[float]:
        return [reflectance(refractive_index(metal, nm)) for nm in (610, 540, 465)]

    for yellow in ("gold", "brass", "bronze", "copper"):
        red, _, blue = rgb(yellow)
        assert red > blue + 0.2, yellow
    assert rgb("copper")[1] < rgb("brass")[1], "copper is redder than brass"
    for grey in ("aluminium", "steel", "chrome", "zinc", "nickel", "silver"):
        assert np.ptp(rgb(grey)) < 0.12, grey
    assert reflectance(refractive_index("cast_iron", 550)) < reflectance(refractive_index("steel", 550))


@pytest.mark.parametrize("metal", sorted(TABLES))
def test_tables_span_every_led(metal: str) -> None:
    um = [row[0] for row in TABLES[metal]]
    assert um == sorted(um)
    assert um[0] * 1000 <= min(WAVELENGTH_NM.values())
    assert um[-1] * 1000 >= max(WAVELENGTH_NM.values())


def test_one_row_for_each_surface_and_stuff() -> None:
    infrared = Spot(kind="spot", name="ir", position_mm=(0, 0, 90), colour="infrared")
    station = station_with(RING, infrared, colour="colour")
    surfaces = [surface_of("brass"), surface_of("plastic", colour=(0.1, 0.2, 0.6)), surface_of("steel", "painted")]
    stuff = [Stuff("oxide", (0.2, 0.05, 0.02)), Stuff("chip", metal="aluminium")]
    table = materials_of(surfaces, station, stuff)
    assert table.names == ("brass", "plastic", "steel", "oxide", "chip")
    assert table.is_metal.tolist() == [True, False, False, False, True]
    assert table.eta.shape == table.kappa.shape == table.albedo.shape == (5, 2, 3)
    assert table.albedo[1, 0].tolist() == pytest.approx([0.1, 0.2, 0.6])
    assert table.albedo[1, 1].tolist() == pytest.approx([0.1] * 3), "infrared goes with the red end of a colour"
    assert np.ptp(table.kappa[0, 0]) > 0.5, "white light: a wavelength for each channel"
    assert np.ptp(table.kappa[0, 1]) == 0, "an LED: one wavelength"
    assert not table.albedo[0].any()
    assert not table.kappa[1:4].any()


def test_gloss_and_paint() -> None:
    station = station_with(SPOT)
    matt, shiny = materials_of([surface_of("plastic", gloss=g) for g in (0.0, 1.0)], station).gloss
    assert matt < shiny == 1
    rough, smooth = materials_of([surface_of("steel", "painted", gloss=g) for g in (0.0, 1.0)], station).coat_alpha
    assert smooth < rough
