"""A pose from points: places on the part that somebody clicked in the photograph.

The pose is the one whose projections, through the plan's own optics (`View.project`, distortion and telecentric lenses
included), come nearest to the points by least squares. It is looked for from many beginnings: the part as the plan lays
it, turned about the optical axis in steps, and as it lies on other faces; so no first guess is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from firstshift.core.errors import BadInput
from firstshift.render.onto.registering import Registered, fitting_scale
from firstshift.render.pose import Pose, about
from firstshift.render.view import View
from firstshift.spec.station import Station

Floats = npt.NDArray[np.float64]
LEAST_POINTS = 4
MOST_POINTS = 1000
THIN = 0.02
"""Points whose second extent is less than this share of their first lie on a line."""
MOST_RESIDUAL_PX, MOST_RESIDUAL = 3.0, 0.004
"""Root mean square; the share is of the image's longer side. More is a wrong pair or another part."""
TURNS = 12
LIFT_WEIGHT = 0.02
"""Pixels for each mm that the part rises: decides only where the lens is telecentric and points say nothing of it."""


def register_points(
    station: Station, part_mm: npt.ArrayLike, image_px: npt.ArrayLike, size_px: tuple[int, int], nominal: Pose
) -> Registered:
    """`part_mm` (N, 3) in the CAD file's coordinates, `image_px` (N, 2) in the photograph's, (0, 0) its upper left
    corner. `nominal`: how the plan lays the part."""
    part, seen = np.asarray(part_mm, dtype=np.float64), np.asarray(image_px, dtype=np.float64)
    _check(part, seen, size_px)
    scale = fitting_scale(station, size_px)
    view = Registered(station, size_px, scale, nominal, "points").view()
    best: tuple[float, Pose] | None = None
    for begin in _beginnings(nominal):
        rms, pose = _fitted(view, part, seen, begin)
        # A pose that is only as good is no reason to leave the one the plan makes likelier.
        if best is None or rms < 0.98 * best[0] - 1e-6:
            best = rms, pose
    assert best is not None
    residual, pose = best
    most = max(MOST_RESIDUAL_PX, MOST_RESIDUAL * max(size_px))
    if not residual <= most:
        worst = int(np.argmax(np.linalg.norm(view.project(pose.to_station(part)) - seen, axis=1)))
        raise BadInput(
            where="points",
            expected=f"image points within {most:.1f} pixels of where a pose puts them (root mean square)",
            found=f"{residual:.1f} pixels; the worst is point {worst + 1}",
            way_out="check that point's two coordinates, and that the plan's optics are this camera's",
        )
    return Registered(station, size_px, scale, pose, "points", {"residual_px": round(residual, 3), "points": len(part)})


def _check(part: Floats, seen: Floats, size_px: tuple[int, int]) -> None:
    if part.ndim != 2 or part.shape[1:] != (3,) or seen.shape != (len(part), 2) or not len(part) >= LEAST_POINTS:
        raise BadInput(
            where="points",
            expected=f"{LEAST_POINTS} or more pairs of an image point [x, y] and a part point [x, y, z]",
            found=f"{len(seen)} image points, {len(part)} part points",
        )
    if len(part) > MOST_POINTS or not (np.isfinite(part).all() and np.isfinite(seen).all()):
        raise BadInput(where="points", expected=f"finite numbers, at most {MOST_POINTS} points", found="others")
    off = (seen < -0.5 * np.array(size_px)) | (seen > 1.5 * np.array(size_px))
    if off.any():
        row = int(np.flatnonzero(off.any(axis=1))[0])
        raise BadInput(
            where=f"points: image point {row + 1}", expected=f"a place in {size_px[0]} × {size_px[1]} pixels",
            found=", ".join(f"{one:g}" for one in seen[row]),
        )  # fmt: skip
    for name, points in (("part points", part), ("image points", seen)):
        extent = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if extent[1] <= THIN * extent[0]:
            raise BadInput(
                where=f"points: {name}", expected="points that do not lie on one line",
                found=f"{extent[1]:.3g} across for {extent[0]:.3g} along", way_out="add a point to the side",
            )  # fmt: skip


def _beginnings(nominal: Pose) -> list[Pose]:
    """Turned in its seat, then lying on other faces."""
    flips = [np.eye(3), about("x", 180), about("x", 90), about("x", -90), about("y", 90), about("y", -90)]
    begun = []
    for flip in flips:
        for number in range(TURNS):
            turn = about("z", 360 * number / TURNS) @ flip
            begun.append(Pose(turn @ nominal.rotation, turn @ nominal.shift_mm))
    return begun


def _fitted(view: View, part: Floats, seen: Floats, begin: Pose) -> tuple[float, Pose]:
    middle = part.mean(axis=0)
    start_mm = begin.to_station(middle[None])[0]
    # The middle of the points first goes where their middle was seen.
    aside = (seen.mean(axis=0) - view.project(start_mm[None])[0]) * view.mm_per_pixel * (1, -1)
    start_mm = start_mm + np.array([*aside, 0.0])

    def posed(values: Floats) -> Pose:
        rotation = Rotation.from_rotvec(values[:3]).as_matrix() @ begin.rotation
        return Pose(rotation, start_mm + values[3:] - rotation @ middle)

    def missed(values: Floats) -> Floats:
        off = np.nan_to_num(view.project(posed(values).to_station(part)) - seen, nan=1e4)
        return np.append(off.ravel(), LIFT_WEIGHT * values[5])

    found = least_squares(missed, np.zeros(6), x_scale=[0.1, 0.1, 0.1, 1, 1, 1], max_nfev=60)
    off = missed(found.x)[:-1].reshape(-1, 2)
    return float(np.sqrt((off**2).sum(axis=1).mean())), posed(found.x)
