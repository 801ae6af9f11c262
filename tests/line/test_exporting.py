"""Export: what came in goes out again, in every format, byte for byte and label for label."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from firstshift.core.capture import Capture
from firstshift.core.errors import BadInput, NotFound
from firstshift.core.label import Annotation, Label, Level, Verdict
from firstshift.core.shapes import Box
from firstshift.formats.record import Record
from firstshift.formats.registry import FORMATS, read_dataset
from firstshift.line.datasets import snapshot_dataset
from firstshift.line.exporting import export_dataset
from firstshift.line.importing import import_dataset
from firstshift.line.splitting import split_dataset
from firstshift.store.audit import verify_workspace
from firstshift.store.search import Query
from tests.line.data_sets import boxed_records, class_folders, workspace, written
from tests.pictures import jpeg


def read_back(folder: Path, name: str) -> dict[tuple[str | None, str], tuple[bytes, Record]]:
    with read_dataset(folder, format_name=name) as reading:
        return {(r.split, r.source): (r.read_bytes(), r) for r in reading.records}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_import_snapshot_export_gives_the_same_files(name: str, tmp_path: Path) -> None:
    source = written(name, boxed_records(), tmp_path / "in")
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source, format_name=name)
        snapshot_dataset(ws, "all", purpose="evaluate")
        report = export_dataset(ws, tmp_path / "out", format_name=name, snapshot="all")
    assert report.images == 6
    assert read_back(tmp_path / "out", name) == read_back(source, name)
    assert files_of(tmp_path / "out") == files_of(source)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_lost_unnamed_on_the_way_from_one_format_into_another(name: str, tmp_path: Path) -> None:
    """A label from the workspace itself, with more in it than most formats can hold."""
    rich = Label(
        Verdict.DEFECT,
        (
            Annotation("scratch", Box(2.0, 3.0, 9.0, 4.0, 30.0), severity=4, text="7", attributes={"depth_um": 12}),
            Annotation("dent", Box(20.0, 20.0, 5.0, 5.0)),
        ),
    )
    with workspace(tmp_path / "ws") as ws:
        ws.images.add(jpeg(1), Capture(serial="SN-1"), label=rich, level=Level.ENGINEER)
        report = export_dataset(ws, tmp_path / "out", format_name=name)
    ((_, back),) = read_back(tmp_path / "out", name).values()
    assert report.losses, "at the very least who said it and when"
    if back.label != rich or back.capture.get("serial") != "SN-1":
        said = {loss.what for loss in report.losses}
        assert len(said) > 1, f"{name} changed the label or the capture and does not say so: {said}"


def test_a_snapshots_labels_and_sides_win_over_what_came_later(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": 2, "scratch": 2})
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, source)
        sides = {image.id: "train" if image.golden is None else "test" for image in ws.images.all()}
        snapshot_dataset(ws, "then", sides, purpose="evaluate")
        for image in ws.images.all(Query(verdict="good")):
            ws.labels.add(image.id, Label.defect(Annotation("dent")))
        report = export_dataset(ws, tmp_path / "then", format_name="class_folders", snapshot="then")
        now = export_dataset(ws, tmp_path / "now", format_name="class_folders")
    assert report.splits == {"test": 4}
    assert report.classes == ("scratch",)
    assert sorted(now.classes) == ["dent", "scratch"]


def test_images_of_the_line_itself_get_names_of_their_own(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        record = ws.images.add(jpeg(1), Capture(serial="SN-1"), label=Label.good())
        export_dataset(ws, tmp_path / "out", format_name="csv")
    assert (tmp_path / f"out/{record.id}.jpg").read_bytes() == jpeg(1)
    ((_, back),) = read_back(tmp_path / "out", "csv").values()
    assert back.capture == {"serial": "SN-1"}


def test_golden_flags_and_authors_are_listed_as_lost(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        record = ws.images.add(jpeg(1), label=Label.good())
        ws.images.set_golden([record.id], True, reason="the reference part")
        report = export_dataset(ws, tmp_path / "out", format_name="coco")
    said = {loss.what for loss in report.losses}
    assert {"golden flags", "who labelled, when, at which level, and earlier versions"} <= said


def test_an_export_is_complete_or_not_there(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        ws.images.add(jpeg(1), label=Label.good())
        lost = ws.images.add(jpeg(2), label=Label.good())
        (ws.folder / "blobs" / lost.content[:2] / lost.content).unlink()
        with pytest.raises(NotFound):
            export_dataset(ws, tmp_path / "out", format_name="coco")
        assert not (tmp_path / "out").exists()
        with pytest.raises(BadInput, match="outside the workspace"):
            export_dataset(ws, ws.folder / "out", format_name="coco")
        with pytest.raises(BadInput, match="at least one image"):
            export_dataset(ws, tmp_path / "out", format_name="coco", selection=Query(serial="nobody"))
        with pytest.raises(NotFound, match="no such format"):
            export_dataset(ws, tmp_path / "out", format_name="cocoa")


def test_a_journey_on_either_database(database_url: str, tmp_path: Path) -> None:
    """Import, split, freeze, export, import elsewhere: the same images and labels, and an intact ledger."""
    source = class_folders(tmp_path / "set", {"good": 12, "scratch": 8})
    with workspace(tmp_path / "ws", database_url) as ws:
        import_dataset(ws, source)
        plan = split_dataset(ws, shares={"train": 0.5, "test": 0.5}, seed=3, find_repeats=False)
        frozen = snapshot_dataset(ws, "v1", plan)
        assert frozen.snapshot.selection["split"]["seed"] == 3
        export_dataset(ws, tmp_path / "out", format_name="class_folders", snapshot="v1")
        again = import_dataset(ws, source)
        assert (again.new, again.labels) == (0, 0)
        result = verify_workspace(ws)
        assert result.is_intact
        contents = Counter(image.content for image in ws.images.all())
    with workspace(tmp_path / "elsewhere") as other:
        report = import_dataset(other, tmp_path / "out")
        assert report.splits == {"test": 10, "train": 10}
        assert Counter(image.content for image in other.images.all()) == contents
        assert other.images.count(Query(class_name="scratch")) == 8
