"""Kernels of the cast: rays of all pixels, where they met the surface, outlines, and the samples that outlines get.

Embree says *which* triangle a ray meets, in single precision; *where* is worked out here in double precision in the
object's own coordinates, so that a finish texture of micrometres is not drowned in rounding. How the point moves when
its pixel moves follows from the ray's derivatives on the tangent plane (Igehy, Tracing ray differentials, SIGGRAPH
1999, eq. 10–12).

Kernels take plain arrays; `Lens` numbers are packed by `lens_numbers`. The readable twin of all this is `View.rays`
with `Scene.hits`, which the tests compare.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.view import View

Floats = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int32]

SUBSAMPLES = np.array([[i / 9, ((2 * i + 4) % 9 - 4) / 9] for i in range(-4, 5)])
"""Places in a pixel on an outline: a lattice on which no two share a row or a column, so that an upright edge gets nine
levels as well. Its middle one is the pixel's own ray. Niederreiter, Random number generation (1992), ch. 5."""
CENTRE = 4
SMOOTH_COS = float(np.cos(np.radians(9.0)))
"""Neighbours whose normals differ by more have an edge, or a small fillet, between them."""
SAME_COS = float(np.cos(np.radians(4.0)))
"""Samples of one pixel on one face with normals this close become one."""
GRAZING = 0.02
"""Least cosine that counts for the size of a footprint: at a grazing view it would be endless."""

PERSPECTIVE, REACH, UNIT_X, UNIT_Y, MID_X, MID_Y, STEP_X, STEP_Y, LEFT, TOP, LINE, K1, K2, P1, P2, K3, NUMBERS = range(
    17
)


def lens_numbers(view: View) -> Floats:
    lens, numbers = view.distortion, np.zeros(NUMBERS)
    numbers[PERSPECTIVE] = float(view.is_perspective)
    numbers[REACH] = 0.0 if view.is_perspective else view.reach_mm
    numbers[UNIT_X], numbers[UNIT_Y] = view.unit_px
    numbers[MID_X], numbers[MID_Y] = view.optics.sensor_px[0] / 2, view.optics.image_px[1] / 2
    numbers[STEP_X], numbers[STEP_Y] = view.step_px
    numbers[LEFT], numbers[TOP] = view.window.x, view.window.y
    numbers[LINE] = view.optics.mm_per_line or 0.0
    numbers[[K1, K2, P1, P2, K3]] = lens.k1, lens.k2, lens.p1, lens.p2, lens.k3
    return numbers


@njit(cache=True, nogil=True)
def _slopes(x: float, y: float, n: Any) -> tuple[float, float, float]:
    r2 = x * x + y * y
    radial = 1 + r2 * (n[K1] + r2 * (n[K2] + r2 * n[K3]))
    growth = n[K1] + r2 * (2 * n[K2] + 3 * n[K3] * r2)
    a = radial + 2 * x * x * growth + 2 * n[P1] * y + 6 * n[P2] * x
    b = 2 * x * y * growth + 2 * n[P1] * x + 2 * n[P2] * y
    d = radial + 2 * y * y * growth + 6 * n[P1] * y + 2 * n[P2] * x
    return a, b, d


@njit(cache=True, nogil=True)
def _undistorted(seen_x: float, seen_y: float, x: float, y: float, n: Any) -> tuple[float, float]:
    """Newton's method from (x, y)."""
    for _ in range(20):
        r2 = x * x + y * y
        radial = 1 + r2 * (n[K1] + r2 * (n[K2] + r2 * n[K3]))
        off_x = x * radial + 2 * n[P1] * x * y + n[P2] * (r2 + 2 * x * x) - seen_x
        off_y = y * radial + n[P1] * (r2 + 2 * y * y) + 2 * n[P2] * x * y - seen_y
        if abs(off_x) + abs(off_y) < 1e-11:
            break
        a, b, d = _slopes(x, y, n)
        determinant = a * d - b * b
        x -= (d * off_x - b * off_y) / determinant
        y -= (a * off_y - b * off_x) / determinant
    return x, y


