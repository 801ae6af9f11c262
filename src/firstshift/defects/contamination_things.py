"""What lies on the surface: dust, fibres and chips. Called by `contamination`, which says what they are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from firstshift.core.imprint import MAX_CELLS, Ground, Imprint, Layer, Solid, Stuff
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import blank, imprint_of, smoothstep
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.outline import blobs
from firstshift.defects.path import beside, of_length, way_mm
from firstshift.defects.scatter import in_a_cluster, sizes_below
from firstshift.defects.solids import Floats, swept
from firstshift.spec.part import METALS

DUST = {"grey": (0.34, 0.33, 0.31), "pale": (0.62, 0.60, 0.56), "dark": (0.10, 0.09, 0.08), "sand": (0.42, 0.33, 0.22)}
ACROSS_CHIP = 5
"""Points across a chip's ribbon."""
THREADS = {
    "white": (0.72, 0.71, 0.68),
    "grey": (0.30, 0.30, 0.31),
    "blue": (0.10, 0.16, 0.34),
    "dark": (0.05, 0.05, 0.05),
}


def dust(ground: Ground, draws: Draws, size: float) -> Imprint:
    """Angular specks, few of them large, most of them as fine as the camera just sees."""
    grains = draws.graded_count_between("grains", 2, 90)
    tone = draws.choice("tone", grey=4, pale=3, dark=2, sand=1)
    shape = draws.generator("shape")
    cluster = size * (2 + 2.2 * grains**0.6)
    sizes = sizes_below(shape, size, grains, spread=0.75, smallest=0.1)
    sizes[1:] *= np.where(shape.random(grains - 1) < 0.8, shape.uniform(0.3, 0.7, grains - 1), 1)
    places = in_a_cluster(shape, sizes, cluster)
    outline = blobs(
        shape,
        sizes,
        places,
        elongation=shape.uniform(1, 2.6, grains),
        turned_deg=shape.uniform(0, 180, grains),
        rough=0.13,
        waves=7,
        gain=0.8,
        squareness=float(shape.uniform(1.5, 2.6)),
    )
    u, v = (r + 0.2 * size for r in outline.reach_mm)
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=float(np.median(sizes)))
    out, which = outline.out(patch, 1.35)
    hit = np.flatnonzero(which >= 0)
    row, column = np.divmod(hit, patch.columns)
    rough = noise(shape, (u, v), size / 2, octaves=4, gain=0.7).at(patch.u_mm[column], patch.v_mm[row])
    q = out.ravel()[hit] + np.float32(0.2) * np.tanh(rough)
    flat = shape.uniform(0.15, 0.45, grains) * sizes
    height, cover = blank(patch), blank(patch)
    of = which.ravel()[hit]
    # A crumb has facets: its top is the lowest of a few slanting planes.
    away = np.stack([patch.u_mm[column] - places[of, 0], patch.v_mm[row] - places[of, 1]], axis=1) / sizes[of, None]
    slants = shape.normal(0, 0.9, (3, grains, 2))
    planes = 1 + np.minimum.reduce([(away * slant[of]).sum(axis=1) for slant in slants])
    dome = np.clip(np.minimum(2.2 * (1 - q), planes), 0.05, 1.4) * (q < 1) * np.clip(1 + 0.2 * rough, 0.4, 1.6)
    height.ravel()[hit] = flat[of] * dome
    thin = shape.uniform(0.55, 1.0, grains)
    cover.ravel()[hit] = thin[of] * smoothstep((1.05 - q) / 0.12)
    stuff = Stuff(f"{tone} dust", DUST[tone], roughness=0.8)
    return imprint_of(patch, draws.recorded, height_mm=height, stuff=stuff, cover=cover, hides_finish=cover)


def fibre(ground: Ground, draws: Draws, width: float, length: float) -> Imprint:
    tone = draws.choice("tone", white=4, grey=3, blue=2, dark=3)
    shape = draws.generator("shape")
    count = int(np.clip(length / width * 1.5, 48, 700))
    s = np.linspace(0, length, count)
    bow = max(length / 3, 6 * width)
    curl = noise_along(shape, length, bow, octaves=5, gain=0.85)(s) + shape.normal() * 0.4
    curl += 2.5 * noise_along(shape, length, bow / 4, octaves=3, gain=0.9)(s)  # kinks, where it was bent before
    heading = np.cumsum(curl) * (length / count) * shape.uniform(0.8, 2.4) / bow
    moves = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    line = of_length(np.cumsum(moves, axis=0), length)
    way = way_mm(line)
    # A flat, twisted thread is now wide, now narrow; the plan's width is its widest.
    twist = 1 - 0.3 * np.abs(
        np.sin(np.pi * way / (width * shape.uniform(14, 40)) + noise_along(shape, length, 20 * width)(way))
    )
    ends = np.clip(np.minimum(way, length - way) / (0.8 * width), 0, 1) ** 0.5
    half = width / 2 * twist / twist.max() * np.maximum(ends, 0.15)
    lift = width * np.clip(0.5 * noise_along(shape, length, max(length / 4, 8 * width), octaves=2)(way), 0, 0.7)
    extent = 2 * np.abs(line).max(axis=0) + 1.4 * width
    patch = grid_over(ground, extent[0], extent[1], narrowest_mm=width, most=MAX_CELLS)
    near = beside(line, width * 0.56, patch)
    q = np.abs(near.across_mm) / near.interpolated(half)
    round_ = np.sqrt(np.clip(1 - q * q, 0, 1))
    height, cover = blank(patch), blank(patch)
    inside = q < 1
    height.ravel()[near.cell] = np.where(inside, near.interpolated(half) * (1 + round_) + near.interpolated(lift), 0)
    # Cellulose and polymers are clear: light goes through where the thread is thin and flat.
    clear = 0.78 + 0.16 * np.tanh(noise_along(shape, length, 10 * width, octaves=3)(way))
    cover.ravel()[near.cell] = np.clip((1 - q) / 0.15, 0, 1) * near.interpolated(clear)
    stuff = Stuff(f"{tone} fibre", THREADS[tone], roughness=0.45)
    return imprint_of(patch, draws.recorded, height_mm=height, stuff=stuff, cover=cover, hides_finish=cover)


