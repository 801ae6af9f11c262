"""An image as a person wants to see it: bright enough, large enough, with its label drawn on it.

Small images are enlarged by a whole factor without smoothing, so that a pixel stays a pixel. Deep images are stretched
to their own brightest pixel, because 12 bits stored in 16 are black on a screen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw

from firstshift.core.hashing import record_hash
from firstshift.core.image import RGB, Image
from firstshift.core.label import NOT_VISIBLE, Annotation, Label
from firstshift.core.lettering import font_of, readable
from firstshift.core.outline import mask_of, trace
from firstshift.core.shapes import Box, Polygon, Shape

# Okabe and Ito (2008): told apart by people who do not see all colours.
_PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
_VERDICTS = {"good": (84, 88, 94), "defect": (178, 24, 43), "unsure": (150, 120, 40)}
_SIDE_WANTED = 640
_FILL = 0.25
_Colour = tuple[int, int, int]


def draw_label(image: Image, label: Label | None) -> Image:
    """RGB, 8 bits. Each class has a colour of its own, the same on every image."""
    pixels = _visible(image)
    factor = max(1, _SIDE_WANTED // max(image.width, image.height))
    pixels = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    annotations = label.annotations if label is not None else ()
    for annotation in annotations:
        if annotation.shape is not None:
            mask = mask_of(annotation.shape, image.width, image.height).pixels
            inside = mask.repeat(factor, axis=0).repeat(factor, axis=1)
            mixed = pixels[inside] * (1 - _FILL) + np.array(_colour(annotation.class_name)) * _FILL
            pixels[inside] = mixed.astype(np.uint8)
    canvas = Pillow.fromarray(pixels)
    pen = ImageDraw.Draw(canvas)
    for annotation in annotations:
        if annotation.shape is not None:
            _outline(pen, annotation, image, factor)
    _caption(pen, label)
    return Image(np.asarray(canvas), RGB)


def _visible(image: Image) -> npt.NDArray[np.uint8]:
    shown = tuple(name for name in image.channels if name != "alpha")
    if shown == RGB:
        light = image.pixels[:, :, [image.channels.index(name) for name in RGB]].astype(np.float32)
    else:
        light = np.repeat(image.grey()[:, :, None], 3, axis=2)
    brightest = 255.0 if image.bits == 8 and shown == RGB else 1.0 if image.bits == 8 else float(light.max()) or 1.0
    return np.ascontiguousarray(np.rint(light / brightest * 255).clip(0, 255).astype(np.uint8))


def _outline(pen: ImageDraw.ImageDraw, annotation: Annotation, image: Image, factor: int) -> None:
    rings = _rings(annotation.shape, image)
    colour = _colour(annotation.class_name)
    width = max(1, round(max(image.width, image.height) * factor / 400))
    for ring in rings:
        points = [(x * factor, y * factor) for x, y in ring]
        pen.line([*points, points[0]], fill=colour, width=width)
    if rings:
        left = min(x for ring in rings for x, _ in ring) * factor
        top = min(y for ring in rings for _, y in ring) * factor
        text = annotation.class_name if annotation.is_visible else f"{annotation.class_name}, {NOT_VISIBLE}"
        _sign(pen, (left, top), text, colour, above=True)


def _rings(shape: Shape | None, image: Image) -> tuple[tuple[tuple[float, float], ...], ...]:
    match shape:
        case None:
            return ()
        case Box():
            return (shape.corners(),)
        case Polygon():
            return shape.rings
    traced = trace(mask_of(shape, image.width, image.height))
    return traced.rings if traced else ()


def _caption(pen: ImageDraw.ImageDraw, label: Label | None) -> None:
    if label is None:
        _sign(pen, (0, 0), "not labelled", (128, 128, 128))
        return
    whole = sorted({a.class_name for a in label.annotations if a.shape is None})
    _sign(
        pen, (0, 0), ": ".join([label.verdict.value, *([", ".join(whole)] if whole else [])]), _VERDICTS[label.verdict]
    )


def _sign(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: _Colour, *, above: bool = False
) -> None:
    width, height = pen.im.size
    text, font = readable(text), font_of(max(12, height // 40))
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    wide, tall = right - left + 6, bottom - top + 6
    x = min(max(0.0, at[0]), max(0.0, width - wide))
    y = at[1] - tall if above and at[1] >= tall else at[1]
    y = min(max(0.0, y), max(0.0, height - tall))
    pen.rectangle((x, y, x + wide, y + tall), fill=colour)
    ink = (0, 0, 0) if sum(colour) > 380 else (255, 255, 255)
    pen.text((x + 3 - left, y + 3 - top), text, fill=ink, font=font)


def _colour(class_name: str) -> _Colour:
    return _PALETTE[int(record_hash(class_name)[:8], 16) % len(_PALETTE)]
