"""Kernels of the cast: rays of all pixels, where they met the surface, outlines, and the samples that outlines get.

Embree says *which* triangle a ray meets, in single precision; *where* is worked out here in double precision, so that a
finish texture of micrometres is not drowned in rounding. How the point moves when
its pixel moves follows from the ray's derivatives on the tangent plane (Igehy, Tracing ray differentials, SIGGRAPH
1999, eq. 10–12).

Kernels take plain arrays, and vectors as tuples of three, which live in registers. The readable twin of all this is
`View.rays` with `Scene.hits`, which the tests compare.
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
Vector = tuple[float, float, float]
Shape = tuple[Any, ...]
"""What kernels know of the triangles, in station coordinates, one row each:

0 first corner; 1, 2 vectors whose product with a point's way from that corner is its share of the second and third
corner; 3 normal at the first corner; 4, 5 how it changes towards the second and third; 6 the triangle's own normal;
7 which object it belongs to; 8, 9 rotation and shift of the objects."""
FACETS = 6

SUBSAMPLES = np.array([[i / 9, ((2 * i + 4) % 9 - 4) / 9] for i in range(-4, 5)])
"""Places in a pixel on an outline: a lattice on which no two share a row or a column, so that an upright edge gets nine
levels as well. Its middle one is the pixel's own ray. Niederreiter, Random number generation (1992), ch. 5."""
SMOOTH_COS = float(np.cos(np.radians(9.0)))
"""Neighbours whose normals differ by more have an edge, or a small fillet, between them."""
SAME_COS = float(np.cos(np.radians(4.0)))
"""Samples of one pixel on one face with normals this close become one."""
GRAZING = 0.02
"""Least cosine that counts for the size of a footprint: at a grazing view it would be endless."""
LEAST_FACING = 0.01

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
def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, nogil=True)
def plus(a: Vector, s: float, b: Vector) -> Vector:
    """a + s·b"""
    return (a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2])


@njit(cache=True, nogil=True)
def times(s: float, a: Vector) -> Vector:
    return (s * a[0], s * a[1], s * a[2])


@njit(cache=True, nogil=True)
def at(rows: Any, i: int) -> Vector:
    return (rows[i, 0], rows[i, 1], rows[i, 2])


@njit(cache=True, nogil=True)
def put(rows: Any, i: int, a: Vector) -> None:
    rows[i, 0], rows[i, 1], rows[i, 2] = a[0], a[1], a[2]


@njit(cache=True, nogil=True)
def _slopes(x: float, y: float, n: Any) -> tuple[float, float, float]:
    """As `lens.slopes`."""
    r2 = x * x + y * y
    radial = 1 + r2 * (n[K1] + r2 * (n[K2] + r2 * n[K3]))
    growth = n[K1] + r2 * (2 * n[K2] + 3 * n[K3] * r2)
    a = radial + 2 * x * x * growth + 2 * n[P1] * y + 6 * n[P2] * x
    b = 2 * x * y * growth + 2 * n[P1] * x + 2 * n[P2] * y
    d = radial + 2 * y * y * growth + 6 * n[P1] * y + 2 * n[P2] * x
    return a, b, d


@njit(cache=True, nogil=True)
def _undistorted(seen_x: float, seen_y: float, x: float, y: float, n: Any) -> tuple[float, float]:
    """Newton's method from (x, y); its error is squared with each step, so a step from 1e-6 ends at 1e-12."""
    for _ in range(20):
        r2 = x * x + y * y
        radial = 1 + r2 * (n[K1] + r2 * (n[K2] + r2 * n[K3]))
        off_x = x * radial + 2 * n[P1] * x * y + n[P2] * (r2 + 2 * x * x) - seen_x
        off_y = y * radial + n[P1] * (r2 + 2 * y * y) + 2 * n[P2] * x * y - seen_y
        a, b, d = _slopes(x, y, n)
        share = 1 / (a * d - b * b)
        x -= (d * off_x - b * off_y) * share
        y -= (a * off_y - b * off_x) * share
        if abs(off_x) + abs(off_y) < 1e-6:
            break
    return x, y


@njit(cache=True, nogil=True)
def _is_bent(n: Any) -> bool:
    return bool(n[K1] != 0 or n[K2] != 0 or n[P1] != 0 or n[P2] != 0 or n[K3] != 0)


