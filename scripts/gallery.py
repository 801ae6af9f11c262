"""Draws docs/pictures/gallery-*.jpg: each type of flaw in three grades, on three materials, under two lights.

scripts/gallery                                              # all, some minutes on two cores
scripts/gallery --only crack dent --seed 3 --out /tmp/look --png

Every picture is 300 × 300 pixels of the camera, shown as they are: view, finish, light, stamp and sensor as `synth`
run them. The same flaw lies under both lights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw
from ruamel.yaml import YAML

from firstshift.core.imprint import Imprint
from firstshift.core.lettering import font_of
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from gallery_plates import LAMPS, STOCK, Kind, photographed, plate

SIDE_PX = 300
GRADES = (1, 3, 5)
OPENING_SHARES = (0.16, 0.23, 0.3)
MOST_BYTES = 345_000
PAINTED = ("ground steel", "dark moulded plastic", "painted steel")
ALUMINIUM = ("milled aluminium", "dark moulded plastic", "painted steel")
CAST = ("milled aluminium", "dark moulded plastic", "cast iron")
STEEL_CAST = ("ground steel", "dark moulded plastic", "cast aluminium")
LOW, DARK = "low bar", "dark field"


@dataclass(frozen=True, slots=True)
class Page:
    type: str
    across_mm: float
    """Width of what each picture shows."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Of the type's own example."""
    stock: tuple[str, ...] = PAINTED
    second: str = LOW
    kind: Kind = "face"


def _foreign(across_mm: float, cause: str, size_mm: list[float], length_mm: list[float] | None = None) -> Page:
    changes = {"cause": cause, "size_mm": size_mm, "length_mm": length_mm}
    return Page("contamination", across_mm, changes, ALUMINIUM, DARK)


PAGES: dict[str, Page] = {
    "scratch": Page("scratch", 10.0),
    "scratch-bundle": Page("scratch", 10.0, {"lines": [3, 12]}),
    "dent": Page("dent", 7.0, stock=ALUMINIUM),
    "porosity": Page("porosity", 5.0, stock=CAST),
    "pitting": Page("pitting", 9.0, stock=STEEL_CAST),
    "crack": Page("crack", 9.0, stock=("ground steel", "dark moulded plastic", "cast iron")),
    "oxide": Page(
        "discolouration", 12.0, {"cause": "oxide", "size_mm": [2, 8]}, ("ground steel", "milled copper", "cast iron")
    ),
    "burn": Page("discolouration", 12.0, {"cause": "burn", "size_mm": [2, 8], "contrast": [0.2, 0.8]}),
    "stain": Page("discolouration", 14.0, {"size_mm": [2, 8], "contrast": [0.15, 0.5]}),
    "oil": _foreign(15.0, "oil", [3, 10]),
    "dust": _foreign(5.0, "dust", [0.04, 0.2]),
    "fibre": _foreign(7.0, "fibre", [0.02, 0.06], [1, 8]),
    "chip": _foreign(6.0, "chip", [0.2, 1.0], [1, 8]),
    "fingerprint": _foreign(18.0, "fingerprint", [9, 15]),
    "inclusion": Page("inclusion", 6.0, stock=STEEL_CAST),
    "burr": Page("burr", 6.0, stock=CAST, kind="edge"),
    "chipped-edge": Page("chipped_edge", 5.0, stock=CAST, kind="edge"),
    "missing-hole": Page("missing_feature", 18.0, {"feature": "hole", "size_mm": [5, 6]}, ALUMINIUM, kind="hole"),
    "short-shot": Page("missing_feature", 16.0, {"size_mm": [1, 5]}, CAST, kind="edge"),
}
GAP, MARGIN, CAPTION, HEADING = 10, 14, 22, 28
_PAPER, _INK, _QUIET = (255, 255, 255), (28, 32, 38), (90, 98, 108)
Pixels = npt.NDArray[np.uint8]
_TOLD = {
    "both": "{}",
    "length_mm": "{:.2g} mm long", "size_mm": "{:.2g} mm", "width_mm": "{:.2g} mm wide", "depth_um": "{:.0f} µm deep",
    "height_mm": "{:.2g} mm high", "lines": "{} lines", "pores": "{} pores", "pits": "{} pits", "grains": "{} grains",
    "contrast": "contrast {:.2f}", "form": "{}", "blow": "{}", "pattern": "{}", "break": "{}",
}  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", nargs="*", choices=PAGES, default=list(PAGES), metavar="PAGE", help=", ".join(PAGES))
    asked.add_argument("--seed", type=int, default=2)
    asked.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "pictures")
    asked.add_argument("--png", action="store_true", help="without loss")
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    draw = partial(write_page, folder=given.out, seed=given.seed, as_png=given.png)
    with ProcessPoolExecutor(given.workers) as crew:
        for done, file in enumerate(crew.map(draw, given.only), 1):
            print(f"{done} of {len(given.only)}: {file}, {file.stat().st_size / 1000:.0f} kB", flush=True)


