"""The reference's camera: pinhole or parallel rays without distortion, exact to a hundredth of a pixel.

Pixels as everywhere: (0, 0) is the top left corner of the top left pixel. Mitsuba's own frame looks along +z with +x to
the *left* of the image and +y up; its principal point offset is a share of the film, counted from the principal point
to the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.render.view import View

Floats = npt.NDArray[np.float64]
FAR_MM = 1e5


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """`right`, `down` and `forward` are unit vectors in station coordinates, at right angles."""

    eye_mm: Floats
    """The pinhole; for parallel rays a point on the ray through the principal point, above everything."""
    right: Floats
    down: Floats
    forward: Floats
    principal_px: tuple[float, float]
    width: int
    height: int
    focal_px: float | None = None
    """None for parallel rays."""
    mm_per_px: float | None = None
    """Of parallel rays."""

    @property
    def to_world(self) -> Floats:
        matrix = np.eye(4)
        matrix[:3] = np.stack([-self.right, -self.down, self.forward, self.eye_mm], axis=1)
        return matrix

    def project(self, points_mm: Floats) -> Floats:
        """(N, 3) to pixels (N, 2)."""
        away = np.asarray(points_mm) - self.eye_mm
        flat = np.stack([away @ self.right, away @ self.down], axis=1)
        if self.focal_px is not None:
            return np.asarray(flat / (away @ self.forward)[:, None] * self.focal_px + self.principal_px)
        assert self.mm_per_px is not None
        return np.asarray(flat / self.mm_per_px + self.principal_px)

    def depth_mm(self, points_mm: Floats) -> Floats:
        return np.asarray((np.asarray(points_mm) - self.eye_mm) @ self.forward)

    def cropped(self, left: int, top: int, width: int, height: int) -> Camera:
        x, y = self.principal_px
        return replace(self, principal_px=(x - left, y - top), width=width, height=height)

    def sensor(self, mitsuba: ModuleType, near_mm: float, sampler: str = "multijitter") -> Any:
        """As a Mitsuba sensor that sees nothing nearer than `near_mm` along the axis: lamps hang in front of lenses.

        Well spread samples have a tenth of the noise of `independent` ones under direct light, in the same time."""
        film = {
            "type": "hdrfilm", "width": self.width, "height": self.height, "pixel_format": "rgb",
            "component_format": "float32", "rfilter": {"type": "box"},
        }  # fmt: skip
        near = max(1e-3, near_mm)
        common = {"film": film, "sampler": {"type": sampler}, "near_clip": near, "far_clip": FAR_MM}
        if self.focal_px is None:
            return mitsuba.load_dict({"type": "orthographic", "to_world": self._parallel(mitsuba)} | common)
        view = {
            "type": "perspective",
            "fov": math.degrees(2 * math.atan(self.width / 2 / self.focal_px)),
            "fov_axis": "x",
            "principal_point_offset_x": 0.5 - self.principal_px[0] / self.width,
            "principal_point_offset_y": 0.5 - self.principal_px[1] / self.height,
            "to_world": mitsuba.ScalarTransform4f(self.to_world),
        }
        return mitsuba.load_dict(view | common)

    def _parallel(self, mitsuba: ModuleType) -> Any:
        """Mitsuba's film is two units wide, whatever its pixels, and centred on the axis."""
        assert self.mm_per_px is not None
        x, y = (self.width / 2 - self.principal_px[0], self.height / 2 - self.principal_px[1])
        middle = self.eye_mm + (self.right * x + self.down * y) * self.mm_per_px
        matrix = replace(self, eye_mm=middle).to_world
        half_mm = self.width / 2 * self.mm_per_px
        return mitsuba.ScalarTransform4f(matrix) @ mitsuba.ScalarTransform4f().scale([half_mm, half_mm, 1.0])


def camera_of(view: View) -> Camera:
    """The view without its distortion and with square pixels; a line camera while it sees the image's middle line."""
    across, down = view.step_px
    unit = view.unit_px[0] / across
    middle = (view.optics.sensor_px[0] / 2, view.optics.image_px[1] / 2)
    return Camera(
        eye_mm=np.asarray(view.eye_mm, dtype=np.float64),
        right=view.axes[0],
        down=view.axes[1],
        forward=view.axes[2],
        principal_px=((middle[0] - view.window.x) / across, (middle[1] - view.window.y) / down),
        width=view.width,
        height=view.height,
        focal_px=unit if view.is_perspective else None,
        mm_per_px=None if view.is_perspective else view.reach_mm / unit,
    )


def detour_px(view: View, camera: Camera) -> npt.NDArray[np.float32]:
    """(height, width, 2): for each pixel of the view, the place in the camera's image that looks the same way.

    The difference is what the lens distorts and what is not square about the pixels."""
    columns, rows = np.meshgrid(np.arange(view.width) + 0.5, np.arange(view.height) + 0.5)
    origins, directions = view.rays(np.stack([columns.ravel(), rows.ravel()], axis=1))
    places = camera.project(origins + directions * 100.0)
    return places.reshape(view.height, view.width, 2).astype(np.float32)
