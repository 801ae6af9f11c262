"""One image explained by several pictures of it, side by side, all of one size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.image import PixelArray
from firstshift.core.lettering import font_of, readable

LONGEST, GAP, HEADING = 512, 12, 36
_PAPER, _INK, _EDGE = (255, 255, 255), (28, 32, 38), (196, 202, 208)


def side_by_side(panels: Sequence[tuple[str, PixelArray]]) -> Pillow.Image:
    """Titles and RGB pictures of 8 bits. The first tells the size of the image; others may be the image enlarged."""
    height, width = panels[0][1].shape[:2]
    wide, high = panel_size(width, height)
    page = Pillow.new("RGB", (len(panels) * (wide + GAP) + GAP, HEADING + high + GAP), _PAPER)
    pen = ImageDraw.Draw(page)
    for place, (title, pixels) in enumerate(panels):
        left = GAP + place * (wide + GAP)
        pen.text((left, 8), readable(title), fill=_INK, font=font_of(18))
        picture = Pillow.fromarray(np.asarray(pixels, dtype=np.uint8))
        way = Pillow.Resampling.NEAREST if wide >= picture.width else Pillow.Resampling.BOX
        page.paste(picture.resize((wide, high), way), (left, HEADING))
        pen.rectangle((left - 1, HEADING - 1, left + wide, HEADING + high), outline=_EDGE)
    return page


def panel_size(width: int, height: int) -> tuple[int, int]:
    """Small images are enlarged by a whole factor, so that a pixel stays a pixel; large ones are shrunk."""
    longest = max(width, height)
    factor = LONGEST // longest if longest <= LONGEST else LONGEST / longest
    return max(1, round(width * factor)), max(1, round(height * factor))
