"""The last step of every type: layers become an imprint, and the mask follows from what they change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Ground, Imprint, Layer, Patch, Solid, Stuff

LEAST_SHARE = 0.01
"""A change below this share of the flaw's largest height is called nothing."""
LEAST_TINT, LEAST_OF_TINT = 0.01, 0.2
"""So is a colour that differs by less than this, or by less than this share of the flaw's strongest place: nobody would
draw the border of a stain further out."""
LEAST_MM = 2e-6
LEAST_TORN = 0.002
"""Variance of slopes that widens no highlight of a technical surface so far that it shows: 2.5°."""


def imprint_of(
    patch: Patch,
    parameters: dict[str, Any],
    *,
    height_mm: Layer | None = None,
    tint: Layer | None = None,
    smoothness: Layer | None = None,
    torn: Layer | None = None,
    occlusion: Layer | None = None,
    stuff: Stuff | None = None,
    cover: Layer | None = None,
    film: Layer | None = None,
    hides_finish: Layer | None = None,
    solids: tuple[Solid, ...] = (),
    footprint: npt.NDArray[np.bool_] | None = None,
) -> Imprint:
    """`footprint`: what the solids cover, seen from above."""
    mask = np.zeros(patch.shape, dtype=bool) if footprint is None else footprint.copy()
    if height_mm is not None:
        most = max(float(height_mm.max()), -float(height_mm.min()))
        np.logical_or(mask, np.abs(height_mm) > max(LEAST_MM, LEAST_SHARE * most), out=mask)
    if tint is not None:
        least = max(LEAST_TINT, LEAST_OF_TINT * max(float(tint.max()) - 1, 1 - float(tint.min())))
        for channel in range(3):
            np.logical_or(mask, np.abs(tint[..., channel] - 1) > least, out=mask)
    if smoothness is not None:
        np.logical_or(mask, np.abs(smoothness - 1) > 0.03, out=mask)
    if torn is not None:
        np.logical_or(mask, torn > LEAST_TORN, out=mask)
    for layer in (occlusion, cover, film, hides_finish):
        if layer is not None:
            np.logical_or(mask, layer > 0.03, out=mask)
    return Imprint(
        patch=patch, mask=mask, height_mm=height_mm, tint=tint, smoothness=smoothness, torn=torn,
        occlusion=occlusion, stuff=stuff, cover=cover, film=film, hides_finish=hides_finish, solids=solids,
        parameters=parameters,
    )  # fmt: skip


def flattened(depth_mm: float, ground: Ground) -> float:
    """0…1: how much of the surface's own finish is gone where something pressed or ploughed that deep: what goes no
    deeper than the peaks leaves the valleys. 0.86 at Rz ≈ 6 Ra (ISO 21920-2 has no fixed ratio; 4 to 7 are usual)."""
    return 1 - math.exp(-1000 * depth_mm / (3 * max(ground.ra_um, 0.01)))


def blank(patch: Patch, value: float = 0.0) -> Layer:
    return np.zeros(patch.shape, np.float32) if value == 0 else np.full(patch.shape, value, np.float32)


def smoothstep(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