@njit(cache=True, nogil=True)
def ideal_grid(width: int, height: int, n: Floats) -> Floats:
    """As `ideal_points`, for the centres of all pixels: worked out for some of each row, cubic between them.

    Lagrange's error is 3/128 of the fourth derivative times the step to the fourth: below 1e-9 for a step of 0.01."""
    step = 8 if _is_bent(n) else 1
    while step > 1 and step * n[STEP_X] > 0.01 * n[UNIT_X]:
        step //= 2
    nodes = (width + step - 1) // step + 3
    xy = np.empty((nodes, 2))
    ideal = np.empty((height * width, 2))
    for k in range(nodes):
        xy[k, 0] = (k - 1) * step + 0.5
    for row in range(height):
        for k in range(nodes):
            xy[k, 1] = row + 0.5
        known = ideal_points(xy, n)
        for column in range(width):
            i, k, s = row * width + column, column // step, (column % step) / step
            if step == 1:
                ideal[i, 0], ideal[i, 1] = known[k + 1, 0], known[k + 1, 1]
                continue
            a, b = -s * (s - 1) * (s - 2) / 6, (s + 1) * (s - 1) * (s - 2) / 2
            c, d = -(s + 1) * s * (s - 2) / 2, (s + 1) * s * (s - 1) / 6
            for e in range(2):
                ideal[i, e] = a * known[k, e] + b * known[k + 1, e] + c * known[k + 2, e] + d * known[k + 3, e]
    return ideal


@njit(cache=True, nogil=True)
def ideal_points(xy: Floats, n: Floats) -> Floats:
    """Image points on the ideal image plane; in a row, each starts where the two before it point to."""
    ideal = np.empty_like(xy)
    bent = _is_bent(n)
    for i in range(len(xy)):
        x = (xy[i, 0] * n[STEP_X] + n[LEFT] - n[MID_X]) / n[UNIT_X]
        y = 0.0 if n[LINE] > 0 else (xy[i, 1] * n[STEP_Y] + n[TOP] - n[MID_Y]) / n[UNIT_Y]
        if bent:
            guess_x, guess_y = x, y
            if i > 1 and xy[i, 1] == xy[i - 2, 1]:
                guess_x, guess_y = 2 * ideal[i - 1, 0] - ideal[i - 2, 0], 2 * ideal[i - 1, 1] - ideal[i - 2, 1]
            x, y = _undistorted(x, y, guess_x, guess_y, n)
        ideal[i, 0], ideal[i, 1] = x, y
    return ideal


@njit(cache=True, nogil=True)
def ray(x: float, y: float, row: float, n: Any, axes: Any, eye: Any) -> tuple[Vector, Vector]:
    """Origin and direction; the direction's part along the axis is 1, so that distances along it are depths."""
    aside = plus(times(x, at(axes, 0)), y, at(axes, 1))
    along = 0.0 if n[LINE] == 0 else (row * n[STEP_Y] + n[TOP] - n[MID_Y]) * n[LINE]
    lens = (eye[0], eye[1] - along, eye[2])
    if n[PERSPECTIVE] > 0:
        return lens, plus(aside, 1.0, at(axes, 2))
    return plus(lens, n[REACH], aside), at(axes, 2)


@njit(cache=True, nogil=True, error_model="numpy")
def per_pixel(x: float, y: float, n: Any) -> tuple[float, float, float, float]:
    """∂x/∂column, ∂y/∂column, ∂x/∂row, ∂y/∂row on the ideal image plane."""
    a, b, d = _slopes(x, y, n)
    if n[LINE] > 0:
        by_column = n[STEP_X] / n[UNIT_X] / (a - b * b / d)
        return by_column, -b / d * by_column, 0.0, 0.0
    share = 1 / (a * d - b * b)
    across, down = n[STEP_X] / n[UNIT_X] * share, n[STEP_Y] / n[UNIT_Y] * share
    return d * across, -b * across, -b * down, a * down


@njit(cache=True, nogil=True)
def rays_from(xy: Floats, ideal: Floats, n: Floats, axes: Floats, eye: Floats, start: float) -> tuple[F32, F32]:
    """Rays for Embree, in single precision; they begin `start` mm down the axis, close to the scene."""
    origins = np.empty((len(ideal), 3), np.float32)
    directions = np.empty((len(ideal), 3), np.float32)
    for i in range(len(ideal)):
        origin, direction = ray(ideal[i, 0], ideal[i, 1], xy[i, 1], n, axes, eye)
        put(origins, i, plus(origin, start, direction))
        put(directions, i, direction)
    return origins, directions


