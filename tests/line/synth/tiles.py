"""A ground tile under one bar: its plan with three kinds of flaw, photographs of it, and what was made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from firstshift.core.image import Image
from firstshift.core.seed import Seed
from firstshift.line.synth.onto_photographs import from_files
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.store.images import ImageRecord
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace

PART_AND_STATION = """\
format: 1
name: tile
part:
  name: magnet tile
  size_mm: [16, 12, 4]
  bodies:
    - name: tile
      material: ferrite
      finish: {kind: ground, ra_um: [0.6, 3.0], lay: straight, lay_deg: 90}
station:
  name: tiles
  camera: {sensor_px: [160, 120], pixel_um: 6, colour: mono, bits: 8}
  lens: {kind: perspective, focal_mm: 12, f_number: 8}
  working_distance_mm: 212
  lights:
    - {kind: bar, name: side, length_mm: 120, width_mm: 15, position_mm: [0, 150, 90]}
  channels:
    - {name: side, lights: [side]}
defects:
"""
BLOWHOLE = """\
  - {type: porosity, class: blowhole, severity: [4, 5], size_mm: [1.0, 2.0], depth_um: [300, 800]}
"""
STAIN_AND_CHIP = """\
  - {type: discolouration, class: stain, cause: stain, severity: [4, 5], size_mm: [3, 6], contrast: [0.3, 0.5]}
  - {type: chipped_edge, class: chip, severity: [3, 5], length_mm: [1, 3], width_mm: [0.3, 1]}
"""
TILE = PART_AND_STATION + BLOWHOLE + STAIN_AND_CHIP


def tile_order(folder: Path, text: str = TILE, **asked: Any) -> Order:
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return order_for(folder, SynthSettings(**asked))


def tile_stage(folder: Path, text: str = TILE, **asked: Any) -> Stage:
    return Stage(tile_order(folder, text, **({"good": 1, "size_px": 96, "seed": 3} | asked)))


def photograph(number: int, width: int = 160, height: int = 120) -> Image:
    """Grooves along y under uneven light, with noise."""
    draw = Seed(5).child("photograph", number).generator()
    grooves = 1 + 0.06 * draw.standard_normal((1, width))
    light = 110 * grooves * np.linspace(0.85, 1.1, height)[:, None]
    return Image.of(np.clip(light + draw.normal(0, 1.5, (height, width)), 0, 255).astype(np.uint8))


def taken(ws: Workspace, folder: Path) -> dict[str, str]:
    return from_files(ws, [folder], station="tiles", camera=None, channel="side")


def made(ws: Workspace) -> list[ImageRecord]:
    found = ws.images.all(Query(origin="augmented", limit=500))
    return sorted(found, key=lambda one: one.capture.source or "")
