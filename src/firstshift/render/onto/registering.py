"""Where the part lies in a photograph: a plane, or the CAD part in a pose that points or its silhouette told.

registered = register_plane(station, (640, 480), mm_per_pixel=0.08)
registered = register_points(station, part_points_mm, image_points_px, (640, 480), nominal)     # `points`
registered = register_silhouette(station, mesh, mask, nominal)                                  # `silhouette`
registered.view(window=(100, 80, 256, 256))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.pose import STILL, Pose, about
from firstshift.render.view import View, Window, view_of
from firstshift.spec.optics import optics_of
from firstshift.spec.station import Distortion, Station

Pixels = tuple[int, int, int, int]
"""x, y, width, height in the photograph."""
SCALES_MM = (1e-5, 100.0)


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    station: Station
    """As it stood when the photograph was taken; its camera may be a piece of the plan's."""
    size_px: tuple[int, int]
    """Of the photograph."""
    scale: float
    """Pixels of the photograph for each of the station's camera."""
    pose: Pose
    method: str
    found: dict[str, Any] = field(default_factory=dict)
    """How well it fits, for the record."""

    def view(self, window: Pixels | None = None, shrink: float = 1.0) -> View:
        x, y, width, height = window or (0, 0, *self.size_px)
        full = optics_of(self.station).image_px
        left, top = x / self.scale, y / self.scale
        wide, high = min(width / self.scale, full[0] - left), min(height / self.scale, full[1] - top)
        return view_of(self.station, window=Window(left, top, wide, high), scale=min(1.0, self.scale * shrink))

    @property
    def mm_per_pixel(self) -> float:
        return float(np.mean(self.view().mm_per_pixel))

    def to_json(self) -> dict[str, Any]:
        """What `Registered.again` needs besides the station and the photograph's size."""
        told: dict[str, Any] = {"method": self.method, **self.found}
        if self.method != "plane":
            told["rotation"] = [float(one) for one in self.pose.rotation.ravel()]
            told["shift_mm"] = [float(one) for one in self.pose.shift_mm]
        return told

    @classmethod
    def again(cls, told: dict[str, Any], station: Station, size_px: tuple[int, int]) -> Registered:
        if told["method"] == "plane":
            return register_plane(station, size_px, told["asked_mm_per_pixel"], told["turn_deg"])
        pose = Pose(np.array(told["rotation"]).reshape(3, 3), np.array(told["shift_mm"]))
        found = {key: value for key, value in told.items() if key not in ("method", "rotation", "shift_mm")}
        return cls(station, size_px, fitting_scale(station, size_px), pose, told["method"], found)


def register_plane(
    station: Station, size_px: tuple[int, int], mm_per_pixel: float | None = None, turn_deg: float = 0.0
) -> Registered:
    """The whole photograph is a piece of a flat surface that faces the camera. Without a scale it is the plan's view
    where it has the view's proportions, else a piece at the view's own scale. `turn_deg`: the part lies turned."""
    if mm_per_pixel is not None and not SCALES_MM[0] <= mm_per_pixel <= SCALES_MM[1]:
        raise BadInput(
            where="--mm-per-pixel", expected=f"{SCALES_MM[0]:g} to {SCALES_MM[1]:g} mm", found=f"{mm_per_pixel:g}"
        )
    pose = Pose(about("z", turn_deg), STILL.shift_mm)
    optics = optics_of(station)
    scale = size_px[0] / optics.image_px[0]
    told = {"asked_mm_per_pixel": mm_per_pixel, "turn_deg": turn_deg}
    if mm_per_pixel is None and scale <= 1 and round(optics.image_px[1] * scale) == size_px[1]:
        return Registered(station, size_px, scale, pose, "plane", told)
    nominal = float(np.mean(optics.mm_per_pixel(station.working_distance_mm)))
    pitch_um = 1000 * (mm_per_pixel or nominal) * optics.magnification(station.working_distance_mm)
    camera = station.camera.model_copy(update={"sensor_px": size_px, "pixel_um": pitch_um, "sensor_mm": None})
    lens = station.lens.model_copy(update={"distortion": Distortion()})
    piece = station.model_copy(update={"camera": camera, "lens": lens, "line_scan": None})
    return Registered(piece, size_px, 1.0, pose, "plane", told)


def fitting_scale(station: Station, size_px: tuple[int, int]) -> float:
    """Refuses a photograph that cannot be the station's whole image, or that image shrunk evenly: each side is then
    rounded, up or down. The larger of the two scales leaves no pixel of the photograph outside the view."""
    full = optics_of(station).image_px
    scale = max(size_px[0] / full[0], size_px[1] / full[1])
    if scale > 1 or any(abs(side * scale - told) >= 1.0 for side, told in zip(full, size_px, strict=True)):
        width = min(size_px[0], full[0])
        near = f"{width} × {max(1, round(full[1] * width / full[0]))}"
        raise BadInput(
            where="photograph",
            expected=f"the station's whole image, {full[0]} × {full[1]} pixels or shrunk evenly (as {near})",
            found=f"{size_px[0]} × {size_px[1]}",
            way_out="a pose needs the camera's whole image, uncropped; for cut-outs of a flat surface take --plane",
        )
    return scale


def plane_under(registered: Registered, name: str) -> Mesh:
    """A plane far beyond the photograph's borders, of one body; the part's z = 0."""
    view = registered.view()
    half = 4.0 * max(registered.mm_per_pixel * side for side in (view.width, view.height))
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float64) * half
    return Mesh(
        corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.tile(np.array([0, 0, 1], np.float32), (2, 3, 1)),
        np.zeros(2, np.int16), np.zeros(2, np.int32), (name,), (name,),
    )  # fmt: skip
