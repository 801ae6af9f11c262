"""The letters of pictures: contact sheets, panels, overviews, captions. One font for all, so that a picture looks the
same on every machine.

    pen.text((0, 0), readable("Beschädigung 3 µm"), font=font_of(15))

Roboto Regular 2.138 (2017, Google; Apache-2.0, its licence lies beside it in `fonts`): Latin, Greek and Cyrillic
letters. Pillow's own font ends with ASCII. What Roboto lacks too is written as its plain letter, or as `?`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from io import BytesIO

from PIL import ImageFont

Font = ImageFont.FreeTypeFont
NO_LETTER = "\uffff"
"""No character by definition: a font draws it as it draws what it lacks."""
UNKNOWN = "?"
ANY_SIZE = 20


@cache
def font_of(size: int) -> Font:
    file = BytesIO((files("firstshift.core") / "fonts" / "Roboto-Regular.ttf").read_bytes())
    # Layout by Pillow itself: another one is there on some machines only.
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def readable(text: str) -> str:
    """The text in letters that the font has."""
    return "".join(_closest(letter) for letter in unicodedata.normalize("NFC", text))


@cache
def _closest(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    for written in (letter, plain):
        if written and all(_has(one) for one in written):
            return written
    return "" if unicodedata.combining(letter) else UNKNOWN


@cache
def _has(letter: str) -> bool:
    return _drawn(letter) != _drawn(NO_LETTER)


def _drawn(letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font_of(ANY_SIZE).getmask(letter)
    return mask.size, bytes(mask)
