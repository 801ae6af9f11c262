"""Smooth surfaces under noise and dust: block means, a robust polynomial fit, and what a high-pass filter leaves."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
HUBER = 1.5


def block_means(plane: npt.NDArray[np.generic], size: int) -> F64:
    """Means of whole blocks of size × size; what is left over at the right and below is left out."""
    rows, columns = plane.shape[0] // size, plane.shape[1] // size
    cut = np.asarray(plane[: rows * size, : columns * size], dtype=np.float64)
    return np.asarray(cut.reshape(rows, size, columns, size).mean(axis=(1, 3)))


def grid_means(plane: npt.NDArray[np.generic], rows: int, columns: int) -> tuple[F64, F64, F64]:
    """Means over a grid of cells that covers the whole plane; with the cells' middles as shares of height and width."""
    edges_y = np.linspace(0, plane.shape[0], rows + 1).round().astype(int)
    edges_x = np.linspace(0, plane.shape[1], columns + 1).round().astype(int)
    sums = np.add.reduceat(np.asarray(plane, dtype=np.float64), edges_y[:-1], axis=0)
    sums = np.add.reduceat(sums, edges_x[:-1], axis=1)
    means = sums / (np.diff(edges_y)[:, None] * np.diff(edges_x)[None, :])
    middle_y = (edges_y[:-1] + edges_y[1:]) / 2 / plane.shape[0]
    middle_x = (edges_x[:-1] + edges_x[1:]) / 2 / plane.shape[1]
    return means, middle_y, middle_x


def _terms(y: F64, x: F64, order: int) -> F64:
    """Legendre products up to a total degree, at every (y, x) of the grid; y and x run from 0 to 1."""
    low_y = np.polynomial.legendre.legvander(2 * y - 1, order)
    low_x = np.polynomial.legendre.legvander(2 * x - 1, order)
    pairs = [(i, j) for i, j in product(range(order + 1), repeat=2) if i + j <= order]
    columns = [np.outer(low_y[:, i], low_x[:, j]).ravel() for i, j in pairs]
    return np.stack(columns, axis=1)


def surface_coefficients(values: F64, y: F64, x: F64, order: int) -> tuple[F64, float]:
    """Huber's robust fit (Huber 1964), so that dust and edges do not pull; with the robust spread left over."""
    terms, flat = _terms(y, x, order), values.ravel()
    weights = np.ones_like(flat)
    coefficients: F64 = np.zeros(terms.shape[1])
    spread = 0.0
    for _ in range(12):
        root = np.sqrt(weights)
        coefficients = np.asarray(np.linalg.lstsq(terms * root[:, None], flat * root, rcond=None)[0])
        residual = np.abs(flat - terms @ coefficients)
        spread = float(1.4826 * np.median(residual)) + 1e-12 * (1 + float(np.abs(flat).max()))
        weights = np.minimum(1.0, HUBER * spread / np.maximum(residual, 1e-300))
    return coefficients, spread


def surface_at(coefficients: F64, y: F64, x: F64, order: int) -> F64:
    return np.asarray((_terms(y, x, order) @ coefficients).reshape(len(y), len(x)))


def fitted_surface(values: F64, order: int) -> F64:
    """The robust surface through a grid of values, at the same places."""
    order = min(order, min(values.shape) - 1)
    y = (np.arange(values.shape[0]) + 0.5) / values.shape[0]
    x = (np.arange(values.shape[1]) + 0.5) / values.shape[1]
    return surface_at(surface_coefficients(values, y, x, order)[0], y, x, order)


_NOISE_ONLY = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6


def noise_residual(plane: F32) -> F32:
    """Second differences both ways (Immerkær 1996): white noise keeps its variance, flats and slopes vanish."""
    return np.asarray(cv2.filter2D(plane, -1, _NOISE_ONLY)[1:-1, 1:-1])


def high_pass_noise(plane: npt.NDArray[np.generic]) -> float:
    """Standard deviation of white noise, as far as it is not drowned in texture."""
    residual = noise_residual(np.asarray(plane, dtype=np.float32))
    return float(1.4826 * np.median(np.abs(residual)))


def without_low_pass(plane: F32, size: int) -> F32:
    """The plane minus its running mean, scaled so that white noise keeps its variance."""
    kept = 1 - 1 / (size * size)
    return np.asarray((plane - cv2.blur(plane, (size, size))) / np.float32(np.sqrt(kept)))
