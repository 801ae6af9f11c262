"""The skin of a ground ferrite tile: what the finish of the package does not have yet.

Photographs of good tiles show, beside the relief of grinding marks, that the material itself is uneven: grains and
pores, bright and dark marks from end to end, clouds, slow changes of brightness. It is a factor on the light of a
whole tile, drawn from the pose's seed. `share` sizes follow from the local contrast of good photographs (background
half of the set): 2 % between neighbouring pixels, 2 % at 1 mm, 3–4 % at 2 mm; twice as rough across the marks.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
LAYERS = (
    ("grains", 0.7, 0.6, 0.026),
    ("grit", 2.2, 1.2, 0.017),
    ("pores", 4.5, 2.5, 0.013),
    ("marks", 60.0, 0.7, 0.022),
    ("bands", 120.0, 4.0, 0.024),
    ("broad bands", 200.0, 16.0, 0.035),
    ("clouds", 14.0, 9.0, 0.026),
    ("light", 60.0, 40.0, 0.12),
)
"""Name, sigma along the marks and across them in pixels of 0.1 mm, standard deviation of the log of the factor."""


def skin(height: int, width: int, seed: int, varied: bool = True) -> F32:
    """(height, width), mean about 1; the marks run from top to bottom."""
    generator = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    overall = float(np.exp(generator.normal(0, 0.25))) if varied else 1.0
    for name, along, across, share in LAYERS:
        layer = _field(generator, height, width, along, across)
        if "bands" in name or name == "marks":
            stronger = 1 + 0.6 * _field(generator, height, width, 70.0, 40.0)
            glints = 0.35 * np.maximum(layer - 0.8, 0) ** 2
            layer = (layer + glints) * np.clip(stronger, 0, 2.5)
        amount = share * overall * float(np.exp(generator.normal(0, 0.4)) if varied else 1.0)
        total += np.float32(amount) * layer
    total += _arc(generator, width, varied)
    return np.exp(np.clip(total, -1.8, 1.0)).astype(np.float32)


def _arc(generator: np.random.Generator, width: int, varied: bool) -> F32:
    """Tiles are segments of a ring: light falls off to the sides, and a bevel along each side is brighter or darker."""
    x = np.linspace(-1, 1, width, dtype=np.float32)
    amount = 1.0 if varied else 0.3
    fall = generator.normal(-0.15, 0.2) * np.abs(x) ** generator.uniform(2, 6) + generator.normal(0, 0.15) * x
    for side in (-1, 1):
        if generator.uniform() < 0.6:
            begin, soft = 1 - generator.uniform(0.04, 0.25), generator.uniform(0.005, 0.04)
            fall += generator.normal(0, 0.15) * (1 + np.tanh((side * x - begin) / (2 * soft)))
    return (amount * fall).astype(np.float32)


def _field(generator: np.random.Generator, height: int, width: int, along: float, across: float) -> F32:
    """Smooth noise of variance 1; large scales are drawn coarsely."""
    step_y, step_x = max(1, int(along / 3)), max(1, int(across / 3))
    rows, columns = height // step_y + 9, width // step_x + 9
    white = generator.standard_normal((rows, columns), dtype=np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), sigmaX=max(across / step_x, 0.4), sigmaY=max(along / step_y, 0.4))
    soft /= max(float(soft.std()), 1e-6)
    return np.asarray(cv2.resize(soft[4:-4, 4:-4], (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
