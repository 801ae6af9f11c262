"""A pose from the part's outline: the CAD part is laid so that its silhouette covers the photograph's foreground.

Rays through a coarse grid of the photograph ask Embree whether they meet the part; the part stays where it is and the
rays are moved instead, so a pose costs milliseconds. First every turn about the optical axis is tried with the middles
of the two silhouettes on each other; the best are refined in shift, turn, tilt and distance by Nelder and Mead's
simplex on

    Σ over pixels that only one silhouette covers of (½ + distance to the outline)     / pixels of the foreground

which falls smoothly towards the right place where the overlap alone would be a staircase. What is reported is the
overlap (intersection over union) on a finer grid.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.gbuffer import F32
from firstshift.render.onto.registering import Registered, fitting_scale
from firstshift.render.pose import STILL, Pose, about
from firstshift.render.scene import Placed, Scene
from firstshift.spec.station import Station

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
COARSE_PX, FINE_PX = 80, 224
TURNS = 36
REFINED = 3
LEAST_OVERLAP = 0.92
ENCLOSED = 0.2
MARGIN = 2.0
"""Times the depth of the silhouette: how far around it rays are cast."""
NOMINAL_BONUS = 0.004
"""Among turns that fit alike (a part that looks the same every 90°), the one nearest to the plan's wins."""


def register_silhouette(
    station: Station, mesh: Mesh, mask: Flags, nominal: Pose, least_overlap: float = LEAST_OVERLAP
) -> Registered:
    """`mask` (H, W): the photograph's foreground. `nominal`: how the plan lays the part."""
    size_px = (mask.shape[1], mask.shape[0])
    scale = fitting_scale(station, size_px)
    if mask.all() or not mask.any():
        raise BadInput(
            where="silhouette", expected="a part that stands out from its background", found="no outline",
            way_out="name points instead (--points), or --plane for a flat surface that fills the photograph",
        )  # fmt: skip
    start = Registered(station, size_px, scale, nominal, "silhouette")
    coarse = _Matcher(start, mesh, mask, COARSE_PX)
    begun = sorted(((coarse.cost(v) + _bonus(v[2]), n, v) for n, v in enumerate(coarse.turned())), key=lambda o: o[:2])
    rough = [coarse.refined(v, steps=(0.01, 0.01, 4.0), most=40) for _, _, v in begun[:REFINED]]
    _, _, best = min(((coarse.cost(v) + _bonus(v[2]), n, v) for n, v in enumerate(rough)), key=lambda o: o[:2])
    fine = _Matcher(start, mesh, mask, FINE_PX)
    best = fine.refined(best, steps=(0.004, 0.004, 1.0), most=40)
    best = fine.refined(best, steps=(0.002, 0.002, 0.5, 1.5, 1.5, 0.004), most=150)
    overlap = fine.overlap(best)
    if overlap < least_overlap:
        raise BadInput(
            where="silhouette",
            expected=f"an outline that the part's covers to {least_overlap:.0%}",
            found=f"{overlap:.1%}",
            way_out="name points instead (--points FILE.json), or check that optics and part are the plan's",
        )
    return Registered(station, size_px, scale, fine.pose(best), "silhouette", {"overlap": round(overlap, 4)})


def _bonus(turn_deg: float) -> float:
    return NOMINAL_BONUS * (1 - float(np.cos(np.radians(turn_deg)))) / 2


class _Matcher:
    """Poses as six numbers: shift x, y as shares of the part's reach, turn, two tilts (degrees), lift as a share."""

    def __init__(self, start: Registered, mesh: Mesh, mask: Flags, longest_px: int) -> None:
        shrink = min(1.0, longest_px / max(mask.shape))
        self.view = start.view(shrink=shrink)
        width, height = self.view.width, self.view.height
        share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        self.seen = share >= 0.5
        # Background that the part encloses may be a hole, or a pocket's dark wall: it says less.
        self.weight = np.where(_enclosed(self.seen), ENCLOSED, 1.0)
        self.away = np.asarray(_outside(self.seen) + _outside(~self.seen), np.float32)
        self.nominal = start.pose
        self.scene = Scene((Placed(mesh, STILL, 0),))
        low, high = mesh.bounds_mm
        self.reach_mm = float(np.linalg.norm(np.asarray(high) - np.asarray(low)))
        self.middle_mm = self.nominal.to_station(((np.asarray(low) + np.asarray(high)) / 2)[None])[0]
        # Far outside the outline nothing is asked; whatever is drawn there counts by what is missing inside.
        self.near = self.away <= MARGIN * float(self.away[self.seen].max())
        grid = (np.argwhere(self.near)[:, ::-1] + 0.5).astype(np.float64)
        self.origins, self.ways = self.view.rays(grid)
        self.far = 4 * float(np.abs(self.view.eye_mm).max()) + 4 * self.reach_mm

    def pose(self, values: Floats) -> Pose:
        x, y, turn, tilt_x, tilt_y, lift = np.append(values, np.zeros(6 - len(values)))
        turning = about("x", tilt_x) @ about("y", tilt_y) @ about("z", turn)
        shift = self.middle_mm + np.array([x, y, lift]) * self.reach_mm
        return Pose(turning @ self.nominal.rotation, turning @ (self.nominal.shift_mm - self.middle_mm) + shift)

    def drawn(self, values: Floats) -> Flags:
        pose = self.pose(values)
        origins, ways = pose.to_local(self.origins), self.ways @ pose.rotation
        met = self.scene.blocked_along(
            np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(ways * self.far, np.float32),
            np.ones(len(origins), np.float32),
        )  # fmt: skip
        drawn = np.zeros_like(self.seen)
        drawn[self.near] = met
        return drawn

    def cost(self, values: Floats) -> float:
        wrong = self.drawn(values) ^ self.seen
        mean_reach = np.sqrt(self.seen.sum())
        return float(((0.5 + self.away[wrong]) * self.weight[wrong]).sum() / mean_reach / self.seen.sum())

    def overlap(self, values: Floats) -> float:
        drawn, sure = self.drawn(values), self.weight == 1.0
        return float((drawn & self.seen).sum() / max(int(((drawn | self.seen) & sure).sum()), 1))

    def turned(self) -> list[Floats]:
        """Every turn, the silhouettes' middles on each other."""
        wanted = _middle(self.seen)
        mm = np.asarray(self.view.mm_per_pixel) * (1, -1)
        found = []
        for number in range(TURNS):
            values = np.array([0.0, 0.0, 360 * number / TURNS])
            for _ in range(2):
                drawn = self.drawn(values)
                at = _middle(drawn) if drawn.any() else np.array(drawn.shape[::-1]) / 2
                values[:2] += (wanted - at) * mm / self.reach_mm
            found.append(values)
        return found

    def refined(self, values: Floats, steps: tuple[float, ...], most: int) -> Floats:
        begin = np.append(values, np.zeros(max(0, len(steps) - len(values))))[: len(steps)]
        simplex = np.vstack([begin, *(begin + np.eye(len(steps))[n] * step for n, step in enumerate(steps))])
        options = {"initial_simplex": simplex, "maxfev": most, "xatol": 1e-6, "fatol": 1e-7}
        found = minimize(self.cost, begin, method="Nelder-Mead", options=options)
        return np.asarray(found.x)


def _enclosed(mask: Flags) -> Flags:
    """Background without a way to the picture's border."""
    ringed = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, numbered = cv2.connectedComponents(ringed, connectivity=4)
    return np.asarray((~mask) & (numbered[1:-1, 1:-1] != numbered[0, 0]))


def _outside(mask: Flags) -> F32:
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _middle(mask: Flags) -> Floats:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])
