"""A photograph made ready for flaws: where the part lies in it, how it is lit, how sharp and how noisy it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.mesh import Mesh
from firstshift.line.synth.drawing import nominal_pose
from firstshift.line.synth.onto_order import OntoSettings
from firstshift.line.synth.onto_suiting import check_suits
from firstshift.line.synth.recipe import SurfaceDraw
from firstshift.line.synth.setting_up import part_surfaces
from firstshift.render.gbuffer import F32
from firstshift.render.onto.carrying import Noise, exposure_of, light_channels
from firstshift.render.onto.foreground import foreground_of, worn
from firstshift.render.onto.levels import Levels
from firstshift.render.onto.light import PLANS, FoundLight, estimate_light
from firstshift.render.onto.points import register_points
from firstshift.render.onto.preparing import light_of, prepare_registered
from firstshift.render.onto.registering import Pixels, Registered, plane_under, register_plane
from firstshift.render.onto.silhouette import register_silhouette
from firstshift.render.placing import Sites
from firstshift.render.prepared import Prepared
from firstshift.render.surface import Surface
from firstshift.sensor.edges import find_edges
from firstshift.sensor.profile import SensorProfile
from firstshift.sensor.smooth import high_pass_noise
from firstshift.spec.declared import Range

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage

Flags = npt.NDArray[np.bool_]
WHOLE_PX = 640
"""A photograph up to this size is rendered as a whole, once; of larger ones a window round each flaw."""
SURVEY_PX = 256
BORDER_PX = 3
"""Flaws keep off the outline by this much."""
NOISE_CELL = 24
SHARPNESS_PX = (0.35, 1.5)
"""Edges softer than that are round or out of focus, and tell nothing of the surface in focus."""
ENOUGH_EDGES, SHARP_EDGES = 5, 0.15


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about a photograph: enough to put the same flaw onto it again."""

    registered: Registered
    light: FoundLight
    psf_sigma_px: float
    noise: Noise


@dataclass(slots=True, eq=False)
class OntoReady:
    photograph: Image
    levels: Levels
    light: F32
    """(H, W, C): linear."""
    mask: Flags
    """(H, W): where it shows the part."""
    findings: Findings
    mesh: Mesh
    surfaces: tuple[Surface, ...]
    exposure: F32
    base: Prepared
    """The whole photograph: at its own scale when it is small, coarse otherwise."""
    is_whole: bool
    sites: dict[int, Sites] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        return int(self.base.radiance.shape[2])

    def prepared(self, window: Pixels, like: Prepared | None = None) -> Prepared:
        """`like`: a piece beside another one, without a seam between the two."""
        if self.is_whole:
            return self.base
        found = self.findings
        return prepare_registered(
            found.registered, self.mesh, self.surfaces, colour_channels=self.channels,
            azimuth_deg=found.light.azimuth_deg, window=window, like=like,
        )  # fmt: skip


def levels_of(photograph: Image, stage: Stage, settings: OntoSettings) -> Levels:
    profile = stage.profile
    return Levels.of(photograph, profile.black_level_dn / profile.white_dn, settings.gamma or profile.gamma)


def made_ready(
    photograph: Image, name: str, stage: Stage, settings: OntoSettings, lights: tuple[str, ...],
    known: Findings | None = None,
) -> OntoReady:  # fmt: skip
    """`known`: what was found out earlier about this photograph; without it, it is found out now."""
    channels = checked_channels(photograph, name)
    levels = levels_of(photograph, stage, settings)
    light = levels.linear(photograph.pixels[:, :, channels])
    seen = None if settings.whole else foreground_of(np.clip(light, 0, 1))
    mask = np.ones(light.shape[:2], np.bool_) if seen is None else seen.mask
    registered = known.registered if known else register(name, stage, settings, mask)
    plane = settings.method == "plane"
    mesh = plane_under(registered, stage.plan.part.bodies[0].name) if plane else stage.mesh
    noise = known.noise if known else noise_of(light, mask, stage.profile)
    sharpness = known.psf_sigma_px if known else sharpness_of(light, stage, registered.scale)
    if known:
        found = known.light
    elif settings.plan_light:
        found = PLANS
    else:
        found = estimate_light(
            np.asarray(light.mean(axis=2)), mask, registered, mesh, lambda s, lay: surfaces_of(stage, s, lay), lights,
            noise=float(noise.sigma(np.median(light, keepdims=True)).item()), sharpness_px=sharpness,
        )  # fmt: skip
    surfaces = surfaces_of(stage, found.shine, found.lay_deg)
    longest = max(light.shape[:2])
    whole = longest <= WHOLE_PX
    base = prepare_registered(
        registered, mesh, surfaces, azimuth_deg=found.azimuth_deg, shrink=1.0 if whole else SURVEY_PX / longest,
        colour_channels=3 if len(channels) == 3 and stage.colour_channels == 3 else 1,
    )  # fmt: skip
    # A pose knows better than brightness what is part: a pocket's dark walls are.
    shown = part_in(base, mask.shape) if not plane else worn(mask, BORDER_PX)
    if not shown.any():
        raise BadInput(where=name, expected="a photograph that shows the part", found="none of it")
    exposure = _exposure(light, light_of(base, lights), shown)
    findings = Findings(registered, found, sharpness, noise)
    return OntoReady(photograph, levels, light, shown, findings, mesh, surfaces, exposure, base, whole)


