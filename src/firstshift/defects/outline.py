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
    """One or many closed outlines. Their middles need not be their centres of area: a dent is deepest off centre."""

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
        """How far out each cell lies (up to `reach`, infinity beyond), and of which outline: the nearest one counts."""
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
        u, v = np.meshgrid(patch.u_mm, patch.v_mm)
        for k, ((mu, mv), radius) in enumerate(zip(self.middle_mm, self.radius_mm, strict=True)):
            turn = np.arctan2(v - mv, u - mu) % (2 * np.pi)
            around = np.interp(turn, np.linspace(0, 2 * np.pi, STEPS + 1), np.append(radius, radius[0]))
            here = np.hypot(u - mu, v - mv) / around
            nearer = (here < reach) & (here < out)
            out[nearer], which[nearer] = here[nearer], k
        return out, which


def blob(
    generator: np.random.Generator,
    size_mm: float,
    *,
    elongation: float = 1.0,
    turned_deg: float = 0.0,
    rough: float = 0.15,
    waves: int = 9,
    gain: float = 1.2,
    off_centre: float = 0.0,
    squareness: float = 2.0,
    middle_mm: tuple[float, float] = (0.0, 0.0),
) -> Outlines:
    """One irregular outline whose area is that of a circle of diameter `size_mm`.

    `rough` is how far its radius strays (its standard deviation, as a share), `squareness` the exponent of the
    superellipse it begins as (2 is an ellipse, 6 nearly a rectangle), `off_centre` moves the middle within it.
    """
    angle = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    turned = angle - np.deg2rad(turned_deg)
    a, b = elongation**0.5, elongation**-0.5
    base = (np.abs(np.cos(turned) / a) ** squareness + np.abs(np.sin(turned) / b) ** squareness) ** (-1 / squareness)
    wander = noise_around(generator, STEPS, waves, gain)
    wander *= rough / max(1e-9, float(wander.std()))
    radius = base * np.exp(np.clip(wander, -2.5 * rough - 0.05, 2.5 * rough + 0.05))
    if off_centre:
        radius = _seen_from(radius, off_centre * generator.uniform(-1, 1), off_centre * generator.uniform(-1, 1))
    area = 0.5 * np.sum(radius**2) * (2 * np.pi / STEPS)
    radius *= size_mm / 2 * np.sqrt(np.pi / area)
    return Outlines(np.array([middle_mm], dtype=np.float32), radius[None].astype(np.float32))


def together(outlines: list[Outlines]) -> Outlines:
    return Outlines(np.concatenate([o.middle_mm for o in outlines]), np.concatenate([o.radius_mm for o in outlines]))


def _seen_from(radius: npt.NDArray[np.float64], du: float, dv: float) -> npt.NDArray[np.float64]:
    """Radius over angle of the same outline from another point inside it, given in shares of the smallest radius."""
    angle = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    inner = radius.min()
    u, v = radius * np.cos(angle) - du * inner, radius * np.sin(angle) - dv * inner
    turn, length = np.arctan2(v, u), np.hypot(u, v)
    return np.asarray(np.interp(angle, turn, length, period=2 * np.pi))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
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
                if here < reach and here < out[i, j]:
                    out[i, j] = here
                    which[i, j] = k
