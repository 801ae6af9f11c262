"""Which samples of a view a patch touches: its corners are projected, and only the pixels between them are looked at.

A sample belongs to the patch when its projection on the landing's tangent plane lies inside it, its surface looks the
same way as the landing, and its distance to that plane is no more than a surface that turns by as much as its normal
says can reach: on a cylinder the flaw wraps, and it does not print through to the back or onto a wall below.

    |n| ≤ tolerance + d · tan θ      d distance in the plane, θ angle between the normals
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Patch
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared

Rows = npt.NDArray[np.int64]
STEEPEST_COS = 0.25
"""Normals more than 75° off are another face, not a bend of this one."""
SLACK_MM = 0.02
"""Room for tessellation: twice the tolerance with which CAD faces become triangles."""


def rows_in_box(gbuffer: GBuffer, left: int, top: int, right: int, bottom: int) -> Rows:
    """Samples of the pixels from column `left` up to `right`, row `top` up to `bottom`, both included."""
    left, right = max(left, 0), min(right, gbuffer.width - 1)
    lines = np.arange(max(top, 0), min(bottom, gbuffer.height - 1) + 1, dtype=np.int64) * gbuffer.width
    if right < left or not len(lines):
        return np.empty(0, dtype=np.int64)
    first, _ = gbuffer.samples_of(lines + left)
    last, count = gbuffer.samples_of(lines + right)
    return spans(first, last + count - first)


def spans(first: npt.NDArray[np.integer], count: npt.NDArray[np.integer]) -> Rows:
    """first[0], first[0] + 1, … count[0] of them, then those from first[1], …"""
    total = int(count.sum())
    before = np.cumsum(count) - count
    return np.asarray(np.repeat(first - before, count) + np.arange(total), dtype=np.int64)


def lit_from(gbuffer: GBuffer, rows: Rows, position_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Positions as the lamps see them: on a line camera they travel with the line that a sample belongs to."""
    start, step = gbuffer.travel_mm
    if step == 0.0:
        return position_mm
    lit = position_mm.copy()
    lit[:, 1] -= start + step * (gbuffer.pixel[rows] // gbuffer.width + 0.5 + gbuffer.offset_px[rows, 1])
    return lit


def shading_samples(gbuffer: GBuffer, rows: Rows, position_mm: npt.NDArray[np.floating]) -> GBuffer:
    """Samples at other positions with what shading asks of them, and nothing else: copying the rest takes longer than
    shading."""
    wanted = {name: getattr(gbuffer, name)[rows] for name in ("pixel", "offset_px", "view", "normal")}
    spared = ("weight", "surface", "triangle", "local_mm", "facet", "across_mm", "down_mm", "distance_mm")
    left_out = {name: getattr(gbuffer, name)[:0] for name in spared}
    position = position_mm.astype(np.float32)
    return replace(gbuffer, position_mm=position, outlined=None, starts=None, **wanted, **left_out)


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """Samples that a patch covers, ascending, and where in it each lies: the box that its pixel sees."""

    rows: Rows
    u: F32
    v: F32
    wide: F32
    high: F32

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, which: npt.NDArray[np.bool_]) -> Touched:
        return Touched(*(getattr(self, name)[which] for name in self.__slots__))


def touched_rows(prepared: Prepared, landing: Landing, patch: Patch, highest_mm: float = 0.0) -> Touched:
    gbuffer = prepared.gbuffer
    near = rows_in_box(gbuffer, *projected_box(prepared, landing, patch, highest_mm))
    rows, boxes = np.empty(len(near), np.int64), np.empty((4, len(near)), np.float32)
    frame = np.stack([landing.u, landing.v, landing.normal]).astype(np.float32)
    numbers = np.array([patch.length_mm / 2, patch.width_mm / 2, STEEPEST_COS, SLACK_MM], np.float32)
    count = _touched(
        near, gbuffer.surface, _is_part(prepared, landing), gbuffer.position_mm, gbuffer.normal, gbuffer.across_mm,
        gbuffer.down_mm, gbuffer.weight, np.asarray(landing.position_mm, np.float64), frame, numbers, rows, boxes,
    )  # fmt: skip
    return Touched(rows[:count], *boxes[:, :count])


