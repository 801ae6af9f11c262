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

**Rounding.** An image is saved in whole numbers. Where the noise is much finer than one of them (black under a back
light, a short exposure) it does not carry a change from one number to the next as dither does: all pixels round alike,
and what changes by less is not on the image. So Δ is the change of what is *recorded on the average*, E[round(level +
noise)]; a flaw whose strongest marked pixel moves by less than half a number, or which leaves all of them as they are
with a chance above `UNCHANGED_CHANCE`, is not visible.

**Eyes.** The sum over many pixels finds what no person does: a thousand black pixels that move by one. A label that the
operator cannot confirm is worth nothing, so a flaw is `visible` only if its strongest marked pixels move by three
greys of 255, `faint` if by one and a half.
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
LEAST_MOVE = 0.5
"""Numbers of the saved image by which the strongest pixel of a flaw moves on the average."""
UNCHANGED_CHANCE = 0.001
"""That no pixel of a flaw is saved otherwise than without it."""
DITHERED_FROM = 0.5
"""Standard deviation, in numbers, from which rounding leaves averages as they are (to 0.2 %: exp(-2π²σ²) / π)."""
ROUNDING_VARIANCE = 1 / 12
PLAIN_MOVE, FAINT_MOVE = 3 / 255, 1.5 / 255
"""Shares of white by which the strongest twentieth of a flaw's marked pixels moves. Persons who confirm labels look at
screens of 256 greys: what moves by less than three of them is found with the box's help only, by one never."""
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
    *,
    zero: float | None = None,
    marked: npt.NDArray[np.bool_] | None = None,
    white: float | None = None,
) -> Noticed:
    """Of one flaw: signals (P, C) of its pixels without and with it (same unit as the sigmas), coverage (P,) 0…1.

    `noise_sigma` and `texture_sigma` are scalars or (P,). Pixels that a flaw changes without covering them (its
    shadow, say) may be given with coverage 0: they count for the noise ratio.

    `zero`: the signals count in numbers of the image as it is saved, before rounding, and this one is black; the noise
    is that before rounding. `marked` (P,): the pixels of the label's mask, of which some must be saved otherwise.
    `white`: the number of white; with it a flaw must also differ by what a person sees on a screen."""
    clean, flawed = np.atleast_2d(clean), np.atleast_2d(flawed)
    if not clean.size:
        return Noticed(0.0, 0.0, "not visible")
    change = flawed.astype(np.float64) - clean
    noise, texture = _column(noise_sigma, len(clean)), _column(texture_sigma, len(clean))
    weight = np.asarray(coverage, dtype=np.float64)
    weight = weight if weight.sum() > 0 else np.ones(len(clean))
    level = float(((clean.mean(axis=1) - (zero or 0.0)) * weight).sum())
    contrast = float((change.mean(axis=1) * weight).sum()) / level if level > 0 else 0.0
    most: Verdict = "visible"
    if zero is not None:
        change = recorded_change(clean, flawed, noise)
        own = change if marked is None else change[marked]
        most = _at_most(own, white - zero if white is not None else None)
        noise = np.sqrt(noise**2 + ROUNDING_VARIANCE)
    variance = np.maximum(noise**2 + TEXTURE_GRAIN_PX * texture**2, 1e-18)
    ratio = float(np.sqrt((change**2 / variance).sum()))
    # Each pixel against what it varies by on its own, without the grain: that is for sums.
    alone = np.sqrt((change**2).sum(axis=1) / np.maximum(noise**2 + texture**2, 1e-18)[:, 0])
    return Noticed(contrast, ratio, _lesser(_verdict(ratio, float(alone.max())), most))


