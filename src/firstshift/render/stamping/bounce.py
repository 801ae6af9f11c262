"""Light that walls of a flaw throw onto each other: without it a pore in bright metal is pitch black.

From each sub-sample that sees walls instead of sky a few rays go on as its own surface would send light back: mirrored
about normals drawn from the GGX distribution of visible normals (Heitz 2018, JCGT 7(4)), and for what is no metal also
in all directions by the cosine. Where such a ray meets the height field, the direct light there, sent along the ray, is
shaded like any other sample, and the ray goes on from there. Everything that was reflected more often is
added as the geometric series it would be in a cavity of reflectance R that is open to a share A of the sky:

    L = w₁·L₁ + w₁·w₂·L₂ + w₁·w₂·w₃·L₃ / (1 − R(1 − A))

The directions follow a fixed sequence (Roberts 2018, R2), so that neighbouring sub-samples share the work and the same
flaw gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint
from firstshift.render.appearance import Appearance, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade
from firstshift.render.stamping.finding import lit_from, shading_samples
from firstshift.render.stamping.marching import marched
from firstshift.render.stamping.mending import summed
from firstshift.render.stamping.sampling import relief_means
from firstshift.render.stamping.shadow import Walls

OPEN = np.float32(0.97)
RAYS = 2
EVENING = (0.25, 0.5, 0.25)
MOST_EVENED = 250_000
MOST_ASKED = 6_000
"""Sub-samples of one flaw from which rays go on."""
BRIGHTEST = np.float32(3)
"""Radiance of a white plane in full light is 1: the few rays that meet a glint would only be noise."""
LEAST_ALPHA = np.float32(0.2)
TURNS = 3
"""Reflections that are followed one by one."""
R2 = (0.7548776662466927, 0.5698402909980532)


@dataclass(frozen=True, slots=True, eq=False)
class Cavity:
    """The sub-samples of one flaw whose sky is narrowed by its walls."""

    landing: Landing
    imprint: Imprint
    walls: Walls
    which: npt.NDArray[np.int64]
    """(D,): of all sub-samples, ascending."""
    uv_mm: F32
    """(D, 2): where in the patch."""


def bounced(
    prepared: Prepared, cavity: Cavity, row: npt.NDArray[np.int64], appearance: Appearance, materials: Materials
) -> F32:
    """(L, D, C): light to be added; `row` (D,) are the samples that the sub-samples come from. Where there are many,
    some of them ask for all: they lie side by side, and what they find is averaged over pixels anyway."""
    some = np.arange(0, len(row), max(1, -(-len(row) // MOST_ASKED)))
    found = _found(prepared, cavity, some, row[some], appearance.taken(some), materials)
    if not len(row):
        return found
    return evened(found, cavity.uv_mm, float(np.median(prepared.gbuffer.taken(row[:64]).footprint_mm)), some)


def _found(
    prepared: Prepared, cavity: Cavity, some: npt.NDArray[np.int64], row: npt.NDArray[np.int64], appearance: Appearance,
    materials: Materials,
) -> F32:  # fmt: skip
    """(L, K, C): light that comes to `some` (K,) of the cavity's sub-samples from its walls."""
    lights, colours = prepared.emitters.colour.shape
    out = np.zeros((lights, len(row), colours), dtype=np.float32)
    at, number = np.tile(np.arange(len(row)), RAYS), np.repeat(np.arange(RAYS), len(row))
    here, uv, view = appearance.taken(at), cavity.uv_mm[some[at]], prepared.gbuffer.view[row[at]]
    weight = np.ones((len(at), lights, colours), dtype=np.float32)
    for turn in range(TURNS):
        metal = materials.is_metal[here.material]
        mirrors = metal | (number == 0)
        way, share = _sent_on(prepared, at * RAYS + number + turn, view, here, materials, mirrors)
        met, uv, way = _met(cavity, uv, way)
        if not len(met):
            break
        at, number, weight, here = at[met], number[met], (weight * share)[met], here.taken(met)
        light, here, open_share = _light_at(prepared, cavity, row[at], here, materials, uv, way)
        if turn == TURNS - 1:
            back = np.minimum(_reflectance(materials)[here.material], 0.95)
            light *= np.moveaxis(1 / (1 - back * (1 - open_share[:, None, None])), 0, 1)
        rays = np.where(metal[met], RAYS, 1).astype(np.float32)
        out += summed(at, light * np.moveaxis(weight, 1, 0) / rays[:, None], len(row)).astype(np.float32)
        view = -way
    return out


