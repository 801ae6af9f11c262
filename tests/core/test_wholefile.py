"""Whole or not at all, with the mode asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.wholefile import OWNER_ONLY, write_whole


def test_the_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    write_whole(path, b"before")

    def cut_off(_handle: int) -> None:
        raise OSError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", cut_off)
        with pytest.raises(OSError, match="power"):
            write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.toml"]


def test_nobody_else_reads_a_key_even_where_a_leftover_lies(tmp_path: Path) -> None:
    leftover = tmp_path / "key.pem.new"
    leftover.write_bytes(b"half")
    leftover.chmod(0o644)
    write_whole(tmp_path / "key.pem", b"secret", OWNER_ONLY)
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
