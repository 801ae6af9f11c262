"""Missing feature: something the drawing shows is not there.

    - type: missing_feature
      class: hole_missing
      feature: hole               # hole, thread, rib, edge, print or other
      size_mm: [5.5, 9.5]         # of what is missing; a hole's own diameter counts where the CAD file has one there

- `hole`: a plug closes the hole flush with the face; it carries the surface's own finish, for it was never drilled.
- `thread`: a smooth wall stands where the thread should be, a bore of the core diameter.
- `edge` and `rib` at an edge (a short shot): the flow stopped before the mould was full. A body with a smooth, rounded
  front is cut out of the part; the front is glossy, for it froze against air.
- `print`: the pad missed; the bare surface shows, brighter and with ragged borders.
- everything else, and a rib inside a face: a shallow, rounded hollow with soft walls.
"""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Solid
from firstshift.core.mesh import Mesh
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.outline import blob, same_area
from firstshift.defects.solids import between, edge_at, edge_of, swept
from firstshift.spec.declared import Range
from firstshift.spec.defect_types import MissingFeature

PROUD_MM, PROUD_SHARE = 0.002, 4e-4
"""A plug stands that much above the face, the larger of the two, the share being one of its diameter: below what a
camera sees, and no two surfaces share a plane. It covers the rim altogether; one below the face would leave the corners
of a rim of chords, and the pixels on it, half to the hole."""
OVER_RIM = 1.004
CORE_SHARE = 0.84
"""Core diameter of a coarse metric thread as a share of the nominal one (M3–M12: 0.80–0.85, ISO 724)."""


class MissingFeatureFlaw(DrawnType[MissingFeature]):
    model = MissingFeature
    example = "{type: missing_feature, class: short_shot, feature: edge, size_mm: [1, 6]}"

    def imprint(self, entry: MissingFeature, ground: Ground, draws: Draws) -> Imprint:
        draws.recorded["feature"] = entry.feature
        hole = ground.opening_mm if entry.feature in ("hole", "thread") else None
        size = draws.graded("size_mm", entry.size_mm if hole is None else Range(hole, hole))
        if entry.feature in ("hole", "thread"):
            return _filled(entry, ground, draws, size)
        if entry.feature in ("edge", "rib") and ground.edge is not None:
            return _short_shot(entry, ground, draws, size)
        return _bare(ground, draws, size) if entry.feature == "print" else _hollow(ground, draws, size)


def _filled(entry: MissingFeature, ground: Ground, draws: Draws, size: float) -> Imprint:
    patch = grid_over(ground, size * 1.05, size * 1.05, narrowest_mm=size)
    away = np.hypot(patch.u_mm[None, :], patch.v_mm[:, None])
    here = away <= size / 2
    proud = max(PROUD_MM, PROUD_SHARE * size)
    if entry.feature == "hole":
        mesh = _bore(size / 2 * OVER_RIM, None, proud, -size * 0.6)
    else:
        mesh = _bore(size / 2 * OVER_RIM, size / 2 * CORE_SHARE, proud, -size * 1.5)
        here &= away >= size / 2 * CORE_SHARE
    return imprint_of(patch, draws.recorded, solids=(Solid(mesh, is_added=True),), footprint=here)


