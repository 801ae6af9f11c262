"""Light and gloss of a photograph: the plan's lamps, turned, and its finish, smoother or rougher, that look most alike.

The plan's surface is rendered as the photograph shows it, for lamps turned about the optical axis in steps and for
finishes from the roughest to the smoothest that the plan allows; what each tells (`appearance_told`) is compared with
what the photograph tells, every number in units of how much it varies from one good part to the next. A setting counts
only as far as others are clearly worse: where the photograph does not carry it (an even dome, a matt smooth surface),
the plan's own setting is taken, and the record says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.render.fineness import SMOOTHEST_ALPHA
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.lighting import emitters_of
from firstshift.render.onto.appearance_told import Told, texture_direction, told_by
from firstshift.render.onto.preparing import turned_light, with_colours
from firstshift.render.onto.registering import Pixels, Registered
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.visibility import visibility
from firstshift.spec.lights import Bar, Spot

Flags = npt.NDArray[np.bool_]
Dressed = Callable[[float, float | None], tuple[Surface, ...]]
"""The part's surfaces for a shine (0 rough and matt … 1 smooth and glossy) and a direction of the lay (None: the
plan's), in the part's coordinates."""
AZIMUTHS = 16
SHINES = (0.0, 0.25, 0.5, 0.75, 1.0)
COARSE_PX, FINE_PX = 64, 128
EMITTERS = 24
SHADING_ERROR, CONTRAST_ERROR, DIRECTION_ERROR, SKEW_ERROR = 0.04, 0.25, 0.10, 0.12
"""How much each number varies between two good parts under the same light; of contrast the logarithm."""
LEAST_CONFIDENCE = 0.5
LAY_COHERENCE = 0.3
APART_DEG = 60.0
USUAL_SHINE = 0.5
ALIKE = 12.0
"""A photograph of the plan's own surface costs less than this: seven numbers, each off by one error or so."""


@dataclass(frozen=True, slots=True)
class FoundLight:
    azimuth_deg: float
    """How far the plan's lamps are turned about the optical axis."""
    azimuth_confidence: float
    shine: float
    shine_confidence: float
    lay_deg: float | None
    """On the part; None: the plan's."""
    notes: tuple[str, ...] = ()
    """What the photograph does not carry and was taken from the plan."""

    def to_json(self) -> dict[str, Any]:
        return {
            "azimuth_deg": self.azimuth_deg, "azimuth_confidence": self.azimuth_confidence, "shine": self.shine,
            "shine_confidence": self.shine_confidence, "lay_deg": self.lay_deg, "notes": list(self.notes),
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> FoundLight:
        return cls(**{**told, "notes": tuple(told["notes"])})


PLANS = FoundLight(0.0, 0.0, USUAL_SHINE, 0.0, None, ("light and finish are the plan's",))


def estimate_light(
    light: F32,
    mask: Flags,
    registered: Registered,
    mesh: Mesh,
    surfaces: Dressed,
    lights: Sequence[str],
    *,
    noise: float = 0.0,
    sharpness_px: float = 0.0,
) -> FoundLight:
    """`light` (H, W): the photograph in linear light; `mask` where it shows the part; `lights`: those that are on;
    `noise`: standard deviation of a pixel; `sharpness_px`: sigma of its blur, which takes contrast from texture."""
    window = fine_window(mask)
    x, y, width, height = window
    piece = np.s_[y : y + height, x : x + width]
    notes, lay_deg = [], None
    if surfaces(USUAL_SHINE, None)[0].lay == "straight":
        along, agreement = texture_direction(light[piece], mask[piece])
        if agreement >= LAY_COHERENCE:
            lay_deg = round((along - _turn_of(registered)) % 180, 2)
        else:
            notes.append("direction of the tool marks: the plan's")
    shrink = min(1.0, COARSE_PX / max(light.shape))
    seen = told_by(*_shrunk(light, mask, shrink), light[piece], mask[piece], noise)
    azimuths = _azimuths(registered, lights)
    dressed = [surfaces(shine, lay_deg) for shine in SHINES]
    rendered = _rendered(registered, mesh, dressed, lights, azimuths, window, shrink, sharpness_px)
    costs = np.array([[_cost(seen, one, lay_deg is None) for one in row] for row in rendered])
    shine, sure_shine = _shine(costs)
    azimuth, sure_azimuth = _azimuth(costs, azimuths)
    if sure_azimuth < LEAST_CONFIDENCE and len(azimuths) > 1:
        azimuth = 0.0
        notes.append("direction of the light: the plan's")
    if sure_shine < LEAST_CONFIDENCE:
        shine = USUAL_SHINE
        notes.append("gloss: the plan's")
    return FoundLight(
        round(azimuth, 1), round(sure_azimuth, 3), round(shine, 3), round(sure_shine, 3), lay_deg, tuple(notes)
    )


def fine_window(mask: Flags) -> Pixels:
    """A piece in the middle of the part, at most FINE_PX wide."""
    height, width = mask.shape
    wide, high = min(FINE_PX, width), min(FINE_PX, height)
    away = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    rows, columns = np.nonzero(away >= 0.95 * away.max())
    middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    x, y = int(columns[middle]) - wide // 2, int(rows[middle]) - high // 2
    return (min(max(x, 0), width - wide), min(max(y, 0), height - high), wide, high)


def _shrunk(light: F32, mask: Flags, shrink: float) -> tuple[F32, Flags]:
    size = (max(1, round(light.shape[1] * shrink)), max(1, round(light.shape[0] * shrink)))
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32), np.asarray(share > 0.9)


def _azimuths(registered: Registered, lights: Sequence[str]) -> tuple[float, ...]:
    """Only the plan's own where every lamp is round about the axis: turning it changes nothing."""
    turning = any(isinstance(one, Bar | Spot) for one in registered.station.lights if one.name in lights)
    return tuple(360 * number / AZIMUTHS for number in range(AZIMUTHS)) if turning else (0.0,)


