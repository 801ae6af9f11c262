"""The page of a contact sheet: rows of pairs of pictures with a title above and a line or two of words below.

    page = page_of("bracket", [("scratch", [cell, None])], tile=tile_of(2448, 2048))

Tiles have the proportions of the images, so that no row keeps room that nothing fills.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.lettering import Font, font_of, readable
from firstshift.core.shapes import Box

TILE = 300
"""A tile has the area of a square with this side, whatever the proportions of the images."""
LONGEST, SHORTEST = 2 * TILE, 24
GAP, BETWEEN, MARGIN, HEADING, TITLE = 14, 4, 32, 40, 84
CAPTION, LINE, LINES = 15, 19, 2
_PAPER, _INK, _QUIET, _EDGE, _MARK = (255, 255, 255), (28, 32, 38), (104, 112, 122), (196, 202, 208), (230, 97, 0)
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Cell:
    """Two pictures side by side: an image and, enlarged, its flaw; of a good part another channel or another part."""

    image: Pixels
    boxes: tuple[Box, ...]
    beside: Pixels | None
    caption: str
    beside_caption: str = ""


def tile_of(width: int, height: int) -> tuple[int, int]:
    """Width and height of every picture on a sheet of images of this size."""
    stretch = min(max(math.sqrt(width / height), TILE / LONGEST), LONGEST / TILE)
    wide = TILE * stretch
    return round(max(wide, SHORTEST)), round(min(max(wide * height / width, SHORTEST), LONGEST))


def page_of(name: str, rows: list[tuple[str, list[Cell | None]]], tile: tuple[int, int]) -> Pillow.Image:
    columns = max(len(cells) for _, cells in rows)
    pitch = 2 * tile[0] + BETWEEN + GAP
    width = 2 * MARGIN + columns * pitch - GAP
    drawn = [_row(title, cells, tile, width) for title, cells in rows]
    page = Pillow.new("RGB", (width, TITLE + sum(row.height for row in drawn) + MARGIN - GAP), _PAPER)
    pen = ImageDraw.Draw(page)
    for text in fitted(name, font_of(28), width - 2 * MARGIN, 1):
        pen.text((MARGIN, 20), text, fill=_INK, font=font_of(28))
    top = TITLE
    for row in drawn:
        page.paste(row, (0, top))
        top += row.height
    return page


def _row(title: str, cells: list[Cell | None], tile: tuple[int, int], width: int) -> Pillow.Image:
    (wide, high), font = tile, font_of(CAPTION)
    both = 2 * wide + BETWEEN
    captions = []
    for cell in cells:
        room = wide if cell and cell.beside_caption else both
        captions.append(fitted(cell.caption if cell else "no place found in the image", font, room, LINES))
    lines = max(len(each) for each in captions)
    page = Pillow.new("RGB", (width, HEADING + high + LINE * lines + 2 * GAP), _PAPER)
    pen = ImageDraw.Draw(page)
    for text in fitted(title, font_of(19), width - 2 * MARGIN, 1):
        pen.text((MARGIN, 8), text, fill=_INK, font=font_of(19))
    for number, (cell, caption) in enumerate(zip(cells, captions, strict=True)):
        left, below = MARGIN + number * (both + GAP), HEADING + high + 4
        if cell is None:
            pen.rectangle((left, HEADING, left + wide, HEADING + high), outline=_EDGE)
        else:
            _draw(page, pen, cell, tile, left)
        for line, text in enumerate(caption):
            pen.text((left, below + line * LINE), text, fill=_QUIET, font=font)
        if cell and cell.beside_caption:
            for text in fitted(cell.beside_caption, font, wide, 1):
                pen.text((left + wide + BETWEEN, below), text, fill=_QUIET, font=font)
    return page


def _draw(page: Pillow.Image, pen: ImageDraw.ImageDraw, cell: Cell, tile: tuple[int, int], left: int) -> None:
    _paste(page, pen, _resized(cell.image, tile), left, HEADING)
    across, down = tile[0] / cell.image.shape[1], tile[1] / cell.image.shape[0]
    for box in cell.boxes:
        spot = (left + box.x * across - 3, HEADING + box.y * down - 3)
        end = (left + (box.x + box.width) * across + 3, HEADING + (box.y + box.height) * down + 3)
        pen.rectangle((*spot, *end), outline=_MARK, width=2)
    if cell.beside is not None:
        _paste(page, pen, _resized(cell.beside, tile), left + tile[0] + BETWEEN, HEADING)


def fitted(text: str, font: Font, width: float, lines: int) -> list[str]:
    """The text in as many lines as it needs, at most so many; what finds no room in the last one is told by dots."""
    found: list[str] = []
    rest = readable(text).split()
    while rest and len(found) < lines:
        is_last = len(found) == lines - 1
        count = next((n for n in range(len(rest), 0, -1) if font.getlength(" ".join(rest[:n])) <= width), 0)
        line, rest = (" ".join(rest), []) if is_last or not count else (" ".join(rest[:count]), rest[count:])
        found.append(_cut(line, font, width))
    return found


def _cut(line: str, font: Font, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    most = next((n for n in range(len(line) - 1, 0, -1) if font.getlength(f"{line[:n].rstrip()}…") <= width), 0)
    return f"{line[:most].rstrip()}…"


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """To this width and height."""
    way = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), dtype=np.uint8)


def _paste(page: Pillow.Image, pen: ImageDraw.ImageDraw, pixels: Pixels, left: int, top: int) -> None:
    height, width = pixels.shape[:2]
    page.paste(Pillow.fromarray(pixels), (left, top))
    pen.rectangle((left - 1, top - 1, left + width, top + height), outline=_EDGE)
