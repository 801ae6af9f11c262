"""The light of solids: what their rays see is dressed, lit and compared with what was there; and their shadow on the
part beside them.

Shadows are worked out once for each pixel and side of the body, not for every ray. Light reaches the wall of a cut
through the cutter first: a shadow ray starts where it leaves the cutter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint, Solid
from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Appearance, Materials
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade
from firstshift.render.stamping.beneath import light_from_beneath
from firstshift.render.stamping.covering import with_stuff
from firstshift.render.stamping.finding import lit_from, rows_in_box, spans
from firstshift.render.stamping.mending import Mend, Pixels, ascending, runs_of, summed
from firstshift.render.stamping.reshading import towards_camera
from firstshift.render.stamping.solids import ON_BODY, Body, Seen, grid_offsets, pixel_box, seen_with, steps_on_surface

Rows = npt.NDArray[np.int64]
TORN_UM = 1.6
TORN_ALPHA, TORN_OCCLUSION = np.float32(0.3), np.float32(0.3)
"""What broke or tore, rougher than any machined face: steep at every scale, so that it scatters and shades itself."""
SHADOW_REACH = 4.0
"""How far a body's shadow is looked for, in heights of the body: lights hang 15° high or more where that matters."""
MANY_PIXELS, BLOCK_PX = 1_500, 8
"""Bodies of more pixels than that ask for light block by block first."""
MOST_SHADED = 20_000
"""Samples beside a body that are asked for its shadow."""


@dataclass(frozen=True, slots=True, eq=False)
class SolidLight:
    mends: list[Mend]
    pixel: Pixels
    share: F32
    """How much of each of these pixels the body (or the cut) takes."""


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


def solid_light(
    prepared: Prepared, landing: Landing, imprint: Imprint, now: F32 | None, rows: Rows, kept: LitBodies | None = None
) -> SolidLight:
    """`now` (L, K, C) is the radiance that layers of flaws left at `rows` (K,), ascending. `kept` remembers the bodies
    of this view."""
    mends: list[Mend] = []
    shares: list[tuple[Pixels, F32]] = []
    for solid in joined(imprint.solids):
        body = kept.lit(prepared, landing, solid) if kept else lit_body(prepared, landing, solid)
        mends += [_compared(prepared, body, now, rows), *body.beside]
        shares.append((body.pixel, body.share))
    pixel = ascending(np.concatenate([np.zeros(0, np.int32), *(p for p, _ in shares)]))
    total = np.zeros(len(pixel), np.float32)
    for its_pixels, share in shares:
        total[np.searchsorted(pixel, its_pixels)] += share
    return SolidLight(mends, pixel, np.minimum(total, 1))


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
        light = _lit(prepared, body, seen, before)
        pixel, owner = runs_of(seen.pixel.astype(np.int32))
        share = np.bincount(owner, weight, len(pixel)).astype(np.float32)
    beside = _shadow_beside(prepared, body, pixel, share) if solid.is_added else []
    clean = _difference(pixel, owner, light - prepared.radiance[:, before], weight)
    return LitBody(before, weight, light, pixel, owner, share, clean, beside)


def _compared(prepared: Prepared, body: LitBody, now: F32 | None, rows: Rows) -> Mend:
    """What a body changes where layers of flaws may have changed the part already."""
    if now is None or not len(rows):
        return body.clean
    place = np.minimum(np.searchsorted(rows, body.before), len(rows) - 1)
    known = rows[place] == body.before
    if not known.any():
        return body.clean
    until_now = prepared.radiance[:, body.before]
    until_now[:, known] = now[:, place[known]]
    return _difference(body.pixel, body.owner, body.light - until_now, body.weight)


def _difference(pixel: Pixels, owner: Rows, change: F32, weight: F32) -> Mend:
    return Mend(pixel, summed(owner, change * weight[:, None], len(pixel)).astype(np.float32))


def joined(solids: Sequence[Solid]) -> list[Solid]:
    """Solids of one kind as one body, so that a pixel which two of them touch is counted once."""
    groups: dict[object, list[Solid]] = {}
    for solid in solids:
        groups.setdefault((solid.is_added, solid.ra_um, solid.stuff), []).append(solid)
    return [replace(group[0], mesh=_one_mesh([solid.mesh for solid in group])) for group in groups.values()]


