"""What the camera sees: its lens, its sensor and the window of it that becomes the image.

Thin lens, distances from the front principal plane (`spec.optics`, with its sources). A pixel of a perspective camera
looks along a ray through the lens's middle; of a telecentric one along a ray parallel to the axis; a line camera sees
one line at a time while the part moves along the station's y axis, upwards in the image: perspective across, parallel
along.

    (x, y) = (X/Z, Y/Z)            ideal image plane, perspective; (X·m, Y·m)/h for a telecentric lens, with h half the
                                   sensor's diagonal and m the magnification
    (x', y') = distort(x, y)       `render.lens`
    u = v/p·x' + W/2               pixel on the sensor, v the image distance (h for a telecentric lens), p the pitch

Pixels: (0, 0) is the top left corner of the image's top left pixel. The axis meets the middle of the sensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.render.lens import bow, distort, folds, undistort
from firstshift.render.pose import about
from firstshift.spec.optics import Optics, optics_of
from firstshift.spec.station import Distortion, Station

Floats = npt.NDArray[np.float64]
MAX_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of the camera's image, in its own pixels."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, x: float, y: float, width: int, height: int, image_px: tuple[int, int]) -> Window:
        """Of this size with (x, y) in its middle, pushed back into the image where it would stick out."""
        width, height = min(width, image_px[0]), min(height, image_px[1])
        left = min(max(round(x - width / 2), 0), image_px[0] - width)
        top = min(max(round(y - height / 2), 0), image_px[1] - height)
        return cls(left, top, width, height)


@dataclass(frozen=True, slots=True)
class CameraPose:
    """How the camera hangs differently from the plan: swung about the station's origin, which stays in the middle."""

    tilt_deg: tuple[float, float] = (0.0, 0.0)
    """About the station's x and y axes."""
    roll_deg: float = 0.0
    """About the optical axis; the picture turns anticlockwise."""
    distance_factor: float = 1.0
    """Times the working distance. The focus stays set as it was."""


STRAIGHT = CameraPose()


