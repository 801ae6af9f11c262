"""Flaws onto a prepared view: only the pixels they touch are shaded again.

    stamped = stamp(prepared, [(landing, imprint)])
    image[:, stamped.pixel] = stamped.layers        # image: (L, height · width, C)

Each touched sample is split as finely as the flaws on it need, reads height, tint, cover and the rest at its place in
the patches, and is shaded with what is left of the part's own finish. Solids (burrs, chips) are then traced for the
pixels around them. What comes back is the new radiance, the old one, and how much of each pixel every flaw covers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstshift.core.imprint import Imprint
from firstshift.render.gbuffer import F32
from firstshift.render.landing import Landing
from firstshift.render.prepared import Prepared, Stamped
from firstshift.render.stamping.change import change_of
from firstshift.render.stamping.covering import with_stuff
from firstshift.render.stamping.landed import Landed, landed
from firstshift.render.stamping.lit_bodies import LitBodies
from firstshift.render.stamping.mending import (
    Mend,
    Pixels,
    ascending,
    clean_pixels,
    covered_pixels,
    mended,
    most_covered,
    runs_of,
    summed,
)
from firstshift.render.stamping.reshading import Covering, reshaded
from firstshift.render.stamping.sampling import box_means
from firstshift.render.stamping.solid_light import solid_light
from firstshift.render.stamping.splitting import Splinters, sides, split

Coverage = tuple[Pixels, F32]


def stamp(prepared: Prepared, flaws: Sequence[tuple[Landing, Imprint]], bodies: LitBodies | None = None) -> Stamped:
    """`bodies`, given to all calls for one view, saves tracing a body again that stands where it stood."""
    placed = [landed(prepared, landing, imprint) for landing, imprint in flaws]
    coverage = [coverage_of(prepared, flaw) for flaw in placed]
    mends = []
    splinters = _splinters(prepared, placed)
    now: F32 | None = None
    if len(splinters):
        mend, now = _relief(prepared, placed, splinters)
        mends.append(mend)
    for number, (landing, imprint) in enumerate(flaws):
        if imprint.solids:
            found = solid_light(prepared, landing, imprint, now, splinters.rows, bodies)
            mends.extend(found.mends)
            coverage[number] = most_covered(coverage[number], (found.pixel, found.share))
    pixel = ascending(np.concatenate([np.empty(0, np.int32), *(mend.pixel for mend in mends)]))
    clean = clean_pixels(prepared, pixel)
    return Stamped(pixel=pixel, layers=mended(clean, pixel, mends), clean=clean, coverage=tuple(coverage))


def coverage_of(prepared: Prepared, flaw: Landed) -> Coverage:
    """Pixels and how much of each the mask covers, as far as the camera sees it."""
    touched, imprint = flaw.under, flaw.imprint
    ringed = np.pad(imprint.mask.astype(np.float32), 1)  # cells beyond the border are not the flaw
    patch = imprint.patch
    outer = type(patch)(patch.along_mm, patch.across_mm, patch.columns + 2, patch.rows + 2)
    share = box_means(ringed, outer, touched.u, touched.v, touched.wide, touched.high)[:, 0]
    return covered_pixels(prepared.gbuffer, touched.rows, share)


def _splinters(prepared: Prepared, placed: Sequence[Landed]) -> Splinters:
    """Every touched row once, split as finely as the neediest flaw on it asks."""
    rows = ascending(np.concatenate([np.empty(0, np.int64), *(flaw.rows for flaw in placed)]))
    side = np.ones(len(rows), dtype=np.int64)
    for flaw in placed:
        places = np.searchsorted(rows, flaw.rows)
        its = sides(prepared.gbuffer, flaw.rows, flaw.imprint, flaw.bend, flaw.uneven)
        side[places] = np.maximum(side[places], its)
    return split(prepared.gbuffer, rows, side)


def _relief(prepared: Prepared, placed: Sequence[Landed], splinters: Splinters) -> tuple[Mend, F32]:
    """What layers change: shaded at the sub-samples, gathered to rows, then to differences of pixels. Also the radiance
    (L, K, C) that the rows have now."""
    change, cavities = change_of(prepared, splinters, placed)
    stuffs = [flaw.imprint.stuff for flaw in placed]
    materials, of_stuff = with_stuff(prepared.materials, prepared.emitters, [each for each in stuffs if each])
    next_row = iter(of_stuff)
    covering = Covering(
        materials=materials,
        row=np.array([next(next_row) if stuff else -1 for stuff in stuffs], dtype=np.int16),
        roughness=np.array([stuff.roughness if stuff else 1 for stuff in stuffs], dtype=np.float32),
    )
    light = reshaded(prepared, splinters, change, cavities, covering)
    owner = splinters.owner[change.is_changed]
    row = splinters.rows[owner]
    share = (1 / splinters.side[owner] ** 2).astype(np.float32)
    by_row = summed(owner, (light - prepared.radiance[:, row]) * share[:, None], len(splinters.rows))
    touched = ascending(owner)
    rows = splinters.rows[touched]
    pixels, place = runs_of(prepared.gbuffer.pixel[rows])
    weighted = by_row[:, touched] * prepared.gbuffer.weight[rows, None]
    now = (prepared.radiance[:, splinters.rows] + by_row).astype(np.float32)
    return Mend(pixels.astype(np.int32), summed(place, weighted, len(pixels)).astype(np.float32)), now
