"""The picture of what is inspected: the part from above and at an angle, its regions in colours, with names and areas.

    image = draw_regions(plan.part, mesh)

Surfaces in several regions are striped in their colours; grey is not inspected.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Canvas
from PIL import ImageDraw

from firstshift.core.image import Image
from firstshift.core.lettering import font_of, readable
from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.casting import Caster
from firstshift.render.cad.drawing import FINER, MARGIN_PX, Drawn, draw
from firstshift.render.cad.regions import inspectable_area_mm2, region_masks, region_names
from firstshift.render.pose import seated
from firstshift.spec.part import Part, Region

VIEW_WIDTH, VIEW_HEIGHT, HEAD, ROW = 780, 640, 84, 34
COLUMNS = 3
STRIPE_PX = 7
DISC_PX = 13
COLOURS = np.array(
    [
        (0.25, 0.50, 0.80), (0.93, 0.45, 0.40), (0.22, 0.62, 0.38), (0.90, 0.72, 0.22), (0.58, 0.38, 0.72),
        (0.30, 0.74, 0.82), (0.94, 0.58, 0.24), (0.86, 0.44, 0.66), (0.56, 0.66, 0.22), (0.46, 0.42, 0.38),
    ]
)  # fmt: skip
"""sRGB; far apart also for readers who see red and green alike, because they differ in lightness too."""
GREY = np.array([0.80, 0.81, 0.82])
INK, FAINT, PAPER = (33, 38, 46), (108, 116, 128), (249, 250, 251)


def draw_regions(part: Part, mesh: Mesh) -> Image:
    """RGB, 1560 pixels wide."""
    caster = Caster(mesh)
    top = seated(part, mesh).rotation
    views = (("at an angle", _aslant(top)), ("as the camera sees it", top))
    names, areas = region_names(part), inspectable_area_mm2(part, mesh)
    rows = -(-len(names) // COLUMNS)
    canvas = Canvas.new("RGB", (2 * VIEW_WIDTH, HEAD + VIEW_HEIGHT + 28 + rows * ROW + 18), PAPER)
    pen = ImageDraw.Draw(canvas)
    seen: set[int] = set()
    for index, (title, axes) in enumerate(views):
        drawn = draw(mesh, caster, axes, VIEW_WIDTH, VIEW_HEIGHT)
        masks = _masks(part, mesh, drawn)
        pixels = (drawn.picture(_coloured(masks)) * 255 + 0.5).astype(np.uint8)
        corner = (index * VIEW_WIDTH, HEAD)
        canvas.paste(Canvas.fromarray(pixels), corner)
        seen |= _mark(pen, masks, corner)
        pen.text((corner[0] + 28, HEAD + VIEW_HEIGHT - 26), title, FAINT, font_of(17), anchor="lm")
        _axes(pen, axes, (corner[0] + VIEW_WIDTH - 70, HEAD + VIEW_HEIGHT - 66))
        if index:
            _scale_bar(pen, drawn.pixels_per_mm, (corner[0] + VIEW_WIDTH / 2, HEAD + VIEW_HEIGHT - 22))
    _head(pen, part, mesh)
    _legend(pen, part, names, areas, seen)
    return Image.of(np.asarray(canvas))


def _aslant(top: Floats) -> Floats:
    """From the front left, above: right, up, towards as rows in the coordinates of the CAD file."""
    towards = np.array([-0.42, -0.78, 0.80])
    towards /= np.linalg.norm(towards)
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    return np.asarray(np.stack([right, np.cross(towards, right), towards]) @ top)


def _masks(part: Part, mesh: Mesh, drawn: Drawn) -> npt.NDArray[np.bool_]:
    """(R, height, width) of the drawing's points."""
    flat = drawn.triangle.reshape(-1)
    masks = region_masks(part, mesh, flat, drawn.local_mm.reshape(-1, 3), drawn.facet.reshape(-1, 3))
    return masks.reshape(-1, *drawn.triangle.shape)


