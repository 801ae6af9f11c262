"""Between the numbers of a photograph and light: black level, gamma, white.

    light = ((number − black) / (white − black))^gamma        0 black, 1 white

as `sensor` writes it (output = light^(1/gamma)), so that flaws are multiplied where light is: before the gamma curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.image import Image, PixelArray
from firstshift.render.gbuffer import F32

MOST_EMPTY_BITS = 6
"""A 10 bit camera leaves six of 16 bits empty. More than that is a picture of few brightnesses, not a camera."""
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Levels:
    black: float
    """In the photograph's numbers."""
    white: float
    gamma: float
    step: int = 1
    """Numbers come in multiples of this: 16 for a 12 bit camera in 16 bit files."""

    @classmethod
    def of(cls, photograph: Image, black_share: float = 0.0, gamma: float = 1.0) -> Levels:
        """`black_share`: the camera's black level as a share of its white one."""
        step = step_of(photograph.pixels)
        white = photograph.white - (step - 1)
        # A picture with numbers below the black level was not saved with it.
        floor = float(np.percentile(photograph.pixels[::4, ::4], 0.5))
        return cls(min(black_share * white, floor), float(white), gamma, step)

    def linear(self, numbers: npt.NDArray[np.generic]) -> F32:
        share = (numbers.astype(np.float32) - np.float32(self.black)) / np.float32(self.white - self.black)
        return share if self.gamma == 1.0 else np.asarray(np.maximum(share, 0) ** np.float32(self.gamma), np.float32)

    def numbers(self, light: F32) -> F32:
        """The way back, not yet rounded."""
        share = np.clip(light, 0, 1) if self.gamma == 1.0 else np.clip(light, 0, 1) ** np.float32(1 / self.gamma)
        return np.asarray(share * np.float32(self.white - self.black) + np.float32(self.black), np.float32)

    def per_light(self, light: npt.NDArray[np.floating]) -> F32:
        """By how many numbers a little more light changes a place: what a spread of light is in numbers. With gamma it
        would be without end at black, where no number is finer than one step."""
        full = np.float32(self.white - self.black)
        if self.gamma == 1.0:
            return np.full(np.shape(light), full, np.float32)
        darkest = (HALF * self.step / float(full)) ** self.gamma
        bent = np.clip(light, darkest, 1.0) ** np.float32(1 / self.gamma - 1) / np.float32(self.gamma)
        return np.asarray(full * bent, np.float32)

    def rounded(self, numbers: F32, kind: np.dtype[np.generic]) -> PixelArray:
        steps = np.clip(np.round(numbers / self.step), 0, self.white // self.step)
        if kind == np.uint8:
            return (steps * self.step).astype(np.uint8)
        return (steps * self.step).astype(np.uint16)


def step_of(pixels: PixelArray) -> int:
    """1 for 8 bit pictures; for 16 bit ones 2 to the number of lowest bits that are empty everywhere."""
    if pixels.dtype == np.uint8:
        return 1
    used = int(np.bitwise_or.reduce(pixels, axis=None))
    empty = (used & -used).bit_length() - 1 if used else 0
    return 1 << empty if empty <= MOST_EMPTY_BITS else 1
