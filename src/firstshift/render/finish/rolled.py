"""Rolled: the roll's own grinding is printed on the strip as fine, very long lines; pits between them hold oil.

    finish: {kind: rolled, ra_um: [0.3, 1.5]}     # straight lay along the rolling direction

A plateau with lines and pits rather than a Gaussian: the strip is pressed flat (skewness below 0). Sources: Thomas,
Rough Surfaces, ch. 9; Wiklund, "Roughness of cold-rolled sheet", Wear 1996 (names of the texture).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.fields import banded
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, with_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import add_scratches, fractal, standard, streaks, with_ra
from firstshift.spec.part import Lay

ALONG_MM, ACROSS_MM = 0.12, 0.007


def rolled(ra_um: float, lay: Lay, seed: int) -> Finish:
    generator = generator_of("rolled", seed)
    variant = int(generator.integers(VARIANTS))
    size = (ra_um / 0.8) ** 0.3
    return Finish(
        with_lay(roll_print(variant), ALONG_MM * size, ACROSS_MM * size, ra_um, lay, generator),
        unseen=(0.10**2, 0.11**2),
        mottle=slow(banded(variant), 4.0, 0.25, lay, generator),
        uneven_slope=0.07,
        uneven_tint=0.04,
        valley=0.04,
    )


@lru_cache(maxsize=4)
def roll_print(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([23, variant]))
    lines = streaks(generator, 1024, 256, 60.0, 30.0, 1.4)
    # Pits a few texels wide; texels are long, so is what the rolling direction stretches.
    pits = standard(fractal(generator, 1024, 12.0, 4.0)[:, ::4])
    height = 0.55 * lines + 0.9 * np.minimum(pits + 0.6, 0)
    add_scratches(height, generator, 60, (30, 200), (1.5, 4), (0.3, 1.2))
    height = np.where(height > 0.5, 0.5 + 0.35 * (height - 0.5), height)
    return relief_of(with_ra(height))
