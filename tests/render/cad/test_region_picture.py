"""The region picture shows each region in its colour, where it is."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.render.cad.casting import Caster
from firstshift.render.cad.drawing import MARGIN_PX, draw
from firstshift.render.cad.region_picture import COLOURS, GREY, HEAD, VIEW_HEIGHT, VIEW_WIDTH, draw_regions
from tests.render.cad.parts import fixture, part_of

UPWARDS = {"direction": [0, 0, 1], "within_deg": 5}


def nearest_colour(pixels: np.ndarray) -> np.ndarray:
    """Which of the palette a lit pixel has: light changes brightness, not hue. −1 for grey."""
    palette = np.concatenate([GREY[None], COLOURS])
    palette = palette / np.linalg.norm(palette, axis=1, keepdims=True)
    seen = pixels / np.maximum(np.linalg.norm(pixels, axis=-1, keepdims=True), 1)
    return np.argmax(seen @ palette.T, axis=-1) - 1


def test_regions_have_their_colours_seen_from_the_camera() -> None:
    part = part_of(
        "bored_plate.step",
        (40, 30, 10),
        regions=[
            {"name": "left", "facing": UPWARDS, "box": {"from_mm": [-20, -15, 7], "to_mm": [-14, 15, 9]}},
            {"name": "right", "facing": UPWARDS, "box": {"from_mm": [14, -15, 7], "to_mm": [20, 15, 9]}},
        ],
    )
    image = draw_regions(part, fixture("bored_plate", 40, 30, 10))
    assert image.width == 2 * VIEW_WIDTH
    view = image.pixels[HEAD : HEAD + VIEW_HEIGHT, VIEW_WIDTH:].astype(np.float64)
    per_mm = (VIEW_WIDTH - 92) / 40  # the plate fills the width

    def colour_at(x_mm: float, y_mm: float) -> int:
        row, column = round(VIEW_HEIGHT / 2 - y_mm * per_mm), round(VIEW_WIDTH / 2 + x_mm * per_mm)
        return int(nearest_colour(view[row, column]))

    assert colour_at(-17, 8) == 0
    assert colour_at(17, 8) == 1
    assert colour_at(0, -11) == -1
    assert (view[VIEW_HEIGHT // 2, round(VIEW_WIDTH / 2 + 5 * per_mm)] > 240).all()  # through the hole: paper


def test_the_same_part_gives_the_same_drawing() -> None:
    mesh = fixture("bored_plate", 40, 30, 10)
    one, other = (draw(mesh, Caster(mesh), np.eye(3), 120, 120) for _ in range(2))
    grey = np.broadcast_to(GREY, (*one.triangle.shape, 3))
    assert np.array_equal(one.picture(grey), other.picture(grey))
    assert one.pixels_per_mm == pytest.approx((120 - 2 * MARGIN_PX) / 40)
    assert one.outline.any()
