"""Whether a flaw can be seen at all on its image (M8): contrast against noise and against the surface's own texture.

The best that any observer can do with a known shape in noise is the matched filter, whose signal-to-noise ratio is

    d² = Σ Δ² / σ²        Δ: change of the pixel's signal, σ: standard deviation of one pixel

(North 1943; Rose 1948, J. Opt. Soc. Am. 38, 196). σ² adds the sensor's noise and the surface's texture: tool marks hide
a scratch as well as noise does. Texture is worse than noise, because neighbouring pixels of it belong together: the
sum over a flaw of n pixels is not n independent looks but n / g, where g pixels make up one grain of texture.

Rose found that a thing is detected for certain from d ≈ 5 on, and never far below; the verdicts follow:

    visible       d ≥ 5
    faint         d ≥ 2.5      seen when somebody knows where to look; half of the looks with few false alarms
    not visible   below: no label should ask a model to find it

A flaw must also change single pixels, not only their sum over a large area: below `FAINTEST_PIXEL` of the noise in its
strongest pixels it is drift, not a flaw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from firstshift.core.shapes import Mask
from firstshift.render.gbuffer import F32

VISIBLE_FROM = 5.0
FAINT_FROM = 2.5
FAINTEST_PIXEL = 0.5
TEXTURE_GRAIN_PX = 4.0
"""Pixels that vary together in a finish's texture: two by two, as resolved tool marks are rarely finer."""
HALF = 0.5
ENOUGH_PIXELS = 4096
THINNEST = 0.05
"""Of a pixel: what a flaw covers less is left out of its mask."""
Verdict = Literal["visible", "faint", "not visible"]
Coverage = tuple[npt.NDArray[np.int32], F32]


@dataclass(frozen=True, slots=True)
class Noticed:
    contrast: float
    """Michelson-like: the change of signal over the clean signal, weighted by how much of each pixel the flaw covers.
    Sign: negative is darker."""
    contrast_to_noise: float
    """The matched filter's d over all pixels and channels."""
    verdict: Verdict


def notice(
    clean: npt.NDArray[np.floating],
    flawed: npt.NDArray[np.floating],
    coverage: npt.NDArray[np.floating],
    noise_sigma: npt.NDArray[np.floating] | float,
    texture_sigma: npt.NDArray[np.floating] | float = 0.0,
) -> Noticed:
    """Of one flaw: signals (P, C) of its pixels without and with it (same unit as the sigmas), coverage (P,) 0…1.

    `noise_sigma` and `texture_sigma` are scalars or (P,). Pixels that a flaw changes without covering them (its
    shadow, say) may be given with coverage 0: they count for the noise ratio."""
    clean, flawed = np.atleast_2d(clean), np.atleast_2d(flawed)
    if not clean.size:
        return Noticed(0.0, 0.0, "not visible")
    change = flawed.astype(np.float64) - clean
    noise = _column(noise_sigma, len(clean))
    texture = _column(texture_sigma, len(clean))
    variance = noise**2 + TEXTURE_GRAIN_PX * texture**2
    variance = np.maximum(variance, 1e-18)
    ratio = float(np.sqrt((change**2 / variance).sum()))
    # Each pixel against what it varies by on its own, without the grain: that is for sums.
    alone = np.sqrt((change**2).sum(axis=1) / np.maximum(noise**2 + texture**2, 1e-18)[:, 0])
    weight = np.asarray(coverage, dtype=np.float64)
    weight = weight if weight.sum() > 0 else np.ones(len(clean))
    level = float((clean.mean(axis=1) * weight).sum())
    contrast = float((change.mean(axis=1) * weight).sum()) / level if level > 0 else 0.0
    return Noticed(contrast, ratio, _verdict(ratio, float(alone.max())))


def texture_of(clean: npt.NDArray[np.floating], mask: Mask, reach_px: int = 12) -> float:
    """Standard deviation of the clean image (height, width) around a flaw after its slow part is taken off: the
    surface's own texture as far as it can be mistaken for the flaw."""
    piece = piece_around(mask, reach_px)
    return 0.0 if piece is None else texture_of_piece(clean[piece])


