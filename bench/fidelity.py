"""How near the fast shader comes to a path tracer, and where it does not: parts × lights × substances, and flaws.

Mitsuba with the extra `reference`. A quarter of an hour on two cores the first time; references are kept
(`_references.py`), so that a second run takes a minute. Pictures go to docs/pictures/.

**Error without the reference's noise.** A path tracer's picture is noisy, and noise is not our error. Each reference is
traced twice, A and B, with noise of its own: over a small area the mean of (x − A)(x − B) is the square of our error
x − R, because what A and B have in noise falls out of the mean. Areas are 2 × 2 pixels, and the figure is the median
over them; where the mean comes out negative (no error, some noise) it counts as 0.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from _flaws import flaw_rows
from _pictures import DARK, in_two_rows, padded_rows, save, side_by_side
from _references import layers
from _stage import FINE_EMITTERS, LIGHTS, PARTS, SUBSTANCES, Staged, fine, own_alpha, staged, told, under
from firstshift.render.fineness import MOST_EMITTERS, SMOOTHEST_ALPHA
from measurement import interval, section

Image = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
SIDE_PX = {"strip": 64}
USUAL_SIDE_PX = 128
"""A line camera is path traced line by line, and an endless strip is the same everywhere."""
SAMPLES = 64
"""Of each of two references; well spread ones, as good as several hundred independent ones."""
ALPHAS = (None, 0.1, 0.3)
"""None: what the part's own finish leaves."""
GOAL = 0.05
FEWEST = 30
"""Smooth areas; with fewer an image says nothing."""
AREA = 2


@dataclass(frozen=True, slots=True)
class Compared:
    part: str
    light: str
    substance: str
    alpha: float | None
    error: float
    raw: float
    """Median relative error of single pixels, the reference's noise included."""
    noise: float
    beyond: float
    """Share of the areas that are off by more than the goal."""
    areas: int


def main() -> None:
    rows: list[Compared] = []
    for substance in SUBSTANCES:
        lines = []
        for alpha in ALPHAS:
            for part in PARTS:
                found, cells = compared(part, substance, alpha)
                rows += found
                if alpha is None:
                    lines += in_two_rows(cells)
        save(f"fidelity-{substance}.jpg", padded_rows(lines), 2)
    print(
        section(
            "Shader against path tracer",
            command="make bench ONLY=fidelity",
            n=f"{len(rows)} images of about {USUAL_SIDE_PX} pixels, {sum(row.areas for row in rows):,} smooth areas",
            body="\n\n".join([summary(rows), by_case(rows), limits(), SIDE_BY_SIDE, *interreflection(), flaw_rows()]),
            note=NOTE,
        )
    )


def compared(part: str, substance: str, alpha: float | None) -> tuple[list[Compared], list[Image]]:
    told(f"{part}, {substance}, alpha {alpha or 'of its finish'}")
    scene = staged(part, substance, alpha or own_alpha(part, substance), side_px(part))
    one, other = (layers(scene.prepared, scene.station, SAMPLES, seed) for seed in (1, 2))
    found, cells = [], []
    for index, light in enumerate(LIGHTS):
        ours, reference = scene.prepared.layers[index, ..., 0], (one[index] + other[index]) / 2
        bright = bright_of(reference, smooth_pixels(scene))
        cells.append(side_by_side(ours, reference, bright))
        errors = noise_free(ours, one[index], other[index], bright)
        if len(errors) < FEWEST:
            continue
        raw = np.abs(ours - reference)[bright] / reference[bright]
        noise = np.abs(one[index] - other[index])[bright] / 2 / reference[bright]
        error, of_pixels, of_noise = (float(np.median(values)) for values in (errors, raw, noise))
        beyond = float((errors > GOAL).mean())
        found.append(Compared(part, light, substance, alpha, error, of_pixels, of_noise, beyond, len(errors)))
    return found, cells


def side_px(part: str) -> int:
    return SIDE_PX.get(part, USUAL_SIDE_PX)


