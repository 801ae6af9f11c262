"""Sharpness from the edges in any picture. Texture alone says nothing of it: what is soft itself looks out of focus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firstshift.sensor.edges import Edge, Spread, agreed_spread, find_edges
from firstshift.sensor.notes import Notes
from firstshift.sensor.reading import Frame

F32 = npt.NDArray[np.float32]
FRAMES_FOR_EDGES = 8
SOFTENED = 0.2
"""By so much compression of quality 75 makes sharp edges wider; the lens may be sharper than it looks."""


def measure_sharpness(
    pictures: Sequence[Frame],
    tone: tuple[float, float, int],
    phases: npt.NDArray[np.bool_] | None,
    compressed: bool,
    notes: Notes,
) -> list[Edge]:
    """`tone`: black level, gamma, white. `phases`: where a mosaic measured green."""
    planes = [_linear(frame, *tone) for frame in pictures[:FRAMES_FOR_EDGES]]
    native = None
    if phases is not None and planes:
        shape = planes[0].shape
        native = np.tile(phases, (shape[0] // 2 + 1, shape[1] // 2 + 1))[: shape[0], : shape[1]]
    edges = [edge for plane in planes for edge in find_edges(plane, native, compressed)]
    agreed = agreed_spread(edges)
    if agreed is None:
        notes.kept("psf_sigma_px", "no picture with sharp tilted edges (a razor blade, a printed square, turned 5°)")
        return edges
    _tell_spread(agreed, compressed, notes)
    if tone[1] != 1:
        notes.warnings.append(f"a tone curve of gamma {tone[1]:g} was assumed: sharpening in the camera counts as lens")
    return edges


def _tell_spread(agreed: Spread, compressed: bool, notes: Notes) -> None:
    how = f"{agreed.edges} slanted edges"
    if not agreed.agree:
        how += " that differ; the sharpest fifth of them"
        notes.warnings.append("edges differ in sharpness: the sharpest were taken, others are round or out of focus")
    half = max(agreed.high - agreed.sigma_px, 0.0)
    low = max(agreed.low, 0.0)
    if compressed:
        low = min(low, (1 - SOFTENED) * agreed.sigma_px)
        how += ", softened by compression"
    notes.measured("psf_sigma_px", agreed.sigma_px, half, how, low)
    notes.values["tail_share"] = agreed.tail


def _linear(frame: Frame, black: float, gamma: float, white: int) -> F32:
    plane = frame.numbers[:, :, min(1, frame.numbers.shape[2] - 1)].astype(np.float32)
    if gamma == 1:
        return plane - np.float32(black)
    return np.asarray(white * (plane / np.float32(white)) ** np.float32(gamma), dtype=np.float32)