def chip(ground: Ground, draws: Draws, width: float, length: float) -> Imprint:
    """A ribbon on a widening screw line, laid down on the surface: cupped, with the ridges across it that a chip gets
    where the metal shears, one side smooth from the tool's face."""
    shape = draws.generator("shape")
    curl_mm = draws.between("curl_widths", 0.7, 2.2) * width
    draws.recorded["curl_radius_mm"] = float(f"{curl_mm:.4g}")
    metal = ground.material if ground.material in METALS else "steel"
    rings = _ribbon(shape, width, length, curl_mm)
    flat = rings.reshape(-1, 3)
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
    rings = rings - [middle[0], middle[1], float(flat[:, 2].min()) + 0.02 * width]
    stuff = Stuff(f"{metal} swarf", metal=metal, roughness=0.3)
    solid = Solid(swept(rings, "chip"), is_added=True, ra_um=0.6, stuff=stuff)
    u, v = np.abs(rings[..., 0]).max(), np.abs(rings[..., 1]).max()
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=width)
    seen = blank(patch)
    _mark(seen, rings, patch.u_mm, patch.v_mm)
    return imprint_of(patch, draws.recorded, solids=(solid,), footprint=seen > 0)


def _ribbon(generator: np.random.Generator, width: float, length: float, curl_mm: float) -> Floats:
    stations = int(np.clip(length / (0.045 * width), 60, 300))
    s = np.linspace(0, length, stations)
    uneven = 1 + 0.3 * np.tanh(noise_along(generator, length, length / 2.5, octaves=3, gain=0.5)(s))
    radius = curl_mm * (1 + generator.uniform(0, 0.8) * s / length) * uneven
    angle = np.concatenate(([0.0], np.cumsum(np.diff(s) / radius[1:])))
    turns = angle[-1] / (2 * np.pi)
    climb = width * generator.uniform(0.7, 1.8) if turns > 0.7 else width * generator.uniform(-0.3, 0.3)
    line = np.stack([climb * angle / (2 * np.pi), radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    axis = np.array([1.0, 0.0, 0.0])
    across = axis - tangent * (tangent @ axis)[:, None]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    normal = np.cross(tangent, across)
    taper = np.clip(np.minimum(s, length - s) / (0.7 * width), 0.05, 1) ** 0.6
    torn = 1 - 0.22 * np.abs(noise_along(generator, length, width * 0.35, octaves=3, gain=0.8)(s))
    thick = width * generator.uniform(0.05, 0.12) * (0.3 + 0.7 * taper)
    left, right = width / 2 * taper, width / 2 * taper * np.clip(torn, 0.4, 1)
    ridges = 1.6 * noise_along(generator, length, width * 0.22, octaves=3, gain=0.9)(s)
    ridges += np.abs(np.sin(np.pi * s / (width * generator.uniform(0.1, 0.2)) + ridges))
    cup = width * generator.uniform(-0.16, 0.16)
    places = np.linspace(-1, 1, ACROSS_CHIP)
    over, under = [], []
    for place in places:
        edge = np.where(place < 0, right, left)
        out = line + across * (place * edge)[:, None]
        bow = cup * (1 - place * place) * taper
        lean_ridge = ridges * (1 - 0.5 * place * place)
        over.append(out + normal * (bow + thick * (0.4 + 0.35 * lean_ridge))[:, None])
        under.append(out + normal * (bow - thick / 2)[:, None])
    rings = np.stack(over + under[::-1], axis=1)
    # Long screws lie on their side; short curls lie as they fell.
    lean = np.deg2rad(generator.uniform(-12, 12) if turns > 1.2 else generator.uniform(35, 80))
    cos, sin = np.cos(lean), np.sin(lean)
    turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return np.asarray(rings @ turn.T)


def _mark(seen: Layer, rings: Floats, u_mm: Layer, v_mm: Layer) -> None:
    """The ribbon's shadow on the patch: between neighbouring stations it is nearly a quadrilateral."""
    import cv2

    column = (rings[..., 0] - u_mm[0]) / (u_mm[1] - u_mm[0])
    row = (rings[..., 1] - v_mm[0]) / (v_mm[1] - v_mm[0])
    corners = np.round(np.stack([column, row], axis=-1) * 16).astype(np.int32)
    for a, b in pairwise(corners):
        cv2.fillConvexPoly(seen, cv2.convexHull(np.concatenate([a, b])), 1.0, lineType=8, shift=4)
