"""Chatter: regular waves that a vibrating tool left.

- type: chatter
  class: chatter
  size_mm: [1, 6]             # diameter of the place
  pitch_mm: [0.2, 0.8]        # from wave to wave
  depth_um: [1, 8]            # from crest to trough
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.outline import blob
from firstshift.spec.catalogue import Defect, Range, Within


class Chatter(Defect):
    """Regular waves left by a vibrating tool."""

    type: Literal["chatter"] = Field(description="Regular waves left by a vibrating tool.")
    size_mm: Annotated[Range, Within(0.1, 100)] = Field(description="Diameter of the place, in mm.")
    pitch_mm: Annotated[Range, Within(0.05, 10)] = Field(description="Distance from wave to wave, in mm.")
    depth_um: Annotated[Range, Within(0, 100)] = Field(description="Height from crest to trough, in µm.")
    narrowest: ClassVar[str] = "pitch_mm"


class ChatterFlaw(DrawnType[Chatter]):
    model = Chatter
    example = "{type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}"

    def imprint(self, entry: Chatter, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        pitch = draws.any_of("pitch_mm", entry.pitch_mm)
        depth_mm = draws.graded("depth_um", entry.depth_um) / 1000
        outline = blob(draws.generator("shape"), size, elongation=2.0)
        u, v = outline.reach_mm
        patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=pitch)
        out, _ = outline.out(patch)
        waves = np.cos(2 * np.pi / pitch * patch.u_mm) * smoothstep((1 - out) / 0.4) * depth_mm / 2
        return imprint_of(patch, draws.recorded, height_mm=waves.astype(np.float32))


TYPES = (ChatterFlaw(),)
