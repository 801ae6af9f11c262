"""What a picture of a surface tells of light and gloss, as a few numbers that do not depend on exposure.

- shading: the coarse picture over its mean; it is brighter towards a lamp and has a highlight where a glossy one has
- contrast: spread of the fine texture over the brightness
- direction: of the texture's gradients, doubled angle. Side light shows the slopes that look at it, so texture without
  a lay has its gradients along the light (Kube and Pentland 1988; Chantler 1995)
- skew: glossy surfaces glint, so their bright side is longer than their dark one
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.render.gbuffer import F32

Flags = npt.NDArray[np.bool_]
SHADING_PX = 16
"""The coarse picture is at most this wide and high: coarser than any texture."""
LEAST_CONTRAST = 1e-4
"""So even is nothing; of a piece too small to tell it is taken, so that it argues for no setting."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    shading: F32
    """(h, w): over its mean; NaN outside the part."""
    contrast: float
    direction: tuple[float, float]
    """cos 2θ and sin 2θ of the gradients' directions, times how much they agree (0…1). θ anticlockwise."""
    skew: float


def told_by(coarse: F32, coarse_mask: Flags, fine: F32, fine_mask: Flags, noise: float = 0.0) -> Told:
    """`coarse` shows all of the surface, `fine` a piece at the photograph's own scale; both linear light (H, W).
    `noise`: standard deviation of the sensor's noise in `fine`, which is no texture."""
    return Told(_shading(coarse, coarse_mask), *_texture(fine, fine_mask, noise))


def texture_direction(fine: F32, mask: Flags) -> tuple[float, float]:
    """The way along which texture runs, in degrees anticlockwise (0…180), and how much it agrees (0…1)."""
    _, (cos, sin), _ = _texture(fine, mask, 0.0)
    return (float(np.degrees(np.arctan2(sin, cos)) / 2 + 90) % 180, float(np.hypot(cos, sin)))


def _shading(coarse: F32, mask: Flags) -> F32:
    height, width = coarse.shape
    shrink = min(1.0, SHADING_PX / max(height, width))
    size = (max(2, round(width * shrink)), max(2, round(height * shrink)))
    # What glints or is dirty counts no more than any other pixel.
    limit = np.percentile(coarse[mask], [2, 98]) if mask.any() else (0.0, 1.0)
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    light = np.where(mask, np.clip(coarse, *limit), 0).astype(np.float32)
    cells = cv2.resize(light, size, interpolation=cv2.INTER_AREA) / np.maximum(share, 1e-6)
    inside = share > 0.6
    if not inside.any():
        return np.full(cells.shape, np.nan, np.float32)
    cells = cells / max(float(cells[inside].mean()), 1e-9)
    return np.where(inside, cells, np.nan).astype(np.float32)


def _texture(fine: F32, mask: Flags, noise: float) -> tuple[float, tuple[float, float], float]:
    # Rows of equal size however large the picture's slow part is: the texture is what a blur of 6 pixels takes away.
    share = np.maximum(_blurred(mask.astype(np.float32), 6.0), 0.2)
    slow = _blurred(np.where(mask, fine, 0).astype(np.float32), 6.0) / share
    texture = np.where(mask, fine / np.maximum(slow, 1e-6) - 1, 0).astype(np.float32)
    inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    if inside.sum() < 64:
        return LEAST_CONTRAST, (0.0, 0.0), 0.0
    texture = np.clip(texture, *np.percentile(texture[inside], [0.5, 99.5])).astype(np.float32)
    values = texture[inside].astype(np.float64)
    level = max(float(slow[inside].mean()), 1e-6)
    # Two thirds of the noise's variance survive neither the blur nor the skew; all of it counts as spread.
    contrast = max(float(np.sqrt(max(values.var() - (noise / level) ** 2, 0.0))), LEAST_CONTRAST)
    smooth = _blurred(texture, 1.0)
    across, up = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), -cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    gx, gy = across[inside].astype(np.float64), up[inside].astype(np.float64)
    energy = max(float((gx * gx + gy * gy).sum()), 1e-12)
    cos, sin = float((gx * gx - gy * gy).sum()) / energy, float((2 * gx * gy).sum()) / energy
    low, middle, high = np.percentile(values, [3, 50, 97])
    skew = float((high + low - 2 * middle) / max(high - low, 1e-9))
    return contrast, (cos, sin), skew


def _blurred(plane: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))
