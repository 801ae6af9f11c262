"""Moulded: a copy of the mould, polished below Ra 0.4, spark eroded above, under slow flow and shrinkage waves.

    finish: {kind: moulded, ra_um: [0.2, 1.6], gloss: [0.2, 0.7]}

Spark erosion leaves overlapping shallow craters (the texture plates of VDI 3400: Ra 0.4 is class 12, Ra 1.6 class 24,
Ra 6.3 class 36); the melt rounds them. Crater size 0.05 mm at Ra 1, growing as Ra^0.5.
"""

from __future__ import annotations

from firstshift.render.finish.blasted import CRATER, craters
from firstshift.render.finish.fields import clouded, waved
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, without_lay
from firstshift.render.finish.polished import hairlines
from firstshift.spec.part import Lay


def moulded(ra_um: float, lay: Lay, seed: int) -> Finish:  # noqa: ARG001 — a melt has no lay
    generator = generator_of("moulded", seed)
    variant = int(generator.integers(VARIANTS))
    if ra_um < 0.4:
        layers, unseen = without_lay(hairlines(variant), 0.012, ra_um, generator), 0.01
    else:
        crater_mm = 0.05 * ra_um**0.5
        layers, unseen = without_lay(craters(variant), crater_mm / CRATER, ra_um, generator), 0.03
    return Finish(
        layers,
        unseen=(unseen**2, unseen**2),
        wave=slow(waved(variant), 0.22, 0.16, "none", generator, amplitude=0.7),
        mottle=slow(clouded(variant), 0.8, 0.5, "none", generator),
        uneven_slope=0.08,
        uneven_tint=0.008,
        valley=0.03,
    )
