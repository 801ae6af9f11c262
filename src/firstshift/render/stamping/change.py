"""What all flaws of an image together change at each sub-sample: heights add, tints multiply, and of covers the one
that covers more of it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import ALONG_TEAR, Layer
from firstshift.render.gbuffer import F32
from firstshift.render.prepared import Prepared
from firstshift.render.stamping.bounce import OPEN, Cavity
from firstshift.render.stamping.finding import lit_from
from firstshift.render.stamping.landed import FLAT, NOTHING, Landed
from firstshift.render.stamping.marching import marched
from firstshift.render.stamping.sampling import box_means, relief_means
from firstshift.render.stamping.shadow import Walls
from firstshift.render.stamping.splitting import Splinters, fineness, footprints

HARDLY = 0.3
"""Cells by which a slanting view may miss its place in the relief."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Arrays over S sub-samples, written flaw by flaw."""

    is_changed: npt.NDArray[np.bool_]
    gradient: F32
    """(S, 3): of the added height, in station coordinates; only its part in the tangent plane counts."""
    spread: F32
    """(S, 3): variance of slopes inside the sub-sample: along the appearance's tangent, across it, and of both."""
    height_mm: F32
    tint: F32
    """(S, 3)"""
    smoothness: F32
    hidden_finish: F32
    occlusion: F32
    film: F32
    cover: F32
    stuff: npt.NDArray[np.int16]
    """(S,): which flaw's stuff covers it; −1 for none."""
    lit: F32 | None
    """(S, E): share of each emitter that the flaws' own walls let through; None where no flaw has walls."""
    openness: F32
    """(S,): share of an even sky that they let through."""

    @classmethod
    def none(cls, count: int, emitters: int | None) -> Change:
        def filled(value: float, *shape: int) -> F32:
            return np.full((count, *shape), value, dtype=np.float32)

        lit = None if emitters is None else filled(1, emitters)
        return cls(
            is_changed=np.zeros(count, dtype=np.bool_), gradient=filled(0, 3), spread=filled(0, 3), height_mm=filled(0),
            tint=filled(1, 3), smoothness=filled(1), hidden_finish=filled(0), occlusion=filled(0), film=filled(0),
            cover=filled(0), stuff=np.full(count, -1, dtype=np.int16), lit=lit, openness=filled(1),
        )  # fmt: skip


def change_of(prepared: Prepared, splinters: Splinters, flaws: Sequence[Landed]) -> tuple[Change, list[Cavity]]:
    """Also the sub-samples of each flaw that see its walls."""
    walled = any(flaw.walls is not None for flaw in flaws)
    change = Change.none(len(splinters), len(prepared.emitters) if walled else None)
    cavities: list[Cavity] = []
    for number, flaw in enumerate(flaws):
        if len(flaw.rows):
            _Reader(prepared, splinters, flaw).add_to(change, number, cavities)
    return change, cavities


