"""Everything that follows from a plan and that nobody should have to work out: what `firstshift plan show` prints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from firstshift.core.units import Millimetres, mm_to_um
from firstshift.spec.optics import Blur, optics_of
from firstshift.spec.plan import Plan
from firstshift.spec.visibility import ClassFacts, class_facts


@dataclass(frozen=True, slots=True)
class StationFacts:
    """The station in numbers. Distances run from the lens's front principal plane; `upper` is the part's upper surface,
    `lower` its lowest point."""

    lens: str
    image_px: tuple[int, int]
    magnification: float
    mm_per_pixel: tuple[float, float]
    """Across and down, at the upper surface."""
    mm_per_pixel_lower: tuple[float, float]
    field_of_view_mm: tuple[float, float]
    part_size_mm: tuple[float, float, float]
    """Width and length as the camera sees them, height along the optical axis."""
    focal_px: tuple[float, float] | None
    image_distance_mm: float | None
    working_f_number: float
    wavelength_nm: float
    circle_of_confusion_um: float
    sharp_from_mm: float
    sharp_to_mm: float
    hyperfocal_mm: float | None
    upper: Blur
    lower: Blur
    motion_blur_mm: float
    classes: tuple[ClassFacts, ...]

    @property
    def depth_of_field_mm(self) -> float:
        return self.sharp_to_mm - self.sharp_from_mm

    @property
    def smallest_resolvable_mm(self) -> float:
        """At the upper surface."""
        return self.upper.smallest_mm

    @property
    def element_mm(self) -> float:
        """One picture element at the upper surface: half the smallest resolvable size."""
        return self.smallest_resolvable_mm / 2

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; an unlimited depth of field is null."""
        plain: dict[str, Any] = {
            "lens": self.lens,
            "image_px": list(self.image_px),
            "magnification": self.magnification,
            "mm_per_pixel": list(self.mm_per_pixel),
            "mm_per_pixel_lower": list(self.mm_per_pixel_lower),
            "field_of_view_mm": list(self.field_of_view_mm),
            "part_size_mm": list(self.part_size_mm),
            "focal_px": list(self.focal_px) if self.focal_px else None,
            "image_distance_mm": self.image_distance_mm,
            "working_f_number": self.working_f_number,
            "wavelength_nm": self.wavelength_nm,
            "circle_of_confusion_um": self.circle_of_confusion_um,
            "sharp_from_mm": self.sharp_from_mm,
            "sharp_to_mm": _finite(self.sharp_to_mm),
            "depth_of_field_mm": _finite(self.depth_of_field_mm),
            "hyperfocal_mm": self.hyperfocal_mm,
            "smallest_resolvable_mm": self.smallest_resolvable_mm,
            "motion_blur_mm": self.motion_blur_mm,
            "classes": [entry.as_dict() for entry in self.classes],
        }
        for place, blur in (("upper", self.upper), ("lower", self.lower)):
            plain[place] = {
                "sampling_mm": blur.sampling_mm,
                "diffraction_mm": blur.diffraction_mm,
                "defocus_mm": blur.defocus_mm,
                "smallest_resolvable_mm": blur.smallest_mm,
                "limited_by": blur.limited_by,
            }
        return plain

    def rows(self) -> list[tuple[str, str, str]]:
        """What, how much, and how it was worked out: one row each, for people."""
        across, down = self.mm_per_pixel
        width, height = self.field_of_view_mm
        pixels = "×".join(str(n) for n in self.image_px)
        scale = f"{across:.4g} mm" if math.isclose(across, down, rel_tol=1e-3) else f"{across:.4g} × {down:.4g} mm"
        reach = "unlimited" if math.isinf(self.sharp_to_mm) else f"{self.depth_of_field_mm:.3g} mm"
        ends = "∞" if math.isinf(self.sharp_to_mm) else f"{self.sharp_to_mm:.5g} mm"
        rows = [
            ("magnification", f"{self.magnification:.4g}", f"{self.lens} lens, at the part's upper surface"),
            ("one pixel", scale, "pixel pitch / magnification"),
            ("field of view", f"{width:.4g} × {height:.4g} mm", f"{pixels} pixels at the upper surface"),
            (
                "depth of field",
                reach,
                (
                    f"sharp from {self.sharp_from_mm:.5g} to {ends} from the lens, blur of one pixel "
                    f"({self.circle_of_confusion_um:.3g} µm) allowed"
                ),
            ),
            (
                "smallest resolvable",
                f"{self.upper.smallest_mm:.3g} mm",
                (
                    f"limited by {self.upper.limited_by}: sampling {self.upper.sampling_mm:.2g}, diffraction "
                    f"{self.upper.diffraction_mm:.2g}, defocus {self.upper.defocus_mm:.2g} mm"
                ),
            ),
        ]
        if self.lower != self.upper:
            text = f"{self.lower.smallest_mm:.3g} mm"
            rows.append(("… at its lowest point", text, f"limited by {self.lower.limited_by}"))
        if self.motion_blur_mm:
            rows.append(("motion blur", f"{self.motion_blur_mm:.3g} mm", "speed × longest exposure"))
        return rows


def derive_facts(plan: Plan) -> StationFacts:
    """Raises BadInput when the lens cannot form an image at this distance."""
    station = plan.station
    optics = optics_of(station)
    upper = station.working_distance_mm
    size = plan.part.seen_size_mm
    lower = upper + (0.0 if plan.part.is_flat else size[2])
    blur = optics.blur(upper)
    speed = station.line_scan.speed_mm_s if station.line_scan else station.part_speed_mm_s
    exposure_s = max((channel.exposure_ms or 0.0) for channel in station.channels) / 1000
    return StationFacts(
        lens=station.lens.kind,
        image_px=optics.image_px,
        magnification=optics.magnification(upper),
        mm_per_pixel=optics.mm_per_pixel(upper),
        mm_per_pixel_lower=optics.mm_per_pixel(lower),
        field_of_view_mm=optics.field_of_view_mm(upper),
        part_size_mm=size,
        focal_px=optics.focal_px,
        image_distance_mm=optics.image_distance_mm,
        working_f_number=optics.working_f_number,
        wavelength_nm=optics.wavelength_nm,
        circle_of_confusion_um=mm_to_um(Millimetres(optics.circle_of_confusion_mm)),
        sharp_from_mm=optics.sharp_from_mm,
        sharp_to_mm=optics.sharp_to_mm,
        hyperfocal_mm=optics.hyperfocal_mm,
        upper=blur,
        lower=optics.blur(lower),
        motion_blur_mm=speed * exposure_s,
        classes=tuple(class_facts(entry, blur.smallest_mm / 2) for entry in plan.defects),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
