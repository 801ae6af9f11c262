"""Folders that are named for what their images show: MVTec with its masks, and plain class folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firstshift.core.encode import encode_mask, encode_png
from firstshift.core.image import Image
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.formats.record import ReadOptions
from tests.formats.drawing import HEIGHT, WIDTH, mask, png
from tests.formats.laid import lay, read


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


def test_class_folders_keep_awkward_names_and_verdicts(tmp_path: Path) -> None:
    files = {"oxide scale (Ü)/1.png": png(1), "OK/2.png": png(2), "unsure/3.png": png(3), "4.png": png(4)}
    records, _ = read(lay(tmp_path, files), "class_folders")
    assert records["oxide scale (Ü)/1.png"].label == Label.defect(Annotation("oxide scale (Ü)"))
    assert records["OK/2.png"].label == Label.good()
    assert records["unsure/3.png"].label == Label(Verdict.UNSURE)
    assert records["4.png"].label is None
