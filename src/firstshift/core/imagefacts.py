"""What an image file says about itself, read from its header alone, before anything is decoded or allocated.

    facts = probe_image(data, "part_17.png")     # ImageFacts(format='png', width=2448, height=2048, …)

The content decides what a file is; a file whose name says something else is read all the same and `facts.note` says so.

Pixels are upright: an EXIF orientation is applied when decoding, as browsers, OpenCV and annotation tools do, so that
a box drawn in any of them lands where it was drawn. `width` and `height` are those of the upright image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from firstshift.core.errors import BadInput
from firstshift.core.image import MAX_CHANNELS
from firstshift.core.imageheaders import Header, read_bmp, read_jpeg, read_png, read_pnm, read_webp
from firstshift.core.tiffheader import read_tiff


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a decoder may be asked for. A header over a limit is refused before a pixel is read."""

    max_bytes: int = 256 * 2**20
    max_pixels: int = 150_000_000
    max_side: int = 65_000
    max_channels: int = MAX_CHANNELS
    max_decoded_bytes: int = 2**30


DEFAULT_LIMITS = DecodeLimits()


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The image as `decode_image` will give it."""

    format: str
    """One of png, jpeg, bmp, tiff, webp, pnm."""
    width: int
    height: int
    channel_names: tuple[str, ...]
    bits: int
    """8 or 16. Images of 1, 2 and 4 bits come as 8."""
    frames: int = 1
    """Pages of a TIFF that become channels; 1 for everything else."""
    orientation: int = 1
    """EXIF orientation 1–8 found in the file; already applied to `width` and `height`."""
    note: str = ""
    """What a person should know although the image can be read: a name that says something else."""

    @property
    def channels(self) -> int:
        return len(self.channel_names)

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height before the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


SUFFIXES = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
    ".bmp": "bmp",
    ".dib": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
    ".pgm": "pnm",
    ".ppm": "pnm",
    ".pnm": "pnm",
}
"""File name endings by which a folder is searched for images, and the format each promises."""

_READERS: dict[str, Callable[[bytes], Header]] = {
    "png": read_png,
    "jpeg": read_jpeg,
    "bmp": read_bmp,
    "tiff": read_tiff,
    "webp": read_webp,
    "pnm": read_pnm,
}


def is_image_name(name: str) -> bool:
    dot = name.rfind(".")  # asked for every file of a large folder: no path object for each
    return dot > 0 and name[dot - 1] != "/" and name[dot:].lower() in SUFFIXES


def probe_image(data: bytes, name: str, limits: DecodeLimits = DEFAULT_LIMITS) -> ImageFacts:
    """Format, size, channels and depth from the header; refuses what is over a limit or cannot be an image."""
    if not data:
        raise BadInput(where=name, expected="an image", found="a file of 0 bytes", way_out="copy the file again")
    if len(data) > limits.max_bytes:
        raise BadInput(where=name, expected=f"at most {limits.max_bytes:,} bytes", found=f"{len(data):,}")
    kind = _format_of(data, name)
    try:
        header = _READERS[kind](data)
    except BadInput as error:
        raise _at(error, name) from error
    except Exception as error:
        raise _damaged(name, kind) from error
    promised = SUFFIXES.get(PurePosixPath(name).suffix.lower(), kind)
    width, height = header.width, header.height
    if header.orientation >= 5:
        width, height = height, width
    facts = ImageFacts(
        format=kind,
        width=width,
        height=height,
        channel_names=header.channel_names,
        bits=header.bits,
        frames=header.frames,
        orientation=header.orientation,
        note="" if promised == kind else f"named {PurePosixPath(name).suffix} but holds {kind.upper()}",
    )
    _check_limits(facts, name, limits)
    return facts


def _format_of(data: bytes, name: str) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:1] == b"P" and data[1:2] in b"1234567fF" and data[2:3].isspace():
        return "pnm"
    if data.startswith(b"BM"):
        return "bmp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        found, way_out = "a GIF, which holds a palette and may move", "save the frame you mean as PNG"
    else:
        found, way_out = f"bytes that begin with {data[:8].hex(' ')}", "convert it to PNG or remove it from the folder"
    raise BadInput(where=name, expected="a PNG, JPEG, BMP, TIFF, WebP, PGM or PPM image", found=found, way_out=way_out)


def _check_limits(facts: ImageFacts, name: str, limits: DecodeLimits) -> None:
    size = f"{facts.width:,}×{facts.height:,} pixels"
    if facts.width < 1 or facts.height < 1:
        raise BadInput(where=name, expected="an image of at least 1×1 pixels", found=size)
    if max(facts.width, facts.height) > limits.max_side:
        raise BadInput(
            where=name, expected=f"sides of at most {limits.max_side:,} pixels", found=size, way_out="cut it in tiles"
        )
    if facts.width * facts.height > limits.max_pixels:
        raise BadInput(
            where=name, expected=f"at most {limits.max_pixels:,} pixels", found=size, way_out="cut it in tiles"
        )
    if facts.channels > limits.max_channels:
        raise BadInput(
            where=name,
            expected=f"at most {limits.max_channels} channels",
            found=f"{facts.channels}",
            way_out="keep the lights that matter, or save several images of one part",
        )
    decoded = facts.width * facts.height * facts.channels * facts.bits // 8
    if decoded > limits.max_decoded_bytes:
        raise BadInput(
            where=name,
            expected=f"at most {limits.max_decoded_bytes:,} bytes once decoded",
            found=f"{decoded:,} ({size}, {facts.channels} channels of {facts.bits} bit)",
            way_out="cut it in tiles",
        )


def _at(error: BadInput, name: str) -> BadInput:
    """The same error with the file's name in front."""
    return BadInput(error.what, where=name, expected=error.expected, found=error.found, way_out=error.way_out)


def _damaged(name: str, kind: str) -> BadInput:
    return BadInput(
        where=name, expected=f"a whole {kind.upper()}", found="a damaged or cut header", way_out="copy the file again"
    )
