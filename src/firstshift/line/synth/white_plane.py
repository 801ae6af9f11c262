"""The light that the plan's lamps would throw on a white plane, for cameras whose real illumination was measured.

A calibrated profile says how bright each place of the image is on an even surface. The renderer knows what the declared
lamps give there; the quotient of the two corrects every image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.line.synth.recipe import PoseDraw
from firstshift.render.appearance import Appearance
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import STILL
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import view_of

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage

F32 = npt.NDArray[np.float32]
COLUMNS = 48
WHITE = Surface(
    name="white plane", material="paper", finish="cast", ra_um=1.0, lay="none", lay_deg=0.0,
    lay_centre_mm=(0.0, 0.0, 0.0), gloss=0.0, colour=(1.0, 1.0, 1.0), finish_seed=0, is_part=False,
)  # fmt: skip


def white_field(stage: Stage, channel: str) -> F32:
    """(rows, columns) over the whole image, mean 1."""
    station = stage.plan.station
    view = view_of(station, scale=min(1.0, COLUMNS / stage.image_px[0]))
    gbuffer = Scene((Placed(_plane(10 * station.working_distance_mm), STILL, 0),)).cast(view)
    count = len(gbuffer)
    up, right = (np.tile(np.array(way, np.float32), (count, 1)) for way in ((0, 0, 1), (1, 0, 0)))
    appearance = Appearance(
        material=np.zeros(count, np.int16), normal=up, tangent=right, alpha=np.ones((count, 2), np.float32),
        tint=np.ones((count, 3), np.float32), occlusion=np.zeros(count, np.float32), film=np.zeros(count, np.float32),
    )  # fmt: skip
    emitters = emitters_of(station, smoothest_alpha=1.0, colour_channels=stage.colour_channels)
    radiance = shade(gbuffer, appearance, materials_of((WHITE,), station), emitters)
    on = next(one for one in station.channels if one.name == channel).lights
    rows = [number for number, light in enumerate(station.lights) if light.name in on]
    field = gbuffer.gathered(radiance[rows].sum(axis=0).mean(axis=1))[:, :, 0]
    if not field.mean() > 0:  # a back light: nothing falls onto a plane that faces the camera
        return np.ones_like(field)
    # A light that hangs beside the image may leave part of a plane all but dark: what is divided by stays above 5 %.
    return np.asarray(np.maximum(field / field.mean(), 0.05), dtype=np.float32)


def spread_over(field: F32, shape: tuple[int, int], pose: PoseDraw, image_px: tuple[int, int]) -> F32:
    """The field for one image: (height, width, 1)."""
    height, width = shape
    x, y, wide, high = pose.window or (0, 0, *image_px)
    rows, columns = field.shape
    across, down = wide / width * columns / image_px[0], high / height * rows / image_px[1]
    left, top = (
        (x + 0.5 * wide / width) * columns / image_px[0] - 0.5,
        (y + 0.5 * high / height) * rows / image_px[1] - 0.5,
    )
    way = np.array([[across, 0, left], [0, down, top]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    spread = cv2.warpAffine(field, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(spread, dtype=np.float32)[:, :, None]


def _plane(half_mm: float) -> Mesh:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float64) * half_mm
    return Mesh(
        corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.tile(np.array([0, 0, 1], np.float32), (2, 3, 1)),
        np.zeros(2, np.int16), np.zeros(2, np.int32), ("white plane",), ("white plane",),
    )  # fmt: skip
