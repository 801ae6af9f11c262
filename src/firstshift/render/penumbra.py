"""Shadows with soft edges: how much of each emitter a sample sees, near the outlines of the shadow that it throws.

    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))

`visibility` asks for the middle of an emitter only, so every edge throws as many hard lines as there are emitters. An
emitter of width a, hidden by an edge that is d before the surface and D from the emitter, throws an edge as wide as
a·d/D (Fernando, *Percentage-Closer Soft Shadows*, SIGGRAPH 2005). On a straight edge the share that is seen grows
evenly over that width: the hard shadow under a running mean. One ray for each pixel along a hard outline tells d, and
the running mean goes over the same face only, so that no light leaks from one surface to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.scene import Scene

Visible = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.int32]
WIDEST_PX = 48.0
SHARP_PX = 1.0
"""Edges narrower than a pixel are soft enough as they are."""
WIDTHS_PX = (1, 3, 7, 15, 29, 49)
"""Of the running means that are made; between them it is interpolated."""
USUAL_OUTLINE = 1 << 16
"""Pixels of outlines that are found at one go."""
PARTS = 64
"""Widths are summed up in whole parts of a pixel."""
ROUND = 0.886
"""Side of the square with the area of a disc of diameter 1."""


def softened(scene: Scene, gbuffer: GBuffer, emitters: Emitters, visible: Visible | None) -> Visible | None:
    """The same array, changed near outlines of shadows."""
    if visible is None:
        return None
    first, face = faces(scene, gbuffer)
    lamp, pixel = outlines_of_shadows(first, face, visible)
    at = first.ravel()[pixel]
    wide = _width_mm(scene, gbuffer, at, emitters, lamp) / np.maximum(gbuffer.footprint_mm[at], 1e-9)
    soft = np.flatnonzero(wide > SHARP_PX)
    # One emitter and face after the other: no outline lies on two.
    group = lamp[soft].astype(np.int64) * (int(face.max()) + 2) + face.ravel()[pixel[soft]]
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    soft = soft[order]
    outline = Outline(lamp[soft], pixel[soft], np.minimum(wide[soft], np.float32(WIDEST_PX)))
    soften(visible, first, face, outline.lamp, outline.pixel, outline.width_px, starts)
    return visible


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Pixels along hard edges whose soft ones are so many pixels wide."""

    lamp: Plane
    pixel: Plane
    width_px: F32


def faces(scene: Scene, gbuffer: GBuffer) -> tuple[Plane, Plane]:
    """(height, width) each: the sample of every pixel that has one only, and the face it lies on; −1 elsewhere."""
    shape = (gbuffer.height, gbuffer.width)
    begin, count = gbuffer.samples_of(np.arange(gbuffer.width * gbuffer.height))
    first = np.minimum(begin, len(gbuffer) - 1).astype(np.int32)
    face = np.where(count == 1, scene.face_of(gbuffer)[first], -1)
    return first.reshape(shape), face.astype(np.int32).reshape(shape)


def outlines_of_shadows(first: Plane, face: Plane, visible: Visible) -> tuple[Plane, Plane]:
    """(K,) each: an emitter, and a pixel that does not see it beside one of the same face that does."""
    height, width = face.shape
    found = np.empty((USUAL_OUTLINE, 2), np.int32)
    count = _outlined(width, height, first.ravel(), face.ravel(), visible, found)
    if count > len(found):
        found = np.empty((count, 2), np.int32)
        _outlined(width, height, first.ravel(), face.ravel(), visible, found)
    return found[:count, 0], found[:count, 1]


