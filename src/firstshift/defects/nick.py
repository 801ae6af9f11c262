"""A dent that reaches an edge: the corner has less behind it than the face, so it gives way further and is pressed out.

Where the dent's floor meets the edge D below the face, a wedge of the corner is gone besides: it reaches 0.8–1.6 D into
the face and falls by 0.7–1.4 times that, beginning with the slope of the dent itself, so that nothing shows where the
layers of the face end and the body that is cut out begins. What was there stands as a lip on the other face, which the
outline shows; brittle material has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Edge, Ground, Layer, Patch, Solid
from firstshift.core.mesh import Mesh
from firstshift.defects.noise import noise_along
from firstshift.defects.solids import Floats, between, edge_at, swept

BRITTLE = ("ceramic", "ferrite", "glass")
LEAST_SHARE = 0.12
"""A dent whose floor at the edge is shallower than this share of its depth leaves the edge as it is."""
COLUMNS, AROUND = 96, 14
SCOOP = 1.6
"""The wedge falls with this power of the way to the edge; above 1 it begins level with the dent."""
PRESSED_UM = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Nick:
    solids: tuple[Solid, ...]
    footprint: npt.NDArray[np.bool_]


def pressed_over_edge(
    generator: np.random.Generator, ground: Ground, patch: Patch, height_mm: Layer, rim: float
) -> Nick | None:
    """None where the dent does not reach the edge. `rim`: height of the rim as a share of the dent's depth."""
    edge = ground.edge
    assert edge is not None
    wide = patch.u_mm.astype(np.float64)
    drop = np.maximum(-read(patch, height_mm, wide, edge_at(edge, wide)), 0)
    deepest, depth = float(drop.max()), -float(height_mm.min())
    over = np.flatnonzero(drop > 0.02 * deepest)
    if deepest < LEAST_SHARE * depth or len(over) < 5:
        return None
    # One run of the edge: that around its deepest place.
    breaks = np.flatnonzero(np.diff(over) > 1)
    middle = int(np.searchsorted(over, int(drop.argmax())))
    first = int(max([0, *(breaks[breaks < middle] + 1)]))
    last = int(min([len(over) - 1, *breaks[breaks >= middle]]))
    u = np.linspace(wide[over[first]], wide[over[last]], COLUMNS)
    ends = np.sqrt(np.clip(1 - np.linspace(-1, 1, COLUMNS) ** 8, 0, 1))
    drop = np.maximum(np.interp(u, wide, drop) * ends, 0.01 * deepest)
    uneven = noise_along(generator, float(np.ptp(u)), float(np.ptp(u)) / 5, octaves=4, gain=0.6)(u - u[0])
    width = drop * generator.uniform(0.8, 1.6) * np.clip(1 + 0.2 * uneven, 0.4, 1.8)
    fallen = width * generator.uniform(0.7, 1.4)
    cut = _wedge(patch, height_mm, edge, u, drop, width, fallen)
    solids = [Solid(cut, is_added=False, ra_um=max(PRESSED_UM, 0.5 * ground.ra_um))]
    if rim > 0 and ground.material not in BRITTLE:
        stands = (drop + fallen) * max(0.15, 1.5 * rim) * np.clip(1 + 0.35 * uneven[::-1], 0.3, 2)
        ring = _lip(edge, u, drop + fallen, stands)
        solids.append(Solid(swept(ring, "lip"), is_added=True, ra_um=max(PRESSED_UM, ground.ra_um)))
    inner = np.interp(patch.u_mm, u, width, left=0, right=0)
    rim_at, down = edge_at(edge, patch.u_mm), patch.v_mm[:, None]
    footprint = (down >= rim_at - inner) & (down <= rim_at + 0.1 * inner) & (inner > 0)
    return Nick(tuple(solids), np.asarray(footprint))


def read(patch: Patch, layer: Layer, u_mm: Floats, v_mm: Floats) -> Floats:
    """The layer between its cell centres; 0 beyond its border."""
    x = u_mm / patch.along_mm + (patch.columns - 1) / 2
    y = v_mm / patch.across_mm + (patch.rows - 1) / 2
    inside = (x >= 0) & (y >= 0) & (x <= patch.columns - 1) & (y <= patch.rows - 1)
    left = np.clip(np.floor(x).astype(int), 0, patch.columns - 2)
    top = np.clip(np.floor(y).astype(int), 0, patch.rows - 2)
    s, t = x - left, y - top
    upper = layer[top, left] * (1 - s) + layer[top, left + 1] * s
    lower = layer[top + 1, left] * (1 - s) + layer[top + 1, left + 1] * s
    return np.where(inside, upper * (1 - t) + lower * t, 0.0)


def _wedge(patch: Patch, height_mm: Layer, edge: Edge, u: Floats, drop: Floats, width: Floats, fallen: Floats) -> Mesh:
    """The body between a lid over the corner and the new floor, v counted from the edge."""
    fall = np.tan(np.deg2rad(np.clip(edge.fall_deg, 15, 89)))
    beyond = 0.3 * width.max() + 1.4 * float((drop + fallen).max()) / fall
    inner = np.concatenate([[-0.03], np.linspace(0, 1, 34)])[:, None]
    outer = np.linspace(0, 1, 8)[1:, None]
    v = np.concatenate([(inner - 1) * width, outer * beyond + 0 * width])
    s = (v + width) / width
    at_edge = edge_at(edge, u)
    across = np.broadcast_to(u, v.shape)
    floor = read(patch, height_mm, across, np.minimum(v, 0) + at_edge) - fallen * np.clip(s, 0, 1) ** SCOOP
    floor -= 0.2 * (drop + fallen) * np.maximum(v, 0) / beyond
    lid = max(0.02, float(height_mm.max()) * 1.5, 0.2 * float(drop.max()))
    floor = np.where(s < -1e-9, lid - 1e-4, np.minimum(floor, lid - 1e-4))
    top = np.stack([across, v + at_edge, np.full_like(v, lid)], axis=-1)
    return between(top, np.stack([across, v + at_edge, floor], axis=-1), "nick")


def _lip(edge: Edge, u: Floats, below: Floats, stands: Floats) -> Floats:
    """Rings around the bulge that hangs where the new floor meets the other face."""
    fall = np.deg2rad(np.clip(edge.fall_deg, 15, 90))
    out, down = np.array([np.sin(fall), np.cos(fall)]), np.array([np.cos(fall), -np.sin(fall)])
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    along = (below / np.sin(fall))[:, None] + stands[:, None] * (0.55 + 0.9 * np.cos(turn))
    off = stands[:, None] * (0.1 + 0.9 * np.sin(turn))
    v = edge_at(edge, u)[:, None] + along * down[0] + off * out[0]
    n = along * down[1] + off * out[1]
    return np.stack([np.broadcast_to(u[:, None], v.shape), v, n], axis=-1)
