"""Label Studio as it exports: shapes in per cent, turned about a corner, and brush masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box, Mask, Polygon
from firstshift.formats.brush import decode_brush, encode_brush
from tests.formats.drawing import HEIGHT, WIDTH, mask, png
from tests.formats.laid import lay, read


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
