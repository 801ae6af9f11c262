"""A part as triangles, with the CAD file's bodies and faces kept: what is placed, inspected and rendered.

Millimetres, in the coordinates of the CAD file. Nothing here knows how a file is read or how light falls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    vertices_mm: Floats
    """(V, 3)"""
    triangles: npt.NDArray[np.int32]
    """(T, 3), anticlockwise from outside."""
    corner_normals: npt.NDArray[np.float32]
    """(T, 3, 3): the shading normal at each corner of each triangle, so that a drilled wall is round and an edge is
    sharp."""
    body: npt.NDArray[np.int16]
    """(T,): which of `body_names`."""
    face: npt.NDArray[np.int32]
    """(T,): which of `face_names`; one number for all triangles of one CAD face."""
    body_names: tuple[str, ...]
    face_names: tuple[str, ...]
    body_colours: tuple[tuple[float, float, float] | None, ...] = ()
    """Linear RGB 0…1 as the CAD file says, None where it says nothing."""

    def __post_init__(self) -> None:
        count = len(self.triangles)
        if count == 0 or len(self.vertices_mm) == 0:
            raise BadInput(where="mesh", expected="at least one triangle", found="none")
        shapes = (self.corner_normals.shape, self.body.shape, self.face.shape)
        if shapes != ((count, 3, 3), (count,), (count,)):
            raise BadInput(where="mesh", expected=f"data for {count} triangles", found=shapes)
        if not np.isfinite(self.vertices_mm).all():
            raise BadInput(where="mesh", expected="finite vertices", found="NaN or infinity")

    @property
    def corners_mm(self) -> Floats:
        """(T, 3, 3): triangle, corner, xyz."""
        return np.asarray(self.vertices_mm[self.triangles])

    @property
    def bounds_mm(self) -> tuple[Floats, Floats]:
        used = self.vertices_mm[np.unique(self.triangles)]
        return used.min(axis=0), used.max(axis=0)

    @property
    def size_mm(self) -> tuple[float, float, float]:
        low, high = self.bounds_mm
        x, y, z = (high - low).tolist()
        return (x, y, z)

    @property
    def area_vectors(self) -> Floats:
        """(T, 3): outward normal of each triangle, as long as its area in mm²."""
        a, b, c = np.moveaxis(self.corners_mm, 1, 0)
        return np.asarray(np.cross(b - a, c - a) / 2)

    def moved(self, rotation: Floats, shift_mm: Floats) -> Mesh:
        """Turned by a rotation matrix, then shifted."""
        normals = (self.corner_normals.astype(np.float64) @ rotation.T).astype(np.float32)
        return replace(self, vertices_mm=self.vertices_mm @ rotation.T + shift_mm, corner_normals=normals)
