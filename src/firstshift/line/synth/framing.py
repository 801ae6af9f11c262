"""Where on the sensor an image is cut out: a window round a place where a flaw of its class may land.

A 5 megapixel camera gives windows at its own scale, because the size of a flaw in pixels is what a model learns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.line.synth.placing import NoPlace, sites_for, turned_deg
from firstshift.line.synth.recipe import PoseDraw
from firstshift.line.synth.setting_up import part_surfaces
from firstshift.render.cad.regions import region_masks
from firstshift.render.gbuffer import GBuffer
from firstshift.render.inspected import MARGIN_PX, Inspected, inspected
from firstshift.render.placing import Sites, Staged, land
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import CameraPose, view_of

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage
    from firstshift.spec.catalogue import Defect

SURVEY_PX = 128
COARSE_MARGIN_PX = 0.5
JITTER = 0.35
"""How far from the window's middle the place may lie, as a share of the window."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """The whole image, coarsely: which of its places belong to the part, and to which region."""

    staged: Staged
    on_part: npt.NDArray[np.bool_]
    regions: npt.NDArray[np.bool_]
    """(R, N)"""


def survey(stage: Stage, pose: PoseDraw) -> Survey:
    staged = _staged(stage, pose, min(1.0, SURVEY_PX / max(stage.image_px)))
    on_part = staged.scene.on_part(staged.gbuffer)
    return Survey(staged, on_part, regions_on(stage, staged.scene, staged.gbuffer))


@dataclass(frozen=True, eq=False)
class Overview:
    """What tells where flaws may land before a pose is made ready: the image itself where it shows the whole view, a
    coarse one where windows are cut out of it."""

    stage: Stage
    pose: PoseDraw

    @cached_property
    def staged(self) -> Staged:
        if is_whole(self.stage):
            return _staged(self.stage, self.pose, self.pose.scale)
        return survey(self.stage, self.pose).staged

    @cached_property
    def shown(self) -> Inspected:
        return inspected(self.staged, self.stage.plan.part, self._margin_px)

    @property
    def _margin_px(self) -> float:
        return MARGIN_PX if is_whole(self.stage) else COARSE_MARGIN_PX

    def sites(self, entry: Defect | None) -> Sites:
        """Raises NoPlace where there is none."""
        return sites_for(self.stage, self.staged, entry, self._margin_px, self.shown)


def is_whole(stage: Stage) -> bool:
    return stage.settings.framing == "whole" or max(stage.image_px) <= stage.settings.size_px


def _staged(stage: Stage, pose: PoseDraw, scale: float) -> Staged:
    scene = Scene((Placed(stage.mesh, stage.part_pose(pose), 0),), alone=stage.part_rays)
    camera = CameraPose(pose.camera_tilt_deg, pose.camera_roll_deg, pose.distance_factor)
    view = view_of(stage.plan.station, scale=scale, camera=camera)
    return Staged(view, scene, part_surfaces(stage, pose), scene.cast(view))


def regions_on(stage: Stage, scene: Scene, gbuffer: GBuffer) -> npt.NDArray[np.bool_]:
    """(R, N): in which of the plan's regions each sample lies; the part is the scene's first object."""
    facet = gbuffer.facet @ scene.placed[0].pose.rotation.astype(np.float32)
    triangle = np.where(scene.on_part(gbuffer), gbuffer.triangle, -1)
    return region_masks(stage.plan.part, stage.mesh, triangle, gbuffer.local_mm, facet)


def frame_pose(stage: Stage, pose: PoseDraw, entry: Defect | None, seed: Seed) -> PoseDraw:
    """The pose with the entry it is for and its window; without a window where the whole image is small enough. Raises
    NoPlace where the part lies so that the entry's flaw finds none."""
    pose = replace(pose, entry=stage.entry_number(entry) if entry is not None else None)
    if entry is None and is_whole(stage):
        return pose
    overview = Overview(stage, pose)
    sites, staged = overview.sites(entry), overview.staged
    if is_whole(stage):
        return pose
    size = stage.settings.size_px
    width, height = stage.image_px
    landing = land(staged, sites, seed.child("spot"))
    x, y = (staged.view.project(landing.position_mm[None])[0] * staged.view.step_px).tolist()
    wide, high = min(size, width), min(size, height)
    x += (2 * seed.uniform("jitter x") - 1) * JITTER * wide
    y += (2 * seed.uniform("jitter y") - 1) * JITTER * high
    left = int(min(max(round(x - wide / 2), 0), width - wide))
    top = int(min(max(round(y - high / 2), 0), height - high))
    return replace(pose, window=(left, top, wide, high))


def why_no_place(stage: Stage, entry: Defect, overview: Overview) -> str:
    """'' where a flaw of this entry can be drawn on the part as the plan has it, which `overview` shows, or at least on
    the part as it may lie; otherwise the reason."""
    from firstshift.line.synth.drawing import poses

    seed = Seed(stage.settings.seed).child("place", entry.class_name)
    try:
        sites = overview.sites(entry)
    except NoPlace as error:
        pose = next(poses(stage, entry.class_name, 0, entry), None)
        if pose is None:
            return error.message
        overview = Overview(stage, pose)
        sites = overview.sites(entry)
    landing = land(overview.staged, sites, seed, turned_deg=turned_deg(entry, overview.pose, seed))
    try:
        draw_flaw(entry, landing.ground, entry.severity[0], seed.child("shape"), stage.types)
    except BadInput as error:
        if entry.usual_place == "edge" and landing.ground.edge is None:
            return error.message
        raise  # a person's own type that does not work is told before the work, not in the middle of it
    return ""