def _one_mesh(meshes: Sequence[Mesh]) -> Mesh:
    if len(meshes) == 1:
        return meshes[0]
    first = np.cumsum([0, *(len(mesh.vertices_mm) for mesh in meshes[:-1])])
    count = sum(len(mesh.triangles) for mesh in meshes)
    return Mesh(
        vertices_mm=np.concatenate([mesh.vertices_mm for mesh in meshes]),
        triangles=np.concatenate([m.triangles + f for m, f in zip(meshes, first, strict=True)]).astype(np.int32),
        corner_normals=np.concatenate([mesh.corner_normals for mesh in meshes]),
        body=np.zeros(count, np.int16),
        face=np.zeros(count, np.int32),
        body_names=("solid",),
        face_names=("solid",),
    )


def nearest_rows(gbuffer: GBuffer, pixel: npt.NDArray[np.int64], offset_px: F32) -> Rows:
    """For each ray the sample of its pixel that lay nearest to it."""
    first = np.searchsorted(gbuffer.pixel, pixel)
    count = np.searchsorted(gbuffer.pixel, pixel, side="right") - first
    nearest = first.astype(np.int64)
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
    first = np.searchsorted(gbuffer.pixel, seen.pixel)
    several = np.flatnonzero(np.searchsorted(gbuffer.pixel, seen.pixel, side="right") - first > 1)
    if not len(several):
        return np.asarray(left, dtype=np.float32)
    pixels = ascending(seen.pixel[several])
    grid = grid_offsets(int(seen.side[several[0]]))
    all_rays = nearest_rows(gbuffer, np.repeat(pixels, len(grid)), np.tile(grid, (len(pixels), 1)))
    rows, count = np.unique(all_rays, return_counts=True)
    left[several] = gbuffer.weight[before[several]] / count[np.searchsorted(rows, before[several])]
    return np.asarray(left, dtype=np.float32)


def _lit(prepared: Prepared, body: Body, seen: Seen, before: Rows) -> F32:
    """(L, R, C)"""
    samples = _samples(prepared, seen, body.landing.surface)
    appearance, materials = _dressed(prepared, body, seen, samples)
    visible = _seen_lights(prepared, body, seen, before)
    light = shade(samples, appearance, materials, prepared.emitters, visible)
    on_body = np.flatnonzero(seen.surface == ON_BODY)
    up = body.landing.normal.astype(np.float32)
    look = appearance.taken(on_body)
    light[:, on_body] += light_from_beneath(prepared, before, up, samples.view[on_body], look, materials)
    empty = np.flatnonzero(seen.surface == NOTHING)
    if len(empty):
        light[:, empty] = _background(prepared, seen.pixel[empty])
    return light


def _samples(prepared: Prepared, seen: Seen, surface: int) -> GBuffer:
    """Changed rays as samples."""
    whose = np.where(seen.surface == ON_BODY, surface, seen.surface)
    objects = prepared.scene.placed_of(whose)
    local = seen.position_mm.astype(np.float32)
    for number, item in enumerate(prepared.scene.placed):
        rays = np.flatnonzero(objects == number)
        if len(rays):
            away = (seen.position_mm[rays] - item.pose.shift_mm).astype(np.float32)
            local[rays] = away @ item.pose.rotation.astype(np.float32)
    across, down = steps_on_surface(prepared, seen)
    return replace(
        prepared.gbuffer,
        pixel=seen.pixel.astype(np.int32),
        offset_px=seen.offset_px,
        weight=(1 / (seen.side * seen.side)).astype(np.float32),
        surface=np.where(seen.surface == ON_BODY, len(prepared.surfaces), seen.surface).astype(np.int16),
        triangle=seen.triangle.astype(np.int32),
        position_mm=seen.position_mm.astype(np.float32),
        local_mm=local,
        normal=seen.normal.astype(np.float32),
        facet=seen.facet.astype(np.float32),
        view=(-seen.direction).astype(np.float32),
        across_mm=across,
        down_mm=down,
        distance_mm=np.zeros(len(seen), np.float32),  # the blur of defocus is the clean view's
    )


