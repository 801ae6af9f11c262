"""Burrs, plugs, chips and short shots: bodies that are added to the part or cut out of it, traced for the few pixels
around them.

Pixels on the body's outlines, and those of small or cut out bodies, get k × k rays of their own; inside the faces of an
added body one ray a pixel will do. Only rays that meet the body can change:

    added      the body is seen where it is nearer than what was seen before
    cut out    the ray that enters the part inside the cutter goes on to where it leaves the cutter: still inside the
               part, it sees the cutter's far wall; already outside again, it goes on to the next thing, or to nothing

which is constructive subtraction by intervals of a ray (Goldfeather, Hultquist and Fuchs 1986), so silhouettes change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Solid
from firstshift.render.casting import SMOOTH_COS, ideal_points, lens_numbers, rays_from
from firstshift.render.gbuffer import F32, NOTHING
from firstshift.render.landing import Landing
from firstshift.render.pose import Pose
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Hits, Placed, Scene
from firstshift.render.stamping.ray_geometry import smooth_normals, steps_on_planes
from firstshift.render.view import View

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.int64]
MOST_PIXELS_FINE = 3_000
MOST_WALLS = 8
"""Surfaces of a cutter that one ray is followed through, and pieces of the part."""
ON_BODY = -2
"""In `Seen.surface`: the body itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What changed rays now see: R rays of pixels."""

    pixel: npt.NDArray[np.int64]
    offset_px: F32
    side: npt.NDArray[np.int64]
    """Each ray stands for 1 / side² of its pixel; all rays of a pixel have the same."""
    surface: npt.NDArray[np.int64]
    """The scene's surface, ON_BODY for the body's own, NOTHING for none."""
    triangle: npt.NDArray[np.int64]
    position_mm: Floats
    normal: Floats
    facet: Floats
    direction: Floats

    def __len__(self) -> int:
        return len(self.pixel)

    def taken(self, which: npt.NDArray[np.int64]) -> Seen:
        return Seen(*(getattr(self, name)[which] for name in self.__slots__))


class Body:
    """A solid where it stands."""

    def __init__(self, solid: Solid, landing: Landing) -> None:
        self.solid, self.landing = solid, landing
        frame = np.stack([landing.u, landing.v, landing.normal], axis=1)
        self.mesh = solid.mesh.moved(frame, landing.position_mm)
        self.scene = Scene((Placed(self.mesh, Pose(np.eye(3), np.zeros(3)), 0),))
        low, high = self.mesh.bounds_mm
        self.size_mm = float(np.linalg.norm(high - low))
        self.clearance_mm = 1e-4 * self.size_mm

    def normals(self, hits: Hits, which: npt.NDArray[np.int64] | Flags) -> Floats:
        """Shading normals of these rays on the side that was met."""
        return smooth_normals(self.mesh, hits.triangle[which], hits.position_mm[which], hits.facet[which])


def pixel_box(prepared: Prepared, points_mm: Floats, around_px: int = 1) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels in which these points lie, inside the image; empty where right < left."""
    xy = prepared.view.project(points_mm)
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        return 0, 0, -1, -1
    low, high = np.floor(xy.min(axis=0)).astype(int) - around_px, np.floor(xy.max(axis=0)).astype(int) + around_px
    width, height = prepared.gbuffer.width, prepared.gbuffer.height
    return max(int(low[0]), 0), max(int(low[1]), 0), min(int(high[0]), width - 1), min(int(high[1]), height - 1)


def seen_with(prepared: Prepared, body: Body) -> Seen | None:
    """The rays that see something else once the body is there, in the order of pixels; None where there is none."""
    left, top, right, bottom = pixel_box(prepared, body.mesh.vertices_mm)
    if right < left or bottom < top:
        return None
    columns, rows = np.meshgrid(np.arange(left, right + 1), np.arange(top, bottom + 1))
    fine, parts = np.ones(columns.shape, np.bool_), []
    if columns.size > MOST_PIXELS_FINE:
        look_over = _looked_over if body.solid.is_added else _looked_through
        fine, plain = look_over(prepared, body, columns, rows)
        parts = [plain]
    parts.append(_looked_at_closely(prepared, body, columns[fine], rows[fine]))
    seen = Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in Seen.__slots__))
    return seen.taken(np.argsort(seen.pixel, kind="stable")) if len(seen) else None


