"""The same recipe still gives the same picture, or the version of the recipes says that it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.line.synth.onto_order import ONTO_VERSION
from firstshift.line.synth.settings import RECIPE_VERSION
from tests.line.synth.golden_renders import FILE, measured

WITHIN = 0.5
"""Grey levels of a block. A pixel that another processor rounds otherwise moves its block by a hundredth."""
RENEW = (
    "the same recipe gives another picture: raise RECIPE_VERSION in line/synth/settings.py (ONTO_VERSION in "
    "line/synth/onto_order.py for what goes onto photographs) once for each release, and run scripts/golden-renders"
)


def golden() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return told


def apart(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """In words what is not the same."""
    found = [name for name in ("size", "classes") if then[name] != now[name]]
    if not found:
        for name in ("mean", "spread"):
            most = max(abs(a - b) for a, b in zip(then[name], now[name], strict=True))
            found += [f"{name} by {most:.2f} grey levels"] if most > WITHIN else []
    area = abs(then["covered_px"] - now["covered_px"])
    found += [f"its label by {area} pixels"] if area > 2 + 0.02 * then["covered_px"] else []
    return found


def test_the_same_recipe_gives_the_same_pictures() -> None:
    then, now = golden(), measured()
    assert (then["recipe"], then["onto"]) == (RECIPE_VERSION, ONTO_VERSION), "run scripts/golden-renders"
    assert then["pictures"].keys() == now["pictures"].keys(), RENEW
    differing = {name: apart(one, now["pictures"][name]) for name, one in then["pictures"].items()}
    assert not {name: how for name, how in differing.items() if how}, RENEW


def test_every_type_that_is_drawn_has_a_picture() -> None:
    drawn = {one for one in DRAWN_TYPES.names if one != "other"}
    assert drawn <= golden()["pictures"].keys()


@pytest.mark.parametrize("change", ["a flaw", "more noise", "its label"])
def test_what_changes_pixels_is_noticed(change: str) -> None:
    then = golden()["pictures"]["scratch"]
    now = json.loads(json.dumps(then))
    if change == "a flaw":
        now["mean"][20] += 1
    elif change == "more noise":
        now["spread"] = [one * 1.2 + 0.5 for one in now["spread"]]
    else:
        now["covered_px"] = now["covered_px"] * 2 + 9
    assert apart(then, now)
    assert not apart(then, then)
