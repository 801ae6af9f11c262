"""Carrying a change from a render onto a photograph: real × with / without.

The surface was rendered twice, with the flaw (W) and without it (O), in linear light and as sharp as the photograph; e
brings the render to the photograph's exposure (median over median), R is the photograph in linear light:

    out = R + (W − O)·e · g        g = (R·O·e + ε²) / ((O·e)² + ε²)

Where the render is bright, g = R / (O·e) and out = R · W/O: whatever the photograph's own shading and texture are, the
flaw takes them along (Debevec 1998, differential rendering; Gibson 2001 for the quotient). Where the clean render is
near black, quotients mean nothing; there g goes to 1 and the difference is added.

A flaw that hides the surface (dirt, a pore's walls) also hides its texture: there R is its own local mean. Light that a
flaw adds does not multiply the texture beneath either. What noise the photograph then lacks for its new brightness is
added; what it has, it keeps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.image import Image, PixelArray
from firstshift.core.imprint import Imprint
from firstshift.core.seed import Seed
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.onto.levels import Levels
from firstshift.render.onto.registering import Pixels
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.landed import landed
from firstshift.render.stamping.sampling import box_means
from firstshift.render.stamping.splitting import footprints

Flags = npt.NDArray[np.bool_]
DARK = 0.08
"""ε as a share of the clean render's median."""
MOST_GAIN = 4.0
"""A highlight of the photograph where the render has none multiplies a change by no more than this."""
LOCAL_PX = 3.0
"""Sigma of the local mean that stands for the surface without its texture."""
NOTHING = 2e-4
"""Of full scale: a change that moves no number of an 8 bit picture."""
LIGHTS = ("grey", "R", "G", "B")


