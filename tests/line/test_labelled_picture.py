"""What a person sees: the marks are where the label says, and every kind of image can be looked at."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.image import Image
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Mask, Polygon, RunLengths, Shape
from firstshift.line.labelled_picture import draw_label


def grey(width: int = 700, height: int = 660, value: int = 100) -> Image:
    return Image.of(np.full((height, width), value, np.uint8))


def run_lengths() -> RunLengths:
    pixels = np.zeros((660, 700), bool)
    pixels[300:400, 200:350] = True
    return Mask(pixels).run_lengths()


@pytest.mark.parametrize(
    "shape",
    [
        Box(200.0, 300.0, 150.0, 100.0),
        Polygon((((200.0, 300.0), (350.0, 300.0), (350.0, 400.0), (200.0, 400.0)),)),
        run_lengths(),
    ],
    ids=["box", "polygon", "mask"],
)
def test_a_mark_tints_what_it_covers_and_nothing_far_from_it(shape: Shape) -> None:
    drawn = draw_label(grey(), Label.defect(Annotation("scratch", shape))).pixels.astype(int)
    coloured = np.ptp(drawn, axis=2) > 0
    assert coloured[310:390, 210:340].all()
    away = coloured.copy()
    away[260:410, 190:360] = False  # the mark and its name above it
    away[:40, :200] = False  # the verdict
    assert not away.any()


def test_a_small_image_is_enlarged_by_a_whole_factor_without_smoothing() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60), dtype=np.uint8)
    drawn = draw_label(Image.of(pixels), None).pixels
    assert drawn.shape == (400, 600, 3)
    assert np.array_equal(drawn[205::10, 5::10, 0], pixels[20:])


def test_the_verdict_and_what_the_whole_image_is_are_written_on_it() -> None:
    plain = draw_label(grey(), Label.good()).pixels
    named = draw_label(grey(), Label.good(Annotation("housing"))).pixels
    unsure = draw_label(grey(), Label(Verdict.UNSURE)).pixels
    unlabelled = draw_label(grey(), None).pixels
    corners = [picture[:30, :200].tobytes() for picture in (plain, named, unsure, unlabelled)]
    assert len(set(corners)) == 4


@pytest.mark.parametrize(
    "image",
    [
        Image.of(np.full((64, 64), 900, np.uint16)),
        Image.of(np.full((64, 64, 3), 200, np.uint8)),
        Image.of(np.full((64, 64, 3), 900, np.uint16)),
        Image(np.full((64, 64, 4), 200, np.uint8), ("R", "G", "B", "alpha")),
        Image.of(np.full((64, 64, 5), 200, np.uint8), ("ring", "bar", "dome", "left", "right")),
        Image.of(np.full((1, 3), 200, np.uint8)),
    ],
    ids=["12 bits in 16", "colour", "deep colour", "with alpha", "five lights", "tiny"],
)
def test_any_image_can_be_looked_at(image: Image) -> None:
    drawn = draw_label(image, Label.defect(Annotation("ätzfleck ✓ with a long name", Box(0.0, 0.0, 1.0, 1.0))))
    assert (drawn.bits, len(drawn.channels)) == (8, 3)
    assert drawn.pixels[-1, -1].min() > 150, "bright enough to see"


def test_a_class_has_the_same_colour_on_every_image() -> None:
    marked = Label.defect(Annotation("dent", Box(300.0, 300.0, 50.0, 50.0)))
    both = Label.defect(*marked.annotations, Annotation("scratch", Box(10.0, 500.0, 50.0, 50.0)))
    one, other = draw_label(grey(), marked).pixels, draw_label(grey(), both).pixels
    assert np.array_equal(one[300:350, 300:350], other[300:350, 300:350])
