"""Scratch: something hard ploughs a groove; the material it displaces stands beside it as lips.

    - type: scratch
      class: scratch
      length_mm: [0.5, 5.0]       # along the groove
      width_mm: [0.02, 0.2]       # of the groove at its widest, between the lips
      depth_um: [1, 30]           # at the deepest point
      lips: [0.0, 0.4]            # usual; height of the lips as a share of the depth, 0 for brittle material
      lines: [1, 1]               # usual; grooves in one scratch

The cross-section is a V rounded by the tip radius: what scratches is never sharp. A tip that presses less leaves a
groove that is shallower and narrower at once, so depth and width go together along the way: uneven ploughing (the tip
skips, digs in, picks up material), and ends that fade out where the tip came down at a slant or stop where it lifted
off.

Ploughing tears: walls and lips are left rough *across* the groove, with slopes steeper than those of any finish. That
is why a scratch shines in dark field, most where the light lies across it, and is dark with glints in bright field.
Only the bottom, where the tip pressed, is burnished a little along its way. A scratch no deeper than the finish is
rough has little of either; what is no metal also turns pale where it is torn.

A fading end is not labelled where nothing can be seen: the mask is the displaced area, not the line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import MAX_CELLS, Ground, Imprint, Layer, Patch, Stuff
from firstshift.defects.drawn import DrawnType
from firstshift.defects.draws import Draws
from firstshift.defects.grid import grid_over
from firstshift.defects.layers import blank, flattened, imprint_of, smoothstep
from firstshift.defects.noise import noise, noise_along
from firstshift.defects.path import Points, beside, of_length, way_mm
from firstshift.spec.defect_types import Scratch

TORN = 0.11
"""Variance of the slopes across a ploughed wall: 18°, wider than any finish and about that of a surface that broke."""
WHITENS = 0.06
CRUSHED = Stuff("crushed surface", (0.42, 0.42, 0.42), roughness=0.7)
"""Plastic, paint and glass turn pale where they are torn: splinters and crazes scatter light. Share of the surface."""
BUNDLE_CELLS = 240_000
"""Many grooves lie on one patch, each of which is drawn on all cells near it."""


class ScratchFlaw(DrawnType[Scratch]):
    model = Scratch
    example = "{type: scratch, class: scratch, length_mm: [1, 8], width_mm: [0.03, 0.25], depth_um: [2, 30]}"

    def imprint(self, entry: Scratch, ground: Ground, draws: Draws) -> Imprint:
        length = draws.graded("length_mm", entry.length_mm)
        width = min(draws.graded("width_mm", entry.width_mm), length / 2)
        depth = draws.graded("depth_um", entry.depth_um) / 1000
        lips = draws.any_of("lips", entry.lips) * depth
        lines = draws.graded_count("lines", entry.lines)
        draws.recorded["width_mm"] = width
        tip = draws.between("tip_rounding", 0.15, 0.8)
        ends = draws.choice("ends", tapered=5, tapered_abrupt=3, abrupt=2)

        main = _way_of_a_tip(draws.generator("way"), length, width)
        grooves = [(main, 1.0), *_company(draws, main, width, lines)]
        reach = width * 0.5 + (width * 0.6 if lips > 0 else 0.0)
        extent = 2 * np.abs(np.concatenate([line for line, _ in grooves])).max(axis=0) + 2 * reach
        thinnest = width * min(share for _, share in grooves)
        patch = grid_over(
            ground,
            extent[0],
            extent[1],
            narrowest_mm=max(thinnest, width * 0.4),
            most=MAX_CELLS if lines == 1 else BUNDLE_CELLS,
            oblong=4,
        )
        drawn = _Drawn(blank(patch), blank(patch, 1.0), blank(patch), blank(patch))
        tear = draws.between("tear", 0.7, 1.3)
        for number, (line, share) in enumerate(grooves):
            generator = draws.generator("groove", number)
            pressure = _pressure(generator, line, width * share, ends if number == 0 else "tapered")
            _plough(patch, line, pressure, width * share, depth * share, lips * share, tip, generator, drawn)
        height, bare = drawn.height, np.float32(flattened(depth, ground))
        np.multiply(height, np.float32(-depth / min(float(height.min()), -1e-12)), out=height, where=height < 0)
        white = np.float32(WHITENS * tear * bare)
        cover = None if ground.is_metal else np.minimum(drawn.torn, 1) * white
        return imprint_of(
            patch, draws.recorded, height_mm=height, smoothness=1 + (drawn.polish - 1) * bare,
            torn=drawn.torn * np.float32(tear * TORN) * bare, hides_finish=drawn.gone * bare,
            stuff=None if ground.is_metal else CRUSHED, cover=cover,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The layers, written groove by groove."""

    height: Layer
    polish: Layer
    gone: Layer
    torn: Layer
    """0…1: how far the surface is torn."""


