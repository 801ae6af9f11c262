"""How near the fast shader comes to a path tracer, and where it does not: parts × lights × substances, and flaws.

Mitsuba with the extra `reference`. Twenty minutes on two cores; pictures go to docs/pictures/.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from _flaws import flaw_rows
from _stage import LIGHTS, PARTS, SUBSTANCES, Staged, staged, told
from firstshift.render.reference.scene import trace
from measurement import interval, section

Image = npt.NDArray[np.floating]
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIDE_PX = 256
SAMPLES = 512
ALPHAS = (0.1, 0.3)
GOAL = 0.05
DARK = 0.02
"""Pixels darker than this share of the image's bright parts are left out: there a relative error says nothing."""
FULL_ERROR = 0.25
FEWEST = 50
"""Smooth pixels; with fewer an image says nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    part: str
    light: str
    substance: str
    alpha: float
    error: float
    noise: float
    pixels: int


def main() -> None:
    rows: list[Compared] = []
    pictures: dict[str, list[Image]] = {}
    for substance in SUBSTANCES:
        for alpha in ALPHAS:
            for part in PARTS:
                told(f"{part}, {substance}, alpha {alpha}")
                scene = staged(part, substance, alpha, SIDE_PX)
                halves = [trace(scene.prepared, scene.station, samples=SAMPLES // 2, seed=seed) for seed in (1, 2)]
                cells = []
                for index, light in enumerate(LIGHTS):
                    found, cell = compared(scene, index, halves[0][index, ..., 0], halves[1][index, ..., 0])
                    cells.append(cell)
                    if found[2] >= FEWEST:
                        rows.append(Compared(part, light, substance, alpha, *found))
                if alpha == ALPHAS[0]:
                    pictures.setdefault(substance, []).append(np.concatenate(cells, axis=1))
    for substance, lines in pictures.items():
        save(f"fidelity-{substance}.jpg", padded_rows(lines))
    table, gains = interreflection()
    print(
        section(
            "Shader against path tracer",
            command="make bench ONLY=fidelity",
            n=f"{len(rows)} images of {SIDE_PX} pixels across, {sum(row.pixels for row in rows):,} smooth pixels",
            body="\n\n".join([summary(rows), by_case(rows), SIDE_BY_SIDE, gains, table, flaw_rows()]),
            note=NOTE,
        )
    )


def compared(scene: Staged, light: int, one: Image, other: Image) -> tuple[tuple[float, float, int], Image]:
    """Median relative error on smooth bright pixels, that of the reference's own noise, how many; and the picture."""
    ours, reference = scene.prepared.layers[light, ..., 0], (one + other) / 2
    smooth = smooth_pixels(scene)
    bright = bright_of(reference, smooth)
    error = np.abs(ours - reference)[bright] / reference[bright]
    noise = np.abs(one - other)[bright] / 2 / reference[bright]
    cell = side_by_side(ours, reference, bright)
    if bright.sum() < FEWEST:
        return (math.nan, math.nan, int(bright.sum())), cell
    return (float(np.median(error)), float(np.median(noise)), int(bright.sum())), cell


def bright_of(image: Image, smooth: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    if not smooth.any():
        return smooth
    return smooth & (image > DARK * np.percentile(image[smooth], 99))


def smooth_pixels(scene: Staged) -> npt.NDArray[np.bool_]:
    """On the part, and two pixels from any outline."""
    gbuffer = scene.prepared.gbuffer
    shape = (gbuffer.height, gbuffer.width)
    single = np.bincount(gbuffer.pixel, minlength=shape[0] * shape[1]).reshape(shape) == 1
    covered = gbuffer.gathered((gbuffer.surface >= 0).astype(np.float32))[:, :, 0] > 0.99
    return cv2.erode((single & covered).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0


def side_by_side(ours: Image, reference: Image, where: npt.NDArray[np.bool_] | None = None) -> Image:
    """Shader, path tracer, and the relative error: blue too dark, red too bright, grey not compared."""
    top = np.percentile(reference, 99.5)
    shown = [np.repeat(np.clip(image / top, 0, 1)[..., None] ** (1 / 2.2), 3, axis=2) for image in (ours, reference)]
    error = np.clip((ours - reference) / np.maximum(reference, DARK * top) / FULL_ERROR, -1, 1)
    red, blue = np.clip(error, 0, 1), np.clip(-error, 0, 1)
    map_ = 1 - np.stack([red, np.maximum(red, blue), blue], axis=-1)  # B, G, R
    if where is not None:
        map_[~where] = 0.8
    return np.pad(np.concatenate([*shown, map_], axis=1), ((2, 2), (2, 2), (0, 0)), constant_values=1)


def save(name: str, picture: Image) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PICTURES / name), (picture * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88])


