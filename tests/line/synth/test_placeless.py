"""Flaws that find no place: said before the work where none of a class does, left out where single parts have none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.line.synth.crew import Alone, Crew, Processes
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.sheet import draw_sheet
from firstshift.line.synth.stage import Stage
from firstshift.store.workspace import Workspace
from tests.line.synth.conftest import small_order
from tests.spec.plans import changed_text

WHOLE = {"framing": "whole", "size_px": 128, "channels": ("bright",)}


def changed(bracket: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    shutil.copytree(bracket, folder)
    plan = folder / "plan.yaml"
    plan.write_text(changed_text(plan.read_text(encoding="utf-8"), *changes), encoding="utf-8")
    return folder


BURR = "    height_mm: [0.1, 0.6]       # a blunt cutter pushes material over the edge\n    regions: [outer_edge]"
NO_HOLE = ("size_mm: [5.5, 9.5]", "size_mm: [1.1, 1.2]")


@pytest.mark.parametrize("view", [WHOLE, {"size_px": 96}], ids=["whole", "window"])
@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("hole_missing", NO_HOLE, "diameter of a round hole"),
        ("burr", (BURR, BURR.replace("[outer_edge]", "[bearing_seat]\n    place: surface")), "an edge of the part"),
    ],
    ids=["no hole of that size", "a burr inside a face"],
)
def test_an_entry_without_a_place_is_left_out_before_the_work(
    ws: Workspace, bracket: Path, tmp_path: Path, view: dict[str, object], name: str, change: tuple[str, str], why: str
) -> None:
    folder = changed(bracket, tmp_path / "plan", change)
    said: list[str] = []
    report = synthesise(ws, small_order(folder, good=1, classes=(), **view), told=said.append)
    assert why in report.skipped[name]
    assert any(line.startswith(f"{name} is not drawn: ") for line in said)
    assert report.images == ws.images.count() > 0
    with pytest.raises(BadInput, match=why):
        synthesise(ws, small_order(folder, per_defect=1, classes=(name,), **view))


def test_a_plan_with_nothing_left_is_refused_in_one_line(ws: Workspace, bracket: Path, tmp_path: Path) -> None:
    folder = changed(bracket, tmp_path / "plan", NO_HOLE)
    plan = folder / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("  - type: scratch"), text.index("  - type: missing_feature")
    plan.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(BadInput, match=r"a class that can be drawn, found none; hole_missing: .*diameter"):
        synthesise(ws, small_order(folder, per_defect=1, **WHOLE))
    assert ws.images.count() == 0


@pytest.fixture(scope="module")
def loose(bracket: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part that lies anywhere within 40 cm: in few of its poses there is a hole in the image."""
    folder = tmp_path_factory.mktemp("loose") / "plan"
    return changed(bracket, folder, ("shift_mm: 1.5", "shift_mm: 400"), ("images_per_pose: 4", "images_per_pose: 2"))


def test_a_part_without_a_place_is_left_out_and_the_run_goes_on(ws: Workspace, loose: Path, tmp_path: Path) -> None:
    asked = {"per_defect": 12, "classes": ("hole_missing", "scratch"), **WHOLE, "size_px": 64}
    said: list[str] = []
    report = synthesise(ws, small_order(loose, **asked), crew=Alone(), told=said.append)
    left_out = report.without_place["hole_missing"]
    assert 0 < left_out < 12
    assert left_out % 2 == 0, "both images of a pose"
    assert report.parts["hole_missing"] == 12 - left_out
    assert report.images == ws.images.count() == sum(report.parts.values())
    assert any(line.startswith(f"hole_missing: {left_out} of 12 parts are left out") for line in said)

    again = synthesise(ws, small_order(loose, **asked))
    assert (again.images, again.known, again.without_place) == (0, report.images, report.without_place)

    crew: Crew = Processes(2)
    with Workspace.create(tmp_path / "other", actor="human:test") as other:
        same = synthesise(other, small_order(loose, **asked), crew=crew)
        assert {one.id for one in other.images.all()} == {one.id for one in ws.images.all()}
        assert same.without_place == report.without_place


def test_a_place_that_a_fixture_hides_is_looked_for_in_another_pose(bracket: Path) -> None:
    """The image decides, not the survey: what was there before the backdrop stood may be gone."""
    from dataclasses import replace

    from firstshift.line.synth.painting import Painter
    from firstshift.line.synth.placing import has_place

    stage = Stage(small_order(bracket, per_defect=1, **WHOLE))
    painter = Painter(stage)
    first = painter.ready_for("hole_missing", 0)
    assert has_place(stage, first)
    away = replace(first.pose, shift_mm=(500.0, 0.0))
    assert not has_place(stage, stage.ready(away, "hole_missing"))


def test_what_is_left_out_does_not_come_beside_another_flaw(bracket: Path, tmp_path: Path) -> None:
    inside = (BURR, BURR.replace("[outer_edge]", "[bearing_seat]\n    place: surface\n    frequency: 50"))
    many = ("images_per_pose: 4", "images_per_pose: 4, flaws: [4, 4], mixed: 1")
    stage = Stage(small_order(changed(bracket, tmp_path / "plan", inside, many), per_defect=1, **WHOLE))
    pose = draw_pose(stage, "scratch", 0)
    recipes = [draw_recipe(stage, pose, "scratch", number) for number in range(20)]
    assert all(recipe.flaws[0].class_name == "scratch" for recipe in recipes)
    assert not [flaw for recipe in recipes for flaw in recipe.flaws if flaw.class_name == "burr"]
    assert any(len(recipe.flaws) > 1 for recipe in recipes)


def test_a_contact_sheet_leaves_it_out_too(bracket: Path, tmp_path: Path) -> None:
    folder = changed(bracket, tmp_path / "plan", NO_HOLE)
    sheet = draw_sheet(small_order(folder, good=1, per_defect=1, **WHOLE), columns=1)
    assert "hole_missing" in sheet.skipped
    assert sheet.images == 7
