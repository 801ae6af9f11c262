"""Real frames from a folder: which are flats, which dark, which ordinary backgrounds.

    flat/, dark/, background/ or names that begin so      what a person says counts
    otherwise                                             what the pixels say

A *flat* is an evenly lit, featureless target (a sheet of paper out of focus, a diffuser): two or more at each of
several exposure times. A *dark* frame is taken with the cap on. Everything else is a *background*: any picture.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import JpegImagePlugin

from firstshift.core.decode import decode_image
from firstshift.core.errors import BadInput, one_line
from firstshift.core.image import GREY, RGB
from firstshift.core.imagefacts import probe_image
from firstshift.core.imagefile import read_image_file
from firstshift.core.progress import Progress, Silent, tracked
from firstshift.sensor.smooth import block_means, fitted_surface, high_pass_noise

Kind = Literal["flat", "dark", "background"]
Numbers = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".webp")
REPORT = "calibration.png"
"""The picture that an earlier calibration left is no frame."""
MAX_FRAMES = 1000
MAX_BYTES = 3_000_000_000
SMALLEST_SIDE = 64
NAMED = 4
"""So many odd files are named in one line."""
DARK_SHARE = 0.06
"""All but the hottest pixels of a dark frame lie below this share of white."""
FLAT_TOLERANCE = 0.006
"""How far blocks of 16 × 16 pixels of a flat may stray from a smooth surface, beside their noise."""
_NAMES: tuple[tuple[Kind, str], ...] = (("flat", r"flats?"), ("dark", r"darks?"), ("background", r"backgrounds?"))
_STANDARD_LUMA_SUM = 3688
"""Sum of the luminance table of ITU-T T.81, Annex K.1, which the Independent JPEG Group's quality scales."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image in DN of the camera's own bits, (height, width, channels)."""

    name: str
    numbers: Numbers
    kind: Kind
    jpeg_quality: int | None = None
    was_rgb: bool = False
    """Saved as R G B, all three alike, and kept as one channel."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameSet:
    """Frames of one camera, all of one size."""

    frames: tuple[Frame, ...]
    bits: Literal[8, 10, 12, 14, 16]
    left_out: tuple[str, ...] = ()
    """Frames that were not taken, and why."""

    def __post_init__(self) -> None:
        if not self.frames:
            raise BadInput(where="frames", expected="at least one image", found="none", way_out=_WHAT_TO_TAKE)
        first = self.frames[0]
        for frame in self.frames[1:]:
            if frame.numbers.shape[:2] != first.numbers.shape[:2]:
                raise BadInput(
                    where=frame.name,
                    expected=f"{_size(first)} pixels as {first.name}",
                    found=_size(frame),
                    way_out="calibrate one camera at a time, with its full image",
                )
            if frame.numbers.shape[2] != first.numbers.shape[2]:
                raise BadInput(
                    where=frame.name,
                    expected=f"{_colour(first)} as {first.name}",
                    found=_colour(frame),
                    way_out="save all frames in the same pixel format",
                )
        if min(first.numbers.shape[:2]) < SMALLEST_SIDE:
            raise BadInput(where=first.name, expected=f"{SMALLEST_SIDE} × {SMALLEST_SIDE} or more", found=_size(first))

    def of_kind(self, kind: Kind) -> tuple[Frame, ...]:
        return tuple(frame for frame in self.frames if frame.kind == kind)

    @property
    def size_px(self) -> tuple[int, int]:
        height, width = self.frames[0].numbers.shape[:2]
        return (int(width), int(height))

    @property
    def channels(self) -> int:
        return int(self.frames[0].numbers.shape[2])

    @property
    def white_dn(self) -> int:
        return (1 << self.bits) - 1

    @property
    def jpeg_quality(self) -> int | None:
        found = [frame.jpeg_quality for frame in self.frames if frame.jpeg_quality is not None]
        return round(float(np.median(found))) if found else None

    @classmethod
    def of_arrays(
        cls,
        *,
        flats: Sequence[Numbers] = (),
        darks: Sequence[Numbers] = (),
        backgrounds: Sequence[Numbers] = (),
        bits: Literal[8, 10, 12, 14, 16] | None = None,
    ) -> FrameSet:
        """From pixels as `expose` or a file gives them; 16-bit arrays may hold fewer bits, at either end."""
        groups: tuple[tuple[Kind, Sequence[Numbers]], ...] = (
            ("flat", flats), ("dark", darks), ("background", backgrounds),
        )  # fmt: skip
        frames = [
            Frame(f"{kind} {index}", pixels if pixels.ndim == 3 else pixels[:, :, None], kind)
            for kind, group in groups
            for index, pixels in enumerate(group)
        ]
        return in_own_bits(frames, bits)


