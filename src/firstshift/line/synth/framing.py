"""Where on the sensor an image is cut out: a window round a place where a flaw of its class may land.

A 5 megapixel camera gives windows at its own scale, because the size of a flaw in pixels is what a model learns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.line.synth.placing import sites_for
from firstshift.line.synth.recipe import PoseDraw
from firstshift.line.synth.setting_up import part_surfaces
from firstshift.render.cad.regions import region_masks
from firstshift.render.gbuffer import GBuffer
from firstshift.render.placing import Staged, land
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import CameraPose, view_of

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage
    from firstshift.spec.catalogue import Defect

SURVEY_PX = 128
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
    part_pose = stage.part_pose(pose)
    scene = Scene((Placed(stage.mesh, part_pose, 0),), alone=stage.part_rays)
    camera = CameraPose(pose.camera_tilt_deg, pose.camera_roll_deg, pose.distance_factor)
    view = view_of(stage.plan.station, scale=min(1.0, SURVEY_PX / max(stage.image_px)), camera=camera)
    gbuffer = scene.cast(view)
    staged = Staged(view, scene, part_surfaces(stage, pose), gbuffer)
    return Survey(staged, scene.on_part(gbuffer), regions_on(stage, scene, gbuffer))


def regions_on(stage: Stage, scene: Scene, gbuffer: GBuffer) -> npt.NDArray[np.bool_]:
    """(R, N): in which of the plan's regions each sample lies; the part is the scene's first object."""
    facet = gbuffer.facet @ scene.placed[0].pose.rotation.astype(np.float32)
    triangle = np.where(scene.on_part(gbuffer), gbuffer.triangle, -1)
    return region_masks(stage.plan.part, stage.mesh, triangle, gbuffer.local_mm, facet)


def frame_pose(stage: Stage, pose: PoseDraw, kind: str, seed: Seed) -> PoseDraw:
    """The pose with the entry it is for and its window; without a window where the whole image is small enough."""
    entry = _entry_of(stage, kind, seed)
    pose = replace(pose, entry=stage.entry_number(entry) if entry is not None else None)
    size = stage.settings.size_px
    width, height = stage.image_px
    if stage.settings.framing == "whole" or (width <= size and height <= size):
        return pose
    staged = survey(stage, pose).staged
    landing = land(staged, sites_for(stage, staged, entry, margin_px=0.5), seed.child("spot"))
    x, y = (staged.view.project(landing.position_mm[None])[0] * staged.view.step_px).tolist()
    wide, high = min(size, width), min(size, height)
    x += (2 * seed.uniform("jitter x") - 1) * JITTER * wide
    y += (2 * seed.uniform("jitter y") - 1) * JITTER * high
    left = int(min(max(round(x - wide / 2), 0), width - wide))
    top = int(min(max(round(y - high / 2), 0), height - high))
    return replace(pose, window=(left, top, wide, high))


def _entry_of(stage: Stage, kind: str, seed: Seed) -> Defect | None:
    """One of the class's entries, as often as their frequencies say; None for good parts."""
    entries = [entry for entry in stage.drawable if kind == entry.class_name]
    entries = [entry for entry in entries if entry.frequency > 0] or entries
    if not entries:
        return None
    weights = np.cumsum([max(entry.frequency, 1e-9) for entry in entries])
    at = int(np.searchsorted(weights, seed.uniform("entry") * weights[-1], side="right"))
    return entries[min(at, len(entries) - 1)]
