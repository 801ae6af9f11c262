"""Frames from a folder: odd sizes are named or left out, nothing over the limit is read, black keeps its colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.imagefacts import DEFAULT_LIMITS
from firstshift.core.seed import Seed
from firstshift.sensor.calibrate import calibrate
from firstshift.sensor.reading import read_frames


def save(folder: Path, name: str, width: int = 96, height: int = 80, colours: int = 1, level: int = 90) -> None:
    draw = Seed(3).child(name).generator()
    pixels = np.clip(draw.normal(level, 2, (height, width, colours)), 0, 255).astype(np.uint8)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(encode_png(Image.of(pixels)))


def test_frames_of_an_odd_size_are_named_in_one_line(tmp_path: Path) -> None:
    for number in range(5):
        save(tmp_path, f"flat/{number}.png")
    save(tmp_path, "flat/odd.png", 48 * 2, 79)
    save(tmp_path, "shot.png", 200, 160)
    with pytest.raises(BadInput) as caught:
        read_frames(tmp_path)
    message = caught.value.message
    assert "96 × 80 pixels as 5 of 7 frames have" in message
    assert "flat/odd.png (96 × 79), shot.png (200 × 160)" in message
    assert "--skip-problems" in message
    assert "\n" not in message


def test_the_few_odd_ones_and_damaged_ones_are_left_out_on_request_and_told(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path, f"flat/{number}.png")
    save(tmp_path, "flat/odd.png", 64, 80)
    (tmp_path / "flat" / "cut.png").write_bytes((tmp_path / "flat" / "0.png").read_bytes()[:300])
    with pytest.raises(BadInput, match=r"cut\.png"):
        read_frames(tmp_path)
    frames = read_frames(tmp_path, skip_problems=True)
    assert [frame.name for frame in frames.frames] == [f"flat/{number}.png" for number in range(4)]
    assert [why.split(":")[0] for why in frames.left_out] == ["flat/cut.png", "flat/odd.png"]
    told = calibrate(frames).warnings
    assert any("left out: flat/odd.png" in warning for warning in told)


def test_without_a_majority_nothing_is_chosen(tmp_path: Path) -> None:
    for number in range(2):
        save(tmp_path, f"one{number}.png")
        save(tmp_path, f"other{number}.png", 100, 80)
    with pytest.raises(BadInput, match="2 of 96 × 80, 2 of 100 × 80; none is more than half"):
        read_frames(tmp_path, skip_problems=True)


def test_no_more_than_the_decoders_limit_is_read(tmp_path: Path) -> None:
    with (tmp_path / "flat.png").open("wb") as file:
        file.truncate(DEFAULT_LIMITS.max_bytes + 1000)  # a hole: it takes no room on the disk
    with pytest.raises(BadInput, match=r"flat\.png: expected at most 268,435,456 bytes, found a larger file"):
        read_frames(tmp_path)


def test_black_frames_of_a_colour_camera_are_in_colour(tmp_path: Path) -> None:
    for number in range(2):
        save(tmp_path, f"flat/{number}.png", colours=3)
        black = Image.of(np.zeros((80, 96, 3), np.uint8))
        (tmp_path / "dark").mkdir(exist_ok=True)
        (tmp_path / "dark" / f"{number}.png").write_bytes(encode_png(black))
    frames = read_frames(tmp_path)
    assert frames.channels == 3
    assert {frame.numbers.shape[2] for frame in frames.frames} == {3}
