"""Blasted: shot or beads hammer craters over craters, the same in all directions.

    finish: {kind: blasted, ra_um: [0.8, 6]}

Craters are shallow bowls with a raised rim, drawn one after the other until each place was hit several times; each
takes away most of what was there. Diameter 60 µm at Ra 1.6, growing as Ra^0.6. Source: Thomas, Rough Surfaces, ch. 9
(isotropic, nearly Gaussian); bowl with rim after Studman and Field, J. Phys. D 10 (1977) on indents by spheres.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.fields import clouded
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, without_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import fractal, with_ra
from firstshift.spec.part import Lay

SIDE = 256
CRATER = 12.0
"""Diameter in texels."""


def blasted(ra_um: float, lay: Lay, seed: int) -> Finish:  # noqa: ARG001 — craters have no lay
    generator = generator_of("blasted", seed)
    variant = int(generator.integers(VARIANTS))
    crater_mm = 0.06 * (ra_um / 1.6) ** 0.6
    return Finish(
        without_lay(craters(variant), crater_mm / CRATER, ra_um, generator),
        unseen=(0.10**2, 0.10**2),
        mottle=slow(clouded(variant), 0.7, 0.7, "none", generator),
        uneven_slope=0.03,
        uneven_tint=0.012,
        valley=0.06,
    )


@lru_cache(maxsize=4)
def craters(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([25, variant]))
    height = 0.3 * fractal(generator, SIDE, 40.0)
    count = int(4 * (SIDE / CRATER) ** 2)
    for _ in range(count):
        radius = CRATER / 2 * float(np.exp(generator.normal(0, 0.35)))
        row, column = generator.uniform(0, SIDE, 2)
        reach = int(2 * radius) + 1
        v, u = (
            np.arange(int(row) - reach, int(row) + reach + 1),
            np.arange(int(column) - reach, int(column) + reach + 1),
        )
        x = ((v[:, None] - row) ** 2 + (u[None, :] - column) ** 2) / radius**2
        place = np.ix_(v % SIDE, u % SIDE)
        old = height[place]
        worn = 0.75 * np.clip(1.2 - x, 0, 1)
        bowl = -np.clip(1 - x, 0, None) + 0.3 * np.exp(-(((np.sqrt(x) - 1.15) / 0.22) ** 2))
        height[place] = old * (1 - worn) + bowl * radius / CRATER * 2 + worn * float(old.mean())
    return relief_of(with_ra(height))
