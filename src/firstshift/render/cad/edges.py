"""Where faces meet at an angle, and where holes open in flat faces: the places where burrs stand, edges break and
drilling is forgotten.

Coordinates are the CAD file's, in mm. Along an edge the `left` face lies to the left as seen from outside when
walking in the order of the points.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.topology import Ints, Sides, facing_of, sides_of


@dataclass(frozen=True, slots=True, eq=False)
class FeatureEdge:
    points_mm: Floats
    """(P, 3), in order; the first point is not repeated when the edge is closed."""
    left_normals: Floats
    """(P, 3): outward normal of the left face at each point."""
    right_normals: Floats
    """(P, 3)"""
    left_face: int
    right_face: int
    body: int
    is_closed: bool
    is_convex: bool
    """True at the edge of a block, False where a wall rises from a floor."""
    turn_deg: float
    """Mean angle between the two outward normals: 90 at the edge of a block, 45 at a chamfer."""
    length_mm: float


@dataclass(frozen=True, slots=True)
class Run:
    """A chain of vertices; `sides` says which edge of the mesh leads away from each."""

    vertices: list[int]
    sides: list[int]
    is_closed: bool


def feature_edges(mesh: Mesh, angle_deg: float = 20.0) -> tuple[FeatureEdge, ...]:
    """Edges whose two faces' normals differ by more than `angle_deg`, longest first; one edge for each two faces that
    meet, two where they meet in two places."""
    sides = sides_of(mesh.triangles)
    chosen = np.flatnonzero(sides.paired & sides.coherent)
    first, second = sides.first[chosen], sides.second[chosen]
    a, b = sides.ends[chosen, 0], sides.ends[chosen, 1]
    left = np.stack([_normal_at(mesh, first, a), _normal_at(mesh, first, b)], axis=1)
    right = np.stack([_normal_at(mesh, second, a), _normal_at(mesh, second, b)], axis=1)
    cosine = np.einsum("ecj,ecj->ec", left, right).mean(axis=1)
    turn = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    keep = turn > angle_deg
    convex = _falls_away(mesh, sides, chosen)
    groups: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    face_a, face_b = mesh.face[first], mesh.face[second]
    for index in np.flatnonzero(keep):
        pair = (int(face_a[index]), int(face_b[index]))
        groups[min(pair), max(pair), bool(convex[index])].append(int(index))
    found: list[FeatureEdge] = []
    for (lower, upper, is_convex), members in groups.items():
        # Every edge is walked with the face of the smaller number on the left, so that chains never turn back.
        ahead = {m: (int(a[m]), int(b[m])) if face_a[m] == lower else (int(b[m]), int(a[m])) for m in members}
        table = (a, left, right, face_a == lower)
        found += [_edge(mesh, run, table, (lower, upper), is_convex, turn) for run in chained(ahead)]
    return tuple(sorted(found, key=lambda edge: (-edge.length_mm, edge.points_mm[0].tolist())))


def _edge(
    mesh: Mesh,
    run: Run,
    table: tuple[Ints, Floats, Floats, npt.NDArray[np.bool_]],
    faces: tuple[int, int],
    is_convex: bool,
    turn: Floats,
) -> FeatureEdge:
    start, left, right, as_is = table
    points = mesh.vertices_mm[run.vertices]
    following = np.roll(points, -1, axis=0) if run.is_closed else points[1:]
    lengths = np.linalg.norm(following - points[: len(following)], axis=1)
    sides = run.sides if run.is_closed else [*run.sides, run.sides[-1]]
    one, other = [], []
    for vertex, side in zip(run.vertices, sides, strict=True):
        end = 0 if start[side] == vertex else 1
        pair = (left[side, end], right[side, end])
        one.append(pair[0] if as_is[side] else pair[1])
        other.append(pair[1] if as_is[side] else pair[0])
    return FeatureEdge(
        points_mm=points,
        left_normals=np.array(one),
        right_normals=np.array(other),
        left_face=faces[0],
        right_face=faces[1],
        body=_body_of_face(mesh, faces[0]),
        is_closed=run.is_closed,
        is_convex=is_convex,
        turn_deg=float(np.average(turn[run.sides], weights=np.maximum(lengths, 1e-12))),
        length_mm=float(lengths.sum()),
    )


def chained(ahead: dict[int, tuple[int, int]]) -> list[Run]:
    """Chains of directed sides, each side used once: open ones from their beginnings, then rings."""
    leaving: dict[int, list[int]] = defaultdict(list)
    arriving: dict[int, int] = defaultdict(int)
    for side, (start, end) in ahead.items():
        leaving[start].append(side)
        arriving[end] += 1
    starts = [v for v in leaving if arriving[v] < len(leaving[v])]
    runs = []
    for vertex in [*starts, *leaving]:
        while leaving[vertex]:
            vertices, sides, here = [vertex], [], vertex
            while leaving.get(here):
                side = leaving[here].pop()
                sides.append(side)
                here = ahead[side][1]
                vertices.append(here)
                if here == vertex:
                    break
            is_closed = here == vertex
            runs.append(Run(vertices[:-1] if is_closed else vertices, sides, is_closed))
    return runs


def _normal_at(mesh: Mesh, triangle: Ints, vertex: Ints) -> Floats:
    corner = np.argmax(mesh.triangles[triangle] == vertex[:, None], axis=1)
    return np.asarray(mesh.corner_normals[triangle, corner], dtype=np.float64)


def _falls_away(mesh: Mesh, sides: Sides, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the second triangle lies behind the plane of the first: a convex edge."""
    first, second, ends = sides.first[chosen], sides.second[chosen], sides.ends[chosen]
    corners = mesh.triangles[second]
    apart = (corners != ends[:, :1]) & (corners != ends[:, 1:])
    third = corners[np.arange(len(corners)), np.argmax(apart, axis=1)]
    ahead = mesh.vertices_mm[third] - mesh.vertices_mm[ends[:, 0]]
    return np.asarray(np.einsum("ij,ij->i", ahead, facing_of(mesh.corners_mm[first])) < 0)


def _body_of_face(mesh: Mesh, face: int) -> int:
    return int(mesh.body[np.argmax(mesh.face == face)])
