"""A contact sheet: what `synth` would make, before it makes fifty thousand of it. Nothing is recorded.

A row for good parts and one for each class. Every picture has a new pose; flaws are boxed, and beside each the same
place is shown enlarged and without a box, because a person judges the flaw and not the box.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from firstshift.core.image import Image
from firstshift.core.label import Annotation
from firstshift.core.progress import Progress, Silent
from firstshift.core.shapes import Box
from firstshift.line.synth.classes import first_images
from firstshift.line.synth.drawing import draw_recipe
from firstshift.line.synth.framing import is_whole
from firstshift.line.synth.order import Order
from firstshift.line.synth.painting import Painted, Painter
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.settings import GOOD
from firstshift.line.synth.sheet_page import Cell, page_of, tile_of
from firstshift.line.synth.stage import Stage

MIN_CROP_PX = 40
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
    told, drawn = progress or Silent(), 0
    told.start("drawing", len(kinds) * columns)
    rows = []
    try:
        for kind in kinds:
            cells = []
            for column in range(columns):
                cell = _cell_of(painter, kind, column)
                drawn += cell is not None
                cells.append(cell)
                told.advance(note=kind)
            rows.append(("good parts" if kind == GOOD else kind, cells))
    finally:
        told.finish()
    return Sheet(
        encoded(page_of(stage.plan.name, rows, _tile(stage)), suffix), drawn, stage.drawn.left_out, stage.doubts
    )


def encoded(page: Pillow.Image, suffix: str) -> bytes:
    stream = io.BytesIO()
    if suffix.lower() in (".jpg", ".jpeg"):
        page.save(stream, "JPEG", quality=90)
    else:
        page.save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def _cell_of(painter: Painter, kind: str, column: int) -> Cell | None:
    """None where no place was found. The channel that shows the flaw best; of good parts, they are in turn."""
    try:
        if kind != GOOD:
            return _flawed(sorted(_painted(painter, kind, column), key=_clarity, reverse=True))
        if len(painter.stage.channels) == 1:
            pair = [_painted(painter, kind, number)[0] for number in (2 * column, 2 * column + 1)]
        else:
            channels = _painted(painter, kind, column)
            first = 2 * column % len(channels)
            pair = [*channels[first:], *channels[:first]][:2]
        one, other = pair
        return Cell(shown_pixels(one.image), (), shown_pixels(other.image), one.channel, other.channel)
    except NoPlace:
        return None


def _painted(painter: Painter, kind: str, column: int) -> list[Painted]:
    number = next(islice(first_images(painter.stage.plan, kind), column, None))
    ready = painter.ready_for(kind, number)
    return painter.paint(draw_recipe(painter.stage, ready.pose, kind, number), ready)


def _clarity(painted: Painted) -> float:
    return max((float(one.attributes["contrast_to_noise"]) for one in painted.label.annotations), default=0.0)


def _flawed(channels: list[Painted]) -> Cell:
    painted, annotations = channels[0], channels[0].label.annotations
    pixels = shown_pixels(painted.image)
    boxes = tuple(one.box for one in annotations if one.box is not None)
    enlarged = next((one for one in annotations if one.box is not None), annotations[0])
    which = f"{annotations.index(enlarged) + 1} of {len(annotations)}: " if len(annotations) > 1 else ""
    beside = _close_up(pixels, boxes[0]) if boxes else None
    return Cell(pixels, boxes, beside, f"{painted.channel} · {which}{_told(enlarged)}")


def _told(one: Annotation) -> str:
    sizes = [text.format(one.attributes[name]) for name, text in _FORMATS.items() if name in one.attributes]
    return ", ".join([f"severity {one.severity}", *sizes, str(one.attributes["visibility"])])


_FORMATS = {
    "length_mm": "{:.2g} mm long", "size_mm": "{:.2g} mm across", "width_mm": "{:.2g} mm wide",
    "depth_um": "{:.0f} µm deep",
}  # fmt: skip


def _close_up(pixels: Pixels, box: Box) -> Pixels:
    """A piece around the flaw, of the image's own proportions."""
    height, width = pixels.shape[:2]
    share = max(1.5 * box.width / width, 1.5 * box.height / height, MIN_CROP_PX / min(height, width))
    wide, high = (max(1, round(min(share, 1.0) * side)) for side in (width, height))
    x = int(np.clip(box.centre[0] - wide / 2, 0, width - wide))
    y = int(np.clip(box.centre[1] - high / 2, 0, height - high))
    return pixels[y : y + high, x : x + wide]


def _tile(stage: Stage) -> tuple[int, int]:
    if is_whole(stage):
        return tile_of(*stage.image_px)
    width, height = stage.image_px
    return tile_of(min(width, stage.settings.size_px), min(height, stage.settings.size_px))


def shown_pixels(image: Image) -> Pixels:
    """RGB, 8 bits."""
    pixels = image.pixels if image.bits == 8 else (image.pixels >> 8)
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels).astype(np.uint8)
