"""Light that walls of a flaw throw onto each other: without it a pore in bright metal is pitch black.

A cavity whose ground sees the share A of the sky past its walls, with reflectance R, sends light on again and again:
what has entered it is reflected R·(1 − A) times the strength at each turn, which adds up to a geometric series, as in
Jimenez et al. 2016 (Practical real-time strategies for accurate indirect occlusion, § 5) without their fitted cubic:

    L = E/π · R · A · R(1 − A) / (1 − R(1 − A))

E/π is what a matt white surface would send back there in the open, worked out by the shader itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade

OPEN = np.float32(0.98)
STRIDE = 64
"""One sample in so many is asked how much light arrives: it changes slowly."""


def reflectance(materials: Materials) -> F32:
    """(M, L, C): share of light sent back, at normal incidence for metals."""
    below = (materials.eta + 1) ** 2 + materials.kappa**2
    mirrored = ((materials.eta - 1) ** 2 + materials.kappa**2) / np.maximum(below, 1e-9)
    metal = materials.is_metal[:, None, None]
    return np.asarray(np.where(metal, mirrored, materials.albedo), dtype=np.float32)


def bounced(
    prepared: Prepared,
    row: npt.NDArray[np.int64],
    appearance: Appearance,
    materials: Materials,
    open_share: F32,
) -> F32:
    """(L, S, C): the light to be added to each sub-sample."""
    lights, colours = prepared.emitters.colour.shape
    deep = np.flatnonzero(open_share < OPEN)
    out = np.zeros((lights, len(row), colours), dtype=np.float32)
    if not len(deep):
        return out
    level = _arriving(prepared, row[deep])
    tint = np.einsum("lcr,sr->lsc", prepared.emitters.tint_mix, appearance.tint[deep])
    back = np.moveaxis(reflectance(materials)[appearance.material[deep]], 0, 1) * tint
    back = np.clip(back, 0, 0.99)
    seen = open_share[deep][None, :, None]
    again = back * (1 - seen)
    out[:, deep] = level[:, None] * back * seen * again / (1 - again)
    return out


def _arriving(prepared: Prepared, row: npt.NDArray[np.int64]) -> F32:
    """(L, C): radiance of a matt white surface in the flaw's place, in the mean over the flaw."""
    some = np.unique(row)[::STRIDE]
    ground = prepared.gbuffer.taken(some)
    count = len(some)
    white = replace(
        prepared.appearance.taken(some),
        material=np.zeros(count, dtype=np.int16),
        normal=ground.normal,
        alpha=np.full((count, 2), 0.5, dtype=np.float32),
        tint=np.ones((count, 3), dtype=np.float32),
        occlusion=np.zeros(count, dtype=np.float32),
        film=np.zeros(count, dtype=np.float32),
    )
    visible = None if prepared.visible is None else prepared.visible[some]
    light = shade(ground, white, _white(prepared), prepared.emitters, visible)
    return np.asarray(light.mean(axis=1), dtype=np.float32)


def _white(prepared: Prepared) -> Materials:
    shape = (1, *prepared.emitters.colour.shape)
    return Materials(
        names=("white",),
        is_metal=np.zeros(1, dtype=np.bool_),
        eta=np.full(shape, 1.5, dtype=np.float32),
        kappa=np.zeros(shape, dtype=np.float32),
        albedo=np.ones(shape, dtype=np.float32),
        gloss=np.zeros(1, dtype=np.float32),
        coat_alpha=np.zeros(1, dtype=np.float32),
    )
