"""From the declared station to what the camera can see: scale, field of view, depth of field, smallest resolvable size.

Thin lens throughout; distances are measured from the front principal plane of the lens along the optical axis.

    1/v = 1/f − 1/s          image distance v of an object in focus at distance s   (Gauss)
    m = v/z                  magnification of a plane at distance z; in focus m = f/(s − f)
    D = f/N                  diameter of the entrance pupil

Sources: W. J. Smith, Modern Optical Engineering (4th ed.), ch. 2, 6 and 9; J. E. Greivenkamp, Field Guide to
Geometrical Optics (SPIE 2004), "Depth of focus and depth of field" and "Diffraction-limited imaging"; EMVA 1288 for
the names of camera data; Brown, Photogrammetric Engineering 32 (1966) for distortion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from firstshift.core.errors import BadInput
from firstshift.spec.lights import WAVELENGTH_NM
from firstshift.spec.station import Perspective, Station, Telecentric

USUAL_DISTANCE = 0.02
"""How far cameras hang from the working distance that was planned, as a share, where nobody focuses them anew."""
SAMPLING_PIXELS = 2.0
"""Nyquist: two pixels for a line and the gap beside it."""
MOSAIC_FACTOR = math.sqrt(2)
"""Behind a Bayer mosaic the green pixels, which carry the detail, lie √2 pitches apart."""


@dataclass(frozen=True, slots=True)
class Blur:
    """How wide a point becomes on the part, by cause, in mm."""

    sampling_mm: float
    """Two pixels (times √2 for a colour mosaic)."""
    diffraction_mm: float
    """Radius of the Airy disc: Rayleigh's distance between two points just told apart."""
    defocus_mm: float
    """Diameter of the circle into which defocus spreads a point."""

    @property
    def smallest_mm(self) -> float:
        """The largest cause decides; the others hide behind it."""
        return max(self.sampling_mm, self.diffraction_mm, self.defocus_mm)

    @property
    def limited_by(self) -> str:
        causes = {"sampling": self.sampling_mm, "diffraction": self.diffraction_mm, "defocus": self.defocus_mm}
        return max(causes, key=lambda cause: causes[cause])


