"""Photographs for the demo: a rolled strip under dark field light, good and with three kinds of defects.

Not the product's renderer: a few lines of image arithmetic, enough to have something to look at. Every coupon of the
strip has its own rolling texture and is photographed three times (moved a little, lit a little differently), as on a
line where a part passes the camera more than once. Written as MVTec folders, with a mask for each defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
SIDE = 384
MARGIN = 24
PHOTOGRAPHS_EACH = 3
KINDS = {"good": 14, "scratch": 6, "pit": 5, "stain": 5}


@dataclass(frozen=True)
class Coupon:
    brightness: Field
    defect: npt.NDArray[np.bool_]


def write_photographs(folder: Path, seed: int = 7) -> int:
    """Into `train/good`, `test/<kind>` and `ground_truth/<kind>`; how many were written."""
    rng = np.random.default_rng(seed)
    written = 0
    for kind, count in KINDS.items():
        for number in range(count):
            coupon = coupon_of(kind, rng)
            for shot in range(PHOTOGRAPHS_EACH):
                photograph, mask = photographed(coupon, rng)
                name = f"{kind}-{rng.integers(10**6):06}"
                side = "train" if kind == "good" and number < 10 else "test"
                _write(folder / side / kind / f"{name}.jpg", photograph)
                if kind != "good":
                    _write(folder / "ground_truth" / kind / f"{name}_mask.png", mask.astype(np.uint8) * 255)
                written += shot >= 0
    return written


def coupon_of(kind: str, rng: np.random.Generator) -> Coupon:
    size = SIDE + 2 * MARGIN
    surface = rolled_surface(size, rng)
    if kind == "good":
        return Coupon(surface, np.zeros((size, size), np.bool_))
    glow, mask = {"scratch": scratch, "pit": pits, "stain": stain}[kind](size, rng)
    return Coupon(np.asarray(surface + glow, np.float32), mask)


def rolled_surface(size: int, rng: np.random.Generator) -> Field:
    """Dark field: the surface is dark, the rolling grooves glint in streaks along the strip."""
    surface = np.full((size, size), 74.0, np.float32)
    for length, width, strength in ((181, 1.0, 40.0), (91, 1.6, 26.0), (31, 0.7, 24.0)):
        grain = rng.normal(0, 1, (size, size)).astype(np.float32)
        streaks = cv2.GaussianBlur(grain, (1, length), sigmaX=width, sigmaY=length / 4)
        surface += strength * streaks / streaks.std() / 3
    patches = cv2.resize(rng.normal(0, 1, (7, 7)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(surface + 5 * patches, np.float32)


def scratch(size: int, rng: np.random.Generator) -> tuple[Field, npt.NDArray[np.bool_]]:
    """A groove with lips: bright where a lip faces the light, darker inside, fading at both ends."""
    start = rng.uniform(0.25, 0.75, 2) * size
    heading, bend = rng.uniform(0, np.pi), rng.normal(0, 0.012)
    steps = np.arange(int(rng.uniform(0.25, 0.5) * size), dtype=np.float64)
    angles = heading + bend * steps / 4
    path: npt.NDArray[np.float64] = start + np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1), 0)
    depth = np.sin(np.linspace(0.12, np.pi - 0.12, len(steps))) * (0.75 + 0.25 * np.sin(steps / 9 + heading))
    groove, lip = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for (x, y), d, a in zip(path, depth, angles, strict=True):
        cv2.circle(groove, (round(x * 16), round(y * 16)), 12, float(d), -1, cv2.LINE_AA, 4)
        side = (round((x - 1.6 * np.sin(a)) * 16), round((y + 1.6 * np.cos(a)) * 16))
        cv2.circle(lip, side, 12, float(d), -1, cv2.LINE_AA, 4)
    glow = 105 * cv2.GaussianBlur(lip, (0, 0), 0.7) - 20 * cv2.GaussianBlur(groove, (0, 0), 0.7)
    return np.asarray(glow, np.float32), cv2.dilate(groove + lip, np.ones((3, 3))) > 0.25


def pits(size: int, rng: np.random.Generator) -> tuple[Field, npt.NDArray[np.bool_]]:
    """A cluster of small hollows: a dark floor and a rim that glints on one side."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    glow, mask = np.zeros((size, size), np.float32), np.zeros((size, size), np.bool_)
    centre = rng.uniform(0.25, 0.75, 2) * size
    for _ in range(rng.integers(4, 11)):
        x, y = centre + rng.normal(0, 22, 2)
        radius, stretch = rng.uniform(2.0, 6.0), rng.uniform(0.7, 1.3)
        dx, dy = (columns - x) / stretch, (rows - y) * stretch
        away = np.sqrt(dx**2 + dy**2) / radius
        rim = np.exp(-((away - 1) ** 2) * 9) * (0.5 - 0.5 * dy / (np.abs(dy) + radius))
        glow += np.float32(70) * rim - np.float32(26) * np.exp(-(away**4))
        mask = mask | (away < 1.25)
    return glow, mask


def stain(size: int, rng: np.random.Generator) -> tuple[Field, npt.NDArray[np.bool_]]:
    """Dried coolant: dull inside, a tide mark at the edge."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    x, y = rng.uniform(0.3, 0.7, 2) * size
    wobble = cv2.resize(rng.normal(0, 1, (11, 11)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    radius = rng.uniform(26, 52)
    away = np.hypot(columns - x, (rows - y) * 1.3) / radius + 0.24 * wobble
    edge = np.exp(-(((away - 1) / 0.07) ** 2))
    glow = 40 * edge - 22 / (1 + np.exp((away - 1) * 16))
    return np.asarray(glow, np.float32), away < 1.1


def photographed(coupon: Coupon, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Moved by up to a millimetre, turned by up to a degree, lit by an ageing bar, seen by a noisy camera."""
    size = coupon.brightness.shape[0]
    turn = np.asarray(cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-1, 1), 1.0), np.float64)
    turn[:, 2] += rng.uniform(-10, 10, 2)
    moved = cv2.warpAffine(coupon.brightness, turn, (size, size), borderMode=cv2.BORDER_REFLECT)
    mask = cv2.warpAffine(coupon.defect.astype(np.uint8), turn, (size, size), flags=cv2.INTER_NEAREST) > 0
    inside = slice(MARGIN, MARGIN + SIDE)
    along = np.linspace(-1, 1, SIDE, dtype=np.float32)
    light = (
        rng.uniform(0.88, 1.12)
        * (1 - 0.16 * (along[None, :] - rng.uniform(-0.3, 0.3)) ** 2)
        * (1 - 0.06 * along[:, None])
    )
    seen = cv2.GaussianBlur(moved[inside, inside] * light, (0, 0), 0.6)
    noisy = seen + rng.normal(0, 1, seen.shape) * np.sqrt(1.5 + np.maximum(seen, 0) * 0.05)
    return np.clip(noisy, 0, 255).astype(np.uint8), mask[inside, inside]


def _write(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels):
        raise OSError(f"cannot write {path}")
