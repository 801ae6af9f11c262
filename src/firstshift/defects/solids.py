"""Bodies of triangles in a patch's coordinates: tubes swept through rings, slabs between two sheets; always closed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Edge, Ground
from firstshift.core.mesh import Mesh

Floats = npt.NDArray[np.float64]
CREASE_COS = float(np.cos(np.deg2rad(40)))
"""Corners sharper than that stay sharp; everything else is shaded round."""


def swept(rings: Floats, name: str) -> Mesh:
    """(S, P, 3): S rings of P points each, joined to a tube with flat ends."""
    stations, around, _ = rings.shape
    at = np.arange(stations * around).reshape(stations, around)
    a, b = at[:-1], at[1:]
    walls = _quads(a, np.roll(a, -1, axis=1), b, np.roll(b, -1, axis=1))
    points = np.concatenate([rings.reshape(-1, 3), rings[:1].mean(axis=1), rings[-1:].mean(axis=1)])
    first, last = stations * around, stations * around + 1
    begin = np.stack([np.full(around, first), np.roll(at[0], -1), at[0]], axis=1)
    end = np.stack([np.full(around, last), at[-1], np.roll(at[-1], -1)], axis=1)
    return _body(points, np.concatenate([walls, begin, end]), name)


def between(top: Floats, bottom: Floats, name: str) -> Mesh:
    """(R, C, 3) each: the body between two sheets of the same grid."""
    rows, columns, _ = top.shape
    upper = np.arange(rows * columns).reshape(rows, columns)
    lower = upper + rows * columns
    sheets = [
        _quads(upper[:-1, :-1], upper[:-1, 1:], upper[1:, :-1], upper[1:, 1:]),
        _quads(lower[:-1, 1:], lower[:-1, :-1], lower[1:, 1:], lower[1:, :-1]),
    ]
    border = np.concatenate([np.arange(columns), np.arange(2, rows) * columns - 1])
    border = np.concatenate([border, (rows * columns - 1) - np.arange(columns), np.arange(rows - 2, 0, -1) * columns])
    following = np.roll(border, -1)
    sides = _quads(lower.ravel()[border], lower.ravel()[following], upper.ravel()[border], upper.ravel()[following])
    points = np.concatenate([top.reshape(-1, 3), bottom.reshape(-1, 3)])
    return _body(points, np.concatenate([*sheets, sides]), name)


def volume_mm3(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.corners_mm, 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def edge_of(ground: Ground, what: str) -> Edge:
    if ground.edge is None:
        raise BadInput(
            where=what,
            expected="an edge of the part beneath it",
            found="a place inside a face",
            way_out="give the entry regions whose borders are edges of the part",
        )
    return ground.edge


def edge_at(edge: Edge, u_mm: npt.NDArray[np.floating]) -> Floats:
    """Where the edge runs, v over u."""
    return np.asarray(np.interp(u_mm, edge.u_mm, edge.offset_mm), dtype=np.float64)


def _quads(
    a: npt.NDArray[np.integer], b: npt.NDArray[np.integer], c: npt.NDArray[np.integer], d: npt.NDArray[np.integer]
) -> npt.NDArray[np.int64]:
    """Two triangles each of the corners a b / c d."""
    first, second = np.stack([a, b, d], axis=-1), np.stack([a, d, c], axis=-1)
    return np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)]).astype(np.int64)


def _body(points: Floats, triangles: npt.NDArray[np.int64], name: str) -> Mesh:
    corners = points[triangles]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    if np.einsum("ij,ij->", corners[:, 0], area) < 0:  # inside out
        triangles, area = triangles[:, ::-1], -area
    facet = _unit(area)
    # Every triangle counts alike: a large flat side would pull the corners of the small one beside it over to itself.
    around = np.zeros_like(points)
    for axis in range(3):
        around[:, axis] = np.bincount(triangles.ravel(), np.repeat(facet[:, axis], 3), len(points))
    smooth = _unit(around)[triangles]
    sharp = np.einsum("tcx,tx->tc", smooth, facet) < CREASE_COS
    normals = np.where(sharp[..., None], facet[:, None, :], smooth)
    count = len(triangles)
    return Mesh(
        vertices_mm=points, triangles=triangles.astype(np.int32), corner_normals=normals.astype(np.float32),
        body=np.zeros(count, np.int16), face=np.zeros(count, np.int32), body_names=(name,), face_names=(name,),
    )  # fmt: skip


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-15, vectors / np.maximum(length, 1e-15), np.array([0.0, 0.0, 1.0]))