@njit(cache=True, nogil=True)
def _outlined(width, height, first, face, visible, found):  # type: ignore[no-untyped-def]
    """How many there are; written down where `found` has room."""
    count = 0
    beside = np.empty(4, np.int64)
    for pixel in range(width * height):
        own, column, near = face[pixel], pixel % width, 0
        if own < 0:
            continue
        if column > 0 and face[pixel - 1] == own:
            beside[near] = first[pixel - 1]
            near += 1
        if column < width - 1 and face[pixel + 1] == own:
            beside[near] = first[pixel + 1]
            near += 1
        if pixel >= width and face[pixel - width] == own:
            beside[near] = first[pixel - width]
            near += 1
        if pixel < width * (height - 1) and face[pixel + width] == own:
            beside[near] = first[pixel + width]
            near += 1
        here = first[pixel]
        for lamp in range(visible.shape[1]):
            if visible[here, lamp] >= 128:
                continue
            for k in range(near):
                if visible[beside[k], lamp] >= 128:
                    if count < len(found):
                        found[count, 0], found[count, 1] = lamp, pixel
                    count += 1
                    break
    return count


def outlines_slowly(first: Plane, face: Plane, visible: Visible) -> tuple[Plane, Plane]:
    """The readable twin of `outlines_of_shadows`."""
    dark = visible[first] < 128
    out = np.zeros(dark.shape, np.bool_)
    whole, upper, lower = slice(None), slice(None, -1), slice(1, None)
    for one, other in (((upper, whole), (lower, whole)), ((whole, upper), (whole, lower))):
        same = ((face[one] == face[other]) & (face[one] >= 0))[:, :, None]
        out[one] |= same & dark[one] & ~dark[other]
        out[other] |= same & dark[other] & ~dark[one]
    rows, columns, lamp = np.nonzero(out)
    return lamp.astype(np.int32), (rows * face.shape[1] + columns).astype(np.int32)


def _width_mm(scene: Scene, gbuffer: GBuffer, at: Plane, emitters: Emitters, lamp: Plane) -> F32:
    """(K,): of the soft edge at each sample under its emitter; 0 where nothing is before it."""
    lift = np.float32(scene.clearance_mm) * gbuffer.facet[at]
    start, way = gbuffer.position_mm[at] + lift, emitters.position_mm[lamp] - gbuffer.lit_mm[at] - lift
    reach = np.sqrt(np.einsum("ki,ki->k", way, way))
    free = scene.free_way_mm(start, way / reach[:, None], reach)
    behind = np.maximum(reach - free, np.float32(1e-3) * reach)
    width = np.float32(ROUND) * emitters.across_mm[lamp] * free / behind
    return np.where(free < reach * np.float32(1 - 1e-5), width, np.float32(0))


