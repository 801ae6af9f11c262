"""A contact sheet: what `synth` would make, before it makes fifty thousand of it. Nothing is recorded.

A row for good parts and one for each class. Every picture has a new pose; flaws are boxed, and beside each the same
place is shown enlarged and without a box, because a person judges the flaw and not the box.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import islice

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from firstshift.core.image import Image
from firstshift.core.label import Annotation
from firstshift.core.progress import Progress, Silent
from firstshift.line.synth.classes import first_images
from firstshift.line.synth.drawing import draw_recipe
from firstshift.line.synth.order import Order
from firstshift.line.synth.painting import Painted, Painter
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.settings import GOOD
from firstshift.line.synth.stage import Stage

TILE = 300
GAP = 14
MARGIN = 32
COLUMN = 2 * TILE + 4 + GAP
HEADING = 40
CAPTION = 24
TITLE = 84
MIN_CROP_PX = 40
_PAPER, _INK, _QUIET, _EDGE, _MARK = (255, 255, 255), (28, 32, 38), (104, 112, 122), (196, 202, 208), (230, 97, 0)
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sheet:
    data: bytes
    images: int
    skipped: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    """What a person should know before they ask for many of these."""


def draw_sheet(order: Order, *, columns: int = 4, suffix: str = ".png", progress: Progress | None = None) -> Sheet:
    stage = Stage(order)
    painter = Painter(stage)
    kinds = [GOOD, *stage.drawn.asked(stage.settings.classes)]
    page = Pillow.new("RGB", _size(len(kinds), columns), _PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, 20), stage.plan.name, fill=_INK, font=_font(28))
    told, drawn = progress or Silent(), 0
    told.start("drawing", len(kinds) * columns)
    try:
        top = TITLE
        for kind in kinds:
            pen.text((MARGIN, top + 8), "good parts" if kind == GOOD else kind, fill=_INK, font=_font(19))
            for column in range(columns):
                left = MARGIN + column * COLUMN
                try:
                    _draw(page, pen, left, top + HEADING, _paint_one(painter, kind, column))
                    drawn += 1
                except NoPlace:
                    pen.text((left, top + HEADING), "no place found in the image", fill=_QUIET, font=_font(13))
                told.advance(note=kind)
            top += _row_height()
    finally:
        told.finish()
    return Sheet(encoded(page, suffix), drawn, stage.drawn.left_out, stage.doubts)


def encoded(page: Pillow.Image, suffix: str) -> bytes:
    stream = io.BytesIO()
    if suffix.lower() in (".jpg", ".jpeg"):
        page.save(stream, "JPEG", quality=90)
    else:
        page.save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def _paint_one(painter: Painter, kind: str, column: int) -> list[Painted]:
    """The channel that shows the flaw best comes first; of good parts, they are in turn."""
    stage = painter.stage
    number = next(islice(first_images(stage.plan, kind), column, None))
    ready = painter.ready_for(kind, number)
    channels = painter.paint(draw_recipe(stage, ready.pose, kind, number), ready)
    if kind == GOOD:
        first = 2 * column % len(channels)
        return channels[first:] + channels[:first]
    return sorted(channels, key=_clarity, reverse=True)


def _clarity(painted: Painted) -> float:
    return max((float(one.attributes["contrast_to_noise"]) for one in painted.label.annotations), default=0.0)


def _draw(page: Pillow.Image, pen: ImageDraw.ImageDraw, left: int, top: int, channels: list[Painted]) -> None:
    painted = channels[0]
    pixels = shown_pixels(painted.image)
    factor = TILE / max(pixels.shape[:2])
    _paste(page, pen, _resized(pixels, factor), left, top)
    annotations = painted.label.annotations
    boxed = [one for one in annotations if one.box is not None]
    for one in boxed:
        box = one.box
        assert box is not None
        spot = (left + box.x * factor - 3, top + box.y * factor - 3)
        end = (left + (box.x + box.width) * factor + 3, top + (box.y + box.height) * factor + 3)
        pen.rectangle((*spot, *end), outline=_MARK, width=2)
    caption = " · ".join([painted.channel, *(_told(one) for one in annotations)])
    if boxed:
        _paste(page, pen, _close_up(pixels, boxed[0]), left + TILE + 4, top)
    elif not annotations and len(channels) > 1:
        _paste(page, pen, _resized(shown_pixels(channels[1].image), factor), left + TILE + 4, top)
        pen.text((left + TILE + 4, top + TILE + 4), channels[1].channel, fill=_QUIET, font=_font(13))
    pen.text((left, top + TILE + 4), caption[:90], fill=_QUIET, font=_font(13))


def _told(one: Annotation) -> str:
    sizes = [text.format(one.attributes[name]) for name, text in _FORMATS.items() if name in one.attributes]
    return ", ".join([f"severity {one.severity}", *sizes, str(one.attributes["visibility"])])


_FORMATS = {
    "length_mm": "{:.2g} mm long", "size_mm": "{:.2g} mm", "width_mm": "{:.2g} mm wide", "depth_um": "{:.0f} um deep",
}  # fmt: skip


def _close_up(pixels: Pixels, one: Annotation) -> Pixels:
    box = one.box
    assert box is not None
    side = int(min(max(1.5 * max(box.width, box.height), MIN_CROP_PX), *pixels.shape[:2]))
    x = int(np.clip(box.centre[0] - side / 2, 0, pixels.shape[1] - side))
    y = int(np.clip(box.centre[1] - side / 2, 0, pixels.shape[0] - side))
    return _resized(pixels[y : y + side, x : x + side], TILE / side)


def shown_pixels(image: Image) -> Pixels:
    """RGB, 8 bits."""
    pixels = image.pixels if image.bits == 8 else (image.pixels >> 8)
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels).astype(np.uint8)


def _resized(pixels: Pixels, factor: float) -> Pixels:
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), dtype=np.uint8)


def _paste(page: Pillow.Image, pen: ImageDraw.ImageDraw, pixels: Pixels, left: int, top: int) -> None:
    height, width = pixels.shape[:2]
    page.paste(Pillow.fromarray(pixels), (left, top))
    pen.rectangle((left - 1, top - 1, left + width, top + height), outline=_EDGE)


def _row_height() -> int:
    return HEADING + TILE + CAPTION + GAP


def _size(rows: int, columns: int) -> tuple[int, int]:
    return (2 * MARGIN + columns * COLUMN - GAP, TITLE + rows * _row_height() + MARGIN)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