def _bore(outer: float, inner: float | None, top: float, bottom: float) -> Mesh:
    """A plug, or a tube when it has an inner radius."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)

    def ring(radius: float, n: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.concatenate([circle * radius, np.full((len(circle), 1), n)], axis=1)

    if inner is None:
        return swept(np.stack([ring(outer, bottom), ring(outer, top)]), "plug")
    wall = np.stack([ring(outer, bottom), ring(outer, top), ring(inner, top), ring(inner, bottom)], axis=1)
    return swept(np.concatenate([wall, wall[:1]]), "bore")


def _short_shot(entry: MissingFeature, ground: Ground, draws: Draws, size: float) -> Imprint:
    edge = edge_of(ground, f"missing feature {entry.class_name!r}")
    shape = draws.generator("shape")
    length = draws.between("length_mm", 1.3 * size, 2.6 * size)
    deep = edge.fall_mm * 1.05
    round_mm = min(draws.between("front_share", 0.25, 0.6) * edge.fall_mm, 0.6 * size)
    draws.recorded["front_mm"] = float(f"{round_mm:.4g}")
    u = np.linspace(-0.5, 0.5, 120) * length
    t = 2 * u / length
    swell = noise_along(shape, length, length / 2.5, octaves=3, gain=0.4)((t + 1) / 2 * length)
    front = np.clip(1 - np.abs(t) ** shape.uniform(2, 3.2), 0, 1) ** 0.55 * np.clip(1 + 0.16 * swell, 0.5, None)
    front = np.maximum(size * front / front.max(), 1e-4 * size)
    fall = np.tan(np.deg2rad(np.clip(edge.fall_deg, 15, 89)))
    # A meniscus: the front rounds over from the face to a wall that goes down through the part. Rows follow the front,
    # so that it has no steps.
    waves = 1 + 0.25 * noise_along(shape, length, length / 4, octaves=3)((t + 1) / 2 * length)
    soft = round_mm * np.clip(waves, 0.5, 1.6) * (front / size) ** 0.5
    into = np.concatenate([[-0.15, -0.07], np.sin(np.linspace(0, np.pi / 2, 26)), [1.02, 2.0]])[:, None]
    v = np.where(into < 1.5, into * soft - front, 0.25 * size + 1.1 * deep / fall)
    curve = 1 - np.sqrt(1 - np.clip(into, 0, 1) ** 2)
    flow = noise(shape, (length / 2, size * 1.1), (size / 2, size / 6), octaves=3, gain=0.5)
    dent = 0.06 * soft * np.tanh(flow.at(np.broadcast_to(u, v.shape), v)) * np.clip(into, 0, 1)
    z = np.where(into > 1, -deep, np.where(into > 0, -soft * curve, -into * 0.1 * deep)) - dent
    lid = 0.05 + 0.05 * deep
    across = np.broadcast_to(u, v.shape)
    part_v = v + edge_at(edge, u)
    top = np.stack([across, part_v, np.full_like(v, lid)], axis=-1)
    bottom = np.stack([across, part_v, np.minimum(z, lid - 1e-4)], axis=-1)
    solid = Solid(between(top, bottom, "short shot"), is_added=False, ra_um=0.15)
    patch = grid_over(ground, length, 2 * (size + float(np.abs(edge_at(edge, u)).max())), narrowest_mm=size)
    at = edge_at(edge, patch.u_mm)
    down = patch.v_mm[:, None]
    here = (down >= at - np.interp(patch.u_mm, u, front)) & (down <= at) & (np.abs(patch.u_mm) <= length / 2)
    return imprint_of(patch, draws.recorded, solids=(solid,), footprint=here)


def _bare(ground: Ground, draws: Draws, size: float) -> Imprint:
    shape = draws.generator("shape")
    brighter = draws.between("brighter", 0.15, 0.5)
    outline = blob(shape, size, elongation=shape.uniform(1, 2), turned_deg=shape.uniform(0, 180), squareness=3.5)
    u, v = (1.4 * r for r in outline.reach_mm)
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size)
    out, _ = outline.out(patch, 1.4)
    ragged = noise(shape, (u, v), size / 4, octaves=5, gain=0.7).on(patch)
    q = same_area(out + np.float32(0.2) * np.tanh(ragged) * np.minimum(out, 1), patch, size)
    gone = smoothstep((1 - q) / 0.06) * np.clip((1.4 - out) / 0.05, 0, 1)
    tint = (1 + brighter * gone[..., None] * np.ones(3)).astype(np.float32)
    return imprint_of(patch, draws.recorded, tint=tint)


def _hollow(ground: Ground, draws: Draws, size: float) -> Imprint:
    shape = draws.generator("shape")
    depth = draws.between("depth_um", 40, 120) * min(size, 5.0) / 1000
    draws.recorded["depth_um"] = float(f"{depth * 1000:.4g}")
    outline = blob(shape, size, elongation=shape.uniform(1, 2.2), turned_deg=shape.uniform(0, 180), rough=0.04)
    u, v = outline.reach_mm
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size)
    out, _ = outline.out(patch)
    hollow = smoothstep((1 - out) / 0.4)
    return imprint_of(
        patch, draws.recorded, height_mm=(-depth * hollow / hollow.max()).astype(np.float32),
        smoothness=(1 - 0.3 * hollow).astype(np.float32), hides_finish=hollow.astype(np.float32),
    )  # fmt: skip
