"""A person's own type that goes wrong is named, in one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Ground, Imprint
from firstshift.core.seed import Seed
from firstshift.defects.dent import DentFlaw
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.draws import Draws
from firstshift.spec.defect_types import Dent

ENTRY = Dent.model_validate({"type": "dent", "class": "knock", "size_mm": [0.5, 1], "depth_um": [5, 20]})
GROUND = Ground(pixel_mm=0.05, material="steel", is_metal=True, ra_um=0.4)


class Spoilt(DentFlaw):
    """A dent after something was done to it."""

    def __init__(self, spoil: Any) -> None:
        self.spoil = spoil

    def imprint(self, entry: Dent, ground: Ground, draws: Draws) -> Imprint:
        spoilt: Imprint = self.spoil(super().imprint(entry, ground, draws))
        return spoilt


def with_nan(imprint: Imprint) -> Imprint:
    assert imprint.height_mm is not None
    return replace(imprint, height_mm=np.full_like(imprint.height_mm, np.nan))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda imprint: 1 / 0, "'dent': imprint: expected an Imprint, found ZeroDivisionError"),
        (lambda imprint: None, "found NoneType"),
        (with_nan, "height_mm: expected finite numbers"),
        (lambda imprint: replace(imprint, mask=imprint.mask[:-1]), "imprint.mask: expected the patch's"),
        (
            lambda imprint: replace(imprint, parameters={"visibility": "visible"}),
            "parameters: .* found visibility; call",
        ),
    ],
)
def test_a_mistake_in_it_is_one_line(spoil: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        draw_flaw(ENTRY, GROUND, 3, Seed(1), DrawnTypes((Spoilt(spoil),)))


def test_a_right_one_is_drawn() -> None:
    own = draw_flaw(ENTRY, GROUND, 3, Seed(1), DrawnTypes((Spoilt(lambda imprint: imprint),)))
    ours = draw_flaw(ENTRY, GROUND, 3, Seed(1))
    assert np.array_equal(own.mask, ours.mask)
