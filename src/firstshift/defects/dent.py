"""Dent: a blow pressed the surface in; no material is missing, so some of it stands up as a rim.

    - type: dent
      class: dent
      size_mm: [0.5, 3.0]         # diameter of the depression; of an elongated one the diameter of the same area
      depth_um: [5, 100]          # at the deepest point
      rim: [0.0, 0.2]             # usual; height of the rim as a share of the depth

Where the dent reaches an edge of the part (place: edge, or a blow beside one) the edge gives way: a piece of the corner
is cut out as a body, and a lip is pressed out over the other face: see `nick.py`.

What hit it decides the shape: something round leaves a bowl that is steepest near its edge, an edge or corner a long or
uneven one, a tool (a fixture, a stamp, a jaw) a flat floor with steep walls. A bowl is deepest off its middle, because
blows come at a slant, and the rim is higher on the far side for the same reason. Inside, the peaks of the finish are
pressed flat, and tool marks are faint but still there; whatever hit leaves its own grain there, smoother or rougher
than the surface was, and scuffs where it slid over the border.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Layer, Patch
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import flattened, imprint_of, smoothstep
from firstshift.defects.nick import pressed_over_edge
from firstshift.defects.noise import noise
from firstshift.defects.outline import blob, same_area
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
        long, rough, ragged, square = {
            "round": (shape.uniform(1, 1.3), 0.04, 0.07, 2.0),
            "elongated": (shape.uniform(1.6, 4.5), 0.06, 0.10, 2.0),
            "irregular": (shape.uniform(1, 1.9), 0.11, 0.22, 2.0),
            "tool": (shape.uniform(1, 3), 0.06, 0.13, shape.uniform(2.8, 5)),
        }[blow]
        turned = shape.uniform(0, 180)
        outline = blob(shape, size, elongation=long, turned_deg=turned, rough=rough, waves=4, squareness=square)
        u, v = outline.reach_mm
        reach = RIM_ENDS * 1.15
        patch = grid_over(ground, 2 * u * reach, 2 * v * reach, narrowest_mm=size)
        out, _ = outline.out(patch, reach)
        uneven = noise(shape, (u * reach, v * reach), size / 2.2, octaves=3, gain=0.35).on(patch)
        q = same_area(out + np.float32(ragged) * uneven * np.minimum(out, 1), patch, size)
        far = np.clip((reach - out) / 0.15, 0, 1)
        height = _pressed_in(shape, blow, patch, q, uneven, depth)
        if rim > 0:
            angle = np.arctan2(patch.v_mm[:, None], patch.u_mm[None, :])
            side = 0.65 + 0.35 * np.cos(angle - shape.uniform(0, 2 * np.pi)) + 0.15 * uneven
            beyond = np.clip((q - 1) / (RIM_ENDS - 1), 0, 1)
            wall = np.where(q < 1, 0, 9.48 * beyond * (1 - beyond) ** 3) * np.clip(side, 0, 1) * far
            height = (height + rim * wall).astype(np.float32)
        nicked = pressed_over_edge(shape, ground, patch, height, rim / depth) if ground.edge is not None else None
        if nicked is not None:
            draws.recorded["at_edge"] = True
        pressed = smoothstep((1 - q) / 0.35) * np.float32(shape.uniform(0.35, 0.75) * flattened(depth, ground))
        smoothness = (1 - 0.4 * pressed) * _printed(shape, q, uneven, far, ground, flattened(depth, ground))
        return imprint_of(
            patch, draws.recorded, height_mm=height, smoothness=smoothness.astype(np.float32),
            hides_finish=(0.7 * pressed).astype(np.float32), solids=nicked.solids if nicked else (),
            footprint=nicked.footprint if nicked else None,
        )  # fmt: skip


def _printed(generator: np.random.Generator, q: Layer, uneven: Layer, far: Layer, ground: Ground, deep: float) -> Layer:
    """Factor on the roughness that what hit the surface leaves: its own grain where it pressed, here more and there
    less, and scuffs where it slid over the border."""
    grain = generator.uniform(-0.5, 0.6) if ground.is_metal else generator.uniform(-0.3, 0.3)
    inside = smoothstep((1 - q) / 0.3)
    along = generator.uniform(0.3, 1.1)
    border = np.clip(1 - np.abs(q - 0.97) / 0.16, 0, 1) * np.clip(far, 0, 1)
    scuffs = along * border * np.clip(0.5 + 0.8 * uneven, 0, 1.5)
    told = inside * (grain + 0.3 * np.tanh(uneven)) + scuffs
    return np.asarray(np.exp(deep * told), dtype=np.float32)


def _pressed_in(
    generator: np.random.Generator, blow: str, patch: Patch, q: Layer, uneven: Layer, depth_mm: float
) -> Layer:
    """The bowl: how steep its walls are, where it is deepest, how even its floor is."""
    if blow == "tool":
        steep, soft, rough, lean = generator.uniform(5, 11), 1.2, 0.06, 0.4
    elif blow == "round":
        steep, soft, rough, lean = generator.uniform(2, 3.2), 1.35, 0.04, 0.35
    else:
        steep, soft, rough, lean = generator.uniform(1.8, 3.0), 1.5, 0.09, 0.5
    way = generator.uniform(0, 2 * np.pi)
    slant = patch.u_mm[None, :] * np.float32(np.cos(way)) + patch.v_mm[:, None] * np.float32(np.sin(way))
    slant = slant / np.float32(max(1e-9, float(np.abs(slant[q < 1]).max()))) if (q < 1).any() else slant
    bowl = np.clip(1 - np.clip(q, 0, 1) ** np.float32(steep), 0, 1) ** np.float32(soft)
    bowl *= np.clip(1 + lean * slant, 0.2, None) * np.clip(1 + rough * uneven, 0.4, None)
    return np.asarray(-depth_mm * bowl / bowl.max(), dtype=np.float32)
