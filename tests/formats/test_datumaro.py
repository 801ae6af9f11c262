"""Datumaro as it exports."""

from __future__ import annotations

from pathlib import Path

from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box
from tests.formats.drawing import png
from tests.formats.laid import lay, read


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
