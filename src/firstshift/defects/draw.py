"""From an entry of the plan to one flaw on a piece of ground.

entry = plan.defects[0]
imprint = draw_flaw(entry, ground, severity=3, seed=Seed(7))
imprint.parameters      # {"length_mm": 3.1, "width_mm": 0.08, "depth_um": 12.0, ...}
"""

from __future__ import annotations

from firstshift.core.imprint import Ground, Imprint
from firstshift.core.seed import Seed
from firstshift.defects.drawn import DrawnTypes
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.draws import Draws
from firstshift.defects.own import imprint_of_a_persons_own
from firstshift.spec.catalogue import Defect


def draw_flaw(entry: Defect, ground: Ground, severity: int, seed: Seed, types: DrawnTypes = DRAWN_TYPES) -> Imprint:
    """The same entry, ground, severity and seed give the same bytes."""
    drawn = types.of(entry)
    if type(drawn).__module__.startswith("firstshift."):
        return drawn.imprint(entry, ground, Draws.of(entry, severity, seed))
    return imprint_of_a_persons_own(drawn, entry, ground, Draws.of(entry, severity, seed))
