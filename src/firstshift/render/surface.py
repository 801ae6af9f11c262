"""A surface of the scene, as declared or drawn: substance, finish, colour. The G-buffer's `surface` points to these."""

from __future__ import annotations

from dataclasses import dataclass

from firstshift.spec.part import FinishKind, Lay


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
