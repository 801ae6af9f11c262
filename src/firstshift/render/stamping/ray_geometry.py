"""Where rays meet a body: its smooth normal there, and how the point moves when the pixel moves."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.mesh import Mesh
from firstshift.render.casting import (
    LINE,
    PERSPECTIVE,
    REACH,
    STEP_Y,
    at,
    dot,
    ideal_points,
    lens_numbers,
    per_pixel,
    plus,
    put,
    ray,
    times,
)
from firstshift.render.gbuffer import F32
from firstshift.render.view import View

Floats = npt.NDArray[np.float64]
GRAZING = 0.05
"""Least cosine that counts for the size of a pixel on a surface: at a grazing view it would be endless."""


def smooth_normals(mesh: Mesh, triangle: npt.NDArray[np.integer], points_mm: Floats, facet: Floats) -> Floats:
    """(K, 3): corner normals mixed by the place in the triangle, on the side that `facet` (K, 3)
    looks to; unit length."""
    out = np.empty((len(triangle), 3))
    _smooth_normals(
        mesh.vertices_mm.astype(np.float64, copy=False), mesh.triangles, mesh.corner_normals, triangle.astype(np.int64),
        points_mm, facet, out,
    )  # fmt: skip
    return out


def smooth_normals_slowly(mesh: Mesh, triangle: npt.NDArray[np.integer], points_mm: Floats, facet: Floats) -> Floats:
    """The readable twin of `smooth_normals`."""
    a, b, c = np.moveaxis(mesh.corners_mm[triangle], 1, 0)
    area = np.cross(b - a, c - a)
    whole = np.maximum((area * area).sum(axis=1), 1e-30)
    first, second = np.cross(c - b, points_mm - b), np.cross(a - c, points_mm - c)
    shares = np.stack([(first * area).sum(axis=1), (second * area).sum(axis=1)], axis=1)
    shares = np.clip(shares / whole[:, None], 0, 1)
    third = np.clip(1 - shares.sum(axis=1, keepdims=True), 0, 1)
    mixed = np.einsum("kc,kcx->kx", np.concatenate([shares, third], axis=1), mesh.corner_normals[triangle])
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
    return np.asarray(mixed * np.where((mixed * facet).sum(axis=1) < 0, -1.0, 1.0)[:, None])


def steps_on_planes(view: View, xy: Floats, position_mm: Floats, facet: Floats) -> tuple[F32, F32]:
    """(R, 3) each: how the point that the ray through `xy` met moves on its facet's plane when its pixel moves by one
    to the right, or down. A plug that took the size of a pixel from the wall of its hole would show a seam."""
    numbers = lens_numbers(view)
    across, down = np.empty((len(xy), 3), np.float32), np.empty((len(xy), 3), np.float32)
    _steps(xy, ideal_points(xy, numbers), numbers, view.axes, view.eye_mm, position_mm, facet, across, down)
    return across, down


@njit(cache=True, nogil=True)
def _smooth_normals(vertices, triangles, normals, triangle, points, facet, out):  # type: ignore[no-untyped-def]
    for k in range(len(triangle)):
        t = triangle[k]
        a, b, c = at(vertices, triangles[t, 0]), at(vertices, triangles[t, 1]), at(vertices, triangles[t, 2])
        p = at(points, k)
        area = _cross(plus(b, -1.0, a), plus(c, -1.0, a))
        whole = max(dot(area, area), 1e-30)
        first = dot(_cross(plus(c, -1.0, b), plus(p, -1.0, b)), area) / whole
        second = dot(_cross(plus(a, -1.0, c), plus(p, -1.0, c)), area) / whole
        first, second = min(max(first, 0.0), 1.0), min(max(second, 0.0), 1.0)
        third = min(max(1 - first - second, 0.0), 1.0)
        corners = normals[t]
        mixed = plus(plus(times(first, at(corners, 0)), second, at(corners, 1)), third, at(corners, 2))
        size = max(math.sqrt(dot(mixed, mixed)), 1e-9)
        put(out, k, times((-1.0 if dot(mixed, at(facet, k)) < 0 else 1.0) / size, mixed))


@njit(cache=True, nogil=True)
def _cross(a, b):  # type: ignore[no-untyped-def]
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@njit(cache=True, nogil=True, error_model="numpy")
def _steps(xy, ideal, n, axes, eye, position, facet, across, down):  # type: ignore[no-untyped-def]
    for i in range(len(xy)):
        x, y = ideal[i, 0], ideal[i, 1]
        origin, way = ray(x, y, xy[i, 1], n, axes, eye)
        square = dot(way, way)
        reach = n[REACH]
        if n[PERSPECTIVE] > 0:
            reach = dot(plus(at(position, i), -1.0, origin), way) / square
        plane = at(facet, i)
        by_slope = -1 / min(dot(plane, way), -GRAZING * math.sqrt(square))
        x_c, y_c, x_r, y_r = per_pixel(x, y, n)
        right = plus(times(reach * x_c, at(axes, 0)), reach * y_c, at(axes, 1))
        below = plus(times(reach * x_r, at(axes, 0)), reach * y_r, at(axes, 1))
        if n[LINE] > 0:
            below = (below[0], below[1] - n[STEP_Y] * n[LINE], below[2])
        put(across, i, plus(right, by_slope * dot(plane, right), way))
        put(down, i, plus(below, by_slope * dot(plane, below), way))
