"""The stage: what is the same for all images of a plan, and a pose made ready on it.

stage = Stage(Order.of(plan, folder, settings))
ready = stage.ready(pose, "scratch")        # G-buffer, finish, light: once for a pose
mixed(ready.layers, stage.gains(recipe, "dark"))  # lamps, exposure: for each image
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.image import GREY, RGB, Image
from firstshift.core.seed import Seed
from firstshift.line.synth.classes import Drawn
from firstshift.line.synth.framing import Overview, regions_on, why_no_place
from firstshift.line.synth.inputs import hash_of_profile, hash_with_files
from firstshift.line.synth.lit import out_of_focus
from firstshift.line.synth.order import Order
from firstshift.line.synth.recipe import PoseDraw, Recipe
from firstshift.line.synth.setting_up import check_visible, prepare_pose
from firstshift.line.synth.white_plane import spread_over, white_field
from firstshift.render.cad.checking import examine
from firstshift.render.cad.edges import feature_edges
from firstshift.render.cad.openings import openings
from firstshift.render.cad.reading import read_part
from firstshift.render.cad.regions import require_area
from firstshift.render.gbuffer import NOTHING
from firstshift.render.inspected import Inspected, inspected
from firstshift.render.placing import Sites
from firstshift.render.pose import Pose, seated
from firstshift.render.prepared import Prepared
from firstshift.render.rays import Rays
from firstshift.render.stamping.lit_bodies import LitBodies
from firstshift.render.view import View, view_of
from firstshift.sensor.blur import path_px
from firstshift.sensor.expose import expose
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.spec.catalogue import Defect
from firstshift.spec.check_policy import check_distance
from firstshift.spec.facts import derive_facts
from firstshift.spec.lights import BackLight
from firstshift.spec.part import Part

F32 = npt.NDArray[np.float32]
BRIGHT_SHARE, DARK_SHARE = 0.65, 0.2
"""Where the bright end of a good part is set to. In a dark field it stays dark: room above for flaws that shine."""
DARK_FIELD = 0.3
"""A good part this much darker than a white plane is one in a dark field."""
BRIGHT_PERCENTILE = 98.0
MOST_GAIN = 12.0
"""A dark field that shows next to nothing is not turned up for ever: a white matt plane may be this far over white."""
NOMINAL_PX = 192


@dataclass(frozen=True, eq=False)
class Ready:
    """A pose made ready: painting on it costs only what changes from image to image."""

    kind: str
    pose: PoseDraw
    prepared: Prepared
    layers: F32
    """(L, H, W, C): radiance of each lamp alone, of the clean part."""
    confusion_px: F32
    """(H, W)"""
    part: Part
    sites: dict[int, Sites] = field(default_factory=dict)
    """Where each entry of the catalogue may land, worked out when it first does."""
    bodies: LitBodies = field(default_factory=LitBodies)

    @cached_property
    def inspected(self) -> Inspected:
        return inspected(self.prepared, self.part)

    @cached_property
    def blurred(self) -> F32:
        """`layers` out of focus, as they lie on the sensor."""
        return out_of_focus(self.layers, self.confusion_px)


class Stage:
    def __init__(self, order: Order) -> None:
        self.order, self.settings = order, order.settings
        self.types = order.types
        self.declared = order.declared()
        """As the person wrote it; on a plane it is not what is painted from, and tells one run from another."""
        self.plan = plan = order.as_painted(self.declared)
        self.settings.check_against(plan)
        self.mesh = read_part(plan.part, order.folder)
        require_area(plan.part, self.mesh)
        self.seat = seated(plan.part, self.mesh)
        self.profile = order.profile or usual_profile(plan.station.camera)
        self.profile_hash = hash_of_profile(self.profile) if order.profile else None
        self.sensor = _with_bits(self.profile, self.settings.bits)
        named = self.settings.channels or tuple(channel.name for channel in plan.station.channels)
        self.channels = tuple(dict.fromkeys(named))
        self.plan_hash = hash_with_files(self.declared, order.folder, order.defect_files)
        self.run = self.settings.run_name(self.plan_hash, self.profile_hash, self.channels)
        self.region_names = tuple(region.name for region in plan.part.regions) or ("",)
        self.drawn = Drawn.by_models(plan.defects, self.types)
        check_visible(self)
        self.drawn = self._with_a_place()

    @property
    def drawable(self) -> tuple[Defect, ...]:
        return self.drawn.entries

    @cached_property
    def edges(self) -> tuple[Any, ...]:
        return feature_edges(self.mesh)

    @cached_property
    def openings(self) -> tuple[Any, ...]:
        return openings(self.mesh)

    @cached_property
    def part_rays(self) -> Rays:
        """Through the part in its own coordinates: made ready once for all its poses."""
        return Rays(self.mesh.corners_mm)

    @property
    def settings_told(self) -> dict[str, Any]:
        """What `SynthSettings` needs to paint an image again, without the counts."""
        told = asdict(self.settings)
        for name in ("good", "per_defect", "classes", "device", "renderer"):
            del told[name]
        return told | {"channels": list(self.channels)}

    @cached_property
    def image_px(self) -> tuple[int, int]:
        return derive_facts(self.plan).image_px

    @property
    def scale(self) -> float:
        """Pixels of an image for each pixel of the sensor."""
        return min(1.0, self.settings.size_px / max(self.image_px)) if self.settings.framing == "whole" else 1.0

    @cached_property
    def survey_view(self) -> View:
        """The whole image, small: what a heat map is drawn on."""
        return view_of(self.plan.station, scale=min(1.0, NOMINAL_PX / max(self.image_px)))

    @property
    def colour_channels(self) -> int:
        return 3 if self.plan.station.camera.colour == "colour" else 1

    @property
    def by_line(self) -> bool:
        """Whether a line camera takes the images."""
        return self.plan.station.line_scan is not None

    @property
    def doubts_of_part(self) -> tuple[str, ...]:
        return tuple(f"{one.path}: {one.text}; {one.way_out}" for one in examine(self.plan.part, self.mesh))

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should know before the work: it can be done, and may not be what was meant."""
        found = check_distance(self.plan) if self.settings.varied else ()
        said = [*self.doubts_of_part, *(f"{one.path}: {one.text}; {one.way_out}" for one in found)]
        if self.settings.bits > 8 >= self.profile.bits:
            sends = "JPEGs of 8 bits" if self.profile.jpeg_quality is not None else "8 bits"
            said.append(f"the camera sends {sends}: files of 16 bits hold its 256 levels in the upper places")
        return tuple(said)

    def entry_number(self, entry: Defect) -> int:
        return next(number for number, one in enumerate(self.plan.defects) if one is entry)

    def part_pose(self, pose: PoseDraw) -> Pose:
        return self.seat.shaken(shift_mm=pose.shift_mm, turn_deg=pose.turn_deg, tilt_deg=pose.tilt_deg)

    def ready(self, pose: PoseDraw, kind: str) -> Ready:
        prepared = prepare_pose(self, pose)
        return Ready(kind, pose, prepared, prepared.layers, prepared.confusion_px, self.plan.part)

    def gains(self, recipe: Recipe, channel: str) -> F32:
        """(L,): the lamps that are on, each as bright as it is today: what turns radiance into light on the sensor as
        a share of full scale, before lens blur and noise."""
        on = next(one for one in self.plan.station.channels if one.name == channel).lights
        names = [light.name for light in self.plan.station.lights]
        gains = np.array([recipe.light[name] if name in on else 0.0 for name in names], dtype=np.float32)
        return np.asarray(gains * np.float32(self.exposures[channel] * recipe.exposure), dtype=np.float32)

    @property
    def defocuses_lamps(self) -> bool:
        """Whether lamps may be put out of focus one by one: nothing happens to the light before that."""
        return self.sensor.colour != "colour" and self.sensor.illumination is None

    @cached_property
    def exposures(self) -> dict[str, float]:
        """How the engineer would have set each channel: a good part, nominal pose, bright but nowhere white."""
        from firstshift.line.synth.drawing import nominal_pose

        prepared = prepare_pose(self, nominal_pose(self, min(1.0, NOMINAL_PX / max(self.image_px))))
        regions = regions_on(self, prepared.scene, prepared.gbuffer)
        names = [light.name for light in self.plan.station.lights]
        outside = prepared.gbuffer.surface == NOTHING
        found = {}
        for channel in self.plan.station.channels:
            if channel.name not in self.channels:
                continue  # its lights are not shaded
            rows = [names.index(name) for name in channel.lights]
            seen = prepared.radiance[rows].sum(axis=0).max(axis=1)
            # Each region on its own: a chamfer that shines must not leave the face beside it black.
            inspected = [float(np.percentile(seen[mask], BRIGHT_PERCENTILE)) for mask in regions if mask.any()]
            # A back light must not be white; its panel may be, where it is off and lies in the other lamps' light.
            shining = [row for row in rows if isinstance(self.plan.station.lights[row], BackLight)]
            behind = prepared.radiance[shining][:, outside].sum(axis=0).max(axis=1)
            field = float(np.percentile(behind, 50)) if outside.any() else 0.0
            bright = max(statistics.median(inspected) if inspected else 0.0, field)
            white = sum(light.intensity for light in self.plan.station.lights if light.name in channel.lights)
            found[channel.name] = min(_level(bright / white) / max(bright, 1e-9), MOST_GAIN / white)
        return found

    @cached_property
    def white_fields(self) -> dict[str, F32]:
        """For each channel a coarse map of the light on a white plane, mean 1."""
        return {name: white_field(self, name) for name in self.channels}

    def expose(self, signal: F32, ready: Ready, recipe: Recipe, channel: str, *, blurred: bool = False) -> Image:
        """`blurred`: the signal is out of focus already."""
        window = ready.pose.window if ready.pose.scale == 1.0 else None
        light = signal
        if self.sensor.illumination is not None:
            # The measured illumination takes the place of what the declared lights would give on a white plane.
            light = signal / spread_over(self.white_fields[channel], signal.shape[:2], ready.pose, self.image_px)
        image = expose(
            light,
            self.as_seen(recipe),
            confusion_px=None if blurred else ready.confusion_px,
            motion_px=self.motion_px(ready, recipe, channel),
            noise_factor=recipe.noise,
            window=(*window[:2], *self.image_px) if window else None,
            seed=Seed(recipe.sensor_seed).child("expose", channel),
            channels=RGB if signal.shape[2] == 3 else GREY,
            by_line=self.by_line,
        )
        return _in_words_of(image, self.settings.bits)

    def motion_px(self, ready: Ready, recipe: Recipe, channel: str) -> tuple[float, float]:
        """How far a moving part moves while the shutter is open, across and down; of a line camera, for a line."""
        station, prepared = self.plan.station, ready.prepared
        exposure_ms = next(one for one in station.channels if one.name == channel).exposure_ms or 0.0
        if station.line_scan is not None:
            return (0.0, station.line_scan.speed_mm_s * exposure_ms / 1000 / prepared.view.mm_per_pixel[1])
        moved_mm = station.part_speed_mm_s * exposure_ms / 1000
        moved_px = moved_mm / float(np.median(prepared.gbuffer.footprint_mm)) if moved_mm else 0.0
        return path_px(moved_px, recipe.motion_deg)

    def place_on_sensor(self, ready: Ready) -> tuple[int, int, int, int] | None:
        """Left, top, and the size of the whole image; None where the image is the whole one."""
        window = ready.pose.window if ready.pose.scale == 1.0 else None
        return (*window[:2], *self.image_px) if window else None

    def as_seen(self, recipe: Recipe) -> SensorProfile:
        """The camera with this image's sharpness and scale."""
        return _as_seen(self.sensor, recipe.sharpness, recipe.pose.scale, self.by_line)

    def _with_a_place(self) -> Drawn:
        """Without an edge on a region without edges, or a hole where there is none: said once, before the work."""
        from firstshift.line.synth.drawing import nominal_pose

        overview = Overview(self, nominal_pose(self, self.scale))
        return self.drawn.without(lambda entry: why_no_place(self, entry, overview))


