"""What was found of a flaw is never overwritten by what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from firstshift.core.label import NOT_VISIBLE, Verdict
from firstshift.core.seed import Seed
from firstshift.core.shapes import Mask
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn import DrawnType
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.draws import RESERVED
from firstshift.line.synth.labelling import OWN_NAMES, SeenFlaw, label_of
from firstshift.line.synth.recipe import FlawRecipe
from tests.defects.entries import entry_of, ground

FOUND = {"instance": 1, "visibility": NOT_VISIBLE, "contrast": -0.125, "contrast_to_noise": 1.5, "region": "face"}


def seen(parameters: dict[str, Any], visibility: str = NOT_VISIBLE) -> SeenFlaw:
    recipe = FlawRecipe(0, "flaw", "declared", 3, 7)
    mask = Mask(np.ones((4, 4), np.bool_))
    return SeenFlaw(recipe, mask, visibility, -0.125, 1.5, parameters, (1.0, 2.0, 3.0), "face", 30.0)


@pytest.mark.parametrize("drawn", [one for one in DRAWN_TYPES.types if one.name != "other"], ids=lambda one: one.name)
def test_every_draw_of_every_type_is_told_beside_what_was_found(drawn: DrawnType[Any]) -> None:
    for number in range(4):
        parameters = draw_flaw(entry_of(drawn), ground(), 3, Seed(number)).parameters
        assert not RESERVED.intersection(parameters)
        (one,) = label_of([seen(parameters)]).annotations
        assert {name: one.attributes[name] for name in FOUND} == FOUND
        assert len(one.attributes) == len(OWN_NAMES) + len(parameters)
        for name, value in parameters.items():
            told = one.attributes[f"drawn_{name}" if name in OWN_NAMES else name]
            assert told == (pytest.approx(value, abs=1e-5) if isinstance(value, float) else value)


def test_what_says_whether_a_flaw_is_seen_cannot_be_drawn() -> None:
    label = label_of([seen(dict.fromkeys(OWN_NAMES, "drawn"))])
    assert label.verdict is Verdict.UNSURE
    assert {name: label.annotations[0].attributes[name] for name in FOUND} == FOUND
    assert label.annotations[0].attributes["drawn_visibility"] == "drawn"


@pytest.mark.parametrize(
    ("visibility", "verdict"), [("visible", Verdict.DEFECT), ("faint", Verdict.DEFECT), (NOT_VISIBLE, Verdict.UNSURE)]
)
def test_what_a_person_can_confirm_is_a_positive(visibility: str, verdict: Verdict) -> None:
    """One rule for rendered images and photographs, and for what exports take for a positive."""
    label = label_of([seen({}, visibility)])
    assert label.verdict is verdict
    assert label.annotations[0].is_visible == (verdict is Verdict.DEFECT)
