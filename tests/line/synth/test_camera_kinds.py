"""The station's camera as images show it: a line camera's one row of pixels, and no more bits than the camera has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.settings import GOOD
from firstshift.line.synth.stage import Stage
from firstshift.render.view import CameraPose, view_of
from firstshift.sensor.profile import SensorProfile, usual_profile
from tests.line.synth.tiles import TILE, tile_stage

SCAN = (
    TILE.replace("sensor_px: [160, 120]", "sensor_px: [160, 1]")
    .replace(
        "working_distance_mm: 212",
        "working_distance_mm: 212\n  line_scan: {line_rate_hz: 1000, speed_mm_s: 100, length_mm: 14}",
    )
    .replace("lights: [side]}", "lights: [side], exposure_ms: 0.9}")
)


def seen(stage: Stage, light: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> np.ndarray[
    tuple[int, ...], np.dtype[np.float64]
]:  # fmt: skip
    pose = draw_pose(stage, GOOD, 0)
    recipe = replace(draw_recipe(stage, pose, GOOD, 0), noise=0.0)
    image = stage.expose(light, stage.ready(pose, GOOD), recipe, "side", blurred=True)
    return image.pixels[:, :, 0].astype(np.float64)


def test_every_line_of_a_scan_comes_from_the_same_pixels(tmp_path: Path) -> None:
    stage = tile_stage(tmp_path, SCAN, bits=16)
    stage.sensor = usual_profile(stage.plan.station.camera.model_copy(update={"bits": 12}))
    found = seen(stage, np.full((96, 96, 1), 0.5, np.float32))
    assert found.mean(axis=0).std() > 0.003 * found.mean()  # streaks, and a falloff from the middle to the ends
    np.testing.assert_array_equal(found, np.broadcast_to(found[0], found.shape))


def test_what_moves_during_a_line_is_smeared_along_the_scan(tmp_path: Path) -> None:
    light = np.full((96, 96, 1), 0.2, np.float32)
    light[48] = 0.9
    stage = tile_stage(tmp_path, SCAN, bits=16)
    plain = {"bits": 16, "psf_sigma_px": 0.0, "tail_share": 0.0, "prnu": 0.0, "dsnu_e": 0.0, "vignetting": (0, 0, 0)}
    stage.sensor = usual_profile(stage.plan.station.camera).model_copy(update=plain)
    found = seen(stage, light)[:, 40]
    moved = (found[47] - found[0]) / (found[48] - found[0])
    assert 0.03 < moved < 0.2  # 0.9 lines: a box's share that falls on the neighbour
    still = tile_stage(tmp_path, SCAN.replace(", exposure_ms: 0.9", ""), bits=16)
    still.sensor = stage.sensor
    assert seen(still, light)[47, 40] == seen(still, light)[0, 40]


def test_a_shrunk_scan_evens_out_its_streaks_only_across(tmp_path: Path) -> None:
    stage = tile_stage(tmp_path, SCAN, framing="whole", size_px=40)
    pose = draw_pose(stage, GOOD, 0)
    shrunk = stage.as_seen(draw_recipe(stage, pose, GOOD, 0))
    assert pose.scale == 0.25
    assert shrunk.prnu == pytest.approx(stage.sensor.prnu * 0.5)
    # As a share of the light that is counted, dark streaks even out like bright ones.
    assert shrunk.dsnu_e / shrunk.full_scale_e == pytest.approx(0.5 * stage.sensor.dsnu_e / stage.sensor.full_scale_e)


def test_sixteen_bits_hold_the_cameras_own_levels(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (96, 1))[:, :, None]
    eight = tile_stage(tmp_path, bits=16)
    assert eight.sensor == eight.profile
    found = seen(eight, ramp)
    assert found.max() > 60_000
    assert (found % 256 == 0).all()  # 256 levels in the upper places: no camera gets more bits than it has
    np.testing.assert_array_equal(found / 256, seen(tile_stage(tmp_path), ramp))
    twelve = tile_stage(tmp_path, TILE.replace("bits: 8", "bits: 12"), bits=16)
    found = seen(twelve, ramp)
    assert (found % 16 == 0).all()
    assert (found % 256 != 0).any()


def test_a_jpeg_camera_stays_one_in_sixteen_bits(tmp_path: Path) -> None:
    light = (0.2 + 0.5 * np.random.default_rng(3).random((96, 96, 1))).astype(np.float32)
    found = []
    for bits in (8, 16):
        stage = tile_stage(tmp_path, bits=bits)
        stage.sensor = stage.sensor.model_copy(update={"jpeg_quality": 40})
        found.append(seen(stage, light))
    np.testing.assert_array_equal(found[0] * 256, found[1])
    stage.sensor = stage.sensor.model_copy(update={"jpeg_quality": None})
    assert (seen(stage, light) != found[1]).mean() > 0.5


def test_a_jpeg_of_more_than_eight_bits_is_refused() -> None:
    said = "jpeg_quality: expected no JPEG from a camera of more than 8 bits, found 80; a JPEG has 8 bits"
    plain = {"bits": 12, "gain_e_per_dn": 2.0, "read_noise_e": 3, "prnu": 0, "dsnu_e": 0, "psf_sigma_px": 0.6}
    text = SensorProfile.model_validate(plain).to_json().replace('"jpeg_quality": null', '"jpeg_quality": 80')
    with pytest.raises(BadInput, match=said):
        SensorProfile.of_json(text)


SHALLOW = TILE.replace(
    "{kind: perspective, focal_mm: 12, f_number: 8}", "{kind: telecentric, magnification: 0.06, f_number: 1}"
)


def blur_of_poses(stage: Stage) -> list[float]:
    """At the station's origin, in pixels, over 40 draws."""
    found = []
    for number in range(40):
        camera = CameraPose(distance_factor=draw_pose(stage, GOOD, number).distance_factor)
        view = view_of(stage.plan.station, camera=camera)
        found.append(float(view.confusion_px(view.distance_mm(np.zeros((1, 3))))[0]))
    return found


