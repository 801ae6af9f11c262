"""Where a flaw of relief ends: at the edges of its face. A tip that scratches does not bend over a chamfer, and a crack
in one face is another line on the next.

A sample belongs to the landing's face when its normal lies within CREASE of the landing's, or when a way leads there
over neighbouring pixels whose normals turn by less than CREASE from one to the next: rounded corners and cylinders are
one face, as fillets are that the camera resolves.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.landing import Landing

CREASE_COS = np.float32(math.cos(math.radians(25)))
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def on_one_face(gbuffer: GBuffer, rows: Rows, landing: Landing) -> Flags:
    """(K,): which of `rows` (ascending) lie on the landing's face."""
    normal = np.ascontiguousarray(gbuffer.normal[rows])
    level = normal @ landing.normal.astype(np.float32) >= CREASE_COS
    if level.all():
        return level
    y, x = np.divmod(gbuffer.pixel[rows].astype(np.int64), gbuffer.width)
    left, top = int(x.min()), int(y.min())
    wide, high = int(x.max()) - left + 1, int(y.max()) - top + 1
    at = (y - top) * wide + x - left
    first = np.searchsorted(at, np.arange(wide * high + 1)).astype(np.int64)
    _grow(at, first, wide, high, normal, CREASE_COS, level)
    return level


@njit(cache=True, nogil=True)
def _grow(at: Rows, first: Rows, wide: int, high: int, normal: F32, least: np.float32, joined: Flags) -> None:
    """Joins whatever lies beside what has joined already and looks nearly the same way."""
    waiting = np.empty(len(at), np.int64)
    count = 0
    for k in range(len(at)):
        if joined[k]:
            waiting[count] = k
            count += 1
    while count > 0:
        count -= 1
        k = waiting[count]
        y, x = at[k] // wide, at[k] % wide
        for row in range(max(y - 1, 0), min(y + 2, high)):
            begin, end = first[row * wide + max(x - 1, 0)], first[row * wide + min(x + 1, wide - 1) + 1]
            for other in range(begin, end):
                if joined[other]:
                    continue
                cos = (
                    normal[k, 0] * normal[other, 0] + normal[k, 1] * normal[other, 1] + normal[k, 2] * normal[other, 2]
                )
                if cos >= least:
                    joined[other] = True
                    waiting[count] = other
                    count += 1


def on_one_face_slowly(gbuffer: GBuffer, rows: Rows, landing: Landing) -> Flags:
    """The readable twin of `on_one_face`: every sample against every other, until nothing joins any more."""
    normal = gbuffer.normal[rows]
    y, x = np.divmod(gbuffer.pixel[rows], gbuffer.width)
    beside = (np.abs(x[:, None] - x) <= 1) & (np.abs(y[:, None] - y) <= 1) & (normal @ normal.T >= CREASE_COS)
    joined = normal @ landing.normal.astype(np.float32) >= CREASE_COS
    while True:
        more = joined | beside[joined].any(axis=0)
        if (more == joined).all():
            return np.asarray(joined)
        joined = more
