"""Rays against a mesh in the CAD file's own coordinates: for checks, depths of holes and the region picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Floats, Mesh


class Caster:
    """Embree over the mesh, moved to the middle so that single precision suffices."""

    def __init__(self, mesh: Mesh) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        low, high = mesh.bounds_mm
        self.middle = (low + high) / 2
        self.reach_mm = float(np.linalg.norm(high - low))
        self._scene = EmbreeScene()
        self._triangles = TriangleMesh(self._scene, (mesh.corners_mm - self.middle).astype(np.float32))

    def first(self, origins_mm: Floats, directions: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """The triangle each ray meets first (−1: none) and how far away, in mm, for unit directions."""
        origins = np.ascontiguousarray(origins_mm - self.middle, dtype=np.float32)
        found = self._scene.run(origins, np.ascontiguousarray(directions, dtype=np.float32), output=1)
        triangle = np.asarray(found["primID"]).astype(np.int64)
        triangle[np.asarray(found["geomID"]) < 0] = -1
        return triangle, np.where(triangle >= 0, np.asarray(found["tfar"], dtype=np.float64), np.inf)
