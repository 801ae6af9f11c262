"""Turned: a tool fed past the spinning part leaves rings one feed apart; on walls they run around the axis.

    finish: {kind: turned, ra_um: [0.8, 1.6]}     # lay: circular about the part's axis

Feed follows from Ra and the nose radius (0.4 mm for finishing below Ra 1, 0.8 mm above): 0.06 mm at Ra 0.4, 0.17 mm at
Ra 1.6. Source of the profile: `feedmarks.py`.
"""

from __future__ import annotations

import numpy as np

from firstshift.render.finish.feedmarks import TEXELS_PER_MARK, Cut, feed_marks, feed_mm
from firstshift.render.finish.fields import banded
from firstshift.render.finish.layer import Finish
from firstshift.render.finish.laying import VARIANTS, generator_of, slow, with_lay
from firstshift.spec.part import Lay

CUT = Cut(uneven=0.12, notch=0.10, chatter=0.05, torn=0.07)


def turned(ra_um: float, lay: Lay, seed: int) -> Finish:
    generator = generator_of("turned", seed)
    feed = float(np.clip(feed_mm(ra_um, 0.4 if ra_um < 1 else 0.8), 0.015, 0.6))
    relief = feed_marks(CUT, int(generator.integers(VARIANTS)))
    layers = with_lay(relief, max(feed, 0.08), feed / TEXELS_PER_MARK, ra_um, lay, generator)
    return Finish(
        layers,
        unseen=(0.025**2, 0.04**2),
        mottle=slow(banded(int(generator.integers(VARIANTS))), 1.0, 0.12, lay, generator),
        uneven_slope=0.10,
        uneven_tint=0.008,
        valley=0.02,
    )
