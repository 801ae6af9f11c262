"""The lens's distortion, forwards and back.

    x' = x·(1 + k1·r² + k2·r⁴ + k3·r⁶) + 2·p1·x·y + p2·(r² + 2·x²)
    y' = y·(1 + k1·r² + k2·r⁴ + k3·r⁶) + p1·(r² + 2·y²) + 2·p2·x·y

Source: Brown, Decentering distortion of lenses (Photogrammetric Engineering 32, 1966), numbered as in OpenCV. There is
no closed form for the way back: Newton's method on the two equations, with their analytic derivatives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.spec.station import Distortion

Floats = npt.NDArray[np.float64]
STEPS = 20
CLOSE = 1e-13
"""In units of the normalised image plane: a billionth of a pixel."""


def distort(xy: Floats, lens: Distortion) -> Floats:
    """(N, 2) points of an ideal image plane to where the lens puts them."""
    x, y = xy[:, 0], xy[:, 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
    return np.stack(
        [
            x * radial + 2 * lens.p1 * x * y + lens.p2 * (r2 + 2 * x * x),
            y * radial + lens.p1 * (r2 + 2 * y * y) + 2 * lens.p2 * x * y,
        ],
        axis=1,
    )


def slopes(xy: Floats, lens: Distortion) -> tuple[Floats, Floats, Floats]:
    """Derivatives ∂x'/∂x, ∂x'/∂y = ∂y'/∂x and ∂y'/∂y of `distort`."""
    x, y = xy[:, 0], xy[:, 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
    growth = lens.k1 + r2 * (2 * lens.k2 + 3 * lens.k3 * r2)
    return (
        radial + 2 * x * x * growth + 2 * lens.p1 * y + 6 * lens.p2 * x,
        2 * x * y * growth + 2 * lens.p1 * x + 2 * lens.p2 * y,
        radial + 2 * y * y * growth + 6 * lens.p1 * y + 2 * lens.p2 * x,
    )


def undistort(seen: Floats, lens: Distortion) -> Floats:
    """The way back: where an ideal lens would have put the points (N, 2)."""
    if lens.is_none:
        return np.array(seen, dtype=np.float64)
    xy = np.array(seen, dtype=np.float64)
    for _ in range(STEPS):
        off = distort(xy, lens) - seen
        a, b, d = slopes(xy, lens)
        determinant = a * d - b * b
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        xy[:, 0] -= (d * off[:, 0] - b * off[:, 1]) / determinant
        xy[:, 1] -= (a * off[:, 1] - b * off[:, 0]) / determinant
        if np.abs(off).max(initial=0.0) < CLOSE:
            break
    return xy


def bow(x: Floats, lens: Distortion) -> Floats:
    """For a line camera: the y of the ideal image plane that the lens puts on y' = 0, for each x there."""
    y = np.zeros_like(x)
    for _ in range(STEPS):
        xy = np.stack([x, y], axis=1)
        y = y - distort(xy, lens)[:, 1] / slopes(xy, lens)[2]
    return y


def folds(xy: Floats, lens: Distortion) -> bool:
    """Whether the lens would put two points of the scene on one pixel between the axis and the points (N, 2)."""
    steps = np.linspace(0.0, 1.0, 33)[:, None, None]
    a, b, d = slopes((xy * steps).reshape(-1, 2), lens)
    return bool((a * d - b * b <= 0).any() or (a <= 0).any())
