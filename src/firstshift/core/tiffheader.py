"""The directories of a TIFF: which pages there are, how their pixels are stored, and whether we may decode them.

A page is a channel, or a colour picture; pages of one size and kind become the channels of one image. Reduced copies
(`NewSubfileType` bit 0) are left out. Floats and signed numbers are refused, NaN or not: only the person who wrote
them knows what 1.0 means.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from firstshift.core.errors import BadInput
from firstshift.core.image import GREY, RGB
from firstshift.core.imageheaders import ALPHA, COPY_AGAIN, Header

MAX_PAGES = 256
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_DEFLATE = (8, 32946)
_PLAIN = (1, *_DEFLATE, 32773)
_BY_PILLOW = (2, 3, 4, 5, 7)


class Tag(IntEnum):
    SUBFILE = 254
    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTES = 279
    PLANAR = 284
    PREDICTOR = 317
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_BYTES = 325
    EXTRA = 338
    SAMPLE_FORMAT = 339


@dataclass(frozen=True, slots=True)
class TiffPage:
    index: int
    """Position in the file's chain of directories."""
    tags: dict[int, tuple[int, ...]] = field(repr=False)

    def one(self, tag: Tag, default: int) -> int:
        values = self.tags.get(tag)
        return values[0] if values else default

    @property
    def kind(self) -> tuple[int, ...]:
        """What pages must share to be channels of one image."""
        tags = (Tag.WIDTH, Tag.HEIGHT, Tag.BITS, Tag.PHOTOMETRIC, Tag.SAMPLES, Tag.ORIENTATION)
        return tuple(self.one(tag, 1) for tag in tags)

    @property
    def needs_pillow(self) -> bool:
        return self.one(Tag.COMPRESSION, 1) in _BY_PILLOW or self.one(Tag.BITS, 1) == 1 or self.photometric == 3

    @property
    def photometric(self) -> int:
        return self.one(Tag.PHOTOMETRIC, 1)

    @property
    def one_sample(self) -> bool:
        return self.one(Tag.SAMPLES, 1) == 1

    @property
    def planes_apart(self) -> bool:
        return self.one(Tag.PLANAR, 1) == 2 and not self.one_sample


def read_tiff(data: bytes) -> Header:
    pages = image_pages(data)
    first = pages[0]
    names = _page_channels(first)
    if len(pages) > 1:
        if any(page.kind != first.kind for page in pages):
            raise BadInput(
                expected="TIFF pages of one size and kind, which are channels",
                found=f"{len(pages)} different pages",
                way_out="save the page you mean as a file of its own",
            )
        names = tuple(f"c{i}" for i in range(len(names) * len(pages)))
    orientation = first.one(Tag.ORIENTATION, 1)
    return Header(
        width=first.one(Tag.WIDTH, 0),
        height=first.one(Tag.HEIGHT, 0),
        channel_names=names,
        bits=16 if first.one(Tag.BITS, 1) == 16 else 8,
        frames=len(pages),
        orientation=orientation if 1 <= orientation <= 8 else 1,
    )


def image_pages(data: bytes) -> tuple[TiffPage, ...]:
    """All full-size pages, each checked for what we can decode."""
    pages = [page for page in _directories(data) if not page.one(Tag.SUBFILE, 0) & 1]
    if not pages:
        raise BadInput(expected="a TIFF with a picture", found="none", way_out=COPY_AGAIN)
    for page in pages:
        _check_page(page)
    return tuple(pages)


