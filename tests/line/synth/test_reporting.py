"""What a run tells at its end and writes down on its way: one unit, hidden flaws in numbers, a disk that fills."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firstshift.core.errors import Unavailable
from firstshift.core.progress import ProgressEvent, Reporting
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.report import Hidden
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.showing import look_at
from firstshift.store.audit import verify_workspace
from firstshift.store.workspace import Workspace
from tests.disks import mounted
from tests.line.synth.conftest import small_order
from tests.line.synth.test_placeless import changed

UNIT = Unit("good", 0, 1)


def test_the_share_is_rounded_up_to_whole_parts() -> None:
    assert not Hidden(parts=2, not_visible=1, share=0.1).is_exceeded
    assert Hidden(parts=2, not_visible=2, share=0.1).is_exceeded
    assert not Hidden(parts=50, not_visible=5, share=0.1).is_exceeded
    assert Hidden(parts=50, not_visible=6, share=0.1).is_exceeded
    assert Hidden(parts=50, not_visible=1, share=0.0).is_exceeded
    assert not Hidden(parts=50, not_visible=50, share=1.0).is_exceeded


def test_flaws_that_no_light_shows_are_told_with_numbers_and_a_way_out(
    ws: Workspace, bracket: Path, tmp_path: Path
) -> None:
    ordinary = "size_mm: [0.08, 0.4]\n    depth_um: [5, 60]\n    pits: [3, 40]"
    faint = (ordinary, "size_mm: [0.005, 0.01]\n    depth_um: [0.1, 0.5]\n    pits: [3, 3]")
    folder = changed(bracket, tmp_path / "plan", faint)
    asked = {"classes": ("corrosion", "hole_missing"), "size_px": 64}
    synthesise(ws, small_order(folder, per_defect=2, **asked))
    said: list[str] = []
    report = synthesise(ws, small_order(folder, per_defect=6, **asked), told=said.append)
    pits = report.hidden["corrosion"]
    assert (pits.parts, pits.share, pits.is_exceeded) == (6, 0.1, True), "over the whole run, not this call alone"
    assert not report.hidden["hole_missing"].is_exceeded
    told = [line for line in said if "synthetic.not_visible" in line]
    assert len(told) == 1
    assert told[0].startswith(f"corrosion: the flaw shows in no channel on {pits.not_visible} of 6 parts")
    assert "10%" in told[0]
    assert "severity" in told[0]
    assert report.to_json()["not_visible"]["corrosion"] == {
        "parts": 6, "not_visible": pits.not_visible, "plan": 0.1, "exceeded": True,
    }  # fmt: skip


def test_images_are_what_is_counted(ws: Workspace, bracket: Path) -> None:
    """Two channels: a part has two images, whether they are new, known from the journal or known by their bytes."""
    events: list[ProgressEvent] = []
    first = synthesise(ws, small_order(bracket, good=3), progress=Reporting(events.append, every_s=0))
    assert (first.images, first.known, events[-1].done, events[-1].total) == (6, 0, 6, 6)
    more = synthesise(ws, small_order(bracket, good=5))
    assert (more.images, more.known, dict(more.parts)) == (4, 6, {"good": 5})
    less = synthesise(ws, small_order(bracket, good=2))
    assert (less.images, less.known) == (0, 4)
    shutil.rmtree(ws.folder / "synth")
    again = synthesise(ws, small_order(bracket, good=5))
    assert (again.images, again.known, ws.images.count()) == (0, 10, 10)


def test_a_journal_that_cannot_be_written_is_one_line_and_nothing_is_lost(ws: Workspace, bracket: Path) -> None:
    order = small_order(bracket, good=20, size_px=64)
    synthesise(ws, small_order(bracket, good=1, size_px=64))
    (journal,) = (ws.folder / "synth").iterdir()
    in_the_way = journal.with_name(f"{journal.name}.new")
    in_the_way.mkdir()
    with pytest.raises(Unavailable, match="the same command then goes on") as caught:
        synthesise(ws, order)
    assert "\n" not in caught.value.message
    assert journal.name in caught.value.message
    in_the_way.rmdir()
    begun = ws.images.count()
    assert 2 < begun < 40
    report = synthesise(ws, order)
    assert (report.images + begun, report.known, ws.images.count()) == (40, begun, 40)
    assert not verify_workspace(ws).problems


@pytest.fixture
def tiny_disk(ws: Workspace) -> Iterator[Path]:
    """Two pages under the journal alone."""
    with mounted(ws.folder / "synth", "8k") as place:
        yield place


@pytest.mark.may_skip("mounting needs root; the test above takes the same way without it")
def test_the_disk_fills_while_the_journal_is_written(ws: Workspace, bracket: Path, tiny_disk: Path) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 8192)
    order = small_order(bracket, good=2, size_px=64)
    with pytest.raises(Unavailable, match="No space left on device; make room"):
        synthesise(ws, order)
    begun = ws.images.count()
    ballast.unlink()
    report = synthesise(ws, order)
    assert (report.images + report.known, report.known, ws.images.count()) == (4, begun, 4)


def test_the_device_is_part_of_the_record_and_used_again(ws: Workspace, bracket: Path) -> None:
    order = small_order(bracket, good=1, size_px=64, channels=("bright",), device="torch:cpu")
    synthesise(ws, order)
    (record,) = ws.images.all()
    assert record.capture.provenance["device"] == "torch:cpu"
    found = look_at(ws, record.id, bracket)
    assert (found.is_same, found.device, found.made_on) == (True, "torch:cpu", "torch:cpu")
    on_processor = synthesise(ws, small_order(bracket, good=2, size_px=64, channels=("bright",)))
    assert on_processor.known == 1, "the same run, wherever it goes on"
    assert {one.capture.provenance["device"] for one in ws.images.all()} == {"torch:cpu", "cpu"}


def test_a_device_that_is_not_here_is_named_when_an_image_is_shown(ws: Workspace, bracket: Path) -> None:
    (new,) = small_order(bracket, good=1, size_px=64, channels=("bright",)).painter().paint_unit(UNIT)
    told = {**new.capture.provenance, "device": "cuda:7"}
    record = ws.images.add(new.data, replace(new.capture, provenance=told))
    found = look_at(ws, record.id, bracket)
    assert (found.is_same, found.device, found.made_on) == (True, "cpu", "cuda:7")
    assert found.to_json()["rendered_again"]["device"] == "cpu"
