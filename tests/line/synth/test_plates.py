"""A plate from an STL file: its hole is not drilled, its underside is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.line.synth.drawing import draw_recipe
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.painting import Painter
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.sheet import draw_sheet
from firstshift.line.synth.stage import Stage
from firstshift.store.workspace import Workspace
from tests.line.synth.plates import plate, plate_plan, ring_means, without_underside

PIXEL_MM = 3.45e-3 / 0.2


def test_a_hole_of_chords_that_was_not_drilled_leaves_no_ring(tmp_path: Path) -> None:
    """About 1,000 pixels in each ring of one pixel, which the finish varies by 2 %: their mean by 0.1 %."""
    order = order_for(plate_plan(tmp_path), SynthSettings(per_defect=1, size_px=480, varied=False))
    painter = Painter(Stage(order))
    ready = painter.ready_for("undrilled", 0)
    painted = painter.paint(draw_recipe(painter.stage, ready.pose, "undrilled", 0), ready)
    assert {one.channel for one in painted} == {"bright", "dark"}
    for one in painted:
        inner, rim, outer = ring_means(one.image.pixels[:, :, 0].astype(float), PIXEL_MM, [2.7, 2.95, 3.0, 3.25])
        assert rim == pytest.approx((inner + outer) / 2, rel=0.003), one.channel


def test_a_hole_in_an_open_mesh_is_left_out_and_the_open_mesh_is_remarked_on_once(
    ws: Workspace, tmp_path: Path
) -> None:
    plan = plate_plan(tmp_path / "plan", without_underside(plate()))
    said: list[str] = []
    order = order_for(plan, SynthSettings(good=1, per_defect=1, size_px=96, channels=("bright",)))
    report = synthesise(ws, order, told=said.append)
    assert report.images == 2
    (remark,) = [line for line in said if "closed surface" in line]
    assert remark.startswith("part.cad: expected a closed surface, found 64 open edges")
    assert "\n" not in remark
    (remark,) = draw_sheet(order, columns=1).doubts
    assert "closed surface" in remark
