"""Move: to PostgreSQL and S3 and back, killed in the middle, undone, and never with a client left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift import Label, Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import BadInput, Refused, Tampered
from firstshift.ledger.tags import Tag
from firstshift.store import moving
from firstshift.store.audit import verify_workspace
from firstshift.store.moving import BEFORE_MOVE, move_workspace, undo_move
from tests.pictures import png
from tests.servers.s3 import Bucket
from tests.store.filled import fill, head_seq, live_blobs, rows_of
from tests.store.killed import run_child


@pytest.fixture
def plant_s3(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Workspace.create(tmp_path / "w") as ws:
        fill(ws)
    return tmp_path / "w"


def new_sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new.db'}"


@pytest.mark.postgres
@pytest.mark.s3
def test_to_a_plant_server_and_back(folder: Path, postgres_url: str, plant_s3: Bucket) -> None:
    with Workspace.open(folder) as ws:
        before, last, local_blobs = rows_of(ws.database), head_seq(ws), live_blobs(ws)
        report = move_workspace(
            ws, database_url=postgres_url, blobs_url=f"s3://{plant_s3.bucket}/line-3", blobs_endpoint=plant_s3.endpoint
        )
        assert report.verified.is_intact
        assert len(report.left_behind) == 2
        with pytest.raises(Refused, match="it was moved to postgresql"):
            ws.images.add(png(1), Capture(serial="at the old place"))
    text = (folder / "firstshift.toml").read_text()
    assert "postgresql" in text
    assert "only-for-tests" not in text  # neither the database's password nor S3's key
    assert "sqlite" in (folder / BEFORE_MOVE).read_text()
    with Workspace.open(folder) as moved:
        assert rows_of(moved.database, until=last) == before
        assert live_blobs(moved) == local_blobs
        moved.images.add(png(2), Capture(serial="at the new place"), label=Label.good())
        assert verify_workspace(moved).is_intact
        move_workspace(moved, database_url="sqlite:///firstshift.db", blobs_url="blobs")
    with Workspace.open(folder) as back:
        assert verify_workspace(back).is_intact
        with back.database.reading() as connection:
            tags = [event.tag for event in back.ledger.log(connection, tag=Tag.WORKSPACE_MOVED)]
        assert len(tags) == 2
        assert back.images.count() == len(before["images"]) + 1


def test_only_the_database(folder: Path, tmp_path: Path) -> None:
    with Workspace.open(folder) as ws:
        report = move_workspace(ws, database_url=new_sqlite(tmp_path))
    assert report.copied.blobs == 0
    assert report.blobs == str(folder / "blobs")
    with Workspace.open(folder) as moved:
        assert verify_workspace(moved).is_intact
        assert moved.database.url.database == str(tmp_path / "new.db")
        last = head_seq(moved)
        assert move_workspace(moved, database_url=new_sqlite(tmp_path)).verified.is_intact  # it is there already
        assert head_seq(moved) == last


def test_only_the_blobs_and_a_client_that_was_open(folder: Path, tmp_path: Path) -> None:
    """The database stays the same, so an open client could go on writing bytes to the old place. It is refused."""
    with Workspace.open(folder) as ws, Workspace.open(folder) as station:
        station.images.add(png(700), Capture(serial="before the move"))
        move_workspace(ws, blobs_url=str(tmp_path / "elsewhere"))
        with pytest.raises(Refused, match="images of this workspace were moved"):
            station.images.add(png(701), Capture(serial="after the move"))
        with pytest.raises(Refused, match="no move is under way"):
            undo_move(station)
    with Workspace.open(folder) as moved:
        moved.images.add(png(701), Capture(serial="after the move"))
        assert verify_workspace(moved).is_intact
        assert {facts.content for facts in moved.blobs.all()} == live_blobs(moved)
    # Somebody moves the folder by hand and edits the file: the workspace says what to do.
    (tmp_path / "elsewhere").rename(tmp_path / "by-hand")
    toml = folder / "firstshift.toml"
    toml.write_text(toml.read_text().replace("elsewhere", "by-hand"))
    with Workspace.open(folder) as ws:
        with pytest.raises(Refused, match="firstshift workspace move --blobs"):
            ws.images.add(png(702), Capture(serial="by hand"))
        move_workspace(ws, blobs_url=str(tmp_path / "by-hand"))
    with Workspace.open(folder) as ws:
        ws.images.add(png(702), Capture(serial="by hand"))
        assert verify_workspace(ws).is_intact


@pytest.mark.parametrize("stage", ["copied", "sealed", "pointed"])
def test_cut_off_at_a_stage(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    cut = {"copied": "verified_copy", "sealed": "_point_to", "pointed": "_mark_moved"}[stage]
    with Workspace.open(folder) as ws:
        before, last = rows_of(ws.database), head_seq(ws)
        with monkeypatch.context() as patch:
            patch.setattr(moving, cut, interrupt)
            with pytest.raises(KeyboardInterrupt):
                move_workspace(ws, database_url=new_sqlite(tmp_path), blobs_url=str(tmp_path / "elsewhere"))
        with pytest.raises(Refused, match="no more writes"):
            ws.images.add(png(1), Capture(serial="while it moves"))
    with Workspace.open(folder) as ws:
        if stage != "pointed":
            with pytest.raises(Refused, match="being moved to"):  # somewhere else, meanwhile
                move_workspace(ws, database_url=f"sqlite:///{tmp_path / 'third.db'}")
            move_workspace(ws, database_url=new_sqlite(tmp_path), blobs_url=str(tmp_path / "elsewhere"))
    with Workspace.open(folder) as moved:
        assert verify_workspace(moved).is_intact
        assert rows_of(moved.database, until=last) == before
        with moved.database.reading() as connection:
            assert len(moved.ledger.log(connection, tag=Tag.WORKSPACE_MOVED)) == 1
        moved.images.add(png(1), Capture(serial="after the move"))


@pytest.mark.parametrize("stage", ["frozen", "copied", "sealed"])
def test_a_move_of_blobs_cut_off_at_a_stage(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    cut = {"frozen": "copy_needed_blobs", "copied": "verified_copy", "sealed": "_point_to"}[stage]
    with Workspace.open(folder) as ws:
        with monkeypatch.context() as patch:
            patch.setattr(moving, cut, interrupt)
            with pytest.raises(KeyboardInterrupt):
                move_workspace(ws, blobs_url=str(tmp_path / "elsewhere"))
        with pytest.raises(Refused, match=r"no more writes|were moved"):
            ws.images.add(png(1), Capture(serial="while it moves"))
        move_workspace(ws, blobs_url=str(tmp_path / "elsewhere"))
    with Workspace.open(folder) as moved:
        assert moved.settings.blobs_url == str(tmp_path / "elsewhere")
        moved.images.add(png(1), Capture(serial="after the move"))
        assert verify_workspace(moved).is_intact


def test_undone_and_done_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace.open(folder) as ws:
        with monkeypatch.context() as patch:
            patch.setattr(moving, "verified_copy", interrupt)
            with pytest.raises(KeyboardInterrupt):
                move_workspace(ws, database_url=new_sqlite(tmp_path))
        undo_move(ws)
        ws.images.add(png(1), Capture(serial="at the old place, again"))
        assert verify_workspace(ws).is_intact
        move_workspace(ws, database_url=new_sqlite(tmp_path))  # goes on from the unfinished copy
        with pytest.raises(Refused, match="no unfinished move: it was moved"):
            undo_move(ws)
    with Workspace.open(folder) as moved:
        assert verify_workspace(moved).is_intact


def test_a_damaged_copy_is_not_moved_to(folder: Path, tmp_path: Path) -> None:
    with Workspace.open(folder) as ws:
        lost = min(live_blobs(ws) & {one.content for one in ws.images.all()})
        path = folder / "blobs" / lost[:2] / lost
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(Tampered, match=f"blob {lost}"):
            move_workspace(ws, database_url=new_sqlite(tmp_path), blobs_url=str(tmp_path / "elsewhere"))
    assert "new.db" not in (folder / "firstshift.toml").read_text()
    path.write_bytes(kept)  # from a backup; the same call then goes on
    with Workspace.open(folder) as ws:
        assert move_workspace(
            ws, database_url=new_sqlite(tmp_path), blobs_url=str(tmp_path / "elsewhere")
        ).verified.is_intact


def test_moves_to_nowhere_and_to_itself(folder: Path, tmp_path: Path) -> None:
    with Workspace.open(folder) as ws:
        with pytest.raises(BadInput, match="a new database"):
            move_workspace(ws)
        (tmp_path / "link").symlink_to(folder)
        with pytest.raises(Refused, match="in use"):
            move_workspace(ws, database_url=f"sqlite:///{tmp_path / 'link' / 'firstshift.db'}")
        ws.images.add(png(1), Capture(serial="still open"))
    (folder / "keys" / "ledger.pem").unlink()
    with Workspace.open(folder) as ws, pytest.raises(Refused, match="without its private key"):
        move_workspace(ws, database_url=new_sqlite(tmp_path))


CHILD = """
from firstshift import Workspace
from firstshift.store import copying
from firstshift.store.moving import move_workspace
copying.STEP = 9
folder, database, blobs, endpoint = sys.argv[1:]
with Workspace.open(folder) as ws:
    move_workspace(ws, database_url=database, blobs_url=blobs, blobs_endpoint=endpoint, progress=Telling())
"""


@pytest.mark.postgres
@pytest.mark.s3
def test_killed_again_and_again(folder: Path, postgres_url: str, plant_s3: Bucket) -> None:
    """Each run goes on where the one before was killed: while copying, between two ranges, while verifying."""
    with Workspace.open(folder) as ws:
        before, last = rows_of(ws.database), head_seq(ws)
    for steps in (1, 3, 4, 40, None):
        run_child(CHILD, folder, postgres_url, f"s3://{plant_s3.bucket}", plant_s3.endpoint, kill_after_steps=steps)
    with Workspace.open(folder) as moved:
        assert moved.database.url.get_backend_name() == "postgresql"
        assert verify_workspace(moved).is_intact
        assert rows_of(moved.database, until=last) == before
        with moved.database.reading() as connection:
            assert len(moved.ledger.log(connection, tag=Tag.WORKSPACE_MOVED)) == 1


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
