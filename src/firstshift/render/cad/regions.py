"""Which surfaces are inspected: the plan's regions on the mesh, by body, face, facing direction and box.

A plan without regions has one, called '', with everything.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats, Mesh
from firstshift.spec.part import Part, Region

Flags = npt.NDArray[np.bool_]
BOX_SLACK_MM = 1e-4
"""A face that lies in a side of the box is in it: coordinates are rounded somewhere on their way."""
MAX_PIECES = 2_000_000


def region_names(part: Part) -> tuple[str, ...]:
    return tuple(region.name for region in part.regions) or ("",)


def region_masks(
    part: Part,
    mesh: Mesh,
    triangle: npt.NDArray[np.integer],
    local_mm: npt.NDArray[np.floating],
    facet_local: npt.NDArray[np.floating],
) -> Flags:
    """(R, N): in which regions each of N points lies. A point is on a triangle (−1: on none, in no region), at
    `local_mm` (N, 3), where the triangle looks towards `facet_local` (N, 3, unit length); all as in the CAD file."""
    on = np.asarray(triangle) >= 0
    which = np.where(on, triangle, 0)
    if not part.regions:
        return np.asarray(on)[None, :]
    slack = BOX_SLACK_MM + 2e-7 * float(np.abs(mesh.vertices_mm).max())
    return np.stack([on & _chosen(region, mesh, which, local_mm, facet_local, slack) for region in part.regions])


def _chosen(
    region: Region,
    mesh: Mesh,
    triangle: npt.NDArray[np.integer],
    local_mm: npt.NDArray[np.floating],
    facet: npt.NDArray[np.floating],
    slack: float,
) -> Flags:
    chosen = _triangles_chosen(region, mesh)[triangle]
    if region.facing is not None:
        wanted = np.array(region.facing.direction, dtype=np.float64)
        cosine = facet @ (wanted / np.linalg.norm(wanted))
        chosen = chosen & (cosine >= np.cos(np.radians(region.facing.within_deg)) - 1e-6)
    if region.box is not None:
        low, high = np.array(region.box.from_mm), np.array(region.box.to_mm)
        chosen = chosen & ((local_mm >= low - slack) & (local_mm <= high + slack)).all(axis=1)
    return np.asarray(chosen, dtype=bool)


def _triangles_chosen(region: Region, mesh: Mesh) -> Flags:
    """(T,): what body and face alone say."""
    chosen = np.ones(len(mesh.triangles), dtype=bool)
    if region.body is not None:
        chosen &= np.array([name == region.body for name in mesh.body_names])[mesh.body]
    if region.face is not None:
        named = np.array([name == region.face for name in mesh.face_names])
        if not named.any() and region.face.isdecimal() and 1 <= int(region.face) <= len(named):
            named[int(region.face) - 1] = True
        chosen &= named[mesh.face]
    return chosen


def inspectable_area_mm2(part: Part, mesh: Mesh) -> dict[str, float]:
    """For each region by name; triangles that straddle the side of a box are cut into small pieces."""
    triangle, centre, facet, area = _pieces(part, mesh)
    masks = region_masks(part, mesh, triangle, centre, facet)
    return {name: float(area[mask].sum()) for name, mask in zip(region_names(part), masks, strict=True)}


def require_area(part: Part, mesh: Mesh) -> dict[str, float]:
    """The areas; raises BadInput where a region has none."""
    areas = inspectable_area_mm2(part, mesh)
    for index, (name, area) in enumerate(areas.items()):
        if area <= 0:
            raise _without_area(part.regions[index], index, part, mesh)
    return areas


def _without_area(region: Region, index: int, part: Part, mesh: Mesh) -> BadInput:
    where = f"part.regions[{index}] ({region.name})"
    chosen = _triangles_chosen(region, mesh)
    if region.face is not None and not chosen.any():
        few = ", ".join(mesh.face_names[:12]) + (" …" if len(mesh.face_names) > 12 else "")
        found = f"no face {region.face}; there are {few}"
        return BadInput(
            where=where, expected="a face of the CAD file", found=found, way_out="look at the region picture"
        )
    low, high = mesh.bounds_mm
    way_out = f"boxes are in mm in the coordinates of {part.cad or 'the part'}, which reaches from {_shown(low)} to {_shown(high)}"
    if region.box is None:
        way_out = "widen facing.within_deg, or look at the region picture"
    return BadInput(where=where, expected="some surface to inspect", found="none", way_out=way_out)


def _shown(point: Floats) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in point) + "]"


def _pieces(part: Part, mesh: Mesh) -> tuple[npt.NDArray[np.int64], Floats, Floats, Floats]:
    """Triangles with centre, facing and area; those that some box cuts in four, again and again."""
    corners = mesh.corners_mm
    vectors = mesh.area_vectors
    size = np.linalg.norm(vectors, axis=1)
    facing = vectors / np.maximum(size, 1e-300)[:, None]
    triangle = np.arange(len(corners))
    boxes = [region.box for region in part.regions if region.box is not None]
    done: list[tuple[npt.NDArray[np.int64], Floats]] = []
    for _ in range(9):
        cut = np.zeros(len(corners), dtype=bool)
        low, high = corners.min(axis=1), corners.max(axis=1)
        for box in boxes:
            start, end = np.array(box.from_mm), np.array(box.to_mm)
            touches = ((high >= start) & (low <= end)).all(axis=1)
            within = ((low >= start - BOX_SLACK_MM) & (high <= end + BOX_SLACK_MM)).all(axis=1)
            cut |= touches & ~within
        if not cut.any() or 4 * int(cut.sum()) > MAX_PIECES:
            break
        done.append((triangle[~cut], corners[~cut]))
        corners, triangle = _quartered(corners[cut]), np.repeat(triangle[cut], 4)
    done.append((triangle, corners))
    triangle = np.concatenate([t for t, _ in done])
    corners = np.concatenate([c for _, c in done])
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return triangle, corners.mean(axis=1), facing[triangle], np.linalg.norm(cross, axis=1) / 2


def _quartered(corners: Floats) -> Floats:
    a, b, c = np.moveaxis(corners, 1, 0)
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    pieces = np.stack([np.stack(p, axis=1) for p in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], axis=1)
    return pieces.reshape(-1, 3, 3)
