"""The profile that a rounded cutting edge leaves when it is fed along: what turning and milling have in common.

An edge of nose radius r fed by f leaves parabolas, h = x²/2r between −f/2 and f/2, with

    Ra = f² / (18·√3·r) ≈ 0.032·f²/r

(Whitehouse, Handbook of Surface Metrology, ch. 6.2; Shaw, Metal Cutting Principles). Real profiles add the edge's own
notches, the same in every mark; unevenness from mark to mark; chatter, whose phase moves on from mark to mark and so
draws slanted waves; and torn material. They make up for the share of Ra that the feed does not explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt

import numpy as np

from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import Field, shaped_noise, standard, streaks, with_ra

MARKS, TEXELS_PER_MARK = 32, 32
COLUMNS = 256
_BY_FEED = 0.75
"""Share of Ra that the feed explains; measured shares lie between 0.6 and 0.9 (Whitehouse, fig. 6.13)."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything as shares of the depth of a mark."""

    uneven: float = 0.10
    """Standard deviation of a mark's level."""
    notch: float = 0.10
    """The edge's own roughness, the same in each mark."""
    chatter: float = 0.05
    torn: float = 0.08
    every: int = 1
    """After how many marks they repeat their level: the number of teeth of a mill."""
    fades: float = 0.0
    """0…1: how far the marks come and go, along themselves and from mark to mark."""


def feed_mm(ra_um: float, nose_mm: float) -> float:
    return sqrt(_BY_FEED * ra_um * 1e-3 * nose_mm * 18 * sqrt(3))


@lru_cache(maxsize=16)
def feed_marks(cut: Cut, variant: int) -> Relief:
    """Ra 1 µm; one mark is TEXELS_PER_MARK texels."""
    generator = np.random.Generator(np.random.PCG64([7, variant, cut.every]))
    rows = MARKS * TEXELS_PER_MARK
    mark, x = np.divmod(np.arange(rows), TEXELS_PER_MARK)
    x = (x + 0.5) / TEXELS_PER_MARK * 2 - 1
    level = generator.normal(0, cut.uneven, MARKS)
    if cut.every > 1:
        level = 0.5 * level + np.resize(generator.normal(0, cut.uneven, cut.every), MARKS)
    edge = np.interp(np.arange(TEXELS_PER_MARK), np.arange(0, 33, 2), generator.normal(0, cut.notch, 17))
    profile = x**2 + level[mark] + np.resize(edge, rows)
    # Chatter: waves along the lay whose phase moves on from mark to mark, in two or three trains.
    u = np.arange(COLUMNS) / COLUMNS * 2 * pi
    waves = np.zeros((MARKS, COLUMNS))
    for _ in range(3):
        cycles, turns = generator.integers(9, 60), generator.integers(-MARKS // 2, MARKS // 2)
        phase = 2 * pi * turns * np.arange(MARKS) / MARKS + generator.uniform(0, 2 * pi)
        waves += np.cos(cycles * u[None, :] + phase[:, None]) / sqrt(1.5)
    slowly = shaped_noise(generator, MARKS, COLUMNS, lambda k, q: (1 + (k * 40) ** 2) ** -1.5 + 0 * q)
    lifted = cut.chatter * waves + 0.6 * cut.uneven * slowly
    torn = streaks(generator, rows, COLUMNS, 5.0, 10.0, 1.2)
    # Where marks are deeper less of the crest between them is left: the higher of neighbours never stands alone.
    height = profile[:, None] + np.repeat(lifted, TEXELS_PER_MARK, 0) + cut.torn * standard(torn)
    height = np.minimum(height, np.roll(height, 3, 0) + 0.4)
    if cut.fades:
        height = (height - height.mean()) * np.repeat(_coming_and_going(generator, cut.fades), TEXELS_PER_MARK, 0)
    return relief_of(with_ra(_softened(height)))


def _coming_and_going(generator: np.random.Generator, fades: float) -> Field:
    """(MARKS, COLUMNS), 1 − fades … 1: over some ten marks, and along them over a tenth of the texture."""
    slowly = standard(shaped_noise(generator, MARKS, COLUMNS, lambda k, q: (1 + (k * 50) ** 2 + (q * 12) ** 2) ** -2.0))
    return np.asarray(1 - fades / (1 + np.exp(-6 * slowly)))


def _softened(height: Field) -> Field:
    """Crests are never as sharp as the formula's: three texels' mean."""
    return np.asarray((np.roll(height, 1, 0) + 2 * height + np.roll(height, -1, 0)) / 4)
