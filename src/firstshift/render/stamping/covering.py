"""Dust, oxide, swarf and other stuff as rows of the materials table.

Stuff that the table already names (`materials_of(..., extra=...)` at preparing) is taken from there: its row knows the
colour of every light. For other metal stuff the lights are taken to be white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firstshift.core.imprint import Stuff
from firstshift.render.appearance import Emitters, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.metals import refractive_index
from firstshift.render.substances import RGB_NM
from firstshift.spec.lights import WAVELENGTH_NM

SKIN_INDEX = 1.5


def with_stuff(materials: Materials, emitters: Emitters, stuffs: Sequence[Stuff]) -> tuple[Materials, list[int]]:
    """The table with a row for each stuff, and which row each one got."""
    rows: list[int] = []
    for stuff in stuffs:
        if stuff.name not in materials.names:
            materials = _appended(materials, emitters, stuff)
        rows.append(materials.names.index(stuff.name))
    return materials, rows


def _appended(materials: Materials, emitters: Emitters, stuff: Stuff) -> Materials:
    bands = emitters.colour.shape
    if stuff.metal is not None:
        seen = RGB_NM if bands[1] == len(RGB_NM) else (WAVELENGTH_NM["white"],) * bands[1]
        values = np.array([refractive_index(stuff.metal, nm) for nm in seen])
        eta, kappa = np.broadcast_to(values.real, bands), np.broadcast_to(values.imag, bands)
        albedo = np.zeros(bands, dtype=np.float32)
    else:
        eta, kappa = np.full(bands, SKIN_INDEX, dtype=np.float32), np.zeros(bands, dtype=np.float32)
        albedo = np.asarray(emitters.tint_mix @ np.array(stuff.albedo, dtype=np.float32))
    gloss = 0.0 if stuff.metal is not None else max(0.1, min(1.0, 1.2 - 2 * stuff.roughness))
    return replace(
        materials,
        names=(*materials.names, stuff.name),
        is_metal=np.append(materials.is_metal, stuff.metal is not None),
        eta=_stacked(materials.eta, eta),
        kappa=_stacked(materials.kappa, kappa),
        albedo=_stacked(materials.albedo, albedo),
        gloss=np.append(materials.gloss, np.float32(gloss)),
        coat_alpha=np.append(materials.coat_alpha, np.float32(0)),
    )


def _stacked(table: F32, row: F32) -> F32:
    return np.concatenate([table, row[None].astype(np.float32)])
