"""Backup and restore: incremental, read-only, as good as it was after a run that was cut off, and back in full."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstshift import Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.ledger.tags import Tag
from firstshift.store import backups, copying
from firstshift.store.audit import verify_workspace
from firstshift.store.backups import back_up, read_backup_file, restore
from firstshift.store.collecting import collect_garbage
from firstshift.store.retaining import apply_retention
from tests.pictures import png
from tests.servers.s3 import Bucket
from tests.store.filled import LATER, RENDERED_GO, fill, head_seq, live_blobs, rows_of
from tests.store.killed import run_child


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "w") as workspace:
        fill(workspace)
        yield workspace


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def test_a_backup_is_a_workspace_that_takes_no_writes(ws: Workspace, place: Path) -> None:
    ws.plan_path.write_text("# being written\n")
    report = back_up(ws, place)
    assert report.verified.is_intact
    assert (report.facts.head_seq, report.facts.counts["images"]) == (head_seq(ws), 16)
    assert read_backup_file(place) == report.facts
    assert (place / "plan.yaml").read_text() == "# being written\n"
    assert stat.S_IMODE((place / "keys" / "ledger.pem").stat().st_mode) == 0o600
    with Workspace.open(place) as backup:
        assert verify_workspace(backup).is_intact
        assert rows_of(backup.database) == rows_of(ws.database)
        with pytest.raises(Refused, match="it is a backup of 'w'"):
            backup.images.add(png(1), Capture(serial="into the backup"))


def test_again_it_copies_what_is_new(ws: Workspace, place: Path) -> None:
    first = back_up(ws, place)
    fill(ws, first=100)
    second = back_up(ws, place)
    assert second.copied.events == head_seq(ws) - first.facts.head_seq
    assert second.copied.blobs_there == 0  # what was copied before is not even looked at
    assert back_up(ws, place, thorough=True).copied.events == 0
    with Workspace.open(place) as backup:
        assert rows_of(backup.database) == rows_of(ws.database)


def test_a_blob_that_vanished_from_the_backup_is_brought_again(ws: Workspace, place: Path) -> None:
    back_up(ws, place)
    lost = min(live_blobs(ws) & {one.content for one in ws.images.all()})
    (place / "blobs" / lost[:2] / lost).unlink()
    report = back_up(ws, place)
    assert report.verified.is_intact
    assert lost in {f.content for f in Workspace.open(place).blobs.all()}


def test_damage_in_the_original_is_told_and_stops_nothing(ws: Workspace, place: Path, tmp_path: Path) -> None:
    lost = min(live_blobs(ws) & {one.content for one in ws.images.all()})
    (ws.folder / "blobs" / lost[:2] / lost).unlink()
    report = back_up(ws, place)
    assert [p for p in report.facts.problems if lost in p]
    with pytest.raises(Refused, match="was damaged already"):
        restore(place, tmp_path / "new")
    assert not restore(place, tmp_path / "new", accept_damage=True).verified.is_intact
    with Workspace.open(tmp_path / "new") as restored, restored.database.reading() as connection:
        told = json.loads(restored.ledger.log(connection, tag=Tag.WORKSPACE_RESTORED)[0].body)
    assert told["accepted_damage"]["problems"] == 1


def test_restored_after_everything_is_gone(ws: Workspace, place: Path, tmp_path: Path) -> None:
    before, last, blobs = rows_of(ws.database), head_seq(ws), live_blobs(ws)
    back_up(ws, place)
    ws.close()
    shutil.rmtree(ws.folder)
    report = restore(place, tmp_path / "w")
    assert report.verified.is_intact
    with Workspace.open(tmp_path / "w") as restored:
        assert rows_of(restored.database, until=last) == before
        assert live_blobs(restored) == blobs
        restored.images.add(png(1), Capture(serial="after the fire"), label=Label.good())
        assert verify_workspace(restored).is_intact
        with restored.database.reading() as connection:
            assert len(restored.ledger.log(connection, tag=Tag.WORKSPACE_RESTORED)) == 1
        # It goes on from the state of the backup, and so do its own backups.
        assert back_up(restored, place).copied.events == 3
    with pytest.raises(Refused, match="a workspace here already"):
        restore(place, tmp_path / "w")


@pytest.mark.postgres
@pytest.mark.s3
def test_from_and_to_a_plant_server(
    tmp_path: Path, place: Path, postgres_url: str, s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    with Workspace.create(tmp_path / "local") as ws:
        fill(ws)
        before, last = rows_of(ws.database), head_seq(ws)
        back_up(ws, place)
    restore(
        place, tmp_path / "plant", database_url=postgres_url, blobs_url=f"s3://{s3.bucket}", blobs_endpoint=s3.endpoint
    )
    with Workspace.open(tmp_path / "plant") as plant:
        assert verify_workspace(plant).is_intact
        assert rows_of(plant.database, until=last) == before
        fill(plant, first=200)
        report = back_up(plant, place)
        assert report.verified.is_intact
        with Workspace.open(place) as backup:
            assert rows_of(backup.database) == rows_of(plant.database)


def test_without_the_key(ws: Workspace, place: Path, tmp_path: Path) -> None:
    assert not back_up(ws, place, with_key=False).facts.has_key
    assert not (place / "keys").exists()
    with pytest.raises(NotFound, match="made without the private key"):
        restore(place, tmp_path / "new")
    with Workspace.create(tmp_path / "other") as other:
        with pytest.raises(BadInput, match="restore key"):
            restore(place, tmp_path / "new", key_file=other.folder / "keys" / "ledger.pem")
        kept = tmp_path / "safe.pem"
        shutil.copy(ws.folder / "keys" / "ledger.pem", kept)
        restore(place, tmp_path / "new", key_file=kept)
    with Workspace.open(tmp_path / "new") as restored:
        restored.images.add(png(1), Capture(serial="1"))


def test_a_folder_of_something_else_is_left_alone(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(Refused, match="in use for something else"):
        back_up(ws, tmp_path / "photos")
    with pytest.raises(Refused, match="its own backup"):
        back_up(ws, ws.folder)
    with Workspace.create(tmp_path / "other") as other:
        key = (other.folder / "keys" / "ledger.pem").read_bytes()
        with pytest.raises(Refused, match="another workspace"):
            back_up(ws, other.folder)
        assert (other.folder / "keys" / "ledger.pem").read_bytes() == key
        other.images.add(png(1), Capture(serial="still fine"))
    with pytest.raises(NotFound, match="no finished backup"):
        restore(other.folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("stage", ["_set_head", "verified_copy", "write_whole"])
def test_a_run_that_was_cut_off_leaves_the_one_before(
    ws: Workspace, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """The second run dies, and so does the original. An image that the second run saw retired is back with its pixels
    where only the first run counts."""
    ids = [ws.images.add(png(900), Capture(serial="rendered", origin=Origin.RENDERED)).id]
    first, last = rows_of(ws.database), head_seq(ws)
    back_up(ws, place)
    apply_retention(ws, RENDERED_GO, LATER)
    fill(ws, first=300)
    with monkeypatch.context() as patch:
        patch.setattr(copying if stage == "_set_head" else backups, stage, interrupt)
        with pytest.raises(KeyboardInterrupt):
            back_up(ws, place)
    restore(place, tmp_path / "new")
    with Workspace.open(tmp_path / "new") as restored:
        assert verify_workspace(restored).is_intact
        if stage == "_set_head":
            assert rows_of(restored.database, until=last) == first
            assert restored.images.read(ids[0]).width
        else:  # complete, only nobody had said so yet
            assert rows_of(restored.database)["images"] == rows_of(ws.database)["images"]
    assert back_up(ws, place).verified.is_intact


@pytest.mark.parametrize("stage", ["copy_workspace", "verified_copy", "_copy_files", "write_workspace_file"])
def test_a_restore_that_was_cut_off_goes_on(
    ws: Workspace, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    back_up(ws, place)
    with monkeypatch.context() as patch:
        patch.setattr(backups, stage, interrupt)
        with pytest.raises(KeyboardInterrupt):
            restore(place, tmp_path / "new")
    with pytest.raises(NotFound, match="no workspace"):
        Workspace.open(tmp_path / "new")
    restore(place, tmp_path / "new")
    with Workspace.open(tmp_path / "new") as restored:
        assert verify_workspace(restored).is_intact
        with restored.database.reading() as connection:
            assert len(restored.ledger.log(connection, tag=Tag.WORKSPACE_RESTORED)) == 1


CHILD = """
from firstshift import Workspace
from firstshift.store import copying
from firstshift.store.backups import back_up
copying.STEP = 9
with Workspace.open(sys.argv[1]) as ws:
    back_up(ws, sys.argv[2], progress=Telling())
