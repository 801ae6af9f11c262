"""Ordinary pictures alone, of textured parts: what is taken for measured is right, and nothing is worse than the usual.

Twelve cameras with hidden parameters, each with two batches of parts (in a dark nest; filling the picture), raw or from
JPEGs. bench/sensor_round_trip.py does it for 24.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.seed import Seed
from firstshift.sensor.calibrate import calibrate, examine
from firstshift.sensor.compression import was_compressed
from firstshift.sensor.drawn import calibration_frames, drawn_camera
from firstshift.sensor.drawn_surfaces import SURFACES, ordinary_frames, part_in_light
from firstshift.sensor.expose import expose, through_jpeg
from firstshift.sensor.fields import brightness_field
from firstshift.sensor.ordinary import NARROW, darkest_level
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.sensor.reading import Frame, FrameSet, read_frames
from firstshift.sensor.report import report_png
from firstshift.sensor.same_scene import same_scene
from firstshift.spec.station import Camera

SIZE = (288, 256)
CAMERAS = range(12)
Depth = Literal[8, 10, 12]
Numbers = npt.NDArray[Any]


def usual(bits: Depth) -> SensorProfile:
    return usual_profile(Camera(sensor_px=SIZE, pixel_um=3.45, bits=bits))


def hidden(number: int, bits: Depth) -> SensorProfile:
    """Every third has a black level of 0, as cameras have whose dark pixels are cut off."""
    camera = drawn_camera(Seed(9000 + number), SIZE, bits)
    return camera.model_copy(update={"black_level_dn": 0.0}) if number % 3 == 0 else camera


@cache
def batch(number: int, dark: bool, saved: str) -> tuple[SensorProfile, FrameSet, SensorProfile]:
    """The camera, its frames, and what is found. `saved`: raw8, raw12, jpeg."""
    bits: Depth = 12 if saved == "raw12" else 8
    truth = hidden(number, bits)
    quality = (75, 90, 95)[number % 3] if saved == "jpeg" else None
    pictures = ordinary_frames(truth, Seed(number), dark=dark, count=8, jpeg_quality=quality)
    frames = FrameSet.of_arrays(backgrounds=pictures, bits=bits)
    return truth, frames, calibrate(frames)


CASES = [
    (number, dark, ("raw8", "raw12", "jpeg")[(number // 2 + dark) % 3]) for number in CAMERAS for dark in (True, False)
]


@pytest.mark.parametrize(("number", "dark", "saved"), CASES)
def test_black_is_never_lifted(number: int, dark: bool, saved: str) -> None:
    truth, frames, found = batch(number, dark, saved)
    darkest = darkest_level(frames.frames)
    assert found.gamma == 1.0
    assert found.black_level_dn == pytest.approx(min(usual(frames.bits).black_level_dn, darkest))  # type: ignore[arg-type]
    for share in (0.0, 0.01, 0.04, 0.2):
        even = np.full((64, 64), share, np.float32)
        seen = [float(expose(even, p, seed=Seed(1), illuminated=False).pixels.mean()) for p in (found, truth)]
        steps = 1 if frames.bits == 8 else 1 << (16 - 8)
        # Two DN of 8 bits is what the usual black level may be too high; how much too low, the camera says.
        assert seen[0] <= seen[1] + 2.2 * steps


@pytest.mark.parametrize(("number", "dark", "saved"), CASES)
def test_the_gain_is_right_or_no_worse_than_usual(number: int, dark: bool, saved: str) -> None:
    truth, frames, found = batch(number, dark, saved)
    estimate = found.estimate("gain_e_per_dn")
    assert estimate is not None
    start = usual(frames.bits).gain_e_per_dn  # type: ignore[arg-type]
    if saved == "jpeg":
        assert (estimate.measured, estimate.value) == (False, start)
    elif estimate.measured:
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.high <= NARROW * estimate.low
        assert 0.6 < estimate.value / truth.gain_e_per_dn < 1.5
    else:
        worse = abs(math.log(estimate.value / truth.gain_e_per_dn)) - abs(math.log(start / truth.gain_e_per_dn))
        assert worse < 0.02
    assert found.read_noise_e <= max(usual(8).read_noise_e, truth.read_noise_e)


def test_enough_gains_are_measured_or_moved_towards_the_truth() -> None:
    """Or the tests above would be content with a calibration that does nothing."""
    moved = 0
    for case in CASES:
        truth, frames, found = batch(*case)
        start = usual(frames.bits).gain_e_per_dn  # type: ignore[arg-type]
        moved += abs(math.log(found.gain_e_per_dn / truth.gain_e_per_dn)) < 0.9 * abs(
            math.log(start / truth.gain_e_per_dn)
        )
    assert moved >= len([case for case in CASES if case[2] != "jpeg"]) / 3


@pytest.mark.parametrize(("number", "dark", "saved"), CASES)
def test_a_parts_own_shape_and_its_nest_are_no_light(number: int, dark: bool, saved: str) -> None:
    _, _, found = batch(number, dark, saved)
    assert found.illumination is None
    assert found.vignetting == usual(8).vignetting
    assert any(warning.startswith("illumination is taken as even, not measured: ") for warning in found.warnings)


@pytest.mark.parametrize(("number", "dark", "saved"), CASES)
def test_sharpness_comes_from_edges_or_not_at_all(number: int, dark: bool, saved: str) -> None:
    truth, _, found = batch(number, dark, saved)
    estimate = found.estimate("psf_sigma_px")
    assert estimate is not None
    if estimate.measured:
        # Compression takes fine detail: with a quality of 75 a sharp lens looks a sixth softer.
        tolerance = 0.2 if saved == "jpeg" else 0.1
        assert estimate.value == pytest.approx(truth.psf_sigma_px, rel=tolerance, abs=0.06)
        assert saved != "jpeg" or (estimate.low or 0) <= truth.psf_sigma_px
    else:
        assert (estimate.value, found.tail_share) == (usual(8).psf_sigma_px, usual(8).tail_share)


@pytest.mark.parametrize(("number", "dark", "saved"), CASES)
def test_pictures_that_were_jpegs_are_known(number: int, dark: bool, saved: str) -> None:
    _, frames, found = batch(number, dark, saved)
    assert any("JPEGs before" in warning for warning in found.warnings) == (saved == "jpeg")
    cut = [replace(frame, numbers=frame.numbers[11:, 5:]) for frame in frames.frames]
    assert was_compressed(cut) == (saved == "jpeg")


def test_a_mosaics_colours_do_not_pass_for_a_jpeg() -> None:
    camera = hidden(1, 8).model_copy(update={"colour": "colour", "mosaic": True, "colour_balance": (0.7, 1.0, 0.6)})
    for surface in SURFACES:
        light = part_in_light(Seed(3), camera, surface, dark=False) / np.float32(1.5)
        pixels: Any = expose(np.repeat(light[:, :, None], 3, axis=2), camera, seed=Seed(4)).pixels
        assert not was_compressed([Frame("raw", pixels, "background")])
        assert was_compressed([Frame("saved", through_jpeg(pixels, 85), "background")])


def test_a_linear_cameras_jpegs_keep_their_dark_border_dark(tmp_path: Path) -> None:
    """As a folder of JPEG files: no curve of 2.2 is guessed, the quality is known from the file."""
    truth = hidden(2, 8)
    for number, pixels in enumerate(ordinary_frames(truth, Seed(7), dark=True, count=4)):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), pixels[:, :, 0], [cv2.IMWRITE_JPEG_QUALITY, 92])
    found = calibrate(read_frames(tmp_path))
    assert (found.gamma, found.jpeg_quality) == (1.0, 92)
    assert any(warning.startswith("gamma is the usual value, not measured") for warning in found.warnings)
    border = np.full((64, 64), 0.04, np.float32)
    seen = [float(expose(border, p, seed=Seed(1), illuminated=False).pixels.mean()) for p in (found, truth)]
    assert seen[0] <= seen[1] + 2


@pytest.mark.parametrize("surface", SURFACES)
def test_texture_does_not_pass_for_the_noise_between_two_pictures(surface: Any) -> None:
    truth = hidden(4, 12)

    def frame(part: int, shot: int, shift: float = 0.0) -> Frame:
        light: Any = part_in_light(Seed(part), truth, surface, dark=False) / np.float32(1.6)
        if shift:
            light = cv2.warpAffine(light, np.array([[1, 0, shift], [0, 1, 0]]), SIZE, borderMode=cv2.BORDER_REFLECT)
        pixels: Any = expose(light, truth, seed=Seed(shot)).pixels >> 4
        return Frame("x", pixels, "background")

    assert same_scene(frame(1, 1), frame(1, 2))
    assert not same_scene(frame(1, 1), frame(2, 2))
    assert not same_scene(frame(1, 1), frame(1, 2, shift=0.5))  # the camera shook
    assert not same_scene(frame(1, 1), frame(1, 1))  # one file twice


def test_one_textured_part_photographed_again_and_again_carries_the_gain() -> None:
    truth = hidden(5, 12)
    light = part_in_light(Seed(6), truth, "ground", dark=True) / np.float32(1.6)
    pictures = [expose(light, truth, seed=Seed(shot)).pixels for shot in range(6)]
    found = calibrate(FrameSet.of_arrays(backgrounds=pictures, bits=12))
    estimate = found.estimate("gain_e_per_dn")
    assert estimate is not None
    assert estimate.measured
    assert estimate.value == pytest.approx(truth.gain_e_per_dn, rel=0.06)


def test_light_is_found_where_different_things_lay_or_left_alone() -> None:
    found = 0
    for seed in (3, 6, 7):
        truth = drawn_camera(Seed(1000 + seed), SIZE)
        pictures = calibration_frames(truth, Seed(seed), flats=0, darks=0, backgrounds=16)["backgrounds"]
        profile = calibrate(FrameSet.of_arrays(backgrounds=pictures, bits=truth.bits))
        if profile.illumination is None:
            continue
        found += 1
        assert profile.vignetting == (0, 0, 0)
        window, shape = (0, 0, *SIZE), (SIZE[1], SIZE[0])
        true, seen = (field / field.mean() for field in (brightness_field(p, shape, window) for p in (truth, profile)))
        assert float((seen / true).std()) < 0.75 * float(true.std())
    assert found >= 2


def test_the_report_is_drawn_from_pictures_alone() -> None:
    _, frames, _ = batch(*CASES[0])
    assert report_png(examine(frames)).startswith(b"\x89PNG")
