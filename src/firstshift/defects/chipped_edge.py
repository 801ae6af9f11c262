"""Chipped edge: a piece broke off an edge.

    - type: chipped_edge
      class: chipped_edge
      length_mm: [0.2, 3]         # along the edge
      width_mm: [0.05, 0.8]       # how far it reaches into the inspected surface
      depth_um: [20, 500]         # usual; how far down the other face it reaches

What broke off is cut out of the part as a body, so the silhouette has a notch. Brittle material (ceramic, ferrite,
glass) breaks conchoidally: a scoop with fine ripples around the point of the blow. Cast iron and wood break from grain
to grain, rough all over. Tough metals and plastics tear into a few facets.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Edge, Ground, Imprint, Solid
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import imprint_of
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.solids import Floats, between, edge_at, edge_of
from firstshift.spec.defect_types import ChippedEdge

ROUGHNESS_UM = {"conchoidal": 3.0, "granular": 14.0, "torn": 9.0}


class ChippedEdgeFlaw(DrawnType[ChippedEdge]):
    model = ChippedEdge
    example = "{type: chipped_edge, class: chip, length_mm: [0.5, 4], width_mm: [0.15, 1], depth_um: [80, 600]}"

    def imprint(self, entry: ChippedEdge, ground: Ground, draws: Draws) -> Imprint:
        edge = edge_of(ground, f"chipped edge {entry.class_name!r}")
        length = draws.graded("length_mm", entry.length_mm)
        width = draws.graded("width_mm", entry.width_mm)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        brittle, grainy = ground.material in ("ceramic", "ferrite", "glass"), ground.material in ("cast_iron", "wood")
        break_ = draws.choice(
            "break", conchoidal=4 if brittle else 0.3, granular=4 if grainy else 1, torn=0.3 if brittle else 3
        )
        shape = draws.generator("shape")
        columns = 110
        u = np.linspace(-0.5, 0.5, columns) * length
        border = _border(shape, u / length * 2, length, width)
        z, v = _break_off(shape, edge, u, border, width, depth, break_)
        v_part = v + edge_at(edge, u)[None, :]
        lid = 0.03 + 0.1 * depth
        across = np.broadcast_to(u[None, :], v.shape)
        top = np.stack([across, v_part, np.full_like(v, lid)], axis=-1)
        bottom = np.stack([across, v_part, np.minimum(z, lid - 1e-4)], axis=-1)
        solid = Solid(between(top, bottom, "chip"), is_added=False, ra_um=max(ground.ra_um, ROUGHNESS_UM[break_]))

        far = width + float(np.abs(edge_at(edge, u)).max())
        patch = grid_over(ground, length, 2 * far, narrowest_mm=width)
        inner = np.interp(patch.u_mm, u, border) + edge_at(edge, patch.u_mm)
        down = patch.v_mm[:, None]
        here = (down >= inner) & (down <= edge_at(edge, patch.u_mm)) & (np.abs(patch.u_mm) <= length / 2)
        return imprint_of(patch, draws.recorded, solids=(solid,), footprint=here)


def _border(generator: np.random.Generator, t: Floats, length_mm: float, width_mm: float) -> Floats:
    """How far the break reaches into the surface, v over u, 0 at both ends; t runs from −1 to 1."""
    skew = generator.uniform(-0.35, 0.35)
    t = t + skew * (1 - t * t)
    scoop = np.clip(1 - np.abs(t) ** generator.uniform(1.6, 3), 0, 1) ** generator.uniform(0.6, 1.1)
    ragged = noise_along(generator, length_mm, length_mm / 4, octaves=4, gain=0.55)((t + 1) / 2 * length_mm)
    border = scoop * np.clip(1 + 0.22 * ragged, 0.25, None)
    return np.asarray(-width_mm * border / border.max())


def _break_off(
    generator: np.random.Generator,
    edge: Edge,
    u_mm: Floats,
    border_mm: Floats,
    width_mm: float,
    depth_mm: float,
    break_: str,
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """The broken surface: its height z over u and v, v counted from the edge."""
    rows = 52
    fall = np.tan(np.deg2rad(np.clip(edge.fall_deg, 15, 89)))
    beyond = 0.3 * width_mm + 1.4 * depth_mm / fall
    reach = np.maximum(-border_mm, 1e-4 * width_mm)
    # Rows follow the border, so that it has no steps: from a little outside of it to the edge, then beyond the edge.
    inner = np.concatenate([np.linspace(-0.12, 0, 4)[:-1], np.linspace(0, 1, rows - 12) ** 1.2])
    outer = np.linspace(0, 1, 10)[1:, None]
    v = np.concatenate([(inner[:, None] - 1) * reach, outer * beyond + np.zeros_like(reach)])
    s = (v + reach) / reach
    local = depth_mm * (reach / width_mm) ** 0.7
    hollow = generator.uniform(0.55, 0.9)
    inside = np.clip(s, 0, 1) ** hollow + 0.35 * np.maximum(s - 1, 0) * reach / width_mm
    z = np.where(s > 0, -local * inside, -s * local * 1.5)
    texture = np.clip(s * 3, 0, 1) * local
    rough = noise(
        generator, (float(np.ptp(u_mm)), float(np.ptp(v))), max(width_mm / 2.5, np.ptp(u_mm) / 12), octaves=4,
        gain=0.75 if break_ == "granular" else 0.5,
    ).at(np.broadcast_to(u_mm, v.shape), v)  # fmt: skip
    if break_ == "conchoidal":
        blow = float(generator.uniform(-0.25, 0.25) * np.ptp(u_mm))
        away = np.hypot(u_mm[None, :] - blow, v + 0.05 * width_mm) / width_mm
        z = z - texture * (0.05 * np.sin(2 * np.pi * away**0.8 * generator.uniform(3, 5)) + 0.04 * rough)
    elif break_ == "granular":
        z = z - texture * 0.2 * rough
    else:
        facets = np.maximum.reduce([
            float(generator.normal()) * u_mm[None, :] / width_mm * 0.5 + float(generator.normal()) * v / width_mm
            for _ in range(4)
        ])  # fmt: skip
        z = z - texture * (0.25 * np.tanh(facets) + 0.1 * rough)
    at_edge = np.abs(v[:, 0]).argmin()
    return z * (depth_mm / max(1e-9, -float(z[at_edge].min()))), v