def _looked_over(prepared: Prepared, body: Body, columns: Pixels, rows: Pixels) -> tuple[Flags, Seen]:
    """One ray for each pixel of a box: the pixels that need more, and what the others see of the body."""
    pixel, row, several = _samples_of(prepared, columns, rows)
    xy = np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5
    origins, directions = rays_through(prepared.view, xy)
    here = body.scene.hits(origins, directions)
    # Where a pixel has one sample, that is what this ray met.
    there = _dot(prepared.gbuffer.position_mm[row] - origins, directions)
    there[prepared.gbuffer.surface[row] == NOTHING] = np.inf
    nearer = here.distance_mm < there - body.clearance_mm
    fine = _uneven(columns.shape, nearer.astype(np.int64), here.facet, here.position_mm, _pixel_mm(prepared))
    fine |= _has_corners(prepared, body, columns, rows) | several
    at = np.flatnonzero(nearer & ~fine.ravel())
    count = len(at)
    normal = body.normals(here, at)
    return fine, Seen(
        pixel[at], np.zeros((count, 2), np.float32), np.ones(count, np.int64), np.full(count, ON_BODY, np.int64),
        here.triangle[at].astype(np.int64), here.position_mm[at], normal, here.facet[at], directions[at],
    )  # fmt: skip


def _looked_through(prepared: Prepared, body: Body, columns: Pixels, rows: Pixels) -> tuple[Flags, Seen]:
    """The same for a body that is cut out."""
    pixel, _, several = _samples_of(prepared, columns, rows)
    xy = np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5
    origins, directions = rays_through(prepared.view, xy)
    here = body.scene.hits(origins, directions)
    met = np.flatnonzero(np.isfinite(here.distance_mm))
    found = _cut(prepared.scene, body, origins[met], directions[met], taken(here, met))
    changed, surface, triangle, position, normal, facet = found
    sees, looks, place = np.zeros(len(xy), np.int64), np.tile([0.0, 0.0, 1.0], (len(xy), 1)), np.zeros((len(xy), 3))
    sees[met] = np.where(changed, 10 + surface, 0)
    solid = changed & (surface != NOTHING)
    looks[met[solid]], place[met[solid]] = facet[solid], position[solid]
    fine = several | _beside(_uneven(columns.shape, sees, looks, place, _pixel_mm(prepared)))
    one = np.flatnonzero(changed & ~fine.ravel()[met])
    at, count = met[one], len(one)
    return fine, Seen(
        pixel[at], np.zeros((count, 2), np.float32), np.ones(count, np.int64), surface[one], triangle[one],
        position[one], normal[one], facet[one], directions[at],
    )  # fmt: skip


def _samples_of(prepared: Prepared, columns: Pixels, rows: Pixels) -> tuple[Pixels, Pixels, Flags]:
    """The pixels of a box in one row, the first sample of each, and (as a box) which of them have several."""
    gbuffer = prepared.gbuffer
    pixel = (rows * gbuffer.width + columns).ravel()
    first, count = gbuffer.samples_of(pixel)
    return pixel, np.minimum(first, len(gbuffer) - 1), (count != 1).reshape(columns.shape)


def _pixel_mm(prepared: Prepared) -> float:
    return float(np.mean(prepared.view.mm_per_pixel))


def _uneven(shape: tuple[int, ...], sees: Pixels, facets: Floats, places: Floats, pixel_mm: float) -> Flags:
    """Pixels beside which something else is seen (0: what was there before), or it turns or steps."""
    seen, facet = sees.reshape(shape), facets.reshape(*shape, 3)
    place, out = places.reshape(*shape, 3), np.zeros(shape, np.bool_)
    one, other = (slice(None, -1), slice(None)), (slice(1, None), slice(None))
    for first, second in ((one, other), (one[::-1], other[::-1])):
        turned = (facet[first] * facet[second]).sum(axis=2) < SMOOTH_COS
        stepped = np.abs(((place[second] - place[first]) * facet[first]).sum(axis=2)) > pixel_mm / 2
        differs = (seen[first] != seen[second]) | ((seen[first] != 0) & (turned | stepped))
        out[first] |= differs
        out[second] |= differs
    return out


