"""Between masks and polygons, exactly: `fill(trace(mask))` is the mask again.

A traced polygon follows the edges between pixels, so it holds neither more nor less than the mask. A polygon is filled
where pixel centres lie inside by the even-odd rule.
"""

from __future__ import annotations

import math

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.shapes import Box, Mask, Point, Polygon, RunLengths, Shape

Corner = tuple[int, int]


def fill(polygon: Polygon, width: int, height: int) -> Mask:
    toggles = np.zeros((height, width + 1), np.int32)
    for ring in polygon.rings:
        for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            first, last = sorted((y0, y1))
            # Rows whose centre r + 0.5 lies in [first, last): each edge counts its upper end and not its lower.
            top, bottom = max(0, math.ceil(first - 0.5)), min(height, math.ceil(last - 0.5))
            if top >= bottom:
                continue
            rows = np.arange(top, bottom)
            crossing = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            toggles[rows, np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)] += 1
    return Mask(np.asarray(np.cumsum(toggles[:, :width], axis=1) % 2 == 1))


def trace(mask: Mask) -> Polygon | None:
    """None for an empty mask. Outer rings run clockwise on the screen, holes the other way."""
    steps = _edges(mask)
    rings: list[tuple[Point, ...]] = []
    while steps:
        start = next(iter(steps))
        ring = [start]
        heading = (0, 0)
        at = start
        while True:
            ahead = _turn(steps, at, heading)
            heading = (ahead[0] - at[0], ahead[1] - at[1])
            at = ahead
            if at == start:
                break
            ring.append(at)
        rings.append(_corners(ring))
    return Polygon(tuple(rings)) if rings else None


def mask_of(shape: Shape, width: int, height: int) -> Mask:
    """The pixels of any shape; run lengths must be of this size."""
    match shape:
        case RunLengths():
            if (shape.width, shape.height) != (width, height):
                raise BadInput(
                    where="mask", expected=f"{width}×{height} as the image", found=f"{shape.width}×{shape.height}"
                )
            return shape.mask()
        case Box():
            return fill(Polygon((shape.corners(),)), width, height)
        case Polygon():
            return fill(shape, width, height)


def _edges(mask: Mask) -> dict[Corner, list[Corner]]:
    """Unit steps around every marked pixel, the pixel on the right hand, without those between two marked pixels."""
    padded = np.pad(mask.pixels, 1)
    inside = padded[1:-1, 1:-1]
    sides = (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    steps: dict[Corner, list[Corner]] = {}
    for neighbour, (ax, ay), (bx, by) in sides:
        for y, x in zip(*(axis.tolist() for axis in np.nonzero(inside & ~neighbour)), strict=True):
            steps.setdefault((x + ax, y + ay), []).append((x + bx, y + by))
    return steps


def _turn(steps: dict[Corner, list[Corner]], at: Corner, heading: Corner) -> Corner:
    """Where two pixels touch by a corner only, turn right: each keeps a ring of its own."""
    ways = steps[at]
    right = (at[0] - heading[1], at[1] + heading[0])
    ahead = right if right in ways else ways[0]
    ways.remove(ahead)
    if not ways:
        del steps[at]
    return ahead


def _corners(ring: list[Corner]) -> tuple[Point, ...]:
    """Without the points in the middle of a straight line."""
    kept = []
    for before, at, after in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True):
        if (at[0] - before[0], at[1] - before[1]) != (after[0] - at[0], after[1] - at[1]):
            kept.append((float(at[0]), float(at[1])))
    return tuple(kept)