def check_segments(data: bytes, page: TiffPage, max_decoded_bytes: int) -> None:
    """Strips and tiles lie inside the file and unpack to no more than they should; nothing is kept in memory."""
    offsets = page.tags.get(Tag.TILE_OFFSETS) or page.tags.get(Tag.STRIP_OFFSETS) or ()
    sizes = page.tags.get(Tag.TILE_BYTES) or page.tags.get(Tag.STRIP_BYTES) or ()
    if not offsets or len(offsets) != len(sizes):
        raise BadInput(expected="strips or tiles with a length each", found=f"{len(offsets)} and {len(sizes)} lengths")
    tile_width, tile_height = page.one(Tag.TILE_WIDTH, 0), page.one(Tag.TILE_HEIGHT, 0)
    width, height = page.one(Tag.WIDTH, 0), page.one(Tag.HEIGHT, 0)
    rows = min(page.one(Tag.ROWS_PER_STRIP, height), height)
    pixels = tile_width * tile_height if Tag.TILE_OFFSETS in page.tags else width * rows
    samples = page.one(Tag.SAMPLES, 1) if page.one(Tag.PLANAR, 1) == 1 else 1
    each = (pixels * samples * page.one(Tag.BITS, 1) + 7) // 8 + height
    if each > max_decoded_bytes or len(offsets) * pixels > 4 * width * height * page.one(Tag.SAMPLES, 1) + 2**24:
        raise BadInput(expected="tiles that fit the picture", found=f"{len(offsets)} of {pixels:,} pixels")
    across, down = (tile_width, tile_height) if Tag.TILE_OFFSETS in page.tags else (width, rows)
    planes = page.one(Tag.SAMPLES, 1) if page.one(Tag.PLANAR, 1) == 2 else 1
    if not across or not down or len(offsets) < -(-width // across) * -(-height // down) * planes or 0 in sizes:
        # A decoder would put black where nothing is.
        raise BadInput(expected="a whole TIFF", found="strips or tiles left out", way_out="save it again")
    packed = page.one(Tag.COMPRESSION, 1)
    for offset, size in zip(offsets, sizes, strict=True):
        if offset + size > len(data):
            raise BadInput(expected="a whole TIFF", found="strips that reach past the end", way_out=COPY_AGAIN)
        if packed in _DEFLATE:
            _check_deflate(memoryview(data)[offset : offset + size], each)
        elif packed == 1 and size < each - height and len(offsets) == 1:
            raise BadInput(expected="a whole TIFF", found="a strip too short for its rows", way_out=COPY_AGAIN)


def _check_deflate(packed: memoryview, limit: int) -> None:
    unpacker = zlib.decompressobj()
    total, rest = 0, bytes(packed)
    while rest and not unpacker.eof:
        total += len(unpacker.decompress(rest, 2**20))
        rest = unpacker.unconsumed_tail
        if total > limit:
            raise BadInput(expected=f"a strip of at most {limit:,} bytes", found="one that unpacks to more")
    if not unpacker.eof:
        raise BadInput(expected="a whole TIFF", found="a compressed strip cut short", way_out=COPY_AGAIN)


def _directories(data: bytes) -> Iterator[TiffPage]:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    offset_code, count_code, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    offset_size, count_size = struct.calcsize(offset_code), struct.calcsize("=" + count_code)
    start = 8 if big else 4
    (at,) = struct.unpack(order + offset_code, data[start : start + offset_size])
    seen: set[int] = set()
    while at:
        if at in seen or at + count_size > len(data):
            raise BadInput(expected="a chain of TIFF pages", found="a circle or a broken link", way_out=COPY_AGAIN)
        if len(seen) >= MAX_PAGES:
            raise BadInput(expected=f"at most {MAX_PAGES} pages", found="more", way_out="save one part per file")
        seen.add(at)
        (count,) = struct.unpack(order + count_code, data[at : at + count_size])
        body = at + count_size
        if count > 4096 or body + count * entry_size + offset_size > len(data):
            raise BadInput(expected="a whole TIFF", found="a page directory cut short", way_out=COPY_AGAIN)
        entries = (data[body + i * entry_size : body + (i + 1) * entry_size] for i in range(count))
        yield TiffPage(len(seen) - 1, dict(filter(None, (_tag(data, entry, order, offset_code) for entry in entries))))
        tail = body + count * entry_size
        (at,) = struct.unpack(order + offset_code, data[tail : tail + offset_size])


def _tag(data: bytes, entry: bytes, order: str, offset_code: str) -> tuple[int, tuple[int, ...]] | None:
    head = 4 + struct.calcsize(offset_code)
    tag, kind, count = struct.unpack(order + "HH" + offset_code, entry[:head])
    if tag not in set(Tag) or kind not in _CODES:
        return None
    length = count * _SIZES[kind]
    if length > len(data):
        raise BadInput(expected="a whole TIFF", found=f"tag {tag} longer than the file", way_out=COPY_AGAIN)
    value = entry[head:]
    if length > len(value):
        (where,) = struct.unpack(order + offset_code, value)
        value = data[where : where + length]
    return tag, struct.unpack(f"{order}{count}{_CODES[kind]}", value[:length])


def _check_page(page: TiffPage) -> None:
    bits = set(page.tags.get(Tag.BITS, (1,)))
    formats = set(page.tags.get(Tag.SAMPLE_FORMAT, (1,)))
    if formats - {1, 4}:
        what = {2: "signed numbers", 3: "floating point numbers"}.get(max(formats), "complex numbers")
        raise BadInput(
            expected="whole numbers of 8 or 16 bits",
            found=f"{what} of {max(bits)} bits",
            way_out="scale them to 16 bits yourself: only you know what 1.0 means",
        )
    if len(bits) != 1 or bits - {1, 8, 16}:
        raise BadInput(
            expected="8 or 16 bits in every channel", found=sorted(bits), way_out="save it as a TIFF of 16 bits"
        )
    packed = page.one(Tag.COMPRESSION, 1)
    simple = page.one(Tag.SAMPLES, 1) == 1 or (bits == {8} and page.one(Tag.SAMPLES, 1) in (3, 4))
    if packed not in _PLAIN and not (packed in _BY_PILLOW and simple):
        raise BadInput(
            expected="a TIFF stored plainly, with Deflate or PackBits (LZW and JPEG: grey and 8-bit RGB)",
            found=f"compression {packed} of {page.one(Tag.SAMPLES, 1)}×{max(bits)} bits",
            way_out="save it uncompressed or with Deflate",
        )
    if page.photometric not in (0, 1, 2, 3) and not (page.photometric == 6 and packed == 7):
        kind = {5: "CMYK", 6: "YCbCr", 8: "Lab"}.get(page.photometric, f"photometric {page.photometric}")
        raise BadInput(expected="a grey, RGB or palette TIFF", found=kind, way_out="convert it to RGB")


def _page_channels(page: TiffPage) -> tuple[str, ...]:
    count = page.one(Tag.SAMPLES, 1)
    if page.photometric in (2, 3, 6):
        colour = 3 if page.photometric == 3 else count
        if colour == 3:
            return RGB
        if colour == 4 and page.one(Tag.EXTRA, 0) in (1, 2):
            return (*RGB, ALPHA)
        return (*RGB, *(f"c{i}" for i in range(3, colour))) if colour > 3 else tuple(f"c{i}" for i in range(colour))
    if count == 1:
        return GREY
    if count == 2 and page.one(Tag.EXTRA, 0) in (1, 2):
        return (*GREY, ALPHA)
    return tuple(f"c{i}" for i in range(count))
