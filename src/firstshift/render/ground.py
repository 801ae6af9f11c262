"""What a flaw finds where it lands: the frame of its patch and the `Ground` beneath, for `defects` to draw on.

The frame: n is the surface's normal, u is turned from the image's x axis (as it lies on the tangent plane)
anticlockwise as the camera sees it, v completes them. On an edge u runs along it and v points off the inspected face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Edge, Ground
from firstshift.render.landing import Landing
from firstshift.render.pose import Pose
from firstshift.render.scene import Scene
from firstshift.render.surface import Surface
from firstshift.spec.part import METALS

Floats = npt.NDArray[np.float64]
LONGEST_FALL_MM = 20.0
FEELER_MM = 0.05
EDGE_REACH_MM = 25.0
"""How much of an edge to both sides a flaw is told of."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place on the part before it has a direction."""

    position_mm: Floats
    normal: Floats
    across: Floats
    """(3,): how the point moves for one pixel to the right; its direction is the image's x axis."""
    pixel_mm: float
    surface: int
    region: str
    pose: Pose
    """Of the object it lies on."""


def landing_at(spot: Spot, surfaces: tuple[Surface, ...], turned_deg: float) -> Landing:
    normal = spot.normal / np.linalg.norm(spot.normal)
    level = spot.across - normal * (normal @ spot.across)
    level /= np.linalg.norm(level)
    turn = np.radians(turned_deg)
    u = np.cos(turn) * level + np.sin(turn) * np.cross(normal, level)
    local = spot.pose.to_local(spot.position_mm[None])[0]
    surface = surfaces[spot.surface]
    ground = Ground(
        pixel_mm=spot.pixel_mm,
        material=surface.material,
        is_metal=surface.material in METALS and surface.finish != "painted",
        ra_um=surface.ra_um,
        lay_deg=_lay_deg(surface, spot.pose, local, normal, u),
    )
    x, y, z = local.tolist()
    v = np.cross(normal, u)
    return Landing(spot.position_mm, u, v, normal, spot.surface, spot.region, (x, y, z), turned_deg % 360, ground)


def landing_on_edge(
    spot: Spot, surfaces: tuple[Surface, ...], other_normal: Floats, along: Floats, line_mm: Floats, scene: Scene
) -> Landing:
    """On an edge whose inspected face has the spot's normal. `along` is the edge's direction there, `line_mm` (P, 3)
    its points in station coordinates."""
    normal = spot.normal / np.linalg.norm(spot.normal)
    off = other_normal - normal * (normal @ other_normal)
    # At right angles to both normals: along the edge, and without the corners of its polyline.
    u = np.cross(off, normal) if np.linalg.norm(off) > 1e-6 else along - normal * (normal @ along)
    u /= np.linalg.norm(u)
    level = spot.across - normal * (normal @ spot.across)
    turned = np.degrees(np.arctan2(np.cross(level, u) @ normal, level @ u))
    landing = landing_at(spot, surfaces, float(turned))
    fall = float(np.degrees(np.arccos(np.clip(normal @ other_normal / np.linalg.norm(other_normal), -1, 1))))
    reach = _fall_mm(scene, spot.position_mm, normal, other_normal / np.linalg.norm(other_normal), landing.u)
    places, offsets = _profile((line_mm - spot.position_mm) @ np.stack([landing.u, landing.v]).T)
    edge = Edge(places.astype(np.float32), offsets.astype(np.float32), fall, reach)
    return replace(landing, ground=replace(landing.ground, edge=edge))


def _lay_deg(surface: Surface, pose: Pose, local: Floats, normal: Floats, u: Floats) -> float | None:
    """The lay's direction as seen from u, 0…180; laid like `render.finish` lays it."""
    if surface.lay == "none":
        return None
    facing = np.abs(pose.rotation.T @ normal)
    out = local - np.asarray(surface.lay_centre_mm)
    radial = np.array([out[0], out[1], 0.0])
    if surface.lay == "circular":
        way = np.array([-radial[1], radial[0], 0.0])
    elif surface.lay == "radial":
        way = radial
    else:
        wall = 0 if facing[0] >= facing[1] else 1
        first, second = (0, 1) if facing[2] >= 0.999 * facing[wall] else (1 - wall, 2)
        way = np.zeros(3)
        way[first], way[second] = np.cos(np.radians(surface.lay_deg)), np.sin(np.radians(surface.lay_deg))
    turned = pose.rotation @ way
    turned -= normal * (normal @ turned)
    if np.linalg.norm(turned) < 1e-9:
        return None
    return float(np.degrees(np.arctan2(turned @ np.cross(normal, u), turned @ u)) % 180.0)


def _profile(flat: Floats) -> tuple[Floats, Floats]:
    """The edge around the landing as v over u: as far as it runs on without turning back, at most EDGE_REACH_MM."""
    middle = int(np.argmin(np.abs(flat).sum(axis=1)))
    if len(flat) > 1 and flat[min(middle + 1, len(flat) - 1), 0] < flat[max(middle - 1, 0), 0]:
        flat, middle = flat[::-1], len(flat) - 1 - middle
    first = last = middle
    while last + 1 < len(flat) and flat[last + 1, 0] > flat[last, 0] and flat[last, 0] < EDGE_REACH_MM:
        last += 1
    while first > 0 and flat[first - 1, 0] < flat[first, 0] and flat[first, 0] > -EDGE_REACH_MM:
        first -= 1
    kept = flat[first : last + 1]
    return kept[:, 0], kept[:, 1]


def _fall_mm(scene: Scene, corner: Floats, normal: Floats, other: Floats, u: Floats) -> float:
    """How far the other face goes on straight: felt for with rays from outside, in steps away from the edge, then in
    finer ones where it ended."""
    down = np.cross(u, other)
    down *= -np.sign(down @ normal) or 1.0

    def reached(steps: Floats) -> int:
        origins = corner + steps[:, None] * down + FEELER_MM * other
        hits = scene.hits(origins, np.repeat(-other[None], len(steps), axis=0))
        ends = np.flatnonzero(np.abs(hits.distance_mm - FEELER_MM) > 0.01 + 0.02 * steps)
        return int(ends[0]) if len(ends) else len(steps)

    steps = np.geomspace(0.01, LONGEST_FALL_MM, 32)
    last = reached(steps)
    if last in (0, len(steps)):
        return float(steps[min(last, len(steps) - 1)])
    finer = np.linspace(steps[last - 1], steps[last], 16)
    return float(finer[max(reached(finer) - 1, 0)])
