"""Draws docs/pictures/defect-*.jpg: each type in three grades, on a ground steel face, under a ring and a low bar.

.venv/bin/python scripts/defect_pictures.py                  # all, about a minute
.venv/bin/python scripts/defect_pictures.py --only crack --seed 3 --out /tmp/look --png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ruamel.yaml import YAML

from firstshift.core.imprint import Edge, Ground, Imprint
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.solids import between
from firstshift.render.finish.dressing import dress
from firstshift.render.landing import Landing
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import STILL
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.stamp import stamp
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import view_of
from firstshift.render.visibility import visibility
from firstshift.spec.station import Station

SIDE_PX = 260
GRADES = (1, 3, 5)
THICK_MM = 3.0
LEVELS = {"ring": 0.45, "bar": 0.14}
RING = {"kind": "ring", "name": "ring", "diameter_mm": 130, "width_mm": 25, "height_mm": 120}
BAR = {"kind": "bar", "name": "bar", "length_mm": 120, "width_mm": 20, "position_mm": [-90, 60, 55]}
SHOWN: dict[str, tuple[str, dict[str, Any], float]] = {
    "scratch": ("scratch", {}, 10.0),
    "scratch-bundle": ("scratch", {"lines": [3, 12]}, 10.0),
    "dent": ("dent", {}, 7.0),
    "porosity": ("porosity", {}, 5.0),
    "pitting": ("pitting", {}, 9.0),
    "crack": ("crack", {}, 9.0),
    "oxide": ("discolouration", {"cause": "oxide", "size_mm": [2, 8]}, 12.0),
    "burn": ("discolouration", {"cause": "burn", "size_mm": [2, 8], "contrast": [0.2, 0.8]}, 12.0),
    "stain": ("discolouration", {"size_mm": [2, 8], "contrast": [0.15, 0.5]}, 14.0),
    "oil": ("contamination", {"cause": "oil", "size_mm": [3, 10], "length_mm": None}, 15.0),
    "dust": ("contamination", {"cause": "dust", "size_mm": [0.06, 0.4], "length_mm": None}, 5.0),
    "fibre": ("contamination", {}, 7.0),
    "chip": ("contamination", {"cause": "chip", "size_mm": [0.2, 1.0], "length_mm": [1, 8]}, 6.0),
    "fingerprint": ("contamination", {"cause": "fingerprint", "size_mm": [9, 15], "length_mm": None}, 18.0),
    "inclusion": ("inclusion", {}, 4.0),
    "burr": ("burr", {}, 6.0),
    "chipped-edge": ("chipped_edge", {}, 5.0),
    "missing-feature": ("missing_feature", {}, 16.0),
}
ON_EDGE = ("burr", "chipped_edge", "missing_feature")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", nargs="*", choices=SHOWN, default=list(SHOWN))
    asked.add_argument("--seed", type=int, default=2)
    asked.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "pictures")
    asked.add_argument("--png", action="store_true")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        picture = sheet(*SHOWN[name], seed=given.seed)
        file = given.out / f"defect-{name}.{'png' if given.png else 'jpg'}"
        cv2.imwrite(str(file), picture[..., ::-1], [] if given.png else [cv2.IMWRITE_JPEG_QUALITY, 80])
        print(file)


def sheet(type_: str, changes: dict[str, Any], across_mm: float, seed: int) -> np.ndarray:
    drawn = next(one for one in DRAWN_TYPES.types if one.name == type_)
    entry = drawn.model.model_validate({**YAML(typ="safe").load(drawn.example), **changes})
    rows = []
    for light in (RING, BAR):
        edge_at = 0.18 * across_mm if type_ in ON_EDGE else None
        ready = plate(light, across_mm, edge_at)
        row = [
            seen(ready, draw_flaw(entry, ground(across_mm, edge_at), g, Seed(seed + g)), across_mm, edge_at)
            for g in GRADES
        ]
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows, axis=0)


def plate(light: dict[str, Any], across_mm: float, edge_at: float | None) -> Prepared:
    pixel_mm = across_mm / SIDE_PX
    station = Station.model_validate(
        {
            "name": "pictures",
            "camera": {"sensor_px": [SIDE_PX, SIDE_PX], "pixel_um": 4.0, "colour": "colour"},
            "lens": {"kind": "telecentric", "magnification": 0.004 / pixel_mm, "f_number": 8},
            "working_distance_mm": 200,
            "lights": [light],
            "channels": [{"name": "all", "lights": [light["name"]]}],
        }
    )
    half, top = across_mm, across_mm if edge_at is None else edge_at
    u, v = np.meshgrid([-half, half], [-half, top])
    sheet = np.stack([u, v, np.zeros_like(u)], axis=-1)
    mesh = between(sheet, sheet - [0.0, 0.0, THICK_MM], "plate")
    view, scene = view_of(station), Scene((Placed(mesh, STILL, 0, is_part=True),))
    gbuffer = scene.cast(view)
    surfaces = (Surface("plate", "steel", "ground", 0.4, "straight", 8.0, (0.0, 0.0, 0.0), 0.5, None, 5),)
    appearance = dress(gbuffer, surfaces, np.eye(3)[None])
    emitters = emitters_of(station, smoothest_alpha=0.08, colour_channels=3)
    materials = materials_of(surfaces, station)
    visible = visibility(scene, gbuffer, emitters)
    radiance = shade(gbuffer, appearance, materials, emitters, visible)
    return Prepared(view, scene, surfaces, gbuffer, appearance, materials, emitters, visible, radiance)


def ground(across_mm: float, edge_at: float | None) -> Ground:
    along = np.linspace(-across_mm, across_mm, 9).astype(np.float32)
    edge = None if edge_at is None else Edge(along, np.zeros_like(along), 90.0, THICK_MM)
    return Ground(across_mm / SIDE_PX, "steel", True, 0.4, lay_deg=8.0, edge=edge)


def seen(ready: Prepared, imprint: Imprint, across_mm: float, edge_at: float | None) -> np.ndarray:
    turn = 0.0 if edge_at is not None else np.deg2rad(25.0)
    u, v = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    at = (0.0, edge_at or 0.0, 0.0)
    under = ground(across_mm, edge_at)
    landing = Landing(np.array(at), u, v, np.array([0, 0, 1.0]), 0, "", at, float(np.rad2deg(turn)), under)
    found = stamp(ready, [(landing, imprint)])
    image = ready.layers[0].reshape(-1, 3).copy()
    # The bar is beside the mirror angle: metal is dim there, and whatever scatters is bright.
    part = image[ready.gbuffer.gathered(ready.gbuffer.weight * (ready.gbuffer.surface >= 0)).ravel() > 0.5]
    level = LEVELS[ready.emitters.names[0]] / max(1e-6, float(np.median(part)))
    image[found.pixel] = found.layers[0]
    shown = 1 - np.exp(-np.clip(image.reshape(SIDE_PX, SIDE_PX, 3) * level, 0, None))
    shown = cv2.GaussianBlur(shown, (0, 0), 0.5)
    return np.asarray(np.clip(shown, 0, 1) ** (1 / 2.2) * 255, dtype=np.uint8)


if __name__ == "__main__":
    main()