_WHAT_TO_TAKE = "take 2 or more pictures each of a white sheet at several exposures and with the cap on (flat/, dark/)"


def _size(frame: Frame) -> str:
    return f"{frame.numbers.shape[1]} × {frame.numbers.shape[0]}"


def _colour(frame: Frame) -> str:
    return {1: "a grey image", 3: "an RGB image"}.get(frame.numbers.shape[2], f"{frame.numbers.shape[2]} channels")


def read_frames(
    folder: Path,
    *,
    bits: Literal[8, 10, 12, 14, 16] | None = None,
    skip_problems: bool = False,
    progress: Progress | None = None,
) -> FrameSet:
    """Every image in the folder and its sub-folders. Nothing but `BadInput` gets out. `skip_problems` leaves out what
    cannot be read, and the few of another size than the rest; `left_out` names them."""
    paths = list(_images_in(folder))
    if not paths:
        raise BadInput(where=folder, expected=f"images ({', '.join(SUFFIXES)})", found="none", way_out=_WHAT_TO_TAKE)
    if len(paths) > MAX_FRAMES:
        raise BadInput(where=folder, expected=f"at most {MAX_FRAMES:,} images", found=f"{len(paths):,}")
    frames: list[tuple[Frame, bool]] = []
    held = 0
    left_out: list[str] = []
    for path in tracked(paths, progress or Silent(), "reading frames", len(paths)):
        try:
            frame, told = _read(path, folder)
        except BadInput as error:
            if not skip_problems:
                raise
            left_out.append(error.message)
            continue
        held += frame.numbers.nbytes
        _check_room(held, folder, f"more, at {path.name}")
        frames.append((frame, told))
    frames, odd = _of_one_size(folder, frames, skip_problems)
    if any(frame.numbers.shape[2] == 3 for frame, _ in frames):
        _check_room(sum(3 * frame.numbers[:, :, 0].nbytes for frame, _ in frames), folder, "more, in colour")
        frames = [(_in_colour(frame), told) for frame, told in frames]
    measured = in_own_bits([frame for frame, _ in frames], bits)
    white = measured.white_dn
    return FrameSet(
        tuple(
            frame if told else replace(frame, kind=kind_of(frame.numbers, white))
            for frame, (_, told) in zip(measured.frames, frames, strict=True)
        ),
        measured.bits,
        (*left_out, *odd),
    )


def _of_one_size(
    folder: Path, frames: list[tuple[Frame, bool]], skip_problems: bool
) -> tuple[list[tuple[Frame, bool]], list[str]]:
    """Another size is another camera, another binning or a screenshot: which of them was meant, a person says. What
    more than half of the frames have can be taken when that person asks for it."""
    sizes = Counter(_size(frame) for frame, _ in frames)
    if len(sizes) <= 1:
        return frames, []
    usual, count = sizes.most_common(1)[0]
    odd = [frame for frame, _ in frames if _size(frame) != usual]
    most = 2 * count > len(frames)
    if most and skip_problems:
        kept = [(frame, told) for frame, told in frames if _size(frame) == usual]
        return kept, [
            one_line(f"{frame.name}: expected {usual} pixels as {count} frames have, found {_size(frame)}")
            for frame in odd
        ]
    if not most:
        raise BadInput(
            where=folder, expected="frames of one size",
            found=", ".join(f"{number} of {size}" for size, number in sizes.most_common(NAMED)),
            way_out="none is more than half of them; calibrate one camera at a time, with its full image",
        )  # fmt: skip
    named = ", ".join(f"{frame.name} ({_size(frame)})" for frame in odd[:NAMED])
    raise BadInput(
        where=folder, expected=f"{usual} pixels as {count} of {len(frames)} frames have",
        found=named + (f" and {len(odd) - NAMED} more" if len(odd) > NAMED else ""),
        way_out="take them away if they are of another camera or binning; --skip-problems leaves them out",
    )  # fmt: skip


def _images_in(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        found, way_out = ("a file", "name its folder") if folder.exists() else ("nothing there", "check the path")
        raise BadInput(where=folder, expected="a folder of frames", found=found, way_out=way_out)
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".") or path.name == REPORT or path.suffix.lower() not in SUFFIXES:
            continue
        if path.is_file():
            yield path