@dataclass(frozen=True, slots=True)
class Noise:
    """Variance of a pixel = floor + slope · light, light as a share of full scale (photon transfer)."""

    floor: float
    slope: float

    def sigma(self, light: npt.NDArray[np.floating]) -> F32:
        return np.asarray(np.sqrt(self.floor + self.slope * np.clip(light, 0, 1)), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What flaws do to a piece of a photograph, in linear light of the render."""

    window: Pixels
    without: F32
    """(h, w, C)"""
    with_flaws: F32
    hidden: F32
    """(h, w) 0…1: how far the surface's own texture is gone."""
    exposure: F32
    """(C,): from the render's light to the photograph's."""
    typical: float | None = None
    """The clean render's median in the photograph's exposure; None: this window's own. Pieces of one flaw share it."""
    own: Pixels | None = None
    """The only pixels that may change, in the photograph; None: the whole window."""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    image: Image
    before: F32
    """(h, w, C): the window's linear light as it was."""
    after: F32
    """As it is now, before new noise and rounding."""
    touched: Flags
    """(h, w): pixels that may differ; all others are the photograph's own, bit for bit."""


def carry(
    photograph: Image,
    levels: Levels,
    change: Change,
    *,
    mask: Flags | None = None,
    noise: Noise = Noise(0.0, 0.0),
    seed: Seed,
) -> Carried:
    """`mask` (H, W): where the photograph shows the part; nothing else is touched."""
    x, y, width, height = change.window
    piece = np.s_[y : y + height, x : x + width]
    lights = light_channels(photograph)
    numbers = photograph.pixels[piece][:, :, lights]
    before = levels.linear(numbers)
    inside = np.ones((height, width), np.bool_) if mask is None else mask[piece]
    after, kept = changed(before, change, inside)
    moved = (np.abs(after - before) > NOTHING).any(axis=2)
    touched = moved & inside & _owned(change)
    new = levels.numbers(after + _missing_noise(before, after, kept, noise, seed))
    pixels: PixelArray = photograph.pixels.copy()
    window = pixels[piece]
    rounded = levels.rounded(new, photograph.pixels.dtype)
    for place, channel in enumerate(lights):
        window[:, :, channel] = np.where(touched, rounded[:, :, place], window[:, :, channel])
    after = np.where(touched[:, :, None], after, before)
    return Carried(Image(pixels, photograph.channels), before, after, touched)


def changed(before: F32, change: Change, inside: Flags | None = None) -> tuple[F32, F32]:
    """(h, w, C) linear light with the flaws, and (h, w, C) how much of each pixel's own noise and texture is in it."""
    without, flawed = change.without * change.exposure, change.with_flaws * change.exposure
    typical = typical_light(without, inside) if change.typical is None else change.typical
    dark = DARK * max(typical, 1e-4)
    hidden = np.clip(change.hidden, 0, 1)[:, :, None]
    local = _local(before, inside)
    base = local * hidden + before * (1 - hidden)
    brighter = np.maximum(flawed / np.maximum(without, dark), 1.0)
    multiplied = base + (local - base) * (1 - 1 / brighter)
    # Light that is taken away has the surface's colour; light that is added has the lamp's, whatever lies beneath.
    own_gain = _gain(multiplied, without, dark)
    lamp_gain = _gain(multiplied.mean(axis=2, keepdims=True), without.mean(axis=2, keepdims=True), dark)
    move = flawed - without
    after = base + np.where(move < 0, move * own_gain, move * lamp_gain)
    after = np.maximum(after, np.minimum(before, 0))
    share = np.clip(after / np.maximum(base, 1e-4), 0, 1)
    return np.asarray(after, np.float32), np.asarray((1 - hidden) * share, np.float32)


def without_noise(light: F32, hidden: F32, noise: Noise, inside: Flags | None = None) -> F32:
    """(h, w, C): the photograph's light with its noise taken off as far as something hides the surface.

    What covers the surface covers its noise and brings noise of its own; neither is a change that anybody sees. Texture
    that goes is one. So of what varies around a pixel the part stays that noise does not explain (Lee 1980, IEEE PAMI
    2, 165)."""
    if not hidden.any():
        return light
    local = _local(light, inside)
    off = light - local
    varies = np.maximum(_local(off * off, inside), 1e-12)
    explained = np.minimum(noise.sigma(local) ** 2 / varies, 1.0)
    return np.asarray(light - np.clip(hidden, 0, 1)[:, :, None] * explained * off, np.float32)


def typical_light(without: F32, inside: Flags | None) -> float:
    return float(np.median(without if inside is None or not inside.any() else without[inside]))


def _owned(change: Change) -> Flags:
    x, y, width, height = change.window
    left, top, wide, high = change.own or change.window
    owned = np.zeros((height, width), np.bool_)
    owned[top - y : top - y + high, left - x : left - x + wide] = True
    return owned


def _gain(light: F32, without: F32, dark: float) -> F32:
    return np.clip((light * without + dark**2) / (without**2 + dark**2), 0.0, MOST_GAIN).astype(np.float32)


def exposure_of(light: F32, rendered: F32, mask: Flags) -> F32:
    """(C,): median of the photograph over median of the render, where both show the part. One for all colours: the
    part's own colour may be another one than the plan's, and must not colour what dust and highlights send back."""
    seen, drawn = float(np.median(light[mask].mean(axis=1))), float(np.median(rendered[mask].mean(axis=1)))
    return np.full(light.shape[2], seen / max(drawn, 1e-6), dtype=np.float32)


def hidden_by(prepared: Prepared, flaws: Sequence[tuple[Landing, Imprint]]) -> F32:
    """(h, w) 0…1: how far flaws hide the finish (what covers it, what tore it out)."""
    gbuffer = prepared.gbuffer
    hidden = np.zeros((gbuffer.height, gbuffer.width), dtype=np.float32)
    for landing, imprint in flaws:
        layers = [layer for layer in (imprint.hides_finish, imprint.cover) if layer is not None]
        if not layers:
            continue
        rows = landed(prepared, landing, imprint).touched
        if not len(rows):
            continue
        u, v, _ = landing.to_patch(gbuffer.position_mm[rows]).T
        wide, high = footprints(gbuffer, rows, landing, np.ones(len(rows), dtype=np.float32))
        share = box_means(np.maximum.reduce(layers), imprint.patch, u, v, wide, high)[:, 0]
        inside = (np.abs(u) <= imprint.patch.length_mm / 2) & (np.abs(v) <= imprint.patch.width_mm / 2)
        np.maximum.at(hidden.reshape(-1), gbuffer.pixel[rows], share * inside * gbuffer.weight[rows])
    return hidden


def light_channels(photograph: Image) -> list[int]:
    """Those that are light, as against `alpha`."""
    return [place for place, name in enumerate(photograph.channels) if name in LIGHTS]


def _local(before: F32, inside: Flags | None) -> F32:
    share = np.ones(before.shape[:2], np.float32) if inside is None else inside.astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), LOCAL_PX), 1e-3)[:, :, None]
    blurred = cv2.GaussianBlur(before * share[:, :, None], (0, 0), LOCAL_PX).reshape(before.shape)
    return np.asarray(blurred / weight, np.float32)


def _missing_noise(before: F32, after: F32, kept: F32, noise: Noise, seed: Seed) -> F32:
    """Shot noise falls with the root of the light, scaled noise with the light itself: the difference is missing."""
    if noise.floor == 0 and noise.slope == 0:
        return np.zeros_like(before)
    missing = noise.sigma(after) ** 2 - (kept * noise.sigma(before)) ** 2
    missing = np.where(np.abs(after - before) > NOTHING, np.maximum(missing, 0), 0)
    drawn = seed.child("noise").generator().standard_normal(before.shape, dtype=np.float32)
    return np.asarray(np.sqrt(missing) * drawn, np.float32)


def softening_reach(sigma_px: float) -> int:
    """Pixels that a window needs round a change, so that all of the light it spreads lies inside."""
    return math.ceil(4 * sigma_px) + 2
