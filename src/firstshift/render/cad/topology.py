"""Which triangles meet at which edge: closed or open, turned the right way round, joined smoothly or at a crease."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from firstshift.core.mesh import Floats

Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The edges of a mesh, each once."""

    ends: Ints
    """(E, 2): the two vertices, in the order in which `first` runs along them."""
    count: Ints
    """(E,): how many triangles meet there: 1 at an open edge, 2 on a closed surface."""
    first: Ints
    """(E,)"""
    second: Ints
    """(E,): −1 where the edge is open."""
    coherent: Flags
    """(E,): two triangles that run along the edge in opposite directions, as neighbours do that look the same way."""

    @property
    def paired(self) -> Flags:
        return np.asarray(self.count == 2)


def sides_of(triangles: Ints) -> Sides:
    half = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    low, high = half.min(axis=1), half.max(axis=1)
    key = low * (int(half.max(initial=0)) + 1) + high
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    count = np.diff(starts, append=len(order))
    first = order[starts]
    second = order[np.minimum(starts + 1, len(order) - 1)]
    several = count > 1
    coherent = several & (half[first, 0] == half[second, 1])
    return Sides(
        half[first].astype(np.int32),
        count.astype(np.int32),
        (first // 3).astype(np.int32),
        np.where(several, second // 3, -1).astype(np.int32),
        coherent,
    )


def welded(vertices_mm: Floats, triangles: Ints, nearer_than_mm: float) -> tuple[Floats, Ints]:
    """One vertex for each place: equal ones first, then those along open edges that lie closer than a tolerance."""
    places, index = np.unique(vertices_mm, axis=0, return_inverse=True)
    triangles = index.reshape(-1)[triangles].astype(np.int32)
    sides = sides_of(triangles)
    rim = np.unique(sides.ends[sides.count == 1])
    if len(rim) and nearer_than_mm > 0:
        pairs = cKDTree(places[rim]).query_pairs(nearer_than_mm, output_type="ndarray")
        if len(pairs):
            group = _components(rim[pairs[:, 0]], rim[pairs[:, 1]], len(places))
            _, chosen, joined = np.unique(group, return_index=True, return_inverse=True)
            places, triangles = places[chosen], np.asarray(joined.reshape(-1)[triangles], dtype=np.int32)
    return places, triangles


def smooth_patches(sides: Sides, facing: Floats, crease_deg: float) -> Ints:
    """(T,): patches of triangles that are joined across edges flatter than a crease; `facing` are unit normals."""
    smooth = _smooth(sides, facing, crease_deg)
    return _components(sides.first[smooth], sides.second[smooth], len(facing))


def smooth_normals(triangles: Ints, vertices_mm: Floats, sides: Sides, crease_deg: float) -> npt.NDArray[np.float32]:
    """(T, 3, 3): corner normals, each the mean of the triangles joined smoothly around its vertex, weighted with their
    angle there (Thürmer and Wüthrich 1998), so that how a face is cut into triangles does not matter."""
    corners = vertices_mm[triangles]
    facing = facing_of(corners)
    smooth = _smooth(sides, facing, crease_deg)
    a, b, ends = sides.first[smooth], sides.second[smooth], sides.ends[smooth]
    one: list[Ints] = []
    other: list[Ints] = []
    for end in (0, 1):
        for triangle, into in ((a, one), (b, other)):
            corner = np.argmax(triangles[triangle] == ends[:, end : end + 1], axis=1)
            into.append(triangle * 3 + corner)
    group = _components(np.concatenate(one), np.concatenate(other), triangles.size)
    weighted = facing[:, None, :] * _angles(corners)[:, :, None]
    flat = weighted.reshape(-1, 3)
    sums = np.stack([np.bincount(group, flat[:, axis]) for axis in range(3)], axis=1)[group]
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    mean = np.divide(sums, length, out=np.repeat(facing, 3, axis=0), where=length > 1e-12)
    return np.asarray(mean.reshape(-1, 3, 3), dtype=np.float32)


def facing_of(corners_mm: Floats) -> Floats:
    """(T, 3): unit normals, 0 for triangles without area."""
    a, b, c = np.moveaxis(corners_mm, 1, 0)
    cross = np.cross(b - a, c - a)
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    return np.asarray(np.divide(cross, length, out=np.zeros_like(cross), where=length > 0))


def turned_alike(triangles: Ints, vertices_mm: Floats) -> tuple[Ints, int]:
    """Triangles turned so that neighbours look the same way and closed pieces look outwards; how many were turned.

    Neighbours that run the same way along their edge must differ in turning, others must agree: two components in the
    graph of (triangle, turned or not). Pieces for which that is impossible (Möbius) stay as they are.
    """
    sides = sides_of(triangles)
    count = len(triangles)
    pair = sides.paired
    a, b, agree = sides.first[pair].astype(np.int64), sides.second[pair].astype(np.int64), sides.coherent[pair]
    to_same, to_other = np.where(agree, b, b + count), np.where(agree, b + count, b)
    group = _components(np.concatenate([a, a + count]), np.concatenate([to_same, to_other]), 2 * count)
    straight, turned = group[:count], group[count:]
    piece = np.minimum(straight, turned)
    flipped = (straight > turned) & (straight != turned)
    # Of the two ways to turn a piece alike: the one that encloses a positive volume, for open pieces the more frequent.
    corners = vertices_mm[triangles] - vertices_mm[triangles].reshape(-1, 3).mean(axis=0)
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    signed = np.bincount(piece, np.where(flipped, -volume, volume))
    is_open = np.bincount(piece, np.bincount(sides.first[sides.count == 1], minlength=count)) > 0
    mostly = np.bincount(piece, np.where(flipped, -1.0, 1.0))
    wrong = np.where(is_open, mostly, signed) < 0
    # A closed piece inside another closed one is a cavity: it is left as the file has it.
    turn = flipped ^ wrong[piece]
    inner = _inner_pieces(corners, piece, is_open)
    turn &= ~inner[piece] | flipped
    result = triangles.copy()
    result[turn] = result[turn][:, ::-1]
    return result, int(turn.sum())


def _inner_pieces(corners: Floats, piece: npt.NDArray[np.int64], is_open: Flags) -> Flags:
    """Closed pieces whose box lies strictly inside the box of another one."""
    count = len(is_open)
    names = np.unique(piece)
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, piece, corners.min(axis=1))
    np.maximum.at(high, piece, corners.max(axis=1))
    inner = np.zeros(count, dtype=bool)
    if len(names) > 2000:  # scans in thousands of pieces have no cavities worth the search
        return inner
    for name in names:
        holds = (low[names] < low[name]).all(axis=1) & (high[names] > high[name]).all(axis=1)
        inner[name] = bool(holds.any()) and not is_open[name]
    return inner


def _smooth(sides: Sides, facing: Floats, crease_deg: float) -> Flags:
    cosine = np.einsum("ij,ij->i", facing[sides.first], facing[sides.second])
    return np.asarray(sides.paired & sides.coherent & (cosine > np.cos(np.radians(crease_deg))))


def _angles(corners: Floats) -> Floats:
    """(T, 3): angle of each triangle at each of its corners, in radians."""
    ahead = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    cross = np.linalg.norm(np.cross(ahead, back), axis=2)
    return np.asarray(np.arctan2(cross, np.einsum("ijk,ijk->ij", ahead, back)))


def _components(one: npt.NDArray[np.integer], other: npt.NDArray[np.integer], count: int) -> Ints:
    graph = coo_matrix((np.ones(len(one), dtype=np.int32), (one, other)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)
