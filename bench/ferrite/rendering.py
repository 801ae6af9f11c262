"""Synthetic tiles for training: rendered once by the package's own stages, kept small in a cache.

    tiles = rendered(Wanted("cad", count=1000))     # images at half size, masks of what is to be found

Everything an image needs comes from `line.synth`; the bench adds only the surface's `skin` (skin.py), and reads a mask
from the label: what is of a class in `NOT_DEFECTS` is drawn but not to be found.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.skin import F32, skin
from firstshift.core.image import Image
from firstshift.core.label import Label, Verdict
from firstshift.core.shapes import RunLengths
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.loading import load_types
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.order import Order
from firstshift.line.synth.painting import Painter
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Ready, Stage
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.plan import Plan

HERE = Path(__file__).resolve().parent
PLAN, OWN_TYPES = HERE / "plan.yaml", HERE / "grinding.py"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "firstshift" / "tiles"
NOT_DEFECTS = ("mark",)
SIZES_MM = ((32, 30), (26, 34), (50, 28), (15, 30))
"""Tiles of the customer's range, width and length; pixels are 0.1 mm."""
SHARES = {GOOD: 0.15, "mark": 0.2, "blowhole": 0.15, "crack": 0.15, "break": 0.15, "fray": 0.07, "uneven": 0.13}
"""How many images of each kind; `mark` shows good tiles with marks."""
POSE_IMAGES = 3
VERSION = 1
"""Rises when this file or the package would give other images: then the cache is not used."""

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tile:
    """At half size: one pixel is 0.2 mm."""

    grey: Grey
    mask: npt.NDArray[np.bool_]
    kind: str


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    count: int
    varied: bool = True
    profile: SensorProfile | None = None
    seed: int = 1


def rendered(wanted: Wanted) -> list[Tile]:
    """From the cache, or by two processes into it."""
    sources = "".join(file.read_text() for file in (PLAN, OWN_TYPES, HERE / "skin.py"))
    profile = wanted.profile.to_json() if wanted.profile else ""
    told = f"{sources}{profile}{wanted.count}{wanted.varied}{wanted.seed}{VERSION}"
    kept = CACHE / f"{wanted.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.npz"
    if not kept.exists():
        pieces = [(wanted, k) for k in range(4 * len(SIZES_MM))]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            save(kept, [tile for some in pool.map(_piece, pieces) for tile in some])
    return load(kept)


def save(path: Path, tiles: Iterable[Tile]) -> None:
    listed = list(tiles)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"g{k}": tile.grey for k, tile in enumerate(listed)}
    arrays |= {f"m{k}": np.packbits(tile.mask, axis=1) for k, tile in enumerate(listed)}
    partly = path.with_suffix(".part.npz")
    np.savez(partly, kinds=np.array([tile.kind for tile in listed]), **arrays)
    partly.replace(path)


def load(path: Path) -> list[Tile]:
    with np.load(path) as kept:
        kinds = [str(kind) for kind in kept["kinds"]]
        greys = [kept[f"g{k}"] for k in range(len(kinds))]
        masks = [np.unpackbits(kept[f"m{k}"], axis=1, count=greys[k].shape[1]).astype(bool) for k in range(len(kinds))]
    return [Tile(grey, mask, kind) for grey, mask, kind in zip(greys, masks, kinds, strict=True)]


def plan_of(size_mm: tuple[int, int]) -> Plan:
    width, length = size_mm
    plan = Plan.load(PLAN, load_types(OWN_TYPES, DRAWN_TYPES).catalogue())
    for setting, value in (
        ("part.size_mm", [width, length, 5]),
        ("station.camera.sensor_px", [10 * width + 16, 10 * length + 14]),
    ):
        plan = plan.with_value(setting, value)
    return plan


def _piece(asked: tuple[Wanted, int]) -> list[Tile]:
    """One share of a set: one tile size, a part of the numbers of each kind."""
    wanted, piece = asked
    cv2.setNumThreads(1)
    plan = plan_of(SIZES_MM[piece % len(SIZES_MM)])
    settings = SynthSettings(seed=wanted.seed * 100 + piece, varied=wanted.varied)
    painter = Painter(TileStage(Order.of(plan, HERE, settings, (OWN_TYPES,), wanted.profile)))
    tiles: list[Tile] = []
    for kind, share in SHARES.items():
        count = round(wanted.count * share / (4 * len(SIZES_MM)))
        ready = None
        for number in range(count):
            if ready is None or number % POSE_IMAGES == 0:
                ready = painter.stage.ready(draw_pose(painter.stage, kind, number // POSE_IMAGES), kind)
            recipe = draw_recipe(painter.stage, ready.pose, kind, number)
            tiles += [
                tile_of(painted.image.pixels[:, :, 0], painted.label, kind)
                for painted in painter.paint(recipe, ready)
                if painted.label.verdict is not Verdict.UNSURE or kind in NOT_DEFECTS
            ]
    return tiles


class TileStage(Stage):
    """Puts the skin on before the sensor sees the light. All images of a pose show the same piece."""

    def expose(self, signal: F32, ready: Ready, recipe: Recipe, channel: str, *, blurred: bool = False) -> Image:
        height, width = signal.shape[:2]
        factor = skin(height, width, recipe.pose.surfaces[0].finish_seed, self.settings.varied)
        return super().expose(signal * factor[:, :, None], ready, recipe, channel, blurred=blurred)


def tile_of(grey: Grey, label: Label, kind: str) -> Tile:
    mask = np.zeros(grey.shape, np.float32)
    for annotation in label.annotations:
        seen = annotation.attributes.get("visibility") != "not visible"
        if annotation.class_name not in NOT_DEFECTS and seen and isinstance(annotation.shape, RunLengths):
            mask[annotation.shape.mask().pixels] = 1
    return Tile(halved(grey), cv2.resize(mask, halved(grey).shape[::-1], interpolation=cv2.INTER_AREA) > 0.15, kind)


def halved(grey: Grey) -> Grey:
    height, width = grey.shape
    return np.asarray(cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)


def sheet(tiles: Sequence[Tile], columns: int = 8, cell: int = 200) -> Grey:
    """Side by side, what is to be found outlined."""
    cells = []
    for tile in tiles:
        shown = np.full((cell, cell), 255, np.uint8)
        scale = min(1.0, cell / max(tile.grey.shape))
        grey = cv2.resize(tile.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(tile.mask.astype(np.uint8), grey.shape[::-1])
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        shown[: grey.shape[0], : grey.shape[1]] = cv2.drawContours(grey.copy(), outlines, -1, 255, 1)
        cells.append(shown)
    cells += [np.full((cell, cell), 255, np.uint8)] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[k : k + columns]) for k in range(0, len(cells), columns)])