def _dressed(prepared: Prepared, body: Body, seen: Seen, samples: GBuffer) -> tuple[Appearance, Materials]:
    """The part's own finish goes on over a plug; what broke or tore has that of a casting of its roughness."""
    own = prepared.surfaces[body.landing.surface]
    if body.solid.ra_um is not None:
        own = replace(own, finish="cast", lay="none", ra_um=max(body.solid.ra_um, 0.05))
    surfaces = (*prepared.surfaces, own)
    objects = prepared.scene.placed_of(np.array([*range(len(prepared.surfaces)), body.landing.surface]))
    turns = np.stack([prepared.scene.placed[number].pose.rotation for number in objects])
    dressed = dress(samples, surfaces, turns)
    table = _rows_of_surfaces(prepared)
    material = table[np.where(seen.surface == ON_BODY, body.landing.surface, seen.surface)]
    material[seen.surface == NOTHING] = -1
    alpha, materials = dressed.alpha, prepared.materials
    if body.solid.stuff is not None:
        materials, (row,) = with_stuff(materials, prepared.emitters, [body.solid.stuff])
        on_body = seen.surface == ON_BODY
        material[on_body] = row
        alpha = np.where(on_body[:, None], np.float32(body.solid.stuff.roughness), alpha)
    occlusion = dressed.occlusion
    if body.solid.ra_um is not None and body.solid.ra_um > TORN_UM:
        broken = (seen.surface == ON_BODY) & (body.solid.stuff is None)
        alpha = np.where(broken[:, None], np.maximum(alpha, TORN_ALPHA), alpha)
        occlusion = np.where(broken, np.maximum(occlusion, TORN_OCCLUSION), occlusion).astype(np.float32)
    look = replace(
        dressed,
        material=material.astype(np.int16),
        alpha=alpha,
        normal=towards_camera(dressed.normal, samples.view),
        occlusion=occlusion,
    )
    return look, materials


def _rows_of_surfaces(prepared: Prepared) -> npt.NDArray[np.int16]:
    """(S,): each surface's row of the materials table, as the view's samples have it; its number where none is seen."""
    table = np.arange(len(prepared.surfaces), dtype=np.int16)
    table = np.minimum(table, len(prepared.materials.names) - 1).astype(np.int16)
    for surface in range(len(table)):
        seen = prepared.gbuffer.surface == surface
        first = int(seen.argmax())
        if seen[first]:
            table[surface] = prepared.appearance.material[first]
    return table


