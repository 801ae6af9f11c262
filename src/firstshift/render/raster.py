"""Which triangle each pixel's own ray meets first, without tracing: every triangle is drawn into a picture of depths.

A pixel's ray is (x, y, 1) from the lens (or along the axis through (x, y) for a telecentric one), a point inside the
triangle v0 v1 v2 if the three products of (x, y, 1) with v1×v2, v2×v0, v0×v1 have one sign; their sum tells the depth
(Olano and Greer, Triangle scan conversion using 2D homogeneous coordinates, 1997). Two triangles with a common edge
compute the same product with opposite signs, so nothing falls between them. Distortion bends rows of pixels, not
triangles: each row knows the straight line it is nearest to and how far it strays, which bounds where to look; the test
itself is exact. The twin is `Scene.hits`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int32]
X0, DX, Y0, DY, STRAY, LOW, HIGH, PLACES = range(8)


@njit(cache=True, nogil=True)
def rows_of(width: int, height: int, ideal: Floats) -> Floats:
    """(height, PLACES): x ≈ X0 + DX·column, y ≈ Y0 + DY·column, the largest error, and y's range. LOW is the least of
    all rows from here on, HIGH the largest up to here, so that both only grow."""
    rows = np.empty((height, PLACES))
    for row in range(height):
        first, last = row * width, row * width + width - 1
        x0, y0, steps = ideal[first, 0], ideal[first, 1], max(width - 1, 1)
        dx, dy = (ideal[last, 0] - x0) / steps, (ideal[last, 1] - y0) / steps
        stray, low, high = 0.0, y0, y0
        for column in range(width):
            x, y = ideal[first + column, 0], ideal[first + column, 1]
            stray = max(stray, abs(x - x0 - dx * column), abs(y - y0 - dy * column))
            low, high = min(low, y), max(high, y)
        rows[row, X0], rows[row, DX], rows[row, Y0], rows[row, DY] = x0, dx, y0, dy
        rows[row, STRAY], rows[row, LOW], rows[row, HIGH] = stray * 1.001, low, high
    for row in range(1, height):
        rows[row, HIGH] = max(rows[row, HIGH], rows[row - 1, HIGH])
        rows[height - 1 - row, LOW] = min(rows[height - 1 - row, LOW], rows[height - row, LOW])
    return rows


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(
    width: int, height: int, ideal: Floats, points: Floats, triangles: Whole, perspective: bool, out: Whole
) -> None:
    """`out` (height · width,): the triangle met first, −1 for none. `points` (V, 3) in camera coordinates: for a
    perspective camera all before the lens; for a telecentric one x and y in units of the ideal image plane."""
    rows = rows_of(width, height, ideal)
    nearness = np.empty(width * height)
    for i in range(width * height):
        nearness[i], out[i] = -np.inf, -1
    left, right = np.inf, -np.inf
    for row in range(height):
        last = rows[row, X0] + rows[row, DX] * (width - 1)
        left = min(left, min(rows[row, X0], last) - rows[row, STRAY])
        right = max(right, max(rows[row, X0], last) + rows[row, STRAY])
    edge = np.empty((3, 3))
    for t in range(len(triangles)):
        low, high, least, most = np.inf, -np.inf, np.inf, -np.inf
        for k in range(3):
            p = triangles[t, k]
            x, y = points[p, 0], points[p, 1]
            if perspective:
                x, y = x / points[p, 2], y / points[p, 2]
            low, high, least, most = min(low, y), max(high, y), min(least, x), max(most, x)
        if most < left or least > right or high < rows[0, LOW] or low > rows[height - 1, HIGH]:
            continue
        share = _edges(points, triangles[t, 0], triangles[t, 1], triangles[t, 2], perspective, edge)
        if share == 0.0:
            continue
        near_x, near_y, near_1 = _nearness(points, triangles[t, 0], triangles[t, 1], triangles[t, 2], edge, share,
                                           perspective)  # fmt: skip
        top, bottom = 0, height
        while top < bottom:  # the first row that reaches down to it
            middle = (top + bottom) // 2
            if rows[middle, HIGH] < low:
                top = middle + 1
            else:
                bottom = middle
        a0, b0, c0 = edge[0, 0], edge[0, 1], edge[0, 2]
        a1, b1, c1 = edge[1, 0], edge[1, 1], edge[1, 2]
        a2, b2, c2 = edge[2, 0], edge[2, 1], edge[2, 2]
        for row in range(top, height):
            if rows[row, LOW] > high:
                break
            begin, end = _span(rows, row, edge, width)
            for column in range(begin, end):
                i = row * width + column
                x, y = ideal[i, 0], ideal[i, 1]
                if a0 * x + b0 * y + c0 >= 0 and a1 * x + b1 * y + c1 >= 0 and a2 * x + b2 * y + c2 >= 0:
                    near = near_x * x + near_y * y + near_1
                    if near > nearness[i]:
                        nearness[i] = near
                        out[i] = t


@njit(cache=True, nogil=True, error_model="numpy")
def _edges(points: Floats, i: int, j: int, k: int, perspective: bool, edge: Floats) -> float:
    """Products of the corners, turned so that all are positive inside; what their sum is to be divided by, 0 for a
    triangle that the camera sees from the side."""
    ones = not perspective
    az, bz, cz = (1.0, 1.0, 1.0) if ones else (points[i, 2], points[j, 2], points[k, 2])
    ax, ay, bx, by = points[i, 0], points[i, 1], points[j, 0], points[j, 1]
    cx, cy = points[k, 0], points[k, 1]
    edge[0, 0], edge[0, 1], edge[0, 2] = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    edge[1, 0], edge[1, 1], edge[1, 2] = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    edge[2, 0], edge[2, 1], edge[2, 2] = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    share = ax * edge[0, 0] + ay * edge[0, 1] + az * edge[0, 2]
    if share < 0:
        for e in range(3):
            edge[e, 0], edge[e, 1], edge[e, 2] = -edge[e, 0], -edge[e, 1], -edge[e, 2]
    return float(abs(share))


@njit(cache=True, nogil=True, error_model="numpy")
def _nearness(
    points: Floats, i: int, j: int, k: int, edge: Floats, share: float, perspective: bool
) -> tuple[float, float, float]:
    """Linear in x and y: 1/depth, or −depth where rays are parallel."""
    u, v, w = (1.0, 1.0, 1.0) if perspective else (-points[i, 2], -points[j, 2], -points[k, 2])
    return (
        (u * edge[0, 0] + v * edge[1, 0] + w * edge[2, 0]) / share,
        (u * edge[0, 1] + v * edge[1, 1] + w * edge[2, 1]) / share,
        (u * edge[0, 2] + v * edge[1, 2] + w * edge[2, 2]) / share,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _span(rows: Floats, row: int, edge: Floats, width: int) -> tuple[int, int]:
    """Columns outside which no pixel of the row is inside the triangle."""
    begin, end = 0.0, float(width - 1)
    x0, dx, y0, dy, stray = rows[row, X0], rows[row, DX], rows[row, Y0], rows[row, DY], rows[row, STRAY]
    for e in range(3):
        a, b = edge[e, 0], edge[e, 1]
        at_first = a * x0 + b * y0 + edge[e, 2] + (abs(a) + abs(b)) * stray
        growth = a * dx + b * dy
        if growth > 0:
            begin = max(begin, -at_first / growth)
        elif growth < 0:
            end = min(end, -at_first / growth)
        elif at_first < 0:
            return 0, 0
    # A little wider than rounding could move it.
    return int(np.ceil(begin - 0.01)), int(np.floor(min(end, width - 1.0) + 0.01)) + 1
