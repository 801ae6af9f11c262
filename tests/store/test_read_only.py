"""An auditor reads and verifies where nothing can be written: a mounted backup, a folder of somebody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstshift import Label, Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import FirstshiftError, Refused, Unavailable
from firstshift.store.audit import verify_workspace
from tests.disks import mounted
from tests.pictures import jpeg


@pytest.fixture
def still_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, made read-only when the test says so."""
    with mounted(tmp_path / "disk", "8m") as place:
        yield place


@pytest.mark.may_skip("mounting needs root; the other test opens the same way without it")
def test_a_read_only_disk(still_disk: Path) -> None:
    with Workspace.create(still_disk / "w") as ws:
        record = ws.images.add(jpeg(1), Capture(serial="A"), label=Label.good())
    subprocess.run(["mount", "-o", "remount,ro", str(still_disk)], check=True)
    with Workspace.open(still_disk / "w") as ws:
        assert not ws.is_writable
        assert verify_workspace(ws).is_intact
        assert ws.images.read_bytes(record.id) == jpeg(1)
        with pytest.raises(FirstshiftError) as caught:
            ws.images.add(jpeg(2))
        assert "\n" not in str(caught.value)
        with pytest.raises(Refused, match="can only be read here"):
            ws.labels.add(record.id, Label.good())


def test_what_cannot_be_written_is_opened_as_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        ws.images.add(jpeg(1), label=Label.good())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "w").glob("firstshift.db*")}
    monkeypatch.setattr("firstshift.db.engine.is_read_only", lambda path: path.exists())
    with Workspace.open(tmp_path / "w") as ws:
        assert not ws.is_writable
        assert verify_workspace(ws).is_intact
        assert ws.images.count() == 1
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "w").glob("firstshift.db*")} == before


def test_a_log_beside_it_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        ws.images.add(jpeg(1))
        monkeypatch.setattr("firstshift.db.engine.is_read_only", lambda path: path.exists())
        with pytest.raises(Unavailable, match="copy the folder"):
            Workspace.open(tmp_path / "w")
