"""The scene: meshes where they stand, and rays through them.

    scene = Scene((Placed(mesh, seated(part, mesh), first_surface=0),))
    gbuffer = scene.cast(view_of(station))

A sample that met nothing (surface NOTHING) keeps its ray: `view` is minus the ray's direction, and `position_mm` the
point of the ray that is as far from the lens as the station's origin is. `looks_at_back_light` follows it on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.casting import FACETS, SUBSAMPLES, ideal_grid, ideal_points, lens_numbers, met, rays_from, woven
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.outlines import merged, outlines
from firstshift.render.pose import Pose
from firstshift.render.raster import nearest
from firstshift.render.rays import Rays
from firstshift.render.shadow_cells import caring
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

    def __init__(self, placed: tuple[Placed, ...], alone: Rays | None = None) -> None:
        """`alone`: rays through the mesh of the only object, in its own coordinates, built once for all its poses."""
        if not placed:
            raise BadInput(where="scene", expected="at least one object", found="none")
        self.placed = placed
        counts = [len(item.mesh.triangles) for item in placed]
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self._owner = np.repeat(np.arange(len(placed), dtype=np.int16), counts)
        self._surface = np.concatenate([item.mesh.body + item.first_surface for item in placed]).astype(np.int32)
        self._placed = _placed_of_surfaces(placed)
        self._face = _numbered([item.mesh.face for item in placed])
        corners = np.concatenate([item.pose.to_station(item.mesh.vertices_mm)[item.mesh.triangles] for item in placed])
        normals = np.concatenate([item.mesh.corner_normals @ item.pose.rotation.T for item in placed])
        flat = corners.reshape(-1, 3)
        self._bounds = flat.min(axis=0), flat.max(axis=0)
        turns = np.stack([np.asarray(item.pose.rotation, np.float64) for item in placed])
        shifts = np.stack([np.asarray(item.pose.shift_mm, np.float64) for item in placed])
        self._shape = _shape(corners, normals, self._owner, turns, shifts)
        self._even = _even(self._face, self._shape[FACETS])
        points = [item.pose.to_station(item.mesh.vertices_mm) for item in placed]
        self._points = np.concatenate(points)
        firsts = np.cumsum([0, *(len(each) for each in points[:-1])])
        self._triangles = np.concatenate(
            [item.mesh.triangles + first for item, first in zip(placed, firsts, strict=True)], dtype=np.int32
        )
        self._rays = alone.placed(placed[0].pose) if alone is not None else Rays(corners)

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
        points = [item.pose.to_station(item.mesh.vertices_mm) for item in self.placed if item.is_part]
        if not points:
            return self._bounds
        return np.min([p.min(axis=0) for p in points], axis=0), np.max([p.max(axis=0) for p in points], axis=0)

    def placed_of(self, surface: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int16]:
        """Which object each sample's surface belongs to, −1 for NOTHING."""
        return np.asarray(self._placed.take(surface + 1, mode="clip"))

    def on_part(self, gbuffer: GBuffer) -> Flags:
        """(N,): samples on the part, as against fixtures and background."""
        is_part = np.array([item.is_part for item in self.placed] + [False])
        return np.asarray(is_part[self.placed_of(gbuffer.surface)])

    def face_of(self, gbuffer: GBuffer) -> npt.NDArray[np.int32]:
        """(N,): a number for the CAD face each sample lies on, different for every object; −1 for none."""
        placed = self.placed_of(gbuffer.surface)
        whole = np.where(placed >= 0, self._first[placed] + gbuffer.triangle, 0)
        return np.where(placed >= 0, self._face[whole], -1).astype(np.int32)

    def triangle_of(self, gbuffer: GBuffer) -> npt.NDArray[np.int32]:
        """(N,): the triangle each sample lies on, counted through all objects; −1 for none."""
        placed = self.placed_of(gbuffer.surface)
        return np.where(placed >= 0, self._first[placed] + gbuffer.triangle, -1).astype(np.int32)

    def emitters_above(
        self, gbuffer: GBuffer, triangle: npt.NDArray[np.int32], lamps: F32
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """(N,) each: one bit for each of up to 64 emitters before the plane of a sample's triangle, and for each that
        only grazes it (`shadow_cells.caring`). Where lamps travel with a line camera, it is enough that they do so at
        one end of the image."""
        seen = np.zeros(len(self._face) + 1, np.bool_)
        seen[triangle] = True
        care, grazed = np.zeros(len(seen), np.uint64), np.zeros(len(seen), np.uint64)
        start, step = gbuffer.travel_mm
        for shift in {start, start + step * gbuffer.height}:
            caring(seen[:-1], self._shape, lamps + np.array([0, shift, 0], np.float32), care, grazed)
        return care[triangle], (grazed & ~care)[triangle]

    def outlined(self, gbuffer: GBuffer) -> Flags:
        """(height · width,): pixels with several samples, and those beside something that differs."""
        if gbuffer.outlined is not None:
            return gbuffer.outlined
        samples = np.bincount(gbuffer.pixel, minlength=gbuffer.width * gbuffer.height)
        rows = np.cumsum(samples) - samples
        triangle = self.triangle_of(gbuffer)[rows]
        position, normal, facet = gbuffer.position_mm[rows], gbuffer.normal[rows], gbuffer.facet[rows]
        plain = np.linalg.norm(gbuffer.across_mm[:: max(1, len(gbuffer) // 1000)], axis=1)
        of_triangles, pixel_mm = (self._even, self._surface, self._face), float(np.median(plain))
        found = outlines(gbuffer.width, gbuffer.height, triangle, *of_triangles, position, normal, facet, pixel_mm)
        return np.asarray(found | (samples != 1))

    def nothing_before(self, triangle: npt.NDArray[np.int32]) -> Flags:
        """(N,): samples on flat faces behind whose plane the whole scene lies: nothing can stand in their light."""
        planes = self._even == self._face
        first = np.unique(self._face[planes], return_index=True)[1]
        free = np.zeros(int(self._face.max()) + 1, np.bool_)
        for t in np.flatnonzero(planes)[first]:
            facet, corner = self._shape[FACETS][t], self._shape[0][t]
            free[self._face[t]] = (self._points @ facet).max() - corner @ facet <= self.clearance_mm
        return np.asarray(np.append(planes & free[self._face], True)[triangle])

    def hits(self, origins: npt.NDArray[np.floating], directions: npt.NDArray[np.floating]) -> Hits:
        """The first thing that each ray (K, 3) meets, on either side of a surface. Directions are unit vectors."""
        far = self._rays.run(
            np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(directions, np.float32),
            query="INTERSECT", output=True,
        )  # fmt: skip
        hit = far["primID"].astype(np.int32)
        found = hit >= 0
        corner, facet = self._shape[0][hit], self._shape[FACETS][hit]
        slope = np.einsum("ni,ni->n", facet, directions)
        above = np.einsum("ni,ni->n", facet, corner - origins)
        distance = np.where(found, above / np.where(slope == 0, 1, slope), np.inf)
        owner = np.where(found, self._owner[hit], -1).astype(np.int16)
        return Hits(
            owner,
            np.where(found, self._surface[hit], NOTHING).astype(np.int16),
            np.where(found, hit - self._first[owner], -1).astype(np.int32),
            distance,
            np.asarray(origins + np.where(found, distance, 0.0)[:, None] * directions, dtype=np.float64),
            facet * -np.sign(slope)[:, None],
        )

    def blocked(self, origins: npt.NDArray[np.floating], targets: npt.NDArray[np.floating]) -> Flags:
        """(K,): whether something stands between two points. Origins on a surface belong `clearance_mm` above it."""
        way = np.asarray(targets, np.float32) - np.asarray(origins, np.float32)
        return self.blocked_along(np.ascontiguousarray(origins, np.float32), way, np.ones(len(way), np.float32))

    def blocked_along(self, origins: F32, ways: F32, reach: F32) -> Flags:
        """(K,): whether a ray meets something within `reach` times the length of its way."""
        if not len(origins):
            return np.zeros(0, np.bool_)
        met_any = self._rays.run(origins, ways, dists=reach.copy(), query="OCCLUDED")
        return np.asarray(met_any == 0)

    def free_way_mm(self, origins: F32, directions: F32, reach_mm: F32) -> F32:
        """(K,): how far rays along unit vectors get before they meet something, at most their reach."""
        if not len(origins):
            return np.zeros(0, np.float32)
        return np.asarray(self._rays.run(origins, directions, dists=reach_mm.copy(), query="DISTANCE"))

    def cast(self, view: View) -> GBuffer:
        """One ray a pixel, more on outlines."""
        width, height = view.width, view.height
        xy = _centres(width, height)
        hit, found = self._traced(view, xy, every_pixel=True)
        position, normal, facet = found[0], found[2], found[3]
        pixel_mm = float(np.mean(view.mm_per_pixel))
        of_triangles = (self._even, self._surface, self._face)
        outlined = outlines(width, height, hit, *of_triangles, position, normal, facet, pixel_mm)
        crowded = np.flatnonzero(outlined)
        each = (len(crowded), len(SUBSAMPLES))
        more_hit, more = self._traced(view, (xy[crowded][:, None] + SUBSAMPLES).reshape(-1, 2))
        kind, face = self._kinds(more_hit)
        weight = merged(kind.reshape(each), face.reshape(each), more[2].reshape(*each, 3), SUBSAMPLES)
        listed = self._listed(width, height, hit, found, crowded, more_hit, more, weight)
        return replace(listed, travel_mm=view.travel_mm, outlined=outlined)

    def _traced(
        self, view: View, xy: Floats, every_pixel: bool = False
    ) -> tuple[npt.NDArray[np.int32], tuple[F32, ...]]:
        """The triangle that each point of the image shows, and what `casting.met` says of it."""
        numbers = lens_numbers(view)
        ideal = ideal_grid(view.width, view.height, numbers) if every_pixel else ideal_points(xy, numbers)
        hit = self._drawn(view, ideal) if every_pixel else None
        if hit is None:
            rays = rays_from(xy, ideal, numbers, view.axes, view.eye_mm, self._start_mm(view))
            hit = self._rays.run(*rays, query="INTERSECT").astype(np.int32, copy=False)
        return hit, met(xy, ideal, hit, numbers, view.axes, view.eye_mm, view.origin_mm, self._shape)

    def _drawn(self, view: View, ideal: Floats) -> npt.NDArray[np.int32] | None:
        """The triangle that each pixel shows, drawn rather than traced: many times as fast. None for a line camera,
        which sees each line from another place, and where something reaches behind the lens."""
        points = (self._points - view.eye_mm) @ view.axes.T
        if view.is_line or (view.is_perspective and points[:, 2].min() <= 1e-3):
            return None
        if not view.is_perspective:
            points[:, :2] /= view.reach_mm
        hit = np.empty(len(ideal), np.int32)
        nearest(view.width, view.height, ideal, points, self._triangles, view.is_perspective, hit)
        return hit

    def _kinds(self, hit: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        found = hit >= 0
        return np.where(found, self._surface[hit], -1), np.where(found, self._face[hit], -1)

    def _listed(
        self, width: int, height: int, hit: Any, found: Any, crowded: Any, more_hit: Any, more: Any, weight: F32
    ) -> GBuffer:
        """The one sample of plain pixels and the several of crowded ones in one list, in the order of pixels."""
        samples = np.ones(width * height, np.int32)
        samples[crowded] = (weight > 0).sum(axis=1)
        ends = np.cumsum(samples, dtype=np.int32)
        count, base_to = int(ends[-1]), ends - 1
        base_to[crowded] = -1
        which, place = np.nonzero(weight)
        more_from = (which * len(SUBSAMPLES) + place).astype(np.int32)
        rank = np.arange(len(which)) - np.searchsorted(which, which)
        more_to = ((ends - samples)[crowded][which] + rank).astype(np.int32)
        plain = base_to >= 0
        goes = (base_to, more_from, more_to, count)

        def scalars(base: npt.NDArray[Any], extra: npt.NDArray[Any]) -> npt.NDArray[Any]:
            whole = np.empty(count, base.dtype)
            whole[base_to[plain]] = base[plain]
            whole[more_to] = extra[more_from]
            return whole

        offset, share = np.zeros((count, 2), np.float32), np.ones(count, np.float32)
        offset[more_to], share[more_to] = SUBSAMPLES[place], weight[which, place]
        triangle = scalars(hit, more_hit)
        layers = [woven(base, extra, *goes) for base, extra in zip(found[:7], more[:7], strict=True)]
        position, local, normal, facet, back, across, down = layers
        met_any = triangle >= 0
        return GBuffer(
            width, height, np.repeat(np.arange(width * height, dtype=np.int32), samples), offset, share,
            np.where(met_any, self._surface[triangle], NOTHING).astype(np.int16),
            np.where(met_any, triangle - self._first[self._owner[triangle]], -1).astype(np.int32),
            position, local, normal, facet, back, across, down, scalars(found[7], more[7]),
            starts=np.concatenate([[np.int32(0)], ends], dtype=np.int32),
        )  # fmt: skip

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


def _placed_of_surfaces(placed: tuple[Placed, ...]) -> npt.NDArray[np.int16]:
    """For NOTHING, then for each surface of the scene: which object it belongs to."""
    firsts = np.array([item.first_surface for item in placed])
    order = np.argsort(firsts)
    last = max(item.first_surface + len(item.mesh.body_names) for item in placed)
    found = np.searchsorted(firsts[order], np.arange(last), side="right") - 1
    return np.append(-1, order[np.maximum(found, 0)]).astype(np.int16)


def _numbered(groups: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    """One after the other, with no number shared between groups."""
    first, numbered = 0, []
    for group in groups:
        numbered.append(group.astype(np.int32) + first)
        first = int(numbered[-1].max()) + 1
    return np.concatenate(numbered)


def _shape(corners: Floats, normals: Floats, owner: Any, turns: Floats, shifts: Floats) -> tuple[Any, ...]:
    """See `casting.Shape`. Triangles without area take the mean of their corners' normals as their own."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    crossed = np.cross(first, second)
    square = np.maximum(np.einsum("ti,ti->t", crossed, crossed), 1e-60)[:, None]
    facets = crossed / np.sqrt(square)
    flat = square[:, 0] < 1e-36
    facets[flat] = normals[flat].mean(axis=1)
    base = np.ascontiguousarray(normals[:, 0], dtype=np.float64)
    by_first, by_second = normals[:, 1] - base, normals[:, 2] - base
    share_first, share_second = np.cross(second, crossed) / square, np.cross(crossed, first) / square
    corner = np.ascontiguousarray(corners[:, 0])
    return (corner, share_first, share_second, base, by_first, by_second, facets, owner, turns, shifts)


def _even(face: npt.NDArray[np.int32], facets: Floats) -> npt.NDArray[np.int32]:
    """(T,): the same number for all triangles of a face that is plane, one of its own for every other triangle."""
    first = np.zeros(face.max() + 1, np.int64)
    first[face] = np.arange(len(face))
    off = np.abs(facets - facets[first[face]]).max(axis=1) > 1e-5
    bent = np.bincount(face, off, len(first)) > 0
    return np.where(bent[face], len(bent) + np.arange(len(face)), face).astype(np.int32)


@lru_cache(maxsize=2)
def _centres(width: int, height: int) -> Floats:
    grid = np.empty((height, width, 2))
    grid[:, :, 0] = np.arange(width) + 0.5
    grid[:, :, 1] = np.arange(height)[:, None] + 0.5
    return grid.reshape(-1, 2)


__all__ = ["Hits", "Placed", "Scene", "looks_at_back_light"]
