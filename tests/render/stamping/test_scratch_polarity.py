"""Scratches shine in dark field and are dark, or glint, in bright field: what every engineer knows of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.imprint import Ground
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.render.finish.dressing import dress
from firstshift.render.lighting import emitters_of
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade
from firstshift.render.stamp import stamp
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.spec.defect_types import Scratch
from tests.render.stamping import staging

STEEL = Surface("plate", "steel", "ground", 0.4, "straight", 20.0, (0.0, 0.0, 0.0), 0.5, None, 3)
ALUMINIUM = Surface("plate", "aluminium", "milled", 0.9, "crossed", 0.0, (0.0, 0.0, 0.0), 0.5, None, 3)
PLASTIC = Surface(
    "plate", "plastic", "moulded", 0.6, "none", 0.0, (0.0, 0.0, 0.0), 0.5, (0.03, 0.03, 0.03), 3
)  # fmt: skip
STOCK = {"ground steel": STEEL, "milled aluminium": ALUMINIUM, "dark plastic": PLASTIC}
COAXIAL = {"kind": "coaxial", "name": "coaxial", "size_mm": [60, 60], "height_mm": 60}
RING = {"kind": "ring", "name": "ring", "diameter_mm": 60, "width_mm": 20, "height_mm": 160}
DARK = {"kind": "dark_field", "name": "dark", "diameter_mm": 150, "height_mm": 16}
LOW = {"kind": "bar", "name": "low", "length_mm": 120, "width_mm": 15, "position_mm": [-90, 0, 30]}
DRAWS = 24


@cache
def plate(stock: str, light: str) -> Prepared:
    lamp: dict[str, Any] = next(one for one in (COAXIAL, RING, DARK, LOW) if one["name"] == light)
    at = staging.station(192, 0.03, (lamp,))
    bare = staging.prepared(at=at)
    surfaces = (STOCK[stock],)
    appearance = dress(bare.gbuffer, surfaces, np.eye(3)[None])
    emitters = emitters_of(at, smoothest_alpha=0.08, colour_channels=1)
    materials = materials_of(surfaces, at)
    light_now = shade(bare.gbuffer, appearance, materials, emitters, None)
    return replace(
        bare, surfaces=surfaces, appearance=appearance, emitters=emitters, materials=materials, radiance=light_now
    )


def contrasts(stock: str, light: str) -> npt.NDArray[np.float64]:
    """Of scratches of all grades, lying anyhow: how much lighter their pixels are than the same ground without."""
    ready, surface = plate(stock, light), STOCK[stock]
    entry = Scratch.model_validate(
        {"type": "scratch", "class": "s", "length_mm": [1, 4], "width_mm": [0.04, 0.2], "depth_um": [3, 30]}
    )
    ground = Ground(0.03, surface.material, surface.material != "plastic", surface.ra_um)
    clean, found = ready.layers[0].reshape(-1), []
    for number in range(DRAWS):
        seed = Seed(number)
        imprint = draw_flaw(entry, ground, 1 + number % 5, seed)
        image = clean.copy()
        stamped = stamp(ready, [(staging.landing(turned_deg=180 * seed.uniform("turned")), imprint)])
        image[stamped.pixel] = stamped.layers[0].reshape(-1)
        covered = stamped.coverage[0]
        share = covered[1]
        found.append(float((share @ (image - clean)[covered[0]]) / (share @ clean[covered[0]])))
    return np.array(found)


@pytest.mark.parametrize("stock", list(STOCK))
def test_in_dark_field_scratches_are_lighter_than_the_ground(stock: str) -> None:
    assert (contrasts(stock, "dark") > 0).mean() >= 0.9


@pytest.mark.parametrize("stock", list(STOCK))
def test_under_a_low_bar_they_are_lighter_too(stock: str) -> None:
    assert (contrasts(stock, "low") > 0).mean() >= 0.9


@pytest.mark.parametrize("stock", ["ground steel", "milled aluminium"])
@pytest.mark.parametrize("light", ["coaxial", "ring"])
def test_in_bright_field_scratches_on_metal_are_darker(stock: str, light: str) -> None:
    """A few glint: their walls lean so that they mirror the lamp."""
    found = contrasts(stock, light)
    assert (found < 0).mean() >= 0.75
    assert np.median(found) < -0.05
