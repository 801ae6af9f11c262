"""Flaws stamped by the shader against the same height fields path traced as real geometry."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from _pictures import in_one_row, padded_rows, save
from _references import picture
from _stage import FINE_EMITTERS, as_for_images, fine, told, under
from firstshift.core.imprint import Ground, Imprint, Patch
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.render.landing import Landing
from firstshift.render.pose import STILL
from firstshift.render.prepared import Prepared
from firstshift.render.reference.displaced import displaced
from firstshift.render.reference.scene import lamp_of, plain_appearance
from firstshift.render.reference.similarity import similarity_map
from firstshift.render.reference.substance import substance
from firstshift.render.reference.tracing import Piece
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.stamp import stamp
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import Window, view_of
from firstshift.spec.defect_types import Crack, Dent, Porosity, Scratch
from firstshift.spec.station import Station
from measurement import interval

Image = npt.NDArray[np.floating]
SIDE_PX, PIXEL_MM = 160, 0.02
SAMPLES = 144
"""Of each of two references."""
GOAL = 0.9
SEVERITY = 4
CROP_PX = 6
MARGIN_PX = 12
"""The crop and what its outermost windows of similarity reach."""
SEEDS = (1, 2, 3)
LIGHTS = (
    {"kind": "ring", "name": "ring", "diameter_mm": 120, "width_mm": 20, "height_mm": 110},
    {"kind": "bar", "name": "bar", "length_mm": 80, "width_mm": 15, "position_mm": [-60, 0, 80]},
    {"kind": "dome", "name": "dome", "diameter_mm": 160, "opening_mm": 30, "height_mm": 5},
    {"kind": "dark_field", "name": "dark field", "diameter_mm": 90, "width_mm": 8, "height_mm": 12},
)
FLAWS = {
    "scratch": Scratch.model_validate(
        {"type": "scratch", "class": "scratch", "length_mm": [1, 2], "width_mm": [0.06, 0.2], "depth_um": [5, 30],
         "lips": [0.1, 0.4]}
    ),
    "dent": Dent.model_validate({"type": "dent", "class": "dent", "size_mm": [0.4, 1.5], "depth_um": [20, 150]}),
    "pore": Porosity.model_validate(
        {"type": "porosity", "class": "pore", "size_mm": [0.1, 0.4], "depth_um": [40, 200], "pores": [1, 6],
         "cluster_mm": [0.5, 1.5]}
    ),
    "crack": Crack.model_validate(
        {"type": "crack", "class": "crack", "length_mm": [1, 2], "width_mm": [0.02, 0.06], "depth_um": [50, 300]}
    ),
}  # fmt: skip
SUBSTANCES = {"aluminium": 0.15, "plastic": 0.2}


@dataclass(frozen=True, slots=True)
class Likeness:
    flaw: str
    material: str
    light: str
    value: float
    ceiling: float
    """Two references that differ in their noise alone."""
    finer: float
    """Instead of `value`, had the lights been cut as fine as `_stage.fine`."""


def flaw_rows() -> str:
    every: list[Likeness] = []
    pictures = []
    for name in FLAWS:
        found, row = compare(name)
        every += found
        pictures.append(row)
    save("fidelity-flaws.jpg", padded_rows(pictures), 3)
    values = [one.value for one in every]
    held = sum(value >= GOAL for value in values)
    head = (
        f"**Flaws.** The same height field stamped by the shader, and path traced as a mesh (12 bounces, twice "
        f"{SAMPLES} samples): structural similarity (Wang 2004) in the flaw's crop, over {len(SEEDS)} drawn flaws × "
        f"{len(LIGHTS)} lights × metal and plastic; goal {GOAL}. {held} of {len(values)} crops reach it, the lowest "
        f"has {min(values):.3f}. Lights are cut into as many emitters as for images; *finely cut* says what the same "
        f"crops have with up to {FINE_EMITTERS:,} a light. The last column is what two references have that differ in "
        "their noise alone."
    )
    return "\n\n".join([head, by_flaw(every), by_light(every), PICTURE])


def by_flaw(every: list[Likeness]) -> str:
    head = "| flaw | similarity (95 %) | lowest | n | finely cut | lowest | reference to reference |"
    lines = [head, "|---|--:|--:|--:|--:|--:|--:|"]
    for name in FLAWS:
        found = [one for one in every if one.flaw == name]
        values = [one.value for one in found]
        low, high = interval(values, statistics.median)
        median = statistics.median(values)
        told_as = f"{median:.3f}" if median >= GOAL else f"**{median:.3f}**"
        ceiling = statistics.median(one.ceiling for one in found)
        finer = [one.finer for one in found]
        lines.append(
            f"| {name} | {told_as} ({low:.3f}–{high:.3f}) | {min(values):.3f} | {len(values)} | "
            f"{statistics.median(finer):.3f} | {min(finer):.3f} | {ceiling:.3f} |"
        )
    return "\n".join(lines)


def by_light(every: list[Likeness]) -> str:
    names = [str(light["name"]) for light in LIGHTS]
    lines = ["| median over flaws | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for flaw in FLAWS:
        for material in SUBSTANCES:
            cells = []
            for light in names:
                values = [one.value for one in every if (one.flaw, one.material, one.light) == (flaw, material, light)]
                median = statistics.median(values)
                cells.append(f"{median:.3f}" if median >= GOAL else f"**{median:.3f}**")
            lines.append(f"| {flaw}, {material} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def compare(name: str) -> tuple[list[Likeness], Image]:
    found, cells = [], []
    for material, alpha in SUBSTANCES.items():
        ready, station = plate(material, alpha)
        finely = under(ready, fine(station))
        for seed in SEEDS:
            told(f"flaw: {name} {seed} in {material}")
            imprint = shape_only(draw_flaw(FLAWS[name], ground(material), SEVERITY, Seed(seed)))
            ours, mask = stamped(ready, imprint)
            finer, _ = stamped(finely, imprint)
            crop = crop_of(mask, MARGIN_PX)
            window = Window(crop.left, crop.top, crop.width, crop.height)
            for number, light in enumerate(LIGHTS):
                pair = as_geometry(ready, station, window, imprint, number, alpha)
                value, ceiling, cell = likeness(ours[number][crop.pixels], *pair, mask[crop.pixels])
                other, *_ = likeness(finer[number][crop.pixels], *pair, mask[crop.pixels])
                found.append(Likeness(name, material, str(light["name"]), value, ceiling, other))
                if seed == SEEDS[0]:
                    cells.append(cell)
    return found, in_one_row(cells)


def plate(material: str, alpha: float) -> tuple[Prepared, Station]:
    """Looking straight down through a telecentric lens at a plane that fills the image."""
    station = Station.model_validate(
        {
            "name": "bench",
            "camera": {"sensor_px": [SIDE_PX, SIDE_PX], "pixel_um": 4.0, "colour": "mono"},
            "lens": {"kind": "telecentric", "magnification": 0.004 / PIXEL_MM, "f_number": 8},
            "working_distance_mm": 200,
            "lights": list(LIGHTS),
            "channels": [{"name": "all", "lights": [light["name"] for light in LIGHTS]}],
        }
    )
    view = view_of(station)
    scene = Scene((Placed(displaced(Patch(5, 5, 3, 3), np.zeros((3, 3), np.float32), 10.0), STILL, 0),))
    gbuffer = scene.cast(view)
    surfaces = (Surface("plate", material, "milled", 0.8, "none", 0.0, (0.0, 0.0, 0.0), 0.5, None, 0),)
    materials = materials_of(surfaces, station)
    emitters = as_for_images(station, alpha)
    appearance = plain_appearance(gbuffer, [0], [alpha])
    light = shade(gbuffer, appearance, materials, emitters, None)
    ready = Prepared(view, scene, surfaces, gbuffer, appearance, materials, emitters, None, light)
    return ready, station


def ground(material: str) -> Ground:
    return Ground(PIXEL_MM, material, material == "aluminium", 0.4)


def landing(material: str = "aluminium") -> Landing:
    origin, u, v, n = np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0])
    return Landing(origin, u, v, n, 0, "", (0.0, 0.0, 0.0), 0.0, ground(material))


def shape_only(imprint: Imprint) -> Imprint:
    """What a mesh can show: the height."""
    return replace(
        imprint, tint=None, smoothness=None, occlusion=None, stuff=None, cover=None, film=None, hides_finish=None,
        torn=None, solids=(),
    )  # fmt: skip


def stamped(ready: Prepared, imprint: Imprint) -> tuple[Image, npt.NDArray[np.bool_]]:
    """(L, height, width) with the flaw, and the pixels its mask covers."""
    found = stamp(ready, [(landing(), imprint)])
    layers = ready.layers[..., 0].reshape(len(LIGHTS), -1).copy()
    layers[:, found.pixel] = found.layers[..., 0]
    mask = np.zeros(SIDE_PX * SIDE_PX, np.bool_)
    mask[found.coverage[0][0]] = True
    return layers.reshape(-1, SIDE_PX, SIDE_PX), mask.reshape(SIDE_PX, SIDE_PX)


def as_geometry(
    ready: Prepared, station: Station, window: Window, imprint: Imprint, light: int, alpha: float
) -> tuple[Image, Image]:
    """The window path traced twice, with noise of its own each time."""
    assert imprint.height_mm is not None
    mesh = displaced(imprint.patch, imprint.height_mm, margin_mm=12.0)
    piece = Piece(mesh, substance(ready.materials, 0, light, (alpha, alpha)))
    lamp = lamp_of(station, ready.emitters, light)
    view = view_of(station, window=window)
    one, other = (picture([piece], [lamp], view, SAMPLES, seed, "path") for seed in (1, 2))
    return one, other


@dataclass(frozen=True, slots=True)
class Crop:
    left: int
    top: int
    width: int
    height: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def crop_of(mask: npt.NDArray[np.bool_], margin: int) -> Crop:
    rows, columns = np.any(mask, 1).nonzero()[0], np.any(mask, 0).nonzero()[0]
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    bottom, right = min(mask.shape[0], int(rows[-1]) + margin + 1), min(mask.shape[1], int(columns[-1]) + margin + 1)
    return Crop(left, top, right - left, bottom - top)


def likeness(ours: Image, first: Image, second: Image, mask: npt.NDArray[np.bool_]) -> tuple[float, float, Image]:
    """In the flaw's crop, six pixels wider than its mask: to the mean of both references, of those to each other, and
    a picture. All exposed so that the reference's bright parts are 0.8."""
    crop = crop_of(mask, CROP_PX).pixels
    reference = (first + second) / 2
    gain = 0.8 / np.percentile(reference[crop], 99)
    one, other, *pair = (np.clip(image * gain, 0, 1) for image in (ours, reference, first, second))
    value, ceiling = (float(similarity_map(a, b, 1.0)[crop].mean()) for a, b in ((one, other), pair))
    cell = np.concatenate([one, other], axis=0) ** (1 / 2.2)
    return value, ceiling, np.pad(np.repeat(cell[..., None], 3, axis=2), ((2, 2), (2, 2), (0, 0)), constant_values=1)


PICTURE = """\
Each cell is the shader above, the path tracer below; columns are ring, bar, dome, dark field on metal, then on plastic;
rows are scratch, dent, pore, crack.

![Flaws: shader above, path tracer below](pictures/fidelity-flaws.jpg)"""
