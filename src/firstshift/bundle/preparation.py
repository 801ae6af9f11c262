"""How an image becomes what a model sees: which channels, how large, in tiles or whole, and how numbers are scaled.

It travels with the model as plain JSON, and happens inside the exported graph wherever it can: what a runtime has to do
itself is to put the channels in order and to cut. The graph gets the file's own numbers, 0 … 255 or 0 … 65,535.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.bundle.tiling import Tiling
from firstshift.core.errors import BadInput
from firstshift.core.hashing import record_hash
from firstshift.core.image import MAX_CHANNELS, Image

FORMAT = 1
LARGEST_SIDE = 16_384


@dataclass(frozen=True, slots=True)
class Preparation:
    channels: tuple[str, ...]
    """Names of the image's channels in the model's order: colours, or the lights of a station."""
    bits: int
    """8 or 16: of the files that it is made for. The other kind is brought to it by the ratio of their whites."""
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Of each channel, as shares of white: the graph works with (value / white − mean) / deviation."""
    tiling: Tiling | None = None
    """None: the whole image at once."""
    size_px: tuple[int, int] | None = None
    """Width and height to which a whole image is brought; None: its own."""

    def __post_init__(self) -> None:
        count = len(self.channels)
        if not 0 < count <= MAX_CHANNELS or len(set(self.channels)) != count:
            raise BadInput(
                where="preparation", expected=f"1 to {MAX_CHANNELS} channels of different names",
                found=", ".join(self.channels) or "none",
            )  # fmt: skip
        if self.bits not in (8, 16):
            raise BadInput(where="preparation", expected="8 or 16 bits", found=self.bits)
        if len(self.mean) != count or len(self.deviation) != count:
            raise BadInput(
                where="preparation", expected=f"a mean and a deviation for each of {count} channels",
                found=f"{len(self.mean)} and {len(self.deviation)}",
            )  # fmt: skip
        if not all(np.isfinite([*self.mean, *self.deviation])) or min(self.deviation) <= 0:
            raise BadInput(where="preparation", expected="finite means, deviations above 0", found=self.deviation)
        if self.size_px is not None and (self.tiling is not None or not _fits(self.size_px)):
            raise BadInput(
                where="preparation", expected=f"a size of 1 to {LARGEST_SIDE} pixels, or tiles, not both",
                found=self.size_px,
            )  # fmt: skip

    @property
    def white(self) -> int:
        return (1 << self.bits) - 1

    @property
    def fingerprint(self) -> str:
        """The same for two preparations exactly if they do the same."""
        return record_hash(self.to_json())

    def ordered(self, image: Image) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
        """(height, width, C) of the model's channels and bits; refuses an image that lacks one of them."""
        missing = [name for name in self.channels if name not in image.channels]
        if missing:
            raise BadInput(
                where="image", expected=f"channels {', '.join(self.channels)}", found=", ".join(image.channels),
                way_out=f"the model was trained with {', '.join(missing)} as well",
            )  # fmt: skip
        order = [image.channels.index(name) for name in self.channels]
        pixels = image.pixels if order == list(range(len(image.channels))) else image.pixels[:, :, order]
        if image.bits == self.bits:
            return pixels
        # 255 · 257 = 65,535: white stays white in both directions.
        if self.bits == 16:
            return pixels.astype(np.uint16) * np.uint16(257)
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)

    def sized(self, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """A whole image at `size_px`: areas are averaged where it shrinks, so that thin flaws fade and do not vanish by
        chance."""
        if self.size_px is None or (pixels.shape[1], pixels.shape[0]) == self.size_px:
            return pixels
        shrinks = self.size_px[0] < pixels.shape[1] or self.size_px[1] < pixels.shape[0]
        # By four channels at a time: OpenCV takes no more.
        pieces = [
            cv2.resize(
                np.ascontiguousarray(pixels[:, :, first : first + 4]),
                self.size_px,
                interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
            ).reshape(self.size_px[1], self.size_px[0], -1)
            for first in range(0, pixels.shape[2], 4)
        ]
        return np.concatenate(pieces, axis=2)

    def to_json(self) -> dict[str, Any]:
        return {"preparation": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Preparation:
        try:
            if plain["preparation"] != FORMAT:
                raise BadInput(where="preparation", expected=f"format {FORMAT}", found=plain["preparation"])
            tiling, size = plain["tiling"], plain["size_px"]
            return cls(
                tuple(map(str, plain["channels"])),
                int(plain["bits"]),
                tuple(map(float, plain["mean"])),
                tuple(map(float, plain["deviation"])),
                Tiling(int(tiling["size"]), int(tiling["overlap"])) if tiling is not None else None,
                (int(size[0]), int(size[1])) if size is not None else None,
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadInput(
                where="preparation", expected="what Preparation.to_json wrote", found=f"{type(error).__name__}: {error}"
            ) from error


def _fits(size_px: tuple[int, int]) -> bool:
    return all(0 < side <= LARGEST_SIDE for side in size_px)
