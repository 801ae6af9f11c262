"""A back light that is off is a white panel in the light of the others: against a real plane in the same scene."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.seed import Seed
from firstshift.render.appearance import Appearance, Emitters
from firstshift.render.backdrop.panel import PLAIN, Panel, drawn_panel, light_behind
from firstshift.render.gbuffer import NOTHING, GBuffer
from firstshift.render.lighting import LightChange, emitters_of
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import View, view_of
from firstshift.render.visibility import visibility_slowly
from firstshift.spec.station import Station
from tests.render.shapes import at, block, station

F32 = npt.NDArray[np.float32]
BELOW = 20.0
LAMPS = (
    {"kind": "ring", "name": "ring", "diameter_mm": 80, "height_mm": 60},
    {"kind": "bar", "name": "side", "length_mm": 60, "width_mm": 10, "position_mm": [70, 0, 60]},
    {"kind": "coaxial", "name": "coaxial", "size_mm": [60, 60], "height_mm": 50},
    {"kind": "back_light", "name": "back", "size_mm": [120, 120], "below_mm": BELOW},
)
CHANNELS = tuple({"name": name, "lights": (name,)} for name in ("ring", "side", "coaxial", "back"))


@dataclass(frozen=True)
class Seen:
    station: Station
    view: View
    scene: Scene
    gbuffer: GBuffer
    emitters: Emitters

    @property
    def nothing(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.gbuffer.surface == NOTHING)

    def behind(self, changes: dict[str, LightChange] | None = None, panel: Panel = PLAIN) -> F32:
        beyond = self.gbuffer.taken(self.nothing)
        return light_behind(self.scene, self.view, beyond, self.emitters, self.station, changes or {}, panel)


def look(kind: str = "telecentric", *more: Placed, **told: object) -> Seen:
    cell = station(kind, (320, 240), lights=LAMPS, channels=CHANNELS, **told)
    view = view_of(cell, scale=0.5)
    scene = Scene((Placed(block(4, 3, 6), at(z=-3), 0), *more))
    emitters = emitters_of(cell, smoothest_alpha=0.3, colour_channels=1)
    return Seen(cell, view, scene, scene.cast(view), emitters)


@pytest.mark.parametrize("kind", ["telecentric", "perspective"])
def test_it_is_as_bright_as_a_plane_there_and_shaded_like_one(kind: str) -> None:
    alone = look(kind)
    plane = look(kind, Placed(block(120, 120, 1), at(z=-BELOW - 0.5), 1, is_part=False))
    rows = np.flatnonzero(plane.gbuffer.surface == 1)
    samples = plane.gbuffer.taken(rows)
    surface = Surface(
        "plane", "plastic", "moulded", 1.0, "none", 0.0, (0.0, 0.0, 0.0), 0.0, (PLAIN.white,) * 3, 0, is_part=False
    )
    count, no = len(rows), np.zeros(len(rows), np.float32)
    appearance = Appearance(
        np.zeros(count, np.int16), samples.normal, np.tile(np.array([1, 0, 0], np.float32), (count, 1)),
        np.full((count, 2), PLAIN.alpha, np.float32), np.ones((count, 3), np.float32), no, no,
    )  # fmt: skip
    front = alone.emitters.taken(alone.emitters.light < 3)
    visible = visibility_slowly(plane.scene, samples, front)
    truth = shade(samples, appearance, materials_of((surface,), plane.station), front, visible)
    height, width = plane.gbuffer.height, plane.gbuffer.width
    light = np.zeros((4, len(alone.gbuffer), 1), np.float32)
    light[:, alone.nothing] = alone.behind()
    blur_mm = alone.view.optics.blur(alone.view.origin_mm + BELOW).defocus_mm
    sigma_px = np.hypot(blur_mm / 4, 0.7) / alone.view.mm_per_pixel[0]
    nothing = alone.gbuffer.gathered(alone.nothing.astype(np.float32))[:, :, 0] == 1
    far = cv2.erode(nothing.astype(np.uint8), np.ones((9, 9))) > 0
    for lamp in (0, 1, 2):
        there = np.zeros((height * width, 2))
        np.add.at(there, samples.pixel, np.stack([truth[lamp, :, 0] * samples.weight, samples.weight], axis=1))
        planes = [cv2.GaussianBlur(one.reshape(height, width), (0, 0), sigma_px) for one in there.T]
        wanted = planes[0] / np.maximum(planes[1], 1e-6)
        found = alone.gbuffer.gathered(light[lamp])[:, :, 0]
        assert found[far].min() > 0.02
        assert found[far].mean() == pytest.approx(wanted[far].mean(), rel=0.02)
        # The part hides some of the plane from this camera and none of it from the other: there they may differ.
        assert np.median(np.abs(found - wanted)[far] / wanted[far]) < 0.03


def test_the_part_throws_its_shadow_on_it() -> None:
    seen = look()
    light = seen.behind()[1, :, 0]
    position = seen.gbuffer.position_mm[seen.nothing]
    # From the bar at x = 70, z = 60: the block's top at z = 0 throws 20 mm down and 23 mm to the left; its foot less.
    beside = (np.abs(position[:, 1]) < 1) & (np.abs(np.abs(position[:, 0]) - 5.2) < 0.3)
    left, right = (light[beside & (side * position[:, 0] > 0)].mean() for side in (-1, 1))
    assert left < 0.95 * right


def test_what_shines_shines_as_ever() -> None:
    seen = look()
    assert (seen.behind()[3] == 1.0).all()
    away = seen.behind({"back": LightChange(shift_mm=(200.0, 0.0, 0.0))})
    assert not away.any()  # black beside the panel
    assert (seen.behind(panel=Panel(0.3, 0.3))[:2] < 0.5 * seen.behind()[:2]).all()


def test_no_two_panels_are_alike() -> None:
    drawn = [drawn_panel(Seed(number)) for number in range(20)]
    assert len({one.white for one in drawn}) == 20
    assert all(0.6 <= one.white <= 0.85 for one in drawn)
    assert drawn[3] == drawn_panel(Seed(3))


def test_under_a_line_camera_it_is_there_along_the_whole_scan() -> None:
    """A scan of 600 mm over a panel of 120: the panel stands under the camera and the part moves."""
    scan = {"line_rate_hz": 100, "speed_mm_s": 100, "length_mm": 600}
    camera = {"sensor_px": (320, 1), "pixel_um": 3.45}
    seen = look(line_scan=scan, camera=camera)
    light = seen.behind()
    assert (light[3] == 1.0).all()
    assert light[0].min() > 0.9 * light[0].max() > 0