def touched_rows_slowly(prepared: Prepared, landing: Landing, patch: Patch, highest_mm: float = 0.0) -> Rows:
    """The readable twin of `touched_rows`."""
    gbuffer = prepared.gbuffer
    near = rows_in_box(gbuffer, *projected_box(prepared, landing, patch, highest_mm))
    near = near[gbuffer.surface[near] >= 0]
    u, v, n = landing.to_patch(gbuffer.position_mm[near]).T
    cos = gbuffer.normal[near] @ landing.normal.astype(np.float32)
    crossed = np.cross(gbuffer.across_mm[near], gbuffer.down_mm[near])
    pixel = np.sqrt(np.sqrt((crossed * crossed).sum(axis=1)))
    tan = np.sqrt(np.maximum(1 - cos * cos, 0)) / np.maximum(cos, STEEPEST_COS)
    reach = SLACK_MM + pixel + np.hypot(u, v) * tan
    inside = (np.abs(u) <= patch.length_mm / 2 + pixel / 2) & (np.abs(v) <= patch.width_mm / 2 + pixel / 2)
    inside &= (cos > STEEPEST_COS) & (np.abs(n) <= reach)
    inside &= _is_part(prepared, landing)[gbuffer.surface[near]]
    return np.asarray(near[inside])


@njit(cache=True, nogil=True)
def _touched(  # type: ignore[no-untyped-def]
    near, surface, is_part, position, normal, across, down, weight, middle, frame, numbers, rows, boxes
):  # fmt: skip
    half_u, half_v, steepest, slack = numbers[0], numbers[1], numbers[2], numbers[3]
    count = 0
    for row in near:
        if surface[row] < 0 or not is_part[surface[row]]:
            continue
        cos = normal[row, 0] * frame[2, 0] + normal[row, 1] * frame[2, 1] + normal[row, 2] * frame[2, 2]
        if cos <= steepest:
            continue
        x, y = np.float32(position[row, 0] - middle[0]), np.float32(position[row, 1] - middle[1])
        z = np.float32(position[row, 2] - middle[2])
        ax, ay, az = across[row, 0], across[row, 1], across[row, 2]
        dx, dy, dz = down[row, 0], down[row, 1], down[row, 2]
        u = x * frame[0, 0] + y * frame[0, 1] + z * frame[0, 2]
        v = x * frame[1, 0] + y * frame[1, 1] + z * frame[1, 2]
        n = x * frame[2, 0] + y * frame[2, 1] + z * frame[2, 2]
        cx, cy, cz = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
        pixel = math.sqrt(math.sqrt(cx * cx + cy * cy + cz * cz))
        if abs(u) > half_u + pixel / 2 or abs(v) > half_v + pixel / 2:
            continue
        tan = math.sqrt(max(1 - cos * cos, 0.0)) / cos
        if abs(n) > slack + pixel + math.sqrt(u * u + v * v) * tan:
            continue
        au, av = ax * frame[0, 0] + ay * frame[0, 1] + az * frame[0, 2], ax * frame[1, 0] + ay * frame[1, 1]
        av += az * frame[1, 2]
        du, dv = dx * frame[0, 0] + dy * frame[0, 1] + dz * frame[0, 2], dx * frame[1, 0] + dy * frame[1, 1]
        dv += dz * frame[1, 2]
        share = math.sqrt(weight[row])
        rows[count] = row
        boxes[0, count], boxes[1, count] = u, v
        boxes[2, count], boxes[3, count] = math.sqrt(au * au + du * du) * share, math.sqrt(av * av + dv * dv) * share
        count += 1
    return count


def projected_box(prepared: Prepared, landing: Landing, patch: Patch, high_mm: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels in which the patch can lie; the face may bend away from its plane."""
    half_u, half_v = patch.length_mm / 2, patch.width_mm / 2
    deep = 0.5 * min(half_u, half_v) + SLACK_MM + abs(high_mm)
    steps = np.array([[a, b, c] for a in (-half_u, half_u) for b in (-half_v, half_v) for c in (-deep, deep)])
    corners = landing.position_mm + steps @ np.stack([landing.u, landing.v, landing.normal])
    xy = np.asarray(prepared.view.project(corners), dtype=np.float64)
    low, high = np.floor(xy.min(axis=0)).astype(int) - 1, np.ceil(xy.max(axis=0)).astype(int) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _is_part(prepared: Prepared, landing: Landing) -> npt.NDArray[np.bool_]:
    """Flaws stay on the part; one that was told to land on a background stays on that."""
    part = np.array([surface.is_part for surface in prepared.surfaces], dtype=np.bool_)
    return part if part[landing.surface] else np.arange(len(part)) == landing.surface