@njit(cache=True, nogil=True)
def soften(visible, first, face, lamp, pixel, width_px, starts):  # type: ignore[no-untyped-def]
    """Running means on one face as wide as the edge that is nearest, one lamp and face after the other. Sums over
    squares come from summed area tables (Crow 1984)."""
    height, across = face.shape
    for group in range(len(starts) - 1):
        begin, end = starts[group], starts[group + 1]
        widest = np.float32(0)
        top, left, bottom, right = height, across, 0, 0
        for k in range(begin, end):
            row, column = pixel[k] // across, pixel[k] % across
            top, bottom, left, right = min(top, row), max(bottom, row), min(left, column), max(right, column)
            widest = max(widest, width_px[k])
        room = np.int64(np.ceil(widest)) + 1
        top, left = max(top - room, 0), max(left - room, 0)
        bottom, right = min(bottom + room + 1, height), min(right + room + 1, across)
        tables = np.zeros((bottom - top + 1, right - left + 1, 4), np.int32)
        for k in range(begin, end):
            here = tables[pixel[k] // across - top + 1, pixel[k] % across - left + 1]
            here[0], here[1] = 1, np.int32(np.rint(width_px[k] * PARTS))
        own = face[pixel[begin] // across, pixel[begin] % across]
        _sum_up(tables, visible, first, face, own, lamp[begin], top, left)
        _spread(tables, visible, first, face, own, lamp[begin], top, left, room)


@njit(cache=True, nogil=True)
def _sum_up(tables, visible, first, face, own, lamp, top, left):  # type: ignore[no-untyped-def]
    """Over all that is above and to the left: pixels of outlines, their widths, pixels of the face, what they see."""
    for r in range(1, tables.shape[0]):
        row_0, row_1, row_2, row_3 = 0, 0, 0, 0
        for c in range(1, tables.shape[1]):
            row_0 += tables[r, c, 0]
            row_1 += tables[r, c, 1]
            if face[top + r - 1, left + c - 1] == own:
                row_2 += 1
                row_3 += visible[first[top + r - 1, left + c - 1], lamp]
            tables[r, c, 0] = tables[r - 1, c, 0] + row_0
            tables[r, c, 1] = tables[r - 1, c, 1] + row_1
            tables[r, c, 2] = tables[r - 1, c, 2] + row_2
            tables[r, c, 3] = tables[r - 1, c, 3] + row_3


@njit(cache=True, nogil=True)
def _spread(tables, visible, first, face, own, lamp, top, left, room):  # type: ignore[no-untyped-def]
    high, wide = tables.shape[0] - 1, tables.shape[1] - 1
    for r in range(high):
        for c in range(wide):
            if face[top + r, left + c] != own:
                continue
            near = _within(tables, r, c, room, 0)
            if near == 0:
                continue
            place = _place_of(_within(tables, r, c, room, 1) / (np.float32(PARTS) * near))
            index = min(int(place), len(WIDTHS_PX) - 2)
            share = place - index
            seen = np.float32(0)
            for k in range(2):
                reach = WIDTHS_PX[index + k] // 2
                seen += (share if k else 1 - share) * _within(tables, r, c, reach, 3) / _within(tables, r, c, reach, 2)
            visible[first[top + r, left + c], lamp] = np.uint8(np.rint(min(seen, np.float32(255))))


@njit(cache=True, nogil=True)
def _within(tables, r, c, reach, which):  # type: ignore[no-untyped-def]
    """The sum over the square around pixel (r, c), cut at the piece's border; right although the tables
    may have wrapped."""
    above, under = max(r - reach, 0), min(r + reach + 1, tables.shape[0] - 1)
    before, after = max(c - reach, 0), min(c + reach + 1, tables.shape[1] - 1)
    total = (
        tables[under, after, which]
        - tables[above, after, which]
        - tables[under, before, which]
        + tables[above, before, which]
    )
    return np.int32(total)


@njit(cache=True, nogil=True)
def _place_of(width):  # type: ignore[no-untyped-def]
    """Between which of WIDTHS_PX: 1.5 is half way from the second to the third."""
    for k in range(1, len(WIDTHS_PX)):
        if width < WIDTHS_PX[k]:
            return np.float32(k - 1 + max(width - WIDTHS_PX[k - 1], 0) / (WIDTHS_PX[k] - WIDTHS_PX[k - 1]))
    return np.float32(len(WIDTHS_PX) - 1)


def soften_slowly(visible: Visible, first: Plane, face: Plane, outline: Outline) -> None:
    """The readable twin of `soften`, for pixels of outlines of one lamp and one face."""
    lamp, room = int(outline.lamp[0]), int(np.ceil(outline.width_px.max())) + 1
    edge = np.divmod(outline.pixel, face.shape[1])
    own = face == face[edge[0][0], edge[1][0]]
    wide, known = np.zeros(own.shape), np.zeros(own.shape)
    wide[edge], known[edge] = outline.width_px, 1
    near = _sums(known, room)
    changed = own & (near > 0.5)
    place = np.interp(_sums(wide, room) / np.maximum(near, 0.5), WIDTHS_PX, np.arange(len(WIDTHS_PX)))
    seen, soft = np.where(own, visible[first, lamp], 0).astype(np.float64), np.zeros(own.shape)
    for index, width in enumerate(WIDTHS_PX):
        weight = np.maximum(1 - np.abs(place - index), 0)
        soft += weight * _sums(seen, width // 2) / np.maximum(_sums(own.astype(np.float64), width // 2), 0.5)
    visible[first[changed], lamp] = np.rint(np.minimum(soft[changed], 255)).astype(np.uint8)


def _sums(values: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Over the square of so many pixels to each side."""
    square = (2 * reach + 1, 2 * reach + 1)
    return np.asarray(cv2.boxFilter(values, -1, square, normalize=False, borderType=cv2.BORDER_CONSTANT))
