"""Which pieces of edges and which openings the camera sees, as places for burrs, chips and forgotten holes.

Edges are cut into short steps. A step counts when one of its two faces looks to the camera and is inspected, its middle
lies in the image, and nothing stands between it and the lens. Only convex edges: a burr needs a corner to stand on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.render.cad.edges import FeatureEdge
from firstshift.render.cad.openings import Opening
from firstshift.render.cad.regions import region_masks
from firstshift.render.ground import Spot, landing_at
from firstshift.render.landing import Landing
from firstshift.render.scene import Placed, Scene
from firstshift.render.surface import Surface
from firstshift.render.view import View
from firstshift.spec.part import Part

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
STEP_PX = 4.0
LEAST_FACING = 0.1
"""Cosine to the camera from which a face beside an edge counts as seen."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeSteps:
    """Pieces of edges, in station coordinates, one row each."""

    start_mm: Floats
    end_mm: Floats
    normal: Floats
    """(K, 3): of the inspected face."""
    other: Floats
    """(K, 3): of the face that falls away."""
    edge: npt.NDArray[np.int64]
    region: npt.NDArray[np.int16]
    """−1 where no flaw may be."""
    lines_mm: tuple[Floats, ...]
    """The points of each edge, those of closed ones once more around on both sides."""
    surfaces: npt.NDArray[np.int64]
    """Of each edge."""
    placed: Placed

    @property
    def length_mm(self) -> Floats:
        length = np.linalg.norm(self.end_mm - self.start_mm, axis=1)
        return np.where(self.region >= 0, length, 0.0)

    def spot(self, step: int, view: View, region: str, share: float) -> tuple[Spot, Floats, Floats, Floats]:
        """A point on the step; with it the other face's normal, the edge's direction and its points."""
        along = self.end_mm[step] - self.start_mm[step]
        edge = int(self.edge[step])
        position = self.start_mm[step] + share * along
        spot = _spot(position, self.normal[step], view, int(self.surfaces[edge]), region, self.placed)
        return spot, self.other[step], along, self.lines_mm[edge]


@dataclass(frozen=True, slots=True, eq=False)
class Rims:
    """Openings in station coordinates."""

    openings: tuple[Opening, ...]
    centre_mm: Floats
    normal: Floats
    region: npt.NDArray[np.int16]
    placed: Placed

    def landing(self, which: int, view: View, region: str, surfaces: tuple[Surface, ...], turned_deg: float) -> Landing:
        opening = self.openings[which]
        surface = self.placed.first_surface + opening.body
        spot = _spot(self.centre_mm[which], self.normal[which], view, surface, region, self.placed)
        landing = landing_at(spot, surfaces, turned_deg)
        return replace(landing, ground=replace(landing.ground, opening_mm=float(opening.diameter_mm)))


def edge_steps(
    view: View, scene: Scene, part: Part, edges: Sequence[FeatureEdge], wanted: Flags, margin_px: float
) -> EdgeSteps:
    placed = next(item for item in scene.placed if item.is_part)
    convex = [edge for edge in edges if edge.is_convex]
    rows = [_cut(edge, max(view.mm_per_pixel) * STEP_PX) for edge in convex]
    start, end, left, right = (np.concatenate([row[k] for row in rows] or [np.empty((0, 3))]) for k in range(4))
    owner = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
    middle = placed.pose.to_station((start + end) / 2)
    both = np.stack([left, right])
    turned = both @ placed.pose.rotation.T
    to_lens = _to_lens(view, middle)
    facing = np.einsum("fki,ki->fk", turned, to_lens)
    faces = np.array([[edge.left_face, edge.right_face] for edge in convex], dtype=np.int64).reshape(-1, 2)[owner].T
    region = np.stack([_regions(part, placed, faces[side], (start + end) / 2, both[side], wanted) for side in (0, 1)])
    usable = (facing > LEAST_FACING) & (region >= 0)
    side = np.argmax(np.where(usable, facing, -1.0), axis=0)
    rows_of = np.arange(len(owner))
    outward = turned[0] + turned[1]
    seen = usable.any(axis=0) & _in_sight(view, scene, middle, outward, margin_px)
    return EdgeSteps(
        start_mm=placed.pose.to_station(start),
        end_mm=placed.pose.to_station(end),
        normal=turned[side, rows_of],
        other=turned[1 - side, rows_of],
        edge=owner,
        region=np.where(seen, region[side, rows_of], -1).astype(np.int16),
        lines_mm=tuple(placed.pose.to_station(_line(edge)) for edge in convex),
        surfaces=np.array([placed.first_surface + edge.body for edge in convex], dtype=np.int64),
        placed=placed,
    )


