"""A scene of ours as pieces and lamps for the path tracer, and one call for a whole prepared view.

    layers = trace(prepared, plan.station, samples=64, way="path")      # (L, height, width, C), as `prepared.layers`

Shape, place, shading normals, refractive indices and the lights' true shapes and radiances are the very same. Finish is
not: the path tracer takes one roughness for a surface, the median of what its samples have, evened over directions, and
no resolved texture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Appearance, Emitters, Materials
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.lighting import UNCHANGED, LightChange
from firstshift.render.prepared import Prepared
from firstshift.render.reference.lamps import Shining, shining
from firstshift.render.reference.seeing import traced_view
from firstshift.render.reference.substance import substance
from firstshift.render.reference.tracing import Colour, Piece, Way
from firstshift.render.reference.variant import ALWAYS
from firstshift.render.scene import Scene
from firstshift.spec.station import Station

Roughness = tuple[float, float]


def trace(
    prepared: Prepared,
    station: Station,
    *,
    samples: int = 64,
    way: Way = "direct",
    seed: int = 0,
    variant: str = ALWAYS,
    changes: Mapping[str, LightChange] | None = None,
) -> F32:
    """(L, height, width, C): each light of the station on its own, in the units of `shade`."""
    surfaces = 1 + max(item.first_surface + int(item.mesh.body.max()) for item in prepared.scene.placed)
    roughness = roughness_of(prepared.gbuffer, prepared.appearance, surfaces)
    rows = rows_of(prepared.gbuffer, prepared.appearance, surfaces)
    colours = prepared.emitters.colour.shape[1]
    layers = []
    for light in range(len(prepared.emitters.names)):
        pieces = pieces_of(prepared.scene, prepared.materials, rows, roughness, light)
        lamps = [lamp_of(station, prepared.emitters, light, changes)]
        image = traced_view(pieces, lamps, prepared.view, samples=samples, way=way, seed=seed, variant=variant)
        layers.append(image[:, :, :colours])
    return np.stack(layers)


def pieces_of(
    scene: Scene, materials: Materials, rows: Sequence[int], roughness: Sequence[Roughness], light: int
) -> list[Piece]:
    """Every body in its place; `rows` and `roughness` belong to the scene's surfaces, −1 for one that is not seen."""
    pieces = []
    for item in scene.placed:
        mesh = item.mesh.moved(np.asarray(item.pose.rotation), np.asarray(item.pose.shift_mm))
        for body in np.unique(mesh.body):
            surface = item.first_surface + int(body)
            if rows[surface] < 0:
                plain: Mapping[str, Any] = {"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.0] * 3}}
            else:
                plain = substance(materials, rows[surface], light, _evened(roughness[surface]))
            pieces.append(Piece(of_body(mesh, int(body)), plain))
    return pieces


def _evened(roughness: Roughness) -> Roughness:
    """The same in all directions: a mesh does not say which way its lay runs."""
    along, across = roughness
    even = along if along == across else math.sqrt(along * across)
    return even, even


def lamp_of(
    station: Station, emitters: Emitters, light: int, changes: Mapping[str, LightChange] | None = None
) -> tuple[Shining, Colour]:
    """The light with its true shape, and the radiance that the emitters standing for it have."""
    declared = station.lights[light]
    surface = shining(declared).moved((changes or {}).get(declared.name, UNCHANGED).shift_mm)
    red, green, blue = np.broadcast_to(emitters.colour[light], 3).tolist()
    return surface, (red, green, blue)


def roughness_of(gbuffer: GBuffer, appearance: Appearance, surfaces: int) -> list[Roughness]:
    """Median GGX alpha of each surface's samples, along the lay and across it."""
    found = []
    for surface in range(surfaces):
        alpha = appearance.alpha[gbuffer.surface == surface]
        along, across = np.median(alpha, axis=0).tolist() if len(alpha) else (1.0, 1.0)
        found.append((along, across))
    return found


def rows_of(gbuffer: GBuffer, appearance: Appearance, surfaces: int) -> list[int]:
    """Row of the materials table that most samples of each surface have."""
    rows = []
    for surface in range(surfaces):
        material = appearance.material[gbuffer.surface == surface]
        material = material[material >= 0]
        rows.append(int(np.bincount(material).argmax()) if len(material) else -1)
    return rows


def plain_appearance(gbuffer: GBuffer, rows: npt.ArrayLike, alpha: npt.ArrayLike) -> Appearance:
    """Clean surfaces without finish texture: what both renderers can be given alike. `rows` and `alpha` for each
    surface; nothing where a ray met nothing."""
    count = len(gbuffer)
    found = gbuffer.surface >= 0
    which = np.where(found, gbuffer.surface, 0)
    normal = gbuffer.normal
    helper = np.where(np.abs(normal[:, :1]) < 0.9, np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]]))
    tangent = helper - normal * (helper * normal).sum(axis=1, keepdims=True)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    roughness = np.asarray(alpha, dtype=np.float32)[which]
    return Appearance(
        material=np.where(found, np.asarray(rows)[which], -1).astype(np.int16),
        normal=normal,
        tangent=tangent.astype(np.float32),
        alpha=np.stack([roughness, roughness], axis=1),
        tint=np.ones((count, 3), np.float32),
        occlusion=np.zeros(count, np.float32),
        film=np.zeros(count, np.float32),
    )


def of_body(mesh: Mesh, body: int) -> Mesh:
    which = mesh.body == body
    return Mesh(
        vertices_mm=mesh.vertices_mm,
        triangles=mesh.triangles[which],
        corner_normals=mesh.corner_normals[which],
        body=mesh.body[which],
        face=mesh.face[which],
        body_names=mesh.body_names,
        face_names=mesh.face_names,
        body_colours=mesh.body_colours,
    )
