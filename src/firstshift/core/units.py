"""Lengths and angles as types: a function that takes `Millimetres` is not handed pixels by accident.

Field names carry the unit as well (`depth_um`, `working_distance_mm`), because a plan file has no types.
"""

from __future__ import annotations

from typing import NewType

Millimetres = NewType("Millimetres", float)
Micrometres = NewType("Micrometres", float)
Degrees = NewType("Degrees", float)
Pixels = NewType("Pixels", float)


def um_to_mm(length_um: Micrometres) -> Millimetres:
    return Millimetres(length_um / 1000.0)


def mm_to_um(length_mm: Millimetres) -> Micrometres:
    return Micrometres(length_mm * 1000.0)


def wrap_degrees(angle: Degrees) -> Degrees:
    """Into [0, 360)."""
    return Degrees(angle % 360.0)
