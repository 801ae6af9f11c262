"""Inclusion: something foreign is embedded in the material: slag, sand, scale, a charred pellet, another polymer.

    - type: inclusion
      class: black_speck
      size_mm: [0.06, 1]          # diameter of the same area, where it meets the surface
      contrast: [0.3, 0.8]        # how much darker (or, one in six, lighter) than what is around it

It does not bond: a fine gap runs around most of it, and machining or the mould left it a few micrometres proud or sunk.
In a metal it is stone or oxide, a dull body of its own whose albedo stands in for the contrast (beside a matt metal an
albedo of 0.28 is about as bright); in anything else it is the same material in another tone. Rolling stretches it along
the lay.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Stuff
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.noise import noise
from firstshift.defects.outline import blob, same_area
from firstshift.spec.defect_types import Inclusion

METAL_REFLECTS = 0.28
REACH = 1.6


class InclusionFlaw(DrawnType[Inclusion]):
    model = Inclusion
    example = "{type: inclusion, class: slag, size_mm: [0.15, 2], contrast: [0.3, 0.8]}"

    def imprint(self, entry: Inclusion, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        contrast = draws.graded("contrast", entry.contrast)
        tone = draws.choice("tone", darker=5, lighter=1)
        proud = draws.between("proud_um", -6, 4) / 1000 * min(1.0, size / 0.5)
        shape = draws.generator("shape")
        rolled = ground.lay_deg is not None and ground.is_metal
        outline = blob(
            shape, size, elongation=shape.uniform(1.5, 6) if rolled else shape.uniform(1, 2.2), rough=0.1,
            turned_deg=(ground.lay_deg or 0) + shape.normal(0, 6) if rolled else shape.uniform(0, 180),
        )  # fmt: skip
        u, v = (REACH * r for r in outline.reach_mm)
        patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size / 2)
        out, _ = outline.out(patch, REACH)
        grain = noise(shape, (u, v), size / 2, octaves=5, gain=0.7).on(patch)
        q = same_area(out + np.float32(0.2) * np.tanh(grain) * np.minimum(out, 1), patch, size)
        near = np.clip((REACH - out) / 0.1, 0, 1)

        body = smoothstep((1.03 - q) / 0.06) * near
        gap_mm = min(0.02, 0.05 * size)
        loose = np.clip(0.6 + 0.8 * grain[::-1, ::-1], 0, 1)
        groove = np.clip(1 - np.abs(q - 1) / (2 * gap_mm / size), 0, 1) * near * loose
        level = proud * smoothstep((1 - q) / 0.1) * (1 + 0.3 * grain) + 0.004 * min(1.0, size) * grain[::-1] * body
        height = (level - 0.4 * gap_mm * groove).astype(np.float32)
        rest = (1 - contrast) if tone == "darker" else 1 + contrast
        speckled = 1 + (0.45 if ground.is_metal else 0.3) * np.tanh(grain[::-1] * 1.5)
        # Contrast is that of the whole body, however mottled it is.
        speckled = speckled / np.float32(max(1e-6, float((speckled * body).sum() / max(1e-6, float(body.sum())))))
        dark = (0.6 * groove).astype(np.float32)
        if ground.is_metal:
            warm = shape.uniform(0.9, 1.0)
            albedo = tuple(float(min(0.85, METAL_REFLECTS * rest * k)) for k in (1.0, 0.5 + 0.5 * warm, warm))
            stuff = Stuff(
                f"inclusion {albedo[0]:.3f}",
                (albedo[0], albedo[1], albedo[2]),
                roughness=float(shape.uniform(0.3, 0.6)),
            )
            tint = np.repeat((1 + (speckled - 1) * body)[..., None], 3, axis=-1).astype(np.float32)
            return imprint_of(
                patch, draws.recorded, height_mm=height, tint=tint, occlusion=dark, stuff=stuff, cover=body,
                hides_finish=body,
            )  # fmt: skip
        tint = 1 + body * ((rest * speckled) - 1)
        tint = np.repeat(tint[..., None], 3, axis=-1).astype(np.float32)
        return imprint_of(
            patch, draws.recorded, height_mm=height, tint=tint, occlusion=dark, hides_finish=0.6 * body,
            smoothness=1 + np.float32(0.5) * body,
        )  # fmt: skip
