"""Grinding flaws of a tile, as a person's own types: where the wheel did not reach, where it took another pass, scuffs.

- {type: unground, class: fray, size_mm: [3, 20], contrast: [0.2, 0.5]}
- {type: reground, class: uneven, size_mm: [20, 60], contrast: [0.03, 0.3], orientation_deg: [90, 90]}
- {type: scuff, class: mark, length_mm: [1, 8], width_mm: [0.1, 0.4], contrast: [0.05, 0.25]}

`unground`: the surface as it was pressed and fired lies lower; it is darker and has no grinding marks.
`reground`: beyond a line across the marks the wheel cut with other grains or another pressure: marks are coarser or
finer there and the surface is brighter or darker. Drawn with u along the marks (`orientation_deg`).
`scuff`: something dark rubbed off along a wandering line; good tiles have them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstshift.core.imprint import Ground, Imprint, Patch
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import SOFT_CELLS, grid_over
from firstshift.defects.layers import blank, imprint_of, smoothstep
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.outline import blob
from firstshift.defects.path import beside, of_length
from firstshift.spec.catalogue import Defect, Range, Within

Sizes = Annotated[Range, Within(0.1, 200)]
Shares = Annotated[Range, Within(0, 1)]
Angles = Annotated[Range, Within(-360, 360)]


class Unground(Defect):
    """A place that the grinding wheel did not reach."""

    type: Literal["unground"] = Field(description="A place that the grinding wheel did not reach.")
    size_mm: Sizes = Field(description="Diameter of the place, in mm.")
    contrast: Shares = Field(description="How much darker than the ground surface.")
    narrowest: ClassVar[str] = "size_mm"


class UngroundFlaw(DrawnType[Unground]):
    model = Unground
    example = "{type: unground, class: fray, size_mm: [3, 20], contrast: [0.2, 0.5]}"

    def imprint(self, entry: Unground, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        contrast = draws.graded("contrast", entry.contrast)
        shape = draws.generator("shape")
        outline = blob(shape, size, elongation=draws.between("elongation", 1, 2.2), turned_deg=shape.uniform(0, 180))
        u, v = outline.reach_mm
        patch = grid_over(ground, 2.4 * u, 2.4 * v, narrowest_mm=size, most=SOFT_CELLS)
        out, _ = outline.out(patch, 1.2)
        out = np.minimum(out, 2) + 0.05 * np.tanh(noise(shape, (u, v), size / 6, octaves=4, gain=0.6).on(patch))
        soft = draws.between("border", 0.02, 0.12)
        body = smoothstep((1 - out) / soft).astype(np.float32)
        cloud = 1 + 0.15 * np.tanh(noise(shape, (u, v), size / 2, octaves=4, gain=0.6).on(patch))
        darker = (1 - contrast * body * cloud).astype(np.float32)
        return imprint_of(
            patch, draws.recorded, tint=np.repeat(np.clip(darker, 0.02, 2)[..., None], 3, axis=2), hides_finish=body,
            smoothness=(1 + body * np.float32(draws.between("rougher", 0.0, 0.8))).astype(np.float32),
        )  # fmt: skip


class Reground(Defect):
    """Beyond a line the wheel cut differently."""

    type: Literal["reground"] = Field(description="Beyond a line the wheel cut differently.")
    size_mm: Sizes = Field(description="Length of the place along the grinding marks, in mm.")
    width_mm: Sizes = Field(description="Width of the place, in mm; wider than the part reaches from side to side.")
    contrast: Shares = Field(description="How much brighter or darker it is.")
    orientation_deg: Angles = Field(description="Direction of the grinding marks on the part, in degrees.")
    narrowest: ClassVar[str] = "size_mm"


class RegroundFlaw(DrawnType[Reground]):
    model = Reground
    example = (
        "{type: reground, class: uneven, size_mm: [10, 40], width_mm: [10, 50], contrast: [0.03, 0.3], "
        "orientation_deg: [90, 90]}"
    )

    def imprint(self, entry: Reground, ground: Ground, draws: Draws) -> Imprint:
        length, width = draws.graded("size_mm", entry.size_mm), draws.any_of("width_mm", entry.width_mm)
        contrast = draws.graded("contrast", entry.contrast)
        shape = draws.generator("shape")
        patch = grid_over(ground, length + 1, width + 1, narrowest_mm=0.5, most=SOFT_CELLS)
        u, v = patch.u_mm[None, :], patch.v_mm[:, None]
        slant, half = shape.normal(0, 0.15), width / 2
        wander = noise_along(shape, width + 4, width / 3, octaves=5, gain=0.45)(v[:, 0] + half + 2)[:, None]
        begin = -0.3 * length + slant * v + 0.02 * width * wander * shape.uniform(0.2, 2)
        end = 0.45 * length + 0.05 * length * shape.normal() * v / half
        border = draws.between("border_mm", 0.1, 1.2)
        sides = smoothstep((half - np.abs(v)) / draws.between("side_mm", 0.2, 2))
        body = smoothstep((u - begin) / border) * smoothstep((end - u) / 0.5) * sides
        marks = noise(shape, (length, half), (4 * length, draws.between("mark_mm", 0.15, 0.5)), octaves=3, gain=0.7)
        sign = 1 if draws.choice("tone", brighter=2, darker=1) == "brighter" else -1
        fade = np.clip(1 - shape.uniform(0, 1) * (u - begin) / length, 0.15, 1)
        streaks = draws.between("streaks", 0.0, 1.2) * contrast * marks.on(patch)
        change = body * fade * (sign * contrast + np.clip(streaks, -0.4, 1.5))
        seam = -0.6 * contrast * np.exp(-(((u - begin) / (0.6 * border)) ** 2)) * sides * shape.uniform(0, 1)
        tint = np.clip(1 + change + seam * (np.abs(v) < half), 0.3, 3).astype(np.float32)
        tint[:, [0, -1]] = 1
        finer = draws.between("finer", 0.6, 1.3)
        return imprint_of(
            patch, draws.recorded, tint=np.repeat(tint[..., None], 3, axis=2),
            smoothness=(1 + body * np.float32(finer - 1)).astype(np.float32),
        )  # fmt: skip


class Scuff(Defect):
    """Something dark rubbed off along a line."""

    type: Literal["scuff"] = Field(description="Something dark rubbed off along a line.")
    length_mm: Sizes = Field(description="Length of the line, in mm.")
    width_mm: Annotated[Range, Within(0.02, 5)] = Field(description="Width of the line, in mm.")
    contrast: Shares = Field(description="How much darker it is.")
    narrowest: ClassVar[str] = "width_mm"
    longest: ClassVar[str] = "length_mm"


class ScuffFlaw(DrawnType[Scuff]):
    model = Scuff
    example = "{type: scuff, class: mark, length_mm: [1, 8], width_mm: [0.1, 0.4], contrast: [0.05, 0.25]}"

    def imprint(self, entry: Scuff, ground: Ground, draws: Draws) -> Imprint:
        length, width = draws.graded("length_mm", entry.length_mm), draws.any_of("width_mm", entry.width_mm)
        contrast = draws.graded("contrast", entry.contrast)
        shape = draws.generator("shape")
        t = np.linspace(0, 1, 120)
        turn = np.cumsum(noise_along(shape, 1.0, 0.3, octaves=3)(t)) * shape.uniform(0.01, 0.08)
        line = of_length(np.cumsum(np.stack([np.cos(turn), np.sin(turn)], axis=1), axis=0), length)
        line = line - (line.max(axis=0) + line.min(axis=0)) / 2
        far = 1.5 * width
        extent = np.ptp(line, axis=0) + 2 * far
        patch: Patch = grid_over(ground, extent[0], extent[1], narrowest_mm=width, most=SOFT_CELLS)
        near = beside(line, far, patch)
        strength = np.clip(0.55 + 0.6 * noise_along(shape, 1.0, 0.15, octaves=3)(t), 0, 1) * np.sin(np.pi * t) ** 0.3
        body = blank(patch)
        away = near.across_mm / (0.5 * width)
        body.ravel()[near.cell] = np.exp(-(away**2)) * near.interpolated(strength)
        body *= np.clip(1 + 0.5 * noise(shape, (extent[0], extent[1]), width, octaves=2).on(patch), 0, 1.6)
        tint = (1 - contrast * np.clip(body, 0, 1)).astype(np.float32)
        return imprint_of(patch, draws.recorded, tint=np.repeat(tint[..., None], 3, axis=2))


TYPES = (UngroundFlaw(), RegroundFlaw(), ScuffFlaw())
