"""Masks and polygons convert into each other without losing a pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firstshift.core.outline import fill, mask_of, trace
from firstshift.core.shapes import Box, Mask, Polygon


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**31), st.floats(0.05, 0.95))
def test_a_traced_mask_fills_to_itself(height: int, width: int, seed: int, share: float) -> None:
    mask = Mask(np.random.default_rng(seed).random((height, width)) < share)
    polygon = trace(mask)
    if polygon is None:
        assert mask.area == 0
    else:
        assert fill(polygon, width, height) == mask
        assert polygon.area == mask.area
        assert polygon.bounds() == mask.bounds()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(-5, 15), st.floats(-5, 15)), min_size=3, max_size=8))
def test_fill_is_the_even_odd_rule_at_pixel_centres(points: list[tuple[float, float]]) -> None:
    mask = fill(Polygon((tuple(points),)), 10, 10)
    for y in range(10):
        for x in range(10):
            inside = False
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                if (y0 <= y + 0.5) != (y1 <= y + 0.5) and x + 0.5 >= x0 + (y + 0.5 - y0) * ((x1 - x0) / (y1 - y0)):
                    inside = not inside
            assert mask.pixels[y, x] == inside


def test_a_hole_and_a_box() -> None:
    pixels = np.ones((5, 5), bool)
    pixels[2, 2] = False
    polygon = trace(Mask(pixels))
    assert polygon is not None
    assert len(polygon.rings) == 2
    assert mask_of(Box(1, 1, 2, 3), 5, 5).area == 6