@njit(cache=True, nogil=True)
def ideal_points(xy: Floats, n: Floats) -> Floats:
    """Image points on the ideal image plane; each starts where the one before it ended."""
    ideal = np.empty_like(xy)
    bent = n[K1] != 0 or n[K2] != 0 or n[P1] != 0 or n[P2] != 0 or n[K3] != 0
    last_x, last_y, last_row = 0.0, 0.0, np.nan
    for i in range(len(xy)):
        x = (xy[i, 0] * n[STEP_X] + n[LEFT] - n[MID_X]) / n[UNIT_X]
        y = 0.0 if n[LINE] > 0 else (xy[i, 1] * n[STEP_Y] + n[TOP] - n[MID_Y]) / n[UNIT_Y]
        if bent:
            near = xy[i, 1] == last_row
            last_row = xy[i, 1]
            last_x, last_y = _undistorted(x, y, last_x if near else x, last_y if near else y, n)
            ideal[i, 0], ideal[i, 1] = last_x, last_y
        else:
            ideal[i, 0], ideal[i, 1] = x, y
    return ideal


@njit(cache=True, nogil=True)
def _ray(x: float, y: float, row: float, n: Any, axes: Any, eye: Any, k: int) -> tuple[float, float]:
    """Component k of origin and direction; the direction's part along the axis is 1, so that distances are depths."""
    aside = x * axes[0, k] + y * axes[1, k]
    origin = eye[k]
    if k == 1 and n[LINE] > 0:
        origin -= (row * n[STEP_Y] + n[TOP] - n[MID_Y]) * n[LINE]
    if n[PERSPECTIVE] > 0:
        return origin, aside + axes[2, k]
    return origin + n[REACH] * aside, axes[2, k]


@njit(cache=True, nogil=True)
def rays_from(xy: Floats, ideal: Floats, n: Floats, axes: Floats, eye: Floats, start: float) -> tuple[F32, F32]:
    """Rays for Embree, in single precision; they begin `start` mm down the axis, close to the scene."""
    origins = np.empty((len(ideal), 3), np.float32)
    directions = np.empty((len(ideal), 3), np.float32)
    for i in range(len(ideal)):
        for k in range(3):
            origin, direction = _ray(ideal[i, 0], ideal[i, 1], xy[i, 1], n, axes, eye, k)
            origins[i, k] = origin + start * direction
            directions[i, k] = direction
    return origins, directions


@njit(cache=True, nogil=True)
def _shading_normal(corners: Any, normals: Any, t: int, point: Any, out: Any) -> None:
    """Interpolated between the corners at a point of triangle t, in the object's coordinates; not unit length."""
    d00 = d01 = d11 = d20 = d21 = 0.0
    for k in range(3):
        e0, e1 = corners[t, 1, k] - corners[t, 0, k], corners[t, 2, k] - corners[t, 0, k]
        p = point[k] - corners[t, 0, k]
        d00 += e0 * e0
        d01 += e0 * e1
        d11 += e1 * e1
        d20 += p * e0
        d21 += p * e1
    area = d00 * d11 - d01 * d01
    v = w = 1.0 / 3
    if area > 0:
        v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
        # Single precision chose the triangle: the point may lie a hair outside.
        v, w = min(max(v, 0.0), 1.0), min(max(w, 0.0), 1.0)
        if v + w > 1:
            v, w = v / (v + w), w / (v + w)
    for k in range(3):
        out[k] = (1 - v - w) * normals[t, 0, k] + v * normals[t, 1, k] + w * normals[t, 2, k]


@njit(cache=True, nogil=True)
def _unit(vector: Any) -> float:
    length = np.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2])
    if length > 0:
        for k in range(3):
            vector[k] /= length
    return length


