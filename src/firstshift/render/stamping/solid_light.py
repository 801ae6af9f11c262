"""The light of solids: what bodies change in a view, compared with what layers of flaws left there before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint, Solid
from firstshift.core.mesh import Mesh
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.lit_bodies import LitBodies, LitBody, difference, lit_body
from firstshift.render.stamping.mending import Mend, Pixels, ascending

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SolidLight:
    mends: list[Mend]
    pixel: Pixels
    share: F32
    """How much of each of these pixels the body (or the cut) takes."""


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
    return difference(body.pixel, body.owner, body.light - until_now, body.weight)


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
