"""A station with a back light: where it is off, its panel lies behind the part and not a black void."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firstshift.line.synth.drawing import draw_pose, nominal_pose
from firstshift.line.synth.setting_up import prepare_pose
from firstshift.line.synth.settings import GOOD
from firstshift.line.synth.stage import Stage
from firstshift.render.gbuffer import NOTHING
from tests.line.synth.tiles import TILE, tile_stage

LIT = TILE.replace(
    "  channels:\n    - {name: side, lights: [side]}\n",
    "    - {kind: back_light, name: back, size_mm: [60, 60], below_mm: 15}\n  channels:\n"
    "    - {name: side, lights: [side]}\n    - {name: outline, lights: [back]}\n",
).replace("size_mm: [16, 12, 4]", "size_mm: [10, 8, 4]")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("lit")
    return tile_stage(folder, LIT, framing="whole")


def test_behind_the_part_is_a_white_panel_that_differs_with_the_background(stage: Stage) -> None:
    pose = draw_pose(stage, GOOD, 0)
    assert pose.backdrop_seed is not None
    whites = []
    for seed in (None, 1, 2, 3):
        prepared = prepare_pose(stage, replace(pose, backdrop_seed=seed))
        behind = prepared.radiance[:, prepared.gbuffer.surface == NOTHING, 0]
        assert behind.shape[1] > 500
        assert (behind[1] == 1.0).all()  # on, it shines; off, it is grey in the other lamp's light
        assert behind[0].min() > 0.1
        whites.append(float(np.median(behind[0])))
    assert len({round(white, 3) for white in whites}) == 4


def test_the_part_decides_how_bright_its_channel_is_and_not_the_panel(stage: Stage) -> None:
    prepared = stage.ready(nominal_pose(stage, stage.scale), GOOD).prepared
    on_part = prepared.scene.on_part(prepared.gbuffer)
    shown = stage.exposures["side"] * prepared.radiance[0, on_part, 0]
    panel = stage.exposures["side"] * prepared.radiance[0, ~on_part, 0]
    assert 0.15 < float(np.percentile(shown, 98)) < 0.7
    assert float(np.median(panel)) > float(np.percentile(shown, 98))
    assert stage.exposures["outline"] == pytest.approx(0.65, abs=0.01)
