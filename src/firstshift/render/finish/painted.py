"""Painted: the film levels short waves out and leaves long ones standing: orange peel.

    finish: {kind: painted, ra_um: [0.05, 0.4], gloss: [0.3, 0.9]}

Waves of about 2 mm and of about 1 mm (what wave-scan meters call long and short waves), and dust grains under the film.
The mirroring top is the substance's business; its waves are these. Powder coat is the same with Ra above 0.4.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from firstshift.render.finish.fields import clouded, waved
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, without_lay
from firstshift.render.finish.relief import Relief, relief_of
from firstshift.render.finish.synthesis import band, with_ra
from firstshift.spec.part import Lay

SIDE = 256


def painted(ra_um: float, lay: Lay, seed: int) -> Finish:  # noqa: ARG001 — paint has no lay
    generator = generator_of("painted", seed)
    variant = int(generator.integers(VARIANTS))
    size = (ra_um / 0.2) ** 0.25
    return Finish(
        without_lay(orange_peel(variant), 0.05 * size, ra_um, generator),
        unseen=(0.012**2, 0.012**2),
        wave=slow(waved(variant), 0.16, 0.16, "none", generator, amplitude=min(6.0, 8.0 * ra_um)),
        mottle=slow(clouded(variant), 0.9, 0.9, "none", generator),
        uneven_slope=0.10,
        uneven_tint=0.006,
    )


@lru_cache(maxsize=4)
def orange_peel(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([27, variant]))
    height = band(generator, SIDE, 18.0, 0.7)
    for _ in range(10):
        row, column, radius = *generator.uniform(0, SIDE, 2), generator.uniform(1.5, 3.0)
        v = (np.arange(SIDE) - row + SIDE / 2) % SIDE - SIDE / 2
        u = (np.arange(SIDE) - column + SIDE / 2) % SIDE - SIDE / 2
        height += 2.5 * np.exp(-(v[:, None] ** 2 + u[None, :] ** 2) / radius**2)
    return relief_of(with_ra(height))
