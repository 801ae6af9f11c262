"""Pictures of the fidelity bench: side by side, with a map of the error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.floating]
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST_BYTES = 340_000
DARK = 0.02
"""Of the bright parts; what is darker is not compared."""
FULL_ERROR = 0.25


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


def in_one_row(cells: Sequence[Image]) -> Image:
    height = max(cell.shape[0] for cell in cells)
    return np.concatenate(
        [np.pad(c, ((0, height - c.shape[0]), (0, 0), (0, 0)), constant_values=1) for c in cells], axis=1
    )


def in_two_rows(cells: Sequence[Image]) -> list[Image]:
    half = (len(cells) + 1) // 2
    return [in_one_row(cells[:half]), in_one_row(cells[half:])]


def padded_rows(rows: Sequence[Image]) -> Image:
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0)), constant_values=1) for r in rows])


def save(name: str, picture: Image, larger: int = 1) -> None:
    """As large and as good as fits into a page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    once = np.clip(picture * 255, 0, 255).astype(np.uint8)
    for factor, quality in ((larger, 92), (larger, 84), (larger, 75), (1, 92), (1, 80), (1, 60)):
        pixels = cv2.resize(once, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(encoded) <= LARGEST_BYTES:
            break
    (PICTURES / name).write_bytes(encoded.tobytes())
