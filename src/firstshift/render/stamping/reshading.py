"""From a change of the surface to its light: the appearance of each changed sub-sample, and its radiance.

Slopes add: the finish's resolved slopes (those of the parent sample's normal against the geometry's) and the flaw's
give the new normal. Variances of slopes add: α² = (smoothness · α_finish)² + 2·σ² on each axis,
both as tensors, whose main axes the new roughness takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.prepared import Prepared
from firstshift.render.shade import shade
from firstshift.render.stamping.bounce import Cavity, bounced
from firstshift.render.stamping.change import Change
from firstshift.render.stamping.finding import shading_samples
from firstshift.render.stamping.splitting import Splinters

LEAST_FACING = np.float32(0.05)
SHORTEST = np.float32(1e-6)
SMOOTHEST, ROUGHEST = np.float32(0.004), np.float32(1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """Stuffs as rows of the materials table, by flaw."""

    materials: Materials
    row: npt.NDArray[np.int16]
    """(F,): −1 for flaws without stuff."""
    roughness: F32
    """(F,)"""


def dressed(prepared: Prepared, row: npt.NDArray[np.int64], change: Change, which: npt.NDArray[np.int64]) -> Appearance:
    """The appearance of sub-samples `which`, whose parents are the samples `row`, before any cover."""
    clean = prepared.appearance.taken(row)
    ground = prepared.gbuffer.normal[row]
    hidden, factor = change.hidden_finish[which], change.smoothness[which]
    kept = (1 - hidden) * np.minimum(factor, 1)
    up = np.maximum(_dot(clean.normal, ground), np.float32(0.05))[:, None]
    # Both tilts as slopes in the tangent plane of the geometry's normal: n ∝ N − ∇h.
    tilt = clean.normal / up - ground
    fall = change.gradient[which]
    fall = fall - ground * _dot(fall, ground)[:, None]
    normal = towards_camera(ground + tilt * kept[:, None] - fall, prepared.gbuffer.view[row])
    even = np.sqrt(clean.alpha[:, :1] * clean.alpha[:, 1:])
    alpha = (clean.alpha + (even - clean.alpha) * hidden[:, None]) * factor[:, None]
    alpha, turn = main_axes(alpha, change.spread[which])
    side = np.cross(clean.normal, clean.tangent)
    tangent = clean.tangent * np.cos(turn)[:, None] + side * np.sin(turn)[:, None]
    tangent = tangent - normal * _dot(tangent, normal)[:, None]
    tangent /= np.maximum(np.sqrt(_dot(tangent, tangent)), 1e-6)[:, None]
    return Appearance(
        material=clean.material,
        normal=normal.astype(np.float32),
        tangent=tangent.astype(np.float32),
        alpha=np.clip(alpha, np.minimum(SMOOTHEST, clean.alpha.min(initial=1)), ROUGHEST).astype(np.float32),
        tint=clean.tint * change.tint[which],
        occlusion=1 - (1 - clean.occlusion) * (1 - change.occlusion[which]),
        film=1 - (1 - clean.film) * (1 - change.film[which]),
    )


def reshaded(
    prepared: Prepared, splinters: Splinters, change: Change, cavities: Sequence[Cavity], covering: Covering
) -> F32:
    """(L, S', C): radiance of the changed sub-samples, in their order."""
    which = np.flatnonzero(change.is_changed)
    row = splinters.rows[splinters.owner[which]]
    bare = dressed(prepared, row, change, which)
    covered = np.flatnonzero(change.cover[which] > 0)
    flaw = change.stuff[which[covered]]
    stuff = replace(
        bare.taken(covered),
        material=covering.row[flaw],
        alpha=np.maximum(np.repeat(covering.roughness[flaw, None], 2, axis=1), SMOOTHEST),
    )
    order = np.concatenate([np.arange(len(which)), covered])
    normal = prepared.gbuffer.normal[row]
    position = splinters.position_mm[which] + normal * change.height_mm[which, None]
    samples = shading_samples(prepared.gbuffer, row[order], position[order])
    appearance = _joined(bare, stuff)
    visible = seen_lights(prepared, row[order], None if change.lit is None else change.lit[which[order]])
    light = shade(samples, appearance, covering.materials, prepared.emitters, visible)
    for cavity in cavities:
        at = np.searchsorted(which, cavity.which)
        light[:, at] += bounced(prepared, cavity, row[at], bare.taken(at), covering.materials)
    share = change.cover[which[covered], None]
    mixed = light[:, : len(which)]
    mixed[:, covered] = mixed[:, covered] * (1 - share) + light[:, len(which) :] * share
    return np.asarray(mixed)


def main_axes(alpha: F32, spread: F32) -> tuple[F32, F32]:
    """Roughness along its own main axes, the smoother first, and by how much that axis is turned from the tangent, in
    radians: a groove that crosses the lay is rough across itself, not across the lay."""
    along, across, mixed = alpha[:, 0] ** 2 + 2 * spread[:, 0], alpha[:, 1] ** 2 + 2 * spread[:, 1], 2 * spread[:, 2]
    middle, half = (along + across) / 2, (across - along) / 2
    reach = np.hypot(half, mixed)
    turn = np.where(reach > SHORTEST * middle, np.arctan2(-mixed, half) / 2, 0)
    turned = np.sqrt(np.stack([np.maximum(middle - reach, 0), middle + reach], axis=1))
    return turned.astype(np.float32), turn.astype(np.float32)


def towards_camera(normal: npt.NDArray[np.floating], view: F32) -> F32:
    """Unit normals; those that face away from the camera, whose surface it cannot see, are turned until it just can.
    Rays that meet nothing have no normal, and get the one towards the camera."""
    size = np.sqrt(_dot(normal, normal))[:, None]
    normal = np.where(size > SHORTEST, normal / np.maximum(size, SHORTEST), view)
    short = np.maximum(LEAST_FACING - _dot(normal, view), 0)[:, None]
    normal = normal + short * view
    return np.asarray(normal / np.sqrt(_dot(normal, normal))[:, None], dtype=np.float32)


def seen_lights(prepared: Prepared, row: npt.NDArray[np.int64], lit: F32 | None) -> npt.NDArray[np.uint8] | None:
    """(S, E): the part's shadows and the flaw's own together; None where there are neither."""
    clean = prepared.visible
    if lit is None:
        return None if clean is None else clean[row]
    if clean is None:
        return np.asarray(np.rint(lit * 255), dtype=np.uint8)
    return np.asarray(np.rint(lit * clean[row]), dtype=np.uint8)


def _joined(first: Appearance, second: Appearance) -> Appearance:
    if not len(second):
        return first
    return Appearance(
        **{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in Appearance.__slots__}
    )


def _dot(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> F32:
    return np.asarray(np.einsum("ij,ij->i", a, b), dtype=np.float32)