def evened(light: F32, uv_mm: F32, pixel_mm: float, some: npt.NDArray[np.int64] | None = None) -> F32:
    """(L, D, C): what few rays found, averaged over the neighbouring pixels: light from walls changes slowly. `light`
    (L, K, C) is that of `some` (K,) of the D places `uv_mm`; None: of all."""
    from scipy.ndimage import convolve1d

    some = np.arange(len(uv_mm)) if some is None else some
    if not len(uv_mm):
        return light
    column, row = np.floor((uv_mm - uv_mm.min(axis=0)) / np.float32(pixel_mm)).astype(np.int64).T
    high, wide = int(row.max()) + 1, int(column.max()) + 1
    if high * wide > MOST_EVENED:
        return light[:, np.minimum(np.searchsorted(some, np.arange(len(uv_mm))), len(some) - 1)]
    at = row * wide + column

    def around(values: npt.NDArray[np.floating] | None) -> npt.NDArray[np.float64]:
        sums = np.bincount(at[some], values, high * wide).reshape(high, wide).astype(np.float64)
        for axis in (0, 1):
            sums = convolve1d(sums, EVENING, axis=axis, mode="constant")
        return np.asarray(sums.ravel()[at])

    count = np.maximum(around(None), 1e-9)
    lights, _, colours = light.shape
    planes = [[around(light[i, :, c]) / count for c in range(colours)] for i in range(lights)]
    return np.moveaxis(np.array(planes, dtype=np.float32), 1, 2)


def _reflectance(materials: Materials) -> F32:
    """(M, L, C): at normal incidence for metals, diffuse for others."""
    return np.asarray(np.where(materials.is_metal[:, None, None], normal_incidence(materials), materials.albedo))


def normal_incidence(materials: Materials) -> F32:
    below = (materials.eta + 1) ** 2 + materials.kappa**2
    return np.asarray(((materials.eta - 1) ** 2 + materials.kappa**2) / np.maximum(below, 1e-9), dtype=np.float32)


def _sent_on(
    prepared: Prepared, order: npt.NDArray[np.int64], seen_from: F32, appearance: Appearance, materials: Materials,
    mirrors: npt.NDArray[np.bool_],
) -> tuple[F32, F32]:  # fmt: skip
    """Unit directions (D, 3) from which light would have to come in to leave towards `seen_from`, and the weight
    (D, L, C) it would have. `order` is each ray's place in the sequence."""
    one, two = (np.mod((order + 1) * step, 1).astype(np.float32) for step in R2)
    side = np.cross(appearance.normal, appearance.tangent)
    frame = np.stack([appearance.tangent, side, appearance.normal], axis=1)
    view = np.einsum("dij,dj->di", frame, seen_from)
    view[:, 2] = np.maximum(view[:, 2], 0.02)
    half = visible_normals(view, appearance.alpha, one, two)
    cosine = np.clip((view * half).sum(axis=1), 0, 1)
    mirrored = 2 * cosine[:, None] * half - view
    radius, turn = np.sqrt(one), 2 * np.pi * two
    spread = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.sqrt(1 - one)], axis=1)
    local = np.where(mirrors[:, None], mirrored, spread)
    straight = normal_incidence(materials)[appearance.material]
    fresnel = straight + (1 - straight) * ((1 - cosine) ** 5)[:, None, None]
    layer = np.where(materials.is_metal, 1, materials.gloss)[appearance.material]
    seen = masking(local, appearance.alpha) * layer * (local[:, 2] > 0)
    weight = np.where(mirrors[:, None, None], fresnel * seen[:, None, None], materials.albedo[appearance.material])
    tint = np.einsum("lcr,dr->dlc", prepared.emitters.tint_mix, appearance.tint)
    return np.einsum("dij,di->dj", frame, local).astype(np.float32), (weight * tint).astype(np.float32)


def visible_normals(view: F32, alpha: F32, one: F32, two: F32) -> F32:
    """(D, 3): normals as seen from `view`, in the frame of tangent, side and normal (Heitz 2018, listing 1)."""
    stretched = view * np.concatenate([alpha, np.ones((len(alpha), 1), np.float32)], axis=1)
    stretched /= np.sqrt((stretched**2).sum(axis=1, keepdims=True))
    flat = stretched[:, 0] ** 2 + stretched[:, 1] ** 2
    size = np.sqrt(np.maximum(flat, 1e-12))
    first = np.stack([-stretched[:, 1] / size, stretched[:, 0] / size, np.zeros_like(size)], axis=1)
    first[flat < 1e-10] = (1, 0, 0)
    second = np.cross(stretched, first)
    radius, turn = np.sqrt(one), 2 * np.pi * two
    x, y = radius * np.cos(turn), radius * np.sin(turn)
    share = (1 + stretched[:, 2]) / 2
    y = (1 - share) * np.sqrt(np.maximum(1 - x * x, 0)) + share * y
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    normal = x[:, None] * first + y[:, None] * second + z[:, None] * stretched
    normal[:, :2] *= alpha
    normal[:, 2] = np.maximum(normal[:, 2], 1e-4)
    return np.asarray(normal / np.sqrt((normal**2).sum(axis=1, keepdims=True)), dtype=np.float32)


