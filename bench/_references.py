"""Path-traced references that are kept: the same scene, lens and samples are never traced twice.

Kept under ~/.cache/firstshift/references by a hash of everything that decides about a picture: meshes, substances,
lamps, the view's rays, samples, seed, Mitsuba's version and the code that hands it all over.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.render.prepared import Prepared
from firstshift.render.reference import camera, seeing, tracing
from firstshift.render.reference.lamps import Shining
from firstshift.render.reference.scene import lamp_of, pieces_of, roughness_of, rows_of
from firstshift.render.reference.seeing import traced_view
from firstshift.render.reference.tracing import Colour, Piece, Way
from firstshift.render.view import View
from firstshift.spec.station import Station

Image = npt.NDArray[np.floating]
KEPT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "firstshift" / "references"


def layers(prepared: Prepared, station: Station, samples: int, seed: int, way: Way = "direct") -> Image:
    """(L, height, width): every light on its own, as a monochrome camera sees it."""
    surfaces = len(prepared.surfaces)
    rows = rows_of(prepared.gbuffer, prepared.appearance, surfaces)
    roughness = roughness_of(prepared.gbuffer, prepared.appearance, surfaces)
    found = []
    for light in range(len(prepared.emitters.names)):
        pieces = pieces_of(prepared.scene, prepared.materials, rows, roughness, light)
        lamps = [lamp_of(station, prepared.emitters, light)]
        found.append(picture(pieces, lamps, prepared.view, samples, seed, way))
    return np.stack(found)


def picture(
    pieces: Sequence[Piece],
    lamps: Sequence[tuple[Shining, Colour]],
    view: View,
    samples: int,
    seed: int,
    way: Way = "direct",
) -> Image:
    """(height, width)"""
    file = KEPT / f"{_name(pieces, lamps, view, [samples, seed, way])}.npy"
    if file.exists():
        return np.asarray(np.load(file, allow_pickle=False))
    traced = traced_view(pieces, lamps, view, samples=samples, way=way, seed=seed)[..., 0]
    KEPT.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.npy")
    np.save(unfinished, traced)
    unfinished.replace(file)
    return traced


def _name(
    pieces: Sequence[Piece], lamps: Sequence[tuple[Shining, Colour]], view: View, settings: Sequence[object]
) -> str:
    digest = hashlib.sha256(_code())
    columns, rows = np.meshgrid(np.linspace(0.5, view.width - 0.5, 9), np.linspace(0.5, view.height - 0.5, 9))
    rays = view.rays(np.stack([columns.ravel(), rows.ravel()], axis=1))
    arrays: list[npt.NDArray[Any]] = [*rays]
    told: list[Any] = [*settings, view.width, view.height, view.is_line]
    for piece in pieces:
        arrays += [piece.mesh.vertices_mm, piece.mesh.triangles, piece.mesh.corner_normals]
        told.append(dict(piece.substance))
    for lamp, radiance in lamps:
        arrays += [lamp.vertices_mm, lamp.triangles]
        told.append(radiance)
    digest.update(json.dumps(told, sort_keys=True).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:40]


@cache
def _code() -> bytes:
    """What the code says, whatever its comments and line breaks."""
    trees = [ast.dump(ast.parse(Path(str(module.__file__)).read_text())) for module in (camera, seeing, tracing)]
    return "\n".join([version("mitsuba"), *trees]).encode()