def rims(view: View, scene: Scene, part: Part, openings: Sequence[Opening], wanted: Flags, margin_px: float) -> Rims:
    """An opening counts when half of its rim is in sight and its middle in the image."""
    placed = next(item for item in scene.placed if item.is_part)
    regions = []
    for opening in openings:
        around = np.repeat(opening.normal[None], len(opening.loop_mm), axis=0)
        rim = placed.pose.to_station(opening.loop_mm)
        region = _regions(part, placed, np.full(len(rim), opening.face), opening.loop_mm, around, wanted)
        facing = float(_to_lens(view, rim).mean(axis=0) @ placed.pose.rotation @ opening.normal)
        seen = _in_sight(view, scene, rim, around @ placed.pose.rotation.T, -np.inf).mean() >= 0.5
        middle = placed.pose.to_station(opening.centre_mm[None])
        inside = bool(_in_image(view, middle, margin_px)[0])
        usable = inside and seen and facing > LEAST_FACING and (region >= 0).mean() >= 0.5
        regions.append(int(region[region >= 0][0]) if usable else -1)
    found = np.array(regions, dtype=np.int16)
    kept = np.flatnonzero(found >= 0)
    chosen = tuple(openings[int(index)] for index in kept)
    centres = np.array([opening.centre_mm for opening in chosen]).reshape(-1, 3)
    normals = np.array([opening.normal for opening in chosen]).reshape(-1, 3)
    return Rims(chosen, placed.pose.to_station(centres), normals @ placed.pose.rotation.T, found[kept], placed)


def _cut(edge: FeatureEdge, step_mm: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Starts, ends, left and right normals of pieces no longer than a step."""
    points, left, right = edge.points_mm, edge.left_normals, edge.right_normals
    if edge.is_closed:
        points, left, right = (np.concatenate([a, a[:1]]) for a in (points, left, right))
    length = np.linalg.norm(np.diff(points, axis=0), axis=1)
    pieces = np.maximum(1, np.ceil(length / step_mm).astype(int))
    segment = np.repeat(np.arange(len(length)), pieces)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin, stop = (number / pieces[segment])[:, None], ((number + 1) / pieces[segment])[:, None]

    def between(values: Floats, share: Floats) -> Floats:
        return np.asarray(values[segment] * (1 - share) + values[segment + 1] * share)

    normals = [between(side, (begin + stop) / 2) for side in (left, right)]
    one, other = (side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12) for side in normals)
    return between(points, begin), between(points, stop), one, other


def _line(edge: FeatureEdge) -> Floats:
    """Points every 0.25 mm or closer, so that the profile beside a landing has points near it."""
    start, end, *_ = _cut(edge, 0.25)
    line = np.concatenate([start, end[-1:]])
    return np.concatenate([line[:-1], line, line[1:]]) if edge.is_closed else line


def _regions(
    part: Part, placed: Placed, faces: npt.NDArray[np.int64], local: Floats, normals: Floats, wanted: Flags
) -> npt.NDArray[np.int16]:
    """The first wanted region that each point belongs to as a point of that face, −1 for none."""
    mesh = placed.mesh
    first = np.full(int(mesh.face.max()) + 1, -1, np.int64)
    first[mesh.face[::-1]] = np.arange(len(mesh.face))[::-1]
    masks = region_masks(part, mesh, first[faces], local, normals) & wanted[:, None]
    return np.where(masks.any(axis=0), masks.argmax(axis=0), -1).astype(np.int16)


def _to_lens(view: View, points: Floats) -> Floats:
    """(K, 3): unit vectors from points to where the lens is when it sees them."""
    _, directions = view.rays(view.project(points))
    return -directions


def _in_image(view: View, points: Floats, margin_px: float) -> Flags:
    xy = view.project(points)
    return np.asarray(((xy >= margin_px) & (xy <= (view.width - margin_px, view.height - margin_px))).all(axis=1))


def _in_sight(view: View, scene: Scene, points: Floats, outward: Floats, margin_px: float) -> Flags:
    """Inside the image, and nothing stands before them. The test starts a little outside the edge."""
    if not len(points):
        return np.zeros(0, np.bool_)
    away = outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    above = max(10 * scene.clearance_mm, 0.05 * max(view.mm_per_pixel))
    lens = points + _to_lens(view, points) * 2 * view.origin_mm
    return np.asarray(_in_image(view, points, margin_px) & ~scene.blocked(points + above * away, lens))


def _spot(position: Floats, normal: Floats, view: View, surface: int, region: str, placed: Placed) -> Spot:
    """With the pixel's size worked out from the view: how the point moves on its tangent plane."""
    xy = view.project(position[None])[0]
    origins, ways = view.rays(xy + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    slope = ways @ normal
    slope = np.where(np.abs(slope) < 0.02, np.copysign(0.02, slope), slope)
    met = origins + ((position - origins) @ normal / slope)[:, None] * ways
    across, down = met[1] - met[0], met[2] - met[0]
    pixel = float(np.sqrt(np.linalg.norm(np.cross(across, down))))
    return Spot(position, normal, across, pixel, surface, region, placed.pose)
