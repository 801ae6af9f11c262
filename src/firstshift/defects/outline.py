"""Outlines that are no circles: radius over angle, and how far out a cell lies: 0 in the middle, 1 on the outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.core.imprint import Layer, Patch
from firstshift.defects.noise import noise_around

STEPS = 96
"""Angles at which a radius is kept; between them it is interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """One or many closed outlines."""

    middle_mm: npt.NDArray[np.float32]
    """(K, 2)"""
    radius_mm: npt.NDArray[np.float32]
    """(K, STEPS): from the middle, over the angle from u."""

    def __len__(self) -> int:
        return len(self.middle_mm)

    @property
    def reach_mm(self) -> tuple[float, float]:
        """Half the extent of the smallest patch around (0, 0) that holds them all."""
        angle = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
        u = self.middle_mm[:, :1] + self.radius_mm * np.cos(angle)
        v = self.middle_mm[:, 1:] + self.radius_mm * np.sin(angle)
        return (float(np.abs(u).max()), float(np.abs(v).max()))

    def out(self, patch: Patch, reach: float = 1.0) -> tuple[Layer, npt.NDArray[np.int32]]:
        """How far out each cell lies (up to `reach`, infinity beyond), and of which outline: where several overlap, the
        one that is deepest there, taking each for half a ball."""
        out = np.full(patch.shape, np.inf, dtype=np.float32)
        which = np.full(patch.shape, -1, dtype=np.int32)
        _fill(
            self.middle_mm, self.radius_mm, np.float32(reach), patch.u_mm[0], np.float32(patch.along_mm),
            patch.v_mm[0], np.float32(patch.across_mm), out, which,
        )  # fmt: skip
        return out, which

    def out_slowly(self, patch: Patch, reach: float = 1.0) -> tuple[Layer, npt.NDArray[np.int32]]:
        """The readable twin."""
        out = np.full(patch.shape, np.inf, dtype=np.float32)
        which = np.full(patch.shape, -1, dtype=np.int32)
        depth = np.full(patch.shape, -np.inf, dtype=np.float32)
        u, v = np.meshgrid(patch.u_mm, patch.v_mm)
        for k, ((mu, mv), radius) in enumerate(zip(self.middle_mm, self.radius_mm, strict=True)):
            turn = np.arctan2(v - mv, u - mu) % (2 * np.pi)
            around = np.interp(turn, np.linspace(0, 2 * np.pi, STEPS + 1), np.append(radius, radius[0]))
            here = np.hypot(u - mu, v - mv) / around
            inside = (1 - here**2) * (radius.max() * reach) ** 2
            deeper = (here < reach) & (inside > depth)
            out[deeper], which[deeper], depth[deeper] = here[deeper], k, inside[deeper]
        return out, which


def blobs(
    generator: np.random.Generator,
    sizes_mm: npt.NDArray[np.float64],
    middles_mm: npt.NDArray[np.float64],
    *,
    elongation: npt.NDArray[np.float64] | float = 1.0,
    turned_deg: npt.NDArray[np.float64] | float = 0.0,
    rough: float = 0.08,
    waves: int = 5,
    gain: float = 1.3,
    squareness: float = 2.0,
) -> Outlines:
    """Outlines whose areas are those of circles of diameter `sizes_mm`: superellipses (`squareness` 2 is an ellipse, 6
    nearly a rectangle) with a few long waves; `rough` is the standard deviation of the radius as a share.

    What is finer than that comes from `ragged`: waves of a radius run to the middle as rays, and nature has no rays.
    """
    count = len(sizes_mm)
    angle = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    turned = angle - np.deg2rad(np.broadcast_to(turned_deg, count))[:, None]
    stretch = np.sqrt(np.broadcast_to(elongation, count))[:, None]
    base = np.abs(np.cos(turned) / stretch) ** squareness + np.abs(np.sin(turned) * stretch) ** squareness
    wander = noise_around(generator, count, STEPS, waves, gain) * rough
    radius = base ** (-1 / squareness) * np.exp(np.clip(wander, -2.5 * rough, 2.5 * rough))
    area = 0.5 * np.sum(radius**2, axis=1) * (2 * np.pi / STEPS)
    radius *= (sizes_mm / 2 * np.sqrt(np.pi / area))[:, None]
    return Outlines(middles_mm.astype(np.float32), radius.astype(np.float32))


def blob(
    generator: np.random.Generator,
    size_mm: float,
    *,
    elongation: float = 1.0,
    turned_deg: float = 0.0,
    rough: float = 0.08,
    waves: int = 5,
    gain: float = 1.3,
    squareness: float = 2.0,
) -> Outlines:
    """One outline around (0, 0)."""
    return blobs(
        generator, np.array([size_mm]), np.zeros((1, 2)), elongation=elongation, turned_deg=turned_deg, rough=rough,
        waves=waves, gain=gain, squareness=squareness,
    )  # fmt: skip


def same_area(out: Layer, patch: Patch, size_mm: float, *, most: float = 9.0) -> Layer:
    """`out`, after noise was added to it, scaled so that the flaw (out < 1) has the area of a circle of `size_mm`."""
    cells = int(np.pi / 4 * size_mm**2 / (patch.along_mm * patch.across_mm))
    flat = np.minimum(out, np.float32(most)).ravel()
    level = float(np.partition(flat, min(cells, flat.size - 1))[min(cells, flat.size - 1)])
    return np.asarray(out / np.float32(max(level, 1e-3)))


@njit(cache=True, nogil=True)
def _fill(
    middle: npt.NDArray[np.float32],
    radius: npt.NDArray[np.float32],
    reach: np.float32,
    u0: np.float32,
    du: np.float32,
    v0: np.float32,
    dv: np.float32,
    out: npt.NDArray[np.float32],
    which: npt.NDArray[np.int32],
) -> None:
    rows, columns = out.shape
    depth = np.full(out.shape, -np.inf, dtype=np.float32)
    steps = radius.shape[1]
    turns = np.float32(steps / (2 * np.pi))
    for k in range(len(middle)):
        mu, mv = middle[k, 0], middle[k, 1]
        far = radius[k].max() * reach
        first = max(0, int((mu - far - u0) / du))
        last = min(columns - 1, int((mu + far - u0) / du) + 1)
        top = max(0, int((mv - far - v0) / dv))
        bottom = min(rows - 1, int((mv + far - v0) / dv) + 1)
        for i in range(top, bottom + 1):
            pv = v0 + i * dv - mv
            for j in range(first, last + 1):
                pu = u0 + j * du - mu
                square = pu * pu + pv * pv
                if square > far * far:
                    continue
                at = np.arctan2(pv, pu) * turns
                if at < 0:
                    at += np.float32(steps)
                low = int(at)
                part = at - np.float32(low)
                low = low % steps
                here = np.sqrt(square) / (radius[k, low] * (1 - part) + radius[k, (low + 1) % steps] * part)
                if here < reach and (1 - here * here) * far * far > depth[i, j]:
                    depth[i, j] = (1 - here * here) * far * far
                    out[i, j] = here
                    which[i, j] = k
