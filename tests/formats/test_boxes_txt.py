"""Text files of boxes: pairs of template and test, and images whose folders say less."""

from __future__ import annotations

from pathlib import Path

from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box
from firstshift.formats.record import ReadOptions
from firstshift.formats.registry import read_dataset, write_dataset
from tests.formats.drawing import mask, png, record
from tests.formats.laid import lay, read


def test_pairs_of_template_and_test(tmp_path: Path) -> None:
    files = {"test/1_temp.png": png(1), "test/1_test.png": png(2), "test/1.txt": "1 2 4 6 3\n0 0 5 5 9\n"}
    names = ReadOptions(classes=("open", "short", "mouse bite"))
    records, _ = read(lay(tmp_path, files), "boxes_txt", names)
    test, template = records["test/1_test.png"], records["test/1_temp.png"]
    marked = Annotation("mouse bite", Box(1, 2, 3, 4)), Annotation("9", Box(0, 0, 5, 5))
    assert test.label == Label.defect(*marked)
    assert template.label == Label.good()
    assert (test.capture["pair"], test.capture["role"]) == (template.capture["pair"], "test")
    assert test.split == "test"


def test_files_of_boxes_say_more_than_the_folders_they_lie_in(tmp_path: Path) -> None:
    scratch = Label.defect(Annotation("scratch", mask((3, 4), (3, 5))))
    plain = [record(f"train/good/{n}.png", Label.good(), split="train") for n in range(7)]
    plain += [record("test/good/8.png", Label.good(), split="test")]
    plain += [record("test/scratch/9.png", scratch, split="test")]
    write_dataset("boxes_txt", plain, tmp_path / "out")
    records, reading = read(tmp_path / "out", "boxes_txt")
    assert records["test/scratch/9.png"].label == Label.defect(Annotation("scratch", Box(4, 3, 2, 1)))
    assert sum(r.label == Label.good() for r in records.values()) == 8
    assert not list(reading.notes)
    with read_dataset(tmp_path / "out", format_name="mvtec") as misread:
        (note,) = misread.notes
    assert ".txt files that look like labels of the format boxes_txt" in note.what
    assert note.count == 9
