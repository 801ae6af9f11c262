"""What is written is whole or not there, and names that collide are kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Label
from firstshift.formats.record import Record
from firstshift.formats.registry import write_dataset
from tests.formats.drawing import record


def test_writing_leaves_a_whole_folder_or_none(tmp_path: Path) -> None:
    def failing() -> bytes:
        raise OSError("the disk went away")

    broken = Record("b.png", failing, Label.good())
    with pytest.raises(Exception, match="the disk went away"):
        write_dataset("coco", [record("a.png", Label.good()), broken], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "used").mkdir()
    (tmp_path / "used/x").write_text("mine")
    with pytest.raises(BadInput, match="a new or empty folder"):
        write_dataset("coco", [], tmp_path / "used")
    (tmp_path / "empty").mkdir()
    assert write_dataset("coco", [record("a.png")], tmp_path / "empty").images == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "used"]
    with pytest.raises(BadInput, match="leads out"):
        write_dataset("coco", [record("../../a.png")], tmp_path / "out")


def test_names_that_collide_are_kept_apart_and_listed(tmp_path: Path) -> None:
    records = [record("a/x.png", Label.good()), record("b/x.png", Label.good()), record("A/X.png", Label.good())]
    report = write_dataset("class_folders", records, tmp_path / "out")
    assert report.images == 3
    assert {p.name.lower() for p in (tmp_path / "out").rglob("*.png")} == {"x.png", "x_2.png", "x_3.png"}
    assert any("renamed" in loss.what and loss.count == 2 for loss in report.losses)