def _background(prepared: Prepared, pixel: npt.NDArray[np.int64]) -> F32:
    """(L, R, C): what is seen past the part near these pixels: the light of the nearest sample that met nothing."""
    gbuffer = prepared.gbuffer
    empty = np.flatnonzero(gbuffer.surface == NOTHING)
    if not len(empty):
        return np.zeros((len(prepared.radiance), len(pixel), prepared.radiance.shape[2]), np.float32)
    wanted, owner = np.unique(pixel, return_inverse=True)
    row, column = np.divmod(gbuffer.pixel[empty], gbuffer.width)
    nearest = [empty[np.argmin((row - p // gbuffer.width) ** 2 + (column - p % gbuffer.width) ** 2)] for p in wanted]
    return np.asarray(prepared.radiance[:, np.array(nearest)[owner]])


def _seen_lights(prepared: Prepared, body: Body, seen: Seen, before: Rows) -> npt.NDArray[np.uint8]:
    """(R, E): one question for each pixel and side, asked by its first ray. On large bodies blocks of pixels ask first,
    and single pixels only where neighbouring blocks disagree."""
    kind = (seen.surface == ON_BODY).astype(np.int64)
    _, first, owner = np.unique(seen.pixel * 2 + kind, return_index=True, return_inverse=True)
    dark = np.zeros((len(first), len(prepared.emitters)), np.bool_)
    unsure = np.ones(len(first), np.bool_)
    if len(first) > MANY_PIXELS:
        row, column = np.divmod(seen.pixel[first], prepared.gbuffer.width)
        block = np.stack([row // BLOCK_PX, column // BLOCK_PX, kind[first]])
        size = block.max(axis=1) + 3
        place = np.ravel_multi_index(tuple(block + np.array([[1], [1], [0]])), size)
        blocks, one, of_block = np.unique(place, return_index=True, return_inverse=True)
        shaded = _shaded(prepared, body, seen, before, first[one])
        number = np.full(int(size.prod()), -1)
        number[blocks] = np.arange(len(blocks))
        mixed = np.zeros(len(blocks), np.bool_)
        for step in (size[2], -size[2], size[1] * size[2], -size[1] * size[2]):
            beside = number[blocks + step]
            mixed |= (beside >= 0) & (shaded[beside] != shaded).any(axis=1)
        dark, unsure = shaded[of_block], mixed[of_block]
    dark[unsure] = _shaded(prepared, body, seen, before, first[unsure])
    return np.where(dark, 0, 255).astype(np.uint8)[owner]


def _shaded(prepared: Prepared, body: Body, seen: Seen, before: Rows, rays: Rows) -> npt.NDArray[np.bool_]:
    """(K, E): what stands between these rays' points and the emitters."""
    count, emitters = len(rays), len(prepared.emitters)
    start = seen.position_mm[rays] + seen.facet[rays] * (prepared.scene.clearance_mm + body.clearance_mm)
    origins = np.repeat(start, emitters, axis=0)
    targets = _lamps(prepared, before[rays])
    if body.solid.is_added:
        dark = body.scene.blocked(origins, targets)
    else:
        way = targets - origins
        far = np.sqrt((way * way).sum(axis=1, keepdims=True))
        leaves = body.scene.hits(origins, way / far).distance_mm
        inside = np.isfinite(leaves) & np.repeat(seen.surface[rays] == ON_BODY, emitters)
        origins = origins + np.where(inside, leaves + body.clearance_mm, 0)[:, None] * way / far
        dark = np.zeros(len(origins), np.bool_)
    dark = dark | prepared.scene.blocked(origins, targets)
    return dark.reshape(count, emitters)


def _lamps(prepared: Prepared, rows: Rows) -> npt.NDArray[np.float64]:
    """(K · E, 3): where the emitters are for each of these samples."""
    places = np.repeat(prepared.emitters.position_mm[None].astype(np.float64), len(rows), axis=0)
    nowhere = np.zeros((len(rows), 3))
    return (places - lit_from(prepared.gbuffer, rows, nowhere)[:, None]).reshape(-1, 3)


def _shadow_beside(prepared: Prepared, body: Body, taken: Pixels, share: F32) -> list[Mend]:
    """Where the part beside an added body now lies in its shadow."""
    gbuffer, emitters = prepared.gbuffer, prepared.emitters
    points = body.mesh.vertices_mm
    high = float(((points - body.landing.position_mm) @ body.landing.normal).max())
    if high <= 0:
        return []
    reach = SHADOW_REACH * high
    around = np.concatenate(
        [points + step for step in reach * np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])]
    )
    rows = rows_in_box(gbuffer, *pixel_box(prepared, around))
    rows = rows[gbuffer.surface[rows] >= 0]
    if not 0 < len(rows) <= MOST_SHADED:
        return []
    start = gbuffer.position_mm[rows] + gbuffer.facet[rows] * np.float32(body.clearance_mm + 1e-4)
    origins = np.repeat(start, len(emitters), axis=0)
    dark = body.scene.blocked(origins, _lamps(prepared, rows)).reshape(len(rows), -1)
    shaded = np.flatnonzero(dark.any(axis=1))
    if not len(shaded):
        return []
    rows, dark = rows[shaded], dark[shaded]
    visible = np.where(dark, 0, 255 if prepared.visible is None else prepared.visible[rows]).astype(np.uint8)
    light = shade(gbuffer.taken(rows), prepared.appearance.taken(rows), prepared.materials, emitters, visible)
    left = gbuffer.weight[rows]
    if len(taken):
        place = np.minimum(np.searchsorted(taken, gbuffer.pixel[rows]), len(taken) - 1)
        left = left * (1 - np.where(taken[place] == gbuffer.pixel[rows], share[place], 0))
    difference = (light - prepared.radiance[:, rows]) * left[:, None].astype(np.float32)
    pixels, owner = runs_of(gbuffer.pixel[rows])
    return [Mend(pixels.astype(np.int32), summed(owner, difference, len(pixels)).astype(np.float32))]
