"""Mutated real files of every format: whatever the bytes, an image or a `BadInput`, and nothing else.

4,000 mutated files, and each is probed, decoded and decoded small (12,000 calls).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from firstshift.core.decode import DecodeLimits, decode_grey_small, decode_image, probe_image
from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image

CASES = 400
LIMITS = DecodeLimits(max_bytes=2**20, max_pixels=2**20, max_decoded_bytes=2**23)


def pillow(pixels: npt.NDArray[Any], kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: npt.NDArray[Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


_rng = np.random.default_rng(7)
GREY = _rng.integers(0, 256, (16, 24), dtype=np.uint8)
RGB = _rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
RGB16 = _rng.integers(0, 65536, (16, 24, 3), dtype=np.uint16)
_exif = Pillow.Exif()
_exif[0x0112] = 6

SEEDS = {
    "png": (pillow(GREY, "PNG"), pillow(RGB, "PNG", exif=_exif.tobytes()), pillow(GREY > 99, "PNG")),
    "png16": (encode_png(Image.of(RGB16)), pillow(RGB16[:, :, 0], "PNG")),
    "jpeg": (pillow(GREY, "JPEG"), pillow(RGB, "JPEG", exif=_exif.tobytes())),
    "progressive": (pillow(RGB, "JPEG", progressive=True),),
    "bmp": (pillow(GREY, "BMP"), pillow(RGB, "BMP"), pillow(GREY > 99, "BMP")),
    "tiff": (tiff(GREY), tiff(RGB16, photometric="rgb", tile=(16, 16)), tiff(RGB16[:, :, :2], bigtiff=True)),
    "deflate": (tiff(GREY, compression="zlib", predictor=True), tiff(RGB16, compression="zlib")),
    "lzw": (pillow(GREY, "TIFF", compression="tiff_lzw"), pillow(RGB, "TIFF", compression="jpeg")),
    "webp": (pillow(RGB, "WEBP"), pillow(RGB, "WEBP", lossless=True, exif=_exif.tobytes())),
    "pnm": (b"P5 24 16 255\n" + GREY.tobytes(), b"P3 2 1 9\n1 2 3 4 5 6", b"P6 24 16 65535\n" + RGB16.tobytes()),
}


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        where = draw(st.integers(0, max(0, min(len(data) - 1, draw(st.sampled_from([64, 256, 10_000]))))))
        match draw(st.sampled_from(["byte", "word", "cut", "drop", "insert", "repeat"])):
            case "byte":
                data[where : where + 1] = bytes([draw(st.integers(0, 255))])
            case "word":
                data[where : where + 4] = draw(st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f" + b"\xff" * 3]))
            case "cut":
                del data[max(where, 8) :]
            case "drop":
                del data[where : where + draw(st.integers(1, 16))]
            case "insert":
                data[where:where] = draw(st.binary(max_size=16))
            case "repeat":
                data[where:where] = data[where : where + 64]
    return bytes(data)


@pytest.mark.parametrize("kind", SEEDS)
def test_only_our_own_errors_come_out(kind: str) -> None:
    seen = {"image": 0, "refused": 0}

    @settings(
        max_examples=CASES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutated(SEEDS[kind]))
    def attempt(data: bytes) -> None:
        for call in (probe_image, decode_image, lambda d, n, limits: decode_grey_small(d, n, 8, limits)):
            result: Any
            try:
                result = call(data, "fuzz", LIMITS)
            except BadInput as error:
                result = str(error)
            if isinstance(result, str):
                assert result.startswith("fuzz: ")
                assert "\n" not in result
                seen["refused"] += 1
            if isinstance(result, Image):
                facts = probe_image(data, "fuzz", LIMITS)
                assert (result.width, result.height, result.bits) == (facts.width, facts.height, facts.bits)
                seen["image"] += 1

    attempt()
    assert seen["refused"] > 20  # the mutations do bite
