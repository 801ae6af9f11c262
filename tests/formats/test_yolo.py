"""YOLO as Roboflow and Ultralytics lay it out, turned boxes without a task, and lines that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Polygon
from firstshift.formats.registry import detect_format, read_dataset
from tests.formats.drawing import HEIGHT, WIDTH, png
from tests.formats.laid import lay, read


def test_yolo_as_roboflow_and_ultralytics_lay_it_out(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['scratch', 'pin hole']\n",
        "train/images/a.png": png(1),
        "train/labels/a.txt": "0 0.5 0.5 0.25 0.5\n1 0.1 0.1 0.5 0.1 0.5 0.5\n",
        "valid/images/b.png": png(2),
        "valid/labels/b.txt": "",
        "valid/images/c.png": png(3),
    }
    records, reading = read(lay(tmp_path, files), "yolo")
    assert {s: r.split for s, r in records.items()} == {"a.png": "train", "b.png": "val", "c.png": "val"}
    box, polygon = (Annotation("scratch", Box(9, 4, 6, 8)), Polygon((((2.4, 1.6), (12, 1.6), (12, 8)),)))
    assert records["a.png"].label == Label.defect(box, Annotation("pin hole", polygon))
    assert records["b.png"].label == Label.good()
    assert records["c.png"].label is None
    assert reading.classes == ("scratch", "pin hole")


@pytest.mark.parametrize(
    ("line", "says"),
    [("5 .5 .5 .1 .1", "0–0"), ("0 10 20 30 40", "shares"), ("0 .5 .5", "4 numbers"), ("x .5 .5 .1 .1", "a number")],
)
def test_yolo_lines_that_make_no_sense(line: str, says: str, tmp_path: Path) -> None:
    files = {"data.yaml": "names: {0: scratch}\n", "images/a.png": png(), "labels/a.txt": f"0 .5 .5 .1 .1\n{line}\n"}
    lay(tmp_path, files)
    with pytest.raises(BadInput, match=says) as caught, read_dataset(tmp_path) as reading:
        list(reading.records)
    assert str(caught.value).startswith("labels/a.txt: line 2")


def test_yolo_turned_boxes_without_a_task_are_recognised(tmp_path: Path) -> None:
    corners = " ".join(f"{x / WIDTH} {y / HEIGHT}" for x, y in Box(5, 5, 8, 4, 30).corners())
    lay(tmp_path, {"data.yaml": "names: [a]\n", "images/a.png": png(), "labels/a.txt": f"0 {corners}\n"})
    records, _ = read(tmp_path, "yolo")
    assert records["a.png"].label == Label.defect(Annotation("a", Box(5, 5, 8, 4, 30)))


def test_yaml_that_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, {"data.yaml": "a: &a [1]\nnames: *a\n", "images/a.png": png(), "labels/a.txt": ""})
    with read_dataset(tmp_path, format_name="yolo") as reading:  # no usable data.yaml: numbers stay numbers
        assert reading.classes == ()
    lay(tmp_path, {"data.yaml": "names: !!python/object/apply:os.system [ls]\n"})
    with read_dataset(tmp_path, format_name="yolo") as reading:
        assert reading.classes == ()


def test_shares_as_yolo_has_them_are_not_taken_for_corners_in_pixels(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            f"{side}/good/{side}.{end}": png() if end == "png" else "0 0.2 0.3 0.4 0.5\n"
            for side in ("train", "test")
            for end in ("png", "txt")
        },
    )
    assert detect_format(tmp_path).format == "mvtec"
