"""What a plan names beside itself is read up to a limit; a moving part is blurred the way the plan says it moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.imagefacts import DEFAULT_LIMITS
from firstshift.core.imagefile import read_image_file
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.placing import heat_map
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.settings import GOOD
from firstshift.spec.plan import Plan
from firstshift.spec.station import Station
from tests.line.synth.tiles import TILE, tile_stage

MOVING = TILE.replace("lights: [side]}", "lights: [side], exposure_ms: 4}").replace(
    "working_distance_mm: 212", "working_distance_mm: 212\n  part_speed_mm_s: 150\n  part_direction_deg: 30"
)


def test_a_heat_map_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    stage = tile_stage(tmp_path)
    with (tmp_path / "heat.png").open("wb") as file:
        file.truncate(DEFAULT_LIMITS.max_bytes + 1000)
    entry = stage.plan.defects[0].model_copy(update={"place": "heat_map", "heat_map": "heat.png"})
    with pytest.raises(BadInput, match=r"heat\.png: expected at most 268,435,456 bytes, found a larger file"):
        heat_map(stage, entry)


def test_exactly_the_limit_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 10)
    assert read_image_file(tmp_path / "a.png", "a.png", max_bytes=10) == b"x" * 10
    with pytest.raises(BadInput, match=r"a\.png: expected at most 9 bytes"):
        read_image_file(tmp_path / "a.png", "a.png", max_bytes=9)
    with pytest.raises(BadInput, match="expected a map, found No such file or directory; draw one"):
        read_image_file(tmp_path / "b.png", "b.png", expected="a map", way_out="draw one")


def slant_deg(difference: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Which way a picture varies least, anticlockwise: by the structure tensor of its gradients."""
    down, across = np.gradient(difference)
    up = -down
    gradient = 0.5 * np.arctan2(2 * (across * up).sum(), (across**2 - up**2).sum())
    return float(np.degrees(gradient) + 90) % 180


def test_a_point_is_drawn_out_the_way_the_part_moves(tmp_path: Path) -> None:
    stage = tile_stage(tmp_path, MOVING)
    pose = draw_pose(stage, GOOD, 0)
    recipe = replace(draw_recipe(stage, pose, GOOD, 0), noise=0.0)
    assert recipe.motion_deg == 30.0
    ready = stage.ready(pose, GOOD)
    height, width = ready.confusion_px.shape
    signal = np.full((height, width, 1), 0.2, np.float32)
    signal[height // 2, width // 2] = 0.9
    for turned in (30.0, 120.0, 0.0):
        image = stage.expose(signal, ready, replace(recipe, motion_deg=turned), "side", blurred=True)
        around = image.pixels[height // 2 - 12 : height // 2 + 13, width // 2 - 12 : width // 2 + 13, 0]
        off = (slant_deg(around.astype(np.float64)) - turned + 90) % 180 - 90
        assert abs(off) < 6, turned


def test_the_direction_is_drawn_around_the_plans_and_recorded(tmp_path: Path) -> None:
    still = tile_stage(tmp_path)
    pose = draw_pose(still, GOOD, 0)
    assert draw_recipe(still, pose, GOOD, 0).motion_deg == 0.0
    varied = tile_stage(tmp_path, MOVING + "policy: {randomisation: {motion_deg: 20}}\n")
    recipes = [draw_recipe(varied, pose, GOOD, number) for number in range(40)]
    drawn = np.array([recipe.motion_deg for recipe in recipes])
    assert 10 < drawn.min() < 15
    assert 45 < drawn.max() < 50
    assert Recipe.from_json(recipes[3].to_json()) == recipes[3]
    # Drawn by its own name: everything else stays what it was.
    alike = draw_recipe(tile_stage(tmp_path, MOVING), pose, GOOD, 3)
    assert replace(recipes[3], motion_deg=30.0, run=alike.run) == alike


def test_a_movement_longer_than_the_image_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="more than the image shows; check the unit"):
        tile_stage(tmp_path, MOVING.replace("part_speed_mm_s: 150", "part_speed_mm_s: 50000"))


def test_along_the_rows_unless_the_plan_says_otherwise() -> None:
    station: Station = Plan.from_text(TILE, "plan").station
    assert station.part_direction_deg == 0.0
