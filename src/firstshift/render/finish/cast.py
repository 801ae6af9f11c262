"""Cast: the grain of the mould, rounded by the melt's skin, on slow undulation, with patches of oxide.

    finish: {kind: cast, ra_um: [6, 25]}     # sand: Ra 6–25; die and investment casting: Ra 0.8–6

Grains are cells of random size (nearest of random points), standing out as rounded bumps, on fractal ground; their size
grows as Ra^0.6: 0.3 mm at Ra 12.5, 0.09 mm at Ra 1.6. Sources: ACI surface indicator scale (C-9); Thomas, Rough
Surfaces, ch. 9.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from firstshift.render.finish.fields import clouded, waved
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, without_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import Field, fractal, standard, with_ra
from firstshift.spec.part import Lay

SIDE = 512
GRAIN = 14.0
"""Texels."""


def cast(ra_um: float, lay: Lay, seed: int) -> Finish:  # noqa: ARG001 — a mould has no lay
    generator = generator_of("cast", seed)
    variant = int(generator.integers(VARIANTS))
    grain_mm = 0.30 * (ra_um / 12.5) ** 0.6
    return Finish(
        without_lay(mould_grain(variant), grain_mm / GRAIN, ra_um, generator),
        unseen=(0.22**2, 0.22**2),
        wave=slow(waved(variant), 0.22, 0.22, "none", generator, amplitude=ra_um * 0.7),
        mottle=slow(clouded(variant), 0.5, 0.5, "none", generator),
        uneven_slope=0.12,
        uneven_tint=0.07,
        valley=0.10,
    )


@lru_cache(maxsize=4)
def mould_grain(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([24, variant]))
    bumps = _grains(generator, GRAIN) + 0.5 * _grains(generator, GRAIN / 2.2)
    height = standard(bumps) + 0.9 * fractal(generator, SIDE, 60.0, 3.2)
    return relief_of(with_ra(height))


def _grains(generator: np.random.Generator, size: float) -> Field:
    """Rounded cells: how much nearer the nearest of random points is than the second nearest."""
    points = generator.uniform(0, SIDE, (int((SIDE / size) ** 2), 2))
    lift = generator.normal(0, 0.35, len(points))
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), -1).reshape(-1, 2)
    away, which = cKDTree(points, boxsize=SIDE).query(grid, k=2)
    rise = np.clip((away[:, 1] - away[:, 0]) / size, 0, 1)
    height = rise * (2 - rise) + lift[which[:, 0]] * np.clip(3 * rise, 0, 1)
    return np.asarray(gaussian_filter(height.reshape(SIDE, SIDE), size / 5, mode="wrap"))