@njit(cache=True, nogil=True, error_model="numpy")
def _shading_normal(shape: Shape, t: int, point: Vector) -> Vector:
    """Interpolated between the corners of triangle t at one of its points."""
    corner, first, second, base, by_first, by_second = shape[:6]
    away = plus(point, -1.0, at(corner, t))
    # Single precision chose the triangle: the point may lie a hair outside.
    v, w = min(max(dot(away, at(first, t)), 0.0), 1.0), min(max(dot(away, at(second, t)), 0.0), 1.0)
    if v + w > 1:
        v, w = v / (v + w), w / (v + w)
    normal = plus(plus(at(base, t), v, at(by_first, t)), w, at(by_second, t))
    length = np.sqrt(dot(normal, normal))
    return times(1 / length, normal) if length > 0 else at(shape[6], t)


@njit(cache=True, nogil=True, error_model="numpy")
def _towards_camera(f: Vector, s: Vector, slope: float, back: Vector) -> tuple[Vector, Vector]:
    """A triangle's normal and the smooth surface's, turned to the side that is seen; `slope` is along the ray."""
    if slope > 0:
        f = times(-1.0, f)
    if dot(s, f) < 0:
        s = times(-1.0, s)
    facing = dot(s, back)
    if facing < LEAST_FACING:
        # Interpolated normals lean away from the camera near an outline; nothing seen faces away.
        s = plus(s, LEAST_FACING - facing, back)
        s = times(1 / np.sqrt(dot(s, s)), s)
    return f, s


@njit(cache=True, nogil=True, error_model="numpy")
def met(
    xy: Floats, ideal: Floats, hit: Whole, n: Floats, axes: Floats, eye: Floats, nothing_at: float, shape: Shape
) -> tuple[F32, F32, F32, F32, F32, F32, F32, F32]:
    """For each ray: position, local position, shading normal, facet, view, across, down, distance.

    Rays that met nothing (hit −1) get the point `nothing_at` mm down the axis.
    """
    count = len(hit)
    position, local = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    normal, facet = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    view, distance = np.empty((count, 3), np.float32), np.empty(count, np.float32)
    across, down = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    corner, facets, owner, turns, shifts = shape[0], shape[6], shape[7], shape[8], shape[9]
    bent = _is_bent(n)
    x_c, y_c, x_r, y_r = 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        x, y, t = ideal[i, 0], ideal[i, 1], hit[i]
        origin, way = ray(x, y, xy[i, 1], n, axes, eye)
        steep = np.sqrt(dot(way, way))
        back = times(-1 / steep, way)
        depth, f, s = nothing_at, back, back
        if t >= 0:
            f = at(facets, t)
            slope = dot(f, way)
            if slope != 0:
                depth = dot(f, plus(at(corner, t), -1.0, origin)) / slope
            here = plus(origin, depth, way)
            s = _shading_normal(shape, t, here)
            f, s = _towards_camera(f, s, slope, back)
        here = plus(origin, depth, way)
        put(position, i, here)
        put(normal, i, s)
        put(facet, i, f)
        put(view, i, back)
        distance[i] = depth
        if t >= 0:
            o = owner[t]
            away = plus(here, -1.0, at(shifts, o))
            for k in range(3):
                local[i, k] = away[0] * turns[o, 0, k] + away[1] * turns[o, 1, k] + away[2] * turns[o, 2, k]
        else:
            put(local, i, here)
        # The tangent plane of the smooth surface, or the facet where the smooth one is seen at a grazing angle.
        plane = s if dot(s, back) > 0.1 else f
        by_slope = -1 / min(dot(plane, way), -GRAZING * steep)
        if bent or i == 0:
            x_c, y_c, x_r, y_r = per_pixel(x, y, n)
        reach = depth if n[PERSPECTIVE] > 0 else n[REACH]
        right = plus(times(reach * x_c, at(axes, 0)), reach * y_c, at(axes, 1))
        below = plus(times(reach * x_r, at(axes, 0)), reach * y_r, at(axes, 1))
        if n[LINE] > 0:
            below = (below[0], below[1] - n[STEP_Y] * n[LINE], below[2])
        put(across, i, plus(right, by_slope * dot(plane, right), way))
        put(down, i, plus(below, by_slope * dot(plane, below), way))
    return position, local, normal, facet, view, across, down, distance


@njit(cache=True, nogil=True)
def woven(base: F32, more: F32, base_to: Whole, more_from: Whole, more_to: Whole, count: int) -> F32:
    """Rows of `base` and some of `more` (N, 3) in one list: row i of `base` goes to `base_to[i]`, nowhere if −1."""
    whole = np.empty((count, 3), np.float32)
    for i in range(len(base)):
        if base_to[i] >= 0:
            put(whole, base_to[i], at(base, i))
    for j in range(len(more_to)):
        put(whole, more_to[j], at(more, more_from[j]))
    return whole