def write_page(name: str, folder: Path, seed: int, as_png: bool) -> Path:
    page = drawn_page(PAGES[name], seed)
    if as_png:
        file = folder / f"gallery-{name}.png"
        page.save(file)
        return file
    file = folder / f"gallery-{name}.jpg"
    for quality in range(91, 40, -3):
        page.save(file, quality=quality, optimize=True, subsampling="4:2:0")
        if file.stat().st_size <= MOST_BYTES:
            break
    return file


def drawn_page(page: Page, seed: int) -> Pillow.Image:
    lamps = ("ring light", page.second)
    step = HEADING + SIDE_PX + CAPTION
    width = 2 * MARGIN + len(GRADES) * (SIDE_PX + GAP) - GAP
    sheet = Pillow.new("RGB", (width, len(page.stock) * len(lamps) * step + MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (heading, row) in enumerate(_rows(page, lamps, seed)):
        top = number * step + HEADING
        pen.text((MARGIN, top - 22), heading, fill=_INK, font=font_of(16))
        for column, (picture, caption) in enumerate(row):
            left = MARGIN + column * (SIDE_PX + GAP)
            sheet.paste(Pillow.fromarray(picture), (left, top))
            _scale_bar(pen, left, top, page.across_mm)
            pen.text((left, top + SIDE_PX + 3), caption, fill=_QUIET, font=font_of(13))
    return sheet


def _rows(page: Page, lamps: tuple[str, ...], seed: int) -> Iterator[tuple[str, list[tuple[Pixels, str]]]]:
    for number, stock in enumerate(page.stock):
        for lamp in lamps:
            ready = plate(page.kind, STOCK[stock], LAMPS[lamp], page.across_mm, SIDE_PX)
            row = []
            for grade, share in zip(GRADES, OPENING_SHARES, strict=True):
                if page.kind == "hole":  # whatever the severity, it is as large as the drawing says
                    ready = plate("hole", STOCK[stock], LAMPS[lamp], page.across_mm, SIDE_PX, share)
                own = Seed(seed).child(page.type, number, grade)
                turned = own.uniform("turned") * 160 - 80 if page.kind == "face" else 0.0
                imprint = _flaw(page, ready.ground(turned), grade, own)
                picture = photographed(ready, imprint, turned, own.child("camera", lamp))
                row.append((picture, _told(grade, imprint)))
            yield f"{stock}, {lamp}", row


def _flaw(page: Page, ground: Any, grade: int, seed: Seed) -> Imprint:
    drawn = next(one for one in DRAWN_TYPES.types if one.name == page.type)
    entry = drawn.model.model_validate({**YAML(typ="safe").load(drawn.example), **page.changes})
    mildest, worst = entry.severity  # a hole is missing or it is not
    return draw_flaw(entry, ground, min(max(grade, mildest), worst), seed)


def _told(grade: int, imprint: Imprint) -> str:
    found = dict(imprint.parameters)
    if "length_mm" in found and "width_mm" in found:
        found["both"] = "{:.2g} × {:.2g} mm".format(found.pop("length_mm"), found.pop("width_mm"))
    sizes = [text.format(found[name]) for name, text in _TOLD.items() if name in found]
    return ", ".join([f"severity {grade}", *sizes[:3]]).replace(", 1 lines", "")


def _scale_bar(pen: ImageDraw.ImageDraw, left: int, top: int, across_mm: float) -> None:
    bar_px = SIDE_PX / across_mm
    x, y = left + 8, top + SIDE_PX - 9
    pen.line((x - 1, y, x + bar_px + 1, y), fill=(0, 0, 0), width=4)
    pen.line((x, y, x + bar_px, y), fill=(255, 255, 255), width=2)
    pen.text((x, y - 15), "1 mm", fill=(255, 255, 255), font=font_of(11), stroke_width=1, stroke_fill=0)


if __name__ == "__main__":
    main()
