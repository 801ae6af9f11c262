"""A clear drawing of a mesh from one side, parallel projection: soft light, shaded corners, dark outlines.

Not a photograph and not the renderer: it shows an engineer which surface is which.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.casting import Caster

FINER = 2
"""Each pixel is drawn from FINER × FINER points."""
MARGIN_PX = 46
OCCLUSION_RAYS = 8
BACKGROUND = np.array([0.975, 0.977, 0.98])
INK = np.array([0.13, 0.15, 0.18])


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the points of a drawing meet, (height · FINER, width · FINER) each, and how it is lit."""

    triangle: npt.NDArray[np.int64]
    local_mm: Floats
    facet: Floats
    light: Floats
    outline: npt.NDArray[np.bool_]
    pixels_per_mm: float

    @property
    def met(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.triangle >= 0)

    def picture(self, base: Floats) -> Floats:
        """(height, width, 3), sRGB 0…1, of base colours given for each point."""
        lit = base * self.light[..., None]
        lit = np.where(self.met[..., None], lit, BACKGROUND)
        lit = np.where(self.outline[..., None], 0.25 * lit + 0.75 * INK, lit)
        height, width = self.triangle.shape
        small = lit.reshape(height // FINER, FINER, width // FINER, FINER, 3).mean(axis=(1, 3))
        return np.asarray(np.clip(small, 0, 1))


def draw(mesh: Mesh, caster: Caster, axes: Floats, width: int, height: int) -> Drawn:
    """`axes` are the directions right, up and towards the eye in the coordinates of the mesh, as rows."""
    flat = mesh.vertices_mm[np.unique(mesh.triangles)] @ axes.T
    low, high = flat.min(axis=0), flat.max(axis=0)
    room = np.array([width - 2 * MARGIN_PX, height - 2 * MARGIN_PX])
    per_mm = float((room / np.maximum((high - low)[:2], 1e-9)).min())
    columns, rows = np.arange(width * FINER), np.arange(height * FINER)
    x = ((columns + 0.5) / FINER - width / 2) / per_mm + (low[0] + high[0]) / 2
    y = (height / 2 - (rows + 0.5) / FINER) / per_mm + (low[1] + high[1]) / 2
    xs, ys = np.meshgrid(x, y)
    away = high[2] + 0.01 * caster.reach_mm
    points = np.stack([xs.ravel(), ys.ravel(), np.full(xs.size, away)], axis=1)
    origins = points @ axes
    triangle, distance = caster.first(origins, np.repeat(-axes[2:3], len(origins), axis=0))
    on = np.flatnonzero(triangle >= 0)
    local = origins.copy()
    local[on] -= distance[on, None] * axes[2]
    vectors = mesh.area_vectors[triangle[on]]
    facet, normal = np.zeros_like(local), np.zeros_like(local)
    facet[on] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)
    normal[on] = _shading_normals(mesh, triangle[on], local[on])
    shape = (height * FINER, width * FINER)
    light = np.zeros(len(local))
    light[on] = _lit(normal[on], axes)
    shade = light.reshape(shape) * (0.45 + 0.55 * _sky(caster, triangle.reshape(shape), local, facet))
    outline = _outline(mesh, triangle.reshape(shape), normal.reshape(*shape, 3), distance.reshape(shape), per_mm)
    return Drawn(triangle.reshape(shape), local.reshape(*shape, 3), facet.reshape(*shape, 3), shade, outline, per_mm)


def _shading_normals(mesh: Mesh, triangle: npt.NDArray[np.int64], local: Floats) -> Floats:
    a, b, c = np.moveaxis(mesh.corners_mm[triangle], 1, 0)
    whole = np.cross(b - a, c - a)
    square = np.maximum(np.einsum("ij,ij->i", whole, whole), 1e-300)
    v = np.einsum("ij,ij->i", np.cross(local - a, c - a), whole) / square
    w = np.einsum("ij,ij->i", np.cross(b - a, local - a), whole) / square
    weights = np.clip(np.stack([1 - v - w, v, w], axis=1), 0, 1)
    normal = np.einsum("ic,icj->ij", weights, mesh.corner_normals[triangle].astype(np.float64))
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12))


def _lit(normal: Floats, axes: Floats) -> Floats:
    """A large lamp from the upper left and a bright room, so that no surface that is seen is black."""
    lamp = np.array([-0.45, 0.55, 0.70]) @ axes
    lamp /= np.linalg.norm(lamp)
    towards = np.clip(normal @ axes[2], 0, 1)
    wrapped = np.clip((normal @ lamp + 0.35) / 1.35, 0, 1)
    return np.asarray(0.40 + 0.52 * wrapped + 0.12 * towards)


def _sky(caster: Caster, triangle: npt.NDArray[np.int64], local: Floats, facet: Floats) -> Floats:
    """How open the surroundings are, asked once for each pixel and smoothed: (height · FINER, width · FINER)."""
    height, width = triangle.shape
    met = triangle[::FINER, ::FINER] >= 0
    chosen = np.arange(triangle.size).reshape(height, width)[::FINER, ::FINER][met]
    share = np.ones(met.shape)
    share[met] = _open_sky(caster, local[chosen], facet[chosen])
    smooth = _softened(share, met).astype(np.float32)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float64)


def _open_sky(caster: Caster, local: Floats, facet: Floats) -> Floats:
    """Share of directions above the surface in which nothing is near: pockets and corners are darker."""
    random = np.random.default_rng(20_260_101)
    start = local + facet * (1e-4 * caster.reach_mm)
    total = np.zeros(len(local))
    for _ in range(OCCLUSION_RAYS):
        sphere = random.normal(size=facet.shape)
        direction = facet + sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        direction = np.where(length > 1e-3, direction / np.maximum(length, 1e-3), facet)
        _, far = caster.first(start, direction)
        total += np.clip(far / (0.35 * caster.reach_mm), 0, 1)
    return total / OCCLUSION_RAYS


def _softened(values: Floats, met: npt.NDArray[np.bool_]) -> Floats:
    weight = cv2.GaussianBlur(met.astype(np.float32), (0, 0), 2.0)
    mean = cv2.GaussianBlur((values * met).astype(np.float32), (0, 0), 2.0)
    return np.asarray(mean / np.maximum(weight, 1e-3), dtype=np.float64)


def _outline(
    mesh: Mesh, triangle: npt.NDArray[np.int64], normal: Floats, distance: Floats, per_mm: float
) -> npt.NDArray[np.bool_]:
    """Points beside another face at an angle, another body, a step down or nothing."""
    face = np.where(triangle >= 0, mesh.face[triangle], -1)
    line = np.zeros(triangle.shape, dtype=bool)
    far = np.where(np.isfinite(distance), distance, 1e9)
    for axis in (0, 1):
        here, there = [slice(None)] * 2, [slice(None)] * 2
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        a, b = tuple(here), tuple(there)
        bend = np.einsum("ijk,ijk->ij", normal[a], normal[b]) < np.cos(np.radians(14))
        step = np.abs(far[a] - far[b]) > 12 / per_mm
        marks = (face[a] != face[b]) & (bend | step)
        line[a] |= marks
        line[b] |= marks & (face[b] >= 0)
    return line
