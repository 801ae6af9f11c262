"""A new workspace that cannot be made: one line says why, and nothing half-made is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firstshift import Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import BadInput, FirstshiftError, Refused, Unavailable
from tests.disks import mounted
from tests.pictures import png


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "2m") as place:
        yield place


def fill_up(disk: Path, leave_bytes: int = 0) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    with filler.open("r+b") as file:
        file.truncate(max(0, filler.stat().st_size - leave_bytes))
    return filler


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="an empty name"):
        Workspace.create(name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "a\x00b", "half \ud800"])
def test_control_characters(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="without control characters"):
        Workspace.create(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 300, "deeper/" + "n" * 300, "n" * 300 + "/deeper"])
def test_a_name_that_is_too_long(name: str, tmp_path: Path) -> None:
    with pytest.raises(FirstshiftError, match="too long") as caught:
        Workspace.create(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "line-3").write_text("a file")
    for name in ("line-3", "line-3/deeper"):
        with pytest.raises(FirstshiftError):
            Workspace.create(tmp_path / name)
    assert (tmp_path / "line-3").read_text() == "a file"


def test_a_refusal_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "plan.yaml").write_text("mine")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("x")
    with pytest.raises(Refused, match="in use already"):
        Workspace.create(tmp_path / "mine", blobs_url=str(tmp_path / "taken"))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["plan.yaml"]


@pytest.mark.may_skip("mounting needs root; the tests of names and refusals take the same way back")
@pytest.mark.parametrize("leave_bytes", [0, 8_192, 40_000, 120_000])
def test_a_full_disk(small_disk: Path, leave_bytes: int) -> None:
    filler = fill_up(small_disk, leave_bytes)
    with pytest.raises(Unavailable, match="disk is full") as caught:
        Workspace.create(small_disk / "deep" / "w")
    assert "MB free" in str(caught.value)
    assert list(small_disk.iterdir()) == [filler]
    filler.unlink()
    Workspace.create(small_disk / "deep" / "w").close()


@pytest.mark.may_skip("mounting needs root; tests/db/test_engine.py holds the words")
def test_a_disk_that_fills_up_under_a_workspace(small_disk: Path) -> None:
    Workspace.create(small_disk / "w").close()
    filler = fill_up(small_disk)
    for _ in range(2):
        with pytest.raises(Unavailable, match="disk is full"), Workspace.open(small_disk / "w") as ws:
            ws.images.add(png(1), Capture(serial="1"))
    filler.unlink()
    with Workspace.open(small_disk / "w") as ws:
        ws.images.add(png(1), Capture(serial="1"))


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_database_says_what_to_do(tmp_path: Path, damage: str) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        for n in range(20):
            ws.images.add(png(n), Capture(serial=str(n)))
    path = tmp_path / "w" / "firstshift.db"
    data = path.read_bytes()
    spoiled = b"this is no database\n" * 1_000 if damage == "text" else data[:4096] + b"\xa5" * (len(data) - 4096)
    path.write_bytes(spoiled)
    with pytest.raises(Unavailable, match="is damaged") as caught, Workspace.open(tmp_path / "w") as ws:
        ws.images.count()
    assert "firstshift workspace restore" in str(caught.value)
