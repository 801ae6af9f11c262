"""What a person can mend arrives as the same line from every crew: this process, others, and a Ray cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, FirstshiftError, Unavailable
from firstshift.line.synth.crew import Alone, Cluster, Crew, Processes
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.store.workspace import Workspace
from tests.line.synth.test_placeless import changed

CREWS = [Alone(), Processes(2), Cluster("local", 2)]
NAMES = ["this process", "two processes", "Ray on two workers"]


@pytest.fixture
def grumbling(bracket: Path, tmp_path: Path) -> Order:
    """A person's own type of flaw that refuses its graver grades, which the look before the work does not draw."""
    own = tmp_path / "own.py"
    text = (Path(__file__).parents[2] / "defects" / "chatter.py").read_text(encoding="utf-8")
    marked = "        outline = blob("
    assert marked in text
    refusal = (
        "        if depth_mm > 0.003:\n"
        '            raise BadInput(where="own.py", expected="up to 3 um", found=f"{1000 * depth_mm:.3g} um")\n'
    )
    text = text.replace(marked, refusal + marked)
    text = text.replace("import numpy", "from firstshift.core.errors import BadInput\nimport numpy")
    own.write_text(text, encoding="utf-8")
    folder = changed(bracket, tmp_path / "plan")
    plan = folder / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("  - type: other"), text.index("policy:")
    entry = "  - {type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}"
    plan.write_text(f"{text[:start]}{entry}\n\n{text[end:]}", encoding="utf-8")
    return order_for(
        folder, SynthSettings(per_defect=8, size_px=64, classes=("chatter",), channels=("dark",)), None, (own,)
    )


@pytest.mark.parametrize("crew", CREWS, ids=NAMES)
def test_an_error_that_a_person_can_mend_comes_as_it_is(ws: Workspace, grumbling: Order, crew: Crew) -> None:
    with pytest.raises(FirstshiftError) as caught:
        synthesise(ws, grumbling, crew=crew)
    assert type(caught.value) is BadInput
    assert caught.value.message.startswith("own.py: expected up to 3 um, found ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("crew", CREWS, ids=NAMES)
def test_what_a_worker_lacks_is_said_as_it_is(ws: Workspace, bracket: Path, crew: Crew) -> None:
    """Said by the painter where it is made or where it first shades: no GPU here."""
    order = order_for(bracket, SynthSettings(good=9, size_px=64, device="cuda:7"))
    with pytest.raises(Unavailable, match="CUDA GPU") as caught:
        synthesise(ws, order, crew=crew)
    assert "cluster" not in caught.value.message
    assert ws.images.count() == 0
