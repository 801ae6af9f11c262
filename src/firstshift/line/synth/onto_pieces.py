"""A flaw larger than the window it was placed in: rendered piece by piece, so that none of it is cut off.

The photograph is a grid of tiles. Those that the flaw reaches are rendered one after another, each with some room
around it, and of each only the tile itself is taken: memory stays flat however long a scratch is. All pieces share
the first window's lamps, materials and roughness, so that no seam shows where two of them meet. A flaw that lies in
its window with room to spare has that window for its only piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint
from firstshift.line.synth.onto_ready import OntoReady
from firstshift.render.landing import Landing
from firstshift.render.onto.registering import Pixels
from firstshift.render.prepared import Prepared, Stamped
from firstshift.render.stamp import stamp

PIECE_PX = 512
ALONG, ACROSS = 129, 33
"""Points of a patch that are looked up in the grid: closer together than a tile is wide."""
Tile = tuple[int, int]
"""Column and row in the grid."""
Flaws = Sequence[tuple[Landing, Imprint]]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    window: Pixels
    """What is rendered."""
    own: Pixels
    """What is taken of it; the pieces' own pixels never overlap."""
    tile: Tile | None
    """None: the flaw's only piece."""
    prepared: Prepared
    stamped: Stamped


def pieces_of(ready: OntoReady, prepared: Prepared, window: Pixels, flaws: Flaws, room_px: int) -> Iterator[Piece]:
    """`room_px`: how far around a changed pixel light is spread."""
    height, width = ready.mask.shape
    stamped = stamp(prepared, flaws)
    if not _touches_border(_reached(stamped, window), window, (width, height), room_px):
        yield Piece(window, window, None, prepared, stamped)
        return
    waiting, done = _under(ready, flaws), set[Tile]()
    while waiting - done:
        tile = min(waiting - done)
        own = own_pixels(tile, (width, height))
        around = _with_room(own, 2 * room_px, (width, height))
        render = ready.prepared(around, prepared)
        changed = stamp(render, flaws)
        yield Piece(around, own, tile, render, changed)
        done.add(tile)
        waiting |= _tiles_near(*_reached(changed, around), room_px, (width, height))


def own_pixels(tile: Tile, size: tuple[int, int]) -> Pixels:
    left, top = tile[0] * PIECE_PX, tile[1] * PIECE_PX
    return (left, top, min(PIECE_PX, size[0] - left), min(PIECE_PX, size[1] - top))


def _with_room(own: Pixels, room_px: int, size: tuple[int, int]) -> Pixels:
    x, y, width, height = own
    left, top = max(0, x - room_px), max(0, y - room_px)
    right, bottom = min(size[0], x + width + room_px), min(size[1], y + height + room_px)
    return (left, top, right - left, bottom - top)


def _reached(stamped: Stamped, window: Pixels) -> tuple[Indices, Indices]:
    """Columns and rows, in the photograph, of all pixels that change or are labelled."""
    x, y, width, _ = window
    pixel = np.concatenate([stamped.pixel, *(pixel for pixel, _ in stamped.coverage)]).astype(np.int64)
    return pixel % width + x, pixel // width + y


def _touches_border(at: tuple[Indices, Indices], window: Pixels, size: tuple[int, int], room_px: int) -> bool:
    """Borders that are the photograph's own do not count: nothing lies beyond."""
    for where, start, side, full in zip(at, window[:2], window[2:], size, strict=True):
        if start > 0 and (where < start + room_px).any():
            return True
        if start + side < full and (where >= start + side - room_px).any():
            return True
    return False


def _under(ready: OntoReady, flaws: Flaws) -> set[Tile]:
    view = ready.findings.registered.view()
    height, width = ready.mask.shape
    tiles = set[Tile]()
    for landing, imprint in flaws:
        half_u, half_v = imprint.patch.length_mm / 2, imprint.patch.width_mm / 2
        u, v = np.meshgrid(np.linspace(-half_u, half_u, ALONG), np.linspace(-half_v, half_v, ACROSS))
        points = landing.position_mm + u.reshape(-1, 1) * landing.u + v.reshape(-1, 1) * landing.v
        column, row = np.floor(view.project(points)).T
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        tiles |= _tiles_near(column[inside].astype(np.int64), row[inside].astype(np.int64), 0, (width, height))
    return tiles


def _tiles_near(columns: Indices, rows: Indices, room_px: int, size: tuple[int, int]) -> set[Tile]:
    grid = np.zeros((size[0] // PIECE_PX + 1, size[1] // PIECE_PX + 1), np.bool_)
    for across in (-room_px, room_px):
        for down in (-room_px, room_px):
            column = np.clip(columns + across, 0, size[0] - 1) // PIECE_PX
            row = np.clip(rows + down, 0, size[1] - 1) // PIECE_PX
            grid[column, row] = True
    return {(int(column), int(row)) for column, row in np.argwhere(grid)}
