"""A plate under a camera, small enough for tests: the real view, rays and lights, an appearance given by hand."""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Patch
from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Appearance, Materials
from firstshift.render.landing import Landing
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import Pose
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.surface import Surface
from firstshift.render.view import view_of
from firstshift.spec.station import Station

RING = {"kind": "ring", "name": "ring", "diameter_mm": 120, "width_mm": 20, "height_mm": 110}
DARK = {"kind": "dark_field", "name": "dark", "diameter_mm": 90, "width_mm": 8, "height_mm": 8}
BAR = {"kind": "bar", "name": "bar", "length_mm": 80, "width_mm": 15, "position_mm": [-60, 0, 80]}
ALUMINIUM, PLASTIC = 0, 1


def station(pixels: int = 128, pixel_mm: float = 0.036, lights: tuple[dict, ...] = (RING,)) -> Station:
    """Looking straight down through a telecentric lens; mono."""
    return Station.model_validate(
        {
            "name": "bench",
            "camera": {"sensor_px": [pixels, pixels], "pixel_um": 3.6, "colour": "mono"},
            "lens": {"kind": "telecentric", "magnification": 0.0036 / pixel_mm, "f_number": 8},
            "working_distance_mm": 200,
            "lights": list(lights),
            "channels": [{"name": "all", "lights": [light["name"] for light in lights]}],
        }
    )


def box(size: tuple[float, float, float], top_mm: float = 0.0) -> Mesh:
    """A block whose upper face lies at z = `top_mm`, its middle on the axis."""
    x, y, z = size
    low, high = np.array([-x / 2, -y / 2, top_mm - z]), np.array([x / 2, y / 2, top_mm])
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    vertices = low + corners * (high - low)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return flat_shaded(vertices, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]))


def flat_shaded(vertices: np.ndarray, triangles: np.ndarray) -> Mesh:
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    count = len(triangles)
    return Mesh(
        vertices_mm=np.asarray(vertices, np.float64), triangles=triangles.astype(np.int32),
        corner_normals=np.repeat(normal[:, None], 3, axis=1).astype(np.float32),
        body=np.zeros(count, np.int16), face=(np.arange(count) // 2).astype(np.int32),
        body_names=("body",), face_names=tuple(f"face {i}" for i in range(-(-count // 2))),
    )  # fmt: skip


def surface(is_part: bool = True) -> Surface:
    return Surface("plate", "aluminium", "milled", 0.8, "none", 0.0, (0.0, 0.0, 0.0), 0.5, None, 1, is_part)


def materials(lights: int, colours: int = 1) -> Materials:
    bands = (lights, colours)
    rows = [(True, 0.958, 6.69, 0.0, 1.0), (False, 1.5, 0.0, 0.05, 0.6)]
    return Materials(
        names=("aluminium", "plastic"),
        is_metal=np.array([row[0] for row in rows]),
        eta=np.stack([np.full(bands, row[1], np.float32) for row in rows]),
        kappa=np.stack([np.full(bands, row[2], np.float32) for row in rows]),
        albedo=np.stack([np.full(bands, row[3], np.float32) for row in rows]),
        gloss=np.array([row[4] for row in rows], np.float32),
        coat_alpha=np.zeros(2, np.float32),
    )


def prepared(
    mesh: Mesh | None = None,
    *,
    at: Station | None = None,
    material: int = ALUMINIUM,
    alpha: tuple[float, float] = (0.12, 0.25),
    more: tuple[Placed, ...] = (),
) -> Prepared:
    at = at or station()
    view = view_of(at)
    scene = Scene((Placed(mesh or box((30, 30, 5)), Pose(np.eye(3), np.zeros(3)), 0), *more))
    gbuffer = scene.cast(view)
    emitters = emitters_of(at, smoothest_alpha=min(alpha), colour_channels=1, most=24)
    count = len(gbuffer)
    tangent = np.cross(gbuffer.normal, np.where(np.abs(gbuffer.normal[:, 1:2]) > 0.9, [[0, 0, 1]], [[0, 1, 0]]))
    tangent = -tangent / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    appearance = Appearance(
        material=np.where(gbuffer.surface < 0, -1, material).astype(np.int16),
        normal=gbuffer.normal, tangent=tangent.astype(np.float32),
        alpha=np.tile(np.array(alpha, np.float32), (count, 1)),
        tint=np.ones((count, 3), np.float32), occlusion=np.zeros(count, np.float32), film=np.zeros(count, np.float32),
    )  # fmt: skip
    table = materials(len(emitters.names))
    light = shade(gbuffer, appearance, table, emitters, None)
    surfaces = (surface(), *(surface(item.is_part) for item in more))
    return Prepared(view, scene, surfaces, gbuffer, appearance, table, emitters, None, light)


def landing(
    position: tuple[float, float, float] = (0, 0, 0), turned_deg: float = 0.0, normal: tuple[float, ...] = (0, 0, 1)
) -> Landing:
    up = np.asarray(normal, np.float64)
    first = np.array([1.0, 0, 0]) if abs(up[0]) < 0.9 else np.array([0, 1.0, 0])
    first = first - up * (first @ up)
    first /= np.linalg.norm(first)
    turn = np.radians(turned_deg)
    u = first * np.cos(turn) + np.cross(up, first) * np.sin(turn)
    ground = Ground(0.036, "aluminium", True, 0.8)
    return Landing(np.asarray(position, np.float64), u, np.cross(up, u), up, 0, "", position, turned_deg, ground)


def groove(
    length_mm: float = 3.0, width_mm: float = 0.1, depth_mm: float = 0.015, lips: float = 0.2, across_mm: float = 0.009
) -> Imprint:
    """A rounded V along u that fades towards both ends, with lips."""
    patch = Patch.covering(length_mm * 1.05, width_mm * 3, 0.02, across_mm)
    u, v = patch.u_mm[None], patch.v_mm[:, None]
    fade = np.sqrt(np.clip(1 - (2 * u / length_mm) ** 2, 0, 1))
    across = np.abs(v) / (width_mm / 2)
    cut = -np.clip(1 - np.sqrt(across**2 + 0.02), 0, 1)
    lip = lips * np.exp(-(((across - 1.25) / 0.2) ** 2)) * (across > 1)
    height = (depth_mm * fade * (cut + lip)).astype(np.float32)
    return Imprint(patch=patch, mask=np.abs(height) > depth_mm * 0.05, height_mm=height)
