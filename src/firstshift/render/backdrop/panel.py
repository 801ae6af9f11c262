"""A back light that is off: its panel of opal plastic lies behind the part, white and a little glossy, in the light of
the other lamps.

    radiance[:, nothing] = light_behind(scene, view, gbuffer, nothing, emitters, station, changes, drawn_panel(seed))

The panel is no object of the scene: it is what rays see that meet nothing. Opal plastic scatters in its depth and the
panel is mostly far out of focus, so its light is worked out on a coarse grid of places, with the shadow that the part
throws on each, blurred as the lens blurs it there, and read in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.render.appearance import Appearance, Emitters
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.lighting import UNCHANGED, LightChange, seen_directly
from firstshift.render.scene import Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import View
from firstshift.spec.lights import BackLight
from firstshift.spec.station import Station

Floats = npt.NDArray[np.float64]
PLACES = 32
"""Along each side of what is seen of the panel."""
SCATTER_MM = 0.7
"""Standard deviation of the way that light goes inside opal plastic of 2 to 3 mm before it comes out again."""
USUAL_WHITE, WHITES = 0.75, (0.6, 0.85)
USUAL_ALPHA, ALPHAS = 0.3, (0.2, 0.45)


@dataclass(frozen=True, slots=True)
class Panel:
    white: float
    """Albedo."""
    alpha: float
    """Roughness of its surface."""


PLAIN = Panel(USUAL_WHITE, USUAL_ALPHA)


def drawn_panel(seed: Seed) -> Panel:
    """Clean or yellowed, matt or glossier."""
    draw = seed.child("panel").generator()
    return Panel(float(draw.uniform(*WHITES)), float(draw.uniform(*ALPHAS)))


def light_behind(
    scene: Scene,
    view: View,
    gbuffer: GBuffer,
    emitters: Emitters,
    station: Station,
    changes: Mapping[str, LightChange],
    panel: Panel = PLAIN,
) -> F32:
    """(L, K, C) for those samples of a view that met nothing: what back lights send, and what their panels mirror and
    scatter of the other lamps. Black beside the panels."""
    start, way = gbuffer.lit_mm.astype(np.float64), -gbuffer.view.astype(np.float64)
    light = seen_directly(station, emitters, start, way, changes)
    of_back = [number for number, one in enumerate(station.lights) if isinstance(one, BackLight)]
    front = emitters.taken(~np.isin(emitters.light, of_back))
    if not len(front):
        return light
    for number in of_back:
        lamp = station.lights[number]
        assert isinstance(lamp, BackLight)
        shift = np.asarray(changes.get(lamp.name, UNCHANGED).shift_mm)
        height = float(shift[2]) - lamp.below_mm
        down = np.where(way[:, 2] < -1e-9, way[:, 2], -np.inf)
        place = start[:, :2] + way[:, :2] * ((height - start[:, 2]) / down)[:, None]
        half = np.asarray(lamp.size_mm) / 2
        on = np.flatnonzero((np.abs(place - shift[:2]) <= half).all(axis=1) & np.isfinite(down))
        if len(on):
            light[:, on] += _scattered(scene, view, place[on], height, front, station, panel)
    return light


def _scattered(
    scene: Scene, view: View, place: Floats, height: float, emitters: Emitters, station: Station, panel: Panel
) -> F32:
    """(L, K, C): of places (K, 2) on the panel."""
    middle = np.append(place.mean(axis=0), height)
    blur_mm = view.optics.blur(max(float(view.distance_mm(middle[None])[0]), 1.0)).defocus_mm
    # A disc has the variance of a Gaussian of a quarter of its diameter.
    sigma_mm = float(np.hypot(blur_mm / 4, SCATTER_MM))
    low, high = place.min(axis=0) - 2 * sigma_mm, place.max(axis=0) + 2 * sigma_mm
    step = np.maximum((high - low) / (PLACES - 1), 1e-6)
    x, y = (low[axis] + step[axis] * np.arange(PLACES) for axis in (0, 1))
    across, down = np.meshgrid(x, y)
    points = np.stack([across.ravel(), down.ravel(), np.full(across.size, height)], axis=1).astype(np.float32)
    grid = _lit(scene, view, points, emitters, station, panel).reshape(-1, PLACES, PLACES, emitters.colour.shape[1])
    wide, tall = (float(one) for one in sigma_mm / step)
    blurred = np.stack([_blurred(light, wide, tall) for light in grid])
    return _between(blurred, (place - low) / step)


def _blurred(light: F32, across: float, down: float) -> F32:
    soft = cv2.GaussianBlur(light, (0, 0), sigmaX=across, sigmaY=down, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft, dtype=np.float32).reshape(light.shape)  # of one channel it drops that axis


def _lit(scene: Scene, view: View, points: F32, emitters: Emitters, station: Station, panel: Panel) -> F32:
    """(L, P, C): the light of these points of the panel, without blur."""
    count = len(points)
    up, right = (np.tile(np.array(one, np.float32), (count, 1)) for one in ((0, 0, 1), (1, 0, 0)))
    towards = view.eye_mm - points if view.is_perspective else np.tile(-view.axes[2], (count, 1))
    towards = (towards / np.linalg.norm(towards, axis=1, keepdims=True)).astype(np.float32)
    no, flat = np.zeros(count, np.float32), np.zeros((count, 3), np.float32)
    samples = GBuffer(
        PLACES, count // PLACES, np.arange(count, dtype=np.int32), flat[:, :2], no + 1, np.zeros(count, np.int16),
        np.zeros(count, np.int32), points, points, up, up, towards, flat, flat, no,
    )  # fmt: skip
    look = Appearance(
        material=np.zeros(count, np.int16), normal=up, tangent=right,
        alpha=np.full((count, 2), panel.alpha, np.float32), tint=np.ones((count, 3), np.float32), occlusion=no, film=no,
    )  # fmt: skip
    surface = Surface(
        name="back light", material="plastic", finish="moulded", ra_um=1.0, lay="none", lay_deg=0.0,
        lay_centre_mm=(0.0, 0.0, 0.0), gloss=0.0, colour=(panel.white,) * 3, finish_seed=0, is_part=False,
    )  # fmt: skip
    # Under a line camera the part passes, and with it its shadow: none is thrown there.
    visible = None if view.is_line else _open(scene, points, emitters)
    return shade(samples, look, materials_of((surface,), station), emitters, visible)


def _open(scene: Scene, points: F32, emitters: Emitters) -> npt.NDArray[np.uint8]:
    origins = np.repeat(points, len(emitters), axis=0)
    blocked = scene.blocked(origins, np.tile(emitters.position_mm, (len(points), 1)))
    return np.where(blocked, 0, 255).astype(np.uint8).reshape(len(points), len(emitters))


def _between(grid: F32, at: Floats) -> F32:
    """(L, K, C): bilinear, at (K, 2) columns and rows of a grid (L, rows, columns, C)."""
    corner = np.clip(np.floor(at).astype(np.int64), 0, PLACES - 2)
    (s, t), (column, row) = (at - corner).T.astype(np.float32), corner.T
    s, t = s[None, :, None], t[None, :, None]
    upper = grid[:, row, column] * (1 - s) + grid[:, row, column + 1] * s
    lower = grid[:, row + 1, column] * (1 - s) + grid[:, row + 1, column + 1] * s
    return np.asarray(upper * (1 - t) + lower * t, dtype=np.float32)
