"""A tiny picture of each type of flaw, as numbers that are committed beside the version of the recipes.

    scripts/golden-renders        # renew them, after RECIPE_VERSION (or ONTO_VERSION) was raised

For each picture: the mean and the spread of 8 × 8 blocks, in grey levels, and what its label covers. Not a hash of its
bytes: between kinds of processor a pixel may differ by a level, which no block's mean notices.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firstshift.core.decode import decode_image
from firstshift.core.encode import encode_png
from firstshift.core.outline import mask_of
from firstshift.line.synth.onto_order import ONTO_VERSION, OntoOrder, OntoSettings, OntoUnit, Photograph
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.settings import RECIPE_VERSION, SynthSettings
from firstshift.store.images import NewImage
from tests.line.synth.plates import UNDRILLED, plate, plate_plan
from tests.line.synth.tiles import photograph, tile_order
from tests.spec.plans import RING_AND_LOW

FILE = Path(__file__).with_name("golden_renders.json")
BLOCKS = 8
FLAWS = """\
  - {type: scratch, class: scratch, severity: [3, 5], length_mm: [1, 3], width_mm: [0.1, 0.2], depth_um: [10, 30]}
  - {type: dent, class: dent, severity: [3, 5], size_mm: [0.5, 1], depth_um: [30, 80]}
  - {type: porosity, class: porosity, severity: [3, 5], size_mm: [0.3, 0.8], depth_um: [100, 300]}
  - {type: pitting, class: pitting, severity: [3, 5], size_mm: [0.1, 0.3], depth_um: [10, 60], pits: [5, 10]}
  - {type: crack, class: crack, severity: [3, 5], length_mm: [1, 3], width_mm: [0.05, 0.1], depth_um: [100, 300]}
  - {type: discolouration, class: discolouration, cause: stain, severity: [3, 5], size_mm: [1, 2], contrast: [0.2, 0.4]}
  - {type: contamination, class: contamination, cause: fibre, severity: [3, 5], size_mm: [0.05, 0.1], length_mm: [1, 3]}
  - {type: inclusion, class: inclusion, severity: [3, 5], size_mm: [0.3, 0.8], contrast: [0.4, 0.8]}
  - {type: burr, class: burr, severity: [3, 5], length_mm: [1, 3], height_mm: [0.2, 0.5]}
  - {type: chipped_edge, class: chipped_edge, severity: [3, 5], length_mm: [1, 2], width_mm: [0.2, 0.6]}
  - {type: missing_feature, class: missing_feature, feature: hole, severity: [5, 5], size_mm: [5, 7]}
"""
BAR = """\
  working_distance_mm: 250
  lights:
    - {kind: bar, name: bar, length_mm: 120, width_mm: 15, position_mm: [0, 110, 90]}
  channels:
    - {name: side, lights: [bar]}
"""
CHANGES = (
    ('material: plastic, colour: "#909090", finish: {kind: moulded, ra_um: [0.8, 0.8]}',
     "material: steel, finish: {kind: ground, ra_um: [0.4, 0.8]}"),
    ("pixel_um: 3.45", "pixel_um: 6.9"),
    (RING_AND_LOW, BAR),
    (UNDRILLED, FLAWS),
)  # fmt: skip


def measured() -> dict[str, Any]:
    """As `golden_renders.json` has it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plate_plan(folder, plate(48), *CHANGES)
        found = _rendered(folder)
        found["onto a photograph"] = _onto(folder)
    return {"recipe": RECIPE_VERSION, "onto": ONTO_VERSION, "pictures": found}


def _rendered(folder: Path) -> dict[str, Any]:
    painter = order_for(folder, SynthSettings(size_px=96, seed=11)).painter()
    kinds = ["good", *(entry.class_name for entry in painter.stage.drawable)]
    found = {}
    for kind in kinds:
        (image,) = painter.paint_unit(Unit(kind, 0, 1))
        found[kind] = _numbers(image)
    return found


def _onto(folder: Path) -> dict[str, Any]:
    painter = OntoOrder.of(tile_order(folder), OntoSettings(per_photo=1, seed=1)).painter()
    given = Photograph("img", "tile.png", encode_png(photograph(1)))
    (image,) = painter.paint_unit(OntoUnit(given, (("stain", 0),))).images
    return _numbers(image)


def _numbers(image: NewImage) -> dict[str, Any]:
    assert isinstance(image.data, bytes)
    assert image.label is not None
    pixels = decode_image(image.data, "golden").pixels.mean(axis=2)
    height, width = pixels.shape
    label = image.label.label
    shapes = [one.shape for one in label.annotations if one.shape is not None]
    return {
        "size": [width, height],
        "mean": _of_blocks(pixels, np.mean),
        "spread": _of_blocks(pixels, np.std),
        "classes": list(label.classes),
        "covered_px": int(sum(mask_of(shape, width, height).area for shape in shapes)),
    }


def _of_blocks(pixels: npt.NDArray[Any], what: Any) -> list[float]:
    rows = np.array_split(pixels, BLOCKS, axis=0)
    return [round(float(what(block)), 2) for row in rows for block in np.array_split(row, BLOCKS, axis=1)]


def main() -> None:
    before = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"pictures": {}}
    now = measured()
    text = json.dumps(now, separators=(",", ":")).replace('"pictures":{', '"pictures":{\n').replace("},", "},\n")
    FILE.write_text(text + "\n", encoding="utf-8")
    changed = [name for name, one in now["pictures"].items() if before["pictures"].get(name) != one]
    print(f"{FILE.name}: recipe {now['recipe']}, onto {now['onto']}; changed: {', '.join(changed) or 'nothing'}")


if __name__ == "__main__":
    main()
