"""`firstshift station calibrate`: the profile, the picture and the table, or one line and nothing written."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.image import Image
from firstshift.core.seed import Seed
from firstshift.sensor.drawn import calibration_frames, drawn_camera
from firstshift.sensor.profile import SensorProfile
from tests.cli.conftest import Terminal


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    camera = drawn_camera(Seed(1), (256, 224), bits=12)
    for kind, pictures in calibration_frames(camera, Seed(1), flats=2, darks=4, backgrounds=2).items():
        (folder / kind).mkdir()
        for number, pixels in enumerate(pictures):
            (folder / kind / f"{number:02}.png").write_bytes(encode_png(Image.of(pixels)))
    return folder


def test_a_folder_of_frames_becomes_a_profile(run: Terminal, frames: Path) -> None:
    ran = run("station", "calibrate", frames, "--out", "camera.json")
    assert ran.code == 0
    assert "gain_e_per_dn" in ran.out
    assert "plan set station.profile camera.json" in ran.out
    truth = drawn_camera(Seed(1), (256, 224), bits=12)
    assert SensorProfile.load(Path("camera.json")).gain_e_per_dn == pytest.approx(truth.gain_e_per_dn, rel=0.05)
    assert Path("calibration.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in Path().iterdir()) == ["calibration.png", "camera.json"]


def test_as_json(run: Terminal, frames: Path) -> None:
    told = run("station", "calibrate", frames, "--json").json
    assert told["frames"] == {"flat": 14, "dark": 4, "background": 2}
    assert {entry["name"] for entry in told["estimates"]} >= {"gain_e_per_dn", "read_noise_e", "psf_sigma_px"}


def test_nothing_is_written_when_it_cannot_be_done(run: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("station", "calibrate", "empty")
    assert ran.code == 2
    assert "expected images" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    assert run("station", "calibrate", "nowhere").code in (2, 4)
    assert run("station", "calibrate", "empty", "--out", "missing/profile.json").code == 2


def test_frames_of_an_odd_size_stop_it_or_are_left_out_by_name(run: Terminal, frames: Path, tmp_path: Path) -> None:
    shutil.copytree(frames, tmp_path / "mixed")
    odd = Image.of(np.zeros((100, 90), np.uint16))
    (tmp_path / "mixed" / "darks" / "odd.png").write_bytes(encode_png(odd))
    ran = run("station", "calibrate", "mixed")
    assert ran.code == 2
    assert "darks/odd.png (90 × 100)" in ran.err
    assert "--skip-problems" in ran.err
    assert not Path("profile.json").exists()
    told = run("station", "calibrate", "mixed", "--skip-problems", "--json")
    assert told.json["frames"] == {"flat": 14, "dark": 4, "background": 2}
    assert len(told.json["left_out"]) == 1
    assert told.json["left_out"][0].startswith("darks/odd.png")
    assert "left out: darks/odd.png" in told.err


def test_the_plan_takes_the_profile_and_says_when_it_is_not_there(run: Terminal, frames: Path) -> None:
    assert run("new", "line", "--example", "strip").code == 0
    plan = next(Path("line").rglob("plan.yaml"))
    assert run("plan", "set", "station.profile", "profile.json", "--plan", plan).code == 0
    assert "no file profile.json beside the plan" in run("plan", "check", plan).out.replace("\n", " ")
    assert run("station", "calibrate", frames, "--out", plan.with_name("profile.json")).code == 0
    assert "no file profile.json" not in (told := run("plan", "check", plan).out.replace("\n", " "))
    assert "another camera's profile?" in told  # these frames are not the strip's
    assert run("plan", "set", "station.camera.sensor_px", "[256, 1]", "--plan", plan).code == 0
    assert "profile.json" not in run("plan", "check", plan).out  # of a line camera the width has to agree
    assert run("plan", "set", "station.profile", "../profile.json", "--plan", plan).code == 2
