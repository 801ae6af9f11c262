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
from firstshift.defects.grid import SOFT_CELLS, grid_over
from firstshift.defects.layers import blank, imprint_of, smoothstep
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.outline import Outlines, blob, same_area
from firstshift.defects.path import beside, of_length
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
        reach = 1.45 + soft / 2
        if form == "run":
            patch, out = _run(shape, ground, size, reach)
            u, v = patch.length_mm / 2, patch.width_mm / 2
        else:
            outline = _outline(shape, size, form)
            u, v = (reach * r for r in outline.reach_mm)
            patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size, most=SOFT_CELLS)
            out, _ = outline.out(patch, reach)
        cloud = noise(shape, (u, v), size / 2.2, octaves=5, gain=0.6).on(patch)
        ragged = np.float32(0.24 if form == "soaked" else 0.16) * np.tanh(cloud) * np.minimum(out, 1)
        q = same_area(np.minimum(out, 9) + ragged * (0.4 if form == "run" else 1.0), patch, size)
        border = np.clip((reach - out) / 0.12, 0, 1)
        body = (smoothstep((1 + soft / 2 - q) / soft) * border).astype(np.float32)
        if entry.cause == "oxide" and ground.is_metal:
            # Heat falls off outwards, and the film with it: wide bands of colour, straw the outermost.
            thickest = draws.between("film_nm", 24, 58)
            heat = np.clip(1.12 + 0.16 * cloud - 0.85 * q, 0, None)
            film = (thickest * np.minimum(heat, 1.15) ** 1.3 * np.clip((reach - out) / 0.4, 0, 1)).astype(np.float32)
            return imprint_of(patch, draws.recorded, tint=tint_of(oxide_absorbance(ground.material, film), contrast))
        if entry.cause == "burn":
            return _burn(patch, draws, q, cloud, body, contrast)
        density = _dried(shape, form, patch, q, cloud, body, soft)
        colours = {"brown": BROWN, "grey": GREY, "pale": PALE}
        tone = draws.choice("tone", brown=3, grey=3, pale=1.5)
        tint = tint_of(density[..., None] * colours[tone].astype(np.float32), contrast)
        return imprint_of(patch, draws.recorded, tint=tint, smoothness=1 + np.float32(0.4) * np.clip(density, 0, 1))


def _outline(generator: np.random.Generator, size: float, form: str) -> Outlines:
    long = generator.uniform(2, 4) if form == "wiped" else generator.uniform(1, 1.6)
    turned = 0.0 if form == "wiped" else generator.uniform(0, 180)
    return blob(generator, size, elongation=long, turned_deg=turned, rough=0.09)


def _run(generator: np.random.Generator, ground: Ground, size: float, reach: float) -> tuple[Patch, Layer]:
    """A drop that ran down: a wide head, a thinning trail, a bead where it stopped. How far out each cell lies."""
    t = np.linspace(0, 1, 72)
    sway = noise_along(generator, 1.0, 0.45, octaves=2)(t) * 0.05
    line = of_length(np.stack([t, sway], axis=1), size * generator.uniform(1.7, 2.6))
    head, bead = np.exp(-((t / 0.22) ** 2)), np.exp(-(((t - 0.96) / 0.07) ** 2))
    uneven = 1 + 0.12 * noise_along(generator, 1.0, 0.2, octaves=3)(t)
    half = size * (0.13 + 0.27 * head + 0.1 * bead) * uneven * np.minimum(1, (1.02 - t) / 0.05) ** 0.5
    far = reach * float(half.max())
    extent = np.ptp(line, axis=0) + 2 * far
    patch = grid_over(ground, extent[0], extent[1], narrowest_mm=size, most=SOFT_CELLS)
    near = beside(line, far, patch)
    out = blank(patch, np.inf)
    out.ravel()[near.cell] = np.abs(near.across_mm) / near.interpolated(half)
    out[out > reach] = np.inf
    return patch, out


def _burn(patch: Patch, draws: Draws, q: Layer, cloud: Layer, body: Layer, contrast: float) -> Imprint:
    core_size = draws.between("core_share", 0.3, 0.65)
    core = smoothstep((core_size + 0.16 * np.tanh(cloud) - q) / 0.5 + 0.5)
    reach = (float(-patch.u_mm[0]) * 1.02, float(-patch.v_mm[0]) * 1.02)
    fine = noise(draws.generator("soot"), reach, min(reach) / 7, octaves=5, gain=0.8).on(patch)
    soot = np.clip(1 + 0.22 * cloud + 0.3 * fine, 0.25, 1.9)
    halo = body * np.clip(1.15 - 0.9 * q, 0, 1) * (1 + 0.15 * np.tanh(cloud) + 0.12 * np.tanh(fine))
    absorbance = 0.5 * halo[..., None] * BROWN.astype(np.float32) + (1.6 * core * soot)[..., None] * CHAR.astype(
        np.float32
    )
    return imprint_of(
        patch, draws.recorded, tint=tint_of(absorbance * (body[..., None] > 0), contrast),
        smoothness=(1 + 0.3 * contrast * core * body).astype(np.float32),
        hides_finish=(0.5 * contrast * core * body).astype(np.float32),
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
        # A cloth lifts off little by little: the ends fade, the sides are as ragged as the streaks.
        u, v = np.abs(patch.u_mm[None, :]) / reach[0], np.abs(patch.v_mm[:, None]) / reach[1]
        left = smoothstep((0.92 - u + 0.16 * streaks) / 0.55) * smoothstep((0.9 - v + 0.2 * streaks) / 0.4)
        inner = smoothstep((1.25 - q) / 0.7)
        return np.asarray(inner * left * np.clip(0.35 + 0.55 * streaks + 0.2 * cloud, 0, 1.6), dtype=np.float32)
    return np.asarray(body * np.clip(0.75 + 0.35 * cloud - 0.2 * q, 0.08, 1.5), dtype=np.float32)
