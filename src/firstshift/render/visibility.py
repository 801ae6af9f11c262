"""Which emitters each sample sees, and how far it is walled in.

A ray for every sample and emitter would be six million for a small image. Shadows have outlines, and between them
nothing changes: a coarse grid of pixels is traced, a cell whose corners agree takes their answer, one whose corners
differ falls into four, and pixels on outlines of the part are all traced. What was taken over is traced after all where
it lies beside a different answer. Emitters below the surface's own plane, and surfaces with nothing before them, need
no rays. Soft shadows come from lights being many emitters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.scene import Scene
from firstshift.render.shadow_cells import Bits, Whole, doubtful, noted, rays_for, refined, spread

Visible = npt.NDArray[np.uint8]
AT_ONCE = 64
ROUNDS = 24
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def visibility(scene: Scene, gbuffer: GBuffer, emitters: Emitters, every_px: int = 8) -> Visible | None:
    """(N, E): 255 where nothing stands between sample and emitter, 0 where something does or where the emitter lies
    behind the surface; None when every sample sees all."""
    pixels = _Pixels(scene, gbuffer)
    triangle = scene.triangle_of(gbuffer)
    lamps = np.ascontiguousarray(emitters.position_mm, np.float32)
    visible, all_open = np.empty((len(gbuffer), len(emitters)), np.uint8), True
    for start in range(0, len(emitters), AT_ONCE):
        some = slice(start, min(start + AT_ONCE, len(emitters)))
        care, grazed, is_open = _bits(scene, gbuffer, pixels, triangle, lamps[some], every_px)
        grazed[triangle < 0] = ALL
        every = np.uint64((1 << (some.stop - some.start)) - 1)
        all_open = all_open and bool(((care & is_open | grazed) & every == every).all())
        spread(gbuffer.width, gbuffer.height, pixels.first, pixels.crowded, care, grazed, is_open, visible[:, some])
    return None if all_open else visible


class _Pixels:
    """Where each pixel's samples begin, and which pixels lie on outlines."""

    def __init__(self, scene: Scene, gbuffer: GBuffer) -> None:
        self.samples = np.bincount(gbuffer.pixel, minlength=gbuffer.width * gbuffer.height)
        self.first: Whole = (np.cumsum(self.samples) - self.samples).astype(np.int32)
        self.crowded = scene.outlined(gbuffer)
        grid = self.crowded.reshape(gbuffer.height, gbuffer.width)
        self.crowd: Whole = np.zeros((gbuffer.height + 1, gbuffer.width + 1), np.int32)
        self.crowd[1:, 1:] = grid.cumsum(axis=0).cumsum(axis=1)


def _bits(
    scene: Scene, gbuffer: GBuffer, pixels: _Pixels, triangle: Whole, lamps: F32, every_px: int
) -> tuple[Bits, Bits, Bits]:
    """(N,) each: the emitters above a sample's triangle, those that graze it, and those of the former that it sees."""
    width, height = gbuffer.width, gbuffer.height
    care, grazed = scene.emitters_above(gbuffer, triangle, lamps)
    free, lit = scene.nothing_before(triangle), gbuffer.lit_mm
    is_open = np.full(len(gbuffer), ALL, np.uint64)
    traced, known, want = (np.zeros(len(gbuffer), np.uint64) for _ in range(3))
    for layer in (traced, known):
        layer[free] = ALL
    want[np.repeat(pixels.crowded, pixels.samples)] = ALL
    cells = _grid(width, height, every_px)
    corners = cells[:, [0, 0, 1, 1]] * width + cells[:, [2, 3, 2, 3]]
    want[pixels.first[corners.ravel()]] = ALL
    masks = np.full(len(cells), ALL, np.uint64)

    def trace() -> None:
        places = (gbuffer.position_mm, lit, gbuffer.facet, scene.clearance_mm)
        sample, lamp, origins, ways = rays_for(want, care, traced, *places, lamps)
        blocked = scene.blocked_along(origins, ways, np.ones(len(ways), np.float32))
        noted(want, known, traced, is_open, sample, lamp, blocked)

    trace()
    while len(cells):
        cells, masks = refined(cells, masks, width, pixels.first, pixels.crowd, want, care, known, is_open)
        trace()
    for _ in range(ROUNDS):
        if not doubtful(width, height, pixels.first, pixels.crowded, want, care, traced, is_open):
            break
        trace()
    return care, grazed, is_open


def _grid(width: int, height: int, every: int) -> Whole:
    """(K, 4): top, bottom, left, right of cells that share their corners; the last ones may be smaller."""
    rows, columns = (np.unique(np.append(np.arange(0, size, every), size - 1)) for size in (height, width))
    tops, bottoms = (rows[:-1], rows[1:]) if height > 1 else (rows, rows)
    lefts, rights = (columns[:-1], columns[1:]) if width > 1 else (columns, columns)
    top, left = np.meshgrid(tops, lefts, indexing="ij")
    bottom, right = np.meshgrid(bottoms, rights, indexing="ij")
    return np.stack([top.ravel(), bottom.ravel(), left.ravel(), right.ravel()], axis=1).astype(np.int32)


