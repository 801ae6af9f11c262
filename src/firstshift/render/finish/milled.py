"""Milled: a face mill passes in rows; its teeth leave arcs, cut once by the leading edge and again by the trailing one.

    finish: {kind: milled, ra_um: [0.4, 1.6], lay: crossed, lay_deg: 0}     # rows along the part's X axis

crossed  arcs of the cutter's radius (drawn: 8–31.5 mm), rows 1.3–1.7 radii apart, to and fro, each row with a feed
         of its own (±6 %). The trailing edge cuts 20–70 % as deep as the leading one, which depends on how far the
         spindle leans; it does so with its longest teeth only, and comes and goes as the machine gives way, so that
         arcs cross here and run alone there
straight peripheral or side milling: marks across the feed, in straight lines
Feed marks are those of a nose of 1.2 mm, their level repeating with the number of teeth (runout). Source:
`feedmarks.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstshift.render.finish.feedmarks import TEXELS_PER_MARK, Cut, feed_marks, feed_mm
from firstshift.render.finish.fields import clouded
from firstshift.render.finish.layer import Course, Finish, Layer
from firstshift.render.finish.laying import VARIANTS, generator_of, ra_of_sum, slow, with_lay
from firstshift.render.finish.relief import Relief
from firstshift.spec.part import Lay

TEETH = (3, 4, 5, 6)
CUTTERS_MM = (8.0, 12.5, 16.0, 20.0, 25.0, 31.5)


def milled(ra_um: float, lay: Lay, seed: int) -> Finish:
    generator = generator_of("milled", seed)
    feed = float(np.clip(feed_mm(ra_um, 1.2), 0.03, 0.8))
    variant = int(generator.integers(VARIANTS))
    teeth = TEETH[variant % 4]
    relief = feed_marks(Cut(uneven=0.22, notch=0.14, chatter=0.04, torn=0.10, every=teeth), variant)
    across = feed / TEXELS_PER_MARK
    along = max(feed, 0.08)
    if lay in ("crossed", "none"):
        trailing = feed_marks(Cut(uneven=0.5, notch=0.14, chatter=0.10, torn=0.14, every=teeth, fades=0.95), variant)
        layers = _arcs(relief, trailing, along, across, ra_um, generator)
    else:
        layers = with_lay(relief, along, across, ra_um, lay, generator)
    return Finish(
        layers,
        unseen=(0.03**2, 0.045**2),
        mottle=slow(clouded(variant), 0.8, 0.8, "none" if lay == "crossed" else lay, generator),
        uneven_slope=0.04,
        uneven_tint=0.01,
        valley=0.02,
    )


def _arcs(
    relief: Relief, back_relief: Relief, along: float, across: float, ra_um: float, generator: np.random.Generator
) -> tuple[Layer, ...]:
    radius = float(generator.choice(CUTTERS_MM))
    trailing = int(generator.integers(2, 8)) / 10
    share = ra_um / ra_of_sum(relief, back_relief, trailing)
    front = Layer(
        relief, along, across, Course.FRONT_ARC, share,
        offset=(float(generator.uniform()), float(generator.uniform())), strip_seed=int(generator.integers(1, 60_000)),
        cutter_mm=radius, row_mm=radius * float(generator.uniform(1.3, 1.7)),
    )  # fmt: skip
    back = replace(
        front, relief=back_relief, course=Course.BACK_ARC, amplitude=share * trailing, strip_seed=front.strip_seed + 7
    )
    return (front, back)
