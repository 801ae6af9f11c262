"""Ground: grains of the wheel scratch short straight grooves over each other, in bands that the dressed wheel repeats.

    finish: {kind: ground, ra_um: [0.2, 0.8]}     # straight lay

Broad Gaussian spectrum across the lay (power ∝ k^−1.5 from a quarter of a millimetre down), scratches 0.3–4 mm long
and 8–40 µm wide at Ra 0.4 with ploughed rims, and on top bands along the lay. Lengths grow with Ra^0.35. Sources:
Whitehouse, Handbook of Surface Metrology, ch. 6.3; Thomas, Rough Surfaces, ch. 9.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.fields import banded
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, with_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import add_scratches, streaks, with_ra
from firstshift.spec.part import Lay

ALONG_MM, ACROSS_MM = 0.05, 0.004
"""Texels at Ra 0.4."""


def ground(ra_um: float, lay: Lay, seed: int) -> Finish:
    generator = generator_of("ground", seed)
    variant = int(generator.integers(VARIANTS))
    size = (ra_um / 0.4) ** 0.35
    return Finish(
        with_lay(grain_scratches(variant), ALONG_MM * size, ACROSS_MM * size, ra_um, lay, generator),
        unseen=(0.03**2, 0.06**2),
        mottle=slow(banded(variant), 1.4, 0.08, lay, generator),
        uneven_slope=0.16,
        uneven_tint=0.025,
        valley=0.03,
    )


@lru_cache(maxsize=4)
def grain_scratches(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([21, variant]))
    height = streaks(generator, 1024, 256, 14.0, 40.0, 1.5) + 0.5 * streaks(generator, 1024, 256, 120.0, 12.0, 1.0)
    add_scratches(height, generator, 500, (6, 80), (1.5, 7), (0.7, 3.0), 0.02)
    add_scratches(height, generator, 25, (100, 250), (2, 6), (1.5, 3.5), 0.003)
    return relief_of(with_ra(height))