def _read(path: Path, folder: Path) -> tuple[Frame, bool]:
    name = str(path.relative_to(folder))
    data = read_image_file(path, name, expected="a file that can be read")
    image = decode_image(data, name)
    lights = [index for index, channel in enumerate(image.channels) if channel != "alpha"]
    if tuple(image.channels[i] for i in lights) not in (GREY, RGB):
        raise BadInput(where=name, expected="a grey or an RGB image", found=", ".join(image.channels))
    pixels: Any = np.ascontiguousarray(image.pixels[:, :, lights])
    alike = pixels.shape[2] == 3 and bool((pixels[:, :, :1] == pixels).all())
    if alike:
        pixels = np.ascontiguousarray(pixels[:, :, :1])  # a grey camera's picture saved as RGB
    quality = _jpeg_quality(data) if probe_image(data, name).format == "jpeg" else None
    told = _told_kind(path.relative_to(folder))
    return Frame(name, pixels, told or "background", quality, alike), told is not None


def _in_colour(frame: Frame) -> Frame:
    """Black is grey even in a colour camera's dark frames: among frames in colour they get their channels back."""
    numbers: Any = np.repeat(frame.numbers, 3, axis=2)
    return replace(frame, numbers=numbers) if frame.was_rgb else frame


def _check_room(held_bytes: int, folder: Path, found: str) -> None:
    if held_bytes > MAX_BYTES:
        raise BadInput(
            where=folder,
            expected=f"at most {MAX_BYTES / 1e9:.0f} GB of pixels",
            found=found,
            way_out="20 flats, 8 dark frames and 20 backgrounds are plenty",
        )


def _told_kind(path: Path) -> Kind | None:
    words = [*reversed(path.parts[:-1]), path.stem]
    for word in words:
        for kind, pattern in _NAMES:
            if re.match(rf"{pattern}(?![a-z])", word.lower()):
                return kind
    return None


def _jpeg_quality(data: bytes) -> int | None:
    """From the sum of the quantisation table: the inverse of the Independent JPEG Group's scaling."""
    with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as picture:
        table = picture.quantization.get(0)
    if not table:
        return None
    scale = 100 * sum(table) / _STANDARD_LUMA_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return int(min(100, max(1, round(quality))))


def in_own_bits(frames: Sequence[Frame], bits: Literal[8, 10, 12, 14, 16] | None) -> FrameSet:
    """DN of the camera: 12 bits in a 16-bit file may lie at its upper or its lower end."""
    if not frames or all(frame.numbers.dtype == np.uint8 for frame in frames):
        return FrameSet(tuple(frames), 8)
    if any(frame.numbers.dtype == np.uint8 for frame in frames):
        odd = next(frame for frame in frames if frame.numbers.dtype == np.uint8)
        raise BadInput(
            where=odd.name, expected="16 bits as the others", found="8 bits", way_out="save all in one pixel format"
        )
    used = 0
    for frame in frames:
        used |= int(np.bitwise_or.reduce(frame.numbers, axis=None))
    empty = next((n for n in (8, 6, 4, 2) if used % (1 << n) == 0), 0) if used else 0
    shift, found = empty, 16 - empty
    if empty == 0:
        found = next(n for n in (10, 12, 14, 16) if used < 1 << n)
    if bits is not None and used and empty == 0 and used >= 1 << bits:
        raise BadInput(where="frames", expected=f"values of {bits} bits", found=f"values of {found} bits")
    own: Literal[8, 10, 12, 14, 16] = bits or {8: 8, 10: 10, 12: 12, 14: 14}.get(found, 16)  # type: ignore[assignment]
    if empty and bits is not None:
        shift = 16 - bits
    shifted = [replace(frame, numbers=frame.numbers >> np.uint16(shift)) if shift else frame for frame in frames]
    return FrameSet(tuple(shifted), own)


def kind_of(numbers: Numbers, white: int) -> Kind:
    """From the pixels: dark all over; or smooth but for noise; or a picture of something."""
    plane = numbers.mean(axis=2, dtype=np.float32)
    if float(np.percentile(plane, 99)) < DARK_SHARE * white:
        return "dark"
    blocks = block_means(plane, 16)
    smooth = fitted_surface(blocks, order=5)
    stray = float(np.median(np.abs(blocks - smooth)) * 1.4826)
    worst = float(np.percentile(np.abs(blocks - smooth), 98))
    allowed = FLAT_TOLERANCE * float(plane.mean()) + 3 * high_pass_noise(plane) / 16
    return "flat" if stray < allowed and worst < 4 * allowed else "background"
