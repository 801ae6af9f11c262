"""Which format is meant: by a folder, by the label file that is named, and what is no data set at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from firstshift.core.encode import encode_mask
from firstshift.core.errors import BadInput, NotFound
from firstshift.formats.registry import detect_format, read_dataset
from tests.formats.drawing import jpeg, mask, png
from tests.formats.laid import coco, lay


def test_nothing_to_import_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no images"):
        detect_format(tmp_path)
    lay(tmp_path, {"a.png": png()})
    with pytest.raises(BadInput, match="1 images without labels"):
        detect_format(tmp_path)
    with pytest.raises(NotFound, match="no such format"), read_dataset(tmp_path, format_name="cocoa"):
        pass


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