def recorded_change(
    clean: npt.NDArray[np.floating], flawed: npt.NDArray[np.floating], noise_sigma: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """(P, C): by how many numbers the average of what is saved changes. `noise_sigma`: (P, 1)."""
    change = flawed.astype(np.float64) - clean
    rough = np.flatnonzero(noise_sigma[:, 0] < DITHERED_FROM)
    if len(rough):
        sigma = noise_sigma[rough]
        change[rough] = _rounded(flawed[rough], sigma) - _rounded(clean[rough], sigma)
    return change


def _rounded(level: npt.NDArray[np.floating], sigma: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """E[round(level + noise)]: one for each border between two numbers, times the chance to lie above. Borders beyond
    the next but one are three sigma away."""
    from scipy.special import ndtr

    lowest = np.floor(level + HALF) - 2
    total = lowest.astype(np.float64)
    for border in (HALF, 1 + HALF, 2 + HALF, 3 + HALF):
        total += ndtr((level - lowest - border) / np.maximum(sigma, 1e-6))
    return np.asarray(total)


def _at_most(change: npt.NDArray[np.floating], white: float | None) -> Verdict:
    """What a flaw whose marked pixels are saved with this change (P, C) can be called at best."""
    if not _is_saved(change):
        return "not visible"
    if white is None:
        return "visible"
    move = float(np.quantile(np.abs(change).max(axis=1), 0.95)) / white
    return "visible" if move >= PLAIN_MOVE else "faint" if move >= FAINT_MOVE else "not visible"


def _lesser(one: Verdict, other: Verdict) -> Verdict:
    order: tuple[Verdict, ...] = ("not visible", "faint", "visible")
    return order[min(order.index(one), order.index(other))]


def _is_saved(change: npt.NDArray[np.floating]) -> bool:
    if not change.size:
        return False
    moved = np.minimum(np.abs(change), 1.0)
    unchanged = float(np.prod(1 - moved))
    return float(moved.max()) >= LEAST_MOVE and unchanged <= UNCHANGED_CHANCE


def texture_of(clean: npt.NDArray[np.floating], mask: Mask, reach_px: int = 12) -> float:
    """Standard deviation of the clean image (height, width) around a flaw after its slow part is taken off: the
    surface's own texture as far as it can be mistaken for the flaw."""
    bounds = mask.bounds()
    if bounds is None:
        return 0.0
    height, width = mask.pixels.shape
    top, left = max(int(bounds.y) - reach_px, 0), max(int(bounds.x) - reach_px, 0)
    bottom = min(int(bounds.y + bounds.height) + reach_px, height)
    right = min(int(bounds.x + bounds.width) + reach_px, width)
    step = math.ceil(math.sqrt((bottom - top) * (right - left) / ENOUGH_PIXELS))
    piece = clean[top:bottom:step, left:right:step]
    return texture_of_face(piece.ravel(), *np.mgrid[0 : piece.shape[0], 0 : piece.shape[1]].reshape(2, -1))


def texture_of_face(
    grey: npt.NDArray[np.floating], row: npt.NDArray[np.integer], column: npt.NDArray[np.integer]
) -> float:
    """What is left of some pixels of one face, (P,) each, once their slow part, a polynomial of second degree, is taken
    off: 1.4826 times the median distance (the standard deviation where it is normal; Rousseeuw and Croux 1993), so that
    the blurred fringe of an outline or a glint beside the flaw does not pass for texture."""
    y, x = (place / max(int(row.max()), int(column.max()), 1) for place in (row, column))
    slow = np.stack([np.ones_like(x), y, x, y * y, y * x, x * x], axis=1)
    grey = grey.astype(np.float64)
    kept = np.ones(len(grey), np.bool_)
    sigma = 0.0
    for _ in range(2):  # the second time without what lies far off
        terms = slow[kept]
        fit = np.linalg.solve(terms.T @ terms + 1e-9 * np.eye(slow.shape[1]), terms.T @ grey[kept])
        off = np.abs(grey - slow @ fit)
        sigma = 1.4826 * float(np.median(off))
        kept = off <= 3 * sigma
        if kept.sum() <= 2 * slow.shape[1]:
            break
    return sigma


def mask_of(coverage: Coverage, width: int, height: int) -> Mask:
    """The label's mask: pixels that the flaw covers to half or more.

    A flaw thinner than a pixel covers no pixel to half, yet is seen as a thin line. So of the pixels that are covered
    less (but more than THINNEST), those count too that are covered at least as much as both neighbours on opposite
    sides (left and right, or above and below): the crest of the line, one pixel wide, which does not break where it
    crosses from one row of pixels to the next. Beside a piece two pixels wide and high such a pixel is no line but the
    fringe of that piece, and does not count.

    A speck so small that it covers nothing to `THINNEST` is still somewhere: its most covered pixel."""
    pixel, share = coverage
    inside = np.zeros((height, width), dtype=np.bool_)
    if len(pixel):
        row, column = np.divmod(pixel, width)
        top, left = int(row.min()), int(column.min())
        piece = np.zeros((int(row.max()) - top + 3, int(column.max()) - left + 3), dtype=np.float32)
        piece[row - top + 1, column - left + 1] = share
        found = _crests_and_pieces(piece)
        if not found.any():
            found = piece[1:-1, 1:-1] == piece.max()
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
