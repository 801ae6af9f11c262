"""Every light of the plan with its true shape: the surface that shines, as triangles.

The fast shader knows small flat emitters only; what they stand for is here, so that the two can be compared. Triangles
run anticlockwise as seen from the side that shines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.spec.lights import BackLight, Bar, Coaxial, DarkField, Dome, Light, Ring, Spot

Floats = npt.NDArray[np.float64]
AROUND = 128
"""Corners of a circle: its polygon is 0.04 % smaller than the circle."""
UP_THE_DOME = 24


@dataclass(frozen=True, slots=True, eq=False)
class Shining:
    """A surface that shines with the same radiance everywhere and in all directions of its front."""

    vertices_mm: Floats
    triangles: npt.NDArray[np.int32]

    @property
    def area_vectors(self) -> Floats:
        a, b, c = np.moveaxis(self.vertices_mm[self.triangles], 1, 0)
        return np.asarray(np.cross(b - a, c - a) / 2)

    @property
    def area_mm2(self) -> float:
        return float(np.linalg.norm(self.area_vectors, axis=1).sum())

    def moved(self, shift_mm: tuple[float, float, float]) -> Shining:
        return Shining(self.vertices_mm + np.asarray(shift_mm), self.triangles)


def shining(light: Light) -> Shining:
    match light:
        case Ring():
            return _ring(light)
        case DarkField():
            half = light.width_mm / 2
            radius = light.diameter_mm / 2
            # Down the band: from its upper rim to its lower one, so that the inside shines.
            return _turned([(radius, light.height_mm + half), (radius, light.height_mm - half)])
        case Dome():
            radius = light.diameter_mm / 2
            top = math.acos(min(1.0, light.opening_mm / light.diameter_mm))
            angles = np.linspace(top, 0.0, UP_THE_DOME)
            return _turned([(radius * math.cos(a), light.height_mm + radius * math.sin(a)) for a in angles])
        case Coaxial():
            return _rectangle(np.array([0.0, 0.0, light.height_mm]), light.size_mm, (1.0, 0, 0), (0, 0, -1.0))
        case BackLight():
            return _rectangle(np.array([0.0, 0.0, -light.below_mm]), light.size_mm, (1.0, 0, 0), (0, 0, 1.0))
        case Bar():
            return _bar(light)
        case Spot():
            return _disc(light)


def _ring(light: Ring) -> Shining:
    outer, inner = (light.diameter_mm + light.width_mm) / 2, max(0.0, (light.diameter_mm - light.width_mm) / 2)
    return _turned([(inner, light.height_mm), (outer, light.height_mm)])


def _bar(light: Bar) -> Shining:
    towards = np.subtract(light.aim_mm, light.position_mm)
    if light.along_deg is None:
        along = np.cross(towards, (0.0, 0.0, 1.0))
        along = along if np.linalg.norm(along) > 1e-9 else np.array([1.0, 0.0, 0.0])
    else:
        turn = math.radians(light.along_deg)
        along = np.array([math.cos(turn), math.sin(turn), 0.0])
    return _rectangle(np.asarray(light.position_mm), (light.length_mm, light.width_mm), along, towards)


def _disc(light: Spot) -> Shining:
    normal = _unit(np.subtract(light.aim_mm, light.position_mm))
    right, up = _frame(normal, (1.0, 0, 0) if abs(normal[0]) < 0.9 else (0, 1.0, 0))
    turn = np.arange(AROUND) * 2 * math.pi / AROUND
    circle = np.outer(np.cos(turn), right) + np.outer(np.sin(turn), up)
    middle = np.asarray(light.position_mm, dtype=np.float64)
    vertices = np.vstack([middle, middle + circle * light.diameter_mm / 2])
    first = np.arange(AROUND) + 1
    return Shining(vertices, np.stack([0 * first, first, np.roll(first, -1)], axis=1).astype(np.int32))


def _rectangle(middle: Floats, size_mm: tuple[float, float], along: npt.ArrayLike, towards: npt.ArrayLike) -> Shining:
    right, up = _frame(_unit(np.asarray(towards, dtype=np.float64)), along)
    across, down = right * size_mm[0] / 2, up * size_mm[1] / 2
    vertices = np.array(
        [middle - across - down, middle + across - down, middle + across + down, middle - across + down]
    )
    return Shining(vertices, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))


def _turned(profile: list[tuple[float, float]]) -> Shining:
    """A profile of (radius, height) turned about the optical axis; on the way from first to last the left side
    shines: outwards along a ring it is the one below, down a band it is the inner one."""
    turn = np.arange(AROUND) * 2 * math.pi / AROUND
    circles = [np.stack([r * np.cos(turn), r * np.sin(turn), np.full(AROUND, z)], axis=1) for r, z in profile]
    here = np.arange(AROUND)
    there = np.roll(here, -1)
    pieces = []
    for step in range(len(profile) - 1):
        a, b = step * AROUND, (step + 1) * AROUND
        pieces += [
            np.stack([a + here, a + there, b + here], axis=1),
            np.stack([b + here, a + there, b + there], axis=1),
        ]
    return Shining(np.vstack(circles), np.vstack(pieces).astype(np.int32))


def _frame(normal: Floats, along: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Two unit vectors in the plane of the normal, right-handed with it; the first as near `along` as can be."""
    wished = np.asarray(along, dtype=np.float64)
    right = _unit(wished - normal * (wished @ normal))
    return right, np.cross(normal, right)


def _unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)
