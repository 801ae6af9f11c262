"""Point spread from edges in ordinary pictures (after ISO 12233: a slanted edge shows the spread between the pixels).

A straight or gently bent edge is fitted as a whole, by least squares over all pixels around it:

    value = dark + step·E(u) + slope     u: distance from the edge, corrected for its bend
    E = (1 − t)·B₁(u; σ) + t·B₁(u; 4σ)   B₁: a normal distribution function averaged over the pixel's own width

so that σ is what lens and sensor add to the pixel's area, as `SensorProfile.psf_sigma_px` means it, and every edge
comes with its own error. Edges of real things are rounded or out of focus; the sharpest agree on the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.sensor.blur import TAIL_WIDTH, box_edge
from firstshift.sensor.smooth import high_pass_noise

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
REACH = 14
CELL = 36
EDGES_IN_A_FRAME = 24
ENOUGH_EDGES = 5
CONTRAST_TO_NOISE = 10.0
STRAIGHT = 0.93
"""Coherence of the gradients' directions around an edge (1: all alike)."""
OFF_AXIS_DEG = 2.0
MODEL_ERROR = 0.02
"""However many edges: a real spread is no sum of two Gaussians, nor a pixel's area a strip."""
MISFIT = 1.6
"""Residual over what the noise explains; more, and the thing is no edge."""
STRAY, RINGING = 0.008, 0.03
"""And by how much of its contrast, in raw and in compressed pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One fitted edge."""

    x: float
    y: float
    angle_deg: float
    sigma_px: float
    tail: float
    covariance: F64
    """Of sigma and tail."""
    contrast: float
    profile: F64
    """Distances from the edge and normalised values, for the report: (2, n)."""

    @property
    def error_px(self) -> float:
        return float(np.sqrt(self.covariance[0, 0]))


@dataclass(frozen=True, slots=True)
class Spread:
    """What the edges say together."""

    sigma_px: float
    low: float
    high: float
    tail: float
    edges: int
    agree: bool


def find_edges(plane: F32, native: npt.NDArray[np.bool_] | None = None, compressed: bool = False) -> list[Edge]:
    """`plane` is linear in light. `native`: pixels that were measured, where others were interpolated. `compressed`: a
    JPEG rings beside its edges."""
    noise, ringing = max(high_pass_noise(plane), 0.3), RINGING if compressed else STRAY
    found: list[Edge] = []
    for column, row in _candidates(plane, noise):
        part = np.s_[row - REACH : row + REACH + 1, column - REACH : column + REACH + 1]
        edge = _fitted(plane[part], None if native is None else native[part], (noise, ringing), column, row)
        if edge is not None:
            found.append(edge)
            if len(found) == EDGES_IN_A_FRAME:
                break
    return found


