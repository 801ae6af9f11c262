"""Changes of samples, gathered to the pixels they belong to.

What is gathered is the *difference* to the clean sample: where nothing changes the pixel stays as it was, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.finding import spans

Pixels = npt.NDArray[np.int32]
Number = TypeVar("Number", np.int32, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Mend:
    """Differences to add to pixels; a pixel may come several times."""

    pixel: Pixels
    """(D,)"""
    difference: F32
    """(L, D, C): weight included."""


def ascending(numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The different numbers, ascending. `np.unique` hashes, which takes ten times as long on whole pixels."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def runs_of(numbers: npt.NDArray[Number]) -> tuple[npt.NDArray[Number], npt.NDArray[np.int64]]:
    """Of numbers in ascending order the different ones, and which of them each is."""
    if not len(numbers):
        return numbers, np.zeros(0, np.int64)
    begins = np.append(True, numbers[1:] != numbers[:-1])
    return numbers[begins], np.cumsum(begins) - 1


def clean_pixels(prepared: Prepared, pixel: Pixels) -> F32:
    """(L, P, C): the clean radiance of these pixels, summed as `GBuffer.gathered` does."""
    gbuffer, radiance = prepared.gbuffer, prepared.radiance
    first, count = gbuffer.samples_of(pixel)
    rows = spans(first, count)
    owner = np.repeat(np.arange(len(pixel)), count)
    weighted = radiance[:, rows].astype(np.float64) * gbuffer.weight[rows, None]
    return summed(owner, weighted, len(pixel)).astype(np.float32)


def mended(clean: F32, pixel: Pixels, mends: list[Mend]) -> F32:
    """(L, P, C): clean radiance and all differences; radiance is never negative."""
    total = clean.astype(np.float64)
    for mend in mends:
        total += summed(np.searchsorted(pixel, mend.pixel), mend.difference, len(pixel))
    return np.maximum(total, 0).astype(np.float32)


def summed(owner: npt.NDArray[np.integer], values: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.float64]:
    """(L, N, C) values added up by owner: (L, count, C)."""
    lights, _, colours = values.shape
    sums = [[np.bincount(owner, values[i, :, c], count) for c in range(colours)] for i in range(lights)]
    return np.moveaxis(np.array(sums, dtype=np.float64).reshape(lights, colours, count), 1, 2)


def covered_pixels(gbuffer: GBuffer, rows: npt.NDArray[np.int64], share: F32) -> tuple[Pixels, F32]:
    """Shares of rows, which ascend, as shares of pixels: those that are covered at all, ascending."""
    pixels, owner = runs_of(gbuffer.pixel[rows])
    total = np.bincount(owner, share * gbuffer.weight[rows], len(pixels))
    seen = total > 1e-4
    return pixels[seen].astype(np.int32), np.minimum(total[seen], 1).astype(np.float32)


def most_covered(one: tuple[Pixels, F32], other: tuple[Pixels, F32]) -> tuple[Pixels, F32]:
    """Two coverages as one: of each pixel the larger share."""
    pixel = ascending(np.concatenate([one[0], other[0]]))
    share = np.zeros(len(pixel), dtype=np.float32)
    for its_pixels, its_share in (one, other):
        place = np.searchsorted(pixel, its_pixels)
        share[place] = np.maximum(share[place], its_share)
    return pixel, share
