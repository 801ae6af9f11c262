"""CSV files of other people: columns of their own, boxes without a verdict, paths of another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box
from firstshift.formats.record import ReadOptions
from firstshift.formats.registry import read_dataset
from tests.formats.drawing import png
from tests.formats.laid import lay, read


def test_csv_with_columns_of_its_own(tmp_path: Path) -> None:
    text = "file;date;x;y;w;h;part\na.png;16 NOV;1;2;3;4;364\na.png;17 NOV;5;5;1;1;364\nb.png;;;;;;365\n"
    lay(tmp_path, {"gt.csv": text, "a.png": png(1), "b.png": png(2), "c.png": png(3)})
    options = ReadOptions(columns={"date": "text", "part": "serial"})
    records, reading = read(tmp_path, "csv", options)
    first, second = (
        Annotation("text", Box(1, 2, 3, 4), text="16 NOV"),
        Annotation("text", Box(5, 5, 1, 1), text="17 NOV"),
    )
    assert records["a.png"].label == Label.good(first, second)
    assert records["a.png"].capture == {"serial": "364"}
    assert records["b.png"].label is None
    assert reading.extra_files == ("c.png",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,x\na.png\n", "2 cells"),
        ("file,file\na.png,b\n", "different column names"),
        ("name,x\na.png,1\n", "one column of files"),
        ("file,path\na.png,a.png\n", "two columns for file"),
        ("file,x,y,w,h\na.png,1,2,1e400,4\n", "a number"),
        ("file,x,y\na.png,1,2\n", "w and h"),
        ("file,class\na.png,good\na.png,bad\n", "both for one image"),
        ("file,verdict\na.png,maybe\n", "good, defect, unsure"),
        ("file,shape\na.png,[[[\n", "JSON"),
        ("file,class\n../a.png,x\n", "an image in the data set"),
        ('file,class\n"a.png,x\n', "CSV"),
        ("file,class\na.png," + "x" * 200_000 + "\n", "CSV"),
    ],
)
def test_csv_files_that_are_refused(text: str, says: str, tmp_path: Path) -> None:
    lay(tmp_path / "set", {"gt.csv": text.replace("../a", "../b"), "sub/a.png": png()})
    (tmp_path / "b.png").write_bytes(png())
    with pytest.raises(BadInput, match=says) as caught, read_dataset(tmp_path / "set", format_name="csv") as reading:
        list(reading.records)
    assert "\n" not in str(caught.value)


def test_a_path_is_never_taken_for_another_image_of_the_same_name(tmp_path: Path) -> None:
    lay(tmp_path, {"a/1.png": png(1), "gt.csv": "file,class\nb/1.png,scratch\n"})
    with pytest.raises(BadInput, match="not there"), read_dataset(tmp_path, format_name="csv") as reading:
        list(reading.records)
    lay(tmp_path, {"gt.csv": "file,class\n/home/me/set/a/1.png,scratch\n"})
    records, _ = read(tmp_path, "csv")
    assert set(records) == {"a/1.png"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("file,date,x,y,w,h\na.png,16 NOV,1,2,3,4\n", Label.good(Annotation("object", Box(1, 2, 3, 4)))),
        ("file,text,x,y,w,h\na.png,,1,2,3,4\n", Label.good(Annotation("text", Box(1, 2, 3, 4)))),
        ("file,verdict,x,y,w,h\na.png,good,1,2,3,4\n", Label.good(Annotation("object", Box(1, 2, 3, 4)))),
        ("file,verdict,x,y,w,h\na.png,defect,1,2,3,4\n", Label.defect(Annotation("defect", Box(1, 2, 3, 4)))),
        ("file,severity,x,y,w,h\na.png,3,1,2,3,4\n", Label.defect(Annotation("defect", Box(1, 2, 3, 4), 3))),
        ("file,class,x,y,w,h\na.png,,1,2,3,4\n", Label.defect(Annotation("defect", Box(1, 2, 3, 4)))),
    ],
)
def test_boxes_in_a_csv_are_defects_only_when_a_column_says_so(text: str, label: Label, tmp_path: Path) -> None:
    lay(tmp_path, {"gt.csv": text, "a.png": png(1)})
    records, reading = read(tmp_path, "csv")
    assert records["a.png"].label == label
    unsaid = not {"class", "verdict", "severity"} & set(text.split("\n")[0].split(","))
    assert [note.examples for note in reading.notes] == ([("a.png",)] if unsaid else [])
    as_class, _ = read(tmp_path, "csv", ReadOptions(columns={"date": "class"})) if "date" in text else ({}, None)
    assert all(r.label == Label.defect(Annotation("16 NOV", Box(1, 2, 3, 4))) for r in as_class.values())
