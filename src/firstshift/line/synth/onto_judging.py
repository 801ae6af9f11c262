"""What of a flaw is on a photograph: the numbers that are saved without it and with it, held against noise and texture.

The rule is that of rendered images (`render.noticing`: noise, texture of the flaw's own face, rounding, eyes), on the
photograph's own numbers. Those are whole and no noise carries a change from one to the next: noise is in them already.
So a change counts as it is saved, rounded; only where a flaw hides the surface, and its noise with it, a pixel's number
without the flaw is what it would be on the average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.shapes import Mask
from firstshift.line.synth.lit import Box
from firstshift.line.synth.onto_pieces import Piece
from firstshift.line.synth.onto_ready import OntoReady
from firstshift.line.synth.surroundings import SURROUNDINGS_PX, texture_around
from firstshift.render.gbuffer import F32
from firstshift.render.noticing import ROUNDING_VARIANCE, Noticed, mask_of, notice
from firstshift.render.onto.carrying import Carried, without_noise

LEAST_HIDDEN = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A piece of the photograph with some of its flaws."""

    carried: Carried
    hidden: F32
    """(h, w) 0…1: how far they hide the surface."""


@dataclass(frozen=True, slots=True, eq=False)
class CoveredPhotograph:
    """What one flaw covers of the photograph, and what is saved there. Numbers count in steps of the file: a 12 bit
    camera's in files of 16 bits go by sixteens."""

    pixel: npt.NDArray[np.int64]
    """(P,): row · width + column, in the photograph."""
    share: F32
    """(P,)"""
    before: F32
    """(P, C): without this flaw."""
    after: F32
    noise: F32
    """(P,): standard deviation before rounding."""
    texture: F32
    """(P,)"""

    @classmethod
    def together(cls, parts: Sequence[CoveredPhotograph]) -> CoveredPhotograph:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


def covered_in(ready: OntoReady, piece: Piece, flaw: int, whole: Shown, rest: Shown | None = None) -> CoveredPhotograph:
    """The piece's own part of one flaw, as far as the photograph shows the part there. `whole`: with all flaws; `rest`:
    with all but this one, where others lie on it or close beside."""
    x, y, width, height = piece.window
    left, top, wide, high = piece.own
    pixel, share = piece.stamped.coverage[flaw]
    row, column = np.divmod(pixel.astype(np.int64), width)
    across, down = column + x, row + y
    own = (across >= left) & (across < left + wide) & (down >= top) & (down < top + high)
    shown = ready.mask[y : y + height, x : x + width]
    own &= shown[row, column]
    row, column = row[own], column[own]
    place = (down * ready.mask.shape[1] + across)[own]
    if not len(place):
        none = np.empty(0, np.float32)
        colours = np.empty((0, whole.carried.before.shape[2]), np.float32)
        return CoveredPhotograph(place, share[own], colours, colours, none, none)
    box = Box.around(row, column, SURROUNDINGS_PX, height, width)
    before, noise = _without(ready, whole, rest, box, shown)
    spot = (row - box.top, column - box.left)
    texture = texture_around(before, box, pixel[own], piece.prepared.gbuffer, ready.mesh, shown)
    # The photograph's texture was measured together with its noise.
    spread = np.sqrt(np.maximum(texture**2 - noise[spot] ** 2 - ROUNDING_VARIANCE, 0))
    after = _saved(ready, whole.carried.after[box.cut])
    return CoveredPhotograph(place, share[own], before[spot], after[spot], noise[spot], spread.astype(np.float32))


def noticed_in(ready: OntoReady, covered: CoveredPhotograph) -> tuple[Mask, Noticed]:
    """The label's mask of a flaw, and whether it is seen."""
    height, width = ready.mask.shape
    mask = mask_of((covered.pixel.astype(np.int32), covered.share), width, height)
    step = ready.levels.step
    noticed = notice(
        covered.before,
        covered.after,
        covered.share,
        covered.noise,
        covered.texture,
        zero=ready.levels.black / step,
        marked=mask.pixels.ravel()[covered.pixel],
        white=ready.levels.white / step,
    )
    return mask, noticed


def _without(
    ready: OntoReady, whole: Shown, rest: Shown | None, box: Box, shown: npt.NDArray[np.bool_]
) -> tuple[F32, F32]:
    """(h, w, C): the numbers in the box without the flaw; (h, w): their noise before rounding."""
    light = whole.carried.before if rest is None else rest.carried.after
    hidden = whole.hidden if rest is None else np.maximum(whole.hidden - rest.hidden, 0)
    light = light[box.cut]
    hidden = hidden[box.cut]
    law, levels = ready.findings.noise, ready.levels
    calm = levels.numbers(without_noise(light, hidden, law, shown[box.cut])) / np.float32(levels.step)
    numbers = np.where(hidden[:, :, None] > LEAST_HIDDEN, calm, _saved(ready, light))
    grey = light.mean(axis=2)
    sigma = law.sigma(grey) * levels.per_light(grey) / np.float32(levels.step)
    noise = np.sqrt(np.maximum(sigma**2 - ROUNDING_VARIANCE, 0))
    return np.asarray(numbers, np.float32), np.asarray(noise, np.float32)


def _saved(ready: OntoReady, light: F32) -> F32:
    levels = ready.levels
    rounded = levels.rounded(levels.numbers(light), ready.photograph.pixels.dtype)
    return np.asarray(rounded, np.float32) / np.float32(levels.step)
