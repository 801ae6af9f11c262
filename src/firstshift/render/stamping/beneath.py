"""Light that comes to a body from the part it lies on: without it swarf is black wherever no lamp is mirrored.

The part is taken for an even ground as bright as what the camera saw in the body's place. A metal mirrors it where its
mirrored ray goes down, softly over its roughness; what is matt gets the share of its half space that the ground fills,
(1 − cos θ) / 2 (the form factor of a plane, Lambert 1760).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.bounce import normal_incidence

SOFTEST_MIRROR = np.float32(0.15)


def light_from_beneath(
    prepared: Prepared, before: npt.NDArray[np.int64], up: F32, view: F32, look: Appearance, materials: Materials
) -> F32:
    """(L, K, C) for K points of the body with this look; `before` are samples that were seen in its place, `up` is the
    part's normal there."""
    lights, _, colours = prepared.radiance.shape
    part = before[prepared.gbuffer.surface[before] >= 0]
    if not len(part):
        return np.zeros((lights, len(look), colours), np.float32)
    ground = prepared.radiance[:, part].mean(axis=1)
    mirrored = 2 * (look.normal * view).sum(axis=1, keepdims=True) * look.normal - view
    soft = SOFTEST_MIRROR + look.alpha.max(axis=1)
    down = np.clip(0.5 - (mirrored @ up) / (2 * soft), 0, 1)[:, None, None]
    share = ((1 - look.normal @ up) / 2)[:, None, None]
    metal = materials.is_metal[look.material][:, None, None]
    sent = np.where(metal, normal_incidence(materials)[look.material] * down, materials.albedo[look.material] * share)
    return np.asarray(np.moveaxis(sent, 0, 1) * ground[:, None], dtype=np.float32)
