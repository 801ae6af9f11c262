"""What a flaw does to a surface, in millimetres: the word that `defects` writes and `render` reads.

A flaw is drawn on a `Patch`, a rectangular grid in the tangent plane at its landing point. Coordinates: u along the
patch, v across it, n outwards; the landing point is (0, 0), in the middle of the grid. Row index runs along v, column
index along u; cell centres lie at `Patch.u_mm`, `Patch.v_mm`. The direction of u on the part is the renderer's
business: `Landing.turned_deg` there, so a scratch is always drawn along u.

    imprint = scratch.imprint(ground, seed)      # defects: a flaw on a piece of ground
    stamp(prepared, [(landing, imprint)])        # render: the same flaw under a camera and light
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh

Layer = npt.NDArray[np.float32]
MAX_CELLS = 1_500_000
ALONG_TEAR = 0.3
"""Variance of a torn surface's slopes along the way of what tore it, as a share of that across: chips break off and
leave steps, but most tears run with the tool."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A grid in the tangent plane; cells may be longer than wide, for flaws that are long and thin."""

    along_mm: float
    """Length of one cell along u."""
    across_mm: float
    """Length of one cell along v."""
    columns: int
    rows: int

    @classmethod
    def covering(cls, length_mm: float, width_mm: float, along_mm: float, across_mm: float) -> Patch:
        """A grid over length × width, its cells as asked or larger where there would be more than MAX_CELLS."""
        cells = (length_mm / along_mm) * (width_mm / across_mm)
        coarser = max(1.0, (cells / MAX_CELLS) ** 0.5)
        along, across = along_mm * coarser, across_mm * coarser
        return cls(along, across, max(3, int(np.ceil(length_mm / along))), max(3, int(np.ceil(width_mm / across))))

    @property
    def u_mm(self) -> Layer:
        return ((np.arange(self.columns) - (self.columns - 1) / 2) * self.along_mm).astype(np.float32)

    @property
    def v_mm(self) -> Layer:
        return ((np.arange(self.rows) - (self.rows - 1) / 2) * self.across_mm).astype(np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        return (self.rows, self.columns)

    @property
    def length_mm(self) -> float:
        return self.columns * self.along_mm

    @property
    def width_mm(self) -> float:
        return self.rows * self.across_mm


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge of the part beside a landing point, as the patch sees it: u runs along the edge, the inspected face lies
    at v < 0, and the edge at v = `offset(u)`. The other face falls away from it."""

    u_mm: Layer
    offset_mm: Layer
    fall_deg: float
    """Angle by which the other face falls away from the inspected one: 90 at the edge of a block, 45 at a chamfer."""
    fall_mm: float
    """How far the other face reaches down from the edge before it ends or turns."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The piece of surface that a flaw lands on: everything a flaw has to know of it."""

    pixel_mm: float
    """Size of a pixel there; a patch needs no cell much finer than a quarter of it."""
    material: str
    """As in the plan: aluminium, plastic, …"""
    is_metal: bool
    ra_um: float
    lay_deg: float | None = None
    """Direction of the tool marks measured from u; None where there is no lay."""
    edge: Edge | None = None
    """For flaws that sit on an edge."""
    opening_mm: float | None = None
    """Diameter of the hole or width of the feature beneath, for flaws that leave one out."""


@dataclass(frozen=True, slots=True)
class Stuff:
    """A material that is not the part's own: oxide, dust, a swarf chip, slag."""

    name: str
    albedo: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Diffuse reflectance, linear RGB. Ignored for metals."""
    metal: str | None = None
    """One of the plan's metals for metallic stuff."""
    roughness: float = 0.4
    """GGX alpha."""


@dataclass(frozen=True, slots=True)
class Solid:
    """A body in patch coordinates (u, v, n; mm) that is added to the part or cut out of it: burrs and plugs, chips and
    short shots. This is what changes a silhouette. Closed when it is cut out."""

    mesh: Mesh
    is_added: bool
    ra_um: float | None = None
    """Roughness of the surface it makes; None takes the part's own finish."""
    stuff: Stuff | None = None
    """None: the part's own material."""


@dataclass(frozen=True, slots=True, eq=False)
class Imprint:
    """A flaw. Layers are (rows, columns) float32 unless said otherwise; a layer left None changes nothing."""

    patch: Patch
    mask: npt.NDArray[np.bool_]
    """Where the flaw is: the support of what it changes by more than can be called nothing."""
    height_mm: Layer | None = None
    """Added to the surface, outwards positive."""
    tint: Layer | None = None
    """(rows, columns, 3): factor on what the surface reflects, linear RGB."""
    smoothness: Layer | None = None
    """Factor on the roughness (GGX alpha) of the surface's own finish; 0.3 is burnished, 3 torn. Below 1 it also
    flattens the resolved finish texture, above 1 it leaves it."""
    torn: Layer | None = None
    """Variance of slopes finer than the grid, across u, that is added to the surface's own: what ploughing and tearing
    leave behind. Along u they are `ALONG_TEAR` times as large."""
    occlusion: Layer | None = None
    """0…1, share of light that does not get in because of walls finer than the grid; those of `height_mm` are worked
    out from it."""
    stuff: Stuff | None = None
    cover: Layer | None = None
    """0…1: how far `stuff` hides the surface."""
    film: Layer | None = None
    """0…1: how far a clear, smooth film (oil, water) lies on the surface: it mirrors light and hides fine texture."""
    hides_finish: Layer | None = None
    """0…1: how far the surface's own finish texture is gone (torn out, filled, covered)."""
    solids: tuple[Solid, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    """What was drawn, with units in the names, for the label and the record: {"length_mm": 3.1, "depth_um": 12.0}."""
