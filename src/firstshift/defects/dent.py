"""Dent: a blow pressed the surface in; no material is missing, so some of it stands up as a rim.

    - type: dent
      class: dent
      size_mm: [0.5, 3.0]         # diameter of the depression; of an elongated one the diameter of the same area
      depth_um: [5, 100]          # at the deepest point
      rim: [0.0, 0.2]             # usual; height of the rim as a share of the depth

What hit it decides the shape: something round leaves a bowl that is steepest near its edge, an edge or corner a long or
uneven one, a tool (a fixture, a stamp, a jaw) a flat floor with steep walls. A bowl is deepest off its middle, because
blows come at a slant, and the rim is higher on the far side for the same reason. Inside, the peaks of the finish are
pressed flat: the surface is smoother and the tool marks are faint but still there.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.draws import Draws
from firstshift.defects.drawn import DrawnType
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.noise import noise
from firstshift.defects.outline import blob
from firstshift.spec.defect_types import Dent

RIM_ENDS = 1.7


class DentFlaw(DrawnType[Dent]):
    model = Dent
    example = "{type: dent, class: dent, size_mm: [0.5, 4], depth_um: [8, 120]}"

    def imprint(self, entry: Dent, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        rim = draws.any_of("rim", entry.rim) * depth
        blow = draws.choice("blow", round=4, elongated=3, irregular=3, tool=1.5)
        shape = draws.generator("shape")
        if blow == "round":
            outline = blob(shape, size, elongation=shape.uniform(1, 1.2), rough=0.035, gain=1.8, off_centre=0.2)
        elif blow == "elongated":
            outline = blob(shape, size, elongation=shape.uniform(1.6, 4.5), rough=0.08, gain=1.4, off_centre=0.4)
        elif blow == "irregular":
            outline = blob(shape, size, elongation=shape.uniform(1, 1.8), rough=0.2, gain=1.3, off_centre=0.35)
        else:
            outline = blob(
                shape, size, elongation=shape.uniform(1, 3), rough=0.03, gain=0.8, squareness=shape.uniform(4, 8)
            )
        if blow in ("round", "irregular", "tool"):
            turn = shape.integers(0, outline.radius_mm.shape[1])
            outline.radius_mm[:] = np.roll(outline.radius_mm, turn, axis=1)

        reach = RIM_ENDS if rim > 0 else 1.0
        u, v = outline.reach_mm
        patch = grid_over(ground, 2 * u * reach, 2 * v * reach, narrowest_mm=size)
        out, _ = outline.out(patch, reach)
        q = np.minimum(out, np.float32(9))
        inside = q < 1
        uneven = noise(shape, (u * 2, v * 2), size / 3, octaves=3, gain=0.55).on(patch)

        steep, soft = (shape.uniform(2.5, 5), 1.6) if blow != "tool" else (shape.uniform(8, 14), 1.1)
        bowl = np.where(inside, np.clip(1 - q**steep, 0, 1) ** soft, 0)
        if blow in ("irregular", "elongated"):
            bowl = bowl * np.clip(1 + 0.16 * uneven, 0.3, None)
        elif blow == "tool":
            bowl = bowl * np.clip(1 + 0.03 * uneven, 0.5, None)
        height = (-depth * bowl / bowl.max()).astype(np.float32)
        if rim > 0:
            angle = np.arctan2(patch.v_mm[:, None], patch.u_mm[None, :])
            side = 0.65 + 0.35 * np.cos(angle - shape.uniform(0, 2 * np.pi)) + 0.15 * uneven
            beyond = np.clip((q - 1) / (RIM_ENDS - 1), 0, 1)
            wall = np.where(inside, 0, 9.48 * beyond * (1 - beyond) ** 3) * np.clip(side, 0, 1)
            height = (height + rim * wall).astype(np.float32)
        pressed = smoothstep((1 - q) / 0.35) * np.float32(shape.uniform(0.35, 0.75))
        return imprint_of(
            patch, draws.recorded, height_mm=height,
            smoothness=(1 - 0.5 * pressed).astype(np.float32), hides_finish=(0.7 * pressed).astype(np.float32),
        )  # fmt: skip
