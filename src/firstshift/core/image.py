"""An image: 8 or 16 bit, one or many channels.

A channel is a colour of one light (`R`, `G`, `B`) or one light of several (`ring`, `dark_field`): a station that
switches three lights takes three exposures of a part and keeps them as channels or as separate images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

PixelArray = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
GREY = ("grey",)
RGB = ("R", "G", "B")
MAX_CHANNELS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """Pixels as (height, width, channels), `uint8` or `uint16`, and what each channel is called."""

    pixels: PixelArray
    channels: tuple[str, ...]

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or 0 in pixels.shape:
            raise BadInput(where="image", expected="height × width × channels, none of them 0", found=pixels.shape)
        if pixels.dtype not in (np.uint8, np.uint16):
            raise BadInput(where="image", expected="8 or 16 bit pixels", found=pixels.dtype)
        if pixels.shape[2] > MAX_CHANNELS:
            raise BadInput(where="image", expected=f"at most {MAX_CHANNELS} channels", found=pixels.shape[2])
        if len(self.channels) != pixels.shape[2] or len(set(self.channels)) != len(self.channels):
            raise BadInput(
                where="image", expected=f"{pixels.shape[2]} different channel names", found=", ".join(self.channels)
            )

    @classmethod
    def of(cls, pixels: npt.NDArray[np.generic], channels: tuple[str, ...] | None = None) -> Image:
        """From an array of (height, width) or (height, width, channels); names default to grey, R G B, or c0, c1…"""
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        if pixels.dtype not in (np.uint8, np.uint16):
            raise BadInput(
                where="image",
                expected="8 or 16 bit pixels (uint8, uint16)",
                found=pixels.dtype,
                way_out="scale floats yourself: only you know what 1.0 means",
            )
        count = pixels.shape[-1]
        default = {1: GREY, 3: RGB}.get(count) or tuple(f"c{i}" for i in range(count))
        return cls(np.ascontiguousarray(pixels), channels or default)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Image)
            and self.channels == other.channels
            and self.pixels.dtype == other.pixels.dtype
            and np.array_equal(self.pixels, other.pixels)
        )

    def __hash__(self) -> int:
        return hash((self.pixels.shape, self.channels, self.pixels.tobytes()))

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def bits(self) -> int:
        return int(self.pixels.dtype.itemsize * 8)

    @property
    def white(self) -> int:
        """The largest value a pixel can take."""
        return (1 << self.bits) - 1

    def channel(self, name: str) -> PixelArray:
        if name not in self.channels:
            raise BadInput(where="image channel", expected=f"one of {', '.join(self.channels)}", found=name)
        return self.pixels[:, :, self.channels.index(name)]

    def grey(self) -> npt.NDArray[np.float32]:
        """Brightness in 0…1: Rec. 709 luma for R G B, otherwise the mean over channels; `alpha` is no light."""
        lights = [i for i, name in enumerate(self.channels) if name != "alpha"]
        scaled = self.pixels[:, :, lights].astype(np.float32) / self.white
        if tuple(self.channels[i] for i in lights) == RGB:
            return np.asarray(scaled @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32))
        return np.asarray(scaled.mean(axis=2))
