"""Structural similarity: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
structural similarity", IEEE Trans. Image Processing 13 (2004), equations 13–17 with their Gaussian window."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def similarity_map(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], full_scale: float
) -> npt.NDArray[np.float64]:
    """SSIM at every pixel of two grey images (height, width); `full_scale` is the range of values an image can have."""
    if one.shape != other.shape or one.ndim != 2:
        raise BadInput(where="similarity", expected="two grey images of one size", found=f"{one.shape}, {other.shape}")
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x = np.maximum(_blurred(x * x) - mean_x**2, 0)
    var_y = np.maximum(_blurred(y * y) - mean_y**2, 0)
    covariance = _blurred(x * y) - mean_x * mean_y
    c1, c2 = (K1 * full_scale) ** 2, (K2 * full_scale) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return np.asarray(likeness / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)))


def similarity(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], full_scale: float = 1.0) -> float:
    """Mean SSIM; 1 for the same image."""
    return float(similarity_map(one, other, full_scale).mean())


def _blurred(image: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(image, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT))
