"""Grinding flaws of a tile, as a person's own types: where the wheel did not reach, where it took another pass, scuffs.

- {type: unground, class: fray, size_mm: [3, 20], contrast: [0.2, 0.5]}
- {type: reground, class: uneven, size_mm: [20, 60], contrast: [0.03, 0.3], orientation_deg: [90, 90]}
- {type: scuff, class: mark, length_mm: [1, 8], width_mm: [0.1, 0.4], contrast: [0.05, 0.25]}
- {type: split, class: crack, length_mm: [4, 30], width_mm: [0.1, 0.4], contrast: [0.2, 0.6]}

`unground`: the surface as it was pressed and fired lies lower; it is darker and has no grinding marks.
`reground`: beyond a line across the marks the wheel cut with other grains or another pressure: marks are coarser or
finer there and the surface is brighter or darker. Drawn with u along the marks (`orientation_deg`).
`scuff`: something dark rubbed off along a wandering line; good tiles have them.
`split`: a crack of the pressed body: long, nearly straight, along the marks, dark all the way.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
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
Floats = npt.NDArray[np.float64]


class Unground(Defect):
    """A place that the grinding wheel did not reach."""

    type: Literal["unground"] = Field(description="A place that the grinding wheel did not reach.")
    size_mm: Sizes = Field(description="Diameter of the place, in mm.")
    contrast: Shares = Field(description="How much darker than the ground surface.")
    ripples: Shares = Field(default=Range(0, 0), description="Contrast of the rings that a shell-like break has.")
    orientation_deg: Angles = Field(default=Range(80, 100), description="Direction of its longer side, in degrees.")
    narrowest: ClassVar[str] = "size_mm"


class UngroundFlaw(DrawnType[Unground]):
    model = Unground
    example = "{type: unground, class: fray, size_mm: [3, 20], contrast: [0.2, 0.5]}"

    def imprint(self, entry: Unground, ground: Ground, draws: Draws) -> Imprint:
        size = draws.graded("size_mm", entry.size_mm)
        contrast = draws.graded("contrast", entry.contrast)
        ripples = draws.any_of("ripples", entry.ripples)
        shape = draws.generator("shape")
        outline = blob(
            shape, size, elongation=draws.between("elongation", 1, 2.8), turned_deg=shape.normal(0, 15), rough=0.1,
            squareness=shape.uniform(1.8, 4),
        )  # fmt: skip
        u, v = outline.reach_mm
        patch = grid_over(ground, 2.5 * u, 2.5 * v, narrowest_mm=size, most=SOFT_CELLS)
        out, _ = outline.out(patch, 1.25)
        out = np.minimum(out, 2) + 0.05 * np.tanh(noise(shape, (u, v), size / 6, octaves=4, gain=0.6).on(patch))
        soft = min(1.0, draws.between("border_mm", 0.08, 0.35) / size)
        body = smoothstep((1.02 - out) / soft).astype(np.float32)
        cloud = 1 + 0.25 * np.tanh(noise(shape, (u, v), size / 2, octaves=5, gain=0.7).on(patch))
        darker = 1 - contrast * body * cloud * (1 - draws.between("fading", 0, 0.6) * np.clip(out, 0, 1) ** 2)
        middle = shape.normal(0, 0.6, 2) * (u, v)
        away = np.hypot(patch.u_mm[None, :] - middle[0], patch.v_mm[:, None] - middle[1]) / size
        darker += ripples * body * np.sin(2 * np.pi * (shape.uniform(2, 6) * away + 0.3 * cloud))
        # Where the depth begins there is a step: it throws a shade or catches light.
        step = np.exp(-(((out - 1) * size / 2 / shape.uniform(0.1, 0.3)) ** 2))
        darker += contrast * shape.normal(-0.25, 0.45) * step * np.clip(cloud - 0.4, 0, 2)
        tint = np.clip(darker, 0.02, 2).astype(np.float32)
        return imprint_of(
            patch, draws.recorded, tint=np.repeat(tint[..., None], 3, axis=2), hides_finish=body,
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
            hides_finish=(0.3 * body).astype(np.float32),
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
        strength = np.clip(0.55 + 0.6 * noise_along(shape, 1.0, 0.15, octaves=3)(t), 0, 1) * np.sin(np.pi * t) ** 0.3
        return _dark_line(ground, draws, shape, turn, strength, (length, width, contrast))


class Split(Defect):
    """The tile parted along the direction in which it was pressed and ground."""

    type: Literal["split"] = Field(description="The tile parted along a long, nearly straight line.")
    length_mm: Sizes = Field(description="Length of the line, in mm.")
    width_mm: Annotated[Range, Within(0.02, 5)] = Field(description="Width of the line, in mm.")
    contrast: Shares = Field(description="How much darker it is.")
    orientation_deg: Angles = Field(default=Range(80, 100), description="Direction in the surface, in degrees.")
    narrowest: ClassVar[str] = "width_mm"
    longest: ClassVar[str] = "length_mm"


class SplitFlaw(DrawnType[Split]):
    model = Split
    example = "{type: split, class: crack, length_mm: [4, 30], width_mm: [0.1, 0.4], contrast: [0.2, 0.6]}"

    def imprint(self, entry: Split, ground: Ground, draws: Draws) -> Imprint:
        length, width = draws.graded("length_mm", entry.length_mm), draws.any_of("width_mm", entry.width_mm)
        contrast = draws.graded("contrast", entry.contrast)
        shape = draws.generator("shape")
        t = np.linspace(0, 1, 200)
        turn = shape.uniform(0.0, 1.0) ** 2 * 0.2 * noise_along(shape, 1.0, 0.4, octaves=2)(t)
        turn += (
            shape.uniform(0.0, 1.0) ** 2 * 0.4 * noise_along(shape, 1.0, min(0.3, 1.5 / length), octaves=3, gain=0.7)(t)
        )
        uneven = np.clip(0.85 + 0.25 * noise_along(shape, 1.0, min(0.5, 3 / length), octaves=3)(t), 0.15, 1.2)
        tips = np.minimum(1, (1 - t) / shape.uniform(0.02, 0.4)) * np.minimum(1, t / shape.uniform(0.01, 0.2))
        return _dark_line(ground, draws, shape, turn, uneven * tips**0.7, (length, width, contrast))


def _dark_line(
    ground: Ground, draws: Draws, shape: np.random.Generator, turn: Floats, strength: Floats,
    sizes: tuple[float, float, float],
) -> Imprint:  # fmt: skip
    """Along a line with these headings; `sizes`: length and width in mm, contrast."""
    length, width, contrast = sizes
    line = of_length(np.cumsum(np.stack([np.cos(turn), np.sin(turn)], axis=1), axis=0), length)
    line = line - (line.max(axis=0) + line.min(axis=0)) / 2
    far = 1.5 * width
    extent = np.ptp(line, axis=0) + 2 * far
    patch: Patch = grid_over(ground, extent[0], extent[1], narrowest_mm=width, most=SOFT_CELLS)
    near = beside(line, far, patch)
    body = blank(patch)
    away = near.across_mm / (0.5 * width)
    body.ravel()[near.cell] = np.exp(-(away**2)) * near.interpolated(strength)
    body *= np.clip(1 + 0.5 * noise(shape, (extent[0], extent[1]), width, octaves=2).on(patch), 0, 1.6)
    tint = (1 - contrast * np.clip(body, 0, 1)).astype(np.float32)
    return imprint_of(patch, draws.recorded, tint=np.repeat(tint[..., None], 3, axis=2))


TYPES = (UngroundFlaw(), RegroundFlaw(), ScuffFlaw(), SplitFlaw())
