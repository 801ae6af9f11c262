"""Masks beside their images or in a folder of their own, of one class or of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firstshift.core.encode import encode_mask, encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.label import Annotation, Label
from firstshift.formats.record import ReadOptions
from firstshift.formats.registry import read_dataset
from tests.formats.drawing import HEIGHT, WIDTH, jpeg, mask
from tests.formats.laid import lay, read


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
