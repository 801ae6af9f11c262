"""Headers of PNG, JPEG, BMP, WebP and PGM/PPM: size, channels, depth, orientation; refuses what we do not decode.

Own readers, because a decoder's `open` may decompress, allocate or warn before its caller could look at the size.
Each takes all bytes and raises `BadInput` without a file name; `imagefacts` adds it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from firstshift.core.errors import BadInput
from firstshift.core.image import GREY, RGB

ALPHA = "alpha"
COPY_AGAIN = "copy the file again"
MAX_PNG_CHUNKS = 100_000
"""Far more than any encoder writes; millions of empty ones keep a decoder busy for minutes."""
_PNG_CHANNELS = {0: GREY, 2: RGB, 3: RGB, 4: (*GREY, ALPHA), 6: (*RGB, ALPHA)}
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class Header:
    width: int
    height: int
    channel_names: tuple[str, ...]
    bits: int
    frames: int = 1
    orientation: int = 1


def read_png(data: bytes) -> Header:
    width = height = depth = colour = -1
    transparent = False
    orientation = 1
    for kind, start, length in png_chunks(data):
        if width < 0 and kind != b"IHDR":
            raise BadInput("the PNG does not begin with its IHDR chunk", way_out=COPY_AGAIN)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[start : start + 10])
        elif kind == b"acTL":
            raise BadInput(expected="one picture", found="an animated PNG", way_out="save the frame you mean as PNG")
        elif kind == b"tRNS":
            transparent = True
        elif kind == b"eXIf":
            orientation = exif_orientation(data[start : start + length])
        elif kind == b"IDAT":
            break
    if colour not in _PNG_CHANNELS or depth not in _PNG_DEPTHS[colour]:
        raise BadInput(expected="a PNG colour type and depth", found=f"type {colour} with {depth} bits")
    names = (*RGB, ALPHA) if colour == 3 and transparent else _PNG_CHANNELS[colour]
    return Header(width, height, names, 16 if depth == 16 else 8, orientation=orientation)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, where its data starts, length) of each chunk up to IEND; the checksum of none is looked at."""
    at = 8
    for _ in range(MAX_PNG_CHUNKS):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if at + 12 + length > len(data):
            if kind == b"IDAT":
                yield kind, at + 8, len(data) - at - 8
            return
        yield kind, at + 8, length
        if kind == b"IEND":
            return
        at += 12 + length
    raise BadInput(expected=f"a PNG of at most {MAX_PNG_CHUNKS:,} chunks", found="more", way_out="save it again")


def check_png_whole(data: bytes) -> None:
    """Every chunk is there with the right checksum, up to the end: a decoder alone may stop at the last row."""
    ended = False
    for kind, start, length in png_chunks(data):
        ended = kind == b"IEND"
        stored = data[start + length : start + length + 4]
        if zlib.crc32(memoryview(data)[start - 4 : start + length]) != int.from_bytes(stored, "big"):
            name = kind.decode("ascii", "replace")
            raise BadInput(expected="a whole PNG", found=f"a damaged {name} chunk", way_out=COPY_AGAIN)
    if not ended:
        raise BadInput(expected="a whole PNG", found="a file cut short", way_out=COPY_AGAIN)


def read_jpeg(data: bytes) -> Header:
    orientation, adobe, at = 1, False, 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadInput(expected="a JPEG marker", found=f"byte {data[at]:#04x} at {at}", way_out=COPY_AGAIN)
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in (0x01, *range(0xD0, 0xD8)):  # markers without a length
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = exif_orientation(body[6:])
        elif marker == 0xEE and body.startswith(b"Adobe"):
            adobe = True
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _jpeg_frame(body, marker, orientation, adobe)
        elif marker in (0xD9, 0xDA) or length < 2:
            break
        at += 2 + length
    raise BadInput(expected="a whole JPEG", found="no frame header", way_out=COPY_AGAIN)


def _jpeg_frame(body: bytes, marker: int, orientation: int, adobe: bool) -> Header:
    bits, height, width, components = struct.unpack(">BHHB", body[:6])
    if marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise BadInput(
            expected="a baseline or progressive JPEG", found="a lossless or layered one", way_out="save it as PNG"
        )
    if bits != 8:
        raise BadInput(expected="a JPEG of 8 bits", found=f"{bits} bits", way_out="save it as a PNG of 16 bits")
    if components == 4:
        kind = "CMYK or YCCK (Adobe)" if adobe else "CMYK"
        way_out = "convert it to RGB with its colour profile: without it colours would be guessed"
        raise BadInput(expected="a grey or RGB JPEG", found=kind, way_out=way_out)
    if components not in (1, 3):
        raise BadInput(expected="a JPEG of 1 or 3 components", found=f"{components}")
    return Header(width, height, GREY if components == 1 else RGB, 8, orientation=orientation)