class _Reader:
    """One flaw's layers at the sub-samples it touches."""

    def __init__(self, prepared: Prepared, splinters: Splinters, flaw: Landed) -> None:
        which = splinters.of_rows(flaw.rows)
        landing, imprint = flaw.landing, flaw.imprint
        self.prepared, self.landing, self.imprint, self.walls = prepared, landing, imprint, flaw.walls
        u, v, _ = landing.to_patch(splinters.position_mm[which]).T
        half_u, half_v = np.float32(imprint.patch.length_mm / 2), np.float32(imprint.patch.width_mm / 2)
        inside = (np.abs(u) <= half_u) & (np.abs(v) <= half_v)
        self.which, u, v = which[inside], u[inside], v[inside]
        owner = splinters.owner[self.which]
        self.row = splinters.rows[owner]
        if imprint.height_mm is not None:
            u, v = self._seen_aslant(u, v, imprint.height_mm)
        fine = np.ones(len(splinters.rows), np.float32)
        fine[np.searchsorted(splinters.rows, flaw.rows)] = fineness(flaw.bend)
        wide, high = footprints(prepared.gbuffer, splinters.rows, landing, fine / splinters.side)
        self.at = (imprint.patch, u, v, wide[owner], high[owner])

    def _seen_aslant(self, u: F32, v: F32, height_mm: Layer) -> tuple[F32, F32]:
        """Where the camera's rays meet the relief, which is not where they meet the plane when they slant."""
        view = self.prepared.gbuffer.view[self.row]
        frame = np.stack([self.landing.u, self.landing.v, self.landing.normal]).astype(np.float32)
        way = -view @ frame.T
        down = np.minimum(way[:, 2], -0.05)
        slant = np.hypot(way[:, 0], way[:, 1]) / -down
        highest, lowest = max(float(height_mm.max()), 0.0), min(float(height_mm.min()), 0.0)
        patch = self.imprint.patch
        if not len(u) or float(slant.max()) * (highest - lowest) < HARDLY * min(patch.along_mm, patch.across_mm):
            return u, v
        rise = np.float32(highest + 1e-6)
        back = rise / down
        start = np.stack([u + way[:, 0] * back, v + way[:, 1] * back, np.full(len(u), rise)], axis=1)
        met, place = marched(height_mm, patch, start.astype(np.float32), way)
        return np.where(met, place[:, 0], u), np.where(met, place[:, 1], v)

    def add_to(self, change: Change, number: int, cavities: list[Cavity]) -> None:
        which, imprint = self.which, self.imprint
        changed = np.zeros(len(which), dtype=np.bool_)
        if imprint.height_mm is not None:
            changed |= self._add_relief(change, imprint.height_mm, cavities)
        if imprint.tint is not None:
            tint = box_means(imprint.tint, *self.at)
            change.tint[which] *= tint
            changed |= (np.abs(tint - 1) > NOTHING).any(axis=1)
        if imprint.smoothness is not None:
            factor = box_means(imprint.smoothness, *self.at)[:, 0]
            change.smoothness[which] *= factor
            changed |= np.abs(factor - 1) > NOTHING
        if imprint.torn is not None:
            torn = box_means(imprint.torn, *self.at)[:, 0]
            self._add_spread(change, np.float32(ALONG_TEAR) * torn, torn, 0.0)
            changed |= torn > NOTHING
        for layer, into in (
            (imprint.occlusion, change.occlusion),
            (imprint.film, change.film),
            (imprint.hides_finish, change.hidden_finish),
        ):
            if layer is not None:
                changed |= self._add_share(layer, into)
        if imprint.stuff is not None and imprint.cover is not None:
            cover = box_means(imprint.cover, *self.at)[:, 0]
            # One stuff for each sub-sample: of what covers it alike the later, which lies on top; but the last per cent
            # at a flaw's rim does not take away what covers the rest.
            over = (cover > NOTHING) & (cover >= change.cover[which])
            change.cover[which[over]], change.stuff[which[over]] = cover[over], number
            changed |= over
        change.is_changed[which] |= changed

    def _add_share(self, layer: Layer, into: F32) -> npt.NDArray[np.bool_]:
        """Shares of what is left: two half covers hide three quarters."""
        share = box_means(layer, *self.at)[:, 0]
        into[self.which] = 1 - (1 - into[self.which]) * (1 - share)
        return np.asarray(share > NOTHING)

    def _add_relief(self, change: Change, height_mm: Layer, cavities: list[Cavity]) -> npt.NDArray[np.bool_]:
        which = self.which
        height, su, sv, suu, svv, suv = relief_means(height_mm, *self.at).T
        u, v = self.landing.u.astype(np.float32), self.landing.v.astype(np.float32)
        change.height_mm[which] += height
        change.gradient[which] += su[:, None] * u + sv[:, None] * v
        self._add_spread(change, *(part * self._unresolved() for part in (suu - su * su, svv - sv * sv, suv - su * sv)))
        flat = FLAT * self.prepared.appearance.alpha[self.row].min(axis=1)
        changed = np.asarray(suu + svv > flat * flat)
        return changed if self.walls is None else changed | self._add_shadow(change, self.walls, cavities)

    def _add_spread(self, change: Change, uu: F32, vv: F32, uv: F32 | float) -> None:
        """Variances of slopes along u, along v and of both, turned into the appearance's own directions."""
        u, v = self.landing.u.astype(np.float32), self.landing.v.astype(np.float32)
        tangent = self.prepared.appearance.tangent[self.row]
        side = np.cross(self.prepared.appearance.normal[self.row], tangent)
        a, b, c, d = tangent @ u, tangent @ v, side @ u, side @ v
        spread = change.spread
        spread[self.which, 0] += np.maximum(uu * a * a + vv * b * b + 2 * uv * a * b, 0)
        spread[self.which, 1] += np.maximum(uu * c * c + vv * d * d + 2 * uv * c * d, 0)
        spread[self.which, 2] += uu * a * c + vv * b * d + uv * (a * d + b * c)

    def _unresolved(self) -> F32:
        """Share of the slopes' variance that lies inside a sub-sample of w cells. A mean is never taken over less than
        a cell, and slopes run evenly from cell to cell: over a cell they spread half as much as the mean of its two
        neighbours says, over less than that with the square."""
        patch, _, _, wide, high = self.at
        cells = np.maximum(wide / np.float32(patch.along_mm), high / np.float32(patch.across_mm)) ** 2
        return np.asarray(np.where(cells < 1, cells / 2, 1 - 1 / (2 * np.maximum(cells, 1))), dtype=np.float32)

    def _add_shadow(self, change: Change, walls: Walls, cavities: list[Cavity]) -> npt.NDArray[np.bool_]:
        _, u, v, wide, high = self.at
        tangents = walls.seen_from(u, v, wide, high)
        walled = tangents.max(axis=1) > walls.least_tan
        near = np.flatnonzero(walled)
        if not len(near):
            return np.asarray(walled)
        rows, owner = np.unique(self.row[near], return_inverse=True)
        gbuffer, which = self.prepared.gbuffer, self.which[near]
        lit = walls.lit(tangents[near], lit_from(gbuffer, rows, gbuffer.position_mm[rows]), gbuffer.normal[rows], owner)
        open_share = walls.openness(tangents[near])
        assert change.lit is not None
        change.lit[which] *= lit
        change.openness[which] *= open_share
        deep = np.flatnonzero(open_share < OPEN)
        uv = np.stack([u[near[deep]], v[near[deep]]], axis=1)
        cavities.append(Cavity(self.landing, self.imprint, walls, which[deep], uv))
        walled[near] = (lit < 1 - NOTHING).any(axis=1) | (open_share < OPEN)
        return np.asarray(walled)
