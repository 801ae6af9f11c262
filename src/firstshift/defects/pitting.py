"""Pitting: corrosion or wear ate small, shallow holes, usually many.

    - type: pitting
      class: corrosion
      size_mm: [0.08, 0.4]        # diameter of the largest pit
      depth_um: [5, 60]           # of the deepest pit
      pits: [3, 60]               # usual; pits in one patch
      cluster_mm: [1.0, 10.0]     # usual; diameter of the patch

Pits are ragged saucers that eat into each other; none is round. On metals the surface around them is attacked before it
is eaten: matt, and tinted by corrosion products (brown on iron, grey-white on aluminium and zinc, green on copper
alloys), with dark floors where the products stay and walls that are bare: in dark field a pit is a bright ring around a
dull floor. Plastics and ceramics are only worn: holes without a tint.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import MAX_CELLS, Ground, Imprint, Stuff
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import AREA_CELLS, grid_over
from firstshift.defects.layers import blank, imprint_of, smoothstep
from firstshift.defects.noise import noise
from firstshift.defects.outline import blobs
from firstshift.defects.scatter import in_a_cluster, sizes_below
from firstshift.spec.defect_types import Pitting

DULL = 0.13
"""Albedo of loose corrosion products as a share of their tint: wet, greasy and grey, they are no fresh powder."""
HALO = 2.2
"""How far the attacked surface reaches beyond a pit, in radii."""
PRODUCTS = {
    "steel": (0.52, 0.34, 0.22), "cast_iron": (0.50, 0.33, 0.22), "stainless_steel": (0.62, 0.48, 0.36),
    "aluminium": (0.72, 0.72, 0.70), "zinc": (0.78, 0.78, 0.76), "copper": (0.42, 0.55, 0.45),
    "brass": (0.50, 0.50, 0.36), "bronze": (0.45, 0.50, 0.40),
}  # fmt: skip
"""Tint of the attacked surface (linear RGB), by eye from corroded parts; other metals turn grey."""


class PittingFlaw(DrawnType[Pitting]):
    model = Pitting
    example = "{type: pitting, class: corrosion, size_mm: [0.1, 0.5], depth_um: [8, 60], pits: [6, 90]}"

    def imprint(self, entry: Pitting, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        count = draws.graded_count("pits", entry.pits)
        cluster = max(size * 1.2, draws.graded("cluster_mm", entry.cluster_mm))
        draws.recorded["cluster_mm"] = cluster
        attack = draws.between("attack", 0.15, 0.7) if ground.is_metal else 0.0
        shape = draws.generator("shape")
        sizes = sizes_below(shape, size, count, spread=0.6, smallest=0.15)
        places = in_a_cluster(shape, sizes, cluster)
        pits = blobs(
            shape, sizes, places, elongation=shape.uniform(1, 1.7, count), turned_deg=shape.uniform(0, 180, count)
        )
        reach = HALO if attack else 1.5
        u, v = (r + size * (reach - 1) for r in pits.reach_mm)
        most = min(MAX_CELLS, max(AREA_CELLS, count * 3000))
        patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=float(np.median(sizes)), most=most)
        out, which = pits.out(patch, reach)
        hit = np.flatnonzero(which >= 0)
        q, of = out.ravel()[hit], which.ravel()[hit]
        row, column = np.divmod(hit, patch.columns)
        rough = noise(shape, (u, v), size / 1.5, octaves=5, gain=0.72).at(patch.u_mm[column], patch.v_mm[row])
        q = q + np.float32(0.33) * np.tanh(rough * np.clip(0.4 + q, 0, 1))

        depths = depth * (sizes / size) ** 0.6 * np.concatenate(([1.0], shape.uniform(0.4, 1.0, count - 1)))
        saucer = np.clip(1 - np.clip(q, 0, 1) ** 2.6, 0, 1) * np.clip(1 - 0.15 * rough, 0.4, None)
        saucer = np.minimum(saucer / saucer[of == 0].max(), 1.0)
        height, gone, dark = blank(patch), blank(patch), blank(patch)
        height.ravel()[hit] = -depths[of] * saucer
        gone.ravel()[hit] = smoothstep((1.08 - q) / 0.15)
        # Undercut rims and loose products keep light out, more than the grid shows.
        dark.ravel()[hit] = np.clip(0.7 * saucer * (1 + 0.3 * rough), 0, 0.85)
        torn = blank(patch, 1.0)
        torn.ravel()[hit] = 1 + 1.4 * smoothstep((1.2 - q) / 0.4)
        if not attack:
            return imprint_of(
                patch, draws.recorded, height_mm=height, smoothness=torn, occlusion=dark, hides_finish=gone
            )
        far = np.minimum((reach - out.ravel()[hit]) / 0.25, 1)  # the edge of what was looked at is no edge of the flaw
        halo = smoothstep((0.85 * reach - q) / (0.85 * reach - 0.9)) * far * np.clip(0.8 - 0.4 * rough, 0, 1.2)
        strength = np.clip(attack * halo + 0.6 * attack * saucer, 0, 1)[:, None]
        colour = np.array(PRODUCTS.get(ground.material, (0.6, 0.6, 0.6)))
        tint = np.ones((*patch.shape, 3), np.float32)
        tint.reshape(-1, 3)[hit] = 1 - strength * (1 - colour)
        torn.ravel()[hit] += 1.2 * attack * halo
        # Floors are no metal any more: products lie there, matt and dull, in crumbs. Walls are bare here and crusted
        # there: where they are bare they shine.
        cover = blank(patch)
        crumbs = noise(shape, (u, v), size / 3, octaves=4, gain=0.8).at(patch.u_mm[column], patch.v_mm[row])
        lies = np.clip(smoothstep((0.78 - q) / 0.35) * (0.75 + 0.3 * rough + 0.3 * crumbs), 0, 0.95)
        crust = np.clip(smoothstep((1.02 - q) / 0.2) * (0.55 + 0.8 * np.tanh(crumbs)), 0, 0.93)
        cover.ravel()[hit] = np.maximum(lies, crust) * (0.7 + 0.3 * attack)
        red, green, blue = (float(DULL * k) for k in colour)
        stuff = Stuff(f"corrosion of {ground.material}", (red, green, blue), roughness=0.8)
        return imprint_of(
            patch, draws.recorded, height_mm=height, tint=tint, smoothness=torn, occlusion=dark, hides_finish=gone,
            stuff=stuff, cover=cover,
        )  # fmt: skip
