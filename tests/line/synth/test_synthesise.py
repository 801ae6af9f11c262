"""Images into a workspace: the same bytes on any crew, stopped and resumed, labelled with the truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Level, Verdict
from firstshift.core.outline import mask_of
from firstshift.core.progress import Cancelled, ProgressEvent, Reporting
from firstshift.line.synth.crew import Alone, Cluster, Crew, Processes
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.showing import look_at
from firstshift.store.audit import verify_workspace
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from tests.line.synth.conftest import small_order

CLASSES = ("scratch", "hole_missing")


def contents(ws: Workspace) -> dict[str, str]:
    return {str(one.capture.source): one.content for one in ws.images.all()}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, bracket: Path) -> Workspace:
    """Six good parts and eight with each of two flaws, by one process."""
    ws = Workspace.create(tmp_path_factory.mktemp("synth") / "ws", actor="human:test")
    synthesise(ws, small_order(bracket, good=6, per_defect=8, classes=CLASSES))
    return ws


def test_everything_asked_for_is_there_and_verifies(done: Workspace) -> None:
    assert done.images.count() == 2 * (6 + 8 + 8)
    assert done.images.count(Query(origin="rendered", labelled=True)) == 44
    assert done.images.count(Query(verdict="good")) == 12
    assert not verify_workspace(done).problems


def test_the_run_can_be_stopped_and_goes_on(done: Workspace, ws: Workspace, bracket: Path) -> None:
    def stop(event: ProgressEvent) -> None:
        if event.done >= 9:
            raise Cancelled("enough")

    order = small_order(bracket, good=6, per_defect=8, classes=CLASSES)
    with pytest.raises(Cancelled):
        synthesise(ws, order, progress=Reporting(stop, every_s=0))
    begun = ws.images.count()
    assert 0 < begun < 44
    report = synthesise(ws, order)
    assert contents(ws) == contents(done)
    assert (report.images, report.known) == (44 - begun, begun)
    assert dict(report.parts) == {"good": 6, "scratch": 8, "hole_missing": 8}
    again = synthesise(ws, order)
    assert (again.images, again.known, ws.images.count()) == (0, 44, 44)


def test_asking_for_more_adds_to_what_is_there(ws: Workspace, bracket: Path) -> None:
    synthesise(ws, small_order(bracket, good=3))
    first = contents(ws)
    report = synthesise(ws, small_order(bracket, good=5))
    assert report.images == 4
    assert first.items() <= contents(ws).items()
    assert len(contents(ws)) == 10


@pytest.mark.parametrize("crew", [Processes(2), Cluster("local", 2)], ids=["two processes", "Ray on two workers"])
def test_every_crew_paints_the_same_bytes(done: Workspace, ws: Workspace, bracket: Path, crew: Crew) -> None:
    synthesise(ws, small_order(bracket, good=6, per_defect=8, classes=CLASSES), crew=crew)
    assert contents(ws) == contents(done)


def test_labels_tell_the_truth(done: Workspace) -> None:
    seen = set()
    for record in done.images.all(Query(class_name="scratch", limit=500)):
        label = done.labels.current([record.id])[record.id]
        assert (label.level, label.author) == (Level.SYNTHETIC, "service:synth")
        first = label.label.annotations[0]
        told = first.attributes
        seen.add(told["visibility"])
        assert first.severity in range(1, 5)
        assert told["region"] in ("upper_face", "bearing_seat")
        assert told["type"] == "scratch"
        assert 0.5 <= told["length_mm"] <= 20
        assert 2 <= told["depth_um"] <= 40
        if told["visibility"] == "not visible":
            assert label.label.verdict is not Verdict.GOOD
        if all(one.attributes["visibility"] == "not visible" for one in label.label.annotations):
            assert label.label.verdict is Verdict.UNSURE
        else:
            assert label.label.verdict is Verdict.DEFECT
            assert first.shape is None or mask_of(first.shape, record.width, record.height).area > 0
    assert "visible" in seen


def test_where_a_flaw_is_said_to_be_the_image_differs_from_a_clean_one(bracket: Path) -> None:
    """The same recipe without its flaw differs inside the mask and hardly anywhere else."""
    from dataclasses import replace

    import numpy as np

    from firstshift.line.synth.drawing import draw_pose, draw_recipe
    from firstshift.line.synth.painting import Painter
    from firstshift.line.synth.stage import Stage

    stage = Stage(small_order(bracket, per_defect=1, size_px=160, channels=("dark",)))
    painter, checked = Painter(stage), 0
    for number in (0, 4, 8, 12):
        recipe = draw_recipe(stage, draw_pose(stage, "dent", number // 4), "dent", number)
        (flawed,) = painter.paint(recipe)
        (clean,) = painter.paint(replace(recipe, flaws=()))
        change = np.abs(flawed.image.grey() - clean.image.grey())
        one = flawed.label.annotations[0]
        if one.attributes["visibility"] != "visible" or one.shape is None:
            continue
        inside = mask_of(one.shape, flawed.image.width, flawed.image.height).pixels
        grown = np.zeros_like(inside)
        box = one.box
        assert box is not None
        reach = 12
        grown[max(0, int(box.y) - reach) : int(box.y + box.height) + reach,
              max(0, int(box.x) - reach) : int(box.x + box.width) + reach] = True  # fmt: skip
        assert change[inside].mean() > 3 * change[~grown].mean()
        assert np.percentile(change[~grown], 99) <= 2 / 255, "blur and JPEG-free noise are drawn alike"
        checked += 1
    assert checked >= 2


def test_an_image_is_rendered_again_bit_for_bit_from_its_provenance(done: Workspace, bracket: Path) -> None:
    records = list(done.images.all())
    for record in (records[3], records[20], records[41]):
        found = look_at(done, record.id, bracket, suffix=".png")
        assert found.is_same
        assert found.differing == 0
        assert found.picture.startswith(b"\x89PNG")


def test_a_changed_plan_is_named_when_an_image_is_shown(done: Workspace, bracket: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(bracket, tmp_path / "other")
    plan = tmp_path / "other" / "plan.yaml"
    plan.write_text(plan.read_text().replace("working_distance_mm: 287", "working_distance_mm: 288"))
    found = look_at(done, next(iter(done.images.all())).id, plan)
    assert found.is_same
    assert found.plan_kept_because == f"{plan}, or a file that it names, changed since"


def test_killed_at_any_moment_nothing_is_lost_or_twice(done: Workspace, bracket: Path, tmp_path: Path) -> None:
    """SIGKILL to the whole process group, three times, at different depths; then the same command ends the work."""
    place = tmp_path / "ws"
    Workspace.create(place, actor="human:test").close()
    command = [
        *(sys.executable, "-m", "firstshift.cli.app", "synth", str(bracket / "plan.yaml"), "--workspace", str(place)),
        *("--good", "6", "--per-defect", "8", "--class", "scratch", "--class", "hole_missing"),
        *("--size", "96", "--seed", "3", "--workers", "2", "--quiet"),
    ]
    journals = place / "synth"
    for wanted in (1, 12, 24):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and child.poll() is None:
            journal = next(iter(journals.glob("*.json")), None) if journals.exists() else None
            if journal is not None and 2 * sum(json.loads(journal.read_text())["done"].values()) >= wanted:
                break
            time.sleep(0.02)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    with Workspace.open(place) as ws:
        assert contents(ws) == contents(done)
        assert not verify_workspace(ws).problems


def test_what_no_model_draws_is_left_out_and_said(ws: Workspace, bracket: Path) -> None:
    said: list[str] = []
    report = synthesise(ws, small_order(bracket, good=1), told=said.append)
    assert list(report.skipped) == ["chatter"]
    assert said[0].startswith("chatter is not drawn")
    with pytest.raises(BadInput, match="a class that can be drawn"):
        synthesise(ws, small_order(bracket, per_defect=2, classes=("chatter",)))


def test_nothing_asked_for_is_refused(ws: Workspace, bracket: Path) -> None:
    with pytest.raises(BadInput, match="--good 100"):
        synthesise(ws, small_order(bracket))
    assert ws.images.count() == 0


def test_sixteen_bits_and_whole_images(ws: Workspace, bracket: Path) -> None:
    synthesise(ws, small_order(bracket, good=1, bits=16, framing="whole", size_px=120), crew=Alone())
    record = next(iter(ws.images.all()))
    assert (record.bits, record.width, record.height) == (16, 120, 100)
    assert int(ws.images.read(record).pixels.max()) > 255