def summary(rows: list[Compared]) -> str:
    errors = [row.error for row in rows]
    median, (low, high) = statistics.median(errors), interval(errors, statistics.median)
    held = sum(error <= GOAL for error in errors)
    return (
        f"Direct light: the median relative error on smooth areas is **{median:.1%}** (95 % {low:.1%}–{high:.1%} over "
        f"images; goal {GOAL:.0%}, {'held' if median <= GOAL else 'missed'}); {held} of {len(rows)} images stay below "
        f"{GOAL:.0%} each. The path tracer's own noise at {SAMPLES} samples, which is part of it, is "
        f"{statistics.median(row.noise for row in rows):.1%}."
    )


def by_case(rows: list[Compared]) -> str:
    kinds = [(substance, alpha) for substance in SUBSTANCES for alpha in ALPHAS]
    head = "| part | light | " + " | ".join(f"{substance}, α {alpha}" for substance, alpha in kinds) + " |"
    lines = [head, "|---|---|" + "--:|" * len(kinds)]
    for part in PARTS:
        for light in LIGHTS:
            cells = []
            for kind in kinds:
                of_kind = [r for r in rows if (r.part, r.light, r.substance, r.alpha) == (part, light, *kind)]
                texts = [f"{row.error:.1%} ({row.noise:.1%})" for row in of_kind] or ["–"]
                held = all(row.error <= GOAL for row in of_kind)
                cells.append(texts[0] if held else f"**{texts[0]}**")
            lines.append(f"| {part} | {light} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def interreflection() -> tuple[str, str]:
    """Where light that bounces matters: the whole path against our direct light."""
    lines = ["| | light | median error on smooth areas | share of them off by more than 10 % |", "|---|---|--:|--:|"]
    cells = []
    for part, substance in (("bracket", "metal"), ("bracket", "plastic"), ("fitting", "metal")):
        told(f"whole paths: {part}, {substance}")
        scene = staged(part, substance, ALPHAS[0], SIDE_PX)
        path = trace(scene.prepared, scene.station, samples=SAMPLES, way="path")[..., 0]
        row = []
        for index, light in enumerate(LIGHTS):
            ours, smooth = scene.prepared.layers[index, ..., 0], smooth_pixels(scene)
            bright = bright_of(path[index], smooth)
            error = np.abs(ours - path[index])[bright] / path[index][bright]
            lines.append(f"| {part}, {substance} | {light} | {np.median(error):.1%} | {(error > 0.1).mean():.0%} |")
            row.append(side_by_side(ours, path[index]))
        cells.append(np.concatenate(row, axis=1))
    save("fidelity-interreflection.jpg", padded_rows(cells))
    return "\n".join(lines), INTERREFLECTION


def padded_rows(rows: list[Image]) -> Image:
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0)), constant_values=1) for r in rows])


SIDE_BY_SIDE = """\
In brackets: the path tracer's own noise, which is part of the error. Below: each cell is shader, path tracer, error
(blue: we are too dark, red: too bright, full colour at 25 %; grey: outlines and darkness, not compared); columns are
ring, bar, dome, dark field; rows are bracket, cap, fitting, strip.

![Metal: shader, path tracer, error](pictures/fidelity-metal.jpg)

![Plastic: shader, path tracer, error](pictures/fidelity-plastic.jpg)"""

INTERREFLECTION = """\
**Where it fails.** The shader counts light that met one surface. Against whole paths (12 bounces) deep pockets, bores
and facing walls are too dark, and open faces are not; rows: bracket in metal and in plastic, fitting in metal.

![Against whole paths: shader, path tracer, error](pictures/fidelity-interreflection.jpg)"""

NOTE = """\
Smooth areas are pixels on the part, two pixels from any outline and brighter than 2 % of the image's bright parts.
The lights of the reference have their true shape (rings, bands, half spheres, rectangles as meshes that shine); ours
are the emitters that stand for them. Both get the same meshes, corner normals, lens, refractive indices and GGX
roughness α; no finish texture, because the path tracer has no equivalent of it."""


if __name__ == "__main__":
    main()