"""


def test_killed_while_images_keep_coming(ws: Workspace, place: Path) -> None:
    for number, steps in enumerate((1, 2, 5, 40, None)):
        run_child(CHILD, ws.folder, place, kill_after_steps=steps)
        ws.images.add(png(500 + number, side=16), Capture(serial=f"meanwhile {number}"))
    back_up(ws, place, thorough=True)
    with Workspace.open(place) as backup:
        assert verify_workspace(backup).is_intact
        assert rows_of(backup.database) == rows_of(ws.database)


def test_gc_works_on_a_backup_too(ws: Workspace, place: Path) -> None:
    """What was retired leaves the backup as well, once somebody asks for it."""
    ws.images.add(png(900), Capture(serial="rendered", origin=Origin.RENDERED))
    back_up(ws, place)
    apply_retention(ws, RENDERED_GO, LATER)
    back_up(ws, place)
    with Workspace.open(place) as backup:
        assert collect_garbage(backup, grace_s=0).buried.blobs == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"firstshift_backup": 2}', "\x00"])
def test_a_broken_backup_file(place: Path, tmp_path: Path, text: str) -> None:
    place.mkdir()
    (place / "backup.json").write_text(text)
    with pytest.raises(BadInput, match="what `firstshift workspace backup` wrote"):
        restore(place, tmp_path / "new")


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
