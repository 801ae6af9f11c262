"""One workspace to a place for blobs, and none where the disk is not mounted: refused before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firstshift import Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import Refused, Unavailable
from firstshift.store import moving
from firstshift.store.audit import verify_workspace
from firstshift.store.backups import back_up, restore
from firstshift.store.blob_address import open_blobs
from firstshift.store.blob_owner import claim
from firstshift.store.collecting import collect_garbage
from firstshift.store.moving import move_workspace
from tests.pictures import png
from tests.servers.s3 import Bucket
from tests.store.filled import fill, live_blobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Workspace.create(tmp_path / "w") as ws:
        fill(ws)
    return tmp_path / "w"


def files_in(place: Path) -> dict[str, int]:
    return {str(path.relative_to(place)): path.stat().st_size for path in place.rglob("*")}


def refuse_move(folder: Path, tmp_path: Path, blobs: Path, match: str, database: str | None = None) -> None:
    """Refused, nothing written there, and the workspace takes writes."""
    before = files_in(blobs)
    with Workspace.open(folder) as ws:
        with pytest.raises(Refused, match=match):
            move_workspace(ws, blobs_url=str(blobs), database_url=database)
        ws.images.add(png(900), Capture(serial="not frozen"))
    assert files_in(blobs) == before
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("with_database", [False, True])
def test_a_move_to_the_blobs_of_another(folder: Path, tmp_path: Path, with_database: bool) -> None:
    database = f"sqlite:///{tmp_path / 'new.db'}" if with_database else None
    with Workspace.create(tmp_path / "other") as other:
        kept = other.images.add(png(500), Capture(serial="of the other"))
        refuse_move(folder, tmp_path, tmp_path / "other" / "blobs", "in use already", database)
        refuse_move(folder, tmp_path, tmp_path / "other" / "blobs" / "mine", "inside another place", database)
    with Workspace.open(folder) as ws:
        back_up(ws, tmp_path / "backup")
        refuse_move(folder, tmp_path, tmp_path / "backup" / "blobs", "backup of wsp_", database)
        refuse_move(folder, tmp_path, folder / "blobs" / "sub", "inside another place", database)
        (tmp_path / "link").symlink_to(folder / "blobs")
        refuse_move(folder, tmp_path, tmp_path / "link", "in this folder already", database)
        collect_garbage(ws, grace_s=0)
    with Workspace.open(tmp_path / "other") as other:
        assert other.images.read_bytes(kept.id) == png(500)


def test_two_workspaces_to_one_new_place(folder: Path, tmp_path: Path) -> None:
    with Workspace.open(folder) as ws:
        move_workspace(ws, blobs_url=str(tmp_path / "shared"))
    with Workspace.create(tmp_path / "other"):
        pass
    refuse_move(tmp_path / "other", tmp_path, tmp_path / "shared", "in use already")
    with pytest.raises(Refused, match="in use already"):
        Workspace.create(tmp_path / "third", blobs_url=str(tmp_path / "shared"))
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize("name", ["notes.txt", "sub/deeper.bin", "incoming/half"])
def test_a_place_with_foreign_files(folder: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "theirs"
    (place / name).parent.mkdir(parents=True)
    (place / name).write_text("hello")
    refuse_move(folder, tmp_path, place, f"a file {name}")
    refuse_move(folder, tmp_path, place, f"a file {name}", f"sqlite:///{tmp_path / 'new.db'}")
    with Workspace.open(folder) as ws:
        back_up(ws, tmp_path / "backup")
    with pytest.raises(Refused, match=f"a file {name}"):
        restore(tmp_path / "backup", tmp_path / "again", blobs_url=str(place))
    assert not (tmp_path / "again").exists()
    with pytest.raises(Refused, match=f"a file {name}"):
        Workspace.create(tmp_path / "new", blobs_url=str(place))
    assert not (tmp_path / "new").exists()


def test_a_file_put_beside_a_begun_copy(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The move goes on once it is taken away; the mark alone is no stranger."""
    place = tmp_path / "elsewhere"
    with Workspace.open(folder) as ws:
        with monkeypatch.context() as patch:
            patch.setattr(moving, "verified_copy", interrupt)
            with pytest.raises(KeyboardInterrupt):
                move_workspace(ws, blobs_url=str(place))
        (place / "notes.txt").write_text("hello")
        with pytest.raises(Refused, match=r"a file notes\.txt"):
            move_workspace(ws, blobs_url=str(place))
        (place / "notes.txt").unlink()
        assert move_workspace(ws, blobs_url=str(place)).verified.is_intact
    with Workspace.open(folder) as moved:
        assert list(moved.blobs.strangers()) == []
        collect_garbage(moved, grace_s=0)
        assert moved.blobs.owner() == moved.settings.id


