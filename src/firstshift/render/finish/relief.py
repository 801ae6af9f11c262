"""A periodic piece of height field with its slopes averaged at every scale: what a finish is sampled from.

Each texel holds five numbers: mean slope along the lay, mean slope across it, mean square of each, mean height.
Averages over 2, 4, 8 … texels follow as levels. At any level

    resolved slope      s = ⟨h′⟩            tilts the normal
    slope variance left  ⟨h′²⟩ − ⟨h′⟩²      becomes roughness, α² = 2·variance per axis

so what a pixel no longer resolves is not lost but turns into gloss, and the sum of both is the same at all scales
(Olano and Baker, "LEAN mapping", I3D 2010; Beckmann and Spizzichino 1963 for α² = 2σ²).

Slopes are height units per texel of the finest level: a relief has no size of its own, a `Layer` gives it one. The
finest profile is the polygon through the texels' heights; ⟨h′²⟩ averages the squares of its pieces on both sides of a
texel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.render.gbuffer import F32

CHANNELS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    texels: F32
    """(T, 5): all levels one after the other, each row by row."""
    levels: npt.NDArray[np.int32]
    """(levels, 3): first texel, rows (across the lay), columns (along it)."""

    @property
    def rows(self) -> int:
        return int(self.levels[0, 1])

    @property
    def columns(self) -> int:
        return int(self.levels[0, 2])

    def level(self, number: int) -> F32:
        """(rows, columns, 5)"""
        first, rows, columns = (int(value) for value in self.levels[number])
        return self.texels[first : first + rows * columns].reshape(rows, columns, CHANNELS)

    @property
    def height(self) -> F32:
        return self.level(0)[..., 4]

    def scaled(self, factor: float) -> Relief:
        return Relief(self.texels * np.array([factor, factor, factor**2, factor**2, factor], np.float32), self.levels)


def relief_of(height: npt.NDArray[np.floating]) -> Relief:
    """From a periodic height field (rows across the lay, columns along it); sides are powers of two."""
    rows, columns = height.shape
    if rows & (rows - 1) or columns & (columns - 1):
        raise ValueError(f"sides of a relief are powers of two, not {rows} × {columns}")
    level = _finest(np.asarray(height, np.float64))
    levels, places, first = [level], [(0, rows, columns)], 0
    while max(level.shape[:2]) > 1:
        first += level.shape[0] * level.shape[1]
        level = _halved(level)
        levels.append(level)
        places.append((first, level.shape[0], level.shape[1]))
    texels = np.concatenate([each.reshape(-1, CHANNELS) for each in levels]).astype(np.float32)
    return Relief(np.ascontiguousarray(texels), np.array(places, np.int32))


def _finest(height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    height = height - height.mean()
    ahead_u, ahead_v = np.roll(height, -1, 1) - height, np.roll(height, -1, 0) - height
    behind_u, behind_v = np.roll(ahead_u, 1, 1), np.roll(ahead_v, 1, 0)
    return np.stack(
        [
            (ahead_u + behind_u) / 2,
            (ahead_v + behind_v) / 2,
            (ahead_u**2 + behind_u**2) / 2,
            (ahead_v**2 + behind_v**2) / 2,
            height,
        ],
        axis=-1,
    )


def _halved(level: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if level.shape[0] > 1:
        level = (level[0::2] + level[1::2]) / 2
    if level.shape[1] > 1:
        level = (level[:, 0::2] + level[:, 1::2]) / 2
    return level
