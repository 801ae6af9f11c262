"""Which surfaces are inspected: the plan's regions on the mesh, by body, face, facing direction and box.

A plan without regions has one, called '', with everything.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.clipping import areas_in_box
from firstshift.spec.part import Part, Region

Flags = npt.NDArray[np.bool_]
BOX_SLACK_MM = 1e-4
"""A face that lies in a side of the box is in it: coordinates are rounded somewhere on their way."""
AWAY = 0.35
"""Cosine beyond which no lens and no tilt lets the camera see a surface: a wide lens sees walls at 20° at most."""
MIN_AREA_MM2 = 1e-6


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
    if not part.regions:
        return np.asarray(on)[None, :]
    slack = _slack(mesh)
    of_triangles = np.stack([_triangles_chosen(region, mesh) for region in part.regions])
    limits = np.array([_limits(region, slack) for region in part.regions])
    out = np.empty((len(part.regions), len(on)), dtype=np.bool_)
    _choose(np.asarray(triangle), np.asarray(local_mm), np.asarray(facet_local), of_triangles, limits, out)
    return out


def _limits(region: Region, slack: float) -> tuple[float, ...]:
    """The direction that a surface must look in, the least cosine, the corners of the box."""
    facing = region.facing
    wanted = np.array(facing.direction, dtype=np.float64) if facing is not None else np.array([0.0, 0.0, 1.0])
    wanted /= np.linalg.norm(wanted)
    least = _least_cosine(facing.within_deg) if facing is not None else -np.inf
    low, high = (-np.inf,) * 3, (np.inf,) * 3
    if region.box is not None:
        low, high = region.box.from_mm, region.box.to_mm
    return (*wanted, least, *(one - slack for one in low), *(one + slack for one in high))


@njit(cache=True, nogil=True)
def _choose(triangle, local, facet, of_triangles, limits, out):  # type: ignore[no-untyped-def]
    for region in range(len(limits)):
        x, y, z, least = limits[region, 0], limits[region, 1], limits[region, 2], limits[region, 3]
        for k in range(len(triangle)):
            inside = triangle[k] >= 0 and of_triangles[region, triangle[k]]
            inside = inside and x * facet[k, 0] + y * facet[k, 1] + z * facet[k, 2] >= least
            for axis in range(3):
                at = local[k, axis]
                inside = inside and limits[region, 4 + axis] <= at and at <= limits[region, 7 + axis]
            out[region, k] = inside


def masks_slowly(
    part: Part,
    mesh: Mesh,
    triangle: npt.NDArray[np.integer],
    local_mm: npt.NDArray[np.floating],
    facet_local: npt.NDArray[np.floating],
) -> Flags:
    """The readable twin of `region_masks`, for plans with regions."""
    on, slack = np.asarray(triangle) >= 0, _slack(mesh)
    masks = []
    for region in part.regions:
        chosen = on & _triangles_chosen(region, mesh)[np.where(on, triangle, 0)] & _looks(region, facet_local)
        if region.box is not None:
            for axis, (low, high) in enumerate(zip(region.box.from_mm, region.box.to_mm, strict=True)):
                chosen = chosen & (local_mm[:, axis] >= low - slack) & (local_mm[:, axis] <= high + slack)
        masks.append(chosen)
    return np.asarray(np.stack(masks), dtype=bool)


def _looks(region: Region, facing: npt.NDArray[np.floating]) -> Flags:
    if region.facing is None:
        return np.ones(len(facing), dtype=bool)
    wanted = np.array(region.facing.direction, dtype=np.float64)
    cosine = facing @ (wanted / np.linalg.norm(wanted))
    return np.asarray(cosine >= _least_cosine(region.facing.within_deg))


def _least_cosine(within_deg: float) -> float:
    return float(np.cos(np.radians(within_deg)) - 1e-6)


def _slack(mesh: Mesh) -> float:
    """Single precision of the points is added for parts far from their origin."""
    return BOX_SLACK_MM + 2e-7 * float(np.abs(mesh.vertices_mm).max())


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


def inspectable_area_mm2(part: Part, mesh: Mesh, towards: Floats | None = None) -> dict[str, float]:
    """For each region by name; with `towards` only of surfaces that do not look away from that direction."""
    corners, vectors = mesh.corners_mm, mesh.area_vectors
    size = np.linalg.norm(vectors, axis=1)
    facing = vectors / np.maximum(size, 1e-300)[:, None]
    seen = np.ones(len(size), dtype=bool) if towards is None else facing @ towards > -AWAY
    if not part.regions:
        return {"": float(size[seen].sum())}
    slack = _slack(mesh)
    areas = {}
    for region in part.regions:
        chosen = np.flatnonzero(_triangles_chosen(region, mesh) & _looks(region, facing) & seen)
        area = size[chosen]
        if region.box is not None:
            low, high = np.array(region.box.from_mm) - slack, np.array(region.box.to_mm) + slack
            area = areas_in_box(corners[chosen], low, high)
        areas[region.name] = float(area.sum())
    return areas


def require_area(part: Part, mesh: Mesh) -> dict[str, float]:
    """The areas; raises BadInput where a region has none or looks away from the camera altogether."""
    for problem in regions_without_area(part, mesh):
        raise problem
    return inspectable_area_mm2(part, mesh)


def regions_without_area(part: Part, mesh: Mesh) -> Iterator[BadInput]:
    """What is wrong with each region that has no surface, or none that the camera could see."""
    areas = inspectable_area_mm2(part, mesh)
    sign, axis = part.placement.up
    towards = np.array([float(axis == name) for name in "xyz"]) * (1 if sign == "+" else -1)
    seen = inspectable_area_mm2(part, mesh, towards)
    for index, region in enumerate(part.regions):
        if areas[region.name] < MIN_AREA_MM2:
            yield _without_area(region, index, part, mesh)
        elif seen[region.name] < MIN_AREA_MM2:
            yield BadInput(
                where=f"part.regions[{index}] ({region.name})",
                expected="a surface the camera can see",
                found=f"one that looks away from it (up is {part.placement.up})",
                way_out="turn the part (part.placement.up) or leave the region out",
            )


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
    file = part.cad or "the part"
    way_out = f"boxes are in mm in the coordinates of {file}, which reaches from {_shown(low)} to {_shown(high)}"
    if region.box is None:
        way_out = "widen facing.within_deg, or look at the region picture"
    return BadInput(where=where, expected="some surface to inspect", found="none", way_out=way_out)


def _shown(point: Floats) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in point) + "]"
