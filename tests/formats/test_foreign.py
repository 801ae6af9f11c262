"""Data sets as other tools write them, not as we do: their layouts, their habits, and their mistakes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from firstshift.core.encode import encode_mask, encode_png
from firstshift.core.errors import BadInput, NotFound
from firstshift.core.image import Image
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Mask, Polygon, RunLengths
from firstshift.formats.brush import decode_brush, encode_brush
from firstshift.formats.coco_runs import pack_counts, unpack_counts
from firstshift.formats.record import Reading, ReadOptions, Record
from firstshift.formats.registry import detect_format, read_dataset, write_dataset
from tests.formats.drawing import HEIGHT, WIDTH, mask, png, record


def lay(folder: Path, files: dict[str, bytes | str | Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


def read(folder: Path, format_name: str, options: ReadOptions | None = None) -> tuple[dict[str, Record], Reading]:
    assert detect_format(folder).format == format_name
    with read_dataset(folder, options) as reading:
        records = list(reading.records)
    assert len({r.source for r in records}) == len(records)
    return {r.source: r for r in records}, reading


def coco(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "images": [{"id": 7, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 3, "name": "scratch", "supercategory": "x"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}],
    }
    return plain | changes


def annotation(**more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 7, "category_id": 3} | more


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


VOC = """<annotation><folder>x</folder><filename>a.png</filename><size><width>24</width><height>16</height></size>
<object><name>scratch</name><pose>Unspecified</pose><truncated>1</truncated><difficult>0</difficult>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4.5</xmax><ymax>6</ymax></bndbox></object></annotation>"""


def test_voc_as_labelimg_writes_it(tmp_path: Path) -> None:
    files = {"Annotations/a.xml": VOC, "JPEGImages/a.png": png(1), "JPEGImages/b.png": png(2)}
    lists = {
        "ImageSets/Main/train.txt": "a\n",
        "ImageSets/Main/trainval.txt": "a\nb\n",
        "ImageSets/Main/x_val.txt": "b 1",
    }
    records, reading = read(lay(tmp_path, files | lists), "voc")
    assert records["a.png"].label == Label.defect(Annotation("scratch", Box(1, 2, 3.5, 4), attributes={"truncated": 1}))
    assert records["b.png"].label is None
    assert (records["a.png"].split, records["b.png"].split) == ("train", "trainval")
    assert reading.extra_files == ("ImageSets/Main/x_val.txt",)


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation/>', "document type"),
        (VOC.encode("utf-16").decode("latin-1"), "UTF-16"),
        ("<annotation><object></annotation>", "XML"),
        (VOC.replace("4.5", "0"), "xmin ≤ xmax"),
        (VOC.replace("4.5", "inf"), "a number"),
    ],
)
def test_voc_files_that_are_refused(xml: str, says: str, tmp_path: Path) -> None:
    lay(tmp_path, {"a.xml": xml.encode("latin-1") if "\0" in xml else xml, "a.png": png()})
    with pytest.raises(BadInput, match=says), read_dataset(tmp_path, format_name="voc") as reading:
        list(reading.records)


def test_label_studio_as_it_exports(tmp_path: Path) -> None:
    size = {"original_width": WIDTH, "original_height": HEIGHT}
    brush = encode_brush(mask((1, 1), (1, 2)).mask())
    results = [
        size | {"id": "r", "type": "rectanglelabels", "value": {"x": 25, "y": 50, "width": 50, "height": 25}},
        size | {"id": "p", "type": "polygonlabels", "value": {"points": [[0, 0], [50, 0], [50, 50]]}},
        size | {"id": "b", "type": "brushlabels", "value": {"format": "rle", "rle": brush}},
        {"id": "r", "type": "textarea", "value": {"text": ["12 NOV"]}},
        {"id": "k", "type": "keypointlabels", "value": {"x": 1, "y": 1, "keypointlabels": ["x"]}},
    ]
    for result, kind in zip(results, ("rectanglelabels", "polygonlabels", "brushlabels"), strict=False):
        result["value"][kind] = ["scratch"]
    good = [{"id": "c", "type": "choices", "from_name": "grade", "value": {"choices": ["OK"]}}]
    tasks = [
        {"data": {"image": "/data/upload/3/0123abcd-a.png"}, "annotations": [{"result": []}, {"result": results}]},
        {"data": {"image": "/data/local-files/?d=sub/b.png"}, "annotations": [{"result": good}]},
        {"data": {"image": "s3://bucket/c.png"}, "annotations": [{"result": results, "was_cancelled": True}]},
    ]
    lay(tmp_path, {"export.json": tasks, "a.png": png(1), "sub/b.png": png(2), "c.png": png(3)})
    records, reading = read(tmp_path, "label_studio")
    assert records["a.png"].label == Label.defect(
        Annotation("scratch", Box(6, 8, 12, 4), text="12 NOV"),
        Annotation("scratch", Polygon((((0, 0), (12, 0), (12, 8)),))),
        Annotation("scratch", mask((1, 1), (1, 2))),
    )
    assert records["sub/b.png"].label == Label.good()
    assert records["c.png"].label is None
    assert {loss.what.split(";")[0] for loss in reading.losses} == {
        "answers of other annotators",
        "results of type 'keypointlabels'",
    }


def test_label_studio_turns_about_the_corner(tmp_path: Path) -> None:
    value = {"x": 50, "y": 50, "width": 25, "height": 12.5, "rotation": 90, "rectanglelabels": ["a"]}
    result = {"type": "rectanglelabels", "original_width": 24, "original_height": 16, "value": value}
    lay(tmp_path, {"e.json": [{"data": {"image": "a.png"}, "annotations": [{"result": [result]}]}], "a.png": png()})
    records, _ = read(tmp_path, "label_studio")
    label = records["a.png"].label
    assert label is not None
    box = label.annotations[0].shape
    assert isinstance(box, Box)
    # 6 wide and 2 high from (12, 8), a quarter turn clockwise: it hangs down to the left of its corner.
    assert box.upright() == Box(10, 8, 2, 6)


def test_brush_masks_come_back() -> None:
    marked = Mask(np.random.default_rng(3).random((40, 30)) < 0.3)
    assert decode_brush(bytes(encode_brush(marked)), 30, 40) == marked
    with pytest.raises(BadInput, match="cut short"):
        decode_brush(bytes(encode_brush(marked))[:-9], 30, 40)
    with pytest.raises(BadInput, match="as the image"):
        decode_brush(bytes(encode_brush(marked)), 31, 40)


def test_datumaro_as_it_exports(tmp_path: Path) -> None:
    items = [
        {
            "id": "a",
            "annotations": [
                {
                    "id": 0,
                    "type": "bbox",
                    "attributes": {"occluded": False},
                    "group": 0,
                    "label_id": 0,
                    "bbox": [1, 2, 3, 4],
                },
                {"id": 1, "type": "label", "attributes": {}, "group": 0, "label_id": 1},
                {"id": 2, "type": "caption", "caption": "x"},
            ],
            "image": {"path": "a.png", "size": [16, 24]},
        }
    ]
    labels = [{"name": "scratch", "parent": "", "attributes": []}, {"name": "pin", "parent": "", "attributes": []}]
    table = {"info": {}, "categories": {"label": {"labels": labels}, "points": {"items": []}}, "items": items}
    records, reading = read(lay(tmp_path, {"annotations/train.json": table, "images/train/a.png": png()}), "datumaro")
    box = Annotation("scratch", Box(1, 2, 3, 4), attributes={"occluded": False})
    assert records["a.png"].label == Label.defect(box, Annotation("pin"))
    assert records["a.png"].split == "train"
    assert [loss.what for loss in reading.losses] == ["annotations of type 'caption'"]


def test_mvtec_reads_soft_and_empty_masks(tmp_path: Path) -> None:
    soft = np.zeros((HEIGHT, WIDTH), np.uint8)
    soft[3, 3:6] = (100, 200, 255)
    files = {
        "train/good/000.png": png(1),
        "test/good/000.png": png(2),
        "test/cut/000.png": png(3),
        "test/cut/001.png": png(4),
        "ground_truth/cut/000_mask.png": encode_png(Image.of(soft)),
        "ground_truth/cut/001_mask.png": encode_mask(mask().mask()),
        "readme.txt": "x",
    }
    records, reading = read(lay(tmp_path, files), "mvtec")
    assert records["test/cut/000.png"].label == Label.defect(Annotation("cut", mask((3, 4), (3, 5))))
    assert records["test/cut/001.png"].label == Label.defect(Annotation("cut", mask()))
    assert {r.split for s, r in records.items() if "train" in s} == {"train"}
    assert [loss.what for loss in reading.losses] == [
        "masks with soft edges, cut at 127",
        "masks on which nothing is marked",
    ]
    assert reading.extra_files == ("readme.txt",)
    records, _ = read(tmp_path, "mvtec", ReadOptions(mask_threshold=50))
    assert records["test/cut/000.png"].label == Label.defect(Annotation("cut", mask((3, 3), (3, 4), (3, 5))))


def jpeg() -> bytes:
    return cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes()


def test_masks_beside_images_in_class_folders(tmp_path: Path) -> None:
    marked, empty = encode_mask(mask((3, 4)).mask()), encode_mask(mask().mask())
    files = {
        "MT_Free/1.jpg": jpeg(),
        "MT_Free/1.png": empty,
        "MT_Uneven/2.jpg": jpeg(),
        "MT_Uneven/2.png": empty,
        "MT_Uneven/3.jpg": jpeg(),
        "MT_Uneven/3.png": marked,
    }
    records, _ = read(lay(tmp_path, files), "masks")
    assert records["MT_Free/1.jpg"].label == Label.good()  # every mask of the folder is empty
    assert records["MT_Uneven/2.jpg"].label == Label.defect(Annotation("MT_Uneven", mask()))
    assert records["MT_Uneven/3.jpg"].label == Label.defect(Annotation("MT_Uneven", mask((3, 4))))


def test_masks_in_a_folder_of_their_own(tmp_path: Path) -> None:
    files = {
        "image/1.jpg": jpeg(),
        "mask/1.png": encode_mask(mask((3, 4)).mask()),
        "image/2.jpg": jpeg(),
        "mask/2.png": encode_mask(mask().mask()),
        "image/3.jpg": jpeg(),
    }
    records, reading = read(lay(tmp_path, files), "masks", ReadOptions(mask_class="crack"))
    assert records["1.jpg"].label == Label.defect(Annotation("crack", mask((3, 4))))
    assert records["2.jpg"].label == Label.good()
    assert records["3.jpg"].label is None
    assert reading.classes == ("crack",)


def test_masks_of_numbers(tmp_path: Path) -> None:
    numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
    numbers[1, 1], numbers[2, 2] = 1, 2
    lay(tmp_path, {"images/1.jpg": jpeg(), "masks/1.png": encode_png(Image.of(numbers))})
    records, _ = read(tmp_path, "masks", ReadOptions(mask_values="classes", classes=("pin", "scratch")))
    assert records["1.jpg"].label == Label.defect(Annotation("pin", mask((1, 1))), Annotation("scratch", mask((2, 2))))
    records, _ = read(tmp_path, "masks", ReadOptions(mask_values="instances", mask_class="pore"))
    assert records["1.jpg"].label == Label.defect(Annotation("pore", mask((1, 1))), Annotation("pore", mask((2, 2))))


def test_a_mask_of_another_size_is_a_problem(tmp_path: Path) -> None:
    small = encode_mask(mask(width=5, height=5).mask())
    lay(tmp_path, {"image/1.jpg": jpeg(), "mask/1.png": small})
    with pytest.raises(BadInput, match=r"24×16 pixels as image/1\.jpg, found 5×5"), read_dataset(tmp_path) as reading:
        list(reading.records)


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


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"images": [NaN]}', "9" * 5000, '{"images": 1, "annotations": [], "categories": []}', "{"]
)
def test_json_that_is_refused(text: str, tmp_path: Path) -> None:
    lay(tmp_path, {"labels.json": text, "a.png": png()})
    with pytest.raises(BadInput) as caught, read_dataset(tmp_path / "labels.json", format_name="coco"):
        pass
    assert "\n" not in str(caught.value)


def test_yaml_that_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, {"data.yaml": "a: &a [1]\nnames: *a\n", "images/a.png": png(), "labels/a.txt": ""})
    with read_dataset(tmp_path, format_name="yolo") as reading:  # no usable data.yaml: numbers stay numbers
        assert reading.classes == ()
    lay(tmp_path, {"data.yaml": "names: !!python/object/apply:os.system [ls]\n"})
    with read_dataset(tmp_path, format_name="yolo") as reading:
        assert reading.classes == ()


def test_class_folders_keep_awkward_names_and_verdicts(tmp_path: Path) -> None:
    files = {"oxide scale (Ü)/1.png": png(1), "OK/2.png": png(2), "unsure/3.png": png(3), "4.png": png(4)}
    records, _ = read(lay(tmp_path, files), "class_folders")
    assert records["oxide scale (Ü)/1.png"].label == Label.defect(Annotation("oxide scale (Ü)"))
    assert records["OK/2.png"].label == Label.good()
    assert records["unsure/3.png"].label == Label(Verdict.UNSURE)
    assert records["4.png"].label is None


def test_nothing_to_import_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no images"):
        detect_format(tmp_path)
    lay(tmp_path, {"a.png": png()})
    with pytest.raises(BadInput, match="1 images without labels"):
        detect_format(tmp_path)
    with pytest.raises(NotFound, match="no such format"), read_dataset(tmp_path, format_name="cocoa"):
        pass


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


def test_run_lengths_must_be_of_the_image(tmp_path: Path) -> None:
    wrong = Label.defect(Annotation("a", RunLengths(2, 2, (4,))))
    report = write_dataset("coco", [record("a.png", wrong)], tmp_path / "out")
    assert [loss.what for loss in report.losses] == ["masks of another size than the image"]


def test_a_path_is_never_taken_for_another_image_of_the_same_name(tmp_path: Path) -> None:
    lay(tmp_path, {"a/1.png": png(1), "gt.csv": "file,class\nb/1.png,scratch\n"})
    with pytest.raises(BadInput, match="not there"), read_dataset(tmp_path, format_name="csv") as reading:
        list(reading.records)
    lay(tmp_path, {"gt.csv": "file,class\n/home/me/set/a/1.png,scratch\n"})
    records, _ = read(tmp_path, "csv")
    assert set(records) == {"a/1.png"}


def test_naming_a_label_file_says_which_format_is_meant(tmp_path: Path) -> None:
    files = {
        "image/1.jpg": jpeg(),
        "mask/1.png": encode_mask(mask((3, 4)).mask()),
        "parts.csv": "file,part\nimage/1.jpg,7\n",
    }
    lay(tmp_path, files)
    assert detect_format(tmp_path).format == "masks"
    assert detect_format(tmp_path / "parts.csv").format == "csv"
    with read_dataset(tmp_path / "parts.csv") as reading:
        assert [r.capture for r in reading.records] == [{"part": "7"}]


def test_run_lengths_of_another_size_than_the_file_are_a_problem(tmp_path: Path) -> None:
    runs = {"size": [5, 7], "counts": [35]}
    table = coco(annotations=[annotation(segmentation=runs)], images=[{"id": 7, "file_name": "a.png"}])
    lay(tmp_path, {"labels.json": table, "a.png": png(1)})
    with pytest.raises(BadInput, match="24×16 pixels as the image, found 7×5"), read_dataset(tmp_path) as reading:
        list(reading.records)


@pytest.mark.parametrize("name", ["README.md", "names.txt", "a.png", "no_suffix"])
def test_a_file_that_is_no_data_set_never_stands_for_its_folder(name: str, tmp_path: Path) -> None:
    lay(tmp_path, {"good/1.png": png(1), "scratch/2.png": png(2), name: png(3) if name == "a.png" else "Read me"})
    with pytest.raises(BadInput, match=r"an archive \(\.zip.* or a label file") as caught:
        detect_format(tmp_path / name)
    assert name in str(caught.value)
    with pytest.raises(BadInput), read_dataset(tmp_path / name, format_name="class_folders"):
        pass


def test_a_label_file_must_be_one_itself_and_of_the_format_that_is_named(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"labels.json": coco(), "package.json": {"name": "x"}, "prices.csv": "part,price\n1,2\n", "a.png": png()},
    )
    for name in ("package.json", "prices.csv"):
        with pytest.raises(BadInput, match="none of them recognises"):
            detect_format(tmp_path / name)
    assert detect_format(tmp_path / "labels.json").format == "coco"
    named_wrong = read_dataset(tmp_path / "labels.json", format_name="class_folders")
    with pytest.raises(BadInput, match="label file of the format class_folders"), named_wrong:
        pass


def test_devices_and_pipes_are_refused_without_opening_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (Path(os.devnull), tmp_path / "pipe.csv"):
        with pytest.raises(BadInput, match="a device, a pipe"):
            detect_format(path)


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
