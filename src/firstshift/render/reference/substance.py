"""A row of our materials table as a Mitsuba BSDF: the same refractive indices, the same GGX roughness.

Metals are `roughconductor`. What is no metal is `roughplastic` (a diffuse base under a clear rough layer) with the
weight `gloss`, and plain Lambert for the rest, which is what our shader means by that weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firstshift.render.appearance import Materials

LEAST_ALPHA = 1e-3


def substance(materials: Materials, row: int, light: int, alpha: tuple[float, float]) -> dict[str, Any]:
    """Under one light; `alpha` along the lay and across it."""
    along, across = max(alpha[0], LEAST_ALPHA), max(alpha[1], LEAST_ALPHA)
    if materials.is_metal[row]:
        return {
            "type": "roughconductor",
            "distribution": "ggx",
            "alpha_u": along,
            "alpha_v": across,
            "eta": _colour(materials.eta[row, light]),
            "k": _colour(materials.kappa[row, light]),
        }
    albedo = _colour(materials.albedo[row, light])
    gloss, coat = float(materials.gloss[row]), float(materials.coat_alpha[row])
    layered = {
        "type": "roughplastic",
        "distribution": "ggx",
        # It knows one roughness only; the mean slope variance is what both directions have together.
        "alpha": coat if coat > 0 else float(np.sqrt((along**2 + across**2) / 2)),
        "int_ior": float(materials.eta[row, light, 0]),
        "ext_ior": 1.0,
        "diffuse_reflectance": albedo,
    }
    return {
        "type": "blendbsdf",
        "weight": gloss,
        "first": {"type": "diffuse", "reflectance": albedo},
        "second": layered,
    }


def _colour(values: Any) -> dict[str, Any]:
    return {"type": "rgb", "value": np.broadcast_to(values, 3).astype(float).tolist()}