@dataclass(frozen=True, slots=True, eq=False)
class View:
    width: int
    height: int
    window: Window
    optics: Optics
    distortion: Distortion
    axes: Floats
    """(3, 3): the camera's right, down and forward, in station coordinates, as rows."""
    eye_mm: Floats
    """(3,): middle of the front principal plane; of a line camera, while it sees the image's middle line."""

    @property
    def is_perspective(self) -> bool:
        return self.optics.focal_mm is not None

    @property
    def is_line(self) -> bool:
        return self.optics.mm_per_line is not None

    @property
    def step_px(self) -> tuple[float, float]:
        """Sensor pixels (or lines) for one pixel of the image, across and down."""
        return (self.window.width / self.width, self.window.height / self.height)

    @property
    def unit_mm(self) -> float:
        """Length on the sensor that is 1 on the ideal image plane."""
        if self.optics.image_distance_mm is not None:
            return self.optics.image_distance_mm
        (across, down), (width, height) = self.optics.pitch_mm, self.optics.sensor_px
        return math.hypot(across * width, down * height) / 2

    @property
    def unit_px(self) -> tuple[float, float]:
        """The same in sensor pixels: the fx, fy of a camera matrix."""
        return (self.unit_mm / self.optics.pitch_mm[0], self.unit_mm / self.optics.pitch_mm[1])

    @property
    def reach_mm(self) -> float:
        """For a telecentric lens: length on the part that is 1 on the ideal image plane."""
        return self.unit_mm / self.optics.magnification_in_focus

    def rays(self, xy: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Origins and unit directions (N, 3) of the rays through points (N, 2) of the image."""
        x, y = self._ideal(np.asarray(xy, dtype=np.float64)).T
        aside = x[:, None] * self.axes[0] + y[:, None] * self.axes[1]
        origins = self._eyes(np.asarray(xy, dtype=np.float64)[:, 1])
        if not self.is_perspective:
            return origins + self.reach_mm * aside, np.broadcast_to(self.axes[2], aside.shape).copy()
        directions = aside + self.axes[2]
        return origins, directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def project(self, points_mm: npt.NDArray[np.floating]) -> Floats:
        """Where points (N, 3) of the station appear in the image, (N, 2); NaN for what lies behind the lens."""
        (x, y, _), lines = self._seen(np.asarray(points_mm, dtype=np.float64))
        sensor = distort(np.stack([x, y], axis=1), self.distortion) * self.unit_px + self._middle
        if lines is not None:
            sensor[:, 1] = lines
        return np.asarray((sensor - (self.window.x, self.window.y)) / self.step_px)

    def distance_mm(self, points_mm: npt.NDArray[np.floating]) -> Floats:
        """Of points (N, 3) from the front principal plane, along the optical axis."""
        (_, _, depth), _ = self._seen(np.asarray(points_mm, dtype=np.float64))
        return np.asarray(depth)

    def confusion_px(self, distance_mm: npt.NDArray[np.floating]) -> Floats:
        """Diameter of the circle, in pixels of the image, into which defocus spreads a point at this distance.

        c = D·m·|z − s|/z on the sensor for an ordinary lens, |z − s|·m²/N for a telecentric one (`spec.optics`).
        """
        optics, z = self.optics, np.asarray(distance_mm, dtype=np.float64)
        m, off = optics.magnification_in_focus, np.abs(z - optics.focus_mm)
        if optics.aperture_mm is None:
            blur = off * m**2 / optics.working_f_number
        else:
            blur = optics.aperture_mm * m * off / z
        return np.asarray(blur / (optics.pitch_mm[0] * self.step_px[0]))

    @property
    def origin_mm(self) -> float:
        """Distance of the station's origin, along the optical axis."""
        return float(-self.axes[2] @ self.eye_mm)

    @property
    def travel_mm(self) -> tuple[float, float]:
        """Where a line camera is along y at the image's top border, from where it is at the middle line, and the step
        from row to row of the image; (0, 0) for an area camera."""
        if self.optics.mm_per_line is None:
            return (0.0, 0.0)
        line = self.optics.mm_per_line
        return ((self._middle[1] - self.window.y) * line, -self.step_px[1] * line)

    @property
    def mm_per_pixel(self) -> tuple[float, float]:
        """Across and down, on a plane through the station's origin that faces the camera."""
        across, down = self.optics.mm_per_pixel(self.origin_mm)
        return (across * self.step_px[0], down * self.step_px[1])

    @property
    def _middle(self) -> tuple[float, float]:
        return (self.optics.sensor_px[0] / 2, self.optics.image_px[1] / 2)

    def _ideal(self, xy: Floats) -> Floats:
        """Image points (N, 2) on the ideal image plane."""
        sensor = xy * self.step_px + (self.window.x, self.window.y)
        seen = (sensor - self._middle) / self.unit_px
        if self.is_line:
            seen[:, 1] = 0.0
        return undistort(seen, self.distortion)

    def _eyes(self, rows: Floats) -> Floats:
        """(N, 3): where the lens is, seen from the part, while it takes these rows of the image."""
        eyes = np.repeat(self.eye_mm[None], len(rows), axis=0)
        if self.optics.mm_per_line is not None:
            lines = rows * self.step_px[1] + self.window.y
            eyes[:, 1] -= (lines - self._middle[1]) * self.optics.mm_per_line
        return eyes

    def _seen(self, points: Floats) -> tuple[Floats, Floats | None]:
        """(3, N): x, y on the ideal image plane and depth; for a line camera also the line that sees the point."""
        right, down, depth = self.axes @ (points - self.eye_mm).T
        if self.optics.mm_per_line is None:
            return np.stack([*self._flat(right, down, depth), depth]), None
        # The part has moved by `gone` along y when its point crosses the (slightly bent) line that the sensor sees.
        along = self.axes[:, 1] * self.optics.mm_per_line
        gone = np.zeros(len(points))
        for _ in range(30):
            moved = (right + gone * along[0], down + gone * along[1], depth + gone * along[2])
            x, _ = self._flat(*moved)
            target = bow(x, self.distortion) * (moved[2] if self.is_perspective else self.reach_mm)
            change = (target - moved[1]) / along[1]
            gone = gone + change
            if np.abs(change).max(initial=0.0) < 1e-10:
                break
        moved = (right + gone * along[0], down + gone * along[1], depth + gone * along[2])
        return np.stack([*self._flat(*moved), moved[2]]), gone + self._middle[1]

    def _flat(self, right: Floats, down: Floats, depth: Floats) -> tuple[Floats, Floats]:
        if not self.is_perspective:
            return right / self.reach_mm, down / self.reach_mm
        depth = np.where(depth > 0, depth, np.nan)
        return right / depth, down / depth


def view_of(
    station: Station, *, window: Window | None = None, scale: float = 1.0, camera: CameraPose = STRAIGHT
) -> View:
    """The station's camera as it looks at the part. `scale` below 1 shrinks the image: its pixels grow.

    Raises BadInput when the lens forms no image, folds it over, or the window leaves it.
    """
    optics = optics_of(station)
    window = window or Window(0, 0, *optics.image_px)
    _check_window(window, optics.image_px)
    if not 0 < scale <= 1:
        raise BadInput(where="scale of a view", expected="more than 0, at most 1", found=scale)
    width, height = max(1, round(window.width * scale)), max(1, round(window.height * scale))
    if width * height > MAX_PIXELS:
        raise BadInput(
            where="image size", expected=f"at most {MAX_PIXELS} pixels", found=f"{width} × {height}",
            way_out="take a window of it, or shrink the view",
        )  # fmt: skip
    swing = about("x", camera.tilt_deg[0]) @ about("y", camera.tilt_deg[1]) @ about("z", -camera.roll_deg)
    axes = np.stack([swing @ (1.0, 0.0, 0.0), swing @ (0.0, -1.0, 0.0), swing @ (0.0, 0.0, -1.0)])
    eye = -axes[2] * station.working_distance_mm * camera.distance_factor
    view = View(width, height, window, optics, station.lens.distortion, axes, eye)
    _check_lens(view)
    return view


def _check_window(window: Window, image_px: tuple[int, int]) -> None:
    right, bottom = window.x + window.width, window.y + window.height
    inside = window.x >= 0 and window.y >= 0 and right <= image_px[0] + 1e-6 and bottom <= image_px[1] + 1e-6
    if not inside or window.width < 1 or window.height < 1:
        raise BadInput(
            where="window of the image",
            expected=f"a piece of the camera's {image_px[0]} × {image_px[1]} pixels",
            found=f"x {window.x:g} to {right:g}, y {window.y:g} to {bottom:g}",
        )


def _check_lens(view: View) -> None:
    """A polynomial that turns back on itself inside the image would show things twice."""
    lens = view.distortion
    if lens.is_none:
        return
    width, height = view.optics.sensor_px
    border = np.array([[x, y] for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5)])
    seen = (border - 0.5) * (width, 0 if view.is_line else height) / np.asarray(view.unit_px)
    ideal = undistort(seen, lens)
    missed = float(np.abs(distort(ideal, lens) - seen).max())
    if not missed < 1e-9 or folds(ideal, lens):
        raise BadInput(
            where="station.lens.distortion",
            expected="coefficients under which the image does not fold over",
            found=", ".join(f"{name}: {getattr(lens, name):g}" for name in ("k1", "k2", "p1", "p2", "k3")),
            way_out="they hold for x/z (telecentric: shares of half the diagonal), numbered as in OpenCV",
        )