def masking(way: F32, alpha: F32) -> F32:
    """Smith's masking of GGX for one direction."""
    steep = ((alpha * way[:, :2]) ** 2).sum(axis=1) / np.maximum(way[:, 2] ** 2, 1e-6)
    return np.asarray(2 / (1 + np.sqrt(1 + steep)), dtype=np.float32)


def _met(cavity: Cavity, uv_mm: F32, way: F32) -> tuple[npt.NDArray[np.int64], F32, F32]:
    """Which rays meet a wall, where (K, 2), and their directions (K, 3) in the station."""
    patch, height = cavity.imprint.patch, cavity.imprint.height_mm
    assert height is not None
    frame = np.stack([cavity.landing.u, cavity.landing.v, cavity.landing.normal]).astype(np.float32)
    cell = np.full(len(way), min(patch.along_mm, patch.across_mm), np.float32)
    ground = relief_means(height, patch, uv_mm[:, 0], uv_mm[:, 1], cell, cell)[:, :1]
    lift = np.float32(0.1 * cell[0] if len(cell) else 0)
    start = np.concatenate([uv_mm, ground + lift], axis=1)
    met, place = marched(height, patch, start, way @ frame.T)
    at = np.flatnonzero(met)
    return at, place[at], way[at]


def _light_at(
    prepared: Prepared, cavity: Cavity, row: npt.NDArray[np.int64], appearance: Appearance, materials: Materials,
    place: F32, way: F32,
) -> tuple[F32, Appearance, F32]:  # fmt: skip
    """Direct light (L, K, C) that points `place` of the walls send back along `way`, the wall there, and how open it
    is (K,)."""
    landing, patch, height = cavity.landing, cavity.imprint.patch, cavity.imprint.height_mm
    assert height is not None
    cell = np.full(len(place), min(patch.along_mm, patch.across_mm), np.float32)
    u, v = place[:, 0], place[:, 1]
    ground, su, sv, *_ = relief_means(height, patch, u, v, cell, cell).T
    axes = np.stack([landing.u, landing.v, landing.normal]).astype(np.float32)
    normal = np.stack([-su, -sv, np.ones_like(su)], axis=1) @ axes
    normal /= np.sqrt((normal * normal).sum(axis=1, keepdims=True))
    tangent = appearance.tangent - normal * (appearance.tangent * normal).sum(axis=1, keepdims=True)
    tangent /= np.maximum(np.sqrt((tangent * tangent).sum(axis=1, keepdims=True)), 1e-6)
    position = np.stack([u, v, ground], axis=1) @ axes + landing.position_mm.astype(np.float32)
    tangents = cavity.walls.seen_from(u, v, cell, cell)
    # A flaw is small beside the way to the lamps: they are seen from all of it in the directions of its middle.
    middle = lit_from(prepared.gbuffer, row[:1], landing.position_mm[None])
    outward = landing.normal[None].astype(np.float32)
    visible = cavity.walls.lit(tangents, middle.astype(np.float32), outward, np.zeros(len(row), np.int64))
    if prepared.visible is not None:
        visible = visible * prepared.visible[row] / np.float32(255)
    wall = replace(
        appearance,
        normal=normal.astype(np.float32),
        tangent=tangent.astype(np.float32),
        # A wall met by a mirrored ray is taken for rougher than it is: with a few rays a sharp glint there would be
        # noise (path space regularisation: Kaplanyan and Dachsbacher 2013).
        alpha=np.maximum(appearance.alpha, LEAST_ALPHA),
        film=np.zeros(len(row), np.float32),
    )
    samples = replace(shading_samples(prepared.gbuffer, row, position), normal=wall.normal, view=-way)
    light = shade(samples, wall, materials, prepared.emitters, np.rint(visible * 255).astype(np.uint8))
    light = np.minimum(light, BRIGHTEST)
    return light, wall, cavity.walls.openness(tangents)
