"""Touched pixels, split into as many sub-samples as the flaws on them need.

One sample of a pixel speaks for a square of the surface. Where a patch changes within that square in a way that light
does not follow in proportion (slopes), the square is split into k × k; what light follows in proportion (tint, cover)
is averaged over the square exactly, without splitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Imprint
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.landing import Landing
from firstshift.render.stamping.finding import Rows, spans

MOST = 6
"""Sub-samples along one side of a pixel: the finest that a pixel of the usual patch (4 cells a pixel) can use."""
BENT = 0.08
"""Slopes that change by more than this from cell to cell shine in ways that their mean does not."""
SHARP = 0.3
"""Slopes that change by more than this are also looked at twice in each cell."""
TURN = 0.03
"""Slopes that turn by this much within a sub-sample are well enough described by their mean and their variance."""
ENOUGH = 40_000
"""Sub-samples for one flaw; a dent across the whole image has no detail that needs more."""


@dataclass(frozen=True, slots=True, eq=False)
class Splinters:
    """S sub-samples of K rows of a G-buffer."""

    rows: Rows
    """(K,): ascending"""
    owner: npt.NDArray[np.int64]
    """(S,): which of `rows`."""
    side: npt.NDArray[np.int64]
    """(K,): sub-samples along one side of the row's square."""
    position_mm: F32
    """(S, 3)"""

    def __len__(self) -> int:
        return len(self.owner)

    def of_rows(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Sub-samples that belong to these rows, which must all be among `self.rows`."""
        places = np.searchsorted(self.rows, rows)
        count = self.side * self.side
        first = np.cumsum(count) - count
        return spans(first[places], count[places])


def _offsets() -> F32:
    """(MOST + 1, MOST², 2): where the sub-samples of a pixel split in k × k lie, around its centre.

    No grid: seen along any direction they are spread evenly (Roberts 2018, R2 sequence), so that a groove thinner than
    a pixel divided by k is still met by its share of them, whichever way it runs."""
    table = np.zeros((MOST + 1, MOST * MOST, 2))
    for k in range(1, MOST + 1):
        points = np.mod(np.arange(k * k)[:, None] * [0.7548776662466927, 0.5698402909980532] + 0.5, 1)
        table[k, : k * k] = points - points.mean(axis=0)
    return table.astype(np.float32)


def sides(
    gbuffer: GBuffer, rows: Rows, imprint: Imprint, bend: F32, uneven: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """(K,): how finely each row is to be split for one flaw whose slopes change by `bend` (K,) from cell to cell there:
    as finely as slopes turn within the square, but no finer than its cells are (twice as fine where they are sharp);
    in two where the roughness is uneven."""
    side = np.where(uneven, 2, 1)
    if imprint.height_mm is None:
        return side
    cell = min(imprint.patch.along_mm, imprint.patch.across_mm)
    square = np.maximum(_length(gbuffer.across_mm[rows]), _length(gbuffer.down_mm[rows]))
    cells = square * np.sqrt(gbuffer.weight[rows]) / np.float32(cell)
    wanted = np.minimum(cells * np.where(bend > SHARP, 2, 1), cells * bend / np.float32(TURN))
    side = np.maximum(side, np.clip(np.ceil(wanted - 0.05), 1, MOST).astype(np.int64))
    for most in range(MOST - 1, 0, -1):
        if int((side * side).sum()) <= ENOUGH:
            break
        side = np.minimum(side, most)
    return side


def fineness(bend: F32) -> F32:
    """Side of the box that a sub-sample averages over, as a share of the distance between sub-samples. Sharp detail is
    looked at in smaller boxes: a mean slope over a whole groove says nothing about how it shines."""
    return np.where(bend > BENT, np.float32(0.25), np.float32(1)).astype(np.float32)


def split(gbuffer: GBuffer, rows: Rows, side: npt.NDArray[np.int64]) -> Splinters:
    count = side * side
    owner = np.repeat(np.arange(len(rows)), count)
    place = spans(np.zeros(len(rows), dtype=np.int64), count)
    # A sample of weight ¼ speaks for a quarter of its pixel.
    spread = np.sqrt(gbuffer.weight[rows])[owner]
    offset = _OFFSETS[side[owner], place] * spread[:, None]
    right, down = offset[:, 0], offset[:, 1]
    row = rows[owner]
    position = gbuffer.position_mm[row] + gbuffer.across_mm[row] * right[:, None] + gbuffer.down_mm[row] * down[:, None]
    return Splinters(rows, owner, side, position.astype(np.float32))


def footprints(gbuffer: GBuffer, rows: Rows, landing: Landing, share: npt.NDArray[np.floating]) -> tuple[F32, F32]:
    """Extent along u and v of the square that `share` of a pixel's side sees: the box with the same second moments."""
    along = np.stack([gbuffer.across_mm[rows], gbuffer.down_mm[rows]])
    share = share.astype(np.float32) * np.sqrt(gbuffer.weight[rows])
    u = _length((along @ landing.u.astype(np.float32)).T) * share
    v = _length((along @ landing.v.astype(np.float32)).T) * share
    return u.astype(np.float32), v.astype(np.float32)


def _length(vectors: F32) -> F32:
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=1)), dtype=np.float32)


_OFFSETS = _offsets()