def checked_channels(photograph: Image, name: str) -> list[int]:
    """The channels that are light. Refuses what flaws cannot be put onto."""
    check_suits(photograph.channels, photograph.width, photograph.height, name)
    return light_channels(photograph)


def register(name: str, stage: Stage, settings: OntoSettings, mask: Flags) -> Registered:
    size = (mask.shape[1], mask.shape[0])
    station = stage.plan.station
    if settings.method == "plane":
        return register_plane(station, size, settings.mm_per_pixel, settings.turn_deg)
    if settings.method == "silhouette":
        return register_silhouette(station, stage.mesh, mask, stage.seat)
    by_name = dict(settings.points)
    pairs = by_name.get(name, by_name.get(""))
    if pairs is None:
        raise BadInput(
            where=f"points of {name}", expected=f"one of {', '.join(sorted(by_name))[:200]}", found="none",
            way_out="name the photograph in the file of points, or give one list for all",
        )  # fmt: skip
    numbers = np.array(pairs, dtype=np.float64).reshape(-1, 5)
    return register_points(station, numbers[:, 2:], numbers[:, :2], size, stage.seat)


def surfaces_of(stage: Stage, shine: float, lay_deg: float | None) -> tuple[Surface, ...]:
    """The plan's bodies, all as smooth and glossy as `shine` says within their ranges."""
    nominal = nominal_pose(stage, 1.0)
    drawn = []
    for body, one in zip(stage.plan.part.bodies, nominal.surfaces, strict=True):
        low, high = math.log(body.finish.ra_um.low), math.log(body.finish.ra_um.high)
        gloss = body.finish.gloss or Range(0.0, 1.0)
        drawn.append(SurfaceDraw(body.name, math.exp(high + (low - high) * shine), gloss.at(shine), one.finish_seed))
    surfaces = part_surfaces(stage, replace(nominal, surfaces=tuple(drawn)))
    if lay_deg is None:
        return surfaces
    return tuple(replace(one, lay_deg=lay_deg) if one.lay == "straight" else one for one in surfaces)


def part_in(prepared: Prepared, shape: tuple[int, ...]) -> Flags:
    """(H, W) of the photograph: pixels that the registered part covers whole."""
    import cv2

    gbuffer = prepared.gbuffer
    share = gbuffer.gathered(prepared.scene.on_part(gbuffer).astype(np.float32))[:, :, 0]
    if share.shape != shape:
        share = np.asarray(cv2.resize(share, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(share > 0.98)


def noise_of(light: F32, mask: Flags, profile: SensorProfile) -> Noise:
    """The profile's law, scaled to what the quietest places of the photograph show: a camera's own noise reduction or
    JPEG leave less of it than the sensor had."""
    full = profile.full_scale_e
    floor = (profile.read_noise_e / full) ** 2 + 1 / (12 * profile.white_dn**2)
    plane = light[:, :, light.shape[2] // 2]
    found = []
    for top in range(0, plane.shape[0] - NOISE_CELL + 1, NOISE_CELL):
        for left in range(0, plane.shape[1] - NOISE_CELL + 1, NOISE_CELL):
            cell = np.s_[top : top + NOISE_CELL, left : left + NOISE_CELL]
            if mask[cell].all():
                level = float(plane[cell].mean())
                found.append(high_pass_noise(plane[cell]) ** 2 / (floor + max(level, 0.0) / full))
    factor = float(np.clip(np.percentile(found, 10), 0.01, 2.0)) if found else 1.0
    return Noise(floor * factor, factor / full)


def sharpness_of(light: F32, stage: Stage, scale: float) -> float:
    """Of a camera that was measured, its profile's; else from edges in the photograph, where it has enough of them."""
    if stage.order.profile is not None:
        return stage.profile.psf_sigma_px * scale
    plane = np.ascontiguousarray(light[:, :, light.shape[2] // 2]) * np.float32(255)
    sigmas = [edge.sigma_px for edge in find_edges(plane, None, True)]
    if len(sigmas) < ENOUGH_EDGES:
        return stage.profile.psf_sigma_px
    # Edges are blurred by their own roundness and by defocus, never sharpened: the sharp ones tell.
    return round(float(np.clip(np.quantile(sigmas, SHARP_EDGES), *SHARPNESS_PX)), 3)


def _exposure(light: F32, rendered: F32, mask: Flags) -> F32:
    import cv2

    size = (rendered.shape[1], rendered.shape[0])
    if rendered.shape[:2] != light.shape[:2]:
        small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
        light = np.asarray(small, np.float32).reshape(size[1], size[0], -1)
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    rendered = np.broadcast_to(rendered, light.shape) if rendered.shape[2] == 1 else rendered
    return exposure_of(light, rendered, mask if mask.any() else np.ones_like(mask))
