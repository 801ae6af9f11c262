"""Hollows in dark field: bright walls around a floor that has its own tone, no flat discs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.imprint import Ground
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.render.stamp import stamp
from firstshift.spec.catalogue import Defect
from firstshift.spec.defect_types import Dent, Pitting
from tests.render.stamping import staging
from tests.render.stamping.test_scratch_polarity import STOCK, plate

PIXEL_MM, SIDE = 0.03, 192
DRAWS = 16


def floors_and_walls(entry: Defect, stock: str, size_mm: float) -> tuple[npt.NDArray[Any], ...]:
    """Of each draw: light of the floor, of the lightest tenth of the border, of the ground without the flaw, and of the
    darkest tenth."""
    ready = plate(stock, "dark")
    ground = Ground(PIXEL_MM, STOCK[stock].material, True, STOCK[stock].ra_um)
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    away = np.hypot(row + 0.5 - SIDE / 2, column + 0.5 - SIDE / 2) * PIXEL_MM / size_mm
    clean = ready.layers[0].reshape(-1)
    found = []
    for number in range(DRAWS):
        image = clean.copy()
        stamped = stamp(ready, [(staging.landing(), draw_flaw(entry, ground, 3, Seed(number)))])
        image[stamped.pixel] = stamped.layers[0].reshape(-1)
        border, whole = image[(away > 0.3) & (away < 0.6)], image[away < 0.5]
        level = clean[away < 0.6].mean()
        found.append((image[away < 0.2].mean(), np.quantile(border, 0.9), level, np.quantile(whole, 0.1)))
    return tuple(np.array(found).T)


@pytest.mark.parametrize("stock", ["ground steel", "milled aluminium"])
def test_a_pit_is_a_bright_ring_around_a_duller_floor(stock: str) -> None:
    entry = Pitting.model_validate(
        {
            "type": "pitting", "class": "p", "size_mm": [0.6, 0.6], "depth_um": [60, 60],
            "pits": [1, 1], "cluster_mm": [0.6, 0.6],
        }
    )  # fmt: skip
    floor, wall, ground, darkest = floors_and_walls(entry, stock, 0.6)
    assert (wall > 3 * floor).mean() >= 0.8
    assert (wall > 1.5 * ground).mean() >= 0.9
    assert np.median(darkest / ground) < (0.65 if stock == "ground steel" else 1.25), "no place in it lies in shadow"


@pytest.mark.parametrize("stock", ["ground steel", "milled aluminium"])
def test_a_shallow_dent_shows_its_border(stock: str) -> None:
    """Of 2 % steep walls alone nothing would be seen; what pressed it in slid over the border."""
    entry = Dent.model_validate({"type": "dent", "class": "d", "size_mm": [2.0, 2.0], "depth_um": [20, 20]})
    floor, border, ground, _ = floors_and_walls(entry, stock, 2.0)
    assert (border > 1.2 * floor).mean() >= 0.8
    assert (border > ground).mean() >= 0.8
    share = floor / ground
    assert share.max() / share.min() > 3, "what pressed it in leaves its own grain: floors differ"