def _way_of_a_tip(generator: np.random.Generator, length_mm: float, width_mm: float) -> Points:
    """Nearly straight, slightly arched, now and then with a hook where the part was turned or let go."""
    count = int(np.clip(length_mm / max(width_mm, length_mm / 600) * 2, 24, 900))
    t = np.linspace(0, 1, count)
    arch = generator.normal() * 0.02 * (1 - (2 * t - 1) ** 2)
    wander = noise_along(generator, 1.0, generator.uniform(0.2, 0.5), octaves=4, gain=0.4)(t) * 0.006
    v = arch + wander
    if generator.random() < 0.2:
        hook = generator.uniform(0.8, 0.93)
        v = v + generator.choice([-1.0, 1.0]) * generator.uniform(0.5, 2) * np.maximum(0, t - hook) ** 1.7
    line = np.stack([t, v], axis=1)
    return of_length(line, length_mm)


def _company(draws: Draws, main: Points, width_mm: float, lines: int) -> list[tuple[Points, float]]:
    """Further grooves of the same slip: nearly parallel, shorter, mostly finer."""
    generator = draws.generator("company")
    spread = width_mm * generator.uniform(1.2, 3.0) * lines
    found = []
    for _ in range(lines - 1):
        first, last = sorted(generator.uniform(0, 1, 2))
        last = min(1.0, max(last, first + generator.uniform(0.2, 0.5)))
        begin, end = int(first * (len(main) - 2)), max(int(last * len(main)), int(first * (len(main) - 2)) + 2)
        piece = main[begin:end]
        lean = np.linspace(0, 1, len(piece)) * generator.normal() * 0.1 * spread
        shift = generator.uniform(-0.5, 0.5) * spread
        found.append((piece + np.stack([0 * lean, shift + lean], axis=1), float(generator.uniform(0.3, 0.85))))
    return found


def _pressure(generator: np.random.Generator, line: Points, width_mm: float, ends: str) -> npt.NDArray[np.float64]:
    """How hard the tip pressed at each point, 0…1, its largest value 1."""
    way = way_mm(line)
    length = way[-1]
    uneven = noise_along(generator, length, max(length / 6, 3 * width_mm), octaves=3, gain=0.6)(way)
    jerky = noise_along(generator, length, max(2.5 * width_mm, length / 150), octaves=2)(way)
    pressure = np.clip(1 + 0.28 * uneven + 0.12 * jerky, 0.08, None)
    if generator.random() < 0.3:  # it skips
        skips = smoothstep((uneven + generator.uniform(1.0, 1.6)) / 0.5)
        inner = np.clip(np.minimum(way, length - way) / (0.12 * length) - 1, 0, 1)
        pressure *= 1 - inner * (1 - skips)
    fade_in, fade_out = generator.uniform(0.08, 0.35, 2) * length
    lifted = min(0.7 * width_mm, length / 4)
    if ends == "abrupt":
        fade_in, fade_out = lifted, lifted
    elif ends == "tapered_abrupt":
        fade_out = lifted
    pressure *= np.clip(way / fade_in, 0, 1) ** 0.7 * np.clip((length - way) / fade_out, 0, 1) ** 0.7
    return np.asarray(pressure / pressure.max())


