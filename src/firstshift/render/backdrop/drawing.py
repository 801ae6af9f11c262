"""What lies under and around the part: a plane with a drawn pattern, and simple fixtures.

    backdrop = drawn_backdrop(Seed(7), part, first_surface=len(surfaces))
    scene = Scene((part, *backdrop.placed)); surfaces += backdrop.surfaces

The plane is where the part's lowest point is. Surfaces of backgrounds count on from `first_surface`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstshift.core.mesh import Floats, Mesh
from firstshift.core.seed import Seed
from firstshift.render.backdrop.fixtures import Room, drawn_fixtures
from firstshift.render.backdrop.solids import mesh_of
from firstshift.render.backdrop.stuffs import fixture_surface, plane_surface
from firstshift.render.pose import Pose
from firstshift.render.scene import Placed
from firstshift.render.surface import Surface


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    placed: tuple[Placed, ...]
    surfaces: tuple[Surface, ...]


def drawn_backdrop(seed: Seed, part: Placed, first_surface: int) -> Backdrop:
    """One of endlessly many: pattern, colour, dirt, direction, fixtures."""
    draw = seed.child("backdrop").generator()
    room = _room_of(part)
    surfaces = [plane_surface(draw)]
    turn = (
        float(draw.uniform(-180, 180)) if draw.uniform() < 0.4 else float(draw.integers(4) * 90 + draw.normal(0, 1.5))
    )
    shift = draw.uniform(-500, 500, 2)
    placed = [_plane(room, first_surface, turn, (float(shift[0]), float(shift[1])))]
    bodies = drawn_fixtures(draw, room)
    if bodies:
        still = Pose(np.eye(3), np.zeros(3))
        placed.append(Placed(mesh_of(bodies), still, first_surface + 1, is_part=False))
        surfaces += [fixture_surface(name, draw) for name in bodies]
    return Backdrop(tuple(placed), tuple(surfaces))


def plain_backdrop(part: Placed, first_surface: int) -> Backdrop:
    """One even, dark, matt plane."""
    surface = Surface(
        name="background", material="rubber", finish="moulded", ra_um=1.6, lay="none", lay_deg=0.0,
        lay_centre_mm=(0.0, 0.0, 0.0), gloss=0.0, colour=(0.03, 0.03, 0.03), finish_seed=0, is_part=False,
    )  # fmt: skip
    return Backdrop((_plane(_room_of(part), first_surface, 0.0, (0.0, 0.0)),), (surface,))


def _room_of(part: Placed) -> Room:
    used = part.pose.to_station(part.mesh.vertices_mm[np.unique(part.mesh.triangles)])
    return Room(used.min(0), used.max(0))


def _plane(room: Room, first_surface: int, turned_deg: float, shift_mm: tuple[float, float]) -> Placed:
    """Ten times as wide as the part; `shift_mm` says which piece of the endless pattern lies under it."""
    reach = 10 * room.size + 200
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * reach + np.array(shift_mm)
    vertices: Floats = np.column_stack([corners, np.zeros(4)])
    up = np.zeros((2, 3, 3), np.float32)
    up[..., 2] = 1
    mesh = Mesh(
        vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32), up, np.zeros(2, np.int16), np.zeros(2, np.int32),
        ("background",), ("background",),
    )  # fmt: skip
    turn = np.radians(turned_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    middle = np.array([*((room.low + room.high) / 2)[:2], room.low[2]])
    return Placed(mesh, Pose(rotation, middle - rotation @ np.array([*shift_mm, 0.0])), first_surface, is_part=False)
