"""Every kind of light cut into tiles: small flat pieces that shine with the cosine (Lambert), as LEDs behind a diffuser
do. Few and large tiles are the emitters of the fast shader, many and small ones are the light itself.

    tiles_of(light, edge_mm=25.0)      # tiles about 25 mm long and wide

A tile becomes an ellipse. Ellipses of the tiles' own area would leave a ripple between neighbours; with semi-axes of
0.61 tile edges the first harmonics of the grid vanish, because 2·J₁(k·R)/(k·R) has its first zero at k·R = 3.83 and
k = 2π/edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot

Floats = npt.NDArray[np.float64]
SEMI_AXIS = 0.61
"""Of a tile's ellipse, in edges of the tile."""
FEWEST_AROUND = 8
NEAR_THE_HOLE = (0.5, 0.75)
"""How wide the bands of a dome are that come first from the camera's hole, in widths of the others: flat surfaces
mirror that edge."""
LONGEST = 2.0
"""A tile is at most this many times as long as it is wide, unless that is finer than asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    position_mm: Floats
    """(T, 3)"""
    direction: Floats
    """(T, 3): unit, the way it shines."""
    area_mm2: Floats
    """(T,)"""
    half_mm: Floats
    """(T, 2, 3): semi-axes of the ellipse that stands for the tile."""

    def __len__(self) -> int:
        return len(self.area_mm2)


def tiles_of(light: Light, edge_mm: float) -> Tiles:
    match light:
        case Ring():
            return _flat_ring(light.diameter_mm / 2, light.width_mm, light.height_mm, edge_mm)
        case DarkField():
            return _band(light.diameter_mm / 2, light.width_mm, light.height_mm, edge_mm)
        case Dome():
            return _half_sphere(light, edge_mm)
        case Coaxial():
            return _rectangle((0, 0, light.height_mm), light.size_mm, (1, 0, 0), (0, 0, -1), edge_mm)
        case BackLight():
            return _rectangle((0, 0, -light.below_mm), light.size_mm, (1, 0, 0), (0, 0, 1), edge_mm)
        case Bar():
            towards = np.subtract(light.aim_mm, light.position_mm)
            size = (light.length_mm, light.width_mm)
            return _rectangle(light.position_mm, size, _along(light, towards), towards, edge_mm)
        case Spot():
            return _disc(light, edge_mm)


def _flat_ring(radius: float, width: float, height: float, edge_mm: float) -> Tiles:
    inner, outer = max(0.0, radius - width / 2), radius + width / 2
    rows = _pieces(outer - inner, edge_mm)
    rims = np.linspace(inner, outer, rows + 1)
    columns = max(FEWEST_AROUND, _pieces(math.pi * (inner + outer), _length(edge_mm, (outer - inner) / rows)))
    turn = (np.arange(columns) + 0.5) * 2 * math.pi / columns
    middle = np.repeat((rims[:-1] + rims[1:]) / 2, columns)
    turns = np.tile(turn, rows)
    position = np.stack([middle * np.cos(turns), middle * np.sin(turns), np.full(len(middle), height)], axis=1)
    area = np.repeat(math.pi * np.diff(rims**2) / columns, columns)
    outwards = position - np.array([0.0, 0.0, height])
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    long = 2 * math.pi * middle / columns
    return _tiles(position, np.array([[0.0, 0.0, -1.0]]), area, outwards, (outer - inner) / rows, long)


def _band(radius: float, width: float, height: float, edge_mm: float) -> Tiles:
    rows = _pieces(width, edge_mm)
    columns = max(FEWEST_AROUND, _pieces(2 * math.pi * radius, _length(edge_mm, width / rows)))
    turn = np.tile((np.arange(columns) + 0.5) * 2 * math.pi / columns, rows)
    up = np.repeat(height + width * ((np.arange(rows) + 0.5) / rows - 0.5), columns)
    outwards = np.stack([np.cos(turn), np.sin(turn), np.zeros(len(turn))], axis=1)
    position = outwards * radius + np.stack([0 * up, 0 * up, up], axis=1)
    area = np.full(len(turn), 2 * math.pi * radius * width / (rows * columns))
    return _tiles(position, -outwards, area, np.array([[0.0, 0.0, 1.0]]), width / rows, 2 * math.pi * radius / columns)


def _half_sphere(light: Dome, edge_mm: float) -> Tiles:
    """Bands from the hole for the camera down to the rim, each cut into tiles about as long as wide."""
    radius = light.diameter_mm / 2
    hole = math.asin(min(1.0, light.opening_mm / light.diameter_mm))
    width = np.ones(_pieces((math.pi / 2 - hole) * radius, edge_mm))
    width[: len(NEAR_THE_HOLE)] = NEAR_THE_HOLE[: len(width)]
    bands = hole + (math.pi / 2 - hole) * np.append(0, width.cumsum() / width.sum())
    outwards, areas, heights, lengths = [], [], [], []
    for index, (low, high) in enumerate(pairwise(bands)):
        cosine = (math.cos(low) + math.cos(high)) / 2
        sine = math.sqrt(1 - cosine**2)
        columns = max(4, round(2 * math.pi * sine / (high - low)))
        turn = (np.arange(columns) + 0.5 * (index % 2)) * 2 * math.pi / columns
        outwards.append(np.stack([sine * np.cos(turn), sine * np.sin(turn), np.full(columns, cosine)], axis=1))
        areas.append(np.full(columns, 2 * math.pi * radius**2 * (math.cos(low) - math.cos(high)) / columns))
        heights.append(np.full(columns, radius * (high - low)))
        lengths.append(np.full(columns, 2 * math.pi * radius * sine / columns))
    out = np.vstack(outwards)
    down = np.cross(np.stack([-out[:, 1], out[:, 0], 0 * out[:, 0]], axis=1), out)
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    position = out * radius + np.array([0.0, 0.0, light.height_mm])
    return _tiles(position, -out, np.concatenate(areas), down, np.concatenate(heights), np.concatenate(lengths))


def _rectangle(
    middle: npt.ArrayLike, size: tuple[float, float], along: npt.ArrayLike, towards: npt.ArrayLike, edge_mm: float
) -> Tiles:
    normal = _unit(towards)
    right = _unit(np.asarray(along, dtype=np.float64) - normal * (np.asarray(along) @ normal))
    up = np.cross(normal, right)
    short = min(size)
    longer = _length(edge_mm, short / _pieces(short, edge_mm))
    columns, rows = (_pieces(side, edge_mm if side == short else longer) for side in size)
    x = np.tile(((np.arange(columns) + 0.5) / columns - 0.5) * size[0], rows)
    y = np.repeat(((np.arange(rows) + 0.5) / rows - 0.5) * size[1], columns)
    position = np.asarray(middle, dtype=np.float64) + np.outer(x, right) + np.outer(y, up)
    area = np.full(len(x), size[0] * size[1] / len(x))
    return _tiles(position, normal[None], area, right[None], size[0] / columns, size[1] / rows)


def _disc(light: Spot, edge_mm: float) -> Tiles:
    """One disc in the middle and circles of 6, 12, 18 … around it."""
    normal = _unit(np.subtract(light.aim_mm, light.position_mm))
    right = _unit(np.cross(normal, (1.0, 0, 0) if abs(normal[0]) < 0.9 else (0, 1.0, 0)))
    up = np.cross(normal, right)
    circles = (_pieces(light.diameter_mm, edge_mm) - 1 + 1) // 2
    step = light.diameter_mm / (2 * circles + 1)
    xy, areas = [np.zeros((1, 2))], [np.array([math.pi * step**2 / 4])]
    for circle in range(1, circles + 1):
        turn = np.arange(6 * circle) * 2 * math.pi / (6 * circle)
        xy.append(np.stack([np.cos(turn), np.sin(turn)], axis=1) * circle * step)
        areas.append(np.full(6 * circle, math.pi * step**2 / 3))
    places = np.vstack(xy)
    position = np.asarray(light.position_mm) + np.outer(places[:, 0], right) + np.outer(places[:, 1], up)
    tiles = _tiles(position, normal[None], np.concatenate(areas), right[None], step, step)
    # A lamp that is one disc is exactly that disc.
    return tiles if circles else replace(tiles, half_mm=tiles.half_mm * (0.5 / SEMI_AXIS))


def _along(light: Bar, towards: Floats) -> Floats:
    if light.along_deg is not None:
        turn = math.radians(light.along_deg)
        return np.array([math.cos(turn), math.sin(turn), 0.0])
    along = np.cross(towards, (0.0, 0.0, 1.0))
    return along if np.linalg.norm(along) > 1e-9 * np.linalg.norm(towards) else np.array([1.0, 0.0, 0.0])


def _tiles(
    position: Floats, direction: Floats, area: Floats, along: Floats, length: Floats | float, width: Floats | float
) -> Tiles:
    """`along` is a unit vector in the tile's plane, `length` its size that way."""
    facing = np.broadcast_to(direction, position.shape)
    first = np.broadcast_to(along, position.shape)
    sizes = np.stack([np.broadcast_to(length, area.shape), np.broadcast_to(width, area.shape)], axis=1)
    half = np.stack([first, np.cross(facing, first)], axis=1) * (SEMI_AXIS * sizes)[:, :, None]
    return Tiles(position, facing, area, half)


def _pieces(length_mm: float, edge_mm: float) -> int:
    return max(1, math.ceil(length_mm / edge_mm - 1e-9))


def _length(edge_mm: float, width_mm: float) -> float:
    """How long a tile may be that is only so wide: narrow discs leave gaps, so they have to lie closer."""
    return min(edge_mm, max(LONGEST * width_mm, 0.5 * edge_mm))


def _unit(vector: npt.ArrayLike) -> Floats:
    values = np.asarray(vector, dtype=np.float64)
    return np.asarray(values / np.linalg.norm(values))
