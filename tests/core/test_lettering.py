"""Letters of pictures: whole words of any factory's language, and a plain sign for what the font lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.lettering import font_of, readable

LATIN_1 = "".join(chr(code) for code in range(0xA1, 0x100) if code != 0xAD)


def ink(letter: str) -> bytes:
    page = Pillow.new("L", (40, 40), 255)
    ImageDraw.Draw(page).text((4, 4), letter, fill=0, font=font_of(20))
    return page.tobytes()


@pytest.mark.parametrize(
    "text", [LATIN_1, "Beschädigung", "Größe 0,3 µm – Ø 2 × 4 …", "zarysowanie na krawędzi", "Царапина", "γρατσουνιά"]
)
def test_words_are_drawn_as_they_are_written(text: str) -> None:
    assert readable(text) == text
    boxes = ink("\uffff")
    assert [one for one in text if ink(one) == boxes] == []


def test_a_letter_that_a_file_system_took_apart_is_put_together() -> None:
    assert readable("Bescha\u0308digung") == "Beschädigung"


def test_what_the_font_lacks_is_no_box() -> None:
    assert readable("刮痕 A") == "?? A"
    assert readable("Ａ３") == "A3", "full width letters have plain ones"
    assert readable("x\u0327\u0323").startswith("x")
    assert len({ink(one) for one in "?\uffff"}) == 2


def test_letters_are_the_same_whatever_their_size() -> None:
    assert font_of(12).getlength("Beschädigung") < font_of(24).getlength("Beschädigung")
    assert font_of(15) is font_of(15)


def test_no_picture_brings_a_font_of_its_own() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("src", "scripts") for path in (root / folder).rglob("*.py")]
    assert len(files) > 100
    assert [one.name for one in files if "ImageFont" in one.read_text(encoding="utf-8")] == ["lettering.py"]
