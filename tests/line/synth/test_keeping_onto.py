"""A flaw on a photograph is explained after its plan changed, and after it is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firstshift.core.encode import encode_png
from firstshift.line.synth.keeping import write_inputs
from firstshift.line.synth.onto import put_onto
from firstshift.line.synth.onto_order import OntoSettings
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.showing import look_at
from firstshift.spec.plan import Plan
from firstshift.store.workspace import Workspace
from tests.line.synth.tiles import photograph, taken, tile_order


@pytest.fixture
def photographs(ws: Workspace, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "tile.png").write_bytes(encode_png(photograph(0)))
    return taken(ws, tmp_path / "photographs")


def _made(ws: Workspace, order: Order, photographs: dict[str, str], region: str | None = None) -> str:
    """The image's id."""
    before = {one.id for one in ws.images.all()}
    settings = OntoSettings(per_photo=1, seed=1, region=region, mm_per_pixel=0.1)
    assert put_onto(ws, order, settings, photographs).images == 1
    (image,) = {one.id for one in ws.images.all()} - before
    return image


def test_a_flaw_on_a_photograph_outlives_its_plan(ws: Workspace, photographs: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    order = tile_order(tmp_path / "plan")
    image = _made(ws, order, photographs)
    assert look_at(ws, image, order.folder).plan_kept_because == ""
    shutil.rmtree(order.folder)
    found = look_at(ws, image, order.folder / "plan.yaml")
    assert found.is_same
    assert "is not there" in found.plan_kept_because


def test_two_plans_that_are_one_on_a_plane_are_kept_each(
    ws: Workspace, photographs: dict[str, str], bracket: Path, tmp_path: Path
) -> None:
    """A plane has neither regions nor a CAD file; what explains an image, and what is written out, has both."""
    plan = Path(shutil.copytree(bracket, tmp_path / "plan"))
    first = _made(ws, order_for(plan, SynthSettings()), photographs, "upper_face")
    text = (plan / "plan.yaml").read_text(encoding="utf-8")
    (plan / "plan.yaml").write_text(text.replace("upper_face", "top_face"), encoding="utf-8")
    renamed = Plan.load(plan)
    second = _made(ws, order_for(plan, SynthSettings()), photographs, "top_face")
    found = look_at(ws, first, plan)
    assert found.is_same
    assert found.plan_kept_because
    shutil.rmtree(plan)
    for image, names in ((second, "top_face"), (first, "upper_face")):
        found = look_at(ws, image, plan)
        assert found.is_same
        assert "is not there" in found.plan_kept_because
        write_inputs(ws, found.provenance, tmp_path / names)
        written = Plan.load(tmp_path / names)
        assert written.part.regions[0].name == names
        assert (tmp_path / names / "bracket.step").read_bytes() == (bracket / "bracket.step").read_bytes()
        assert look_at(ws, image, tmp_path / names).plan_kept_because == ""
    assert Plan.load(tmp_path / "top_face") == renamed
