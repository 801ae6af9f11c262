"""Porosity: gas or shrinkage left voids; machining opened some of them.

    - type: porosity
      class: pore
      size_mm: [0.05, 0.8]        # opening of the largest pore
      depth_um: [20, 400]         # of the deepest pore
      pores: [1, 12]              # usual; pores in one cluster
      cluster_mm: [0.5, 5.0]      # usual; diameter of the cluster

A pore is an ellipsoid cut open by the machined surface: steep walls, often undercut, a sharp edge with small breakouts,
and a rough, dark inside. Pores of one cluster follow a lognormal law of sizes, crowd towards its middle, and touch now
and then. Some voids stay closed just under the skin: the skin over them is thin and gave way a little, a shallow hollow
a few micrometres deep that only low light shows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import blank, imprint_of
from firstshift.defects.noise import noise
from firstshift.defects.outline import Outlines, blobs
from firstshift.defects.scatter import in_a_cluster, sizes_below
from firstshift.spec.defect_types import Porosity

REACH = 1.3
CLOSED = 0.2
"""Share of the further voids that stay under the skin."""


class PorosityFlaw(DrawnType[Porosity]):
    model = Porosity
    example = "{type: porosity, class: pore, size_mm: [0.1, 1.0], depth_um: [40, 400], pores: [1, 15]}"

    def imprint(self, entry: Porosity, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        count = draws.graded_count("pores", entry.pores)
        cluster = max(size * 1.2, draws.graded("cluster_mm", entry.cluster_mm)) if count > 1 else size
        if count > 1:
            draws.recorded["cluster_mm"] = cluster
        kind = draws.choice("kind", gas=3, shrinkage=2)
        shape = draws.generator("shape")

        sizes = sizes_below(shape, size, count, spread=0.55, smallest=0.12)
        places = in_a_cluster(shape, sizes, cluster)
        closed = shape.random(count) < CLOSED
        closed[0] = False
        closed &= ~_beside_open(places, sizes, closed)
        draws.recorded["closed_voids"] = int(closed.sum())
        pores = _outlines(shape, sizes, places, kind)
        ragged = 0.05 if kind == "gas" else 0.22
        u, v = pores.reach_mm
        patch = grid_over(ground, 2.2 * u * REACH / 1.1, 2.2 * v * REACH / 1.1, narrowest_mm=float(np.median(sizes)))
        out, which = pores.out(patch, REACH)
        hit = np.flatnonzero(which >= 0)
        q, of = out.ravel()[hit], which.ravel()[hit]

        share = sizes / size
        depths = depth * share**0.8 * np.concatenate(([1.0], shape.uniform(0.5, 1.0, count - 1)))
        row, column = np.divmod(hit, patch.columns)
        edge = noise(shape, (REACH * u, REACH * v), size / 2, octaves=4, gain=0.6)
        rough = noise(shape, (REACH * u, REACH * v), size / 4, octaves=3, gain=0.5)
        q = np.asarray(q + np.float32(ragged) * np.tanh(edge.at(patch.u_mm[column], patch.v_mm[row])), np.float32)
        uneven = rough.at(patch.u_mm[column], patch.v_mm[row])
        flank = np.float32(shape.uniform(1.6, 2.6))
        hollow = np.clip(1 - np.clip(q, 0, 1) ** flank, 0, 1) ** 0.5 * np.clip(1 + 0.1 * uneven, 0.5, None)
        first = of == 0
        hollow = hollow / hollow[first].max()
        dip = np.clip(1 - q * q, 0, 1) ** 2
        opened = ~closed[of]
        height, dark, gone = blank(patch), blank(patch), blank(patch)
        skin = np.minimum(depths[of] * 0.04, 0.004)
        height.ravel()[hit] = -np.minimum(np.where(opened, depths[of] * hollow, skin * dip), depth)
        slender = depths[of] / (sizes[of] / 2)
        inside = opened * np.clip((1 - q) / 0.12, 0, 1)
        shut = np.clip(0.45 + 1.1 * slender / (1 + slender), 0, 0.92) * (1 - 0.35 * np.clip(q, 0, 1))
        # Skins of oxide and dendrites: what light is left comes from here more, from there less.
        dark.ravel()[hit] = inside * np.clip(1 - (1 - shut) * np.exp(0.8 * np.tanh(uneven)), 0, 1)
        gone.ravel()[hit] = opened * np.clip((1.06 - q) / 0.08, 0, 1)
        return imprint_of(
            patch, draws.recorded, height_mm=height, smoothness=1 + np.float32(1.5) * gone, occlusion=dark,
            hides_finish=gone,
        )  # fmt: skip


def _beside_open(
    places: npt.NDArray[np.float64], sizes_mm: npt.NDArray[np.float64], closed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Voids that reach into an open pore: no skin is left over them."""
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    touching = apart < REACH * (sizes_mm[:, None] + sizes_mm[None]) / 2
    return np.asarray((touching & ~closed[None]).any(axis=1))


def _outlines(
    generator: np.random.Generator, sizes_mm: npt.NDArray[np.float64], places: npt.NDArray[np.float64], kind: str
) -> Outlines:
    count = len(sizes_mm)
    longer = generator.uniform(1.0, 1.45, count) if kind == "gas" else generator.uniform(1.2, 2.6, count)
    turned = generator.uniform(0, 180) + generator.normal(0, 40, count)
    rough = 0.04 if kind == "gas" else 0.14
    return blobs(generator, sizes_mm, places, elongation=longer, turned_deg=turned, rough=rough)