def noise_free(ours: Image, one: Image, other: Image, where: Mask) -> Image:
    """Relative error of every small area that lies wholly in `where`."""
    whole = areas_of(where.astype(np.float64)) == 1
    square = areas_of((ours - one) * (ours - other))[whole]
    return np.asarray(np.sqrt(np.maximum(square, 0)) / areas_of((one + other) / 2)[whole])


def areas_of(image: Image) -> Image:
    """Means of AREA × AREA pixels."""
    height, width = (side // AREA for side in image.shape)
    cut = image[: height * AREA, : width * AREA].astype(np.float64)
    return np.asarray(cut.reshape(height, AREA, width, AREA).mean(axis=(1, 3)))


def bright_of(image: Image, smooth: Mask) -> Mask:
    if not smooth.any():
        return smooth
    return smooth & (image > DARK * np.percentile(image[smooth], 99))


def smooth_pixels(scene: Staged) -> Mask:
    """On the part, and two pixels from any outline."""
    gbuffer = scene.prepared.gbuffer
    shape = (gbuffer.height, gbuffer.width)
    single = np.bincount(gbuffer.pixel, minlength=shape[0] * shape[1]).reshape(shape) == 1
    covered = gbuffer.gathered((gbuffer.surface >= 0).astype(np.float32))[:, :, 0] > 0.99
    return cv2.erode((single & covered).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0


def summary(rows: list[Compared]) -> str:
    errors = [row.error for row in rows]
    median, (low, high) = statistics.median(errors), interval(errors, statistics.median)
    held = sum(error <= GOAL for error in errors)
    worst = max(rows, key=lambda row: row.error)
    return (
        f"Direct light: the median relative error on smooth areas is **{median:.1%}** (95 % {low:.1%}–{high:.1%} over "
        f"images; goal {GOAL:.0%}, {'held' if median <= GOAL else 'missed'}); {held} of {len(rows)} images stay below "
        f"{GOAL:.0%} each, the worst is {worst.part} under the {worst.light} with {worst.error:.1%}. The path tracer's "
        f"own noise, {statistics.median(row.noise for row in rows):.1%} at the median of pixels, is taken out; with "
        f"it, pixel by pixel, the median is {statistics.median(row.raw for row in rows):.1%}. Of all smooth areas "
        f"{sum(row.beyond * row.areas for row in rows) / sum(row.areas for row in rows):.0%} are off by more than "
        f"{GOAL:.0%}: at the edges of shadows, and in smooth metal where few emitters stand for a dome."
    )


def by_case(rows: list[Compared]) -> str:
    kinds = [(substance, alpha) for substance in SUBSTANCES for alpha in ALPHAS]
    names = [f"{substance}, {'own α' if alpha is None else f'α {alpha}'}" for substance, alpha in kinds]
    lines = ["| part | light | " + " | ".join(names) + " |", "|---|---|" + "--:|" * len(kinds)]
    for part in PARTS:
        for light in LIGHTS:
            cells = []
            for kind in kinds:
                errors = [r.error for r in rows if (r.part, r.light, r.substance, r.alpha) == (part, light, *kind)]
                text = f"{errors[0]:.1%}" if errors else "–"
                cells.append(f"**{text}**" if errors and errors[0] > GOAL else text)
            lines.append(f"| {part} | {light} | " + " | ".join(cells) + " |")
    own = "; ".join(
        f"{part} {own_alpha(part, 'metal'):.3f} in metal, {own_alpha(part, 'plastic'):.3f} in plastic" for part in PARTS
    )
    return "\n".join(lines) + f"\n\nOwn α is the GGX roughness that the finish leaves at the camera's scale: {own}."


def limits() -> str:
    """What it costs that images are made with few emitters: our own picture under many of them, no path tracer."""
    lines = ["| few emitters against many | " + " | ".join(LIGHTS) + " |", "|---|" + "--:|" * len(LIGHTS)]
    every = []
    for substance in SUBSTANCES:
        for part in PARTS:
            told(f"limits: {part}, {substance}")
            scene = staged(part, substance, own_alpha(part, substance), side_px(part))
            many = under(scene.prepared, fine(scene.station))
            smooth, cells = smooth_pixels(scene), []
            for ours, reference in zip(scene.prepared.layers[..., 0], many.layers[..., 0], strict=True):
                # Without noise both factors of the mean are the same.
                errors = noise_free(ours, reference, reference, bright_of(reference, smooth))
                every.append(float(np.median(errors)))
                cells.append(f"{every[-1]:.1%} ({(errors > GOAL).mean():.0%})")
            lines.append(f"| {part}, {substance} | " + " | ".join(cells) + " |")
    head = (
        f"**How much of it is the number of emitters.** Images are made with up to {MOST_EMITTERS} emitters a light, "
        f"cut for α {SMOOTHEST_ALPHA:g} or more. Against the same shader with up to {FINE_EMITTERS:,} a light the "
        f"median difference is {statistics.median(every):.1%} (median of {len(every)} images), the largest "
        f"{max(every):.1%}; own α, in brackets the share of areas that differ by more than {GOAL:.0%}."
    )
    return head + "\n\n" + "\n".join(lines)


def interreflection() -> tuple[str, str]:
    """Where light that bounces matters: the whole path against our direct light."""
    lines = ["| whole paths | light | median error on smooth areas | off by more than 10 % |", "|---|---|--:|--:|"]
    cells = []
    for part, substance in (("bracket", "metal"), ("bracket", "plastic"), ("fitting", "metal")):
        told(f"whole paths: {part}, {substance}")
        scene = staged(part, substance, own_alpha(part, substance), side_px(part))
        one, other = (layers(scene.prepared, scene.station, SAMPLES, seed, "path") for seed in (1, 2))
        row = []
        for index, light in enumerate(LIGHTS):
            ours, path = scene.prepared.layers[index, ..., 0], (one[index] + other[index]) / 2
            errors = noise_free(ours, one[index], other[index], bright_of(path, smooth_pixels(scene)))
            median, share = (float(np.median(errors)), float((errors > 0.1).mean())) if len(errors) else (math.nan,) * 2
            lines.append(f"| {part}, {substance} | {light} | {median:.1%} | {share:.0%} |")
            row.append(side_by_side(ours, path))
        cells += in_two_rows(row)
    save("fidelity-interreflection.jpg", padded_rows(cells), 2)
    return INTERREFLECTION, "\n".join(lines)


SIDE_BY_SIDE = """\
Below, with the finishes' own α: each cell is shader, path tracer, error (blue: we are too dark, red: too bright, full
colour at 25 %; grey: outlines and darkness, not compared). Each part takes two lines, ring and bar, then dome and dark
field; the parts are bracket, cap, fitting, strip.

![Metal: shader, path tracer, error](pictures/fidelity-metal.jpg)

![Plastic: shader, path tracer, error](pictures/fidelity-plastic.jpg)"""

INTERREFLECTION = """\
**Where it fails.** The shader counts light that met one surface. Against whole paths (12 bounces) deep pockets, bores
and facing walls are too dark, and open faces are not. Two lines each as above: bracket in metal, in plastic, fitting
in metal.

![Against whole paths: shader, path tracer, error](pictures/fidelity-interreflection.jpg)"""

NOTE = """\
Smooth areas are 2 × 2 pixels on the part, two pixels from any outline and brighter than 2 % of the image's bright
parts. The error of an area is the root of the mean of (x − A)(x − B) over the reference's brightness, x being ours and
A and B two references of their own noise each, which so falls out. The lights of the reference have their true shape
(rings, bands, half spheres, rectangles as meshes that shine); ours are the emitters that stand for them, as many as
images are made with. Both get the same meshes, corner normals, lens, refractive indices and GGX roughness α; no finish
texture, because the path tracer has no equivalent of it."""


if __name__ == "__main__":
    main()
