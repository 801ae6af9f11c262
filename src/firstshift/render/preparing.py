"""A view made ready for images: rays, finish, lamps, shadows and light, in the order in which they happen.

    part = Placed(mesh, seated(plan.part, mesh), first_surface=0)
    prepared = prepare(view_of(plan.station), Scene((part,)), surfaces_of(plan.part, mesh), plan.station)
    image = prepared.layers[0]          # (height, width, C): radiance of the station's first light alone

What comes back is what flaws are stamped onto (`render.stamp`) and what the sensor exposes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from firstshift.render.appearance import Emitters
from firstshift.render.backdrop.panel import PLAIN, Panel, light_behind
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
from firstshift.render.view import View
from firstshift.render.visibility import visibility
from firstshift.spec.station import Station


def prepare(
    view: View,
    scene: Scene,
    surfaces: Sequence[Surface],
    station: Station,
    *,
    lights: Collection[str] | None = None,
    changes: Mapping[str, LightChange] | None = None,
    panel: Panel = PLAIN,
    device: str = "cpu",
) -> Prepared:
    """The scene as the camera sees it, under each of the station's lights apart.

    `surfaces` in the scene's numbers: those of its first object's bodies, then of the next one's. `lights`: names of
    those that are wanted; the radiance of the others stays 0 and costs nothing. `changes`: lamps that hang or shine
    otherwise than the plan says, by name. `panel`: what a back light that is off looks like. `device` as of `shade`.
    """
    gbuffer = scene.cast(view)
    appearance = dress(gbuffer, surfaces, _rotations(scene.placed, len(surfaces)))
    emitters = _wanted(
        emitters_of(
            station,
            smoothest_alpha=smoothest_alpha(appearance, scene.on_part(gbuffer)),
            colour_channels=3 if station.camera.colour == "colour" else 1,
            changes=changes,
            most=MOST_EMITTERS,
        ),
        lights,
    )
    materials = materials_of(surfaces, station)
    visible = softened(scene, gbuffer, emitters, visibility(scene, gbuffer, emitters))
    radiance = shade(gbuffer, appearance, materials, emitters, visible, device=device)
    nothing = gbuffer.surface == NOTHING
    if nothing.any():
        beyond = gbuffer.taken(nothing)
        radiance[:, nothing] = light_behind(scene, view, beyond, emitters, station, changes or {}, panel)
    return Prepared(view, scene, tuple(surfaces), gbuffer, appearance, materials, emitters, visible, radiance)


def _wanted(emitters: Emitters, lights: Collection[str] | None) -> Emitters:
    if lights is None:
        return emitters
    which = np.isin(emitters.light, [number for number, name in enumerate(emitters.names) if name in lights])
    return emitters if which.all() else emitters.taken(which)


def _rotations(placed: tuple[Placed, ...], count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    turns = np.tile(np.eye(3), (count, 1, 1))
    for item in placed:
        for body in range(len(item.mesh.body_names)):
            turns[item.first_surface + body] = item.pose.rotation
    return turns
