"""The sensor backwards: hidden parameters found again, and said plainly when the frames do not carry them.

bench/sensor_round_trip.py does this for 24 cameras; here are three.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.seed import Seed
from firstshift.sensor.calibrate import calibrate, examine
from firstshift.sensor.drawn import calibration_frames, drawn_camera, drawn_scene
from firstshift.sensor.expose import expose
from firstshift.sensor.fields import brightness_field
from firstshift.sensor.profile import SensorProfile
from firstshift.sensor.reading import FrameSet, read_frames
from firstshift.sensor.report import report_png
from firstshift.sensor.transfer import unrounded_variance

SIZE = (384, 320)
Frames = dict[str, list[npt.NDArray[Any]]]


@pytest.fixture(scope="module")
def camera() -> SensorProfile:
    return drawn_camera(Seed(2), SIZE, bits=12)


@pytest.fixture(scope="module")
def frames(camera: SensorProfile) -> Frames:
    return calibration_frames(camera, Seed(2))


@pytest.mark.parametrize(("seed", "bits"), [(11, 8), (12, 10), (13, 12)])
def test_hidden_parameters_are_found(seed: int, bits: Any) -> None:
    truth = drawn_camera(Seed(seed), SIZE, bits)
    found = calibrate(FrameSet.of_arrays(**calibration_frames(truth, Seed(seed)), bits=bits))
    assert found.gain_e_per_dn == pytest.approx(truth.gain_e_per_dn, rel=0.02)
    assert found.psf_sigma_px == pytest.approx(truth.psf_sigma_px, rel=0.05)
    # 8 bits hide the dark noise; what the dark flats tell of it is good to a tenth in frames as small as these.
    assert found.read_noise_e == pytest.approx(truth.read_noise_e, rel=0.1 if bits == 8 else 0.05)
    assert found.prnu == pytest.approx(truth.prnu, rel=0.05)
    window = (0, 0, *SIZE)
    light = [brightness_field(p, (SIZE[1], SIZE[0]), window) for p in (found, truth)]
    assert np.abs((light[0] / light[0].mean()) / (light[1] / light[1].mean()) - 1).max() < 0.02
    assert found.method == "flats and darks"
    assert found.frames == 40


def test_frames_are_told_apart_by_their_pixels(camera: SensorProfile, frames: Frames, tmp_path: Path) -> None:
    """No folder and no name says which is which."""
    every = [*frames["flats"][::4], *frames["flats"][1::4], *frames["darks"][:3], *frames["backgrounds"]]
    for index, pixels in enumerate(every):
        (tmp_path / f"{index:02}.png").write_bytes(encode_png(Image.of(pixels)))
    (tmp_path / "calibration.png").write_bytes(b"a report of an earlier run")
    read = read_frames(tmp_path)
    assert read.bits == 12
    kinds = [frame.kind for frame in read.frames]
    # Flats at 1.5 % and 3 % of white are as dark as a dark frame: only a folder can tell.
    assert kinds[:14].count("dark") == 4
    assert kinds[14:17] == ["dark"] * 3
    assert kinds[17:] == ["background"] * 4


def test_what_is_not_in_the_frames_keeps_its_usual_value_and_is_said(camera: SensorProfile, frames: Frames) -> None:
    found = calibrate(FrameSet.of_arrays(backgrounds=frames["backgrounds"][:2], bits=12))
    for name in ("black_level_dn", "read_noise_e", "prnu", "dsnu_e"):
        estimate = found.estimate(name)
        assert estimate is not None
        assert not estimate.measured
        assert any(warning.startswith(name) for warning in found.warnings)
    assert any("illumination is taken as even" in warning for warning in found.warnings)
    assert found.illumination is None
    assert found.method == "backgrounds"


def test_twice_the_same_picture_carries_the_gain(camera: SensorProfile, frames: Frames) -> None:
    still = calibration_frames(camera, Seed(5), flats=0, darks=0, backgrounds=4, still=True)["backgrounds"]
    found = calibrate(FrameSet.of_arrays(backgrounds=still, darks=frames["darks"], bits=12))
    assert found.gain_e_per_dn == pytest.approx(camera.gain_e_per_dn, rel=0.05)
    assert found.illumination is None  # one thing, four times: its light is not known


def test_photographs_as_jpeg_carry_their_sharpness_and_no_electrons(camera: SensorProfile, tmp_path: Path) -> None:
    import cv2

    soft = camera.model_copy(update={"psf_sigma_px": 0.9})
    lens = camera.model_copy(update={"psf_sigma_px": 0.0, "tail_share": 0.0, "bits": 8, "gamma": 2.2})
    lens = lens.model_copy(update={"black_level_dn": 0.0, "gain_e_per_dn": 60.0})
    for number in range(3):
        pixels = expose(drawn_scene(Seed(number), soft), lens, seed=Seed(number)).pixels
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    found = calibrate(read_frames(tmp_path), gamma=2.2)
    assert found.jpeg_quality == 85
    assert found.gamma == 2.2
    assert found.black_level_dn == 0
    assert found.psf_sigma_px == pytest.approx(0.9, rel=0.12)
    gain = found.estimate("gain_e_per_dn")
    assert gain is not None
    assert not gain.measured
    assert any("JPEG" in warning for warning in found.warnings)


def test_a_colour_cameras_balance_and_mosaic_are_seen(camera: SensorProfile) -> None:
    colour = camera.model_copy(update={"colour": "colour", "colour_balance": (0.7, 1.0, 0.6), "mosaic": True})
    even = np.full((256, 256, 3), 0.5, dtype=np.float32)
    flats = [
        expose(even * np.float32(level), colour, seed=Seed(7).child(str(level), n)).pixels
        for level in (0.3, 0.8, 1.4)
        for n in range(2)
    ]
    darks = [expose(even * 0, colour, seed=Seed(8).child(n)).pixels for n in range(4)]
    found = calibrate(FrameSet.of_arrays(flats=flats, darks=darks, bits=12))
    assert found.mosaic
    np.testing.assert_allclose(found.colour_balance, colour.colour_balance, atol=0.01)
    # Interpolated pixels would look calmer by a half: the gain must come from those that were measured.
    assert found.gain_e_per_dn == pytest.approx(colour.gain_e_per_dn, rel=0.06)


def test_rounding_is_taken_off_exactly() -> None:
    draw = np.random.default_rng(1)
    for sigma in (0.15, 0.25, 0.4, 1.0):
        light = draw.uniform(0, 30, 200_000)
        one, other = (np.round(light + draw.normal(0, sigma, light.size)) for _ in range(2))
        seen = float(np.mean((one - other) ** 2)) / 2
        assert unrounded_variance(seen) == pytest.approx(sigma**2, rel=0.05)


def test_hot_pixels_are_found(camera: SensorProfile) -> None:
    from firstshift.sensor.profile import HotPixel

    hot = camera.model_copy(update={"hot_pixels": (HotPixel(x=40, y=30, extra_e=900.0),)})
    darks = calibration_frames(hot, Seed(4), flats=0, backgrounds=0)["darks"]
    found = calibrate(FrameSet.of_arrays(darks=darks, bits=12)).hot_pixels
    assert [(pixel.x, pixel.y) for pixel in found] == [(40, 30)]


def test_the_report_is_a_picture_of_all_four(frames: Frames) -> None:
    from firstshift.core.decode import decode_image

    found = examine(FrameSet.of_arrays(**frames, bits=12))
    picture = decode_image(report_png(found), "calibration.png")
    assert (picture.width, picture.height) == (1280, 920)
    panels = [picture.pixels[y : y + 460, x : x + 640] for y in (0, 460) for x in (0, 640)]
    assert all(len(np.unique(panel.reshape(-1, 3), axis=0)) > 20 for panel in panels)


def test_bad_frames_are_refused_in_one_line(frames: Frames, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected images .* found none; take 2 or more"):
        read_frames(tmp_path)
    with pytest.raises(BadInput, match="a folder of frames"):
        read_frames(tmp_path / "nowhere")
    flat = frames["flats"][0]
    with pytest.raises(BadInput, match="flat 1: expected 384 × 320 pixels as flat 0, found 384 × 200"):
        FrameSet.of_arrays(flats=[flat, flat[:200]])
    with pytest.raises(BadInput, match="expected a grey image as flat 0, found an RGB image"):
        FrameSet.of_arrays(flats=[flat, np.repeat(flat, 3, axis=2)])
    with pytest.raises(BadInput, match="16 bits as the others"):
        FrameSet.of_arrays(flats=[flat, (flat >> 8).astype(np.uint8)])
    with pytest.raises(BadInput, match="halve the exposure"):
        calibrate(FrameSet.of_arrays(flats=[np.full_like(flat, 65_520)] * 2))
    (tmp_path / "a.png").write_bytes(encode_png(Image.of(flat))[:5000])
    with pytest.raises(BadInput, match=r"a\.png"):
        read_frames(tmp_path)
