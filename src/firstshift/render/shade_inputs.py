"""What every shading engine is given: samples with their surface's values, nothing of films and coats any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Materials
from firstshift.render.gbuffer import F32, GBuffer

LEAST_ALPHA = 0.004
"""Below it a highlight is a mirror image to every camera."""
FILM_ALPHA = 0.04
FILM_ETA = 1.47
"""Mineral oil."""
FILM_FOLLOWS = 0.35
"""A film levels out fine texture: its surface follows the finish's tilt by this much only."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    material: npt.NDArray[np.int16]
    position: F32
    view: F32
    normal: F32
    tangent: F32
    alpha: F32
    tint: F32
    open_share: F32
    """(N,): 1 − occlusion."""

    def __len__(self) -> int:
        return len(self.material)


def samples_of(gbuffer: GBuffer, appearance: Appearance, materials: Materials) -> Samples:
    """A coat smoother than the substance under it decides about the highlight."""
    coat = np.append(np.where(materials.is_metal, 0, materials.coat_alpha), 0).astype(np.float32)[appearance.material]
    alpha = np.maximum(appearance.alpha, LEAST_ALPHA)
    if coat.any():
        alpha = np.where(coat[:, None] > 0, np.minimum(alpha, coat[:, None]), alpha)
    return Samples(
        material=appearance.material,
        position=gbuffer.lit_mm,
        view=gbuffer.view,
        normal=appearance.normal,
        tangent=appearance.tangent,
        alpha=alpha,
        tint=appearance.tint,
        open_share=1 - appearance.occlusion,
    )


def film_on(samples: Samples, geometry: F32, which: npt.NDArray[np.int64], row: int) -> Samples:
    """The surface of the film over these samples; `row` is the film's in the materials table."""
    normal = geometry + FILM_FOLLOWS * (samples.normal[which] - geometry)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    tangent = samples.tangent[which]
    tangent = tangent - normal * (tangent * normal).sum(axis=1, keepdims=True)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    count = len(which)
    return Samples(
        material=np.full(count, row, np.int16),
        position=samples.position[which],
        view=samples.view[which],
        normal=normal.astype(np.float32),
        tangent=tangent.astype(np.float32),
        alpha=np.full((count, 2), FILM_ALPHA, np.float32),
        tint=np.ones((count, 3), np.float32),
        open_share=samples.open_share[which],
    )


def with_film(materials: Materials) -> Materials:
    """One more row: a clear layer over nothing."""

    def more(values: F32, value: float) -> F32:
        return np.concatenate([values, np.full((1, *values.shape[1:]), value, values.dtype)])

    return replace(
        materials,
        names=(*materials.names, "film"),
        is_metal=np.append(materials.is_metal, False),
        eta=more(materials.eta, FILM_ETA),
        kappa=more(materials.kappa, 0),
        albedo=more(materials.albedo, 0),
        gloss=more(materials.gloss, 1),
        coat_alpha=more(materials.coat_alpha, 0),
    )
