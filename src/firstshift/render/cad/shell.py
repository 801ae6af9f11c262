"""One body as a reader finds it in a file: before names are matched with the plan, before anything is repaired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Floats

MAX_BYTES = 512_000_000
MAX_TRIANGLES = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Shell:
    names: tuple[str, ...]
    """What the body may be called, most particular name first: the body, its part, the assemblies around it."""
    vertices_mm: Floats
    """(V, 3), possibly the same place several times: once for each face that meets there."""
    triangles: npt.NDArray[np.int32]
    """(T, 3)"""
    normals: Floats | None = None
    """(V, 3): outward, unit length, from the CAD surface itself; None for formats that know triangles only."""
    face: npt.NDArray[np.int32] | None = None
    """(T,): which CAD face of this body, from 0; None where the format has none."""
    face_names: tuple[str, ...] = ()
    """Names of those faces, '' for none; may be empty."""
    colour: tuple[float, float, float] | None = None
    """Linear RGB."""
