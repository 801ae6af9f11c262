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
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.skin import F32, Skin, ground, skin
from firstshift.core.image import Image
from firstshift.core.label import Label, Verdict
from firstshift.core.shapes import RunLengths
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.loading import load_types
from firstshift.line.synth.drawing import draw_pose, draw_recipe
from firstshift.line.synth.labelling import SeenFlaw
from firstshift.line.synth.lit import mixed
from firstshift.line.synth.order import Order
from firstshift.line.synth.painting import Painted, Painter
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Ready, Stage
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.plan import Plan

HERE = Path(__file__).resolve().parent
PLAN, OWN_TYPES = HERE / "plan.yaml", HERE / "grinding.py"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "firstshift" / "tiles"
NOT_DEFECTS = ("mark",)
FRONTS = ("uneven",)
FRONT_PX = 12
LEAST_CHANGE = 1.5
"""How far a front reaches to either side, in pixels of 0.1 mm."""
SIZES_MM = ((32, 30), (26, 34), (50, 28), (15, 30))
"""Tiles of the customer's range, width and length; pixels are 0.1 mm."""
SHARES = {GOOD: 0.15, "mark": 0.2, "blowhole": 0.15, "crack": 0.15, "break": 0.15, "fray": 0.07, "uneven": 0.13}
"""How many images of each kind; `mark` shows good tiles with marks."""
BARE = ("unground", "chipped_edge", "porosity", "crack")
"""Types of flaws under which there are no grinding marks."""
POSE_IMAGES = 3
VERSION = 4
"""Rises when this file or the package would give other images: then the cache is not used."""

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tile:
    """At half size: one pixel is 0.2 mm."""

    grey: Grey
    mask: npt.NDArray[np.bool_]
    kind: str


Without = Literal["", "skin", "wear", "bare flaws", "fronts", "hidden flaws"]


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    count: int
    varied: bool = True
    profile: SensorProfile | None = None
    seed: int = 1
    without: Without = ""
    """What is left out, to see what it is good for. `hidden flaws`: those that do not stand out stay in the masks."""


def rendered(wanted: Wanted) -> list[Tile]:
    """From the cache, or by two processes into it."""
    sources = "".join(file.read_text() for file in (PLAN, OWN_TYPES, HERE / "skin.py"))
    profile = wanted.profile.to_json() if wanted.profile else ""
    told = f"{sources}{profile}{wanted.count}{wanted.varied}{wanted.seed}{wanted.without}{VERSION}"
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
        ("station.camera.sensor_px", [10 * width + 4, 10 * length + 4]),
    ):
        plan = plan.with_value(setting, value)
    return plan


