"""Polished: hardly any height left, a haze of hairline scratches in all directions, faint orange peel.

    finish: {kind: polished, ra_um: [0.02, 0.1]}

Sources: Bennett and Mattsson, Introduction to Surface Roughness and Scattering (1999): polished metal has a fractal
spectrum, and single scratches make the haze.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.fields import clouded, waved
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, without_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import add_scratches, fractal, with_ra
from firstshift.spec.part import Lay

SIDE = 512
TEXEL_MM = 0.008


def polished(ra_um: float, lay: Lay, seed: int) -> Finish:  # noqa: ARG001 — polishing goes in all directions
    generator = generator_of("polished", seed)
    variant = int(generator.integers(VARIANTS))
    haze = min(0.06, 0.25 * ra_um)
    return Finish(
        without_lay(hairlines(variant), TEXEL_MM, ra_um, generator),
        unseen=(haze**2, haze**2),
        wave=slow(waved(variant), 0.12, 0.12, "none", generator, amplitude=min(0.25, 2.0 * ra_um)),
        mottle=slow(clouded(variant), 0.6, 0.6, "none", generator),
        uneven_slope=0.15,
        uneven_tint=0.004,
    )


@lru_cache(maxsize=4)
def hairlines(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([26, variant]))
    height = 0.5 * fractal(generator, SIDE, 150.0, 3.4)
    for turn in range(4):
        # Lines lean either way, up to 45°; a quarter turn later they fill the other half of all directions.
        add_scratches(height, generator, 45, (30, 260), (1.2, 2.2), (0.3, 2.0), 0.45)
        height = np.rot90(height) if turn % 2 == 0 else height.T
    return relief_of(with_ra(height))
