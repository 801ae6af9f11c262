"""The inspected surface that one view shows, sample by sample: in which regions each lies, and how much surface it
stands for.

    shown = inspected(stage, part)                          # once for a view
    weights, region = shown.allowed(["top"])                # for each entry of the catalogue
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.cad.regions import region_masks, region_names
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.scene import Scene
from firstshift.spec.part import Part

Flags = npt.NDArray[np.bool_]
MARGIN_PX = 4.0


class Cast(Protocol):
    """What a camera saw of a scene."""

    @property
    def scene(self) -> Scene: ...
    @property
    def gbuffer(self) -> GBuffer: ...


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    """(K,): the samples on the part."""
    masks: Flags
    """(R, K): in which of the regions `names` each of them lies."""
    area_mm2: F32
    """(K,): of the surface that its share of the pixel covers; 0 too close to the border of the image."""
    samples: int
    """Of the whole view."""

    def allowed(self, regions: Sequence[str] = ()) -> tuple[F32, npt.NDArray[np.int16]]:
        """(N,) mm² of inspected surface that each sample stands for, 0 where no flaw of these regions may be (no names:
        of all), and (N,) the first of the regions each sample is in, −1 for none."""
        region, weights = np.full(self.samples, -1, np.int16), np.zeros(self.samples, np.float32)
        for number in reversed([k for k, name in enumerate(self.names) if not regions or name in regions]):
            inside = self.rows[self.masks[number]]
            region[inside] = number
            weights[inside] = self.area_mm2[self.masks[number]]
        return weights, region


def inspected(cast: Cast, part: Part, margin_px: float = MARGIN_PX) -> Inspected:
    gbuffer = cast.gbuffer
    owner = cast.scene.placed_of(gbuffer.surface)
    found, masks = [np.empty(0, np.int64)], [np.empty((len(region_names(part)), 0), np.bool_)]
    for number, item in enumerate(cast.scene.placed):
        rows = np.flatnonzero(owner == number) if item.is_part else np.empty(0, np.int64)
        if len(rows):
            facet = gbuffer.facet[rows] @ item.pose.rotation.astype(np.float32)
            found.append(rows)
            masks.append(region_masks(part, item.mesh, gbuffer.triangle[rows], gbuffer.local_mm[rows], facet))
    rows = np.concatenate(found)
    area = np.empty(len(rows), np.float32)
    _areas(
        gbuffer.pixel, gbuffer.offset_px, gbuffer.weight, gbuffer.across_mm, gbuffer.down_mm, rows,
        (gbuffer.width, gbuffer.height, margin_px), area,
    )  # fmt: skip
    return Inspected(region_names(part), rows, np.concatenate(masks, axis=1), area, len(gbuffer))


def areas_slowly(gbuffer: GBuffer, rows: npt.NDArray[np.int64], margin_px: float) -> F32:
    """The readable twin of the kernel: the parallelogram that a step right and a step down span."""
    row, column = np.divmod(gbuffer.pixel[rows], np.int32(gbuffer.width))
    x, y = column + 0.5 + gbuffer.offset_px[rows, 0], row + 0.5 + gbuffer.offset_px[rows, 1]
    inside = (np.minimum(x, y) >= margin_px) & (x <= gbuffer.width - margin_px) & (y <= gbuffer.height - margin_px)
    area = np.linalg.norm(np.cross(gbuffer.across_mm[rows], gbuffer.down_mm[rows]), axis=1)
    return np.asarray(gbuffer.weight[rows] * area * inside, dtype=np.float32)


@njit(cache=True, nogil=True)
def _areas(pixel, offset, weight, across, down, rows, size, out):  # type: ignore[no-untyped-def]
    width, height, margin = size
    for k in range(len(rows)):
        i = rows[k]
        x, y = pixel[i] % width + 0.5 + offset[i, 0], pixel[i] // width + 0.5 + offset[i, 1]
        if x < margin or y < margin or x > width - margin or y > height - margin:
            out[k] = 0.0
            continue
        cx = across[i, 1] * down[i, 2] - across[i, 2] * down[i, 1]
        cy = across[i, 2] * down[i, 0] - across[i, 0] * down[i, 2]
        cz = across[i, 0] * down[i, 1] - across[i, 1] * down[i, 0]
        out[k] = weight[i] * math.sqrt(cx * cx + cy * cy + cz * cz)
