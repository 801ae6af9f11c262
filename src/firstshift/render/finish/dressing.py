"""Each sample of a view gets its finish: `dress` turns a G-buffer and declared surfaces into an `Appearance`.

    rotations = np.stack([pose.rotation for …])            # one for each surface: its object's local → station
    appearance = dress(gbuffer, surfaces, rotations)

Material is the surface's number: row k of `materials_of(surfaces, …)` belongs to surface k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance
from firstshift.render.backdrop.painting import paint
from firstshift.render.backdrop.patterns import pattern_of
from firstshift.render.finish import kernel, placing
from firstshift.render.finish.layer import Course, Finish
from firstshift.render.finish.placing import Levels
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
class Packed:
    """A finish as the kernel takes it."""

    texels: tuple[F32, F32, F32, F32]
    levels: tuple[Levels, Levels, Levels, Levels]
    numbers: F32
    whole: F32
    frame: int

    @classmethod
    def of(cls, finish: Finish, ra_um: float, lay_deg: float) -> Packed:
        rough = finish.layers
        layers = (finish.mottle, rough[0], rough[1] if len(rough) > 1 else None, finish.wave)
        a, b, c, d = (layer.relief.texels if layer else kernel.NO_TEXELS for layer in layers)
        e, f, g, h = (layer.relief.levels if layer else kernel.NO_LEVELS for layer in layers)
        numbers = np.zeros((kernel.PLACES, kernel.USED + 1), np.float32)
        for number, layer in enumerate(layers):
            if layer is not None:
                numbers[number] = (*layer.numbers(lay_deg), kernel.ROUGH if layer in rough else kernel.SLOW)
        whole = [finish.uneven_slope, finish.uneven_tint, *finish.unseen, finish.valley / (1.25 * ra_um), ALPHA_FLOOR]
        frame = _FRAMES.get(rough[0].course, placing.STRAIGHT)
        return cls((a, b, c, d), (e, f, g, h), numbers, np.array(whole, np.float32), frame)


def _dress_one(
    gbuffer: GBuffer, appearance: Appearance, which: npt.NDArray[np.int64], surface: Surface, rotation: F32
) -> None:
    finish = finish_of(surface.finish, surface.ra_um, surface.lay, surface.finish_seed)
    pattern = pattern_of(surface.pattern, surface.pattern_seed) if surface.pattern else None
    if pattern is not None and pattern.relief is not None:
        finish = replace(finish, wave=pattern.relief)
    packed = Packed.of(finish, surface.ra_um, surface.lay_deg)
    kernel.dress_samples(
        which, gbuffer.local_mm, gbuffer.facet, gbuffer.normal, gbuffer.view, gbuffer.across_mm, gbuffer.down_mm,
        rotation, np.array(surface.lay_centre_mm, np.float32), packed.frame, *packed.texels, *packed.levels,
        packed.numbers, packed.whole, appearance.normal, appearance.tangent, appearance.alpha, appearance.tint,
        appearance.occlusion,
    )  # fmt: skip
    for coat in pattern.coats if pattern else ():
        paint(gbuffer, which, coat, rotation, surface.lay_deg, appearance.tint, appearance.occlusion)
