"""Boxes and round bars as triangles: what fixtures are built of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstshift.core.mesh import Floats, Mesh

AROUND = 40


@dataclass(frozen=True, slots=True, eq=False)
class Soup:
    """Triangles with a normal at each corner: (T, 3, 3) both."""

    corners_mm: Floats
    normals: Floats

    def turned(self, angle_deg: float, about_mm: tuple[float, float]) -> Soup:
        turn = np.radians(angle_deg)
        matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        middle = np.array([*about_mm, 0.0])
        return Soup((self.corners_mm - middle) @ matrix.T + middle, self.normals @ matrix.T)


def prism(outline_mm: Floats, low: float, high: float, chamfer: float = 0.0, is_round: bool = False) -> Soup:
    """An upright body over a convex outline (n, 2), anticlockwise, its upper edge chamfered."""
    middle = outline_mm.mean(0)
    away = outline_mm - middle
    inner = middle + away * (1 - chamfer / np.linalg.norm(away, axis=1, keepdims=True).min())
    rings = [_ring(outline_mm, low), _ring(outline_mm, high - chamfer), _ring(inner, high)]
    pieces = [_wall(rings[0], rings[1], is_round)]
    if chamfer > 0:
        pieces.append(_wall(rings[1], rings[2], is_round))
    top = np.array([*middle, high])
    fan = np.stack([np.broadcast_to(top, rings[2].shape), rings[2], np.roll(rings[2], -1, 0)], 1)
    pieces.append(Soup(fan, np.broadcast_to([0.0, 0.0, 1.0], fan.shape)))
    return joined(pieces)


def box(low: tuple[float, float, float], high: tuple[float, float, float], chamfer: float = 0.0) -> Soup:
    outline = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    return prism(outline, low[2], high[2], chamfer)


def bar(
    middle: tuple[float, float], radius: float, low: float, high: float, chamfer: float, sides: int = AROUND
) -> Soup:
    """Round, or with `sides` = 6 a hexagon."""
    turn = np.arange(sides) / sides * 2 * np.pi
    outline = np.array(middle) + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    return prism(outline, low, high, chamfer, is_round=sides == AROUND)


def joined(pieces: list[Soup]) -> Soup:
    return Soup(np.concatenate([p.corners_mm for p in pieces]), np.concatenate([p.normals for p in pieces]))


def mesh_of(bodies: dict[str, list[Soup]]) -> Mesh:
    """One body for each name, in order."""
    soups = [joined(pieces) for pieces in bodies.values()]
    whole = joined(soups)
    body = np.concatenate([np.full(len(soup.corners_mm), index) for index, soup in enumerate(soups)])
    count = len(whole.corners_mm)
    return Mesh(
        vertices_mm=whole.corners_mm.reshape(-1, 3),
        triangles=np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        corner_normals=whole.normals.astype(np.float32),
        body=body.astype(np.int16),
        face=body.astype(np.int32),
        body_names=tuple(bodies),
        face_names=tuple(bodies),
    )


def _ring(outline: Floats, z: float) -> Floats:
    return np.column_stack([outline, np.full(len(outline), z)])


def _wall(lower: Floats, upper: Floats, is_round: bool) -> Soup:
    a, b, c, d = lower, np.roll(lower, -1, 0), np.roll(upper, -1, 0), upper
    flat = np.cross(b - a, d - a)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    corner = flat + np.roll(flat, 1, 0) if is_round else flat
    corner = corner / np.linalg.norm(corner, axis=1, keepdims=True)
    ahead = np.roll(corner, -1, 0) if is_round else corner
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    normals = np.concatenate([np.stack([corner, ahead, ahead], 1), np.stack([corner, ahead, corner], 1)])
    return Soup(corners, normals)
