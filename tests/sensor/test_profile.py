"""A profile is read as it was written, and what is no profile is refused in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.sensor.drawn import drawn_camera
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.spec.station import Camera


def test_written_and_read_again(tmp_path: Path) -> None:
    camera = drawn_camera(Seed(1))
    camera.save(tmp_path / "profile.json")
    assert SensorProfile.load(tmp_path / "profile.json") == camera


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gian_e_per_dn": 2}, "a setting that exists, found 'gian_e_per_dn'; did you mean 'gain_e_per_dn'?"),
        ({"gain_e_per_dn": 0}, "gain_e_per_dn"),
        ({"read_noise_e": "3"}, "read_noise_e: expected a number, found '3'"),
        ({"mosaic": "yes"}, "mosaic: expected true or false, found 'yes'"),
        ({"gain_e_per_dn": float("nan")}, "gain_e_per_dn: expected a finite number, found nan"),
        ({"colour_balance": [1, 2]}, "colour_balance[2]: expected this setting, found nothing; here stand 3 or more"),
        ({"hot_pixels": [{"x": 1.5, "y": 1, "extra_e": 3}]}, "hot_pixels[0].x: expected a whole number, found 1.5"),
        ({"hot_pixels": 5}, "hot_pixels: expected a list, found 5"),
        ({"method": "guess"}, "method: expected one of 'usual'"),
        ({"version": 2}, "version: expected 1, found 2; a newer release wrote it"),
        ({"black_level_dn": 200.0}, "a black level below half of 255"),
        ({"illumination": [[[1.0, 1.0], [1.0]]]}, "equal grids"),
        ({"bits": 9}, "bits: expected one of 8, 10, 12, 14, 16, found 9"),
        ({"bits": "8"}, "bits: expected one of 8, 10, 12, 14, 16, found '8'; write it without quotes"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(change: dict[str, object], said: str) -> None:
    data = json.loads(usual_profile(Camera(sensor_px=(640, 480), pixel_um=3.45)).to_json()) | change
    with pytest.raises(BadInput) as caught:
        SensorProfile.of_json(json.dumps(data), "profile.json")
    assert said in caught.value.message
    assert caught.value.message.startswith("profile.json")
    assert "\n" not in caught.value.message
    assert not re.search(r"[Ii]nput should|valid |Value error", caught.value.message), "pydantic's words"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("[]", "found []"),
        ("null", "found nothing"),
        ("{", "the file that breaks off in line 1, column 2"),
        ('{"bits": 8,}', "'}' in line 1, column 12"),
        (b'{"bits": 8, \xff}', "byte 12 that is no UTF-8 text"),
        ('{"bits": NaN}', "bits: expected one of"),
        ("[" * 100_000, "nested thousands deep"),
        ('{"frames": ' + "9" * 5000 + "}", "thousands of digits"),
    ],
)
def test_what_is_no_profile_is_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        SensorProfile.of_json(text)
    assert said in caught.value.message
    assert not re.search(r"Expecting|codec|recursion|convert", caught.value.message), "Python's words"


def test_a_profile_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="station calibrate"):
        SensorProfile.load(tmp_path / "none.json")


def test_usual_values_follow_the_pixel_size() -> None:
    small, large = (usual_profile(Camera(sensor_px=(640, 480), pixel_um=um, bits=12)) for um in (2.4, 5.86))
    assert small.full_scale_e == pytest.approx(900 * 2.4**2, rel=1e-6)
    assert large.full_scale_e > 5 * small.full_scale_e
    assert usual_profile(Camera(sensor_px=(640, 480), pixel_um=3.45, colour="colour")).mosaic
