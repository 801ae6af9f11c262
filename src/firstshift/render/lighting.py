"""The station's lights as small flat emitters, and how bright they are.

**Brightness.** A light of intensity 1 gives a white matt plane (albedo 1, Lambert) that faces the camera the radiance
1, whatever kind of light it is: at the origin, or at the point that a bar or a spot is aimed at. Two lights of
intensity 1 in one channel therefore give 2 there: as much from either, as somebody sees it who switches one of them
off. A back light does not light that plane; it has the radiance 1 itself, so to the camera it is as bright as the white
plane. With coloured light this holds for the camera's channel that sees it best. A `LightChange` happens afterwards: a
lamp that is shifted away becomes darker, as it would on the line.

**How many.** Tiles so small that the smoothest surface's highlights still flow together: an emitter's mirror image,
which is half as wide in angle, may be `SPREAD` times the GGX alpha; never more than `MOST` emitters for one light. What
is coarser than that is smoothed in the shader (`shade_slowly`, SMOOTHING).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import F32
from firstshift.render.tiles import Floats, Tiles, tiles_of
from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot
from firstshift.spec.station import Station

SPREAD = 1.6
WIDEST_RAD = 0.35
WIDEST_FIELD_RAD = 0.21
MOST = 400
FINE_RAD = 0.04
"""Tiles this fine are as good as the light itself, for working out its brightness."""
NO_CONE = -1.0

Colours = npt.NDArray[np.float64]
SEEN_BY_COLOUR_CAMERA: Mapping[str, tuple[float, float, float]] = {
    "white": (1.0, 1.0, 1.0),
    "red": (1.0, 0.05, 0.02),
    "green": (0.12, 1.0, 0.10),
    "blue": (0.03, 0.15, 1.0),
    "infrared": (1.0, 0.97, 0.97),
    "ultraviolet": (0.15, 0.17, 1.0),
}
"""How the three colour channels see each LED, the best one as 1; after white balance, typical of Bayer filters (which
are all clear in the infrared)."""
TINT_SEEN: Mapping[str, tuple[float, float, float]] = {
    "white": (0.3, 0.4, 0.3),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "infrared": (1.0, 0.0, 0.0),
    "ultraviolet": (0.0, 0.0, 1.0),
}
"""Which part of an RGB reflectance decides under each LED; silicon sees a white LED about so."""


@dataclass(frozen=True, slots=True)
class LightChange:
    """How a light differs from the plan in one image."""

    intensity: float = 1.0
    """Factor."""
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size: float = 1.0
    """Factor on its length, width and diameter; it gives as much light as before."""


UNCHANGED = LightChange()


def emitters_of(
    station: Station,
    *,
    smoothest_alpha: float,
    colour_channels: int,
    changes: Mapping[str, LightChange] | None = None,
    most: int = MOST,
) -> Emitters:
    """All lights of the station, in its order. `changes` by name of the light. Raises BadInput for a light that cannot
    light the part."""
    changes = changes or {}
    unknown = sorted(set(changes) - {light.name for light in station.lights})
    if unknown:
        names = ", ".join(light.name for light in station.lights)
        raise BadInput(where="changes of lights", expected=f"one of {names}", found=unknown[0])
    cut, colours = [], []
    for index, light in enumerate(station.lights):
        change = changes.get(light.name, UNCHANGED)
        sized = _sized(light, change.size)
        radiance = radiance_of(sized, f"station.lights[{index}] ({light.name})") * change.intensity
        tiles = _cut(sized, smoothest_alpha, most)
        cut.append(replace(tiles, position_mm=tiles.position_mm + np.asarray(change.shift_mm)))
        colours.append(radiance * weights_of(light, colour_channels))
    cones = [np.full(len(tiles), _cone(light)) for tiles, light in zip(cut, station.lights, strict=True)]
    half = np.concatenate([tiles.half_mm for tiles in cut])
    return Emitters(
        light=np.repeat(np.arange(len(cut)), [len(tiles) for tiles in cut]).astype(np.int16),
        position_mm=np.vstack([tiles.position_mm for tiles in cut]).astype(np.float32),
        direction=np.vstack([tiles.direction for tiles in cut]).astype(np.float32),
        area_mm2=np.concatenate([tiles.area_mm2 for tiles in cut]).astype(np.float32),
        across_mm=(2 * np.sqrt(np.linalg.norm(half, axis=2).prod(axis=1))).astype(np.float32),
        half_mm=half.astype(np.float32),
        cone_cos=np.concatenate(cones).astype(np.float32),
        colour=np.stack(colours).astype(np.float32),
        tint_mix=tint_mix_of(station, colour_channels),
        names=tuple(light.name for light in station.lights),
    )


def radiance_of(light: Light, where: str = "light") -> float:
    """What its surface radiates, for the white plane to have the radiance of its intensity."""
    if isinstance(light, BackLight):
        if light.below_mm <= 0:
            raise BadInput(
                where=f"{where}.below_mm",
                expected="more than 0: a back light lies behind the part",
                found=f"{light.below_mm:g}",
                way_out="it is the distance below the part's upper surface, more than the part's height",
            )
        return light.intensity
    aim = np.asarray(_aim(light), dtype=np.float64)
    _check_place(light, where, aim)
    tiles = tiles_of(light, FINE_RAD * _distance(light, aim))
    irradiance = irradiance_from(tiles, aim, np.array([0.0, 0.0, 1.0]), _cone(light))
    if irradiance < 1e-7:
        raise BadInput(
            where=where,
            expected="a light that reaches the part",
            found="no light on a plane that faces the camera",
            way_out="lights hang above the part (z > 0) and shine downwards",
        )
    return light.intensity * math.pi / irradiance


def irradiance_from(tiles: Tiles, point: Floats, normal: Floats, cone_cos: float = NO_CONE) -> float:
    """For a radiance of 1: the sum of cosine · cosine · area / distance²."""
    away = tiles.position_mm - point
    distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    towards = away / distance[:, None]
    at_light = np.clip(-(towards * tiles.direction).sum(axis=1), 0, None)
    at_point = np.clip(towards @ normal, 0, None)
    share = in_cone(at_light, np.full(len(tiles), cone_cos))
    return float((at_light * at_point * share * tiles.area_mm2 / distance**2).sum())


def in_cone(cosine: Floats, cone_cos: Floats) -> Floats:
    """1 inside the cone, 0 outside, from one to the other over its outer tenth; linear in the cosine."""
    full = np.cos(0.9 * np.arccos(np.clip(cone_cos, -1, 1)))
    share = np.clip((cosine - cone_cos) / np.maximum(full - cone_cos, 1e-6), 0, 1)
    return np.where(cone_cos <= NO_CONE, 1.0, share)


def weights_of(light: Light, colour_channels: int) -> Colours:
    """(C,): how the camera's channels see this light's colour, the best one as 1."""
    return np.ones(1) if colour_channels == 1 else np.asarray(SEEN_BY_COLOUR_CAMERA[light.colour])


def tint_mix_of(station: Station, colour_channels: int) -> F32:
    """(L, C, 3)"""
    mixes = []
    for light in station.lights:
        if light.colour == "white" and colour_channels == 3:
            mixes.append(np.eye(3))
        else:
            mixes.append(np.tile(TINT_SEEN[light.colour], (colour_channels, 1)))
    return np.asarray(mixes, dtype=np.float32)


def seen_directly(
    station: Station,
    emitters: Emitters,
    origins: npt.NDArray[np.floating],
    directions: npt.NDArray[np.floating],
    changes: Mapping[str, LightChange] | None = None,
) -> F32:
    """(L, K, C): radiance of the lights that the camera looks into where its rays meet nothing: back lights."""
    seen = np.zeros((len(station.lights), len(origins), emitters.colour.shape[1]), dtype=np.float32)
    start, way = np.asarray(origins, dtype=np.float64), np.asarray(directions, dtype=np.float64)
    for index, light in enumerate(station.lights):
        if not isinstance(light, BackLight):
            continue
        change = (changes or {}).get(light.name, UNCHANGED)
        middle = np.array([0.0, 0.0, -light.below_mm]) + np.asarray(change.shift_mm)
        down = np.where(way[:, 2] < -1e-9, way[:, 2], -np.inf)
        hit = start + way * ((middle[2] - start[:, 2]) / down)[:, None]
        half = np.asarray(light.size_mm) * change.size / 2
        inside = (np.abs(hit[:, :2] - middle[:2]) <= half).all(axis=1) & np.isfinite(down)
        seen[index, inside] = emitters.colour[index]
    return seen


def _cut(light: Light, smoothest_alpha: float, most: int) -> Tiles:
    """Raising the edge until there are few enough."""
    widest = WIDEST_FIELD_RAD if isinstance(light, Coaxial | BackLight) else WIDEST_RAD
    angle = min(widest, 2 * SPREAD * max(smoothest_alpha, 1e-3))
    edge = angle * _distance(light, np.asarray(_aim(light)))
    tiles = tiles_of(light, edge)
    while len(tiles) > most:
        edge *= max(1.03, math.sqrt(len(tiles) / most))
        tiles = tiles_of(light, edge)
    return tiles


def _distance(light: Light, point: Floats) -> float:
    """From the point to the nearest piece of the light."""
    match light:
        case Ring() | DarkField():
            return math.hypot(light.diameter_mm / 2, light.height_mm)
        case Dome():
            return light.diameter_mm / 2
        case Coaxial():
            return abs(light.height_mm)
        case BackLight():
            return abs(light.below_mm)
        case Bar():
            inside = max(0.0, float(np.linalg.norm(np.subtract(light.position_mm, point))))
            return max(inside, 1e-3)
        case Spot():
            return max(float(np.linalg.norm(np.subtract(light.position_mm, point))), 1e-3)


def _aim(light: Light) -> tuple[float, float, float]:
    return light.aim_mm if isinstance(light, Bar | Spot) else (0.0, 0.0, 0.0)


def _cone(light: Light) -> float:
    return math.cos(math.radians(light.cone_deg / 2)) if isinstance(light, Spot) else NO_CONE


def _check_place(light: Light, where: str, aim: Floats) -> None:
    if isinstance(light, Bar | Spot):
        if np.linalg.norm(np.subtract(light.position_mm, aim)) < 1e-6:
            raise BadInput(
                where=f"{where}.aim_mm", expected="a point away from the light", found="the light's own position"
            )
        height, setting = light.position_mm[2] - aim[2], "position_mm"
    else:
        assert not isinstance(light, BackLight)
        height, setting = light.height_mm, "height_mm"
        if isinstance(light, Dome):
            height += light.diameter_mm / 2
        if isinstance(light, DarkField):
            height += light.width_mm / 2
    if height <= 0:
        raise BadInput(
            where=f"{where}.{setting}",
            expected="a place above the part's upper surface (z > 0)",
            found=f"{height:g} mm above it",
            way_out="a light behind the part is a back_light",
        )


def _sized(light: Light, factor: float) -> Light:
    if factor == 1.0:
        return light
    update: dict[str, object] = {}
    for name in ("diameter_mm", "width_mm", "length_mm"):
        if hasattr(light, name):
            update[name] = getattr(light, name) * factor
    if isinstance(light, Coaxial | BackLight):
        update["size_mm"] = (light.size_mm[0] * factor, light.size_mm[1] * factor)
    return light.model_copy(update=update)
