"""What the rays of a body show: dressed with the part's finish or as it broke, and lit; and its shadow beside it.

Shadows are worked out once for each pixel and side of the body, not for every ray. Light reaches the wall of a cut
through the cutter first: a shadow ray starts where it leaves the cutter.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Materials
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade
from firstshift.render.stamping.beneath import light_from_beneath
from firstshift.render.stamping.covering import with_stuff
from firstshift.render.stamping.finding import lit_from, rows_in_box
from firstshift.render.stamping.mending import Mend, Pixels, runs_of, summed
from firstshift.render.stamping.reshading import towards_camera
from firstshift.render.stamping.solids import ON_BODY, Body, Seen, pixel_box, steps_on_surface

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TORN_UM = 1.6
TORN_ALPHA, TORN_OCCLUSION = np.float32(0.3), np.float32(0.3)
"""What broke or tore, rougher than any machined face: steep at every scale, so that it scatters and shades itself."""
SHADOW_REACH = 4.0
"""How far a body's shadow is looked for, in heights of the body: lights hang 15° high or more where that matters."""
MANY_PIXELS, BLOCK_PX = 1_500, 8
"""Bodies of more pixels than that ask for light block by block first."""
MOST_SHADED = 20_000
"""Samples beside a body that are asked for its shadow."""


def light_of(prepared: Prepared, body: Body, seen: Seen, before: Rows) -> F32:
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
    and single pixels only about emitters on which neighbouring blocks disagree."""
    kind = (seen.surface == ON_BODY).astype(np.int64)
    _, first, owner = np.unique(seen.pixel * 2 + kind, return_index=True, return_inverse=True)
    dark = np.zeros((len(first), len(prepared.emitters)), np.bool_)
    unsure = np.ones(dark.shape, np.bool_)
    if len(first) > MANY_PIXELS:
        row, column = np.divmod(seen.pixel[first], prepared.gbuffer.width)
        block = np.stack([row // BLOCK_PX, column // BLOCK_PX, kind[first]])
        size = block.max(axis=1) + 3
        place = np.ravel_multi_index(tuple(block + np.array([[1], [1], [0]])), size)
        blocks, one, of_block = np.unique(place, return_index=True, return_inverse=True)
        shaded = np.ones((len(blocks), dark.shape[1]), np.bool_)
        asked = np.nonzero(shaded)
        shaded[asked] = _shaded(prepared, body, seen, before, first[one[asked[0]]], asked[1])
        number = np.full(int(size.prod()), -1)
        number[blocks] = np.arange(len(blocks))
        mixed = np.zeros(shaded.shape, np.bool_)
        for step in (size[2], -size[2], size[1] * size[2], -size[1] * size[2]):
            beside = number[blocks + step]
            mixed |= (beside >= 0)[:, None] & (shaded[beside] != shaded)
        dark, unsure = shaded[of_block], mixed[of_block]
    asked = np.nonzero(unsure)
    dark[asked] = _shaded(prepared, body, seen, before, first[asked[0]], asked[1])
    return np.where(dark, np.uint8(0), np.uint8(255))[owner]


def _shaded(prepared: Prepared, body: Body, seen: Seen, before: Rows, rays: Rows, emitters: Rows) -> Flags:
    """(K,): whether something stands between these rays' points and these emitters."""
    facet = seen.facet[rays]
    start = seen.position_mm[rays] + facet * (prepared.scene.clearance_mm + body.clearance_mm)
    to_lamp = _lamps(prepared, before[rays], emitters) - start
    dark = np.asarray(np.einsum("ki,ki->k", facet, to_lamp) <= 0)  # behind its own surface
    asked = np.flatnonzero(~dark)
    origin, way = start[asked].astype(np.float32), to_lamp[asked].astype(np.float32)
    if body.solid.is_added:
        own = body.scene.blocked_along(origin, way, np.ones(len(asked), np.float32))
        dark[asked[own]] = True
        asked, origin, way = asked[~own], origin[~own], way[~own]
    else:
        far = np.sqrt((way * way).sum(axis=1))
        along = way / far[:, None]
        leaves = body.scene.free_way_mm(origin, along, far)
        inside = (leaves < far) & (seen.surface[rays[asked]] == ON_BODY)
        gone = np.where(inside, leaves + np.float32(body.clearance_mm), np.float32(0))[:, None] * along
        origin, way = origin + gone, way - gone
    met = prepared.scene.blocked_along(origin, way, np.ones(len(asked), np.float32))
    dark[asked[met]] = True
    return dark


def _lamps(prepared: Prepared, rows: Rows, emitters: Rows) -> npt.NDArray[np.float64]:
    """(K, 3): where these emitters are for these samples, one of each."""
    places = prepared.emitters.position_mm[emitters].astype(np.float64)
    return np.asarray(places - lit_from(prepared.gbuffer, rows, np.zeros((len(rows), 3))))


def shadow_beside(prepared: Prepared, body: Body, taken: Pixels, share: F32) -> list[Mend]:
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
    every, each = np.repeat(rows, len(emitters)), np.tile(np.arange(len(emitters)), len(rows))
    dark = body.scene.blocked(origins, _lamps(prepared, every, each)).reshape(len(rows), -1)
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
