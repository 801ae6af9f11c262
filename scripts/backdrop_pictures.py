"""Draws docs/pictures/finish-backdrops.jpg: the bracket of the examples on backdrops that different seeds draw.

python scripts/backdrop_pictures.py [--out FILE] [--count 24] [--first 0] [--plain]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.render.backdrop.drawing import drawn_backdrop, plain_backdrop
from firstshift.render.cad.reading import read_part
from firstshift.render.finish.dressing import dress
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import seated
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import view_of
from firstshift.render.visibility import visibility
from firstshift.spec.plan import Plan

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "src" / "firstshift" / "spec" / "examples" / "bracket"


def scene_picture(plan: Plan, part: Placed, surface: Surface, seed: int | None, scale: float) -> npt.NDArray[np.uint8]:
    backdrop = plain_backdrop(part, 1) if seed is None else drawn_backdrop(Seed(seed), part, 1)
    placed, surfaces = (part, *backdrop.placed), (surface, *backdrop.surfaces)
    scene = Scene(placed)
    gbuffer = scene.cast(view_of(plan.station, scale=scale))
    turns = np.tile(np.eye(3), (len(surfaces), 1, 1))
    for item in placed:
        for body in range(len(item.mesh.body_names)):
            turns[item.first_surface + body] = item.pose.rotation
    look = dress(gbuffer, surfaces, turns)
    emitters = emitters_of(plan.station, smoothest_alpha=0.1, colour_channels=3)
    radiance = shade(
        gbuffer, look, materials_of(surfaces, plan.station), emitters, visibility(scene, gbuffer, emitters)
    )
    image = gbuffer.gathered(radiance[0])
    value = np.clip(image * 0.6 / max(float(np.percentile(image, 97)), 1e-6), 0, 1)
    curve = np.where(value < 0.0031308, 12.92 * value, 1.055 * np.maximum(value, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray((curve[..., ::-1] * 255), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "finish-backdrops.jpg")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--scale", type=float, default=0.125)
    parser.add_argument("--columns", type=int, default=6)
    options = parser.parse_args()
    plan = Plan.load(EXAMPLE / "plan.yaml")
    # A colour camera, so that the sheet shows colours.
    camera = plan.station.camera.model_copy(update={"colour": "colour"})
    plan = plan.model_copy(update={"station": plan.station.model_copy(update={"camera": camera})})
    mesh = read_part(plan.part, EXAMPLE)
    part = Placed(mesh, seated(plan.part, mesh), 0)
    surface = Surface("bracket", "aluminium", "milled", 0.8, "crossed", 0.0, (0.0, 0.0, 0.0), 0.5, None, 3)
    tiles = [
        scene_picture(plan, part, surface, seed, options.scale)
        for seed in range(options.first, options.first + options.count)
    ]
    rows = [np.hstack(tiles[start : start + options.columns]) for start in range(0, len(tiles), options.columns)]
    cv2.imwrite(
        str(options.out), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85] if options.out.suffix == ".jpg" else []
    )
    print(options.out.name)


if __name__ == "__main__":
    main()
