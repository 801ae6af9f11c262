"""An image of many megapixels through a model that sees small squares: cut with overlap, and put together again.

    tiling = Tiling(size=512, overlap=64)
    joined = Joined(tiling, height, width, channels=2)
    for tile in tiling.tiles(height, width):
        joined.add(tile, model(tile.cut(pixels)))
    maps = joined.result()                       # (channels, height, width)

Every tile has the model's own size, so a graph with fixed shapes serves images of any size: the last tile of a row is
moved back into the image, and an image smaller than a tile is mirrored at its border. Where tiles overlap, each counts
by how far a pixel lies from its border, because a network knows least there; weights add up to one at every pixel, so a
map that does not depend on the cut comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

F32 = npt.NDArray[np.float32]
LARGEST_TILE = 8192


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of an image: its upper left corner, its size, and how much of it lies in the image."""

    top: int
    left: int
    size: int
    height: int
    width: int

    def cut(self, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """(size, size, …) of (height, width, …), mirrored where the image ends."""
        piece = pixels[self.top : self.top + self.height, self.left : self.left + self.width]
        below, right = self.size - self.height, self.size - self.width
        if not below and not right:
            return piece
        rows, columns = _mirrored(self.height, self.size), _mirrored(self.width, self.size)
        return piece[rows][:, columns]


@dataclass(frozen=True, slots=True)
class Tiling:
    size: int
    """Of a tile's sides, in pixels."""
    overlap: int
    """How many pixels neighbours share, at least."""

    def __post_init__(self) -> None:
        if not 0 < self.size <= LARGEST_TILE:
            raise BadInput(where="tiling", expected=f"tiles of 1 to {LARGEST_TILE} pixels", found=self.size)
        if not 0 <= self.overlap <= self.size // 2:
            raise BadInput(
                where="tiling", expected=f"an overlap of 0 to {self.size // 2} pixels, half a tile", found=self.overlap
            )

    def count(self, height: int, width: int) -> int:
        return len(self._places(height)) * len(self._places(width))

    def tiles(self, height: int, width: int) -> Iterator[Tile]:
        """Row by row, from left to right."""
        if height < 1 or width < 1:
            raise BadInput(where="tiling", expected="an image with pixels", found=f"{width} × {height}")
        for top in self._places(height):
            for left in self._places(width):
                yield Tile(top, left, self.size, min(self.size, height - top), min(self.size, width - left))

    def shares(self, length: int) -> F32:
        """(tiles, length): how much each tile along one side counts at each pixel; columns add up to one."""
        places = self._places(length)
        weight = np.zeros((len(places), length), np.float64)
        for number, place in enumerate(places):
            within = np.arange(min(self.size, length - place)) + 0.5
            end = len(within)
            # Full weight farther from the border than the overlap; the image's own border is none.
            from_start = within if place > 0 else np.full(end, np.inf)
            from_stop = end - within if place + end < length else np.full(end, np.inf)
            reach = max(self.overlap, 1)
            weight[number, place : place + end] = np.minimum(np.minimum(from_start, from_stop) / reach, 1.0)
        return np.asarray(weight / weight.sum(axis=0), dtype=np.float32)

    def _places(self, length: int) -> list[int]:
        if length <= self.size:
            return [0]
        step = self.size - self.overlap
        places = list(range(0, length - self.size, step))
        return [*places, length - self.size]


class Joined:
    """Maps of a whole image, put together from those of its tiles as they come, in any order."""

    def __init__(self, tiling: Tiling, height: int, width: int, channels: int) -> None:
        self._tiling = tiling
        self._sum = np.zeros((channels, height, width), np.float32)
        self._rows = dict(zip(tiling._places(height), tiling.shares(height), strict=True))
        self._columns = dict(zip(tiling._places(width), tiling.shares(width), strict=True))
        self._missing = {(top, left) for top in self._rows for left in self._columns}

    def add(self, tile: Tile, maps: npt.NDArray[np.floating]) -> None:
        """`maps` (channels, size, size) of one tile; each tile comes once."""
        if maps.shape != (len(self._sum), tile.size, tile.size):
            raise BadInput(
                where="tile", expected=f"maps of {(len(self._sum), tile.size, tile.size)}", found=tuple(maps.shape)
            )
        if (tile.top, tile.left) not in self._missing:
            raise BadInput(
                where="tile", expected="a tile of this image that did not come yet", found=(tile.top, tile.left)
            )
        self._missing.remove((tile.top, tile.left))
        rows, columns = slice(tile.top, tile.top + tile.height), slice(tile.left, tile.left + tile.width)
        share = self._rows[tile.top][rows, None] * self._columns[tile.left][None, columns]
        self._sum[:, rows, columns] += maps[:, : tile.height, : tile.width] * share

    def result(self) -> F32:
        """(channels, height, width); refuses while tiles are missing."""
        if self._missing:
            raise BadInput(where="tiles", expected="all tiles of the image", found=f"{len(self._missing)} missing")
        return self._sum


def _mirrored(length: int, size: int) -> npt.NDArray[np.int64]:
    """Indices that go on past the end as in a mirror, and back again where the image is much smaller than a tile."""
    if length == 1:
        return np.zeros(size, np.int64)
    turn = 2 * (length - 1)
    place = np.arange(size) % turn
    return np.where(place < length, place, turn - place).astype(np.int64)
