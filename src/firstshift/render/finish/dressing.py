"""Each sample of a view gets its finish: `dress` turns a G-buffer and declared surfaces into an `Appearance`.

    rotations = np.stack([pose.rotation for …])            # one for each surface: its object's local → station
    appearance = dress(gbuffer, surfaces, rotations)

Material is the surface's number: row k of `materials_of(surfaces, …)` belongs to surface k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance
from firstshift.render.finish import placing
from firstshift.render.finish.layer import Course, Finish, Layer
from firstshift.render.finish.processes import finish_of
from firstshift.render.gbuffer import F32, NOTHING, GBuffer
from firstshift.render.surface import Surface

ALPHA_FLOOR = 0.02
_FRAMES = {Course.CIRCULAR: placing.ROUND, Course.RADIAL: placing.SPOKES}


def dress(gbuffer: GBuffer, surfaces: Sequence[Surface], rotations: npt.ArrayLike) -> Appearance:
    """`rotations` is (S, 3, 3), or one (3, 3) for all: local → station."""
    turns = np.broadcast_to(np.asarray(rotations, np.float32), (len(surfaces), 3, 3))
    bare = _bare(gbuffer)
    order = np.argsort(gbuffer.surface, kind="stable")
    starts = np.searchsorted(gbuffer.surface[order], np.arange(len(surfaces) + 1))
    for number, surface in enumerate(surfaces):
        which = order[starts[number] : starts[number + 1]]
        if len(which):
            _dress_one(gbuffer, bare, which, surface, np.ascontiguousarray(turns[number]))
    return bare


def _bare(gbuffer: GBuffer) -> Appearance:
    count = len(gbuffer)
    return Appearance(
        material=np.where(gbuffer.surface == NOTHING, -1, gbuffer.surface).astype(np.int16),
        normal=gbuffer.normal.copy(),
        tangent=np.tile(np.array([1, 0, 0], np.float32), (count, 1)),
        alpha=np.full((count, 2), ALPHA_FLOOR, np.float32),
        tint=np.ones((count, 3), np.float32),
        occlusion=np.zeros(count, np.float32),
        film=np.zeros(count, np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Where the samples of one surface lie in its own space, and what its layers added up to."""

    which: npt.NDArray[np.int64]
    place: F32
    first: F32
    second: F32
    tangent: F32
    slope: F32
    spread: F32
    height: F32

    @classmethod
    def empty(cls, which: npt.NDArray[np.int64]) -> Frames:
        count = len(which)
        place, first, second, tangent, slope, spread = np.zeros((6, count, 3), np.float32)
        return cls(which, place, first, second, tangent, slope, spread, np.zeros(count, np.float32))


def _dress_one(
    gbuffer: GBuffer, appearance: Appearance, which: npt.NDArray[np.int64], surface: Surface, rotation: F32
) -> None:
    finish = finish_of(surface.finish, surface.ra_um, surface.lay, surface.finish_seed)
    frames = Frames.empty(which)
    centre = np.array(surface.lay_centre_mm, np.float32)
    placing.find_frames(
        which, gbuffer.local_mm, gbuffer.facet, gbuffer.normal, rotation, _frame(finish), centre,
        frames.place, frames.first, frames.second, frames.tangent,
    )  # fmt: skip
    even = np.ones(len(which), np.float32)
    gain = even
    if finish.mottle is not None:
        field = _field(gbuffer, frames, finish.mottle, surface.lay_deg)
        gain = np.exp(np.float32(finish.uneven_slope) * field - np.float32(finish.uneven_slope**2))
        tint = np.exp(np.float32(finish.uneven_tint) * field - np.float32(finish.uneven_tint**2 / 2))
        appearance.tint[which] = tint[:, None]
    for layer in finish.layers:
        _add(gbuffer, frames, layer, surface.lay_deg, gain)
    rough = frames.height.copy() if finish.valley else frames.height
    if finish.wave is not None:
        _add(gbuffer, frames, finish.wave, surface.lay_deg, even)
    unseen = np.array([finish.unseen[0], 0.0, finish.unseen[1]], np.float32)
    frames.spread[...] += unseen * (gain * gain)[:, None]
    placing.tilt_normals(
        which, frames.slope, frames.spread, gbuffer.normal, gbuffer.view, frames.tangent, ALPHA_FLOOR,
        appearance.normal, appearance.tangent, appearance.alpha,
    )  # fmt: skip
    if finish.valley:
        depth = np.clip(-rough / np.float32(1.25 * surface.ra_um), 0, 3)
        appearance.occlusion[which] = np.float32(finish.valley) * depth


def _frame(finish: Finish) -> int:
    return _FRAMES.get(finish.layers[0].course, placing.STRAIGHT)


def _add(gbuffer: GBuffer, frames: Frames, layer: Layer, lay_deg: float, gain: F32) -> None:
    placing.add_layer(
        frames.which, layer.relief.texels, layer.relief.levels, layer.numbers(lay_deg), gain, frames.place,
        frames.first, frames.second, frames.tangent, gbuffer.normal, gbuffer.across_mm, gbuffer.down_mm,
        frames.slope, frames.spread, frames.height,
    )  # fmt: skip


def _field(gbuffer: GBuffer, frames: Frames, layer: Layer, lay_deg: float) -> F32:
    """Height alone of a slow layer."""
    height = np.zeros(len(frames.which), np.float32)
    placing.add_height(
        frames.which, layer.relief.texels, layer.relief.levels, layer.numbers(lay_deg), frames.place,
        frames.first, frames.second, gbuffer.across_mm, gbuffer.down_mm, height,
    )  # fmt: skip
    return height
