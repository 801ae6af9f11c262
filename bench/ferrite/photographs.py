"""The real photographs: which are backgrounds, which are looked at, which only test; and of which tile they are.

`parts.csv` of the set leaks (docs/near-duplicates.md), so tiles are told apart by `firstshift.likeness`. No tile is on
two sides: a group with a defective photograph is shown to the models as a whole, of the others every second group lends
its photographs as backgrounds. Of the shown groups half are `dev`: whoever improves the plan may look at them and at
their scores. The other half is `test`: nobody looks, only the finished bench reports.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from ferrite.rendering import CACHE, SIZES_MM, Grey, Tile, halved, plan_of
from firstshift.likeness import group_repeats, signature
from firstshift.sensor.calibrate import calibrate
from firstshift.sensor.profile import SensorProfile
from firstshift.sensor.reading import FrameSet, read_frames

GOOD = "Free"
Side = Literal["background", "dev", "test"]
MIDDLE = (200, 160)
"""Rows and columns of a photograph that tell about the camera."""


@dataclass(frozen=True, slots=True)
class Photograph:
    file: Path
    kind: str
    """`Free`, or the class of its defect."""
    tile: int
    side: Side

    def grey(self) -> Grey:
        read = cv2.imread(str(self.file), cv2.IMREAD_GRAYSCALE)
        if read is None:
            raise ValueError(f"{self.file}: expected a photograph, found none")
        return np.asarray(read, np.uint8)

    def half(self) -> Grey:
        return halved(self.grey())

    def shown(self) -> Tile:
        """With what people marked on it."""
        grey = self.half()
        mask = np.zeros(grey.shape, np.float32)
        if self.kind != GOOD:
            marked = cv2.imread(str(self.file.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
            if marked is not None:
                mask = cv2.resize(marked, grey.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
        return Tile(grey, mask > 80, self.kind)


def photographs(folder: Path) -> list[Photograph]:
    files = sorted(folder.glob("MT_*/*.jpg"))
    tiles = _tiles(files)
    kinds = [file.parent.name.removeprefix("MT_") for file in files]
    faulty = {tile for tile, kind in zip(tiles, kinds, strict=True) if kind != GOOD}
    good = sorted(set(tiles) - faulty)
    backgrounds = set(good[::2])
    names: dict[int, str] = {}
    for tile, file in zip(tiles, files, strict=True):
        names.setdefault(tile, file.name)
    sides: dict[int, Side] = {tile: "background" if tile in backgrounds else shown_side(names[tile]) for tile in names}
    return [Photograph(file, kind, tile, sides[tile]) for file, kind, tile in zip(files, kinds, tiles, strict=True)]


def shown_side(first_name: str) -> Side:
    """By the name of a group's first photograph: the same whatever else is in the set."""
    return "dev" if int(hashlib.sha256(first_name.encode()).hexdigest(), 16) % 2 == 0 else "test"


def _tiles(files: list[Path]) -> list[int]:
    named = hashlib.sha256("".join(f"{file.name}{file.stat().st_size}" for file in files).encode()).hexdigest()[:12]
    kept = CACHE / f"groups-{named}.json"
    if not kept.exists():

        def grey(k: int) -> npt.NDArray[np.float32]:
            return np.asarray(cv2.imread(str(files[k]), cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)

        found = group_repeats([signature(grey(k)) for k in range(len(files))], grey).labels()
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([int(label) for label in found]))
    return [int(label) for label in json.loads(kept.read_text())]


def calibrated(backgrounds: list[Photograph]) -> SensorProfile:
    """From photographs of good tiles alone, one of each of 24 tiles. The set's photographs are cut to the tile, so all
    differ in size; what all have is their middle. What they do not tell stays as usual for the plan's camera."""
    one_each = list({photograph.tile: photograph for photograph in backgrounds}.values())[:24]
    frames = []
    for photograph in one_each:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(photograph.file, folder)
            frame = read_frames(Path(folder)).frames[0]
        top, left = (frame.numbers.shape[0] - MIDDLE[0]) // 2, (frame.numbers.shape[1] - MIDDLE[1]) // 2
        if top >= 0 and left >= 0:
            middle = frame.numbers[top : top + MIDDLE[0], left : left + MIDDLE[1]]
            frames.append(replace(frame, numbers=np.ascontiguousarray(middle), kind="background"))
    return calibrate(FrameSet(tuple(frames), 8), camera=plan_of(SIZES_MM[0]).station.camera)
