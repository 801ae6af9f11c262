"""Contact sheets waste no room and cut no words: tiles have the proportions of the images, captions two lines."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from firstshift.core.lettering import font_of
from firstshift.line.synth.panels import panel_size, side_by_side
from firstshift.line.synth.sheet import draw_sheet
from firstshift.line.synth.sheet_page import GAP, HEADING, LINE, MARGIN, TILE, TITLE, Cell, fitted, page_of, tile_of
from tests.line.synth.conftest import small_order


def picture(shape: tuple[int, int], grey: int = 90) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((*shape, 3), grey, np.uint8)


@pytest.mark.parametrize(("width", "height"), [(500, 500), (2448, 2048), (640, 1280), (8192, 300)])
def test_tiles_have_the_proportions_of_the_images(width: int, height: int) -> None:
    wide, high = tile_of(width, height)
    assert max(wide, high) <= 2 * TILE
    assert min(wide, high) >= 20
    if max(width, height) <= 4 * min(width, height):
        assert wide / high == pytest.approx(width / height, rel=0.02)
        assert wide * high == pytest.approx(TILE**2, rel=0.02), "as large as a square one"


def test_no_row_keeps_room_that_nothing_fills() -> None:
    """Of every row, the tile comes directly under the title and the words directly under the tile."""
    tile = tile_of(800, 300)
    cell = Cell(picture((300, 800)), (), picture((300, 800)), "bright", "dark")
    page = np.asarray(page_of("plan", [("one", [cell, cell]), ("two", [cell, cell])], tile))
    row = HEADING + tile[1] + LINE + 2 * GAP
    assert page.shape[:2] == (TITLE + 2 * row + MARGIN - GAP, 2 * MARGIN + 2 * (2 * tile[0] + 4) + GAP)
    for number in range(2):
        top = TITLE + number * row + HEADING
        assert (page[top : top + tile[1], MARGIN : MARGIN + tile[0]] == 90).all()


def test_words_go_on_in_a_second_line_and_end_in_dots() -> None:
    font = font_of(15)
    text = "dark · 2 of 3: severity 4, 2.5 mm long, 0.35 mm across, 0.24 mm wide, 36 µm deep, not visible"
    assert fitted("dark", font, 300, 2) == ["dark"]
    two = fitted(text, font, 400, 2)
    assert " ".join(two) == text.replace("µ", "u")
    assert len(two) == 2
    for width in (60, 150, 400):
        for lines in (1, 2):
            found = fitted(text, font, width, lines)
            assert len(found) <= lines
            assert all(font.getlength(line) <= width for line in found)
    assert fitted(text, font, 150, 1)[0].endswith("…")
    assert fitted("x" * 200, font, 150, 2)[-1].endswith("…"), "one long word is cut too"


def test_titles_and_captions_are_in_the_letters_of_any_factory() -> None:
    """What the font lacks is written otherwise: a box would be the same for every letter."""
    cell = Cell(picture((40, 40)), (), None, "bright")
    pages = [
        page_of("part", [(name, [cell])], (40, 40)).tobytes() for name in ("Größe", "Graße", "Царапина", "Царамина")
    ]
    panels = [side_by_side([(name, picture((40, 40)))]).tobytes() for name in ("ä", "ö", "я")]
    assert len(set(pages)) == len(pages)
    assert len(set(panels)) == len(panels)


def test_whole_views_and_a_single_channel_fill_their_tiles(bracket: Path) -> None:
    order = small_order(bracket, framing="whole", size_px=96, channels=("dark",), classes=("scratch",))
    sheet = draw_sheet(order, columns=1)
    page = np.asarray(Pillow.open(io.BytesIO(sheet.data)))
    wide, high = tile_of(2448, 2048)
    left = MARGIN + wide + 4
    inside = page[TITLE + HEADING : TITLE + HEADING + high, left : left + wide]
    assert (inside == 255).all(axis=2).mean() < 0.9, "of good parts under one light a second one fills the tile beside"
    assert sheet.images == 2


@pytest.mark.parametrize(
    ("width", "height", "shown"), [(96, 96, (480, 480)), (640, 160, (512, 128)), (30, 64, (240, 512))]
)
def test_an_explained_image_has_panels_of_one_size(width: int, height: int, shown: tuple[int, int]) -> None:
    assert panel_size(width, height) == shown
    page = np.asarray(side_by_side([("recorded", picture((height, width))), ("label", picture((480, 640)))]))
    assert page.shape == (36 + shown[1] + 12, 2 * (shown[0] + 12) + 12, 3)
