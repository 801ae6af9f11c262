"""Where an object stands: from the coordinates of its CAD file to those of the station, and how it comes to lie there.

`placement.up` of the plan turns one axis of the CAD file to the camera. What then points to the right in the image is
the first of x, y, z that is left over (x for ±y and ±z, y for ±x), so that `Part.seen_size_mm` holds; its other
direction follows from right-handedness. Then the part is turned, centred on the optical axis and lifted until its
highest point touches z = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.spec.part import Part

Floats = npt.NDArray[np.float64]

_X, _Y, _Z = np.eye(3)
_AXES: dict[str, tuple[Floats, Floats, Floats]] = {
    "+z": (_X, _Y, _Z),
    "-z": (_X, -_Y, -_Z),
    "+x": (_Y, _Z, _X),
    "-x": (_Y, -_Z, -_X),
    "+y": (_X, -_Z, _Y),
    "-y": (_X, _Z, -_Y),
}
"""For each axis that may point at the camera: what points right, up in the image, and to the camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Turned by `rotation`, then shifted: station = rotation · local + shift."""

    rotation: Floats
    """(3, 3), proper."""
    shift_mm: Floats
    """(3,)"""

    def to_station(self, points_mm: npt.NDArray[np.floating]) -> Floats:
        """(N, 3) points of the CAD file in station coordinates."""
        return np.asarray(points_mm @ self.rotation.T + self.shift_mm, dtype=np.float64)

    def to_local(self, points_mm: npt.NDArray[np.floating]) -> Floats:
        """(N, 3) station points in the coordinates of the CAD file."""
        return np.asarray((points_mm - self.shift_mm) @ self.rotation, dtype=np.float64)

    def shaken(
        self,
        *,
        shift_mm: tuple[float, float] = (0.0, 0.0),
        turn_deg: float = 0.0,
        tilt_deg: tuple[float, float] = (0.0, 0.0),
    ) -> Pose:
        """The same object lying a little differently: turned about the station's z axis (anticlockwise as the camera
        sees it), tilted about its x and y axes, then shifted in the plane."""
        turning = about("x", tilt_deg[0]) @ about("y", tilt_deg[1]) @ about("z", turn_deg)
        shift = np.array([shift_mm[0], shift_mm[1], 0.0])
        return Pose(turning @ self.rotation, turning @ self.shift_mm + shift)

    def after(self, inner: Pose) -> Pose:
        """This pose applied to what `inner` has placed."""
        return Pose(self.rotation @ inner.rotation, self.rotation @ inner.shift_mm + self.shift_mm)


STILL = Pose(np.eye(3), np.zeros(3))


def seated(part: Part, mesh: Mesh) -> Pose:
    """How the plan says the part lies, before any play in the fixture."""
    turned = about("z", part.placement.turned_deg) @ np.stack(_AXES[part.placement.up])
    used = mesh.vertices_mm[np.unique(mesh.triangles)] @ turned.T
    low, high = used.min(axis=0), used.max(axis=0)
    middle = (low + high) / 2
    return Pose(turned, -np.array([middle[0], middle[1], high[2]]))


def about(axis: str, degrees: float) -> Floats:
    """Rotation matrix about a station axis, anticlockwise for one who looks against it."""
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cos
    matrix[second, first], matrix[first, second] = sin, -sin
    return matrix
