"""Where a flaw lands: a point on the part with a frame, and the ground it finds there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Ground


@dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """The patch's frame in station coordinates; `u`, `v` and `normal` are at right angles, right-handed."""

    position_mm: npt.NDArray[np.float64]
    u: npt.NDArray[np.float64]
    v: npt.NDArray[np.float64]
    normal: npt.NDArray[np.float64]
    surface: int
    region: str
    """Name of the plan's region; '' where the plan declares none."""
    local_mm: tuple[float, float, float]
    """The same point in the coordinates of the CAD file, for the label."""
    turned_deg: float
    """Angle from the image's x axis (as projected on the tangent plane) to u, anticlockwise as the camera sees it."""
    ground: Ground

    def to_patch(self, position_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """(N, 3) station points as (N, 3) patch coordinates u, v, n."""
        frame = np.stack([self.u, self.v, self.normal]).astype(np.float32)
        # Only the difference needs double precision; single is several times as fast.
        return np.asarray((position_mm - self.position_mm).astype(np.float32) @ frame.T)
