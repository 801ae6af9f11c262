"""«Add a defect type», done: a file of one's own, a plan that uses it, a flaw drawn from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.loading import load_types
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.examples import example_text
from firstshift.spec.plan import Plan
from tests.defects.entries import ground

CHATTER = Path(__file__).parent / "chatter.py"
ENTRY = {"type": "chatter", "class": "chatter", "size_mm": [1, 6], "pitch_mm": [0.2, 0.8], "depth_um": [1, 8]}


def with_chatter(**changes: object) -> dict[str, object]:
    return {
        **Plan.from_text(example_text("strip")).model_dump(mode="json", by_alias=True, exclude_none=True),
        "defects": [{**ENTRY, **changes}],
    }


def test_a_type_of_ones_own_is_read_and_drawn() -> None:
    types = load_types(CHATTER)
    plan = Plan.from_data(with_chatter(), types=types.catalogue())
    imprint = draw_flaw(plan.defects[0], ground(), 3, Seed(2), types=types)
    assert set(imprint.parameters) >= {"size_mm", "pitch_mm", "depth_um"}
    assert 1000 * float(np.ptp(imprint.height_mm)) == pytest.approx(imprint.parameters["depth_um"], rel=0.15)


def test_without_its_file_the_plan_says_which_types_there_are() -> None:
    with pytest.raises(BadInput, match="scratch, dent"):
        Plan.from_data(with_chatter())
    entry = Plan.from_data(with_chatter(), types=load_types(CHATTER).catalogue()).defects[0]
    with pytest.raises(BadInput, match=r"--defects FILE\.py"):
        draw_flaw(entry, ground(), 3, Seed(2))


def test_loading_changes_nothing_for_others() -> None:
    before = DRAWN_TYPES.names
    assert load_types(CHATTER).names == (*before, "chatter")
    assert DRAWN_TYPES.names == before
    assert DRAWN_TYPES.catalogue().names == BUILT_IN_TYPES.names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "own.py: expected TYPES"),
        ("TYPES = (1,)", "own.py: expected TYPES"),
        ("\n\nraise ValueError('no\\nluck')", "own.py, line 3: .*ValueError: no luck"),
        ("import sys\n\nsys.exit(3)", "own.py, line 3: .*SystemExit: 3; define types"),
        ("def f(:", "own.py, line 1: .*SyntaxError"),
        ("from firstshift.defects.dent import DentFlaw\nTYPES = (DentFlaw(),)", "'dent': expected a name of its own"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=message) as caught:
        load_types(file)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a Python file"):
        load_types(tmp_path / "none.py")
