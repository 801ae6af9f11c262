"""A pose made ready: scene, rays, finish, light, shading, in the order in which they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.line.synth.recipe import PoseDraw, SurfaceDraw
from firstshift.render.appearance import Emitters
from firstshift.render.backdrop.drawing import Backdrop, drawn_backdrop, plain_backdrop
from firstshift.render.backdrop.panel import PLAIN, drawn_panel, light_behind
from firstshift.render.fineness import MOST_EMITTERS, smoothest_alpha
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import NOTHING
from firstshift.render.lighting import LightChange, emitters_of
from firstshift.render.penumbra import softened
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import CameraPose, Window, view_of
from firstshift.render.visibility import visibility
from firstshift.spec.lights import BackLight
from firstshift.spec.part import Body

if TYPE_CHECKING:
    from firstshift.line.synth.stage import Stage


def prepare(stage: Stage, pose: PoseDraw) -> Prepared:
    station = stage.plan.station
    part_pose = stage.part_pose(pose)
    part = Placed(stage.mesh, part_pose, first_surface=0, is_part=True)
    surfaces = part_surfaces(stage, pose)
    backdrop = _backdrop(stage, pose, part, len(surfaces))
    placed = (part, *(backdrop.placed if backdrop else ()))
    surfaces += backdrop.surfaces if backdrop else ()
    view = view_of(
        station,
        window=Window(*pose.window) if pose.window else None,
        scale=pose.scale,
        camera=CameraPose(pose.camera_tilt_deg, pose.camera_roll_deg, pose.distance_factor),
    )
    scene = Scene(placed)
    gbuffer = scene.cast(view)
    appearance = dress(gbuffer, surfaces, _rotations(placed, len(surfaces)))
    changes = {name: LightChange(shift_mm=shift) for name, shift in pose.light_shift_mm.items()}
    emitters = _chosen(
        stage,
        emitters_of(
            station,
            smoothest_alpha=smoothest_alpha(appearance, scene.on_part(gbuffer)),
            colour_channels=stage.colour_channels,
            changes=changes,
            most=MOST_EMITTERS,
        ),
    )
    materials = materials_of(surfaces, station)
    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))
    radiance = shade(gbuffer, appearance, materials, emitters, visible, device=stage.settings.device)
    nothing = gbuffer.surface == NOTHING
    if nothing.any():
        panel = PLAIN if pose.backdrop_seed is None else drawn_panel(Seed(pose.backdrop_seed))
        beyond = gbuffer.taken(nothing)
        radiance[:, nothing] = light_behind(scene, view, beyond, emitters, station, changes, panel)
    return Prepared(view, scene, surfaces, gbuffer, appearance, materials, emitters, visible, radiance)


def _chosen(stage: Stage, emitters: Emitters) -> Emitters:
    """Without those of lights that are on in none of the channels asked for: their radiance stays 0."""
    on = {name for channel in stage.plan.station.channels if channel.name in stage.channels for name in channel.lights}
    which = np.isin(emitters.light, [number for number, name in enumerate(emitters.names) if name in on])
    return emitters if which.all() else emitters.taken(which)


def part_surfaces(stage: Stage, pose: PoseDraw) -> tuple[Surface, ...]:
    """One for each body of the mesh, in the mesh's order."""
    declared = {body.name: body for body in stage.plan.part.bodies}
    drawn = {one.body: one for one in pose.surfaces}
    low, high = stage.mesh.bounds_mm
    middle = tuple(float(one) for one in (low + high) / 2)
    return tuple(
        _surface(declared[name], drawn[name], (middle[0], middle[1], middle[2]), colour)
        for name, colour in zip(stage.mesh.body_names, _colours(stage), strict=True)
    )


def _colours(stage: Stage) -> tuple[tuple[float, float, float] | None, ...]:
    return stage.mesh.body_colours or (None,) * len(stage.mesh.body_names)


def _surface(
    body: Body,
    drawn: SurfaceDraw,
    middle: tuple[float, float, float],
    colour: tuple[float, float, float] | None,
) -> Surface:
    finish = body.finish
    return Surface(
        name=body.name,
        material=body.material,
        finish=finish.kind,
        ra_um=drawn.ra_um,
        lay=finish.lay_pattern,
        lay_deg=finish.lay_deg,
        lay_centre_mm=middle,
        gloss=drawn.gloss,
        colour=_linear(body.colour) if body.colour else colour,
        finish_seed=drawn.finish_seed,
    )


def _linear(colour: str) -> tuple[float, float, float]:
    """'#rrggbb' (sRGB, IEC 61966-2-1) as linear RGB."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return (r, g, b)


def _backdrop(stage: Stage, pose: PoseDraw, part: Placed, first_surface: int) -> Backdrop | None:
    """What the part lies on; with a back light its panel is there instead, shining or not (`light_behind`)."""
    if any(isinstance(light, BackLight) for light in stage.plan.station.lights):
        return None
    if pose.backdrop_seed is None:
        return plain_backdrop(part, first_surface)
    return drawn_backdrop(Seed(pose.backdrop_seed), part, first_surface)


def _rotations(placed: tuple[Placed, ...], count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    turns = np.tile(np.eye(3), (count, 1, 1))
    for item in placed:
        for body in range(len(item.mesh.body_names)):
            turns[item.first_surface + body] = item.pose.rotation
    return turns


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
