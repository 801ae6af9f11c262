"""Bytes from anywhere into pixels, safely: header first, limits before allocation, the whole stream or nothing.

    image = decode_image(data, "part_17.tif")           # Image, 8 or 16 bit, upright, 1–64 named channels
    small = decode_grey_small(data, "part_17.jpg", 96)  # uint8, longer side 96: thumbnails and perceptual hashes

What is read: PNG (1–16 bit, palette), JPEG (grey, RGB), BMP, TIFF (8/16 bit, pages are channels), WebP, PGM and PPM.
Nothing is cut to 8 bits, and nothing but `BadInput` gets out, whatever the bytes are. Pillow's plug-ins are built
directly, so that none of its global switches or warnings are touched.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import BmpImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from firstshift.core.errors import BadInput
from firstshift.core.image import GREY, RGB, Image
from firstshift.core.imagefacts import DEFAULT_LIMITS, DecodeLimits, ImageFacts, probe_image
from firstshift.core.imageheaders import ALPHA, COPY_AGAIN, check_png_whole, png_chunks, pnm_header
from firstshift.core.tiffheader import TiffPage, check_segments, image_pages

__all__ = ["DecodeLimits", "ImageFacts", "decode_grey_small", "decode_image", "probe_image"]

_PILLOW: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}
_MODES = {GREY: "L", (*GREY, ALPHA): "LA", RGB: "RGB", (*RGB, ALPHA): "RGBA"}


def decode_image(data: bytes, name: str, limits: DecodeLimits = DEFAULT_LIMITS) -> Image:
    """All pixels, upright. `name` is for the message when it cannot be done."""
    facts = probe_image(data, name, limits)
    pixels = _guarded(facts, name, lambda: _decode(data, facts, limits))
    return Image(np.ascontiguousarray(_upright(pixels, facts.orientation)), facts.channel_names)


def decode_grey_small(
    data: bytes, name: str, size: int, limits: DecodeLimits = DEFAULT_LIMITS
) -> npt.NDArray[np.uint8]:
    """Brightness with the longer side `size` pixels (never enlarged), upright. The whole stream is still read, so
    that a cut file is refused; a JPEG is only entropy-decoded in full, which makes this several times faster."""
    facts = probe_image(data, name, limits)
    if facts.format == "jpeg":
        grey = _guarded(facts, name, lambda: _jpeg_grey(data, facts, size))
    else:
        grey = _guarded(facts, name, lambda: _grey8(_decode(data, facts, limits), facts))
    small = _shrink(grey, size)
    return np.ascontiguousarray(_upright(small, facts.orientation))


def _guarded(facts: ImageFacts, name: str, decode: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    try:
        return decode()
    except BadInput as error:
        raise BadInput(
            error.what, where=name, expected=error.expected, found=error.found, way_out=error.way_out
        ) from error
    except Exception as error:
        raise BadInput(
            where=name, expected=f"a whole {facts.format.upper()}", found=f"{error}"[:120], way_out=COPY_AGAIN
        ) from error


def _decode(data: bytes, facts: ImageFacts, limits: DecodeLimits) -> npt.NDArray[Any]:
    """(height, width, channels) as stored, not yet upright."""
    match facts.format:
        case "tiff":
            pixels = _tiff(data, facts, limits)
        case "pnm":
            pixels = _pnm(data, facts)
        case "png" if facts.bits == 16 and facts.channels > 1:
            check_png_whole(data)
            pixels = _png16(data, facts)
        case kind:
            if kind == "png":
                check_png_whole(data)
            if kind == "jpeg":
                _check_jpeg_end(data)
            with _PILLOW[kind](io.BytesIO(data)) as picture:
                pixels = _from_pillow(picture, facts)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    width, height = facts.stored_size
    if pixels.shape != (height, width, facts.channels) or pixels.dtype != np.dtype(f"u{facts.bits // 8}"):
        raise BadInput(expected=f"{width}×{height}×{facts.channels} as in the header", found=f"{pixels.shape}")
    return pixels


def _from_pillow(picture: ImageFile.ImageFile, facts: ImageFacts) -> npt.NDArray[Any]:
    if picture.size != facts.stored_size:
        raise BadInput(expected=f"{facts.stored_size} pixels as in the header", found=f"{picture.size}")
    if facts.bits == 16:
        if not picture.mode.startswith("I;16"):
            raise BadInput(expected="one channel of 16 bits", found=f"a picture of kind {picture.mode}")
        return np.asarray(picture).astype(np.uint16, copy=False)
    mode = _MODES[facts.channel_names]
    picture.load()
    return np.asarray(picture if picture.mode == mode else _converted(picture, mode))


def _converted(picture: ImageFile.ImageFile, mode: str) -> Pillow.Image:
    if mode in ("L", "RGB"):  # a see-through palette entry or key colour is not a channel of these
        picture.info.pop("transparency", None)
    return picture.convert(mode)


def _check_jpeg_end(data: bytes) -> None:
    scan = data.find(b"\xff\xda")
    if scan < 0 or data.rfind(b"\xff\xd9") < scan:
        raise BadInput(expected="a whole JPEG", found="a file cut short", way_out=COPY_AGAIN)


def _jpeg_grey(data: bytes, facts: ImageFacts, size: int) -> npt.NDArray[Any]:
    _check_jpeg_end(data)
    with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as picture:
        if picture.size != facts.stored_size:
            raise BadInput(expected=f"{facts.stored_size} pixels as in the header", found=f"{picture.size}")
        picture.draft("L", (size, size))
        return np.asarray(picture if picture.mode == "L" else picture.convert("L"))


def _png16(data: bytes, facts: ImageFacts) -> npt.NDArray[Any]:
    """Pillow cuts colour PNGs of 16 bits to 8; OpenCV does not. It is given the picture's own chunks only, so that
    no profile or text is unpacked."""
    kept = (b"IHDR", b"IDAT", b"IEND")
    parts = [data[:8]]
    parts += [data[start - 8 : start + length + 4] for kind, start, length in png_chunks(data) if kind in kept]
    pixels = cv2.imdecode(np.frombuffer(b"".join(parts), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise BadInput(expected="a whole PNG", found="pixels that cannot be unpacked", way_out=COPY_AGAIN)
    if facts.channel_names == (*GREY, ALPHA):
        return np.asarray(pixels[:, :, [0, -1]])
    order = [2, 1, 0] if facts.channels == 3 else [2, 1, 0, 3]
    return np.asarray(pixels[:, :, order])


def _tiff(data: bytes, facts: ImageFacts, limits: DecodeLimits) -> npt.NDArray[Any]:
    pages = image_pages(data)
    for page in pages:
        check_segments(data, page, limits.max_decoded_bytes)
    if pages[0].needs_pillow:
        with TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as picture:
            planes = [_tiff_pillow(picture, page, facts) for page in pages]
    else:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            planes = [_tiff_page(tiff, page) for page in pages]
    return np.concatenate([plane if plane.ndim == 3 else plane[:, :, None] for plane in planes], axis=2)


def _tiff_pillow(picture: TiffImagePlugin.TiffImageFile, page: TiffPage, facts: ImageFacts) -> npt.NDArray[Any]:
    picture.seek(page.index)
    # Pillow turns the picture by its orientation when it loads; the caller does that for every format alike.
    picture.tag_v2.pop(274, None)
    if facts.bits == 16:
        return np.array(picture).astype(np.uint16, copy=False)
    mode = "RGB" if page.photometric in (3, 6) else "L" if page.one_sample else picture.mode
    picture.load()
    return np.array(picture if picture.mode == mode else _converted(picture, mode))


def _tiff_page(tiff: tifffile.TiffFile, page: TiffPage) -> npt.NDArray[Any]:
    plane: npt.NDArray[Any] = np.asarray(tiff.pages[page.index].asarray(maxworkers=1))
    if plane.ndim == 3 and page.planes_apart:
        plane = np.moveaxis(plane, 0, -1)
    plane = plane.astype(plane.dtype.newbyteorder("="), copy=False)
    return np.asarray(np.iinfo(plane.dtype).max - plane if page.photometric == 0 else plane)


def _pnm(data: bytes, facts: ImageFacts) -> npt.NDArray[Any]:
    """Samples are scaled so that the file's white is 255 or 65535, as the format means them."""
    pnm = pnm_header(data)
    count = facts.width * facts.height * facts.channels
    if pnm.kind >= 5:
        stored = np.dtype(">u2" if pnm.white > 255 else "u1")
        samples = np.frombuffer(data, stored, count, pnm.start)
    else:
        text = data[pnm.start :]
        if text.translate(None, b"0123456789 \t\r\n\v\f"):
            raise BadInput(expected="only numbers after the header", found="something else")
        # Not told how many to expect: numpy would make up those that are missing.
        samples = np.fromstring(text.decode("ascii"), np.int64, sep=" ")
    if samples.size != count or int(samples.max()) > pnm.white:
        raise BadInput(expected=f"{count:,} samples of 0–{pnm.white}", found=f"{samples.size:,}, or larger ones")
    white = 65_535 if pnm.white > 255 else 255
    native = samples.astype(np.uint16 if white > 255 else np.uint8)
    if pnm.white != white:
        native = np.round(samples.astype(np.float64) * (white / pnm.white)).astype(native.dtype)
    return np.asarray(native.reshape(facts.height, facts.width, facts.channels))


def _grey8(pixels: npt.NDArray[Any], facts: ImageFacts) -> npt.NDArray[Any]:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if facts.channels == 1:
        return pixels[:, :, 0]
    if facts.channel_names[:3] == RGB:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels[:, :, :3]), cv2.COLOR_RGB2GRAY))
    lights = [i for i, channel in enumerate(facts.channel_names) if channel != ALPHA]
    return np.asarray(np.round(pixels[:, :, lights].mean(axis=2)).astype(np.uint8))


def _shrink(grey: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    height, width = grey.shape
    scale = size / max(width, height)
    if scale >= 1:
        return grey
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(np.ascontiguousarray(grey), target, interpolation=cv2.INTER_AREA))


def _upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """EXIF 2.32, tag 274: 2 mirror, 3 half turn, 4 flip, 5 transpose, 6 quarter turn right, 7 transverse, 8 left."""
    match orientation:
        case 2:
            return pixels[:, ::-1]
        case 3:
            return pixels[::-1, ::-1]
        case 4:
            return pixels[::-1]
        case 5:
            return pixels.swapaxes(0, 1)
        case 6:
            return pixels[::-1].swapaxes(0, 1)
        case 7:
            return pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return pixels.swapaxes(0, 1)[::-1]
    return pixels
