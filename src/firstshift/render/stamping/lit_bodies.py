"""A body in one view: what its rays show, of which pixels they are, and what it changes there.

bodies = LitBodies()                                    # one for a prepared view
body = bodies.lit(prepared, landing, solid)             # traced and lit the first time, remembered after that
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Solid
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.finding import spans
from firstshift.render.stamping.mending import Mend, Pixels, ascending, runs_of, summed
from firstshift.render.stamping.solid_shading import light_of, shadow_beside
from firstshift.render.stamping.solids import Body, Seen, grid_offsets, seen_with

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LitBody:
    """One body in one view, before it is compared with what was there: R rays of P pixels."""

    before: Rows
    """(R,): the sample that each ray takes the place of."""
    weight: F32
    """(R,): how much of its pixel each ray stands for."""
    light: F32
    """(L, R, C)"""
    pixel: Pixels
    """(P,): ascending"""
    owner: Rows
    """(R,): which of `pixel`."""
    share: F32
    """(P,)"""
    clean: Mend
    """The difference to the clean view."""
    beside: list[Mend]
    """Its shadow on the part."""


class LitBodies:
    """The last bodies of one prepared view: a hole that nobody drilled is the same plug in image after image."""

    def __init__(self, most: int = 4) -> None:
        self.most = most
        self._kept: dict[tuple[object, ...], LitBody] = {}

    def lit(self, prepared: Prepared, landing: Landing, solid: Solid) -> LitBody:
        key = _told(landing, solid)
        body = self._kept.pop(key, None) or lit_body(prepared, landing, solid)
        self._kept[key] = body
        while len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]
        return body


def _told(landing: Landing, solid: Solid) -> tuple[object, ...]:
    """Everything that `lit_body` reads, but for the view."""
    mesh = solid.mesh
    arrays = (landing.position_mm, landing.u, landing.v, landing.normal)
    meshes = (mesh.vertices_mm, mesh.triangles, mesh.corner_normals)
    told = hashlib.sha256()
    for array in (*arrays, *meshes):
        told.update(np.ascontiguousarray(array).tobytes())
    return told.digest(), landing.surface, solid.is_added, solid.ra_um, solid.stuff


def lit_body(prepared: Prepared, landing: Landing, solid: Solid) -> LitBody:
    lights, _, colours = prepared.radiance.shape
    body = Body(solid, landing)
    seen = seen_with(prepared, body)
    before, weight, owner = np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64)
    pixel, share = np.zeros(0, np.int32), np.zeros(0, np.float32)
    light = np.zeros((lights, 0, colours), np.float32)
    if seen is not None:
        before = nearest_rows(prepared.gbuffer, seen.pixel, seen.offset_px)
        weight = weights_of(prepared.gbuffer, seen, before)
        light = light_of(prepared, body, seen, before)
        pixel, owner = runs_of(seen.pixel.astype(np.int32))
        share = np.bincount(owner, weight, len(pixel)).astype(np.float32)
    beside = shadow_beside(prepared, body, pixel, share) if solid.is_added else []
    clean = difference(pixel, owner, light - prepared.radiance[:, before], weight)
    return LitBody(before, weight, light, pixel, owner, share, clean, beside)


def difference(pixel: Pixels, owner: Rows, change: F32, weight: F32) -> Mend:
    return Mend(pixel, summed(owner, change * weight[:, None], len(pixel)).astype(np.float32))


def nearest_rows(gbuffer: GBuffer, pixel: npt.NDArray[np.int64], offset_px: F32) -> Rows:
    """For each ray the sample of its pixel that lay nearest to it."""
    first, count = gbuffer.samples_of(pixel)
    nearest = first.copy()
    several = np.flatnonzero(count > 1)
    rows = spans(first[several], count[several])
    owner = np.repeat(several, count[several])
    off = gbuffer.offset_px[rows] - offset_px[owner]
    order = np.lexsort((-(off * off).sum(axis=1), owner))
    nearest[owner[order]] = rows[order]  # the last one written for each ray is its nearest
    return np.minimum(nearest, len(gbuffer) - 1)


def weights_of(gbuffer: GBuffer, seen: Seen, before: Rows) -> F32:
    """(R,): how much of its pixel each ray stands for: its part of the weight of the sample it takes the place of, so
    that an outline that is covered altogether leaves nothing of itself."""
    left = gbuffer.weight[before] / (seen.side * seen.side)
    several = np.flatnonzero(gbuffer.samples_of(seen.pixel)[1] > 1)
    if not len(several):
        return np.asarray(left, dtype=np.float32)
    pixels = ascending(seen.pixel[several])
    grid = grid_offsets(int(seen.side[several[0]]))
    all_rays = nearest_rows(gbuffer, np.repeat(pixels, len(grid)), np.tile(grid, (len(pixels), 1)))
    rows, count = np.unique(all_rays, return_counts=True)
    left[several] = gbuffer.weight[before[several]] / count[np.searchsorted(rows, before[several])]
    return np.asarray(left, dtype=np.float32)