def _plough(
    patch: Patch,
    line: Points,
    pressure: npt.NDArray[np.float64],
    width_mm: float,
    depth_mm: float,
    lips_mm: float,
    tip: float,
    generator: np.random.Generator,
    drawn: _Drawn,
) -> None:
    """One groove into what is already there: it cuts through earlier lips, and piles its own onto earlier grooves."""
    near = beside(line, width_mm * 1.15, patch)
    if not len(near.cell):
        return
    press = near.interpolated(pressure)
    way = way_mm(line)
    at_mm = near.interpolated(way)
    # A lighter tip is shallower and narrower; exponent 0.6 lies between a cone (1) and a ball (0.5).
    half = np.maximum(width_mm / 2 * press**0.6, 1e-9)
    edges = [noise_along(generator, way[-1], width_mm * 0.6, octaves=3, gain=0.7)(way) for _ in range(2)]
    on_left = near.across_mm > 0
    stray = np.where(on_left, near.interpolated(edges[0]), near.interpolated(edges[1]))
    q = np.abs(near.across_mm) / half * (1 + 0.09 * np.tanh(stray))
    grain = noise(generator, (way[-1], width_mm), (12 * width_mm, width_mm / 5))
    furrow = grain.at(at_mm - way[-1] / 2, near.across_mm)

    rounded = float(np.sqrt(1 + tip * tip) - tip)
    shape = 1 - (np.sqrt(q * q + tip * tip) - tip) / rounded
    inside = q < 1
    groove = -depth_mm * press * np.clip(shape, 0, 1) * np.clip(1 + 0.3 * furrow, 0, 1)

    sides = noise_along(generator, way[-1], max(width_mm * 1.5, way[-1] / 200), octaves=3, gain=0.7)
    lean = generator.uniform(-0.5, 0.5)
    left = np.clip(0.75 + lean + 0.45 * sides(way), 0, 1)
    right = np.clip(0.75 - lean + 0.45 * sides(way[::-1] * 0.93), 0, 1)
    share = np.where(on_left, near.interpolated(left), near.interpolated(right))
    beyond = np.clip((np.abs(near.across_mm) - half) / np.maximum(0.55 * half, 1e-9), 0, 1)
    lip = lips_mm * press * share * 6.75 * beyond * (1 - beyond) ** 2

    flat = drawn.height.ravel()
    before = flat[near.cell]
    flat[near.cell] = np.where(
        inside, np.minimum(before, groove), np.maximum(before, lip) + np.minimum(before, 0) * (lip > 0) * 0.5
    )
    shown = np.clip(press * 6, 0, 1) * np.clip((1.04 - q) / 0.08, 0, 1)
    floor = np.clip(1 - q / 0.45, 0, 1)
    polish, gone, torn = (layer.ravel() for layer in (drawn.polish, drawn.gone, drawn.torn))
    polish[near.cell] *= (1 - shown * floor * (0.2 + 0.1 * np.tanh(furrow))).astype(np.float32)
    gone[near.cell] = np.maximum(gone[near.cell], shown)
    # Chatter of the tip: it shears smoothly here and tears there, now on this side, now on that.
    smooth = noise_along(generator, way[-1], max(width_mm * 2.5, way[-1] / 150), octaves=3, gain=0.7)
    tears = np.where(on_left, near.interpolated(smooth(way)), near.interpolated(smooth(way[::-1] * 0.93)))
    walls = shown * (1 - 0.75 * floor) * np.clip(0.85 + 0.5 * tears + 0.45 * furrow, 0.06, 2)
    crumbled = 0.7 * np.clip(press * 6, 0, 1) * share * np.clip(1 - beyond, 0, 1) * (q >= 1) * (lips_mm > 0)
    torn[near.cell] = np.maximum(torn[near.cell], np.maximum(walls, crumbled)).astype(np.float32)
