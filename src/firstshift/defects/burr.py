"""Burr: material stands out over an edge that should be clean.

    - type: burr
      class: burr
      length_mm: [0.5, 5]         # along the edge
      height_mm: [0.05, 0.5]      # how far it stands out at its highest

A cutter that leaves the material bends the last of it over the edge: a foot as thick as a quarter of the burr's height,
thinning to a curled, torn lip (rolled). Plastic that seeps between the halves of a mould, and metal between shears,
leave a thin flange with a jagged border (flange). It is a body of its own that follows the edge of the CAD file, so it
changes the silhouette and casts a shadow.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Edge, Ground, Imprint, Solid
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of
from firstshift.defects.noise import noise_along
from firstshift.defects.solids import Floats, edge_at, edge_of, swept
from firstshift.spec.defect_types import Burr

TORN_UM = 3.0
"""Roughness of metal that was bent over until it tore."""
ALONG_LIP = np.concatenate([np.linspace(0, 1, 8), np.linspace(1, 0, 8)])
SIDE = np.concatenate([np.ones(8), -np.ones(8)])
"""Once around a cross-section: up one side of the lip, down the other."""


class BurrFlaw(DrawnType[Burr]):
    model = Burr
    example = "{type: burr, class: burr, length_mm: [0.8, 5], height_mm: [0.08, 0.5]}"

    def imprint(self, entry: Burr, ground: Ground, draws: Draws) -> Imprint:
        edge = edge_of(ground, f"burr {entry.class_name!r}")
        length = draws.graded("length_mm", entry.length_mm)
        height = draws.graded("height_mm", entry.height_mm)
        form = draws.choice("form", rolled=3 if ground.is_metal else 0.2, flange=1.5)
        leans = draws.between("leans_deg", 5, 95)  # 0 lies out over the other face, 90 stands straight up
        curl = draws.between("curl_deg", -20, 80) if form == "rolled" else draws.between("curl_deg", -15, 25)
        rings = _rings(draws.generator("shape"), edge, length, height, form, np.deg2rad(leans), np.deg2rad(curl))
        mesh = swept(rings, "burr")
        low, high = rings[..., 1].min(axis=1), rings[..., 1].max(axis=1)
        extent = 2 * max(-float(low.min()), float(high.max()))
        patch = grid_over(ground, length, extent, narrowest_mm=min(height, extent))
        u, v = patch.u_mm, patch.v_mm[:, None]
        at = rings[:, 0, 0]
        here = (v >= np.interp(u, at, low)) & (v <= np.interp(u, at, high)) & (np.abs(u) <= length / 2)
        return imprint_of(
            patch,
            draws.recorded,
            solids=(Solid(mesh, True, ra_um=max(TORN_UM if ground.is_metal else 0.8, ground.ra_um)),),
            footprint=here,
        )


def _rings(
    generator: np.random.Generator, edge: Edge, length: float, height: float, form: str, leans: float, curl: float
) -> Floats:
    stations = int(np.clip(length / (0.1 * height), 40, 320))
    t = np.linspace(-1, 1, stations)
    way = (t + 1) / 2 * length
    waves = noise_along(generator, length, max(height * 1.5, length / 8), octaves=3, gain=0.6)(way)
    torn = noise_along(generator, length, height * 0.5, octaves=3, gain=0.8)(way)
    jagged = 0.12 if form == "rolled" else 0.28
    tall = (1 - np.abs(t) ** generator.uniform(2, 6)) ** 0.5 * np.clip(1 + 0.38 * waves + jagged * torn, 0.2, None)
    if form == "flange":
        tall *= 1 - 0.7 * np.clip(noise_along(generator, length, height)(way) - 1.0, 0, 1)
    tall = np.maximum(tall / tall.max(), 0.01)
    foot = height * (0.28 if form == "rolled" else 0.1) * (0.4 + 0.6 * tall)
    bend = leans + 0.35 * noise_along(generator, length, max(height * 3, length / 5), octaves=2)(way)
    curled = curl * (0.6 + 0.4 * np.tanh(waves))

    # The middle line of each cross-section: a small arc, walked in steps of its own length.
    steps = np.linspace(0, 1, 8)
    heading = bend[:, None] + curled[:, None] * steps
    out = np.cumsum(np.cos(heading), axis=1) - np.cos(heading[:, :1])
    up = np.cumsum(np.sin(heading), axis=1) - np.sin(heading[:, :1])
    reach = np.hypot(out, up).max(axis=1, keepdims=True)
    size = (height * tall)[:, None] / reach
    index = np.round(ALONG_LIP * 7).astype(int)
    thick = foot[:, None] / 2 * (1 - 0.85 * ALONG_LIP**0.7)
    v = (out * size)[:, index] - SIDE * thick * np.sin(heading[:, index])
    n = (up * size)[:, index] + SIDE * thick * np.cos(heading[:, index])
    at_foot = ALONG_LIP == 0  # grown into the part, so that no gap opens along the edge
    v = v - np.where(at_foot, 0.6 * foot[:, None], 0)
    n = n - np.where(at_foot, 0.6 * foot[:, None], 0)
    u = np.broadcast_to((t * length / 2)[:, None], v.shape)
    return np.stack([u, v + edge_at(edge, t * length / 2)[:, None], n], axis=-1)