@pytest.mark.s3
def test_a_prefix_of_another(folder: Path, tmp_path: Path, s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    url = f"s3://{s3.bucket}/line-3"
    with Workspace.create(tmp_path / "other", blobs_url=url, blobs_endpoint=s3.endpoint) as other:
        assert other.blobs.owner() == other.settings.id
        assert list(other.blobs.strangers()) == []
    foreign = open_blobs(f"s3://{s3.bucket}/theirs", tmp_path, s3.endpoint)
    foreign.put(b"no mark here")
    with Workspace.open(folder) as ws:
        for taken in (url, f"s3://{s3.bucket}/theirs"):
            with pytest.raises(Refused, match="in use already"):
                move_workspace(ws, blobs_url=taken, blobs_endpoint=s3.endpoint)
        ws.images.add(png(900), Capture(serial="not frozen"))
        move_workspace(ws, blobs_url=f"s3://{s3.bucket}/mine", blobs_endpoint=s3.endpoint)
    with Workspace.open(folder) as moved:
        assert verify_workspace(moved).is_intact


def test_blobs_that_are_not_mounted(folder: Path, tmp_path: Path) -> None:
    blobs = folder / "blobs"
    with Workspace.open(folder) as station:
        blobs.rename(tmp_path / "unplugged")
        for _ in range(2):  # no folder at all; and the empty one that a disk is mounted on
            with pytest.raises(Unavailable, match="is it mounted") as caught:
                Workspace.open(folder)
            assert str(blobs) in str(caught.value)
            with pytest.raises(Unavailable, match="is it mounted"):  # it went while it was open
                station.images.add(png(901), Capture(serial="beside"))
            assert files_in(folder).keys().isdisjoint({"blobs/incoming", "blobs/buried"})
            blobs.mkdir(exist_ok=True)
        blobs.rmdir()
        (tmp_path / "unplugged").rename(blobs)
        station.images.add(png(901), Capture(serial="mounted again"))
        assert verify_workspace(station).is_intact


def test_the_blobs_of_another_are_not_opened(folder: Path, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "other"):
        pass
    shutil.rmtree(folder / "blobs")
    shutil.copytree(tmp_path / "other" / "blobs", folder / "blobs")
    with pytest.raises(Refused, match="blobs of another workspace"):
        Workspace.open(folder)


def test_a_copy_tool_left_out_what_was_empty(folder: Path) -> None:
    shutil.rmtree(folder / "blobs" / "incoming")
    shutil.rmtree(folder / "blobs" / "buried")
    with Workspace.open(folder) as ws:
        ws.images.add(png(902), Capture(serial="after it"))
        assert live_blobs(ws)
        assert verify_workspace(ws).is_intact


def test_a_mark_that_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "workspace.new").write_bytes(b"wsp")
    blobs = open_blobs("blobs", tmp_path)
    claim(blobs, "wsp_1")
    claim(blobs, "wsp_1")
    assert (blobs.owner(), list(blobs.strangers())) == ("wsp_1", [])
    with pytest.raises(Refused, match="the blobs of wsp_1"):
        claim(blobs, "wsp_2")


@pytest.mark.parametrize("where", ["w/backup", "w/blobs/backup", "outer/backup"])
def test_a_backup_inside_what_it_backs_up(folder: Path, tmp_path: Path, where: str) -> None:
    with Workspace.open(folder) as ws:
        move_workspace(ws, blobs_url=str(tmp_path / "outer"))
    with Workspace.open(folder) as ws, pytest.raises(Refused, match="lost with it"):
        back_up(ws, tmp_path / where)
    assert not (tmp_path / where).exists()


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
