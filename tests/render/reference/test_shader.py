"""The fast shader held to the path tracer: same shape, same lights, same substance, direct light.

Lights are cut into as many emitters as images are made with. Both are compared in blocks of 2 × 2 pixels, away from
outlines. A block's reference is known from two independent halves of its samples, so the tolerance is the mission's 5 %
plus the noise that the reference itself has.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.imprint import Patch
from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Emitters, Materials
from firstshift.render.cad.reading import read_part
from firstshift.render.fineness import MOST_EMITTERS, SMOOTHEST_ALPHA
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import STILL, seated
from firstshift.render.prepared import Prepared
from firstshift.render.reference.displaced import displaced
from firstshift.render.reference.scene import plain_appearance, trace
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import view_of
from firstshift.render.visibility import visibility
from firstshift.spec.plan import Plan
from firstshift.spec.station import Station

Values = npt.NDArray[np.float64]
SIDE = 64
BLOCK = 2
AGREED = 0.05
LIGHTS = (
    {"kind": "ring", "name": "ring", "diameter_mm": 120, "width_mm": 20, "height_mm": 160},
    {"kind": "bar", "name": "bar", "length_mm": 80, "width_mm": 12, "position_mm": [-90, 0, 60]},
    {"kind": "dome", "name": "dome", "diameter_mm": 200, "opening_mm": 40, "height_mm": 5},
    {"kind": "dark_field", "name": "dark_field", "diameter_mm": 150, "height_mm": 16},
)
EXAMPLE = Path(str(resources.files("firstshift.spec") / "examples" / "bracket"))


def station() -> Station:
    return Station.model_validate(
        {
            "name": "bench",
            "camera": {"sensor_px": [2 * SIDE, 2 * SIDE], "pixel_um": 64.5},
            "lens": {"kind": "perspective", "focal_mm": 25, "f_number": 8},
            "working_distance_mm": 287,
            "lights": list(LIGHTS),
            "channels": [{"name": "all", "lights": [light["name"] for light in LIGHTS]}],
        }
    )


def dome_of_a_sphere(radius_mm: float = 30.0) -> Mesh:
    """The upper side of a sphere, its highest point at the origin."""
    patch = Patch(0.5, 0.5, 101, 101)
    u, v = np.meshgrid(patch.u_mm, patch.v_mm)
    height = np.sqrt(radius_mm**2 - np.minimum(u**2 + v**2, 27.0**2)) - radius_mm
    return displaced(patch, height.astype(np.float32))


@cache
def placed(shape: str) -> tuple[Placed, ...]:
    if shape == "part":
        part = Plan.load(EXAMPLE / "plan.yaml").part
        mesh = read_part(part, EXAMPLE)
        return (Placed(mesh, seated(part, mesh), 0),)
    plane = displaced(Patch(30, 30, 3, 3), np.zeros((3, 3), np.float32))
    return (Placed(plane if shape == "plane" else dome_of_a_sphere(), STILL, 0),)


def prepared(shape: str, material: str, alpha: float) -> Prepared:
    where = station()
    view, scene = view_of(where, scale=0.5), Scene(placed(shape))
    gbuffer = scene.cast(view)
    surfaces = (Surface("piece", material, "milled", 0.8, "none", 0.0, (0.0, 0.0, 0.0), 0.5, None, 0),)
    table: Materials = materials_of(surfaces, where)
    emitters: Emitters = emitters_of(
        where, smoothest_alpha=max(alpha, SMOOTHEST_ALPHA), colour_channels=1, most=MOST_EMITTERS
    )
    appearance = plain_appearance(gbuffer, [0], [alpha])
    visible = visibility(scene, gbuffer, emitters)
    light = shade(gbuffer, appearance, table, emitters, visible)
    return Prepared(view, scene, surfaces, gbuffer, appearance, table, emitters, visible, light)


def smooth_blocks(ready: Prepared) -> npt.NDArray[np.bool_]:
    """Blocks of pixels that lie on the part and a pixel away from any outline."""
    gbuffer = ready.gbuffer
    single = np.bincount(gbuffer.pixel, minlength=SIDE * SIDE).reshape(SIDE, SIDE) == 1
    covered = gbuffer.gathered((gbuffer.surface >= 0).astype(np.float32))[:, :, 0] > 0.99
    smooth = cv2.erode((single & covered).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    return blocks(smooth.astype(np.float64)) == 1


def blocks(image: npt.NDArray[np.floating]) -> Values:
    height, width = image.shape
    return np.asarray(image.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(1, 3)), dtype=np.float64)


@pytest.mark.parametrize("material", ["aluminium", "plastic"])
@pytest.mark.parametrize(("shape", "alpha"), [("plane", 0.12), ("sphere", 0.12), ("sphere", 0.35), ("part", 0.2)])
def test_the_shader_shows_what_the_path_tracer_shows(shape: str, material: str, alpha: float) -> None:
    ready = prepared(shape, material, alpha)
    halves = [trace(ready, station(), samples=16, seed=seed)[..., 0] for seed in (1, 2)]
    smooth = smooth_blocks(ready)
    assert smooth.sum() > 100
    for light, ours in enumerate(ready.layers[..., 0]):
        one, other = (blocks(half[light]) for half in halves)
        reference = (one + other) / 2
        bright = smooth & (reference > 0.02 * np.percentile(reference[smooth], 99))
        error = np.abs(blocks(ours) - reference)[bright] / reference[bright]
        noise = np.abs(one - other)[bright] / 2 / reference[bright]
        assert np.median(error) < AGREED + np.median(noise), (LIGHTS[light]["name"], np.median(error))


def test_shadows_fall_where_they_fall() -> None:
    """Under the bar, half of the bracket's pocket lies in shadow: both say which half."""
    ready = prepared("part", "plastic", 0.35)
    reference = trace(ready, station(), samples=64)[1, ..., 0]
    ours = ready.layers[1, ..., 0]
    on_part = ready.gbuffer.gathered((ready.gbuffer.surface >= 0).astype(np.float32))[:, :, 0] > 0.99
    middle = np.median(reference[on_part]) / 2
    differ = ((ours > middle) != (reference > middle))[on_part]
    assert differ.mean() < 0.01


def test_light_that_bounces_is_left_out_by_the_shader_only() -> None:
    """In the corner of the bracket's pocket the whole path is brighter; on the open upper face it is not."""
    ready = prepared("part", "plastic", 0.35)
    direct, path = (blocks(trace(ready, station(), samples=64, way=way)[2, ..., 0]) for way in ("direct", "path"))
    height = blocks(ready.gbuffer.gathered(ready.gbuffer.position_mm[:, 2])[:, :, 0])
    smooth = smooth_blocks(ready)
    upper, floor = smooth & (np.abs(height) < 0.01), smooth & (np.abs(height + 9) < 0.05)
    assert floor.sum() > 10
    gained = [float(path[where].sum() / direct[where].sum()) for where in (upper, floor)]
    assert gained[0] == pytest.approx(1.0, abs=0.02)
    assert gained[1] > 1.03
