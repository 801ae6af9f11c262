"""The copy under move, backup and restore: identical rows in both directions, incremental, and never over another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firstshift import Label, Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import BadInput, Refused
from firstshift.db.engine import Database
from firstshift.db.turns import one_at_a_time
from firstshift.store import copying
from firstshift.store.blobs import LocalBlobs
from firstshift.store.copying import copy_workspace
from tests.pictures import png
from tests.store.filled import fill, live_blobs, rows_of


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "w") as workspace:
        yield workspace


@pytest.fixture
def target(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def test_a_copy_is_identical(ws: Workspace, target: Database, tmp_path: Path) -> None:
    fill(ws)
    blobs = LocalBlobs(tmp_path / "blobs")
    report = copy_workspace(ws, target, blobs, frozen="a copy")
    assert rows_of(target) == rows_of(ws.database)
    assert {facts.content for facts in blobs.all()} == live_blobs(ws)  # what was retired did not travel
    assert (report.blobs, report.blobs_there, report.missing) == (len(live_blobs(ws)), 0, [])


def test_ranges_of_any_size_give_the_same_copy(
    ws: Workspace, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Golden marks, and the snapshots between them, fall on both sides of a border between two transactions."""
    fill(ws)
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "STEP", 3)
    copy_workspace(ws, target, LocalBlobs(tmp_path / "blobs"), frozen="a copy")
    assert rows_of(target) == rows_of(ws.database)


def test_a_second_copy_brings_what_is_new(ws: Workspace, target: Database, tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    ids = fill(ws)
    first = copy_workspace(ws, target, blobs, frozen="a copy")
    assert copy_workspace(ws, target, blobs, frozen="a copy").events == 0
    fill(ws, first=100)
    ws.images.set_golden(ids[8:9], False, reason="an image that was copied before")
    second = copy_workspace(ws, target, blobs, frozen="a copy")
    assert rows_of(target) == rows_of(ws.database)
    assert second.events == second.head_seq - first.head_seq


def test_another_workspace_is_refused(ws: Workspace, target: Database, tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    copy_workspace(ws, target, blobs, frozen="a copy")
    with Workspace.create(tmp_path / "other") as other, pytest.raises(Refused, match="holds another workspace"):
        copy_workspace(other, target, blobs, frozen="a copy")


def test_a_target_that_went_its_own_way_is_refused(ws: Workspace, target: Database, tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    copy_workspace(ws, target, blobs, frozen="a copy")
    with target.writing() as connection:
        ws.ledger.freeze(connection, None)
    with pytest.raises(Refused, match="is a workspace in use"):
        copy_workspace(ws, target, blobs, frozen="a copy")
    with target.writing() as connection:
        ws.ledger.checkpoint(connection)
        ws.ledger.freeze(connection, "a copy")
    for _ in range(2):  # ahead of the source, and after that beside it
        with pytest.raises(Refused, match="gone its own way"):
            copy_workspace(ws, target, blobs, frozen="a copy")
        ws.images.add(png(1), Capture(serial="1"), label=Label.good())


def test_blobs_of_somebody_else_are_refused(ws: Workspace, target: Database, tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    blobs.set_owner("wsp_of_another")
    with pytest.raises(Refused, match="in use already"):
        copy_workspace(ws, target, blobs, frozen="a copy")


@pytest.mark.parametrize("text", ["a\x00b", "half a character \ud800"])
def test_text_that_only_one_of_the_databases_holds_is_refused_at_the_door(ws: Workspace, text: str) -> None:
    image = ws.images.add(png(1), Capture(serial="1")).id
    for say in (
        lambda: ws.labels.add(image, Label.good(), reason=text),
        lambda: ws.images.set_golden([image], True, reason=text),
        lambda: ws.snapshots.create("v1", [image], note=text),
    ):
        with pytest.raises(BadInput, match="without NUL or half characters"):
            say()
    assert ws.labels.history(image) == []


def test_one_copy_at_a_time(ws: Workspace, target: Database, tmp_path: Path) -> None:
    copy_workspace(ws, target, LocalBlobs(tmp_path / "blobs"), frozen="a copy")
    with one_at_a_time(target, "copy"):
        with pytest.raises(Refused, match="another copy is at work"), one_at_a_time(target, "copy", wait_s=0.2):
            raise AssertionError("two at a time")
        with one_at_a_time(target, "gc", wait_s=0.2):
            pass
    with one_at_a_time(target, "copy", wait_s=0.2):
        pass


def test_a_blob_that_the_source_lost_is_told(ws: Workspace, target: Database, tmp_path: Path) -> None:
    ids = fill(ws)
    lost, altered = ws.images.get(ids[3]).content, ws.images.get(ids[4]).content
    folder = ws.folder / "blobs"
    (folder / lost[:2] / lost).unlink()
    (folder / altered[:2] / altered).write_bytes(b"something else")
    report = copy_workspace(ws, target, LocalBlobs(tmp_path / "blobs"), frozen="a copy")
    assert report.missing == sorted([lost, altered])
    assert rows_of(target) == rows_of(ws.database)