@dataclass(frozen=True, slots=True)
class Optics:
    """One station's lens and camera as numbers."""

    focal_mm: float | None
    """None for a telecentric lens."""
    focus_mm: float
    pitch_mm: tuple[float, float]
    sensor_px: tuple[int, int]
    magnification_in_focus: float
    working_f_number: float
    """On the sensor's side: N(1 + m) for an ordinary lens with a pupil magnification of 1 (Smith, ch. 6)."""
    aperture_mm: float | None
    wavelength_nm: float
    mosaic: bool
    mm_per_line: float | None
    lines: int

    @property
    def image_distance_mm(self) -> float | None:
        return None if self.focal_mm is None else self.focal_mm * (1 + self.magnification_in_focus)

    @property
    def focal_px(self) -> tuple[float, float] | None:
        """fx and fy of the pinhole camera matrix: the image distance, not the focal length, in pixels."""
        v = self.image_distance_mm
        return None if v is None else (v / self.pitch_mm[0], v / self.pitch_mm[1])

    def magnification(self, distance_mm: float) -> float:
        """Scale of a plane at this distance, in focus or not; it does not change for a telecentric lens."""
        if self.image_distance_mm is None:
            return self.magnification_in_focus
        return self.image_distance_mm / distance_mm

    def mm_per_pixel(self, distance_mm: float) -> tuple[float, float]:
        m = self.magnification(distance_mm)
        down = self.pitch_mm[1] / m if self.mm_per_line is None else self.mm_per_line
        return (self.pitch_mm[0] / m, down)

    @property
    def image_px(self) -> tuple[int, int]:
        return self.sensor_px if self.mm_per_line is None else (self.sensor_px[0], self.lines)

    def field_of_view_mm(self, distance_mm: float) -> tuple[float, float]:
        across, down = self.mm_per_pixel(distance_mm)
        width, height = self.image_px
        return (across * width, down * height)

    @property
    def circle_of_confusion_mm(self) -> float:
        """Blur on the sensor that still counts as sharp: one pixel."""
        return max(self.pitch_mm)

    @property
    def sharp_from_mm(self) -> float:
        """Near end of the depth of field. Blur c = D·m·|z − s|/z on the sensor (Greivenkamp, depth of field)."""
        c, m, s = self.circle_of_confusion_mm, self.magnification_in_focus, self.focus_mm
        if self.aperture_mm is None:
            return s - c * self.working_f_number / m**2
        return s * self.aperture_mm * m / (self.aperture_mm * m + c)

    @property
    def sharp_to_mm(self) -> float:
        """Far end of the depth of field; infinite from the hyperfocal distance on."""
        c, m, s = self.circle_of_confusion_mm, self.magnification_in_focus, self.focus_mm
        if self.aperture_mm is None:
            return s + c * self.working_f_number / m**2
        spread = self.aperture_mm * m - c
        return s * self.aperture_mm * m / spread if spread > 0 else math.inf

    def confusion_px(self, distance_mm: float) -> float:
        """Diameter, in pixels, of the circle into which defocus spreads a point at this distance."""
        m, off = self.magnification_in_focus, abs(distance_mm - self.focus_mm)
        blur = (
            off * m**2 / self.working_f_number if self.aperture_mm is None else self.aperture_mm * m * off / distance_mm
        )
        return blur / self.circle_of_confusion_mm

    @property
    def hyperfocal_mm(self) -> float | None:
        """H = f²/(N·c) + f: focused there, everything from H/2 to infinity is sharp."""
        if self.focal_mm is None or self.aperture_mm is None:
            return None
        return self.focal_mm * self.aperture_mm / self.circle_of_confusion_mm + self.focal_mm

    def blur(self, distance_mm: float) -> Blur:
        """On the part, at this distance from the lens."""
        m = self.magnification(distance_mm)
        sampling = SAMPLING_PIXELS * max(self.mm_per_pixel(distance_mm)) * (MOSAIC_FACTOR if self.mosaic else 1.0)
        airy = 1.22 * self.wavelength_nm * 1e-6 * self.working_f_number / m
        off = abs(distance_mm - self.focus_mm)
        if self.aperture_mm is None:
            # The cone has the object-side aperture NA = m/(2·N_w): its diameter grows by 2·NA for each mm.
            defocus = off * m / self.working_f_number
        else:
            defocus = self.aperture_mm * off / self.focus_mm
        return Blur(sampling, airy, defocus)


def optics_of(station: Station) -> Optics:
    """Raises BadInput when the lens cannot form an image at this distance."""
    lens, scan = station.lens, station.line_scan
    focus = station.focus_distance_mm
    focal: float | None = None
    aperture: float | None = None
    match lens:
        case Perspective():
            if focus <= lens.focal_mm:
                setting = "working_distance_mm" if station.focus_mm is None else "focus_mm"
                raise BadInput(
                    where=f"station.{setting}",
                    expected=f"more than the focal length of {lens.focal_mm:g} mm",
                    found=f"{focus:g} mm",
                    way_out="nearer than its focal length a lens forms no image; move the camera back or take a "
                    "shorter lens",
                )
            m = lens.focal_mm / (focus - lens.focal_mm)
            focal, aperture = lens.focal_mm, lens.focal_mm / lens.f_number
            working_f_number = lens.f_number * (1 + m)
        case Telecentric():
            m, working_f_number = lens.magnification, lens.f_number
    return Optics(
        focal_mm=focal,
        focus_mm=focus,
        pitch_mm=station.camera.pitch_mm,
        sensor_px=station.camera.sensor_px,
        magnification_in_focus=m,
        working_f_number=working_f_number,
        aperture_mm=aperture,
        wavelength_nm=max(WAVELENGTH_NM[light.colour] for light in station.lights),
        mosaic=station.camera.colour == "colour",
        mm_per_line=scan.mm_per_line if scan else None,
        lines=scan.lines if scan else station.camera.sensor_px[1],
    )


def usual_distance_share(station: Station) -> float:
    """How far the working distance strays where the plan does not say: an engineer's station is in focus, so no farther
    than blurs the plane of focus by one pixel. Raises BadInput as `optics_of` does."""
    optics = optics_of(station)
    sharp = min(optics.focus_mm - optics.sharp_from_mm, optics.sharp_to_mm - optics.focus_mm)
    return min(USUAL_DISTANCE, sharp / station.working_distance_mm)