def visibility_slowly(scene: Scene, gbuffer: GBuffer, emitters: Emitters) -> Visible:
    """The same with a ray for every sample and emitter."""
    triangle = scene.triangle_of(gbuffer)
    above_facet = np.float32(scene.clearance_mm) * gbuffer.facet
    start, seen_from = gbuffer.position_mm + above_facet, gbuffer.lit_mm + above_facet
    reach = np.ones(len(gbuffer), np.float32)
    visible = np.empty((len(gbuffer), len(emitters)), np.uint8)
    for index, lamp in enumerate(np.asarray(emitters.position_mm, np.float32)):
        above, grazed = scene.emitters_above(gbuffer, triangle, lamp[None])
        seen = (above == 1) & ~scene.blocked_along(start, lamp - seen_from, reach) | (grazed == 1)
        visible[:, index] = np.where(seen | (triangle < 0), 255, 0)
    return visible


def ambient_occlusion(
    scene: Scene, gbuffer: GBuffer, *, reach_mm: float, rays: int = 16, seed: Seed, every_px: int = 4
) -> F32:
    """(N,): share of the light from all around, weighed by the cosine, that walls within reach keep out. A wall keeps
    out less the farther it is, and nothing at the end of the reach, so that the result has no steps.

    Traced on every fourth pixel in each direction and on outlines, in between interpolated on the same smooth surface.
    """
    pixels = _Pixels(scene, gbuffer)
    rows = _anchors(gbuffer, pixels, every_px)
    rows = rows[~scene.nothing_before(scene.triangle_of(gbuffer)[rows])]
    turn = 2 * np.pi * seed.uniform("ambient occlusion")
    normal = gbuffer.normal[rows]
    first, second = _frame(normal)
    start = gbuffer.position_mm[rows] + np.float32(scene.clearance_mm) * gbuffer.facet[rows]
    shut = np.zeros(len(rows), np.float32)
    reach = np.full(len(rows), reach_mm, np.float32)
    for k in range(rays):
        # Malley's method on Vogel's sunflower: even in the disc, so cosine-weighted on the half sphere.
        radius, angle = np.sqrt((k + 0.5) / rays), k * np.pi * (3 - np.sqrt(5)) + turn
        disc = radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius * radius)
        x, y, z = (np.float32(value) for value in disc)
        shut += 1 - scene.free_way_mm(start, x * first + y * second + z * normal, reach) / reach
    occlusion = np.zeros(len(gbuffer), np.float32)
    occlusion[rows] = shut / rays
    return _between(gbuffer, pixels, occlusion, every_px)


def _anchors(gbuffer: GBuffer, pixels: _Pixels, every: int) -> npt.NDArray[np.int64]:
    """Samples of every so many pixels, of those on outlines, and of the cells that touch one."""
    grid = np.zeros((gbuffer.height, gbuffer.width), np.bool_)
    grid[::every, ::every] = grid[-1, ::every] = grid[::every, -1] = grid[-1, -1] = True
    grid |= _near_outline(gbuffer, pixels, every)
    chosen = grid.ravel() | pixels.crowded
    return np.flatnonzero(chosen[gbuffer.pixel])


def _near_outline(gbuffer: GBuffer, pixels: _Pixels, every: int) -> npt.NDArray[np.bool_]:
    rows, columns = np.arange(gbuffer.height) // every * every, np.arange(gbuffer.width) // every * every
    below, right = np.minimum(rows + every, gbuffer.height - 1), np.minimum(columns + every, gbuffer.width - 1)
    crowd = pixels.crowd
    inside = (
        crowd[np.ix_(below + 1, right + 1)] - crowd[np.ix_(rows, right + 1)]
        - crowd[np.ix_(below + 1, columns)] + crowd[np.ix_(rows, columns)]
    )  # fmt: skip
    return np.asarray(inside > 0)


def _between(gbuffer: GBuffer, pixels: _Pixels, values: F32, every: int) -> F32:
    """Bilinear between the grid's pixels, where the cell shows one smooth surface."""
    near = _near_outline(gbuffer, pixels, every).ravel() | pixels.crowded
    pixel = gbuffer.pixel
    rows = np.flatnonzero(~near[pixel])
    row, column = pixel[rows] // gbuffer.width, pixel[rows] % gbuffer.width
    top, left = row // every * every, column // every * every
    bottom, right = np.minimum(top + every, gbuffer.height - 1), np.minimum(left + every, gbuffer.width - 1)
    t = ((row - top) / np.maximum(bottom - top, 1)).astype(np.float32)
    s = ((column - left) / np.maximum(right - left, 1)).astype(np.float32)
    first = pixels.first

    def corner(r: npt.NDArray[np.int32], c: npt.NDArray[np.int32]) -> F32:
        return np.asarray(values[first[r * gbuffer.width + c]])

    upper = corner(top, left) * (1 - s) + corner(top, right) * s
    lower = corner(bottom, left) * (1 - s) + corner(bottom, right) * s
    smooth = values.copy()
    smooth[rows] = upper * (1 - t) + lower * t
    return smooth


def _frame(normal: F32) -> tuple[F32, F32]:
    """Two unit vectors at right angles to each normal (Duff et al., JCGT 6(1), 2017)."""
    x, y, z = normal.T
    sign = np.where(z >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + z)
    b = x * y * a
    first = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    second = np.stack([b, sign + y * y * a, -y], axis=1)
    return first.astype(np.float32), second.astype(np.float32)
