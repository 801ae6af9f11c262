"""The ends of a tile: what the plan's flat part does not have.

Photographs are cut to the tile, and a tile is a segment of a ring: at its ends an arc of the dark nest or of the bevel
shows, more of it in the middle or at the corners; a side may be cut at a slant. Good tiles have it as well, so all
rendered ones get it too, and a flaw beneath it is taken out of the mask.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.rendering import Tile

F32 = npt.NDArray[np.float32]
DEEPEST = 12
"""Pixels of 0.2 mm."""
LEAST_PX = 6


def with_ends(tile: Tile, seed: int) -> Tile:
    generator = np.random.default_rng([seed, 77])
    shown = np.ones(tile.grey.shape, np.float32)
    for turns in range(4):
        often = 0.35 if turns % 2 == 0 else 0.15
        if generator.uniform() < often:
            edge = np.rot90(shown, turns)
            edge *= _end(edge.shape, generator)
    grey = np.clip(tile.grey * shown, 0, 255).astype(np.uint8)
    return replace(tile, grey=grey, mask=_without_crumbs(tile.mask & (shown > 0.75)))


def _without_crumbs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A few pixels of a flaw beside a dark end are nothing that anybody would find."""
    _, pieces, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = facts[:, cv2.CC_STAT_AREA] >= LEAST_PX
    large[0] = False
    return np.asarray(large[pieces], np.bool_)


def _end(shape: tuple[int, ...], generator: np.random.Generator) -> F32:
    """Along the upper side: how much of the light is left."""
    rows, columns = shape
    x = np.linspace(-1, 1, columns)
    middle = generator.uniform(-0.6, 0.6)
    bow = (x - middle) ** 2 if generator.uniform() < 0.4 else 1 - ((x - middle) / (1 + abs(middle))) ** 2
    deep = generator.uniform(0.5, 1) ** 2 * DEEPEST * bow + generator.normal(0, 1.5) * x + generator.uniform(0, 3)
    if generator.uniform() < 0.35:
        side = generator.choice([-1, 1])
        deep = deep + np.maximum(0, side * x - generator.uniform(0.75, 0.95)) * generator.uniform(30, 120)
    y = np.arange(rows, dtype=np.float32)[:, None] + 0.5
    soft = generator.uniform(0.4, 1.5)
    inside = 0.5 * (1 + np.tanh((deep[None, :] - y) / soft))
    dark = generator.uniform(0.15, 0.6) + 0.1 * generator.standard_normal() * x
    rim = generator.normal(0.0, 0.12) * np.exp(-(((y - deep[None, :] - 2) / 1.5) ** 2))
    return np.asarray(np.clip(1 - inside * (1 - dark) + rim * (1 - inside), 0.05, 1.5), np.float32)
