"""Entries and grounds that the tests of this room draw on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from firstshift.core.imprint import Edge, Ground, Imprint
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn import DrawnType
from firstshift.spec.catalogue import Defect


def entry_of(drawn: DrawnType[Any], **changes: Any) -> Defect:
    """The type's own example, with some settings changed."""
    declared = YAML(typ="safe").load(drawn.example)
    return drawn.model.model_validate({**declared, **changes})


def flaw_of(entry: Defect, on: Ground, severity: int, seed: Seed) -> Imprint:
    """Of a grade, or the nearest one that the entry has: a missing hole has one."""
    mildest, worst = entry.severity
    return draw_flaw(entry, on, min(max(severity, mildest), worst), seed)


def ground(pixel_mm: float = 0.03, *, material: str = "steel", edge: bool = True, **more: Any) -> Ground:
    """A ground steel face; with an edge that is bent a little, as one on a round part."""
    u = np.linspace(-20, 20, 401).astype(np.float32)
    bent = Edge(u, (u * u / 400).astype(np.float32), 90.0, 4.0)
    is_metal = material in ("steel", "aluminium", "cast_iron", "titanium", "copper", "brass")
    return Ground(pixel_mm, material, is_metal, 0.4, edge=bent if edge else None, **more)


def mean_and_bound(values: list[float]) -> tuple[float, float]:
    """Mean and 4 standard errors: a seeded test that fails once in 15,000 honest draws of its seeds."""
    return float(np.mean(values)), 4 * float(np.std(values, ddof=1)) / math.sqrt(len(values))