def _beside(flags: Flags) -> Flags:
    """These pixels and their neighbours."""
    out = np.pad(flags, 1)
    out[1:-1] |= out[:-2] | out[2:]
    out[:, 1:-1] |= out[:, :-2] | out[:, 2:]
    return out[1:-1, 1:-1]


def _has_corners(prepared: Prepared, body: Body, columns: Pixels, rows: Pixels) -> Flags:
    """Pixels in or beside which the body has a corner: what is thinner than a pixel may lie between their centres."""
    height, width = columns.shape
    out = np.zeros((height + 2, width + 2), np.bool_)
    at = np.floor(prepared.view.project(body.mesh.vertices_mm)).astype(np.int64) - (columns[0, 0], rows[0, 0]) + 1
    inside = ((at >= 0) & (at < (width + 2, height + 2))).all(axis=1)
    out[at[inside, 1], at[inside, 0]] = True
    return _beside(out)[1:-1, 1:-1]


def _looked_at_closely(prepared: Prepared, body: Body, columns: Pixels, rows: Pixels) -> Seen:
    """What rays of these pixels see that see something else once the body is there."""
    side = 4 if columns.size <= MOST_PIXELS_FINE else 3 if columns.size <= 10 * MOST_PIXELS_FINE else 2
    offset = grid_offsets(side)
    corner = np.stack([columns.ravel(), rows.ravel()], axis=1)
    origins, directions = rays_through(prepared.view, (corner[:, None] + 0.5 + offset).reshape(-1, 2))
    here = body.scene.hits(origins, directions)
    met = np.flatnonzero(np.isfinite(here.distance_mm))
    origins, directions = origins[met], directions[met]
    look = _added if body.solid.is_added else _cut
    found = look(prepared.scene, body, origins, directions, taken(here, met))
    changed, surface, triangle, position, normal, facet = found
    ray = met[changed]
    pixel = corner[ray // len(offset), 1] * prepared.gbuffer.width + corner[ray // len(offset), 0]
    return Seen(
        pixel, offset[ray % len(offset)], np.full(len(ray), side, np.int64), surface[changed], triangle[changed],
        position[changed], normal[changed], facet[changed], directions[changed],
    )  # fmt: skip


def rays_through(view: View, xy: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
    """`View.rays` by the kernels of the cast, in single precision."""
    numbers = lens_numbers(view)
    points = np.ascontiguousarray(xy, dtype=np.float64)
    ideal = ideal_points(points, numbers)
    origins, along = (
        part.astype(np.float64) for part in rays_from(points, ideal, numbers, view.axes, view.eye_mm, 0.0)
    )
    return origins, along / np.sqrt(_dot(along, along))[:, None]


def grid_offsets(side: int) -> F32:
    """(side², 2): places of rays in a pixel, from its centre."""
    steps = (np.arange(side) + 0.5) / side - 0.5
    return np.stack([each.ravel() for each in np.meshgrid(steps, steps)], axis=1).astype(np.float32)


Found = tuple[Flags, npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats, Floats]


def taken(hits: Hits, which: npt.NDArray[np.int64]) -> Hits:
    return replace(hits, **{name: getattr(hits, name)[which] for name in hits.__slots__})


def _added(scene: Scene, body: Body, origins: Floats, directions: Floats, here: Hits) -> Found:
    """`here`: where the rays meet the body first."""
    there = scene.hits(origins, directions)
    nearer = here.distance_mm < there.distance_mm - body.clearance_mm
    surface = np.where(nearer, ON_BODY, there.surface).astype(np.int64)
    normal = np.zeros_like(here.facet)
    normal[nearer] = body.normals(here, nearer)
    return nearer, surface, here.triangle.astype(np.int64), here.position_mm, normal, here.facet


def _cut(scene: Scene, body: Body, origins: Floats, directions: Floats, here: Hits) -> Found:
    walls = all_distances(body.scene, origins, directions, body.clearance_mm, here.distance_mm)
    is_part = np.array([item.is_part for item in scene.placed] + [False])
    count = len(origins)
    surface, triangle = np.full(count, NOTHING, np.int64), np.full(count, -1, np.int64)
    position, normal, facet = (np.zeros((count, 3)) for _ in range(3))
    changed, going = np.zeros(count, np.bool_), np.arange(count)
    gone = np.zeros(count)
    """How far each ray has come: everything before is air or cut away."""
    for turn in range(MOST_WALLS):
        start = origins[going] + directions[going] * gone[going, None]
        entry = scene.hits(start, directions[going])
        distance = gone[going] + entry.distance_mm
        inside, leaves = _interval(walls[going], distance, body.clearance_mm)
        stops = ~(is_part[entry.placed] & inside)
        if turn:
            at = going[stops]
            surface[at], triangle[at] = entry.surface[stops], entry.triangle[stops]
            position[at], facet[at], normal[at] = entry.position_mm[stops], entry.facet[stops], entry.facet[stops]
        going, distance, leaves = going[~stops], distance[~stops], leaves[~stops]
        changed[going] = True
        if not len(going):
            break
        past = origins[going] + directions[going] * (distance + body.clearance_mm)[:, None]
        out = scene.hits(past, directions[going])
        ends = distance + body.clearance_mm + out.distance_mm
        walled = leaves < ends - body.clearance_mm
        _set_walls(
            body, going[walled], leaves[walled], origins, directions, (surface, triangle, position, normal, facet)
        )
        gone[going] = ends + body.clearance_mm
        going = going[~walled & np.isfinite(ends)]
    return changed, surface, triangle, position, normal, facet


def _set_walls(
    body: Body, at: npt.NDArray[np.int64], leaves: Floats, origins: Floats, directions: Floats,
    into: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats, Floats],
) -> None:  # fmt: skip
    """These rays end on the cutter's far wall, `leaves` mm along them."""
    if not len(at):
        return
    before = origins[at] + directions[at] * (leaves - 2 * body.clearance_mm)[:, None]
    wall = body.scene.hits(before, directions[at])
    surface, triangle, position, normal, facet = into
    surface[at], triangle[at], position[at] = ON_BODY, wall.triangle, wall.position_mm
    normal[at], facet[at] = body.normals(wall, np.arange(len(at))), wall.facet


def all_distances(
    scene: Scene, origins: Floats, directions: Floats, step_mm: float, first_mm: Floats | None = None
) -> Floats:
    """(K, MOST_WALLS): where each ray crosses a closed body, ascending, infinite where there are no more. `first_mm`:
    the first of them, where that is known."""
    out = np.full((len(origins), MOST_WALLS), np.inf)
    going, gone = np.arange(len(origins)), np.zeros(len(origins))
    for turn in range(MOST_WALLS):
        if turn == 0 and first_mm is not None:
            distance = first_mm
        else:
            distance = scene.hits(origins[going] + directions[going] * gone[going, None], directions[going]).distance_mm
        out[going, turn] = gone[going] + distance
        gone[going] = out[going, turn] + step_mm
        going = going[np.isfinite(distance)]
        if not len(going):
            break
    return out


def _interval(walls: Floats, distance: Floats, slack_mm: float) -> tuple[Flags, Floats]:
    """Whether this distance lies inside the body, and where the ray then leaves it."""
    enters, leaves = walls[:, 0::2], walls[:, 1::2]
    at = distance[:, None]
    inside = (enters <= at + slack_mm) & (leaves > at + slack_mm) & np.isfinite(leaves)
    return np.asarray(inside.any(axis=1)), np.asarray(np.where(inside, leaves, np.inf).min(axis=1))


def steps_on_surface(prepared: Prepared, seen: Seen) -> tuple[F32, F32]:
    """(R, 3) each: how the point met moves when its pixel moves by one to the right, or down."""
    column, row = seen.pixel % prepared.gbuffer.width, seen.pixel // prepared.gbuffer.width
    xy = np.asarray(np.stack([column, row], axis=1) + 0.5 + seen.offset_px, dtype=np.float64)
    return steps_on_planes(prepared.view, xy, seen.position_mm, seen.facet)


def _dot(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", a, b), dtype=np.float64)
