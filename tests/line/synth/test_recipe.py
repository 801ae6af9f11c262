"""Recipes: everything drawn is told, in JSON, and hangs on names rather than on order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.line.synth.drawing import draw_pose, draw_recipe, units_of
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Stage
from tests.line.synth.conftest import small_order


@pytest.fixture(scope="module")
def stage(bracket: Path) -> Stage:
    return Stage(small_order(bracket, good=20, per_defect=60))


def test_a_recipe_comes_back_from_json(stage: Stage) -> None:
    for kind in (GOOD, "scratch", "hole_missing"):
        recipe = draw_recipe(stage, draw_pose(stage, kind, 1), kind, 30)
        assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_another_recipe_version_is_refused(stage: Stage) -> None:
    told = draw_recipe(stage, draw_pose(stage, GOOD, 0), GOOD, 0).to_json()
    with pytest.raises(BadInput, match="recipe version"):
        Recipe.from_json(told | {"recipe": 0})
    with pytest.raises(BadInput, match="made by"):
        Recipe.from_json({"prompt": "a photograph"})


def test_draws_do_not_hang_on_what_was_drawn_before(stage: Stage, bracket: Path) -> None:
    late = draw_pose(stage, "scratch", 2)
    other = Stage(small_order(bracket, per_defect=1))
    assert draw_pose(other, "scratch", 2) == late
    assert draw_recipe(other, late, "scratch", 55) == draw_recipe(stage, late, "scratch", 55)


def test_every_draw_stays_inside_the_plan(stage: Stage) -> None:
    vary, place = stage.plan.policy.randomisation, stage.plan.part.placement
    finish = stage.plan.part.bodies[0].finish
    lights, turns, ras = set(), set(), set()
    for number in range(40):
        pose = draw_pose(stage, GOOD, number)
        recipe = draw_recipe(stage, pose, GOOD, number)
        assert abs(pose.turn_deg) <= place.turn_deg
        assert pose.shift_mm[0] ** 2 + pose.shift_mm[1] ** 2 <= place.shift_mm**2
        assert pose.camera_tilt_deg[0] ** 2 + pose.camera_tilt_deg[1] ** 2 <= vary.camera_deg**2
        assert pose.surfaces[0].ra_um in finish.ra_um
        assert all(abs(factor - 1) <= vary.light for factor in recipe.light.values())
        assert recipe.noise in vary.noise
        assert recipe.sharpness in vary.sharpness
        lights.add(recipe.light["ring"])
        turns.add(pose.turn_deg)
        ras.add(pose.surfaces[0].ra_um)
    assert min(map(len, (lights, turns, ras))) == 40


def test_without_randomisation_only_the_part_moves(bracket: Path) -> None:
    stage = Stage(small_order(bracket, good=1, varied=False))
    pose = draw_pose(stage, GOOD, 0)
    recipe = draw_recipe(stage, pose, GOOD, 0)
    assert (pose.camera_tilt_deg, pose.distance_factor, pose.backdrop_seed) == ((0.0, 0.0), 1.0, None)
    assert set(recipe.light.values()) == {1.0}
    assert recipe.exposure == recipe.noise == recipe.sharpness == 1.0
    assert pose.turn_deg != 0.0


def test_units_are_interleaved_and_cover_everything_once(stage: Stage) -> None:
    units = units_of(stage.plan, SynthSettings(good=20, per_defect=60), ("scratch", "dent"))
    for kind, count in ((GOOD, 20), ("scratch", 60), ("dent", 60)):
        numbers = [number for unit in units if unit.kind == kind for number in unit.numbers]
        assert numbers == list(range(count))
    assert {unit.kind for unit in units[:3]} == {GOOD, "scratch", "dent"}


def test_a_run_has_one_name_however_many_images_it_has() -> None:
    plan, both = "a plan's hash", ("bright", "dark")
    few, many = SynthSettings(good=1, seed=5), SynthSettings(good=900, per_defect=4, seed=5)
    assert few.run_name(plan, None, both) == many.run_name(plan, None, both)
    assert few.run_name(plan, None, both) != SynthSettings(seed=6).run_name(plan, None, both)
    assert few.run_name(plan, None, both) != few.run_name("another", None, both)
    assert few.run_name(plan, None, both) != few.run_name(plan, "a profile", both)
    assert few.run_name(plan, None, both) != few.run_name(plan, None, ("dark",))


def test_a_replaced_cad_file_makes_another_run(bracket: Path, tmp_path: Path) -> None:
    shutil.copytree(bracket, tmp_path / "plan")
    before = Stage(small_order(tmp_path / "plan", good=1)).run
    cad = tmp_path / "plan" / "bracket.step"
    cad.write_bytes(cad.read_bytes() + b"\n")
    assert Stage(small_order(tmp_path / "plan", good=1)).run != before


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"good": -1}, "--good"), ({"size_px": 4}, "--size"), ({"seed": -3}, "--seed")],
)
def test_numbers_out_of_bounds_are_refused(asked: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        SynthSettings(**asked)


def test_unknown_channels_and_classes_are_refused(bracket: Path) -> None:
    with pytest.raises(BadInput, match="one of bright, dark"):
        small_order(bracket, channels=("infra",))
    with pytest.raises(BadInput, match="one of scratch"):
        small_order(bracket, classes=("rust",))
