"""A data set on one picture, for people who look rather than read: a row of images for each class, labels drawn on.

    data = draw_overview(ws, snapshot="line4-v1", title="Line 4")      # bytes of a PNG

The images of a row are spread evenly over the class in the order in which they were recorded, so the same data set
gives the same picture. The row's own class is drawn strongly, the others thinly; what is too small to be seen at this
size gets a ring around it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.image import RGB, Image
from firstshift.core.label import Annotation, Label
from firstshift.core.lettering import font_of, readable
from firstshift.core.outline import mask_of
from firstshift.core.progress import Progress, Silent
from firstshift.core.shapes import Box, Polygon
from firstshift.line.families import shown
from firstshift.line.imported import imported_of
from firstshift.line.selecting import Chosen, Selection, choose
from firstshift.line.splitting import strata
from firstshift.store.workspace import Workspace

COLUMNS = 6
TILE = 200
GAP = 12
MARGIN = 32
CAPTION = 22
HEADING = 44
TITLE = 92
MAX_ROWS = 24
SMALL_PX = 14
"""A thing that comes out shorter than this gets a ring."""
_PAPER, _INK, _QUIET, _LINE, _EDGE = (255, 255, 255), (28, 32, 38), (104, 112, 122), (222, 226, 231), (196, 202, 208)
# Told apart also by people who do not see red and green as different (Okabe and Ito 2008), darkened or lightened to
# stand out on grey metal.
_COLOURS = ((230, 97, 0), (0, 114, 178), (0, 158, 115), (204, 65, 150), (240, 190, 30), (86, 180, 233), (136, 84, 208))
# Verdicts are no classes: greys and a brown, none of which a class has.
_VERDICTS = {"good": (84, 88, 94), "unsure": (150, 120, 40), "unlabelled": (172, 178, 186)}
_Colour = tuple[int, int, int]


@dataclass(slots=True)
class _Row:
    name: str
    images: list[Chosen] = field(default_factory=list)
    things: int = 0
    splits: Counter[str] = field(default_factory=Counter)


def draw_overview(
    ws: Workspace,
    *,
    snapshot: str | None = None,
    selection: Selection = None,
    title: str = "",
    columns: int = COLUMNS,
    progress: Progress | None = None,
) -> bytes:
    """Rows for the most frequent classes first, then for images without any; at most 24 rows."""
    if not 1 <= columns <= 20:
        raise BadInput(where="overview columns", expected="1–20", found=columns)
    told = progress or Silent()
    rows, images = _rows(choose(ws, snapshot, selection))
    if not rows:
        raise BadInput(where="overview", expected="at least one image", found="none")
    shown_rows = rows[:MAX_ROWS]
    colours = _colours_of([row.name for row in rows])
    width = 2 * MARGIN + columns * (TILE + GAP) - GAP
    height = TITLE + len(shown_rows) * (HEADING + TILE + CAPTION + GAP) + MARGIN
    page = Pillow.new("RGB", (width, height), _PAPER)
    heading = title or (snapshot or "All images")
    _title(page, heading, f"{images:,} images, {_plural(len(rows), 'group')}", len(rows) - len(shown_rows))
    told.start("drawing", len(shown_rows))
    drawn: set[str] = set()
    try:
        for k, row in enumerate(shown_rows):
            picked = _spread(row.images, columns, drawn)
            drawn.update(one.image.id for one in picked)
            _draw_row(ws, page, TITLE + k * (HEADING + TILE + CAPTION + GAP), row, picked, colours)
            told.advance(note=row.name)
    finally:
        told.finish()
    stream = io.BytesIO()
    page.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _rows(chosen: Iterable[Chosen]) -> tuple[list[_Row], int]:
    """Images by class, without their labels' weight: the label is read again for the few that are drawn."""
    rows: dict[str, _Row] = {}
    images = 0
    for one in chosen:
        images += 1
        for name in strata(one.label):
            row = rows.setdefault(name, _Row(name))
            row.images.append(one)
            row.things += (
                sum(a.is_visible for a in one.label.label.annotations if a.class_name == name) if one.label else 0
            )
            row.splits[one.split or imported_of(one.image.capture).split or "none"] += 1
    order = sorted(rows.values(), key=lambda row: (row.name in _VERDICTS, -len(row.images), row.name))
    return order, images


def _colours_of(names: Sequence[str]) -> dict[str, _Colour]:
    classes = [name for name in names if name not in _VERDICTS]
    return {**{name: _COLOURS[k % len(_COLOURS)] for k, name in enumerate(classes)}, **_VERDICTS}


def _title(page: Pillow.Image, heading: str, facts: str, hidden: int) -> None:
    draw = ImageDraw.Draw(page)
    room = page.width - 2 * MARGIN
    _text(draw, (MARGIN, 24), heading, 30, _INK, room)
    more = f"; {_plural(hidden, 'smaller group')} not shown" if hidden else ""
    _text(draw, (MARGIN, 60), facts + more, 16, _QUIET, room)