def _candidates(plane: F32, noise: float) -> list[tuple[int, int]]:
    """The steepest place of every cell, the steepest first."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.2)
    steep = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8
    found = []
    for top in range(REACH, plane.shape[0] - REACH - CELL + 1, CELL):
        for left in range(REACH, plane.shape[1] - REACH - CELL + 1, CELL):
            cell = steep[top : top + CELL, left : left + CELL]
            place = int(np.argmax(cell))
            found.append((float(cell.flat[place]), left + place % CELL, top + place // CELL))
    found = [entry for entry in found if entry[0] > noise * CONTRAST_TO_NOISE / 12]
    found.sort(key=lambda entry: (-entry[0], entry[2], entry[1]))
    return [(x, y) for _, x, y in found[: 2 * EDGES_IN_A_FRAME]]


def _fitted(
    part: F32, native: npt.NDArray[np.bool_] | None, floor: tuple[float, float], column: int, row: int
) -> Edge | None:
    noise, ringing = floor
    angle = _direction(part)
    if angle is None:
        return None
    y, x = np.meshgrid(np.arange(-REACH, REACH + 1.0), np.arange(-REACH, REACH + 1.0), indexing="ij")
    inside = x * x + y * y <= REACH * REACH
    if native is not None:
        inside &= native
    x, y, values = x[inside], y[inside], part[inside].astype(np.float64)
    along = x * np.cos(angle) + y * np.sin(angle)
    low, high = float(np.median(values[along < -3])), float(np.median(values[along > 3]))
    if high - low < CONTRAST_TO_NOISE * noise:
        return None
    start = np.array([low, high - low, angle, 0.0, 0.0, 0.8, 0.02, 0.0, 0.0])
    fit = _least_squares(x, y, values, start)
    if fit is None:
        return None
    best, covariance, left_over = fit
    contrast, sigma, tail = float(best[1]), float(best[5]), float(best[6])
    plausible = 0.12 < sigma < 6 and contrast > CONTRAST_TO_NOISE * noise and abs(best[3]) < 3 and abs(best[4]) < 0.03
    if not plausible or left_over > MISFIT * noise + ringing * contrast:
        return None
    degrees = float(np.degrees(best[2])) % 90
    if min(degrees, 90 - degrees) < OFF_AXIS_DEG:
        return None
    u = _distance(x, y, best)
    profile = np.stack([u, (values - best[0] - best[7] * x - best[8] * y) / contrast])
    return Edge(column, row, float(np.degrees(best[2])), sigma, tail, covariance[5:7, 5:7], contrast, profile)


def _direction(part: F32) -> float | None:
    """Of the step, from dark to bright, in radians; None when the gradients do not agree (structure tensor)."""
    smooth = cv2.GaussianBlur(part, (0, 0), 1.2)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = float((across * across).sum()), float((down * down).sum()), float((across * down).sum())
    coherence = np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-12)
    if coherence < STRAIGHT:
        return None
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    if float(across.sum()) * np.cos(angle) + float(down.sum()) * np.sin(angle) < 0:
        angle += np.pi
    return float(angle)


def _distance(x: F64, y: F64, at: F64) -> F64:
    along = x * np.cos(at[2]) + y * np.sin(at[2])
    beside = -x * np.sin(at[2]) + y * np.cos(at[2])
    return np.asarray(along - at[3] - at[4] * beside * beside)


def _model(x: F64, y: F64, at: F64) -> F64:
    """at: dark, step, angle, offset, bend, sigma, tail, slope x, slope y."""
    u, sigma = _distance(x, y, at), max(abs(float(at[5])), 0.05)
    step = (1 - at[6]) * box_edge(u, sigma) + at[6] * box_edge(u, TAIL_WIDTH * sigma)
    return np.asarray(at[0] + at[1] * step + at[7] * x + at[8] * y)


def _least_squares(x: F64, y: F64, values: F64, start: F64) -> tuple[F64, F64, float] | None:
    """Levenberg and Marquardt; the covariance from the residuals themselves."""
    from scipy.optimize import least_squares

    scale = max(float(start[1]), 1e-6)
    low = [-np.inf, 0, start[2] - 0.3, -4, -0.05, 0.1, -0.2, -scale, -scale]
    high = [np.inf, np.inf, start[2] + 0.3, 4, 0.05, 7, 0.8, scale, scale]
    steps = [scale, scale, 0.02, 0.2, 0.002, 0.2, 0.1, scale / 50, scale / 50]
    done = least_squares(
        lambda at: _model(x, y, at) - values,
        start,
        bounds=(low, high),
        x_scale=steps,
        max_nfev=25,
        xtol=1e-5,
        ftol=1e-6,
    )
    if done.status < 0:
        return None
    freedom = max(1, values.size - start.size)
    variance = 2 * float(done.cost) / freedom
    covariance = np.linalg.pinv(done.jac.T @ done.jac) * variance
    return np.asarray(done.x), np.asarray(covariance), float(np.sqrt(variance))


def agreed_spread(edges: Sequence[Edge]) -> Spread | None:
    """Edges that agree are averaged by their errors (sigma and tail together). When they do not, the sharpest fifth
    counts: an edge is blurred by its own roundness and by defocus, never sharpened."""
    if len(edges) < ENOUGH_EDGES:
        return None
    sigmas = np.array([edge.sigma_px for edge in edges])
    errors = np.array([edge.error_px for edge in edges])
    middle = float(np.median(sigmas))
    kept = [e for e in edges if abs(e.sigma_px - middle) < 4 * e.error_px + 0.06 * middle]
    if len(kept) >= max(ENOUGH_EDGES, 0.7 * len(edges)):
        return _averaged(kept, len(edges))
    order = np.argsort(sigmas)
    sharp = float(sigmas[order[max(2, len(order) // 5) - 1]])
    near = [e for e in edges if e.sigma_px < sharp + 2 * e.error_px + 0.03 * sharp]
    tail = float(np.median([e.tail for e in near]))
    low, high = float(np.quantile(sigmas - errors, 0.05)), float(np.quantile(sigmas, 0.5))
    return Spread(sharp, min(low, sharp), max(high, sharp), max(tail, 0.0), len(edges), False)


def _averaged(kept: Sequence[Edge], count: int) -> Spread:
    information, weighted = np.zeros((2, 2)), np.zeros(2)
    for edge in kept:
        # No edge counts as better known than to 1 %: light and shape of the edge are never quite as modelled.
        own = np.linalg.inv(edge.covariance + np.diag([(0.01 * edge.sigma_px) ** 2, 0.005**2]))
        information += own
        weighted += own @ np.array([edge.sigma_px, edge.tail])
    covariance = np.linalg.inv(information)
    sigma, tail = covariance @ weighted
    among = np.std([edge.sigma_px for edge in kept], ddof=1) / np.sqrt(len(kept))
    half = float(np.hypot(1.96 * max(float(np.sqrt(covariance[0, 0])), float(among)), MODEL_ERROR * sigma))
    return Spread(float(sigma), float(sigma) - half, float(sigma) + half, min(max(float(tail), 0.0), 0.9), count, True)
