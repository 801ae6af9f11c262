"""COCO as other tools write it: splits in names and folders, three kinds of run lengths, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Polygon, RunLengths
from firstshift.formats.coco_runs import pack_counts, unpack_counts
from firstshift.formats.record import ReadOptions
from firstshift.formats.registry import read_dataset, write_dataset
from tests.formats.drawing import HEIGHT, WIDTH, mask, png, record
from tests.formats.laid import annotation, coco, lay, read


def test_coco_with_splits_in_file_names_and_folders(tmp_path: Path) -> None:
    other = coco(images=[{"id": 7, "file_name": "c.png"}])
    files = {"annotations/instances_train2017.json": coco(), "annotations/instances_val2017.json": other}
    images = {"train2017/a.png": png(1), "train2017/b.png": png(2), "val2017/c.png": png(3), "stray.png": png(4)}
    records, reading = read(lay(tmp_path, files | images), "coco")
    assert {s: r.split for s, r in records.items()} == {"a.png": "train", "b.png": "train", "c.png": "val"}
    assert records["a.png"].label == Label.defect(Annotation("scratch", Box(1, 2, 3, 4)))
    assert records["b.png"].label is None
    assert "unlabelled" in str(next(iter(reading.losses)))
    assert reading.extra_files == ("stray.png",)
    assert reading.classes == ("scratch",)


def test_coco_images_without_annotations_are_good_when_somebody_says_so(tmp_path: Path) -> None:
    lay(tmp_path, {"labels.json": coco(), "images/a.png": png(1), "images/b.png": png(2)})
    records, _ = read(tmp_path, "coco", ReadOptions(empty="good"))
    assert records["b.png"].label == Label.good()


def test_coco_shapes(tmp_path: Path) -> None:
    runs = mask((1, 1), (2, 1), (5, 7))
    plain = [
        annotation(segmentation=[[0, 0, 4, 0, 4, 4], [1, 1, 2, 1, 2, 2]], bbox=[0, 0, 4, 4]),
        annotation(segmentation={"size": [HEIGHT, WIDTH], "counts": list(runs.counts)}, iscrowd=1),
        annotation(segmentation={"size": [HEIGHT, WIDTH], "counts": pack_counts(runs.counts)}),
        annotation(bbox=[1, 2, 3, 4], keypoints=[1, 2, 2], num_keypoints=1, score=0.5, attributes={"occluded": True}),
        annotation(segmentation=[[0, 0, 4, 0, 4, 4]], bbox=[9, 9, 1, 1]),
    ]
    lay(tmp_path, {"labels.json": coco(annotations=plain), "a.png": png(1), "b.png": png(2)})
    records, reading = read(tmp_path, "coco")
    label = records["a.png"].label
    assert label is not None
    two_rings, crowd, packed, keypoints, _ = label.annotations
    assert two_rings.shape == Polygon((((0, 0), (4, 0), (4, 4)), ((1, 1), (2, 1), (2, 2))))
    assert (crowd.shape, crowd.attributes) == (runs, {"iscrowd": 1})
    assert packed.shape == runs
    assert keypoints.attributes == {"keypoints": [1, 2, 2], "num_keypoints": 1, "score": 0.5, "occluded": True}
    assert any("differ from their polygon" in loss.what for loss in reading.losses)


COCO_FAULTS = {
    "category_id": annotation(category_id=99, bbox=[1, 2, 3, 4]),
    "bbox": annotation(bbox=[1, 2, 3]),
    "a number": annotation(bbox=[1, 2, "wide", 4]),
    "a thousand million": annotation(bbox=[1, 2, 1e300, 4]),
    "three points": annotation(segmentation=[[0, 0, 1, 1]]),
    "add up to": annotation(segmentation={"size": [HEIGHT, WIDTH], "counts": [3, 4]}),
    "as the image": annotation(segmentation={"size": [HEIGHT + 1, WIDTH], "counts": [0]}),
    "run lengths": annotation(segmentation={"size": [HEIGHT, WIDTH], "counts": "~~~~"}),
    "width and height": annotation(bbox=[1, 2, -3, 4]),
    "severity": annotation(bbox=[1, 2, 3, 4], severity=17),
}


@pytest.mark.parametrize("says", COCO_FAULTS)
def test_a_bad_entry_stops_or_is_listed_and_leaves_its_image_out(says: str, tmp_path: Path) -> None:
    lay(tmp_path, {"labels.json": coco(annotations=[COCO_FAULTS[says]]), "a.png": png(1), "b.png": png(2)})
    with pytest.raises(BadInput, match=says), read_dataset(tmp_path) as reading:
        list(reading.records)
    records, reading = read(tmp_path, "coco", ReadOptions(on_problem="skip"))
    assert set(records) == {"b.png"}
    assert len(reading.problems) == 1
    assert reading.count == 2


def test_a_missing_image_is_a_problem_and_an_orphan_annotation_an_error(tmp_path: Path) -> None:
    lay(tmp_path, {"labels.json": coco(), "a.png": png(1)})
    records, reading = read(tmp_path, "coco", ReadOptions(on_problem="skip"))
    assert set(records) == {"a.png"}
    assert "b.png" in str(reading.problems[0])
    lay(tmp_path, {"labels.json": coco(annotations=[annotation(image_id=1234)])})
    with pytest.raises(BadInput, match="an id in images"), read_dataset(tmp_path):
        pass


def test_packed_run_lengths_are_cocos(tmp_path: Path) -> None:
    # From the COCO API: a 5×5 mask with a 2×2 block at row 1, column 1 has counts 6 2 3 2 12 and packs to "6230<".
    assert pack_counts((6, 2, 3, 2, 12)) == "62309"
    assert unpack_counts("62309", 25) == (6, 2, 3, 2, 12)


def test_run_lengths_of_another_size_than_the_file_are_a_problem(tmp_path: Path) -> None:
    runs = {"size": [5, 7], "counts": [35]}
    table = coco(annotations=[annotation(segmentation=runs)], images=[{"id": 7, "file_name": "a.png"}])
    lay(tmp_path, {"labels.json": table, "a.png": png(1)})
    with pytest.raises(BadInput, match="24×16 pixels as the image, found 7×5"), read_dataset(tmp_path) as reading:
        list(reading.records)


def test_run_lengths_must_be_of_the_image(tmp_path: Path) -> None:
    wrong = Label.defect(Annotation("a", RunLengths(2, 2, (4,))))
    report = write_dataset("coco", [record("a.png", wrong)], tmp_path / "out")
    assert [loss.what for loss in report.losses] == ["masks of another size than the image"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"images": [NaN]}', "9" * 5000, '{"images": 1, "annotations": [], "categories": []}', "{"]
)
def test_json_that_is_refused(text: str, tmp_path: Path) -> None:
    lay(tmp_path, {"labels.json": text, "a.png": png()})
    with pytest.raises(BadInput) as caught, read_dataset(tmp_path / "labels.json", format_name="coco"):
        pass
    assert "\n" not in str(caught.value)