def _draw_row(
    ws: Workspace, page: Pillow.Image, top: int, row: _Row, picked: Sequence[Chosen], colours: dict[str, _Colour]
) -> None:
    draw = ImageDraw.Draw(page)
    draw.line((MARGIN, top, page.width - MARGIN, top), fill=_LINE)
    draw.rounded_rectangle((MARGIN, top + 15, MARGIN + 16, top + 31), 4, fill=colours[row.name])
    end = _text(draw, (MARGIN + 26, top + 11), row.name, 20, _INK, page.width // 2)
    facts = _plural(len(row.images), "image")
    if row.name not in _VERDICTS and row.things != len(row.images):
        facts += f", {_plural(row.things, 'mark')}"
    sides = [f"{split} {count:,}" for split, count in row.splits.most_common() if split not in ("none", "all")]
    _text(draw, (end + 14, top + 15), "   ".join([facts, *sides]), 15, _QUIET, page.width - MARGIN - end - 14)
    for k, one in enumerate(picked):
        left = MARGIN + k * (TILE + GAP)
        page.paste(_tile(ws, one, row.name, colours), (left, top + HEADING))
        caption = shown(one.image).rsplit("/", 1)[-1]
        _text(draw, (left, top + HEADING + TILE + 4), caption, 13, _QUIET, TILE)


def _spread(images: Sequence[Chosen], count: int, drawn: set[str]) -> list[Chosen]:
    """Those that no row has shown yet, where there are enough."""
    fresh = [one for one in images if one.image.id not in drawn]
    images = fresh if len(fresh) >= count else images
    if len(images) <= count:
        return list(images)
    return [images[round(k * (len(images) - 1) / max(1, count - 1))] for k in range(count)]


def _tile(ws: Workspace, one: Chosen, own: str, colours: dict[str, _Colour]) -> Pillow.Image:
    tile = Pillow.new("RGB", (TILE, TILE), _LINE)
    try:
        image = ws.images.read(one.image)
    except NotFound:
        _text(ImageDraw.Draw(tile), (12, TILE // 2 - 8), "pixels retired", 15, _QUIET, TILE - 24)
        return tile
    scale = TILE / max(image.width, image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    picture = _eight_bit(image).resize(size, Pillow.Resampling.BOX if scale < 1 else Pillow.Resampling.BICUBIC)
    if one.label is not None:
        _draw_label(picture, one.label.label, image, scale, own, colours)
    tile.paste(picture, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    ImageDraw.Draw(tile).rectangle((0, 0, TILE - 1, TILE - 1), outline=_EDGE)
    return tile


def _eight_bit(image: Image) -> Pillow.Image:
    """Colour as colour, everything else as brightness. Deep images are stretched to their brightest pixel: 12 bits in
    16 are black otherwise."""
    white = image.white if image.bits == 8 else max(1, int(image.pixels.max()))
    if image.channels[:3] == RGB:
        pixels = image.pixels[:, :, :3].astype(np.float32) * (255 / white)
        return Pillow.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
    grey = image.grey() * (255 * image.white / white)
    return Pillow.fromarray(np.clip(grey + 0.5, 0, 255).astype(np.uint8)).convert("RGB")


def _draw_label(
    picture: Pillow.Image, label: Label, image: Image, scale: float, own: str, colours: dict[str, _Colour]
) -> None:
    """The row's own class last, so that it lies on top; what is not visible in the colour of doubt."""
    for thing in sorted(label.annotations, key=lambda thing: thing.class_name == own):
        is_own = thing.class_name == own and thing.is_visible
        width = 2 if is_own else 1
        colour = colours.get(thing.class_name, _VERDICTS["unlabelled"]) if thing.is_visible else _VERDICTS["unsure"]
        match thing.shape:
            case None:
                continue
            case Box():
                corners = [(x * scale, y * scale) for x, y in thing.shape.corners()]
                ImageDraw.Draw(picture).line([*corners, corners[0]], fill=colour, width=width, joint="curve")
            case Polygon():
                for ring in thing.shape.rings:
                    points = [(x * scale, y * scale) for x, y in ring]
                    ImageDraw.Draw(picture).line([*points, points[0]], fill=colour, width=width, joint="curve")
            case _:
                _tint(picture, mask_of(thing.shape, image.width, image.height).pixels, colour)
        if is_own:
            _ring_if_small(picture, thing, scale, colour)


def _tint(picture: Pillow.Image, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], colour: _Colour) -> None:
    """The edge in full colour, the inside shows through."""
    # Shrinking by maximum keeps a crack of one pixel visible.
    small = Pillow.fromarray(mask.astype(np.uint8) * 255).resize(picture.size, Pillow.Resampling.BOX)
    inside = np.asarray(small) > 24
    padded = np.pad(inside, 2)
    core = np.ones_like(inside)
    for dy in range(5):
        for dx in range(5):
            core &= padded[dy : dy + inside.shape[0], dx : dx + inside.shape[1]]
    strength = np.where(inside & ~core, 230, np.where(inside, 70, 0)).astype(np.uint8)
    picture.paste(Pillow.new("RGB", picture.size, colour), (0, 0), Pillow.fromarray(strength))


def _ring_if_small(picture: Pillow.Image, thing: Annotation, scale: float, colour: _Colour) -> None:
    box = thing.box
    if box is None or max(box.width, box.height) * scale >= SMALL_PX:
        return
    x, y = (v * scale for v in box.centre)
    radius = SMALL_PX
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=2)


def _text(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: _Colour, room: int) -> int:
    """Cut with … when it is too long; gives back where it ends."""
    font = font_of(size)
    shown_text = readable(text)
    while shown_text and draw.textlength(shown_text, font) > room:
        shown_text = shown_text.removesuffix("…")[:-1]
        shown_text = f"{shown_text}…" if shown_text else ""
    draw.text(at, shown_text, colour, font)
    return at[0] + round(draw.textlength(shown_text, font))


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
