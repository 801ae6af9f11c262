"""The light of one channel on its way to the sensor, and what flaws change of it.

    lit = Lit.of(stamped, stage.gains(recipe, "dark"))
    on_sensor = blurred_light(ready, lit)

Light adds up and defocus is linear, so the lamps of a pose are put out of focus once; for each image only the small
piece that flaws change is, and is added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.sensor.blur import SHARP_PX, defocus

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Ready
    from firstshift.render.prepared import Stamped

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of an image: its rows from top to before bottom, its columns from left to before right."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def around(
        cls, row: npt.NDArray[np.integer], column: npt.NDArray[np.integer], reach: int, height: int, width: int
    ) -> Box:
        around = cls(int(row.min()), int(row.max()) + 1, int(column.min()), int(column.max()) + 1)
        return around.grown(reach, height, width)

    def grown(self, reach: int, height: int, width: int) -> Box:
        """As far as the image goes."""
        top, left = max(self.top - reach, 0), max(self.left - reach, 0)
        return Box(top, min(self.bottom + reach, height), left, min(self.right + reach, width))

    @property
    def cut(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """One channel of an image with flaws, before the lens: only pixels that they change."""

    gains: F32
    """(L,): how bright each lamp is, as a share of full scale."""
    pixel: npt.NDArray[np.int32]
    """(P,): ascending"""
    change: F32
    """(P, C)"""

    @classmethod
    def of(cls, stamped: Stamped, gains: F32) -> Lit:
        return cls(gains, stamped.pixel, mixed(stamped.layers, gains) - mixed(stamped.clean, gains))

    def changes_in(self, box: Box, width: int) -> F32 | None:
        """(h, w, C): what changes in a piece of an image that is so wide; None where nothing does."""
        low, high = np.searchsorted(self.pixel, (box.top * width, box.bottom * width))
        row, column = np.divmod(self.pixel[low:high], width)
        inside = (column >= box.left) & (column < box.right)
        if not inside.any():
            return None
        piece = np.zeros((box.bottom - box.top, box.right - box.left, self.change.shape[1]), np.float32)
        piece[row[inside] - box.top, column[inside] - box.left] = self.change[low:high][inside]
        return piece


def mixed(layers: F32, gains: F32) -> F32:
    """(L, …) → (…): the lamps that are on, added up."""
    on = np.flatnonzero(gains)
    total: F32 = np.zeros(layers.shape[1:], np.float32) if not len(on) else layers[on[0]] * gains[on[0]]
    for lamp in on[1:]:
        total += layers[lamp] * gains[lamp]
    return total


def out_of_focus(layers: F32, confusion_px: F32) -> F32:
    """(L, H, W, C): each lamp's light as the lens spreads it; the same array where everything is sharp."""
    if float(confusion_px.max()) <= SHARP_PX:
        return layers
    out = np.zeros_like(layers)
    for lamp, light in enumerate(layers):
        for colour in range(light.shape[2] if light.any() else 0):
            out[lamp, :, :, colour] = defocus(np.ascontiguousarray(light[:, :, colour]), confusion_px)
    return out


def blurred_piece(ready: Ready, lit: Lit, box: Box) -> F32:
    """(h, w, C): a piece of `blurred_light`; right as far from its border as a circle of confusion reaches."""
    light = mixed(ready.blurred[(slice(None), *box.cut)], lit.gains)
    change = lit.changes_in(box, ready.layers.shape[2])
    if change is not None:
        for colour in range(light.shape[2]):
            light[:, :, colour] += defocus(np.ascontiguousarray(change[:, :, colour]), ready.confusion_px[box.cut])
    return light


def sharp_piece(ready: Ready, lit: Lit, box: Box) -> F32:
    """(h, w, C): a piece of `sharp_light`."""
    light = mixed(ready.layers[(slice(None), *box.cut)], lit.gains)
    change = lit.changes_in(box, ready.layers.shape[2])
    return light if change is None else light + change


def blurred_light(ready: Ready, lit: Lit) -> F32:
    """(H, W, C): out of focus already."""
    light = mixed(ready.blurred, lit.gains)
    if not len(lit.pixel):
        return light
    height, width, colours = light.shape
    around = math.ceil(float(ready.confusion_px.max()) / 2) + 1
    box = Box.around(*np.divmod(lit.pixel, width), around, height, width)
    change = lit.changes_in(box, width)
    assert change is not None
    for colour in range(colours):
        piece = np.ascontiguousarray(change[:, :, colour])
        light[:, :, colour][box.cut] += defocus(piece, ready.confusion_px[box.cut])
    return light


def sharp_light(ready: Ready, lit: Lit) -> F32:
    """(H, W, C): before any blur."""
    light = mixed(ready.layers, lit.gains)
    light.reshape(-1, light.shape[2])[lit.pixel] += lit.change
    return light
