"""Light direction and gloss are found again in rendered photographs whose own are hidden."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.seed import Seed
from firstshift.render.onto.levels import Levels
from firstshift.render.onto.light import FoundLight, estimate_light
from firstshift.render.onto.registering import plane_under
from tests.render.onto.drawn import cast_surface, photographed


def found_in(azimuth_deg: float, shine: float, seed: int) -> FoundLight:
    photograph, registered = photographed(azimuth_deg, shine, seed)
    light = Levels.of(photograph).linear(photograph.pixels)[:, :, 0]
    mask = np.ones(light.shape, np.bool_)
    mesh = plane_under(registered, "part")
    return estimate_light(light, mask, registered, mesh, cast_surface, ("bar",), noise=0.01, sharpness_px=0.6)


@pytest.mark.parametrize("number", range(4))
def test_hidden_azimuth_is_found_within_20_degrees(number: int) -> None:
    hidden = 360 * Seed(11).uniform("azimuth", number)
    found = found_in(hidden, 0.2 + 0.2 * number, number)
    assert found.azimuth_confidence > 0.5
    assert abs((found.azimuth_deg - hidden + 180) % 360 - 180) < 20


def test_glossier_photographs_are_found_glossier() -> None:
    shines = [found_in(70.0, hidden, 20 + number).shine for number, hidden in enumerate((0.1, 0.5, 0.9))]
    assert shines == sorted(shines)
    assert shines[2] - shines[0] > 0.4


def test_a_photograph_that_tells_nothing_leaves_the_plans_light() -> None:
    _, registered = photographed(0.0, 0.5, 1)
    noise = Seed(3).generator().normal(0.4, 0.004, (160, 200)).astype(np.float32)
    mask = np.ones(noise.shape, np.bool_)
    mesh = plane_under(registered, "part")
    found = estimate_light(noise, mask, registered, mesh, cast_surface, ("bar",), noise=0.004)
    assert found.azimuth_confidence < 0.5
    assert found.azimuth_deg == 0.0
    assert any("direction of the light" in note for note in found.notes)
