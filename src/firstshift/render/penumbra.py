"""Shadows with soft edges: how much of each emitter a sample sees, near the outlines of the shadow that it throws.

    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))

`visibility` asks for the middle of an emitter only, so every edge throws as many hard lines as there are emitters. An
emitter of width a, hidden by an edge that is d before the surface and D from the emitter, throws an edge as wide as
a·d/D (Fernando, *Percentage-Closer Soft Shadows*, SIGGRAPH 2005). On a straight edge the share that is seen grows
evenly over that width: the hard shadow under a running mean. One ray for each pixel along a hard outline tells d, and
the running mean goes over the same face only, so that no light leaks from one surface to the next.
"""

from __future__ import annotations

import math

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
ROUND = 0.886
"""Side of the square with the area of a disc of diameter 1."""


def softened(scene: Scene, gbuffer: GBuffer, emitters: Emitters, visible: Visible | None) -> Visible | None:
    """The same array, changed near outlines of shadows."""
    if visible is None:
        return None
    first, face = _faces(scene, gbuffer)
    lamp, pixel = outlines_of_shadows(first, face, visible)
    at = first.ravel()[pixel]
    width = _width_mm(scene, gbuffer, at, emitters, lamp) / np.maximum(gbuffer.footprint_mm[at], 1e-9)
    wide = np.flatnonzero(width > SHARP_PX)
    # One emitter and face after the other: no outline lies on two.
    group = lamp[wide].astype(np.int64) * (int(face.max()) + 2) + face.ravel()[pixel[wide]]
    wide = wide[np.argsort(group, kind="stable")]
    starts = np.flatnonzero(np.diff(np.sort(group), prepend=-1))
    for these in np.split(wide, starts[1:]) if len(wide) else ():
        rows, columns = np.divmod(pixel[these], gbuffer.width)
        _soften(visible, int(lamp[these[0]]), first, face, rows, columns, np.minimum(width[these], WIDEST_PX))
    return visible


def _faces(scene: Scene, gbuffer: GBuffer) -> tuple[Plane, Plane]:
    """(height, width) each: the sample of every pixel that has one only, and the face it lies on; −1 elsewhere."""
    shape = (gbuffer.height, gbuffer.width)
    counts = np.bincount(gbuffer.pixel, minlength=gbuffer.width * gbuffer.height)
    first = np.minimum(np.cumsum(counts) - counts, len(gbuffer) - 1).astype(np.int32)
    numbers, last = [], 0
    for item in scene.placed:
        numbers.append(item.mesh.face + last)
        last += int(item.mesh.face.max()) + 1
    triangle = scene.triangle_of(gbuffer)[first]
    face = np.where((counts == 1) & (triangle >= 0), np.concatenate(numbers)[triangle], -1)
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


def _soften(visible: Visible, lamp: int, first: Plane, face: Plane, rows: Plane, columns: Plane, width: F32) -> None:
    """Running means on one face as wide as the edge that is nearest."""
    room = int(np.ceil(width.max())) + 1
    piece = (
        slice(max(int(rows.min()) - room, 0), int(rows.max()) + room + 1),
        slice(max(int(columns.min()) - room, 0), int(columns.max()) + room + 1),
    )
    own = face[piece] == face[rows[0], columns[0]]
    samples = first[piece]
    wide, known = np.zeros(own.shape, np.float32), np.zeros(own.shape, np.float32)
    place = rows - piece[0].start, columns - piece[1].start
    wide[place], known[place] = width, 1
    reach = (2 * room + 1, 2 * room + 1)
    near = cv2.blur(known, reach, borderType=cv2.BORDER_CONSTANT)
    wide = cv2.blur(wide, reach, borderType=cv2.BORDER_CONSTANT) / np.maximum(near, np.float32(1e-9))
    changed = own & (near > 0.5 / (reach[0] * reach[1]))
    if not changed.any():
        return
    values = np.stack([np.where(own, visible[samples, lamp], 0), own], axis=2).astype(np.float32)
    soft = _means(values, np.where(changed, wide, wide[changed].min()))
    visible[samples[changed], lamp] = np.rint(soft[changed]).astype(np.uint8)


def _means(values: F32, wide: F32) -> F32:
    """The mean of `values` over a square of `wide` pixels around each pixel; (H, W, 2), value and share of each."""
    place = np.interp(wide.ravel(), WIDTHS_PX, np.arange(len(WIDTHS_PX))).astype(np.float32).reshape(wide.shape)
    out = np.zeros(wide.shape, np.float32)
    for index in range(math.floor(float(place.min())), math.ceil(float(place.max())) + 1):
        weight = np.maximum(1 - np.abs(place - np.float32(index)), 0)
        square = (WIDTHS_PX[index], WIDTHS_PX[index])
        total = cv2.blur(values, square, borderType=cv2.BORDER_REPLICATE)
        out += weight * total[:, :, 0] / np.maximum(total[:, :, 1], np.float32(1e-6))
    return np.asarray(np.minimum(out, 255), dtype=np.float32)
