"""Sixty-four samples side by side: where they lie on their object and how the surface is turned there.

A block lies in one flat scratch array, value after value, sixty-four of each (as in `shade_fast`): the compiler sees
that no two values overlap and turns every loop without a lookup into vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from firstshift.render.finish.placing import FAST, STRAIGHT, Whole
from firstshift.render.gbuffer import F32

W = 64
_F = np.float32
_ZERO, _ONE = _F(0), _F(1)
_NEARLY, _STEPS = _F(0.999), _F(256)

# Places in the scratch array, in blocks of W.
X, Y, Z = 0 * W, 1 * W, 2 * W
FX, FY, FZ = 3 * W, 4 * W, 5 * W
NX, NY, NZ = 6 * W, 7 * W, 8 * W
VX, VY, VZ = 9 * W, 10 * W, 11 * W
ACROSS_X, ACROSS_Y, ACROSS_Z = 12 * W, 13 * W, 14 * W
DOWN_X, DOWN_Y, DOWN_Z = 15 * W, 16 * W, 17 * W
P, Q, RADIUS = 18 * W, 19 * W, 20 * W
PX, PY, PZ = 21 * W, 22 * W, 23 * W
QX, QY, QZ = 24 * W, 25 * W, 26 * W
TX, TY, TZ = 27 * W, 28 * W, 29 * W
BX, BY, BZ = 30 * W, 31 * W, 32 * W
GAIN, TINT = 33 * W, 34 * W
GX, GY, GZ = 35 * W, 36 * W, 37 * W
"""Slope of the finish as a station vector."""
TT, TB, BB = 38 * W, 39 * W, 40 * W
"""Variance of the slopes that no pixel shows, along t and b."""
HEIGHT = 41 * W
U, V = 42 * W, 43 * W
UP, UQ, VP, VQ = 44 * W, 45 * W, 46 * W, 47 * W
"""∇u = UP·∇p + UQ·∇q, ∇v likewise."""
WIDE = 48 * W
UX, UY, UZ = 49 * W, 50 * W, 51 * W
WX, WY, WZ = 52 * W, 53 * W, 54 * W
"""∇u and ∇v."""
UT, UB, VT, VB = 55 * W, 56 * W, 57 * W, 58 * W
READ = 59 * W
"""Five values of the relief."""
ALPHA_0, ALPHA_1 = 64 * W, 65 * W
END = 66 * W


@FAST
def gather(
    s: F32, which: Whole, first: int, count: int, local: F32, facet: F32, normal: F32, view: F32, across: F32,
    down: F32, centre: F32,
) -> None:  # fmt: skip
    """A last block that is not full repeats its last sample."""
    for j in range(W):
        i = which[first + min(j, count - 1)]
        s[X + j], s[Y + j], s[Z + j] = local[i, 0] - centre[0], local[i, 1] - centre[1], local[i, 2] - centre[2]
        s[FX + j], s[FY + j], s[FZ + j] = facet[i, 0], facet[i, 1], facet[i, 2]
        s[NX + j], s[NY + j], s[NZ + j] = normal[i, 0], normal[i, 1], normal[i, 2]
        s[VX + j], s[VY + j], s[VZ + j] = view[i, 0], view[i, 1], view[i, 2]
        s[ACROSS_X + j], s[ACROSS_Y + j], s[ACROSS_Z + j] = across[i, 0], across[i, 1], across[i, 2]
        s[DOWN_X + j], s[DOWN_Y + j], s[DOWN_Z + j] = down[i, 0], down[i, 1], down[i, 2]


@FAST
def find_frames(s: F32, r: F32, lay: int) -> None:
    """(p, q, radius), ∇p, ∇q. Straight lays lie in the plane of the two axes that the facet is nearest to; round ones
    follow the generator of the cone through the facet, so that they run around walls and across faces alike."""
    if lay == STRAIGHT:
        _straight(s, r)
    else:
        _round(s, r)


@FAST
def _straight(s: F32, r: F32) -> None:
    r00, r01, r02 = r[0, 0], r[0, 1], r[0, 2]
    r10, r11, r12 = r[1, 0], r[1, 1], r[1, 2]
    r20, r21, r22 = r[2, 0], r[2, 1], r[2, 2]
    for j in range(W):
        fx, fy, fz = s[FX + j], s[FY + j], s[FZ + j]
        ax = abs(r00 * fx + r10 * fy + r20 * fz)
        ay = abs(r01 * fx + r11 * fy + r21 * fz)
        az = abs(r02 * fx + r12 * fy + r22 * fz)
        top = az >= _NEARLY * ax and az >= _NEARLY * ay
        side = (not top) and ax >= ay
        s[P + j] = s[Y + j] if side else s[X + j]
        s[Q + j] = s[Y + j] if top else s[Z + j]
        s[RADIUS + j] = _ZERO
        s[PX + j] = r01 if side else r00
        s[PY + j] = r11 if side else r10
        s[PZ + j] = r21 if side else r20
        s[QX + j] = r01 if top else r02
        s[QY + j] = r11 if top else r12
        s[QZ + j] = r21 if top else r22


@FAST
def _round(s: F32, r: F32) -> None:
    for j in range(W):
        fx, fy, fz = s[FX + j], s[FY + j], s[FZ + j]
        lx = r[0, 0] * fx + r[1, 0] * fy + r[2, 0] * fz
        ly = r[0, 1] * fx + r[1, 1] * fy + r[2, 1] * fz
        lz = r[0, 2] * fx + r[1, 2] * fy + r[2, 2] * fz
        x, y, z = s[X + j], s[Y + j], s[Z + j]
        radius = math.sqrt(max(x * x + y * y, _F(1e-6)))
        cx, cy = x / radius, y / radius
        # Rounded, so that the many facets of one cone agree on its slope.
        tilt = min(_ONE, max(-_ONE, np.rint(lz * _STEPS) / _STEPS))
        out = math.sqrt(abs(_ONE - tilt * tilt))
        out = -out if lx * cx + ly * cy < _ZERO else out
        s[P + j], s[Q + j], s[RADIUS + j] = math.atan2(y, x), tilt * radius - out * z, radius
        s[PX + j], s[PY + j] = r[0, 1] * cx - r[0, 0] * cy, r[1, 1] * cx - r[1, 0] * cy
        s[PZ + j] = r[2, 1] * cx - r[2, 0] * cy
        s[QX + j] = tilt * (r[0, 0] * cx + r[0, 1] * cy) - out * r[0, 2]
        s[QY + j] = tilt * (r[1, 0] * cx + r[1, 1] * cy) - out * r[1, 2]
        s[QZ + j] = tilt * (r[2, 0] * cx + r[2, 1] * cy) - out * r[2, 2]


@FAST
def find_tangents(s: F32) -> None:
    """t: unit vector at right angles to the normal, along ∇p, or along ∇q where that stands upright. b = n × t."""
    for j in range(W):
        nx, ny, nz = s[NX + j], s[NY + j], s[NZ + j]
        x, y, z = s[PX + j], s[PY + j], s[PZ + j]
        out = nx * x + ny * y + nz * z
        x, y, z = x - out * nx, y - out * ny, z - out * nz
        other_x, other_y, other_z = s[QX + j], s[QY + j], s[QZ + j]
        out = nx * other_x + ny * other_y + nz * other_z
        upright = x * x + y * y + z * z < _F(1e-6)
        x = other_x - out * nx if upright else x
        y = other_y - out * ny if upright else y
        z = other_z - out * nz if upright else z
        by_size = _ONE / math.sqrt(max(x * x + y * y + z * z, _F(1e-12)))
        x, y, z = x * by_size, y * by_size, z * by_size
        s[TX + j], s[TY + j], s[TZ + j] = x, y, z
        s[BX + j], s[BY + j], s[BZ + j] = ny * z - nz * y, nz * x - nx * z, nx * y - ny * x
