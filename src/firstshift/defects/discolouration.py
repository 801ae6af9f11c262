"""Discolouration: the surface is whole, its colour is not.

    - type: discolouration
      class: stain
      cause: stain                # oxide, burn or stain
      size_mm: [1, 10]            # diameter of the same area, at half of its strength
      contrast: [0.05, 0.5]       # usual; how much darker or lighter the strongest place is
      edge_mm: [0.1, 2.0]         # usual; width over which it fades out

- `oxide`: heat or damp grew a clear film on the metal; its two faces interfere, so thickness becomes colour, straw at
  the border through purple to blue where it was hottest (`absorption.oxide_absorbance`).
- `burn`: a charred, matt core in a brown halo.
- `stain`: something dried. A spot carries most of its solids to its border (the coffee ring: Deegan 1997), a run leaves
  a trail with a bead at its end, a wiped one streaks, one that soaked in has only a soft border.

Where the plan says that a border is wider than the patch allows, the record says what it became.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Layer, Patch
from firstshift.defects.absorption import oxide_absorbance, tint_of
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.noise import noise
from firstshift.defects.outline import Outlines, blob, blobs, same_area
from firstshift.spec.defect_types import Discolouration

BROWN, GREY, PALE = np.array([0.45, 0.9, 1.9]), np.array([1.0, 1.0, 1.05]), np.array([-1.0, -1.0, -1.0])
CHAR = np.array([1.2, 1.35, 1.5])


class DiscolourationFlaw(DrawnType[Discolouration]):
    model = Discolouration
    example = "{type: discolouration, class: stain, cause: stain, size_mm: [1, 8], contrast: [0.1, 0.5]}"

    def imprint(self, entry: Discolouration, ground: Ground, draws: Draws) -> Imprint:
        draws.recorded["cause"] = entry.cause
        size = draws.graded("size_mm", entry.size_mm)
        contrast = draws.graded("contrast", entry.contrast)
        edge = min(draws.any_of("edge_mm", entry.edge_mm), 0.75 * size)
        draws.recorded["edge_mm"] = float(f"{edge:.4g}")
        soft = max(edge / (size / 2), 0.02)
        shape = draws.generator("shape")
        form = "spot"
        if entry.cause == "stain":
            form = draws.choice("form", ring=3, run=1.5, wiped=2, soaked=3)
        outline = _outline(shape, size, form)
        reach = 1.45 + soft / 2
        u, v = (reach * r for r in outline.reach_mm)
        patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size)
        out, _ = outline.out(patch, reach)
        cloud = noise(shape, (u, v), size / 2.2, octaves=5, gain=0.6).on(patch)
        ragged = np.float32(0.16) * np.tanh(cloud) * np.minimum(out, 1)
        q = same_area(np.minimum(out, 9) + ragged, patch, size)
        border = np.clip((reach - out) / 0.12, 0, 1)
        body = (smoothstep((1 + soft / 2 - q) / soft) * border).astype(np.float32)
        if entry.cause == "oxide" and ground.is_metal:
            thickest = draws.between("film_nm", 28, 115)
            heat = np.clip(1.15 - 0.75 * q + 0.12 * cloud, 0, 1)
            film = thickest * body * heat
            return imprint_of(patch, draws.recorded, tint=tint_of(oxide_absorbance(ground.material, film), contrast))
        if entry.cause == "burn":
            return _burn(patch, draws, q, cloud, body, contrast)
        density = _dried(shape, form, patch, q, cloud, body, soft)
        colours = {"brown": BROWN, "grey": GREY, "pale": PALE}
        tone = draws.choice("tone", brown=3, grey=3, pale=1.5)
        tint = tint_of(density[..., None] * colours[tone].astype(np.float32), contrast)
        return imprint_of(patch, draws.recorded, tint=tint, smoothness=1 + np.float32(0.5) * np.clip(density, 0, 1))


def _outline(generator: np.random.Generator, size: float, form: str) -> Outlines:
    if form == "run":
        count = int(generator.integers(4, 8))
        along = np.linspace(-0.9, 0.9, count) * size
        wide = size * np.linspace(0.72, 0.34, count) * generator.uniform(0.85, 1.15, count)
        wide[-1] *= 1.35
        places = np.stack([along, generator.normal(0, 0.03 * size, count)], axis=1)
        return blobs(generator, wide, places, elongation=1.7, rough=0.04)
    long = generator.uniform(2, 4) if form == "wiped" else generator.uniform(1, 1.6)
    turned = 0.0 if form == "wiped" else generator.uniform(0, 180)
    return blob(generator, size, elongation=long, turned_deg=turned, rough=0.09)


def _burn(patch: Patch, draws: Draws, q: Layer, cloud: Layer, body: Layer, contrast: float) -> Imprint:
    core_size = draws.between("core_share", 0.3, 0.65)
    core = smoothstep((core_size + 0.12 * np.tanh(cloud) - q) / 0.22 + 0.5)
    soot = np.clip(1 + 0.25 * cloud, 0.4, 1.6)
    halo = body * np.clip(1.15 - 0.7 * q, 0, 1) * (1 + 0.15 * np.tanh(cloud))
    absorbance = 0.5 * halo[..., None] * BROWN.astype(np.float32) + (1.6 * core * soot)[..., None] * CHAR.astype(
        np.float32
    )
    return imprint_of(
        patch, draws.recorded, tint=tint_of(absorbance * (body[..., None] > 0), contrast),
        smoothness=(1 + 1.2 * core * body).astype(np.float32), hides_finish=(0.6 * core * body).astype(np.float32),
    )  # fmt: skip


def _dried(
    generator: np.random.Generator, form: str, patch: Patch, q: Layer, cloud: Layer, body: Layer, soft: float
) -> Layer:
    """How much stayed behind, 0…about 1."""
    if form in ("ring", "run"):
        width = np.float32(max(0.05, 0.35 * soft))
        fed = np.clip(0.75 + 0.45 * np.tanh(cloud[:, ::-1]), 0.1, 1.3)
        ring = np.exp(-(((q - (1 - width)) / width) ** 2)) * fed
        inner = np.exp(-(((q - np.float32(generator.uniform(0.55, 0.8))) / np.float32(0.05)) ** 2)) * 0.3 * fed
        return np.asarray(body * (0.3 + 0.1 * cloud + ring + inner), dtype=np.float32).clip(0)
    if form == "wiped":
        reach = (float(-patch.u_mm[0]) * 1.02, float(-patch.v_mm[0]) * 1.02)
        streaks = noise(generator, reach, (reach[0] * 1.2, reach[1] / 7), octaves=4, gain=0.7).on(patch)
        return np.asarray(body * np.clip(0.45 + 0.55 * streaks + 0.2 * cloud, 0, 1.6), dtype=np.float32)
    return np.asarray(body * np.clip(0.8 + 0.22 * cloud, 0.1, 1.5), dtype=np.float32)
