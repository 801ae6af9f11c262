"""Locating pins, rails, clamps, screws, nest walls: beside the part, never over it and never higher than its top.

Everything keeps a gap to the part's upright bounding box, so that from a camera over the part no fixture hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstshift.core.mesh import Floats
from firstshift.render.backdrop.solids import AROUND, Soup, bar, box

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Room:
    """The part's bounding box in station coordinates."""

    low: Floats
    high: Floats

    @property
    def height(self) -> float:
        return float(self.high[2] - self.low[2])

    @property
    def size(self) -> float:
        return float(max(self.high[0] - self.low[0], self.high[1] - self.low[1]))


def drawn_fixtures(draw: Rng, room: Room) -> dict[str, list[Soup]]:
    """By what they are made of: 'pins', 'blocks', 'screws'; often nothing."""
    bodies: dict[str, list[Soup]] = {}
    if room.height < 0.2 or draw.uniform() < 0.3:
        return bodies
    if draw.uniform() < 0.6:
        bodies["pins"] = _apart([_pin(draw, room) for _ in range(int(draw.integers(2, 5)))])
    style = draw.uniform()
    if style < 0.35:
        bodies["blocks"] = [_rail(draw, room, side) for side in draw.permutation(4)[: int(draw.integers(1, 3))]]
    elif style < 0.6:
        bodies["blocks"] = _nest(draw, room)
    elif style < 0.8:
        side = int(draw.integers(4))
        bodies["blocks"], bodies["screws"] = _clamp(draw, room, side)
    if draw.uniform() < 0.5:
        bodies.setdefault("screws", []).extend(_screw(draw, room) for _ in range(int(draw.integers(1, 4))))
    if "screws" in bodies:
        bodies["screws"] = _apart(bodies["screws"])
        bodies["sockets"] = [_socket(head) for head in bodies["screws"]]
    return bodies


def _apart(pieces: list[Soup]) -> list[Soup]:
    """Without those that would stand in one already there."""
    kept: list[Soup] = []
    for piece in pieces:
        low, high = piece.corners_mm.min((0, 1)), piece.corners_mm.max((0, 1))
        inside = [((p.corners_mm.max((0, 1)) > low) & (p.corners_mm.min((0, 1)) < high)).all() for p in kept]
        if not any(inside):
            kept.append(piece)
    return kept


def _beside(draw: Rng, room: Room, radius: float, gap: float) -> tuple[float, float]:
    """A place for a round thing beside one of the four sides."""
    side, along = int(draw.integers(4)), draw.uniform(0.1, 0.9)
    axis = side % 2
    place = room.low[:2] + along * (room.high - room.low)[:2]
    place[axis] = room.high[axis] + radius + gap if side < 2 else room.low[axis] - radius - gap
    return float(place[0]), float(place[1])


def _pin(draw: Rng, room: Room) -> Soup:
    radius = float(draw.uniform(0.02, 0.06)) * room.size
    top = room.low[2] + room.height * draw.uniform(0.3, 0.98)
    return bar(_beside(draw, room, radius, 0.002 * room.size), radius, float(room.low[2]), float(top), 0.2 * radius)


def _rail(draw: Rng, room: Room, side: int) -> Soup:
    """A bar along one side, chamfered; longer than the part or shorter."""
    wide, gap = draw.uniform(0.08, 0.3) * room.size, draw.uniform(0.004, 0.05) * room.size
    low, high = room.low.copy(), room.high.copy()
    axis, other = side % 2, 1 - side % 2
    reach = draw.uniform(-0.3, 0.8) * room.size / 2
    low[other], high[other] = low[other] - reach, high[other] + reach
    if side < 2:
        low[axis], high[axis] = room.high[axis] + gap, room.high[axis] + gap + wide
    else:
        low[axis], high[axis] = room.low[axis] - gap - wide, room.low[axis] - gap
    high[2] = room.low[2] + room.height * draw.uniform(0.25, 0.95)
    chamfer = min(0.2 * wide, 0.3 * (high[2] - low[2])) * draw.uniform(0.1, 1.0)
    return box((low[0], low[1], low[2]), (high[0], high[1], high[2]), float(chamfer))


def _nest(draw: Rng, room: Room) -> list[Soup]:
    """Walls on all four sides, or angles at the corners."""
    gap, wide = draw.uniform(0.005, 0.04) * room.size, draw.uniform(0.05, 0.2) * room.size
    top = room.low[2] + room.height * draw.uniform(0.2, 0.9)
    share = 1.0 if draw.uniform() < 0.5 else draw.uniform(0.15, 0.35)
    (x0, y0), (x1, y1) = room.low[:2] - gap, room.high[:2] + gap
    long_x, long_y = (x1 - x0) * share, (y1 - y0) * share
    z, chamfer = float(room.low[2]), 0.08 * min(wide, top - room.low[2])
    walls = [
        ((x0 - wide, y0 - wide), (x0 + long_x, y0)), ((x0 - wide, y0), (x0, y0 + long_y)),
        ((x1 - long_x, y1), (x1 + wide, y1 + wide)), ((x1, y1 - long_y), (x1 + wide, y1)),
    ]  # fmt: skip
    return [box((a[0], a[1], z), (b[0], b[1], float(top)), float(chamfer)) for a, b in walls]


def _clamp(draw: Rng, room: Room, side: int) -> tuple[list[Soup], list[Soup]]:
    """A block pushed against one side, with the head of the screw that holds it."""
    block = _rail(draw, room, side)
    low, high = block.corners_mm.min((0, 1)), block.corners_mm.max((0, 1))
    middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    radius = 0.3 * float(min(high[0] - low[0], high[1] - low[1]))
    lift = min(0.6 * radius, max(0.05 * radius, float(room.high[2] - high[2])))
    return [block], [_head(draw, middle, radius, float(high[2]) - 1e-3, float(high[2]) + lift)]


def _screw(draw: Rng, room: Room) -> Soup:
    radius = float(draw.uniform(0.02, 0.05)) * room.size
    place = _beside(draw, room, radius, float(draw.uniform(0.1, 0.5)) * room.size)
    height = min(radius * draw.uniform(0.3, 1.0), 0.9 * room.height)
    return _head(draw, place, radius, float(room.low[2]), float(room.low[2] + height))


def _head(draw: Rng, middle: tuple[float, float], radius: float, low: float, high: float) -> Soup:
    """A hexagon head or a round one."""
    turn, sides = float(draw.uniform(0, 60)), 6 if draw.uniform() < 0.5 else AROUND
    return bar(middle, radius, low, high, 0.15 * min(radius, high - low), sides).turned(turn, middle)


def _socket(head: Soup) -> Soup:
    """The hexagon for the key, dark because it is deep: a thin black prism on the head."""
    low, high = head.corners_mm.min((0, 1)), head.corners_mm.max((0, 1))
    middle, radius = (low + high)[:2] / 2, 0.22 * float((high - low)[:2].max())
    top = float(high[2])
    return bar((float(middle[0]), float(middle[1])), radius, top - 0.01 * radius, top + 0.002 * radius, 0.0, 6)
