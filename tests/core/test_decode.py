"""Every format we read comes back pixel for pixel; every file we cannot trust is a one-line error."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import PngImagePlugin

from firstshift.core.decode import DecodeLimits, decode_grey_small, decode_image, probe_image
from firstshift.core.encode import encode_mask, encode_png, encode_tiff
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.shapes import Mask

Array = npt.NDArray[Any]


def noise(*shape: int, bits: int = 8, seed: int = 1) -> Array:
    return np.random.default_rng(seed).integers(0, 2**bits, shape, dtype=np.uint8 if bits == 8 else np.uint16)


def ramp(height: int = 48, width: int = 64) -> Array:
    return np.add.outer(np.arange(height) * 2, np.arange(width) * 2).astype(np.uint8)


def pillow(pixels: Array, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: Array, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def insert_chunk(png: bytes, kind: bytes, body: bytes, times: int = 1) -> bytes:
    return png[:33] + png_chunk(kind, body) * times + png[33:]


GREY8, GREY16, RGB8, RGB16 = noise(20, 30), noise(20, 30, bits=16), noise(20, 30, 3), noise(20, 30, 3, bits=16)
RGBA8, RGBA16 = noise(20, 30, 4), noise(20, 30, 4, bits=16)
SIX16 = noise(20, 30, 6, bits=16)

LOSSLESS = {
    "grey.png": (pillow(GREY8, "PNG"), GREY8),
    "grey16.png": (pillow(GREY16, "PNG"), GREY16),
    "rgb.png": (pillow(RGB8, "PNG"), RGB8),
    "rgba.png": (pillow(RGBA8, "PNG"), RGBA8),
    "rgb16.png": (encode_png(Image.of(RGB16)), RGB16),
    "rgba16.png": (cv2.imencode(".png", RGBA16[:, :, [2, 1, 0, 3]])[1].tobytes(), RGBA16),
    "grey.bmp": (pillow(GREY8, "BMP"), GREY8),
    "rgb.bmp": (pillow(RGB8, "BMP"), RGB8),
    "rgb.webp": (pillow(RGB8, "WEBP", lossless=True), RGB8),
    "rgba.webp": (pillow(np.maximum(RGBA8, 1), "WEBP", lossless=True, exact=True), np.maximum(RGBA8, 1)),
    "grey.pgm": (b"P5 # comment\n30 20\n255\n" + GREY8.tobytes(), GREY8),
    "grey16.pgm": (b"P5\n30 20 65535\n" + GREY16.astype(">u2").tobytes(), GREY16),
    "rgb.ppm": (b"P6\n30\n20\n255\n" + RGB8.tobytes(), RGB8),
    "plain.pgm": (b"P2 30 20 255\n" + b" ".join(b"%d" % v for v in GREY8.ravel()), GREY8),
    "grey.tif": (tiff(GREY8), GREY8),
    "grey16.tif": (tiff(GREY16), GREY16),
    "big-endian.tif": (tiff(GREY16, byteorder=">"), GREY16),
    "big.tif": (tiff(GREY16, bigtiff=True), GREY16),
    "deflate.tif": (tiff(RGB16, compression="zlib", predictor=True, photometric="rgb"), RGB16),
    "tiled.tif": (tiff(RGB8, tile=(16, 16), photometric="rgb"), RGB8),
    "planar.tif": (tiff(np.moveaxis(RGB8, 2, 0), photometric="rgb", planarconfig="separate"), RGB8),
    "pages.tif": (tiff(np.moveaxis(SIX16, 2, 0), photometric="minisblack"), SIX16),
    "samples.tif": (tiff(SIX16, photometric="minisblack", planarconfig="contig"), SIX16),
    "lzw.tif": (pillow(GREY8, "TIFF", compression="tiff_lzw"), GREY8),
    "lzw-rgb.tif": (pillow(RGB8, "TIFF", compression="tiff_lzw"), RGB8),
    "lzw16.tif": (pillow(GREY16, "TIFF", compression="tiff_lzw"), GREY16),
    "packbits.tif": (pillow(GREY8, "TIFF", compression="packbits"), GREY8),
    "white-is-zero.tif": (tiff(GREY8, photometric="miniswhite"), 255 - GREY8),
    "lights.tif": (encode_tiff(Image.of(SIX16)), SIX16),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_what_was_saved_comes_back_and_as_the_header_said(name: str) -> None:
    data, pixels = LOSSLESS[name]
    facts = probe_image(data, name)
    image = decode_image(data, name)
    assert np.array_equal(image.pixels, pixels.reshape(20, 30, -1))
    assert image.bits == facts.bits == pixels.dtype.itemsize * 8
    assert (image.width, image.height, image.channels) == (facts.width, facts.height, facts.channel_names)
    assert facts.note == ""


@pytest.mark.parametrize("name", LOSSLESS)
def test_small_grey_is_the_shrunk_brightness(name: str) -> None:
    data, _ = LOSSLESS[name]
    small = decode_grey_small(data, name, 15)
    assert small.shape == (10, 15)
    assert small.dtype == np.uint8
    image = decode_image(data, name)
    lights = image.pixels[:, :, [i for i, n in enumerate(image.channels) if n != "alpha"]].astype(float)
    weights = (0.299, 0.587, 0.114) if lights.shape[2] == 3 else (1 / lights.shape[2],) * lights.shape[2]
    expected = cv2.resize(lights @ np.array(weights) / image.white * 255, (15, 10), interpolation=cv2.INTER_AREA)
    assert np.abs(small - expected).max() < 2.5


def test_channel_names() -> None:
    assert probe_image(*LOSSLESS["rgba.png"][:1], "a.png").channel_names == ("R", "G", "B", "alpha")
    assert probe_image(LOSSLESS["pages.tif"][0], "a.tif").channel_names == ("c0", "c1", "c2", "c3", "c4", "c5")
    three_pages = tiff(noise(3, 20, 30), photometric="minisblack")
    assert probe_image(three_pages, "a.tif").channel_names == ("c0", "c1", "c2")  # three lights, not a colour


@pytest.mark.parametrize(("pixels", "near"), [(ramp(), 3), (np.stack([ramp()] * 3, 2), 4)])
def test_jpeg_grey_and_colour(pixels: Array, near: int) -> None:
    data = pillow(pixels, "JPEG", quality=95)
    image = decode_image(data, "a.jpg")
    assert np.abs(image.pixels.astype(int) - pixels.reshape(48, 64, -1)).max() <= near
    small = decode_grey_small(data, "a.jpg", 16)
    assert np.abs(small - cv2.resize(ramp().astype(float), (16, 12), interpolation=cv2.INTER_AREA)).max() <= 4


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_become_eight(bits: int) -> None:
    values = noise(20, 30) >> (8 - bits)
    rows = np.packbits(np.unpackbits(values[:, :, None], axis=2)[:, :, 8 - bits :].reshape(20, -1), axis=1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    ihdr = struct.pack(">IIBBBBB", 30, 20, bits, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", ihdr) + png_chunk(b"IDAT", zlib.compress(raw))
    image = decode_image(data + png_chunk(b"IEND", b""), "few.png")
    assert np.array_equal(image.pixels[:, :, 0], values * (255 // ((1 << bits) - 1)))


def test_palettes_become_colours() -> None:
    palette = Pillow.fromarray(GREY8 % 4, "P")
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    for kind, options in (("PNG", {}), ("BMP", {}), ("TIFF", {})):
        stream = io.BytesIO()
        palette.save(stream, kind, **options)
        image = decode_image(stream.getvalue(), "palette")
        assert image.channels == ("R", "G", "B")
        assert np.array_equal(image.pixels, np.asarray(palette.convert("RGB")))
    stream = io.BytesIO()
    palette.save(stream, "PNG", transparency=bytes([0, 255, 128, 7]))
    image = decode_image(stream.getvalue(), "palette.png")
    assert image.channels == ("R", "G", "B", "alpha")
    assert np.array_equal(np.unique(image.channel("alpha")), [0, 7, 128, 255])


def test_sixteen_bit_grey_with_alpha_keeps_both() -> None:
    rows = noise(20, 30, 2, bits=16)
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    ihdr = struct.pack(">IIBBBBB", 30, 20, 16, 4, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", ihdr) + png_chunk(b"IDAT", zlib.compress(raw))
    image = decode_image(data + png_chunk(b"IEND", b""), "a.png")
    assert image.channels == ("grey", "alpha")
    assert np.array_equal(image.pixels, rows)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_as_opencv_and_browsers_do(kind: str, orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"TIFF": {"tiffinfo": {274: orientation}}, "WEBP": {"lossless": True}}.get(kind, {})
    options |= {} if kind == "TIFF" else {"exif": exif.tobytes()}
    data = pillow(ramp(), kind, **options)
    facts = probe_image(data, f"a.{kind.lower()}")
    assert facts.orientation == orientation
    image = decode_image(data, "a")
    assert (image.width, image.height) == (facts.width, facts.height)
    by_opencv = cv2.imdecode(np.frombuffer(pillow(ramp(), "JPEG", exif=exif.tobytes()), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.abs(image.pixels[:, :, 0].astype(int) - by_opencv).max() <= 5
    small = decode_grey_small(data, "a", 16)
    assert np.abs(cv2.resize(by_opencv, small.shape[::-1], interpolation=cv2.INTER_AREA) - small.astype(int)).max() <= 6


def test_content_decides_and_a_wrong_name_is_noted() -> None:
    data = pillow(ramp(), "JPEG")
    facts = probe_image(data, "photo.png")
    assert facts.format == "jpeg"
    assert facts.note == "named .png but holds JPEG"
    assert decode_image(data, "photo.png").width == 64


def moving(kind: str) -> bytes:
    stream = io.BytesIO()
    frames = [Pillow.fromarray(noise(20, 30, seed=seed)) for seed in (1, 2)]
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:])
    return stream.getvalue()


def bomb_png(side: int) -> bytes:
    ihdr = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", ihdr) + rows + png_chunk(b"IEND", b"")


def deflate_bomb_tiff() -> bytes:
    """A strip that unpacks to 64 MB where 600 bytes belong."""
    data = bytearray(tiff(GREY8, compression="zlib", metadata=None, software=False))
    packed = zlib.compress(b"\0" * (64 << 20), 9)
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        tags = tif.pages[0].tags
        where, size = tags["StripOffsets"].valueoffset, tags["StripByteCounts"].valueoffset
        wide = {3: "<H", 4: "<I"}
        data[where : where + 4] = struct.pack("<I", len(data))
        size_code = wide[int(tags["StripByteCounts"].dtype)]
    if size_code == "<H":
        pytest.fail("the fixture needs a strip length of 32 bits")
    data[size : size + 4] = struct.pack("<I", len(packed))
    return bytes(data) + packed


def cyclic_tiff() -> bytes:
    data = bytearray(tiff(GREY8, metadata=None))
    (at,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[at : at + 2])
    data[at + 2 + 12 * count : at + 6 + 12 * count] = struct.pack("<I", at)
    return bytes(data)


def texts_png() -> bytes:
    """A text chunk of 60 kB that unpacks to 64 MB."""
    return insert_chunk(pillow(GREY8, "PNG"), b"zTXt", b"comment\0\0" + zlib.compress(b"a" * (64 << 20), 9))


def sparse_tiff() -> bytes:
    """One of four strips has no bytes at all."""
    data = bytearray(tiff(noise(64, 64), rowsperstrip=16, metadata=None))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        sizes = tif.pages[0].tags["StripByteCounts"]
    code = {3: "<H", 4: "<I"}[int(sizes.dtype)]
    struct.pack_into(code, data, sizes.valueoffset + struct.calcsize(code), 0)
    return bytes(data)


BAD = {
    "empty.png": (b"", "0 bytes"),
    "text.png": (b"just some text", "a PNG, JPEG, BMP"),
    "moving.gif": (moving("GIF"), "GIF"),
    "moving.png": (moving("PNG"), "animated PNG"),
    "moving.webp": (moving("WEBP"), "animated WebP"),
    "bomb.png": (bomb_png(100_000), "sides of at most 65,000"),
    "wide-bomb.png": (bomb_png(60_000), "at most 150,000,000 pixels"),
    "short.png": (bomb_png(4_000), "a whole PNG"),
    "texts.png": (texts_png(), "a whole PNG"),
    "cut.png": (pillow(RGB8, "PNG")[:-40], "a whole PNG"),
    "no-end.png": (pillow(RGB8, "PNG")[:-12], "cut short"),
    "cut.jpg": (pillow(RGB8, "JPEG")[:-40], "a whole JPEG"),
    "cut-early.jpg": (pillow(RGB8, "JPEG")[:200], "a whole JPEG"),
    "cut.bmp": (pillow(RGB8, "BMP")[:-40], "a whole BMP"),
    "cut.webp": (pillow(RGB8, "WEBP")[:-40], "a whole WEBP"),
    "cut.tif": (tiff(noise(200, 300))[:-40], "a whole TIFF"),
    "cut.pgm": (b"P5 30 20 255\n" + b"\0" * 599, "a whole PNM"),
    "float.tif": (tiff(np.full((20, 30), np.nan, np.float32)), "floating point"),
    "signed.tif": (tiff(GREY8.astype(np.int16)), "signed numbers"),
    "many.tif": (tiff(np.zeros((200, 8, 8), np.uint8), photometric="minisblack"), "at most 64 channels"),
    "samples.tif": (tiff(np.zeros((8, 8, 200), np.uint8), photometric="minisblack", planarconfig="contig"), "64"),
    "bits32.tif": (tiff(GREY8.astype(np.uint32)), "8 or 16 bits"),
    "bomb.tif": (deflate_bomb_tiff(), "unpacks to more"),
    "circle.tif": (cyclic_tiff(), "a circle"),
    "wide.pgm": (b"P5 999999999 999999999 255\n", "sides of at most"),
    "float.pfm": (b"PF 3 3 -1.0\n" + b"\0" * 108, "PGM or PPM"),
    "sparse.tif": (sparse_tiff(), "left out"),
    "few.pgm": (b"P2 12000 12000 255\n" + b"1 " * 1000, "144,000,000 samples"),
    "short.ppm": (b"P3 1 1 255\n1 2", "3 samples"),
    "long.ppm": (b"P3 1 1 255\n1 2 3 4", "3 samples"),
    "chunks.png": (insert_chunk(pillow(GREY8, "PNG"), b"tEXt", b"", 200_000), "100,000 chunks"),
    "white.pgm": (b"P5 2 2 0\n\0\0\0\0", "white value"),
}
_cmyk = io.BytesIO()
Pillow.new("CMYK", (30, 20)).save(_cmyk, "JPEG")
BAD["cmyk.jpg"] = (_cmyk.getvalue(), "CMYK")


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_trusted_is_a_one_line_error(name: str) -> None:
    data, says = BAD[name]
    for decode in (lambda: decode_image(data, name), lambda: decode_grey_small(data, name, 32)):
        with pytest.raises(BadInput) as caught:  # a warning would be an error here, and not a BadInput
            decode()
        message = str(caught.value)
        assert says in message
        assert message.startswith(f"{name}: ")
        assert "\n" not in message


def test_every_cut_of_a_jpeg_and_a_png_is_refused() -> None:
    for kind, pixels in (("JPEG", RGB8), ("PNG", RGB8), ("JPEG", GREY8)):
        whole = pillow(pixels, kind)
        for end in range(0, len(whole) - 1, 7):
            with pytest.raises(BadInput):
                decode_grey_small(whole[:end], "cut", 16)


def test_large_pictures_within_the_limit_neither_warn_nor_touch_pillow() -> None:
    before = (Pillow.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK)
    data = pillow(np.zeros((10_000, 9_500), np.uint8), "PNG")  # above Pillow's warning at 89 million pixels
    assert decode_grey_small(data, "large.png", 64).shape == (64, 61)
    assert before == (Pillow.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK)


def test_limits_are_the_callers() -> None:
    data = pillow(RGB8, "PNG")
    for limits in (DecodeLimits(max_bytes=100), DecodeLimits(max_side=25), DecodeLimits(max_pixels=599)):
        with pytest.raises(BadInput, match="at most"):
            probe_image(data, "a.png", limits)
    with pytest.raises(BadInput, match="once decoded"):
        probe_image(data, "a.png", DecodeLimits(max_decoded_bytes=1799))
    assert probe_image(data, "a.png", DecodeLimits(max_decoded_bytes=1800)).channels == 3


def test_masks_encode() -> None:
    mask = Mask(noise(9, 7) > 99)
    assert np.array_equal(decode_image(encode_mask(mask), "m.png").pixels[:, :, 0] > 127, mask.pixels)
