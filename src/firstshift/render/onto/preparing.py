"""A registered photograph's surface made ready for flaws: the same view, lit by the same lamps, without its texture.

The photograph brings its own texture. Two renders with a texture of their own would leave that one's inverse behind
wherever a flaw takes the finish away. So what the finish resolves at this scale becomes roughness: the same width of
highlights, no hills of its own (α² grows by 2·σ² of the slopes on each axis, as for slopes finer than a pixel).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Appearance
from firstshift.render.fineness import MOST_EMITTERS, smoothest_alpha
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.lighting import emitters_of, seen_directly
from firstshift.render.onto.registering import Pixels, Registered
from firstshift.render.penumbra import softened
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.visibility import visibility
from firstshift.spec.lights import Bar, Light, Spot
from firstshift.spec.station import Station

ROUGHEST_ALPHA = 1.0


def prepare_registered(
    registered: Registered,
    mesh: Mesh,
    surfaces: Sequence[Surface],
    *,
    colour_channels: int,
    azimuth_deg: float = 0.0,
    window: Pixels | None = None,
    shrink: float = 1.0,
    textured: bool = False,
    like: Prepared | None = None,
) -> Prepared:
    """`azimuth_deg`: how far all lamps are turned about the optical axis. `textured` keeps the finish's own relief.
    `like`: another window of the same photograph, whose lamps and roughness are taken over."""
    station = with_lights_turned(registered.station, azimuth_deg)
    station = with_colours(station, colour_channels)
    scene = Scene((Placed(mesh, registered.pose, first_surface=0),))
    view = registered.view(window, shrink)
    gbuffer = scene.cast(view)
    rotations = np.tile(registered.pose.rotation, (len(surfaces), 1, 1))
    appearance = dress(gbuffer, surfaces, rotations)
    if not textured:
        appearance = without_relief(gbuffer, appearance)
    if like is not None:
        appearance, emitters, materials = as_rough_as(like, gbuffer, appearance), like.emitters, like.materials
    else:
        smoothest = smoothest_alpha(appearance, gbuffer.surface != NOTHING)
        emitters = emitters_of(station, smoothest_alpha=smoothest, colour_channels=colour_channels, most=MOST_EMITTERS)
        materials = materials_of(surfaces, station)
    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))
    radiance = shade(gbuffer, appearance, materials, emitters, visible)
    nothing = gbuffer.surface == NOTHING
    if nothing.any():
        radiance[:, nothing] = seen_directly(station, emitters, gbuffer.position_mm[nothing], -gbuffer.view[nothing])
    return Prepared(view, scene, tuple(surfaces), gbuffer, appearance, materials, emitters, visible, radiance)


def without_relief(gbuffer: GBuffer, appearance: Appearance) -> Appearance:
    """Resolved hills as roughness, each surface by itself; tint and shade at their means."""
    flat = gbuffer.normal
    tangent = appearance.tangent - (appearance.tangent * flat).sum(axis=1, keepdims=True) * flat
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    beside = np.cross(flat, tangent)
    up = np.maximum((appearance.normal * flat).sum(axis=1), 0.05)
    slopes = np.stack([(appearance.normal * way).sum(axis=1) / up for way in (tangent, beside)], axis=1)
    alpha, tint, occlusion = appearance.alpha.copy(), appearance.tint.copy(), appearance.occlusion.copy()
    for surface in np.unique(gbuffer.surface[gbuffer.surface != NOTHING]):
        own = gbuffer.surface == surface
        spread = slopes[own].astype(np.float64).var(axis=0)
        square = (alpha[own].astype(np.float64) ** 2).mean(axis=0) + 2 * spread
        alpha[own] = np.minimum(np.sqrt(square), ROUGHEST_ALPHA)
        tint[own] = tint[own].mean(axis=0)
        occlusion[own] = occlusion[own].mean()
    return replace(
        appearance, normal=flat.copy(), tangent=tangent.astype(np.float32), alpha=alpha, tint=tint, occlusion=occlusion
    )


def as_rough_as(like: Prepared, gbuffer: GBuffer, appearance: Appearance) -> Appearance:
    """Roughness, tint and shade of each surface as in a window beside, where that shows it: they are means over a
    window, and would change by a hair from one to the next."""
    alpha, tint, occlusion = appearance.alpha.copy(), appearance.tint.copy(), appearance.occlusion.copy()
    for surface in np.unique(gbuffer.surface[gbuffer.surface != NOTHING]):
        there = np.flatnonzero(like.gbuffer.surface == surface)
        if len(there):
            own, first = gbuffer.surface == surface, there[0]
            alpha[own], tint[own] = like.appearance.alpha[first], like.appearance.tint[first]
            occlusion[own] = like.appearance.occlusion[first]
    return replace(appearance, alpha=alpha, tint=tint, occlusion=occlusion)


def light_of(prepared: Prepared, lights: Sequence[str]) -> F32:
    """(height, width, C): the lamps of one channel together."""
    rows = [prepared.emitters.names.index(name) for name in lights]
    return prepared.gbuffer.gathered(prepared.radiance[rows].sum(axis=0))


def with_colours(station: Station, colour_channels: int) -> Station:
    """The photograph says whether it has colours, whatever the plan's camera."""
    wanted = "colour" if colour_channels == 3 else "mono"
    if station.camera.colour == wanted:
        return station
    return station.model_copy(update={"camera": station.camera.model_copy(update={"colour": wanted})})


def with_lights_turned(station: Station, degrees: float) -> Station:
    if degrees == 0.0:
        return station
    return station.model_copy(update={"lights": tuple(turned_light(light, degrees) for light in station.lights)})


def turned_light(light: Light, degrees: float) -> Light:
    """Anticlockwise about the optical axis, as the camera sees it; rings and domes stay as they are."""
    if not isinstance(light, Bar | Spot):
        return light
    update: dict[str, object] = {
        "position_mm": _turned(light.position_mm, degrees), "aim_mm": _turned(light.aim_mm, degrees),
    }  # fmt: skip
    if isinstance(light, Bar) and light.along_deg is not None:
        update["along_deg"] = light.along_deg + degrees
    return light.model_copy(update=update)


def _turned(point: tuple[float, float, float], degrees: float) -> tuple[float, float, float]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (cos * point[0] - sin * point[1], sin * point[0] + cos * point[1], point[2])
