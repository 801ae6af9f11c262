"""Path tracing: pieces with a substance, lamps with a true shape, a camera → radiance.

traced(pieces, [(shining(light), (1, 1, 1))], camera, samples=64, way="direct")
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.render.gbuffer import F32
from firstshift.render.reference.camera import Camera
from firstshift.render.reference.lamps import Shining
from firstshift.render.reference.variant import ALWAYS, load_mitsuba

Way = Literal["direct", "path"]
"""`direct` is light that met one surface, as the fast shader counts it; `path` follows it from surface to surface."""
Colour = tuple[float, float, float]
MARGIN_MM = 0.5
DEEPEST, ROULETTE = 12, 5
"""Most surfaces a path meets; from the fifth on it may end by chance, which costs noise and no bias."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A body in station coordinates and how it reflects."""

    mesh: Mesh
    substance: Mapping[str, Any]
    """A Mitsuba BSDF, as a dictionary of plain values."""
    along: npt.NDArray[np.floating] | None = None
    """(T, 3): direction of the lay on each triangle, for substances with two roughnesses; None: any."""


def traced(
    pieces: Sequence[Piece],
    lamps: Sequence[tuple[Shining, Colour]],
    camera: Camera,
    *,
    samples: int = 64,
    way: Way = "direct",
    seed: int = 0,
    variant: str = ALWAYS,
) -> F32:
    """(height, width, 3): radiance for lamps of the given radiance; `samples` for each pixel."""
    mitsuba = load_mitsuba(variant)
    scene = build_scene(mitsuba, pieces, lamps, way)
    return take(mitsuba, scene, camera.sensor(mitsuba, nearest_mm(pieces, camera)), samples, seed)


def build_scene(mitsuba: ModuleType, pieces: Sequence[Piece], lamps: Sequence[tuple[Shining, Colour]], way: Way) -> Any:
    integrator: dict[str, Any] = {"type": "path", "max_depth": DEEPEST, "rr_depth": ROULETTE, "hide_emitters": True}
    if way == "direct":
        integrator = {"type": "direct", "emitter_samples": 2, "bsdf_samples": 1, "hide_emitters": True}
    parts: dict[str, Any] = {"type": "scene", "integrator": integrator}
    for index, piece in enumerate(pieces):
        parts[f"piece_{index}"] = _body(mitsuba, piece)
    for index, (surface, radiance) in enumerate(lamps):
        parts[f"lamp_{index}"] = _lamp(mitsuba, surface, radiance)
    return mitsuba.load_dict(parts)


def take(mitsuba: ModuleType, scene: Any, sensor: Any, samples: int, seed: int) -> F32:
    # The sampler works on a grid of samples: as square as can be, no fewer than asked for.
    across = math.ceil(math.sqrt(samples))
    image = mitsuba.render(scene, sensor=sensor, spp=across * math.ceil(samples / across), seed=seed)
    return np.array(image, dtype=np.float32)[:, :, :3]


def nearest_mm(pieces: Sequence[Piece], camera: Camera) -> float:
    """Just before the nearest point of the pieces."""
    return float(min(camera.depth_mm(piece.mesh.vertices_mm).min() for piece in pieces)) - MARGIN_MM


def _body(mitsuba: ModuleType, piece: Piece) -> Any:
    mesh = piece.mesh
    corners = mesh.corners_mm
    texture = None if piece.along is None else _along_the_lay(mesh, piece.along)
    return _as_mesh(mitsuba, corners, {"bsdf": dict(piece.substance)}, mesh.corner_normals, texture)


def _lamp(mitsuba: ModuleType, surface: Shining, radiance: Colour) -> Any:
    kind = {
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.0, 0.0, 0.0]}},
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": list(radiance)}},
    }
    return _as_mesh(mitsuba, surface.vertices_mm[surface.triangles], kind)


def _as_mesh(
    mitsuba: ModuleType,
    corners: npt.NDArray[np.float64],
    kind: Mapping[str, Any],
    normals: npt.NDArray[np.floating] | None = None,
    texture: npt.NDArray[np.floating] | None = None,
) -> Any:
    """Every triangle with three corners of its own, because normals belong to corners."""
    properties = mitsuba.Properties()
    for name, plugin in kind.items():
        properties[name] = mitsuba.load_dict(plugin)
    count = len(corners)
    mesh = mitsuba.Mesh(
        "piece", 3 * count, count, has_vertex_normals=normals is not None, has_vertex_texcoords=texture is not None,
        props=properties,
    )  # fmt: skip
    values = mitsuba.traverse(mesh)
    values["vertex_positions"] = np.ascontiguousarray(corners, dtype=np.float32).ravel()
    values["faces"] = np.arange(3 * count, dtype=np.uint32)
    if normals is not None:
        values["vertex_normals"] = np.ascontiguousarray(normals, dtype=np.float32).ravel()
    if texture is not None:
        values["vertex_texcoords"] = np.ascontiguousarray(texture, dtype=np.float32).ravel()
    values.update()
    return mesh


def _along_the_lay(mesh: Mesh, along: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(T, 3, 2) texture coordinates whose u runs along the lay: Mitsuba takes a surface's tangent from them."""
    normal = mesh.area_vectors
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    first = along - normal * (along * normal).sum(axis=1, keepdims=True)
    first = first / np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
    second = np.cross(normal, first)
    away = mesh.corners_mm - mesh.corners_mm.mean(axis=1, keepdims=True)
    return np.stack([np.einsum("tcx,tx->tc", away, first), np.einsum("tcx,tx->tc", away, second)], axis=-1)