def read_bmp(data: bytes) -> Header:
    (info,) = struct.unpack("<I", data[14:18])
    palette_entry = 4
    if info == 12:
        width, height, _, depth = struct.unpack("<HHHH", data[18:26])
        compression, used, palette_entry = 0, 0, 3
    elif info >= 40:
        width, height, _, depth, compression = struct.unpack("<iiHHI", data[18:34])
        (used,) = struct.unpack("<I", data[46:50])
    else:
        raise BadInput(expected="a BMP header of 12 or of 40 bytes and more", found=f"{info}")
    if depth not in (1, 4, 8, 16, 24, 32) or compression not in (0, 1, 2, 3, 6):
        raise BadInput(
            expected="a BMP of 1–32 bits, plain or run-length", found=f"{depth} bits, compression {compression}"
        )
    names: tuple[str, ...] = RGB
    if depth <= 8:
        entries = min(used, 256) or 1 << depth
        start = 14 + info
        table = data[start : start + entries * palette_entry]
        blue, green, red = (table[i::palette_entry] for i in range(3))
        names = GREY if table and red == green == blue else RGB
    return Header(width, abs(height), names, 8)


def read_webp(data: bytes) -> Header:
    """RIFF container: a simple lossy or lossless picture, or the extended form with flags and metadata."""
    canvas: tuple[int, int] | None = None
    alpha, orientation, at = False, 1, 12
    frame: tuple[int, int] | None = None
    while at + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        body = data[at + 8 : at + 8 + min(length, 2**16)]
        if kind == b"VP8X":
            if body[0] & 0x02:
                raise BadInput(expected="one picture", found="an animated WebP", way_out="save the frame you mean")
            alpha = bool(body[0] & 0x10)
            canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        elif kind == b"VP8 ":
            width, height = struct.unpack("<HH", body[6:10])
            frame = (width & 0x3FFF, height & 0x3FFF)
        elif kind == b"VP8L":
            (packed,) = struct.unpack("<I", body[1:5])
            frame = ((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
            alpha = alpha or bool(packed >> 28 & 1)
        elif kind == b"EXIF":
            orientation = exif_orientation(body.removeprefix(b"Exif\0\0"))
        at += 8 + length + (length & 1)
    if frame is None or (canvas or frame) != frame:
        raise BadInput(expected="a WebP with one picture as large as its canvas", found=f"{frame} on {canvas}")
    return Header(*frame, (*RGB, ALPHA) if alpha else RGB, 8, orientation=orientation)


_PNM = re.compile(rb"P([1-7fF])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")


@dataclass(frozen=True, slots=True)
class PnmHeader:
    kind: int
    width: int
    height: int
    white: int
    start: int


def read_pnm(data: bytes) -> Header:
    pnm = pnm_header(data)
    return Header(pnm.width, pnm.height, GREY if pnm.kind in (2, 5) else RGB, 16 if pnm.white > 255 else 8)


def pnm_header(data: bytes) -> PnmHeader:
    if data[1:2] not in b"2356":
        raise BadInput(
            expected="PGM or PPM (P2, P3, P5, P6)",
            found=data[:2].decode("ascii", "replace"),
            way_out="save it as PNG, or as TIFF of 16 bits",
        )
    match = _PNM.match(data[:4096])
    if match is None:
        raise BadInput(expected="P5 width height white", found="a damaged PGM or PPM header")
    kind, width, height, white = (int(group) for group in match.groups())
    if not 0 < white <= 65_535:
        raise BadInput(expected="a white value of 1–65535", found=f"{white}")
    return PnmHeader(kind, width, height, white, match.end())


def exif_orientation(exif: bytes) -> int:
    """Tag 0x0112 of the first directory; 1 (upright) when it is absent or makes no sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 10:
        return 1
    (at,) = struct.unpack(order + "I", exif[4:8])
    if at + 2 > len(exif):
        return 1
    (count,) = struct.unpack(order + "H", exif[at : at + 2])
    for entry in range(at + 2, min(at + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind = struct.unpack(order + "HH", exif[entry : entry + 4])
        if tag == 0x0112 and kind == 3:
            (value,) = struct.unpack(order + "H", exif[entry + 8 : entry + 10])
            return int(value) if 1 <= value <= 8 else 1
    return 1
