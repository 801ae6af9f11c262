"""A surface of the scene, as declared or drawn: substance, finish, colour. The G-buffer's `surface` points to these.

surfaces = surfaces_of(plan.part, mesh)     # one for each body of the mesh, in the middle of what the plan allows
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from firstshift.core.mesh import Mesh
from firstshift.spec.declared import Range
from firstshift.spec.part import Body, Finish, FinishKind, Lay, Part

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Surface:
    name: str
    material: str
    """One of the plan's materials, or `painted` over one: see `paint`."""
    finish: FinishKind
    ra_um: float
    lay: Lay
    lay_deg: float
    """In the local x–y plane of its object."""
    lay_centre_mm: tuple[float, float, float]
    """Local; where circular and radial lays have their middle."""
    gloss: float
    """0 matt to 1 glossy: weight and smoothness of a clear top layer on what is no metal."""
    colour: tuple[float, float, float] | None
    """Linear RGB albedo; None takes the material's own."""
    finish_seed: int
    """Which piece of the endless finish texture it got."""
    is_part: bool = True
    """False for backgrounds and fixtures."""
    pattern: str | None = None
    """For backgrounds: a procedural pattern's name."""
    pattern_seed: int = 0


def surfaces_of(part: Part, mesh: Mesh, *, finish_seed: int = 0) -> tuple[Surface, ...]:
    """One surface for each body of the part's mesh, in the mesh's order, with Ra and gloss in the middle of what the
    plan allows. `finish_seed`: which piece of the endless finish they got; two parts never have the same one."""
    declared = {body.name: body for body in part.bodies}
    middle, colours = middle_of(mesh), mesh.body_colours or (None,) * len(mesh.body_names)
    return tuple(
        surface_of(
            declared[name],
            ra_um=usual_ra_um(declared[name].finish),
            gloss=usual_gloss(declared[name].finish),
            finish_seed=finish_seed + number,
            lay_centre_mm=middle,
            colour=colour,
        )
        for number, (name, colour) in enumerate(zip(mesh.body_names, colours, strict=True))
    )


def surface_of(
    body: Body, *, ra_um: float, gloss: float, finish_seed: int, lay_centre_mm: Vector, colour: Vector | None = None
) -> Surface:
    """The surface of one body. `colour`: linear RGB as the CAD file has it; the plan's own colour wins."""
    finish = body.finish
    return Surface(
        name=body.name,
        material=body.material,
        finish=finish.kind,
        ra_um=ra_um,
        lay=finish.lay_pattern,
        lay_deg=finish.lay_deg,
        lay_centre_mm=lay_centre_mm,
        gloss=gloss,
        colour=_linear(body.colour) if body.colour else colour,
        finish_seed=finish_seed,
    )


def usual_ra_um(finish: Finish) -> float:
    """The geometric middle of what the drawing allows."""
    return math.sqrt(finish.ra_um.low * finish.ra_um.high)


def usual_gloss(finish: Finish) -> float:
    return (finish.gloss or Range(0.0, 1.0)).middle


def middle_of(mesh: Mesh) -> Vector:
    """Of the box around a mesh: where circular and radial lays have theirs."""
    low, high = mesh.bounds_mm
    x, y, z = ((low + high) / 2).tolist()
    return (x, y, z)


def _linear(colour: str) -> Vector:
    """'#rrggbb' (sRGB, IEC 61966-2-1) as linear RGB."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return (r, g, b)
