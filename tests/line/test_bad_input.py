"""The bad input corpus, each entry inside a data set of good images: one line says what is wrong, and the workspace is
as it was: no row, no event, no blob. What only looks odd (16 bits, a palette, an EXIF turn, a wrong ending) comes in.
"""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from firstshift.core.errors import FirstshiftError
from firstshift.line.importing import import_dataset
from tests.line.data_sets import class_folders, holdings, workspace
from tests.pictures import jpeg, png

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 256, (24, 32), dtype=np.uint8)
RGB = RNG.integers(0, 256, (24, 32, 3), dtype=np.uint8)


def saved(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def bomb(side: int = 100_000) -> bytes:
    """A PNG of side², a few kilobytes on the disk."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes(2_000_000), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def turned() -> bytes:
    exif = Pillow.Exif()
    exif[274] = 6
    return saved(Pillow.fromarray(GREY), "JPEG", exif=exif)


def animated(kind: str) -> bytes:
    frames = [Pillow.fromarray(np.roll(RGB, k)) for k in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


REFUSED_FILES: dict[str, bytes] = {
    "truncated.jpg": jpeg(1)[:500],
    "truncated.png": png(1)[:-30],
    "bomb.png": bomb(),
    "zero bytes.png": b"",
    "text.png": b"this is no picture",
    "cmyk.jpg": saved(Pillow.fromarray(RGB).convert("CMYK"), "JPEG"),
    "animated.png": animated("PNG"),
    "animated.webp": animated("WEBP"),
    "gif named.png": animated("GIF"),
    "200 channels.tif": tiff(RNG.integers(0, 256, (200, 8, 8), dtype=np.uint8), photometric="minisblack"),
    "nan.tif": tiff(np.full((8, 8), np.nan, dtype=np.float32)),
}
ACCEPTED_FILES: dict[str, tuple[bytes, tuple[int, int, int, int]]] = {
    "16 bit.png": (saved(Pillow.fromarray(GREY.astype(np.uint16) * 257), "PNG"), (32, 24, 1, 16)),
    "palette.png": (saved(Pillow.fromarray(RGB).quantize(16), "PNG"), (32, 24, 3, 8)),
    "turned.jpg": (turned(), (24, 32, 1, 8)),
    "really a png.jpg": (png(3), (24, 24, 1, 8)),
    "six lights.tif": (tiff(RNG.integers(0, 256, (6, 8, 9), dtype=np.uint8), photometric="minisblack"), (9, 8, 6, 8)),
}


def in_folder(folder: Path, name: str, data: bytes) -> Path:
    """One bad file among good ones; its name comes last, so that a careless import has written the others already."""
    class_folders(folder, {"good": 3, "scratch": 3})
    (folder / "scratch" / f"z {name}").write_bytes(data)
    return folder


def with_non_utf8_name(folder: Path) -> Path:
    class_folders(folder, {"good": 3})
    Path(os.fsdecode(os.fsencode(folder / "good") + b"/z\xff\xfe.jpg")).write_bytes(jpeg(7))
    return folder


def with_link(folder: Path) -> Path:
    class_folders(folder, {"good": 3})
    (folder / "good/z.jpg").symlink_to(folder / "good/000.jpg")
    return folder


def with_link_out(folder: Path) -> Path:
    class_folders(folder, {"good": 3})
    (folder / "scratch").symlink_to("/etc")
    return folder


def zip_that_leads_out(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("good/000.jpg", jpeg(0))
        packed.writestr("good/../../z.jpg", jpeg(1))
    return path


def tar_that_leads_out(folder: Path) -> Path:
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as packed:
        for name in ("good/000.jpg", "/z.jpg", "../../z.jpg"):
            member = tarfile.TarInfo(name)
            member.size = len(jpeg(0))
            packed.addfile(member, io.BytesIO(jpeg(0)))
    return path


def zip_with_one_name_twice(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(2):
            packed.writestr("good/000.jpg", jpeg(number))
        packed.writestr("scratch/001.jpg", jpeg(1))
    return path


def cut_zip(folder: Path) -> Path:
    path = zip_that_leads_out(folder)
    path.write_bytes(path.read_bytes()[:-40])
    class_folders(folder.parent, {"good": 2})  # beside it: not what was meant, and not to be taken for it
    return path


def coco(annotation: dict[str, object]) -> Callable[[Path], Path]:
    def lay(folder: Path) -> Path:
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.jpg").write_bytes(jpeg(number))
        images = [{"id": n, "file_name": f"{n}.jpg", "width": 48, "height": 48} for n in range(3)]
        plain = {"images": images, "categories": [{"id": 1, "name": "scratch"}], "annotations": [annotation]}
        (folder / "labels.json").write_text(json.dumps(plain))
        return folder

    return lay


REFUSED: dict[str, Callable[[Path], Path]] = {
    **{name: partial(in_folder, name=name, data=data) for name, data in REFUSED_FILES.items()},
    "a name that is not UTF-8": with_non_utf8_name,
    "a symbolic link": with_link,
    "a symbolic link to a folder elsewhere": with_link_out,
    "../ in a zip": zip_that_leads_out,
    "../ and / in a tar": tar_that_leads_out,
    "one name twice in a zip": zip_with_one_name_twice,
    "a cut zip": cut_zip,
    "a box that is not a number": coco({"id": 1, "image_id": 2, "category_id": 1, "bbox": ["x", 0, 1, 1]}),
    "a class that is not there": coco({"id": 1, "image_id": 2, "category_id": 9, "bbox": [0, 0, 1, 1]}),
    "an attribute that JSON does not have": coco(
        {"id": 1, "image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "score": float("nan")}
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile, about what the test makes on purpose
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line_and_leaves_the_workspace_as_it_was(name: str, tmp_path: Path) -> None:
    source = REFUSED[name](tmp_path / "set")
    with workspace(tmp_path / "ws") as ws:
        ws.images.add(jpeg(999))
        before = holdings(ws)
        with pytest.raises(FirstshiftError) as refused:
            import_dataset(ws, source)
        assert holdings(ws) == before
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 1200
    assert message.isprintable()
    assert not (tmp_path / "z.jpg").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_left_out_when_asked_and_leaves_no_trace(name: str, tmp_path: Path) -> None:
    source = REFUSED[name](tmp_path / "set")
    with workspace(tmp_path / "ws") as ws:
        try:
            report = import_dataset(ws, source, on_problem="skip")
        except FirstshiftError:
            assert holdings(ws)["images"] == 0, "a label file that cannot be read at all stops everything"
            return
        assert report.problems
        held = holdings(ws)
        assert report.images == held["images"] == held["files among the blobs"]
        assert all("z" not in str(image.capture.source).split("/")[-1] for image in ws.images.all())


@pytest.mark.parametrize("name", ACCEPTED_FILES)
def test_what_only_looks_odd_is_imported_whole(name: str, tmp_path: Path) -> None:
    data, facts = ACCEPTED_FILES[name]
    with workspace(tmp_path / "ws") as ws:
        report = import_dataset(ws, in_folder(tmp_path / "set", name, data))
        assert (report.new, report.problems) == (7, ())
        (odd,) = [image for image in ws.images.all() if image.capture.source == f"scratch/z {name}"]
        assert (odd.width, odd.height, odd.channels, odd.bits) == facts
        assert ws.images.read_bytes(odd) == data
        read = ws.images.read(odd)
        assert (read.width, read.height) == facts[:2]
