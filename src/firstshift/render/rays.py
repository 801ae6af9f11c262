"""Embree: triangles made ready once, for rays in station coordinates or, wherever an object stands, in its own.

rays = Rays(mesh.corners_mm)                             # takes milliseconds
rays.placed(pose).run(origins, ways, query="OCCLUDED")   # takes none
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from firstshift.render.pose import Pose


class Rays:
    def __init__(self, corners: npt.NDArray[np.floating]) -> None:
        """`corners` is (T, 3, 3)."""
        self._scene = EmbreeScene()
        # Kept, because Embree only points to it.
        self._mesh = TriangleMesh(self._scene, corners.astype(np.float32))
        self._pose: Pose | None = None

    def placed(self, pose: Pose) -> Rays:
        """The same triangles as an object's own, which now stands there."""
        other = object.__new__(Rays)
        other._scene, other._mesh, other._pose = self._scene, self._mesh, pose
        return other

    def run(self, origins: npt.NDArray[np.floating], ways: npt.NDArray[np.floating], **how: Any) -> Any:
        """As `EmbreeScene.run`; distances are the same in either coordinates."""
        if self._pose is not None:
            turn = self._pose.rotation
            origins, ways = (origins - self._pose.shift_mm) @ turn, ways @ turn
        return self._scene.run(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(ways, np.float32), **how)
