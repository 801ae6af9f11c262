"""A pose of the plan made ready: its part, backdrop, camera and lamps, then `render.preparing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.line.synth.recipe import PoseDraw
from firstshift.render.backdrop.drawing import Backdrop, drawn_backdrop, plain_backdrop
from firstshift.render.backdrop.panel import PLAIN, drawn_panel
from firstshift.render.lighting import LightChange
from firstshift.render.prepared import Prepared
from firstshift.render.preparing import prepare
from firstshift.render.scene import Placed, Scene
from firstshift.render.surface import Surface, middle_of, surface_of
from firstshift.render.view import CameraPose, Window, view_of
from firstshift.spec.lights import BackLight

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage


def prepare_pose(stage: Stage, pose: PoseDraw) -> Prepared:
    station = stage.plan.station
    part = Placed(stage.mesh, stage.part_pose(pose), first_surface=0, is_part=True)
    surfaces = part_surfaces(stage, pose)
    backdrop = _backdrop(stage, pose, part, len(surfaces))
    view = view_of(
        station,
        window=Window(*pose.window) if pose.window else None,
        scale=pose.scale,
        camera=CameraPose(pose.camera_tilt_deg, pose.camera_roll_deg, pose.distance_factor),
    )
    return prepare(
        view,
        Scene((part, *(backdrop.placed if backdrop else ()))),
        surfaces + (backdrop.surfaces if backdrop else ()),
        station,
        lights={name for one in station.channels if one.name in stage.channels for name in one.lights},
        changes={name: LightChange(shift_mm=shift) for name, shift in pose.light_shift_mm.items()},
        panel=PLAIN if pose.backdrop_seed is None else drawn_panel(Seed(pose.backdrop_seed)),
        device=stage.settings.device,
    )


def part_surfaces(stage: Stage, pose: PoseDraw) -> tuple[Surface, ...]:
    """One for each body of the mesh, in the mesh's order."""
    mesh = stage.mesh
    declared = {body.name: body for body in stage.plan.part.bodies}
    drawn = {one.body: one for one in pose.surfaces}
    middle, colours = middle_of(mesh), mesh.body_colours or (None,) * len(mesh.body_names)
    return tuple(
        surface_of(
            declared[name],
            ra_um=drawn[name].ra_um,
            gloss=drawn[name].gloss,
            finish_seed=drawn[name].finish_seed,
            lay_centre_mm=middle,
            colour=colour,
        )
        for name, colour in zip(mesh.body_names, colours, strict=True)
    )


def _backdrop(stage: Stage, pose: PoseDraw, part: Placed, first_surface: int) -> Backdrop | None:
    """What the part lies on; with a back light its panel is there instead, shining or not (`light_behind`)."""
    if any(isinstance(light, BackLight) for light in stage.plan.station.lights):
        return None
    if pose.backdrop_seed is None:
        return plain_backdrop(part, first_surface)
    return drawn_backdrop(Seed(pose.backdrop_seed), part, first_surface)


def check_visible(stage: Stage) -> None:
    """A part that the camera does not see, or a region outside its field of view, is refused before the work."""
    from firstshift.line.synth.drawing import nominal_pose
    from firstshift.line.synth.framing import survey

    found = survey(stage, nominal_pose(stage, 1.0))
    if not found.on_part.any():
        size = "×".join(f"{length:.4g}" for length in stage.mesh.size_mm)
        raise BadInput(
            where="station",
            expected="the part in the camera's field of view",
            found=f"nothing of the part ({size} mm)",
            way_out="`firstshift plan show` tells the field of view; check working_distance_mm and placement",
        )
    for name, mask in zip(stage.region_names, found.regions, strict=True):
        if not mask.any():
            raise BadInput(
                where=f"part.regions {name!r}" if name else "part",
                expected="a surface that the camera sees",
                found="none of it in the image",
                way_out="it may look away from the camera (placement.up) or lie outside the field of view",
            )
