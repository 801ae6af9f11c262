"""Draws docs/pictures/finish-*.jpg: planes with each finish under a ring, a low bar and a dome, from near and from far.

python scripts/finish_pictures.py                  # all, about a minute
python scripts/finish_pictures.py --out /tmp/look --png --only ground milled
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from firstshift.render.appearance import Appearance
from firstshift.render.finish.dressing import dress
from firstshift.render.gbuffer import GBuffer
from firstshift.render.surface import Surface
from firstshift.spec.part import Finish as Declared
from firstshift.spec.part import FinishKind

F0 = {"metal": np.array([0.56, 0.57, 0.58]), "plastic": np.array([0.04, 0.04, 0.04])}
SHOWN: dict[FinishKind, float] = {
    "turned": 1.6, "milled": 1.6, "ground": 0.4, "brushed": 0.5, "rolled": 0.8,
    "cast": 12.5, "blasted": 1.6, "polished": 0.05, "moulded": 0.8, "painted": 0.2,
}  # fmt: skip


def plane(width: int, height: int, pixel_mm: float, camera_mm: float = 300.0) -> GBuffer:
    """A plane at z = 0 seen from above."""
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    x = (column.ravel() + 0.5 - width / 2) * pixel_mm
    y = -(row.ravel() + 0.5 - height / 2) * pixel_mm
    position = np.stack([x, y, np.zeros_like(x)], 1).astype(np.float32)
    count = len(x)
    up = np.tile(np.array([0, 0, 1], np.float32), (count, 1))
    view = np.array([0, 0, camera_mm]) - position
    view = (view / np.linalg.norm(view, axis=1, keepdims=True)).astype(np.float32)
    return GBuffer(
        width, height, np.arange(count, dtype=np.int32), np.zeros((count, 2), np.float32), np.ones(count, np.float32),
        np.zeros(count, np.int16), np.zeros(count, np.int32), position, position.copy(), up, up.copy(), view,
        np.tile(np.array([pixel_mm, 0, 0], np.float32), (count, 1)),
        np.tile(np.array([0, -pixel_mm, 0], np.float32), (count, 1)), np.full(count, camera_mm, np.float32),
    )  # fmt: skip


def lamp(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Emitter positions (mm) and weights."""
    if name == "ring":
        turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        radius = np.repeat([52.0, 60.0], 32)
        turn = np.tile(turn, 2)
        points = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(64, 160.0)], 1)
        return points, np.full(64, 1 / 64)
    if name == "bar":
        along = np.linspace(-60, 60, 24)
        points = np.concatenate([np.stack([along, np.full(24, 90.0), np.full(24, z)], 1) for z in (26.0, 30.0, 34.0)])
        return points, np.full(72, 1.3 / 72)
    golden = np.pi * (3 - np.sqrt(5))
    k = np.arange(160) + 0.5
    z, turn = k / 160, golden * k
    flat = np.sqrt(1 - z**2)
    return 100 * np.stack([flat * np.cos(turn), flat * np.sin(turn), z + 0.02], 1), np.full(160, 1.6 / 160)


def shaded(gbuffer: GBuffer, look: Appearance, name: str, substance: str, albedo: float) -> np.ndarray:
    """A plain GGX shader, enough to judge a finish by; grey."""
    points, weights = lamp(name)
    n, v, t = look.normal.astype(np.float64), gbuffer.view.astype(np.float64), look.tangent.astype(np.float64)
    b = np.cross(n, t)
    f0 = float(F0[substance].mean())
    spread = {"ring": 0.03, "bar": 0.05, "dome": 0.09}[name]
    a = np.sqrt(look.alpha.astype(np.float64) ** 2 + spread**2)
    total = np.zeros(len(gbuffer))
    nv = np.clip((n * v).sum(1), 1e-3, 1)
    for point, weight in zip(points, weights, strict=True):
        to = point - gbuffer.position_mm
        to /= np.linalg.norm(to, axis=1, keepdims=True)
        nl = np.clip((n * to).sum(1), 0, 1)
        h = to + v
        h /= np.linalg.norm(h, axis=1, keepdims=True)
        ht, hb, hn = (h * t).sum(1) / a[:, 0], (h * b).sum(1) / a[:, 1], (h * n).sum(1)
        d = 1 / (np.pi * a[:, 0] * a[:, 1] * (ht**2 + hb**2 + hn**2) ** 2)
        fresnel = f0 + (1 - f0) * (1 - (h * v).sum(1)).clip(0, 1) ** 5
        am = a.mean(1)
        g = 2 * nl / (nl + np.sqrt(am**2 + (1 - am**2) * nl**2)) / (nv + np.sqrt(am**2 + (1 - am**2) * nv**2))
        total += weight * (d * fresnel * g / 2 + albedo / np.pi * nl) * np.pi
    return np.asarray(total * look.tint.mean(1) * (1 - look.occlusion)).reshape(gbuffer.height, gbuffer.width)


def picture(kind: FinishKind, ra_um: float, pixel_mm: float, light: str, side: int, seed: int = 5) -> np.ndarray:
    declared = Declared.model_validate({"kind": kind, "ra_um": [ra_um, ra_um]})
    surface = Surface(
        kind, "steel", kind, ra_um, declared.lay_pattern, 20.0, (-4.0, -3.0, 0.0), 0.5, None, seed
    )  # fmt: skip
    gbuffer = plane(side, side, pixel_mm)
    look = dress(gbuffer, [surface], np.eye(3))
    substance, albedo = ("plastic", 0.35) if kind in ("moulded", "painted") else ("metal", 0.0)
    radiance = shaded(gbuffer, look, light, substance, albedo)
    level = 0.45 / max(float(np.mean(radiance)), 1e-6)
    value = np.clip(radiance * level, 0, 1.0)
    curve = np.where(value < 0.0031308, 12.92 * value, 1.055 * np.maximum(value, 1e-9) ** (1 / 2.4) - 0.055)
    return (curve * 255).astype(np.uint8)


def sheet(kind: FinishKind, side: int) -> np.ndarray:
    lamps = ("ring", "bar", "dome")
    rows = [[picture(kind, SHOWN[kind], pixel_mm, name, side) for name in lamps] for pixel_mm in (0.02, 0.1)]
    return np.vstack([np.hstack(row) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "pictures")
    parser.add_argument("--only", nargs="*", default=list(SHOWN))
    parser.add_argument("--png", action="store_true")
    parser.add_argument("--side", type=int, default=320)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for kind in options.only:
        image = sheet(kind, options.side)
        path = options.out / f"finish-{kind}.{'png' if options.png else 'jpg'}"
        cv2.imwrite(str(path), image, [] if options.png else [cv2.IMWRITE_JPEG_QUALITY, 88])
        print(path.name)


if __name__ == "__main__":
    main()
