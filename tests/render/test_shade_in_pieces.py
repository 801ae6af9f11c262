"""Shading with torch in pieces: the same light, and memory that does not grow with the image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firstshift.render.shade import _shade
from firstshift.render.shade_inputs import samples_of
from firstshift.render.shade_slowly import samples_at_once
from firstshift.render.shade_torch import MOST_BYTES, shade_in_torch
from tests.render.test_shade import everything

ROOT = Path(__file__).resolve().parents[2]
IN_A_PROCESS = """
import resource

import numpy as np
import torch

from firstshift.render.lighting import emitters_of
from firstshift.render.shade_inputs import samples_of
from firstshift.render.shade_torch import shade_in_torch
from firstshift.render.substances import materials_of
from tests.render.bench_parts import DOME, plane, station_with, surface_of

torch.set_num_threads(1)
station = station_with(DOME, colour="colour")
emitters = emitters_of(station, smoothest_alpha=0.02, colour_channels=3)
materials = materials_of([surface_of("steel")], station)
assert len(emitters) > 350
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
for side in (3, 24, 90):
    gbuffer, appearance = plane(side=side)
    samples = samples_of(gbuffer, appearance, materials)
    visible = np.full((len(samples), len(emitters)), 255, np.uint8)
    shade_in_torch(samples, materials, emitters, visible, "torch:cpu")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.parametrize("colour", ["mono", "colour"])
def test_many_small_pieces_give_the_light_of_one(colour: str) -> None:
    gbuffer, appearance, materials, emitters, visible = everything(colour)
    samples = samples_of(gbuffer, appearance, materials)
    small = 2**20
    assert samples_at_once(emitters, small, 4) < 40 < len(samples) // 20
    kernel = _shade(samples, materials, emitters, visible, "cpu")
    whole = shade_in_torch(samples, materials, emitters, visible, "torch:cpu", most_bytes=2**40)
    pieces = shade_in_torch(samples, materials, emitters, visible, "torch:cpu", most_bytes=small)
    one_by_one = shade_in_torch(samples, materials, emitters, visible, "torch:cpu", most_bytes=1)
    floor = 1e-3 * kernel.max(axis=(1, 2), keepdims=True)
    assert (np.abs(pieces - kernel) / np.maximum(kernel, floor)).max() < 1e-3
    # Sums over the emitters may be taken in another order: some hundred roundings of single precision.
    for other in (pieces, one_by_one):
        assert (np.abs(other - whole) / np.maximum(whole, floor)).max() < 1e-4


def test_memory_does_not_grow_with_the_image() -> None:
    """Resident memory at its highest, of a process that shades 9 samples, then 576 and then 8,100 under 400 emitters:
    the last would take 1.5 GB at once."""
    ran = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], cwd=ROOT, capture_output=True, text=True, timeout=200, check=True
    )
    _, begun, few, many = map(int, ran.stdout.split())
    result_and_input = 8100 * (4 * 3 + 400 + 150)
    assert few - begun < 1.3 * MOST_BYTES["cpu"]
    # What is left to chance is where malloc finds room.
    assert many - begun < 1.3 * MOST_BYTES["cpu"] + result_and_input