def _turn_of(registered: Registered) -> float:
    """How far the part's x axis is turned, anticlockwise as the camera sees it."""
    x_axis = registered.pose.rotation[:, 0]
    return math.degrees(math.atan2(x_axis[1], x_axis[0]))


def _rendered(
    registered: Registered, mesh: Mesh, dressed: Sequence[tuple[Surface, ...]], lights: Sequence[str],
    azimuths: Sequence[float], window: Pixels, shrink: float, sharpness_px: float,
) -> list[list[Told]]:  # fmt: skip
    """What each shine (rows) tells under each azimuth (columns)."""
    scene = Scene((Placed(mesh, registered.pose, 0),))
    own = [light for light in registered.station.lights if light.name in lights]
    copies = [turned_light(one, turn).model_copy(update={"name": f"{one.name} {n}"})
              for n, turn in enumerate(azimuths) for one in own]  # fmt: skip
    station = with_colours(registered.station.model_copy(update={"lights": tuple(copies)}), 1)
    found = []
    views = [(scene, scene.cast(registered.view(*place))) for place in ((None, shrink), (window, 1.0))]
    for surfaces in dressed:
        pictures = [_lit(scene, gbuffer, registered, surfaces, station, len(azimuths)) for scene, gbuffer in views]
        masks = [scene.on_part(gbuffer) for scene, gbuffer in views]
        shown = [gbuffer.gathered(mask.astype(np.float32))[:, :, 0] > 0.9
                 for (_, gbuffer), mask in zip(views, masks, strict=True)]  # fmt: skip
        fines = [_soft(fine, sharpness_px) for fine in pictures[1]]
        found.append(
            [told_by(coarse, shown[0], fine, shown[1]) for coarse, fine in zip(pictures[0], fines, strict=True)]
        )
    return found


def _lit(
    scene: Scene, gbuffer: GBuffer, registered: Registered, surfaces: tuple[Surface, ...], station: Any, turns: int
) -> list[F32]:
    rotations = np.tile(registered.pose.rotation, (len(surfaces), 1, 1))
    appearance = dress(gbuffer, surfaces, rotations)
    part = scene.on_part(gbuffer)
    alpha = appearance.alpha[part].min(axis=1, initial=1.0)
    smoothest = max(SMOOTHEST_ALPHA, float(np.median(alpha)) if alpha.size else SMOOTHEST_ALPHA)
    emitters = emitters_of(station, smoothest_alpha=smoothest, colour_channels=1, most=EMITTERS)
    visible = visibility(scene, gbuffer, emitters)
    radiance = shade(gbuffer, appearance, materials_of(surfaces, station), emitters, visible)
    each = len(station.lights) // turns
    return [gbuffer.gathered(radiance[n * each : (n + 1) * each].sum(axis=0))[:, :, 0] for n in range(turns)]


def _soft(light: F32, sigma_px: float) -> F32:
    if sigma_px < 0.2:
        return light
    return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma_px), np.float32)


def _cost(seen: Told, rendered: Told, compare_direction: bool) -> float:
    """Sum of squares in units of what good parts vary by; shading counts as four numbers, not as its many cells."""
    size = (seen.shading.shape[1], seen.shading.shape[0])
    drawn = rendered.shading
    if drawn.shape != seen.shading.shape:
        drawn = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_NEAREST), np.float32)
    off = np.abs(seen.shading - drawn)
    shading = 4 * float(np.nanmean(np.minimum(off / SHADING_ERROR, 3.0) ** 2)) if np.isfinite(off).any() else 0.0
    cost = shading + _square(math.log(seen.contrast / rendered.contrast) / CONTRAST_ERROR)
    cost += _square((seen.skew - rendered.skew) / SKEW_ERROR)
    if compare_direction:
        apart = math.hypot(seen.direction[0] - rendered.direction[0], seen.direction[1] - rendered.direction[1])
        cost += _square(apart / DIRECTION_ERROR)
    return cost


def _square(value: float) -> float:
    """Beyond four errors nothing gets worse: the photograph is then simply not like any render."""
    return min(abs(value), 4.0) ** 2


def _shine(costs: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Weighted by how likely each is, over all azimuths; sure where the ends of the range are clearly worse."""
    by_shine = costs.min(axis=1)
    weight = np.exp(-(by_shine - by_shine.min()) / 2)
    shine = float((weight * np.array(SHINES)).sum() / weight.sum())
    return shine, 1 - math.exp(-float(by_shine.max() - by_shine.min()) / 4)


def _azimuth(costs: npt.NDArray[np.float64], azimuths: Sequence[float]) -> tuple[float, float]:
    by_azimuth = costs.min(axis=0)
    if len(by_azimuth) == 1:
        return 0.0, 1.0
    best = int(np.argmin(by_azimuth))
    angles = np.array(azimuths)
    off = np.abs((angles - angles[best] + 180) % 360 - 180)
    rival = float(by_azimuth[off >= APART_DEG].min() - by_azimuth[best])
    before, after = float(by_azimuth[best - 1]), float(by_azimuth[(best + 1) % len(angles)])
    lowest = float(by_azimuth[best])
    # The lowest point of the parabola through the best and its neighbours.
    bend = max(before + after - 2 * lowest, 1e-9)
    between = min(max((before - after) / (2 * bend), -0.5), 0.5)
    # A photograph that is like none of the renders says little by being least unlike one.
    like = math.exp(-max(0.0, lowest - ALIKE) / ALIKE)
    return float((angles[best] + between * 360 / len(angles)) % 360), like * (1 - math.exp(-rival / 4))
