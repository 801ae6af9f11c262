"""Preparation: the same numbers whatever the file's channels and bits, refused where that cannot be."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from firstshift.bundle.preparation import Preparation
from firstshift.bundle.tiling import Tiling
from firstshift.core.errors import BadInput
from firstshift.core.image import Image

LIGHTS = Preparation(("ring", "dark"), 8, (0.4, 0.1), (0.2, 0.05))


def test_channels_come_in_the_models_order() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    shown = LIGHTS.ordered(Image.of(pixels, ("dark", "bar", "ring")))
    np.testing.assert_array_equal(shown, pixels[:, :, [2, 0]])
    with pytest.raises(BadInput, match="trained with ring as well"):
        LIGHTS.ordered(Image.of(pixels[:, :, :2], ("dark", "bar")))


def test_bits_are_brought_to_the_models_and_back_without_loss() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    fine = replace(LIGHTS, channels=("grey",), mean=(0.5,), deviation=(0.2,), bits=16)
    wide = fine.ordered(Image.of(levels))
    assert wide.dtype == np.uint16
    assert (wide.min(), wide.max()) == (0, 65_535)
    np.testing.assert_array_equal(replace(fine, bits=8).ordered(Image.of(wide)), levels)
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1)
    down = replace(fine, bits=8).ordered(Image.of(every)).astype(np.float64)
    assert np.abs(down - every / 257).max() <= 0.5


def test_whole_images_shrink_by_averaging() -> None:
    pixels = np.zeros((40, 60, 6), np.uint8)
    pixels[:, ::10] = 200  # lines one pixel wide
    sized = replace(LIGHTS, size_px=(6, 4)).sized(pixels)
    assert sized.shape == (4, 6, 6)
    np.testing.assert_array_equal(sized, 20)
    assert replace(LIGHTS, size_px=(60, 40)).sized(pixels) is pixels
    assert replace(LIGHTS, size_px=(90, 80)).sized(pixels).shape == (80, 90, 6)


def test_it_travels_as_json() -> None:
    tiled = replace(LIGHTS, tiling=Tiling(256, 32))
    whole = replace(LIGHTS, size_px=(320, 200))
    for one in (LIGHTS, tiled, whole):
        assert Preparation.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert len({one.fingerprint for one in (LIGHTS, tiled, whole)}) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"channels": ("a", "a")}, "different names"),
        ({"bits": 12}, "8 or 16"),
        ({"mean": (0.5,)}, "for each of 2"),
        ({"deviation": (0.1, 0.0)}, "above 0"),
        ({"mean": (0.1, float("nan"))}, "finite"),
        ({"size_px": (0, 5)}, "not both"),
        ({"size_px": (8, 8), "tiling": Tiling(8, 0)}, "not both"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        replace(LIGHTS, **change)  # type: ignore[arg-type]
    plain = json.loads(json.dumps(LIGHTS.to_json()))
    for broken in ({**plain, "preparation": 9}, {**plain, "mean": None}, {**plain, "tiling": 3}, {}):
        with pytest.raises(BadInput):
            Preparation.from_json(broken)
