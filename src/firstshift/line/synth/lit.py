"""The light of one channel on its way to the sensor, and what flaws change of it.

    lit = Lit.of(stamped, stage.gains(recipe, "dark"))
    on_sensor = blurred_light(ready, lit.gains, lit)

Light adds up and defocus is linear, so the lamps of a pose are put out of focus once; for each image only the small
piece that flaws change is, and is added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.core.shapes import Mask
from firstshift.render.noticing import piece_around, texture_of_piece
from firstshift.sensor.blur import SHARP_PX, defocus, spread

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Ready
    from firstshift.render.prepared import Stamped

F32 = npt.NDArray[np.float32]


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

    def at(self, ready: Ready, pixel: npt.NDArray[np.int32], psf_sigma_px: float = 0.0) -> tuple[F32, F32]:
        """(Q, C) each: the light of these pixels without flaws and with them, as the lens lets them be seen.

        What a flaw changes is blurred as on the sensor; the surface around it, which varies little there, is not.
        """
        layers = ready.layers
        clean = mixed(layers.reshape(len(layers), -1, layers.shape[3])[:, pixel], self.gains)
        if not len(self.pixel):
            return clean, clean
        piece, top, left = self._blurred_change(ready, psf_sigma_px)
        row, column = np.divmod(pixel, ready.layers.shape[2])
        row, column = row - top, column - left
        inside = (row >= 0) & (row < piece.shape[0]) & (column >= 0) & (column < piece.shape[1])
        flawed = clean.copy()
        flawed[inside] += piece[row[inside], column[inside]]
        return clean, flawed

    def _blurred_change(self, ready: Ready, psf_sigma_px: float) -> tuple[F32, int, int]:
        """(h, w, C), and the row and column of its corner."""
        _, height, width, colours = ready.layers.shape
        row, column = np.divmod(self.pixel, width)
        around = math.ceil(float(ready.confusion_px.max()) / 2 + 3 * psf_sigma_px) + 1
        top, bottom = max(int(row[0]) - around, 0), min(int(row[-1]) + around + 1, height)
        left, right = max(int(column.min()) - around, 0), min(int(column.max()) + around + 1, width)
        confusion = ready.confusion_px[top:bottom, left:right]
        out = np.zeros((bottom - top, right - left, colours), np.float32)
        for colour in range(colours):
            piece = np.zeros(confusion.shape, np.float32)
            piece[row - top, column - left] = self.change[:, colour]
            out[:, :, colour] = spread(defocus(piece, confusion), psf_sigma_px)
        return out, top, left

    def texture_sigma(self, ready: Ready, mask: Mask) -> float:
        """How much the clean surface around a flaw varies."""
        piece = piece_around(mask)
        if piece is None:
            return 0.0
        green = ready.layers[(slice(None), *piece, ready.layers.shape[3] // 2)]  # green where there are colours
        return texture_of_piece(mixed(green, self.gains))


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


def blurred_light(ready: Ready, lit: Lit) -> F32:
    """(H, W, C): out of focus already."""
    light = mixed(ready.blurred, lit.gains)
    if not len(lit.pixel):
        return light
    height, width, colours = light.shape
    row, column = np.divmod(lit.pixel, width)
    around = math.ceil(float(ready.confusion_px.max()) / 2) + 1
    top, bottom = max(int(row[0]) - around, 0), min(int(row[-1]) + around + 1, height)
    left, right = max(int(column.min()) - around, 0), min(int(column.max()) + around + 1, width)
    for colour in range(colours):
        piece = np.zeros((bottom - top, right - left), np.float32)
        piece[row - top, column - left] = lit.change[:, colour]
        light[top:bottom, left:right, colour] += defocus(piece, ready.confusion_px[top:bottom, left:right])
    return light


def sharp_light(ready: Ready, lit: Lit) -> F32:
    """(H, W, C): before any blur."""
    light = mixed(ready.layers, lit.gains)
    light.reshape(-1, light.shape[2])[lit.pixel] += lit.change
    return light