def piece_around(mask: Mask, reach_px: int = 12) -> tuple[slice, slice] | None:
    """Rows and columns in which a flaw's surface is looked at; a few thousand pixels tell a spread well enough."""
    bounds = mask.bounds()
    if bounds is None:
        return None
    height, width = mask.pixels.shape
    top, left = max(int(bounds.y) - reach_px, 0), max(int(bounds.x) - reach_px, 0)
    bottom = min(int(bounds.y + bounds.height) + reach_px, height)
    right = min(int(bounds.x + bounds.width) + reach_px, width)
    step = math.ceil(math.sqrt((bottom - top) * (right - left) / ENOUGH_PIXELS))
    return slice(top, bottom, step), slice(left, right, step)


def texture_of_piece(piece: npt.NDArray[np.floating]) -> float:
    """What is left of a piece of an image once its slow part, a polynomial of second degree, is taken off."""
    grey = piece.astype(np.float64).ravel()
    rows, columns = np.mgrid[0 : piece.shape[0], 0 : piece.shape[1]].reshape(2, -1) / max(piece.shape)
    terms = [np.ones_like(rows), rows, columns, rows * rows, rows * columns, columns * columns]
    slow = np.stack(terms, axis=1)
    fit = np.linalg.solve(slow.T @ slow + 1e-9 * np.eye(slow.shape[1]), slow.T @ grey)
    return float((grey - slow @ fit).std())


def mask_of(coverage: Coverage, width: int, height: int) -> Mask:
    """The label's mask: pixels that the flaw covers to half or more.

    A flaw thinner than a pixel covers no pixel to half, yet is seen as a thin line. So of the pixels that are covered
    less (but more than THINNEST), those count too that are covered at least as much as both neighbours on opposite
    sides (left and right, or above and below): the crest of the line, one pixel wide, which does not break where it
    crosses from one row of pixels to the next. Beside a piece two pixels wide and high such a pixel is no line but the
    fringe of that piece, and does not count."""
    pixel, share = coverage
    inside = np.zeros((height, width), dtype=np.bool_)
    if len(pixel):
        row, column = np.divmod(pixel, width)
        top, left = int(row.min()), int(column.min())
        piece = np.zeros((int(row.max()) - top + 3, int(column.max()) - left + 3), dtype=np.float32)
        piece[row - top + 1, column - left + 1] = share
        found = _crests_and_pieces(piece)
        inside[top : top + found.shape[0], left : left + found.shape[1]] = found
    return Mask(inside)


def _crests_and_pieces(full: F32) -> npt.NDArray[np.bool_]:
    """Without the border of one pixel that `full` has, in which nothing is covered."""
    height, width = full.shape[0] - 2, full.shape[1] - 2
    here = full[1:-1, 1:-1]
    beside = np.maximum(full[1:-1, :-2], full[1:-1, 2:])
    above = np.maximum(full[:-2, 1:-1], full[2:, 1:-1])
    crest = (here > THINNEST) & ((here >= beside) | (here >= above))
    solid = full >= HALF
    block = solid[:-1, :-1] & solid[1:, :-1] & solid[:-1, 1:] & solid[1:, 1:]
    thick = np.zeros_like(solid)
    for down in (0, 1):
        for right in (0, 1):
            thick[down : down + height + 1, right : right + width + 1] |= block
    fringe = thick[1:-1, :-2] | thick[1:-1, 2:] | thick[:-2, 1:-1] | thick[2:, 1:-1]
    return np.asarray(solid[1:-1, 1:-1] | (crest & ~fringe))


def _column(sigma: npt.NDArray[np.floating] | float, count: int) -> npt.NDArray[np.float64]:
    return np.broadcast_to(np.asarray(sigma, dtype=np.float64).reshape(-1, 1), (count, 1))


def _verdict(ratio: float, strongest_pixel: float) -> Verdict:
    if ratio >= VISIBLE_FROM and strongest_pixel >= FAINTEST_PIXEL:
        return "visible"
    return "faint" if ratio >= FAINT_FROM and strongest_pixel >= FAINTEST_PIXEL / 2 else "not visible"
