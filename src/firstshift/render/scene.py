"""The scene: meshes where they stand, and rays through them.

    scene = Scene((Placed(mesh, seated(part, mesh), first_surface=0),))
    gbuffer = scene.cast(view_of(station))

A sample that met nothing (surface NOTHING) keeps its ray: `view` is minus the ray's direction, and `position_mm` the
point of the ray that is as far from the lens as the station's origin is. `looks_at_back_light` follows it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.casting import CENTRE, SUBSAMPLES, ideal_points, lens_numbers, met, rays_from
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.outlines import merged, outlines
from firstshift.render.pose import Pose
from firstshift.render.view import View
from firstshift.spec.lights import BackLight

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CLEARANCE = 3e-5
"""How far a shadow ray starts above its surface, as a share of the scene's size: 30 times the rounding of single
precision, 3 µm in a scene of 100 mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An object in its place. Its body number b has the scene's surface `first_surface` + b."""

    mesh: Mesh
    pose: Pose
    first_surface: int
    is_part: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What rays met: arrays of one entry for each ray."""

    placed: npt.NDArray[np.int16]
    """Which of the scene's objects, −1 for none."""
    surface: npt.NDArray[np.int16]
    triangle: npt.NDArray[np.int32]
    """Of that object."""
    distance_mm: Floats
    """Along the ray; infinite where nothing was met."""
    position_mm: Floats
    """(K, 3)"""
    facet: Floats
    """(K, 3): unit normal of the triangle, towards where the ray came from."""


