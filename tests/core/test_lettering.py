"""Letters of pictures: whole words of any factory's language, and a plain sign for what the font lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.lettering import font_of, readable


def ink(letter: str) -> bytes:
    page = Pillow.new("L", (40, 40), 255)
    ImageDraw.Draw(page).text((4, 4), letter, fill=0, font=font_of(20))
    return page.tobytes()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("dark - severity 3", "dark - severity 3"),
        ("Beschädigung", "Beschaedigung"),
        ("Bescha\u0308digung", "Beschaedigung"),  # as some file systems take letters apart
        ("Größe 0,3 µm – Ø 2 × 4 …", "Groesse 0,3 um - O 2 x 4 …"),
        ("éraflure ±5°", "eraflure ±5°"),
        ("zarysowanie na krawędzi, pęknięcie ł", "zarysowanie na krawedzi, pekniecie l"),
        ("Царапина", "Tsarapina"),
        ("γρατσουνιά", "gratsoynia"),
        ("Ａ３", "A3"),
        ("刮痕 A", "?? A"),
    ],
)
def test_what_the_font_lacks_is_written_otherwise_and_never_a_box(text: str, written: str) -> None:
    assert readable(text) == written
    boxes = ink("\uffff")
    assert [one for one in readable(text) if ink(one) == boxes] == []


def test_every_letter_of_western_europe_has_a_way_to_be_written() -> None:
    letters = [chr(code) for code in range(0xC0, 0x180) if chr(code).isalpha()]
    assert [one for one in letters if "?" in readable(one)] == []


def test_letters_are_the_same_whatever_their_size() -> None:
    assert font_of(12).getlength("Beschädigung") < font_of(24).getlength("Beschädigung")
    assert font_of(15) is font_of(15)


def test_no_picture_brings_a_font_of_its_own() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("src", "scripts") for path in (root / folder).rglob("*.py")]
    assert len(files) > 100
    assert [one.name for one in files if "ImageFont" in one.read_text(encoding="utf-8")] == ["lettering.py"]
