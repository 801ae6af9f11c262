"""Things to shade without a CAD file or a ray: a plane and a sphere under a camera, and a station around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance
from firstshift.render.gbuffer import GBuffer
from firstshift.render.lighting import NO_CONE, in_cone
from firstshift.render.surface import Surface
from firstshift.render.tiles import Tiles
from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot
from firstshift.spec.part import FinishKind
from firstshift.spec.station import Camera, Channel, Perspective, Station

Floats = npt.NDArray[np.float64]
RING = Ring(kind="ring", name="ring", diameter_mm=120, width_mm=20, height_mm=160)
BAR = Bar(kind="bar", name="bar", length_mm=80, width_mm=12, position_mm=(-90, 0, 35))
DOME = Dome(kind="dome", name="dome", diameter_mm=160, opening_mm=40, height_mm=5)
COAXIAL = Coaxial(kind="coaxial", name="coaxial", size_mm=(60, 60), height_mm=50)
DARK_FIELD = DarkField(kind="dark_field", name="dark_field", diameter_mm=150, height_mm=16)
BACK_LIGHT = BackLight(kind="back_light", name="back_light", size_mm=(80, 80), below_mm=45)
SPOT = Spot(kind="spot", name="spot", position_mm=(60, 60, 120))
FROM_ABOVE: tuple[Light, ...] = (RING, BAR, DOME, COAXIAL, DARK_FIELD, SPOT)
CAMERA_MM = 300.0
RADIUS_MM = 8.0


def station_with(*lights: Light, colour: str = "mono") -> Station:
    return Station(
        name="bench",
        camera=Camera(sensor_px=(100, 100), pixel_um=5, colour="colour" if colour == "colour" else "mono"),
        lens=Perspective(kind="perspective", focal_mm=25, f_number=8),
        working_distance_mm=CAMERA_MM,
        lights=lights,
        channels=(Channel(name="all", lights=tuple(light.name for light in lights)),),
    )


def surface_of(
    material: str,
    finish: FinishKind = "milled",
    gloss: float = 0.5,
    colour: tuple[float, float, float] | None = None,
) -> Surface:
    return Surface(material, material, finish, 0.8, "none", 0.0, (0, 0, 0), gloss, colour, 1)


def plane(
    side: int = 16, half_mm: float = 10.0, alpha: float | tuple[float, float] = 0.2
) -> tuple[GBuffer, Appearance]:
    """At z = 0."""
    return _seen(side, *_grid(side, half_mm), alpha, half_mm)


def sphere(side: int = 16, alpha: float | tuple[float, float] = 0.2) -> tuple[GBuffer, Appearance]:
    """Its top at the origin; what is not sphere has the material −1."""
    points, normals = _grid(side, 10.0)
    square = RADIUS_MM**2 - (points[:, :2] ** 2).sum(axis=1)
    on = square > 0
    height = np.sqrt(np.where(on, square, 0))
    points[:, 2] = height - RADIUS_MM
    normals[on] = np.column_stack([points[:, :2], height])[on] / RADIUS_MM
    gbuffer, appearance = _seen(side, points, normals, alpha, 10.0)
    return gbuffer, replace(appearance, material=np.where(on, 0, -1).astype(np.int16))


def integrated(
    gbuffer: GBuffer, appearance: Appearance, tiles: Tiles, index: complex | None, cone: float = NO_CONE
) -> Floats:
    """(N,): radiance of a surface under a light of radiance 1, by summing the reflection function over very many
    points of the light. `index` None is Lambert with albedo 1, otherwise a GGX metal. Shares no formula with the
    shader."""
    normal, tangent = appearance.normal.astype(float), appearance.tangent.astype(float)
    frame = np.stack([tangent, np.cross(normal, tangent), normal], axis=1)
    view = np.einsum("nij,nj->ni", frame, gbuffer.view.astype(float))[:, None]
    alpha = appearance.alpha.astype(float)[:, None]
    total = np.zeros(len(appearance))
    for first in range(0, len(tiles), 400):
        piece = slice(first, first + 400)
        away = tiles.position_mm[None, piece] - gbuffer.position_mm[:, None].astype(float)
        distance = np.linalg.norm(away, axis=2)
        towards = away / distance[..., None]
        at_light = np.clip(-(towards * tiles.direction[None, piece]).sum(axis=2), 0, None)
        solid = tiles.area_mm2[piece] * at_light / distance**2 * in_cone(at_light, np.full(at_light.shape, cone))
        light = np.einsum("nij,nej->nei", frame, towards)
        up = light[..., 2] > 1e-6
        value = light[..., 2] / np.pi if index is None else _metal(view, light, alpha, index)
        total += (np.where(up, value, 0) * solid).sum(axis=1)
    return np.where(appearance.material >= 0, total, 0)


def _metal(view: Floats, light: Floats, alpha: Floats, index: complex) -> Floats:
    """f·cos, textbook form."""
    light = np.concatenate([light[..., :2], np.maximum(light[..., 2:], 1e-6)], axis=2)
    half = light + view
    half /= np.linalg.norm(half, axis=2, keepdims=True)
    cosine = (half * view).sum(axis=2)
    d = 1 / (np.pi * alpha.prod(axis=2) * (((half[..., :2] / alpha) ** 2).sum(axis=2) + half[..., 2] ** 2) ** 2)

    def g1(way: Floats) -> Floats:
        return 2 / (1 + np.sqrt(1 + ((alpha * way[..., :2]) ** 2).sum(axis=2) / way[..., 2] ** 2))

    return fresnel_of(cosine, index) * d * g1(light) * g1(view) / (4 * view[..., 2])


def fresnel_of(cosine: Floats, index: complex) -> Floats:
    """From complex amplitudes."""
    inner = np.sqrt(1 - (1 - cosine**2) / index**2 + 0j)
    across = (cosine - index * inner) / (cosine + index * inner)
    along = (index * cosine - inner) / (index * cosine + inner)
    return np.asarray((abs(across) ** 2 + abs(along) ** 2) / 2)


def _grid(side: int, half_mm: float) -> tuple[Floats, Floats]:
    x = ((np.arange(side) + 0.5) / side * 2 - 1) * half_mm
    across, up = np.meshgrid(x, -x)
    points = np.column_stack([across.ravel(), up.ravel(), np.zeros(side * side)])
    return points, np.tile([0.0, 0.0, 1.0], (side * side, 1))


def _seen(
    side: int, points: Floats, normals: Floats, alpha: float | tuple[float, float], half_mm: float
) -> tuple[GBuffer, Appearance]:
    count = len(points)
    view = np.array([0, 0, CAMERA_MM]) - points
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    tangent = np.cross([0.0, 1.0, 0.0], normals)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    step = 2 * half_mm / side
    f32 = np.float32
    gbuffer = GBuffer(
        width=side,
        height=side,
        pixel=np.arange(count, dtype=np.int32),
        offset_px=np.zeros((count, 2), f32),
        weight=np.ones(count, f32),
        surface=np.zeros(count, np.int16),
        triangle=np.zeros(count, np.int32),
        position_mm=points.astype(f32),
        local_mm=points.astype(f32),
        normal=normals.astype(f32),
        facet=normals.astype(f32),
        view=view.astype(f32),
        across_mm=np.tile(np.array([step, 0, 0], f32), (count, 1)),
        down_mm=np.tile(np.array([0, -step, 0], f32), (count, 1)),
        distance_mm=(CAMERA_MM - points[:, 2]).astype(f32),
    )
    appearance = Appearance(
        material=np.zeros(count, np.int16),
        normal=normals.astype(f32),
        tangent=tangent.astype(f32),
        alpha=np.broadcast_to(np.asarray(alpha, f32), (count, 2)).copy(),
        tint=np.ones((count, 3), f32),
        occlusion=np.zeros(count, f32),
        film=np.zeros(count, f32),
    )
    return gbuffer, appearance