@njit(cache=True, nogil=True)
def met(
    xy: Floats, ideal: Floats, hit: Whole, n: Floats, axes: Floats, eye: Floats, nothing_at: float,
    corners: Floats, normals: F32, facets: Floats, object_of: Any, turns: Floats, shifts: Floats,
) -> tuple[F32, F32, F32, F32, F32, F32, F32, F32]:  # fmt: skip
    """For each ray: position, local position, shading normal, facet, view, across, down, distance.

    Rays that met nothing (hit −1) get the point `nothing_at` mm down the axis.
    """
    count = len(hit)
    position, local = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    normal, facet = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    view, distance = np.empty((count, 3), np.float32), np.empty(count, np.float32)
    across, down = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    o, d, f, s = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    g, here, lo, ld = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    by = np.empty(2)
    do, dd = np.empty((2, 3)), np.empty((2, 3))
    for i in range(count):
        x, y, row, t = ideal[i, 0], ideal[i, 1], xy[i, 1], hit[i]
        a, b, e = _slopes(x, y, n)
        determinant = a * e - b * b
        # ∂(x, y)/∂column and ∂(x, y)/∂row on the ideal image plane.
        if n[LINE] > 0:
            x_c = n[STEP_X] / n[UNIT_X] / (a - b * b / e)
            y_c, x_r, y_r = -b / e * x_c, 0.0, 0.0
        else:
            per_c, per_r = n[STEP_X] / n[UNIT_X] / determinant, n[STEP_Y] / n[UNIT_Y] / determinant
            x_c, y_c, x_r, y_r = e * per_c, -b * per_c, -b * per_r, a * per_r
        for k in range(3):
            o[k], d[k] = _ray(x, y, row, n, axes, eye, k)
            by_c, by_r = x_c * axes[0, k] + y_c * axes[1, k], x_r * axes[0, k] + y_r * axes[1, k]
            if n[PERSPECTIVE] > 0:
                do[0, k], do[1, k], dd[0, k], dd[1, k] = 0.0, 0.0, by_c, by_r
            else:
                do[0, k], do[1, k], dd[0, k], dd[1, k] = n[REACH] * by_c, n[REACH] * by_r, 0.0, 0.0
            if k == 1 and n[LINE] > 0:
                do[1, k] -= n[STEP_Y] * n[LINE]
        length = np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        depth = nothing_at
        if t >= 0:
            # In the object's coordinates: its numbers are exact, the station's are turned.
            j = object_of[t]
            for k in range(3):
                lo[k] = ld[k] = 0.0
                for m in range(3):
                    lo[k] += (o[m] - shifts[j, m]) * turns[j, m, k]
                    ld[k] += d[m] * turns[j, m, k]
            above = slope = 0.0
            for k in range(3):
                above += facets[t, k] * (corners[t, 0, k] - lo[k])
                slope += facets[t, k] * ld[k]
            depth = above / slope if slope != 0 else nothing_at
            for k in range(3):
                here[k] = lo[k] + depth * ld[k]
                local[i, k] = here[k]
            _shading_normal(corners, normals, t, here, lo)
            for k in range(3):
                f[k] = s[k] = 0.0
                for m in range(3):
                    f[k] += turns[j, k, m] * facets[t, m]
                    s[k] += turns[j, k, m] * lo[m]
            if _unit(s) == 0:
                s[:] = f
        else:
            for k in range(3):
                f[k] = s[k] = -d[k] / length
        facing = -(f[0] * d[0] + f[1] * d[1] + f[2] * d[2]) / length
        if facing < 0:
            for k in range(3):
                f[k], s[k] = -f[k], -s[k]
        bent = -(s[0] * d[0] + s[1] * d[1] + s[2] * d[2]) / length
        if bent < 0.01:
            # Interpolated normals lean away from the camera near an outline; nothing seen faces away.
            for k in range(3):
                s[k] -= (0.01 - bent) * d[k] / length
            _unit(s)
        # The tangent plane of the smooth surface, or the facet where the two disagree at a grazing view.
        for k in range(3):
            g[k] = s[k] if bent > 0.1 else f[k]
        slope = g[0] * d[0] + g[1] * d[1] + g[2] * d[2]
        if slope > -GRAZING * length:
            slope = -GRAZING * length

        for q in range(2):
            by[q] = 0.0
            for k in range(3):
                by[q] -= g[k] * (do[q, k] + depth * dd[q, k])
            by[q] /= slope
        for k in range(3):
            position[i, k] = o[k] + depth * d[k]
            view[i, k] = -d[k] / length
            normal[i, k], facet[i, k] = s[k], f[k]
            across[i, k] = do[0, k] + depth * dd[0, k] + by[0] * d[k]
            down[i, k] = do[1, k] + depth * dd[1, k] + by[1] * d[k]
            if t < 0:
                local[i, k] = position[i, k]
        distance[i] = depth
    return position, local, normal, facet, view, across, down, distance
