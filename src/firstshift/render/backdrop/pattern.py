"""What a background's surface looks like beside its finish: coats of colour that repeat, and a relief.

A *coat* is a periodic tile of four numbers, factors on reflectance (linear RGB) and the share of light kept out, with
its averages over 2, 4, 8 … texels; a pixel reads the level as large as itself. Coats multiply: a weave, then the dirt
on it, of sizes that have no common multiple, so that no repetition is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.render.finish.layer import Course, Layer
from firstshift.render.finish.relief import relief_of
from firstshift.render.gbuffer import F32

Plane = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """What a pattern's maker returns."""

    tint: Plane
    """(n, n) or (n, n, 3); about 1."""
    texel_mm: float
    height_um: Plane | None = None
    hidden: Plane | None = None
    """(n, n): share of light kept out, for holes and gaps."""


@dataclass(frozen=True, slots=True, eq=False)
class Coat:
    texels: F32
    """(T, 4), levels one after the other."""
    levels: npt.NDArray[np.int32]
    """(levels, 3): first texel, rows, columns."""
    texel_mm: float
    turned_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    coats: tuple[Coat, ...]
    relief: Layer | None


Maker = Callable[[np.random.Generator], Tile]


def coat_of(tile: Tile, turned_deg: float = 0.0) -> Coat:
    tint = tile.tint if tile.tint.ndim == 3 else np.repeat(tile.tint[..., None], 3, 2)
    hidden = np.zeros(tint.shape[:2]) if tile.hidden is None else tile.hidden
    level = np.concatenate([np.clip(tint, 0.0, 4.0), hidden[..., None]], 2).astype(np.float32)
    levels, places, first = [level], [(0, level.shape[0], level.shape[1])], 0
    while max(level.shape[:2]) > 1:
        first += level.shape[0] * level.shape[1]
        rows = level[0::2] + level[1::2]
        level = ((rows[:, 0::2] + rows[:, 1::2]) / 4).astype(np.float32)
        levels.append(level)
        places.append((first, level.shape[0], level.shape[1]))
    texels = np.concatenate([each.reshape(-1, 4) for each in levels])
    return Coat(np.ascontiguousarray(texels), np.array(places, np.int32), tile.texel_mm, turned_deg)


def relief_layer(tile: Tile, turned_deg: float = 0.0) -> Layer | None:
    if tile.height_um is None:
        return None
    relief = relief_of(tile.height_um)
    return Layer(relief, tile.texel_mm, tile.texel_mm, Course.PLANE, 1.0, turned_deg, has_lay=False)