def test_the_usual_distance_stays_in_focus(tmp_path: Path) -> None:
    """c = |z − s|·m²/N: one pixel of 6 µm is 1.67 mm, where 2 % of the distance would be 4.24 mm."""
    stage = tile_stage(tmp_path, SHALLOW)
    found = blur_of_poses(stage)
    assert 0.8 < max(found) <= 1.0 + 1e-9
    assert stage.doubts == ()
    deep = blur_of_poses(tile_stage(tmp_path))  # 2 % of 212 mm blurs 0.3 px: the share of old
    assert max(deep) < 0.5


def test_a_distance_that_is_asked_for_is_drawn_and_its_blur_said(tmp_path: Path) -> None:
    asked = tile_stage(tmp_path, SHALLOW + "policy: {randomisation: {distance: 0.02}}\n")
    assert 2.2 < max(blur_of_poses(asked)) <= 4.24 / 1.6667 + 1e-3
    (said,) = asked.doubts
    assert said.startswith(
        "policy.randomisation.distance: ±0.02 of 212 mm is ±4.24 mm: up to 2.5 pixels of blur; leave"
    )
    assert tile_stage(tmp_path, SHALLOW + "policy: {randomisation: {distance: 0.02}}\n", varied=False).doubts == ()


def test_sixteen_bits_of_a_camera_of_eight_are_said(tmp_path: Path) -> None:
    (said,) = tile_stage(tmp_path, bits=16).doubts
    assert said == "the camera sends 8 bits: files of 16 bits hold its 256 levels in the upper places"
    assert tile_stage(tmp_path).doubts == ()
    assert tile_stage(tmp_path, TILE.replace("bits: 8", "bits: 12"), bits=16).doubts == ()