def _piece(asked: tuple[Wanted, int]) -> list[Tile]:
    """One share of a set: one tile size, a part of the numbers of each kind."""
    wanted, piece = asked
    cv2.setNumThreads(1)
    plan = plan_of(SIZES_MM[piece % len(SIZES_MM)])
    settings = SynthSettings(seed=wanted.seed * 100 + piece, varied=wanted.varied)
    painter = TilePainter(TileStage(Order.of(plan, HERE, settings, (OWN_TYPES,), wanted.profile)))
    painter.stage.without = wanted.without
    tiles: list[Tile] = []
    for kind, share in SHARES.items():
        count = round(wanted.count * share / (4 * len(SIZES_MM)))
        ready = None
        for number in range(count):
            if ready is None or number % POSE_IMAGES == 0:
                ready = painter.stage.ready(draw_pose(painter.stage, kind, number // POSE_IMAGES), kind)
            recipe = draw_recipe(painter.stage, ready.pose, kind, number)
            for painted in painter.paint(recipe, ready):
                if painted.label.verdict is not Verdict.UNSURE or kind in NOT_DEFECTS:
                    clean = None if wanted.without == "hidden flaws" else painter.clean(painted, ready)
                    fronts = () if wanted.without == "fronts" else FRONTS
                    grey = np.asarray(painted.image.pixels[:, :, 0], np.uint8)
                    tiles.append(tile_of(grey, painted.label, kind, clean, fronts))
    return tiles


class TileStage(Stage):
    """Puts the skin on before the sensor sees the light. All images of a pose show the same piece."""

    flaws: Sequence[SeenFlaw] = ()
    """Of the image that is exposed next."""
    without: Without = ""

    def expose(self, signal: F32, ready: Ready, recipe: Recipe, channel: str, *, blurred: bool = False) -> Image:
        height, width = signal.shape[:2]
        if self.without == "skin":
            return super().expose(signal, ready, recipe, channel, blurred=blurred)
        worn = self.without != "wear"
        piece = skin(height, width, recipe.pose.surfaces[0].finish_seed, varied=self.settings.varied, worn=worn)
        factor = piece.factor(None if self.without == "bare flaws" else self.ground_with_flaws(piece))
        return super().expose(signal * factor[:, :, None], ready, recipe, channel, blurred=blurred)

    def ground_with_flaws(self, piece: Skin) -> F32:
        """No grinding marks where the wheel did not reach or where something broke off; others where it went again."""
        marks = piece.ground
        for flaw in self.flaws:
            kind = self.plan.defects[flaw.recipe.entry].type
            here = cv2.GaussianBlur(flaw.mask.pixels.astype(np.float32), (0, 0), 0.7)
            if kind == "reground":
                stronger = np.random.default_rng([flaw.recipe.seed, 3]).uniform(0.7, 2.2)
                again = np.float32(stronger) * ground(piece.mirrored, flaw.recipe.seed)
                marks = marks + here * (again - marks)
            elif kind in BARE:
                marks = marks * (1 - here)
        return marks


class TilePainter(Painter):
    """Tells the stage which flaws it exposes."""

    def __init__(self, stage: TileStage) -> None:
        super().__init__(stage)
        self.stage: TileStage = stage

    def _exposed(
        self, ready: Ready, recipe: Recipe, signal: F32, channel: str, flaws: list[SeenFlaw], *, blurred: bool = False
    ) -> Painted:
        self.stage.flaws = flaws
        return super()._exposed(ready, recipe, signal, channel, flaws, blurred=blurred)

    def clean(self, painted: Painted, ready: Ready) -> Grey:
        """The same exposure of the same piece without its flaws."""
        light = mixed(ready.layers, self.stage.gains(painted.recipe, painted.channel))
        image = self._exposed(ready, painted.recipe, light, painted.channel, []).image
        return np.asarray(image.pixels[:, :, 0], np.uint8)


def tile_of(grey: Grey, label: Label, kind: str, clean: Grey | None = None, fronts: Sequence[str] = FRONTS) -> Tile:
    """`clean`: the same image without its flaws; what cannot be told from it is not to be found."""
    mask = np.zeros(grey.shape, np.float32)
    for annotation in label.annotations:
        seen = annotation.attributes.get("visibility") != "not visible"
        if annotation.class_name not in NOT_DEFECTS and seen and isinstance(annotation.shape, RunLengths):
            pixels = annotation.shape.mask().pixels
            if clean is None or stands_out(grey, clean, pixels):
                mask[front_of(pixels) if annotation.class_name in fronts else pixels] = 1
    return Tile(halved(grey), cv2.resize(mask, halved(grey).shape[::-1], interpolation=cv2.INTER_AREA) > 0.15, kind)


def stands_out(grey: Grey, clean: Grey, pixels: npt.NDArray[np.bool_]) -> bool:
    """The label's own visibility knows the sensor's noise and the finish of the package, not the bench's skin: here a
    flaw has to change its pixels by `LEAST_CHANGE` of what neighbouring pixels differ by without it."""
    small = [halved(one).astype(np.float32) for one in (grey, clean)]
    here = cv2.resize(pixels.astype(np.float32), small[0].shape[::-1], interpolation=cv2.INTER_AREA) > 0.15
    if not here.any():
        return False
    rough = small[1] - cv2.GaussianBlur(small[1], (0, 0), 4)
    sigma = np.sqrt(cv2.GaussianBlur(rough**2, (0, 0), 8))
    change = np.abs(small[0] - small[1])[here] / (sigma[here] + 1)
    return float(np.sort(change)[-max(4, len(change) // 2) :].mean()) >= LEAST_CHANGE


def front_of(pixels: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which side of a front is the wrong one cannot be told: what can be found is where it runs. It runs across the
    marks; the sides and ends of the tile are no front."""
    inner = np.pad(pixels[8:-8, 8:-8], 8, mode="edge").astype(np.uint8)
    across = np.ones((2 * FRONT_PX + 1, 1), np.uint8)
    return np.asarray((cv2.dilate(inner, across) > 0) & ~(cv2.erode(inner, across) > 0), np.bool_)


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
