"""Brushed: an abrasive belt draws long fine streaks of all widths.

    finish: {kind: brushed, ra_um: [0.3, 0.8], lay_deg: 90}

Power ∝ k^−1 across the lay, correlation along it of about 5 mm, with single deeper scratches 2–20 mm long. Lengths
grow with Ra^0.3. Source: Thomas, Rough Surfaces, ch. 9 (abrasive finishes are anisotropic and nearly Gaussian).
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

ALONG_MM, ACROSS_MM = 0.16, 0.005


def brushed(ra_um: float, lay: Lay, seed: int) -> Finish:
    generator = generator_of("brushed", seed)
    variant = int(generator.integers(VARIANTS))
    size = (ra_um / 0.4) ** 0.3
    return Finish(
        with_lay(belt_streaks(variant), ALONG_MM * size, ACROSS_MM * size, ra_um, lay, generator),
        unseen=(0.03**2, 0.07**2),
        mottle=slow(banded(variant), 1.6, 0.05, lay, generator),
        uneven_slope=0.10,
        uneven_tint=0.015,
        valley=0.02,
    )


@lru_cache(maxsize=4)
def belt_streaks(variant: int) -> Relief:
    generator = np.random.Generator(np.random.PCG64([22, variant]))
    height = streaks(generator, 1024, 256, 34.0, 16.0, 1.0)
    add_scratches(height, generator, 160, (12, 130), (1.5, 5), (0.8, 3.0), 0.004)
    return relief_of(with_ra(height))