class Scene:
    """Objects in station coordinates, ready for rays."""

    def __init__(self, placed: tuple[Placed, ...]) -> None:
        if not placed:
            raise BadInput(where="scene", expected="at least one object", found="none")
        self.placed = placed
        counts = [len(item.mesh.triangles) for item in placed]
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._object = np.repeat(np.arange(len(placed), dtype=np.int16), counts)
        self._corners = np.concatenate([item.mesh.corners_mm for item in placed])
        self._normals = np.concatenate([item.mesh.corner_normals for item in placed])
        self._surface = np.concatenate([item.mesh.body + item.first_surface for item in placed]).astype(np.int32)
        last, faces = 0, []
        for item in placed:
            faces.append(item.mesh.face.astype(np.int32) + last)
            last = int(faces[-1].max()) + 1
        self._face = np.concatenate(faces)
        self._turns = np.stack([np.asarray(item.pose.rotation, np.float64) for item in placed])
        self._shifts = np.stack([np.asarray(item.pose.shift_mm, np.float64) for item in placed])
        self._facets = _facets(self._corners, self._normals)
        corners = [item.pose.to_station(item.mesh.corners_mm.reshape(-1, 3)) for item in placed]
        self._bounds = (
            np.min([c.min(axis=0) for c in corners], axis=0),
            np.max([c.max(axis=0) for c in corners], axis=0),
        )
        self._embree = EmbreeScene()
        shapes = np.concatenate(corners).reshape(-1, 3, 3).astype(np.float32)
        self._mesh = TriangleMesh(self._embree, shapes)

    @property
    def bounds_mm(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner of the box around everything, in station coordinates."""
        return self._bounds

    @property
    def clearance_mm(self) -> float:
        low, high = self._bounds
        return CLEARANCE * float(np.abs([low, high]).max() + 1e-3)

    def part_bounds_mm(self) -> tuple[Floats, Floats]:
        """The same around the part alone."""
        parts = [item for item in self.placed if item.is_part] or list(self.placed)
        points = np.concatenate([item.pose.to_station(item.mesh.vertices_mm[item.mesh.triangles]
                                                      .reshape(-1, 3)) for item in parts])  # fmt: skip
        return points.min(axis=0), points.max(axis=0)

    def placed_of(self, surface: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int16]:
        """Which object each sample's surface belongs to, −1 for NOTHING."""
        firsts = [item.first_surface for item in self.placed]
        order = np.argsort(firsts)
        found = np.searchsorted(np.asarray(firsts)[order], surface, side="right") - 1
        return np.where(surface < 0, -1, order[np.maximum(found, 0)]).astype(np.int16)

    def on_part(self, gbuffer: GBuffer) -> Flags:
        """(N,): samples on the part, as against fixtures and background."""
        is_part = np.array([item.is_part for item in self.placed] + [False])
        return np.asarray(is_part[self.placed_of(gbuffer.surface)])

    def face_of(self, gbuffer: GBuffer) -> npt.NDArray[np.int32]:
        """(N,): a number for the CAD face each sample lies on, different for every object; −1 for none."""
        placed = self.placed_of(gbuffer.surface)
        whole = np.where(placed >= 0, self._first[placed] + gbuffer.triangle, 0)
        return np.where(placed >= 0, self._face[whole], -1).astype(np.int32)

    def hits(self, origins: npt.NDArray[np.floating], directions: npt.NDArray[np.floating]) -> Hits:
        """The first thing that each ray (K, 3) meets, on either side of a surface. Directions are unit vectors."""
        far = self._embree.run(
            np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(directions, np.float32),
            query="INTERSECT", output=True,
        )  # fmt: skip
        hit = far["primID"].astype(np.int64)
        found = hit >= 0
        placed = np.where(found, self._object[hit], -1).astype(np.int16)
        facet = np.einsum("nij,nj->ni", self._turns[placed], self._facets[hit])
        anchor = np.einsum("nij,nj->ni", self._turns[placed], self._corners[hit, 0]) + self._shifts[placed]
        slope = np.einsum("ni,ni->n", facet, directions)
        above = np.einsum("ni,ni->n", facet, anchor - origins)
        distance = np.where(found & (slope != 0), above / np.where(slope == 0, 1, slope), np.inf)
        position = np.asarray(origins + np.where(found, distance, 0.0)[:, None] * directions, dtype=np.float64)
        facet *= -np.sign(slope)[:, None]
        return Hits(
            placed,
            np.where(found, self._surface[hit], NOTHING).astype(np.int16),
            np.where(found, hit - self._first[placed], -1).astype(np.int32),
            distance, position, facet,
        )  # fmt: skip

    def blocked(self, origins: npt.NDArray[np.floating], targets: npt.NDArray[np.floating]) -> Flags:
        """(K,): whether something stands between two points. Origins on a surface belong `clearance_mm` above it."""
        way = np.asarray(targets, np.float32) - np.asarray(origins, np.float32)
        return self.blocked_along(np.ascontiguousarray(origins, np.float32), way, np.ones(len(way), np.float32))

    def blocked_along(self, origins: F32, ways: F32, reach: F32) -> Flags:
        """(K,): whether a ray meets something within `reach` times the length of its way."""
        if not len(origins):
            return np.zeros(0, np.bool_)
        met_any = self._embree.run(origins, ways, dists=reach.copy(), query="OCCLUDED")
        return np.asarray(met_any == 0)

    def cast(self, view: View) -> GBuffer:
        """One ray a pixel, more on outlines."""
        width, height = view.width, view.height
        numbers = lens_numbers(view)
        start, origin_at = self._start_mm(view), float(view.axes[2] @ -view.eye_mm)
        shape = (self._corners, self._normals, self._facets, self._object, self._turns, self._shifts)

        def trace(xy: Floats) -> tuple[npt.NDArray[np.int32], tuple[F32, ...]]:
            ideal = ideal_points(xy, numbers)
            rays = rays_from(xy, ideal, numbers, view.axes, view.eye_mm, start)
            hit = self._embree.run(*rays, query="INTERSECT").astype(np.int32, copy=False)
            return hit, met(xy, ideal, hit, numbers, view.axes, view.eye_mm, origin_at, *shape)

        xy = _centres(width, height)
        hit, found = trace(xy)
        kind, face = self._kinds(hit)
        pixel_mm = float(np.mean(view.optics.mm_per_pixel(origin_at)) * view.step_px[0])
        crowded = np.flatnonzero(outlines(width, height, kind, face, found[0], found[2], found[3], pixel_mm))
        plain = np.ones(width * height, np.bool_)
        plain[crowded] = False
        places = SUBSAMPLES.astype(np.float32)
        more_xy = xy[crowded][:, None] + SUBSAMPLES
        more_hit, more = trace(more_xy.reshape(-1, 2))
        more_kind, more_face = self._kinds(more_hit)
        each = (len(crowded), len(places))
        stays, weight = merged(more_kind.reshape(each), more_face.reshape(each), more[2].reshape(*each, 3), SUBSAMPLES)
        return _assembled(
            width, height,
            (np.flatnonzero(plain).astype(np.int32), np.zeros((int(plain.sum()), 2), np.float32),
             np.ones(int(plain.sum()), np.float32), hit[plain], *[layer[plain] for layer in found]),
            (np.repeat(crowded.astype(np.int32), len(places))[stays.ravel()],
             np.tile(places, (len(crowded), 1))[stays.ravel()], weight[stays], more_hit[stays.ravel()],
             *[layer[stays.ravel()] for layer in more]),
            self._surface, self._first, self._object,
        )  # fmt: skip

    def _kinds(self, hit: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        found = hit >= 0
        return np.where(found, self._surface[hit], -1), np.where(found, self._face[hit], -1)

    def _start_mm(self, view: View) -> float:
        """Depth at which every ray is still before the scene."""
        low, high = self._bounds
        corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
        nearest = float(((corners - view.eye_mm) @ view.axes[2]).min())
        if view.is_line:
            nearest -= abs(view.axes[2, 1]) * view.optics.image_px[1] * (view.optics.mm_per_line or 0.0)
        if view.is_perspective:
            return max(0.0, nearest * 0.98)
        return nearest - 0.02 * float(np.abs(view.eye_mm).max())


def looks_at_back_light(gbuffer: GBuffer, light: BackLight) -> Flags:
    """(N,): samples that met nothing and whose ray goes on to the bright field of a back light."""
    down = gbuffer.view[:, 2]
    steps = (gbuffer.position_mm[:, 2] + light.below_mm) / np.maximum(down, 1e-9)
    at = gbuffer.position_mm[:, :2] - steps[:, None] * gbuffer.view[:, :2]
    inside = (np.abs(at) <= np.asarray(light.size_mm) / 2).all(axis=1)
    return np.asarray((gbuffer.surface == NOTHING) & (down > 1e-6) & inside)


def _facets(corners: Floats, normals: F32) -> Floats:
    """Unit normals of triangles; those without area take the mean of their corners' normals."""
    facets = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(facets, axis=1, keepdims=True)
    flat = length[:, 0] < 1e-18
    if flat.any():
        facets[flat] = normals[flat].mean(axis=1)
        length[flat] = np.maximum(np.linalg.norm(facets[flat], axis=1, keepdims=True), 1e-30)
    return np.asarray(facets / length)


def _centres(width: int, height: int) -> Floats:
    grid = np.empty((height, width, 2))
    grid[:, :, 0] = np.arange(width) + 0.5
    grid[:, :, 1] = np.arange(height)[:, None] + 0.5
    return grid.reshape(-1, 2)


def _assembled(width: int, height: int, plain: Any, crowded: Any, surface: Any, first: Any, owner: Any) -> GBuffer:
    """Both kinds of pixels in one list, in the order of pixels."""
    order = np.argsort(np.concatenate([plain[0], crowded[0]]), kind="stable")
    pixel, offset, weight, hit, *layers = (
        np.concatenate([one, other])[order] for one, other in zip(plain, crowded, strict=True)
    )
    found = hit >= 0
    position, local, normal, facet, view, across, down, distance = layers
    return GBuffer(
        width, height, pixel, offset, weight,
        np.where(found, surface[hit], NOTHING).astype(np.int16),
        np.where(found, hit - first[owner[hit]], -1).astype(np.int32),
        position, local, normal, facet, view, across, down, distance,
    )  # fmt: skip


__all__ = ["CENTRE", "Hits", "Placed", "Scene", "looks_at_back_light"]
