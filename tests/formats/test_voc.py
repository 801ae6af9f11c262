"""Pascal VOC as labelImg writes it, and XML that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box
from firstshift.formats.registry import read_dataset
from tests.formats.drawing import png
from tests.formats.laid import lay, read

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
