"""What is changed: an image as a network sees it, what is true of its pixels, and how far it was moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed

F32 = npt.NDArray[np.float32]
COLOURS = ("R", "G", "B")
_NODES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    image: F32
    """(height, width, C): shares of white, 0 … 1."""
    channels: tuple[str, ...]
    """R, G, B are colours of one light; every other name is a light of its own."""
    mask: npt.NDArray[np.uint8] | None = None
    """(height, width): the class of each pixel."""
    moved: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    """(3, 3): from where a point lay in the image as it was (x, y, 1) to where it lies now: for boxes and outlines."""

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != len(self.channels) or self.image.dtype != np.float32:
            raise BadInput(
                where="sample", expected=f"float32 of height × width × {len(self.channels)}",
                found=f"{self.image.dtype} of {self.image.shape}",
            )  # fmt: skip
        if self.mask is not None and self.mask.shape != self.image.shape[:2]:
            raise BadInput(where="sample", expected=f"a mask of {self.image.shape[:2]}", found=self.mask.shape)

    def shown(self, image: npt.NDArray[np.floating]) -> Sample:
        """The same with another light on it: no darker than black, no whiter than white."""
        return replace(self, image=np.clip(image, 0, 1, dtype=np.float32))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[0], self.image.shape[1]


Change = Callable[[Sample, Seed, float], Sample]
"""Strength 0 changes nothing; 1 is as much as a station shows on a bad day; more is for stations that are worse."""


def between(seed: Seed, name: str, low: float, high: float) -> float:
    return low + (high - low) * seed.uniform(name)


def lights_of(channels: tuple[str, ...]) -> list[list[int]]:
    """Channels by the light that they are exposed under: colours of one camera image belong together."""
    colours = [number for number, name in enumerate(channels) if name in COLOURS]
    others = [[number] for number, name in enumerate(channels) if name not in COLOURS]
    return [colours, *others] if colours else others


def smooth_field(seed: Seed, size: tuple[int, int], coarse: int) -> F32:
    """(height, width): slow noise, −1 … 1, round hills, about `coarse` of them along the longer side."""
    height, width = size
    step = max(height, width) / (coarse * _NODES)
    room = 3 * _NODES  # beyond the border, so that hills there are as high as elsewhere
    rows, columns = max(2, round(height / step)) + 2 * room, max(2, round(width / step)) + 2 * room
    nodes = seed.generator().standard_normal((rows, columns)).astype(np.float32)
    hills = cv2.GaussianBlur(nodes, (0, 0), _NODES / 2)[room:-room, room:-room]
    field = np.asarray(cv2.resize(hills, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.asarray(field / max(float(np.abs(field).max()), 1e-6), dtype=np.float32)
