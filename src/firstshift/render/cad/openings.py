"""Holes, slots and pockets that open in flat faces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.casting import Caster
from firstshift.render.cad.edges import chained
from firstshift.render.cad.topology import sides_of

FLAT_SHARE = 1e-4
"""A face is flat when no vertex leaves its mean plane by more than this share of its size."""
ROUND_SHARE = 0.02
"""A loop is round when its points keep this share of the radius, both ways."""
DIGITS = 4
"""Of a diameter in mm; ten-thousandths are beyond every drawing."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    centre_mm: Floats
    """(3,): in the plane of the face."""
    normal: Floats
    """(3,): out of the hole, as the face looks."""
    diameter_mm: float
    """Of a round hole, out to the farthest point of its rim; of others the width: the shorter side of the smallest
    rectangle around the loop."""
    length_mm: float
    """The longer side; the diameter when round."""
    is_round: bool
    loop_mm: Floats = field(repr=False)
    """(P, 3): the rim, in order, the first point not repeated; the face lies on its left as seen from outside."""
    face: int
    """The flat face it opens in."""
    body: int
    area_mm2: float
    depth_mm: float | None
    """From the plane down to the first surface, the median of nine rays around the centre; None for a hole that goes
    through."""


def openings(mesh: Mesh) -> tuple[Opening, ...]:
    """Largest first. A boss or a wall that rises from a face is none: its edge is hollow, that of a hole is not."""
    sides = sides_of(mesh.triangles)
    pair = np.flatnonzero(sides.paired & sides.coherent)
    one, other = sides.first[pair], sides.second[pair]
    border = mesh.face[one] != mesh.face[other]
    pair, one, other = pair[border], one[border], other[border]
    start, end = sides.ends[pair, 0], sides.ends[pair, 1]
    # Every border twice, each time with the face whose border it is on its left.
    face = np.concatenate([mesh.face[one], mesh.face[other]])
    start, end = np.concatenate([start, end]), np.concatenate([end, start])
    beyond = np.concatenate([other, one])
    order = np.argsort(face, kind="stable")
    cuts = np.flatnonzero(np.diff(face[order])) + 1
    planes = _Planes(mesh)
    found: list[Opening] = []
    for members in np.split(order, cuts):
        number = int(face[members[0]]) if len(members) else -1
        normal = planes.normal(number) if number >= 0 else None
        if normal is None:
            continue
        ahead = {int(m): (int(start[m]), int(end[m])) for m in members}
        for run in chained(ahead):
            if not run.is_closed:  # where the mesh is open, the border of a face ends
                continue
            loop = mesh.vertices_mm[run.vertices]
            behind = mesh.corners_mm[beyond[run.sides]].mean(axis=1) - loop
            falls = float(np.mean(behind @ normal))
            if len(loop) >= 3 and falls < 0 and _turns(loop, normal) < 0:
                found.append(_measured(loop, normal, number, planes.body(number)))
    return tuple(sorted(_with_depths(mesh, found), key=lambda o: (-o.area_mm2, o.centre_mm.tolist())))


class _Planes:
    """Which faces are flat, and where they look."""

    def __init__(self, mesh: Mesh) -> None:
        count = int(mesh.face.max()) + 1
        vectors = mesh.area_vectors
        sums = np.stack([np.bincount(mesh.face, vectors[:, axis], count) for axis in range(3)], axis=1)
        length = np.linalg.norm(sums, axis=1)
        self._normals = sums / np.maximum(length, 1e-300)[:, None]
        heights = np.einsum("tcj,tj->tc", mesh.corners_mm, self._normals[mesh.face])
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, mesh.face, heights.min(axis=1))
        np.maximum.at(high, mesh.face, heights.max(axis=1))
        size = np.sqrt(np.bincount(mesh.face, np.linalg.norm(vectors, axis=1), count))
        with np.errstate(invalid="ignore"):
            self._flat = (length > 0) & (high - low <= FLAT_SHARE * size + 1e-5)
        self._body = np.zeros(count, dtype=np.int64)
        self._body[mesh.face] = mesh.body

    def normal(self, face: int) -> Floats | None:
        return np.asarray(self._normals[face]) if self._flat[face] else None

    def body(self, face: int) -> int:
        return int(self._body[face])


def _turns(loop: Floats, normal: Floats) -> float:
    """Signed area: positive for a loop that runs anticlockwise, the outer border of its face."""
    ahead = loop - loop[0]
    return float(np.cross(ahead, np.roll(ahead, -1, axis=0)).sum(axis=0) @ normal / 2)


def _measured(loop: Floats, normal: Floats, face: int, body: int) -> Opening:
    import cv2

    axes = _axes(normal)
    middle = loop.mean(axis=0)
    flat = (loop - middle) @ axes.T
    (x, y), (one, other), _ = cv2.minAreaRect(flat.astype(np.float32))
    # A circle through the points (Kåsa 1976) is exact for a tessellated hole, whose points lie on it.
    table = np.column_stack([2 * flat, np.ones(len(flat))])
    (cx, cy, rest), *_ = np.linalg.lstsq(table, (flat**2).sum(axis=1), rcond=None)
    radius = float(np.sqrt(max(0.0, rest + cx * cx + cy * cy)))
    away = np.linalg.norm(flat - (cx, cy), axis=1)
    area = abs(_turns(loop, normal))
    is_round = len(loop) >= 6 and radius > 0 and bool((np.abs(away - radius) <= ROUND_SHARE * radius).all())
    is_round = is_round and area > 0.8 * np.pi * radius**2
    # Files in single precision: a hole of 6.00000001 mm is one of 6 mm.
    across = round(2 * float(away.max()), DIGITS)
    centre = np.array([cx, cy]) if is_round else np.array([x, y])
    width, length = (across, across) if is_round else (float(min(one, other)), float(max(one, other)))
    return Opening(middle + centre @ axes, normal, width, length, is_round, loop, face, body, area, None)


def _with_depths(mesh: Mesh, found: list[Opening]) -> list[Opening]:
    if not found:
        return []
    caster = Caster(mesh)
    above = 1e-6 * caster.reach_mm
    rays = [_around(opening) + above * opening.normal for opening in found]
    down = [np.repeat(-opening.normal[None], len(start), axis=0) for opening, start in zip(found, rays, strict=True)]
    _, away = caster.first(np.concatenate(rays), np.concatenate(down))
    middle = np.median(away.reshape(len(found), -1), axis=1) - above
    depths = [max(0.0, float(depth)) if np.isfinite(depth) else None for depth in middle]
    return [replace(opening, depth_mm=depth) for opening, depth in zip(found, depths, strict=True)]


def _around(opening: Opening) -> Floats:
    """(9, 3): the centre and eight points half way to the rim across the width."""
    u, v = _axes(opening.normal)
    angles = np.arange(8) * np.pi / 4 + 0.1  # not along the edges that a symmetrical part has
    ring = np.outer(np.cos(angles), u) + np.outer(np.sin(angles), v)
    return np.concatenate([opening.centre_mm[None], opening.centre_mm + opening.diameter_mm / 4 * ring])


def _axes(normal: Floats) -> Floats:
    """(2, 3): two unit vectors in the plane, at right angles."""
    u = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    u /= np.linalg.norm(u)
    return np.stack([u, np.cross(normal, u)])