def _level(reflected: float) -> float:
    """Full scale share for a good part that sends this much of what a white plane would send."""
    return DARK_SHARE + (BRIGHT_SHARE - DARK_SHARE) * min(1.0, reflected / DARK_FIELD)


def _with_bits(profile: SensorProfile, bits: int) -> SensorProfile:
    """A camera of more bits saved with 8: the same electrons in coarser steps. No camera gets more bits than it has."""
    if profile.bits <= bits:
        return profile
    factor = ((1 << profile.bits) - 1) / ((1 << bits) - 1)
    return profile.model_copy(
        update={
            "bits": bits,
            "gain_e_per_dn": profile.gain_e_per_dn * factor,
            "black_level_dn": profile.black_level_dn / factor,
        }
    )


def _in_words_of(image: Image, bits: int) -> Image:
    """In 16 bits the camera's own levels lie in the upper places, those of a camera of 8 bits as well."""
    if bits == 8 or image.bits == 16:
        return image
    return replace(image, pixels=image.pixels.astype(np.uint16) << np.uint16(8))


def _as_seen(profile: SensorProfile, sharpness: float, scale: float, by_line: bool = False) -> SensorProfile:
    """The camera with this image's sharpness. A shrunk image averages 1/scale² pixels into one: so much more light is
    counted, and what varies from pixel to pixel evens out; under a line camera only across, for every line comes from
    the same pixels."""
    changed: dict[str, object] = {"psf_sigma_px": profile.psf_sigma_px * sharpness * scale}
    if scale < 1:
        calmer = scale**0.5 if by_line else scale
        changed |= {
            "gain_e_per_dn": profile.gain_e_per_dn / scale**2,
            "read_noise_e": profile.read_noise_e / scale,
            "dsnu_e": profile.dsnu_e * calmer / scale**2,
            "prnu": profile.prnu * calmer,
            "chromatic_shift_px": tuple(shift * scale for shift in profile.chromatic_shift_px),
            "hot_pixels": (),
        }
    return profile.model_copy(update=changed)