def _coloured(masks: npt.NDArray[np.bool_]) -> Floats:
    """Base colours: grey, a region's colour, or stripes of several."""
    count = masks.sum(axis=0)
    rows, columns = np.indices(count.shape)
    turn = np.where(count > 0, ((rows + columns) // (STRIPE_PX * FINER)) % np.maximum(count, 1), 0)
    base = np.broadcast_to(GREY, (*count.shape, 3)).copy()
    before = np.zeros(count.shape, dtype=np.int64)
    for number, mask in enumerate(masks):
        base[mask & (before == turn)] = COLOURS[number % len(COLOURS)]
        before += mask
    return base


def _mark(pen: ImageDraw.ImageDraw, masks: npt.NDArray[np.bool_], corner: tuple[int, int]) -> set[int]:
    """Its number on each region, where there is most room; which regions are seen at all."""
    seen = set()
    taken: list[tuple[float, float]] = []
    several = masks.sum(axis=0) > 1
    for number, mask in enumerate(masks):
        if not mask.any():
            continue
        seen.add(number)
        alone = mask & ~several
        x, y, room = _roomiest(alone if alone.any() else mask, taken)
        taken.append((x, y))
        at = (corner[0] + x, corner[1] + y)
        if room < DISC_PX + 3:  # too narrow: the number stands beside the part and points
            away = np.array([x - VIEW_WIDTH / 2, y - VIEW_HEIGHT / 2])
            away = away / np.linalg.norm(away) if np.linalg.norm(away) > 60 else np.array([0.71, -0.71])
            start, at = at, (at[0] + 36 * float(away[0]), at[1] + 36 * float(away[1]))
            pen.line((*start, *at), INK, 2)
            pen.ellipse((start[0] - 3, start[1] - 3, start[0] + 3, start[1] + 3), INK)
        _disc(pen, at, number)
    return seen


def _roomiest(mask: npt.NDArray[np.bool_], taken: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Where a number fits best: far from the border and from other numbers, then near the middle; and the room."""
    room = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1] / FINER
    for x, y in taken:
        cv2.circle(room, (round(x * FINER), round(y * FINER)), 34 * FINER, 0, -1)
    rows, columns = np.nonzero(mask)
    middle = np.array([rows.mean(), columns.mean()])
    enough = min(float(room.max()) * 0.85, 1.6 * DISC_PX)
    rows, columns = np.nonzero(room >= max(enough, 1e-6))
    if len(rows) == 0:
        rows, columns = np.nonzero(mask)
    nearest = int(np.argmin((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2))
    row, column = int(rows[nearest]), int(columns[nearest])
    return column / FINER, row / FINER, float(room[row, column])


def _disc(pen: ImageDraw.ImageDraw, at: tuple[float, float], number: int) -> None:
    red, green, blue = (COLOURS[number % len(COLOURS)] * 0.62 * 255).astype(int).tolist()
    x, y = at
    pen.ellipse((x - DISC_PX, y - DISC_PX, x + DISC_PX, y + DISC_PX), (red, green, blue), (255, 255, 255), 2)
    pen.text((x, y), str(number + 1), (255, 255, 255), font_of(15), anchor="mm")


def _axes(pen: ImageDraw.ImageDraw, axes: Floats, at: tuple[float, float]) -> None:
    order = np.argsort(axes[2])  # those that point away are drawn first
    for axis in order:
        x, y = axes[0, axis] * 38, -axes[1, axis] * 38
        colour = ((196, 68, 60), (52, 140, 76), (52, 98, 180))[axis]
        if np.hypot(x, y) < 5:
            pen.ellipse((at[0] - 5, at[1] - 5, at[0] + 5, at[1] + 5), PAPER, colour, 2)
            pen.text((at[0] - 13, at[1] + 13), "xyz"[axis], colour, font_of(16), anchor="mm")
            continue
        pen.line((at[0], at[1], at[0] + x, at[1] + y), colour, 3)
        pen.text((at[0] + x * 1.33, at[1] + y * 1.33), "xyz"[axis], colour, font_of(16), anchor="mm")


def _scale_bar(pen: ImageDraw.ImageDraw, per_mm: float, at: tuple[float, float]) -> None:
    steps = [step * 10.0**power for power in range(-3, 4) for step in (1, 2, 5)]
    length = max((step for step in steps if step * per_mm < (VIEW_WIDTH - 2 * MARGIN_PX) / 3), default=steps[0])
    half = length * per_mm / 2
    pen.line((at[0] - half, at[1], at[0] + half, at[1]), INK, 2)
    for end in (-half, half):
        pen.line((at[0] + end, at[1] - 6, at[0] + end, at[1] + 6), INK, 2)
    pen.text((at[0], at[1] - 14), f"{length:g} mm", INK, font_of(17), anchor="mm")


def _head(pen: ImageDraw.ImageDraw, part: Part, mesh: Mesh) -> None:
    _write(pen, (28, 32), part.name, INK, 30)
    size = " × ".join(f"{value:.4g}" for value in mesh.size_mm)
    bodies = f", {len(mesh.body_names)} bodies" if len(mesh.body_names) > 1 else ""
    facts = f"{part.cad or 'flat part'} · {size} mm · {len(mesh.face_names)} faces{bodies} · {part.placement.up} is up"
    _write(pen, (28, 64), facts, FAINT, 17)


def _legend(
    pen: ImageDraw.ImageDraw, part: Part, names: tuple[str, ...], areas: dict[str, float], seen: set[int]
) -> None:
    rows = -(-len(names) // COLUMNS)
    width = (2 * VIEW_WIDTH - 56) / COLUMNS
    for number, name in enumerate(names):
        x = 28 + (number // rows) * width
        y = HEAD + VIEW_HEIGHT + 36 + (number % rows) * ROW
        _disc(pen, (x + 13, y), number)
        title = name or "everything"
        start = _write(pen, (x + 36, y), title, INK, 20) + 12
        rule = _rule(part.regions[number]) if part.regions else "no regions declared"
        hidden = "" if number in seen else " · not seen in these views"
        _write(pen, (start, y + 1), f"{_area(areas[name])}{rule}{hidden}", FAINT, 16)


def _area(mm2: float) -> str:
    return f"{mm2 / 100:,.0f} cm² · " if mm2 >= 100_000 else f"{mm2:,.0f} mm² · " if mm2 >= 10 else f"{mm2:.2g} mm² · "


def _rule(region: Region) -> str:
    rules = [f"{word} {value}" for word, value in (("body", region.body), ("face", region.face)) if value]
    if region.facing is not None:
        direction = " ".join(f"{value:g}" for value in region.facing.direction)
        rules.append(f"facing {direction} ±{region.facing.within_deg:g}°")
    return ", ".join([*rules, *(["in a box"] if region.box else [])])


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: tuple[int, int, int], size: int
) -> float:
    """Text from the left, on a middle line; returns where it ends."""
    told, font = readable(text), font_of(size)
    pen.text(at, told, colour, font, anchor="lm")
    return at[0] + pen.textlength(told, font)
