"""The optics against numbers worked out by hand, and against an independent thin lens traced ray by ray."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstshift.core.errors import BadInput
from firstshift.spec import derive_facts
from firstshift.spec.optics import Optics, optics_of
from tests.spec.plans import small_plan

LENS = "lens: {kind: perspective, focal_mm: 25, f_number: 8}"


def perspective(focal: float, f_number: float, distance: float, focus: float | None = None) -> Optics:
    lens = f"lens: {{kind: perspective, focal_mm: {focal}, f_number: {f_number}}}"
    at = f"working_distance_mm: {distance}" + (f"\n  focus_mm: {focus}" if focus else "")
    return optics_of(small_plan((LENS, lens), ("working_distance_mm: 250", at)).station)


def telecentric(magnification: float, f_number: float) -> Optics:
    lens = f"lens: {{kind: telecentric, magnification: {magnification}, f_number: {f_number}}}"
    return optics_of(small_plan((LENS, lens)).station)


def test_by_hand_25_mm_lens_at_250_mm() -> None:
    # m = 25/(250 − 25) = 1/9; pixel 3.45 µm · 9 = 31.05 µm; v = 25 · (1 + 1/9) = 27.778 mm
    optics = perspective(25, 8, 250)
    assert optics.magnification_in_focus == pytest.approx(1 / 9, rel=1e-12)
    assert optics.mm_per_pixel(250) == pytest.approx((0.03105, 0.03105), rel=1e-12)
    assert optics.field_of_view_mm(250) == pytest.approx((2448 * 0.03105, 2048 * 0.03105), rel=1e-12)
    assert optics.image_distance_mm == pytest.approx(27.77778, rel=1e-6)
    assert optics.focal_px == pytest.approx((8051.53, 8051.53), rel=1e-6)
    # 10 mm farther away a pixel is 4 % larger: the pinhole, not the thin lens refocused
    assert optics.mm_per_pixel(260)[0] == pytest.approx(0.03105 * 260 / 250, rel=1e-12)
    # H = 25²/(8 · 0.00345) + 25 = 22 669.93 mm; near = 250(H − 25)/(H + 250 − 50), far = 250(H − 25)/(H − 250)
    assert optics.hyperfocal_mm == pytest.approx(22669.928, rel=1e-6)
    assert optics.sharp_from_mm == pytest.approx(247.540438, rel=1e-7)
    assert optics.sharp_to_mm == pytest.approx(252.508929, rel=1e-7)
    # Airy radius: 1.22 · 0.55 µm · 8 · (10/9) on the sensor, 9 times that on the part: 53.68 µm
    assert optics.blur(250).diffraction_mm == pytest.approx(0.053680, rel=1e-6)
    assert optics.blur(250).sampling_mm == pytest.approx(0.0621, rel=1e-12)
    assert optics.blur(250).limited_by == "sampling"
    # 10 mm out of focus: D = 3.125 mm, 3.125 · 10/250 = 0.125 mm
    assert optics.blur(260).defocus_mm == pytest.approx(0.125, rel=1e-12)
    assert optics.blur(260).smallest_mm == pytest.approx(0.125, rel=1e-12)


def test_by_hand_telecentric_lens() -> None:
    # pixel 3.45/0.5 = 6.9 µm; depth of field ± c·N/m² = 3.45 µm · 12/0.25 = 165.6 µm; Airy 1.22·0.55·12/0.5 = 16.1 µm
    optics = telecentric(0.5, 12)
    assert optics.mm_per_pixel(250) == optics.mm_per_pixel(300) == pytest.approx((0.0069, 0.0069), rel=1e-12)
    assert optics.sharp_to_mm - optics.focus_mm == pytest.approx(0.1656, rel=1e-9)
    assert optics.focus_mm - optics.sharp_from_mm == pytest.approx(0.1656, rel=1e-9)
    assert optics.blur(250).diffraction_mm == pytest.approx(0.016104, rel=1e-9)
    assert optics.blur(250).limited_by == "diffraction"
    assert optics.blur(251).defocus_mm == pytest.approx(0.5 / 12, rel=1e-9)
    assert optics.hyperfocal_mm is None
    assert optics.focal_px is None


def test_by_hand_line_camera() -> None:
    plan = small_plan(
        ("sensor_px: [2448, 2048], pixel_um: 3.45", "sensor_px: [4096, 1], pixel_um: 7"),
        (
            "working_distance_mm: 250",
            "working_distance_mm: 525\n  line_scan: {line_rate_hz: 5000, speed_mm_s: 700, length_mm: 280}",
        ),
    )
    facts = derive_facts(plan)
    # m = 25/500 = 0.05: 0.14 mm across; 700/5000 = 0.14 mm along; 280/0.14 = 2000 lines
    assert facts.mm_per_pixel == pytest.approx((0.14, 0.14), rel=1e-12)
    assert facts.image_px == (4096, 2000)
    assert facts.field_of_view_mm == pytest.approx((573.44, 280), rel=1e-12)


def test_colour_mosaic_resolves_less() -> None:
    plan = small_plan(("pixel_um: 3.45", "pixel_um: 3.45, colour: colour"))
    assert derive_facts(plan).upper.sampling_mm == pytest.approx(0.0621 * math.sqrt(2), rel=1e-12)


def test_longest_wavelength_counts() -> None:
    plan = small_plan(("name: ring, diameter_mm: 100,", "name: ring, colour: infrared, diameter_mm: 100,"))
    assert derive_facts(plan).upper.diffraction_mm == pytest.approx(0.053680 * 850 / 550, rel=1e-6)


def test_sensor_size_instead_of_pitch() -> None:
    plan = small_plan(("pixel_um: 3.45", "sensor_mm: [8.4456, 7.0656]"))
    assert derive_facts(plan).mm_per_pixel == pytest.approx((0.03105, 0.03105), rel=1e-9)


def test_beyond_the_hyperfocal_distance_everything_is_sharp() -> None:
    optics = perspective(8, 16, 3000)
    assert optics.hyperfocal_mm is not None
    assert optics.hyperfocal_mm < 3000
    assert math.isinf(optics.sharp_to_mm)
    plan = small_plan(
        (LENS, "lens: {kind: perspective, focal_mm: 8, f_number: 16}"), ("distance_mm: 250", "distance_mm: 3000")
    )
    assert derive_facts(plan).as_dict()["depth_of_field_mm"] is None


@pytest.mark.parametrize("distance", [10, 24.999, 25])
def test_inside_the_focal_length_there_is_no_image(distance: float) -> None:
    with pytest.raises(BadInput, match=r"station\.working_distance_mm: expected more than the focal length of 25 mm"):
        perspective(25, 8, distance)


def traced_blur_on_sensor(focal: float, f_number: float, focus: float, distance: float) -> float:
    """A ray from a point on the axis through the rim of a thin lens, followed to the sensor: twice its height there."""
    sensor = 1 / (1 / focal - 1 / focus)
    rim = focal / f_number / 2
    slope_in = rim / distance
    slope_out = slope_in - rim / focal
    return 2 * abs(rim + slope_out * sensor)


@given(
    focal=st.floats(4, 200),
    f_number=st.floats(1.4, 32),
    ratio=st.floats(1.5, 200),
    off=st.floats(-0.3, 0.5),
)
def test_blur_and_depth_of_field_agree_with_traced_rays(
    focal: float, f_number: float, ratio: float, off: float
) -> None:
    focus = focal * ratio
    optics = Optics(
        focal_mm=focal,
        focus_mm=focus,
        pitch_mm=(0.00345, 0.00345),
        sensor_px=(2448, 2048),
        magnification_in_focus=focal / (focus - focal),
        working_f_number=f_number * focus / (focus - focal),
        aperture_mm=focal / f_number,
        wavelength_nm=550,
        mosaic=False,
        mm_per_line=None,
        lines=2048,
    )
    distance = focus * (1 + off)
    on_sensor = optics.blur(distance).defocus_mm * optics.magnification(distance)
    assert on_sensor == pytest.approx(traced_blur_on_sensor(focal, f_number, focus, distance), rel=1e-6, abs=1e-9)
    for end in (optics.sharp_from_mm, optics.sharp_to_mm):
        if math.isfinite(end):
            traced = traced_blur_on_sensor(focal, f_number, focus, end)
            assert traced == pytest.approx(optics.circle_of_confusion_mm, rel=1e-4)
    hyperfocal = optics.hyperfocal_mm
    assert hyperfocal is not None
    assert math.isinf(optics.sharp_to_mm) == (focus >= hyperfocal) or focus == pytest.approx(hyperfocal, rel=1e-9)


def test_part_height_and_turning() -> None:
    plan = small_plan()
    assert plan.part.seen_size_mm == pytest.approx((60, 40, 5))
    side = small_plan(("  regions:", "  placement: {up: -y, turned_deg: 90}\n  regions:"))
    assert side.part.seen_size_mm == pytest.approx((5, 60, 40))


def test_facts_as_json_and_rows() -> None:
    facts = derive_facts(small_plan())
    plain = facts.as_dict()
    assert plain["mm_per_pixel"] == pytest.approx([0.03105, 0.03105])
    assert plain["upper"]["limited_by"] == "sampling"
    assert plain["classes"][0]["smallest"] == "visible"
    rows = {what: much for what, much, _ in facts.rows()}
    assert rows["one pixel"] == "0.03105 mm"
    assert rows["field of view"] == "76.01 × 63.59 mm"
