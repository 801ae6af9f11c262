"""The letters of pictures: contact sheets, panels, overviews, captions. One font for all, so that a picture looks the
same on every machine.

    pen.text((0, 0), readable("Beschädigung 3 µm"), font=font_of(15))     # Beschaedigung 3 um

It is Pillow's own, which comes with it and ends with ASCII. A font with more letters would be the one thing in the
package that we did not make; so what it lacks is written as people write it where there is no better keyboard, as its
plain letter, or as `?`. Records, pages and tables have the text as it is.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont
NO_LETTER = "\uffff"
"""No character by definition: a font draws it as it draws what it lacks."""
UNKNOWN = "?"
_PAIRS = """
ä ae  ö oe  ü ue  ß ss  æ ae  œ oe  ø oe  å aa  đ d  ł l  ð d  þ th  ħ h  ŧ t  ŋ ng  ĸ k  ı i  ŉ n
µ u  Ω Ohm  Ø O  × x  – -  — -  ‰ o/oo  ≤ <=  ≥ >=  ≈ ~  → ->  € EUR  £ GBP  ‘ '  ’ '  ‚ ,  „ "  “ "  ” "  … ...
а a  б b  в v  г g  д d  е e  ж zh  з z  и i  й y  к k  л l  м m  н n  о o  п p  р r  с s  т t  у u  ф f  х kh
ц ts  ч ch  ш sh  щ shch  ъ '  ы y  ь '  э e  ю yu  я ya  і i  є ye  ґ g
α a  β b  γ g  δ d  ε e  ζ z  η i  θ th  ι i  κ k  λ l  μ m  ν n  ξ x  ο o  π p  ρ r  σ s  ς s  τ t  υ y  φ f  χ ch
ψ ps  ω o
"""
USUAL = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
"""Small letters; the capital is written with a capital. Ø is a diameter more often than a letter."""
ANY_SIZE = 20


@cache
def font_of(size: int) -> Font:
    font = ImageFont.load_default(size)
    assert isinstance(font, Font)  # Pillow's wheels have FreeType
    return font


def readable(text: str) -> str:
    """The text in letters that the font has."""
    return "".join(_closest(letter) for letter in unicodedata.normalize("NFC", text))


@cache
def _closest(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    for written in (letter, _usual(letter), plain, _usual(plain)):
        if written and all(_has(one) for one in written):
            return written
    return "" if unicodedata.combining(letter) else UNKNOWN


def _usual(letter: str) -> str:
    if letter in USUAL or letter.lower() == letter:
        return USUAL.get(letter, "")
    return USUAL.get(letter.lower(), "").capitalize()


@cache
def _has(letter: str) -> bool:
    return _drawn(letter) != _drawn(NO_LETTER)


def _drawn(letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font_of(ANY_SIZE).getmask(letter)
    return mask.size, bytes(mask)
