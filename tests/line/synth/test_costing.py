"""What an image of each class costs in processor time."""

from __future__ import annotations

from pathlib import Path

from firstshift.line.synth.costing import class_costs
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.spec.examples import copy_example


def test_what_an_image_of_each_class_costs(tmp_path: Path) -> None:
    copy_example("strip", tmp_path / "plan")
    order = order_for(tmp_path / "plan", SynthSettings(size_px=64))
    costs = {one.kind: one for one in class_costs(order, images=4)}
    assert set(costs) == {"good", *Stage(order).drawn.classes}
    assert all(0 < one.images <= 4 and 0 < one.processor_ms < 10_000 for one in costs.values())
    assert all(one.processor_ms > one.pose_ms for one in costs.values() if one.kind == "good")
