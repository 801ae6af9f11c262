"""Our own trunks: residual networks of plain convolutions, small enough to be trained on two processor cores.

    trunk = own("nano", channels=1, seed=7)      # random weights, the same for the same seed

Plain 3 × 3 convolutions rather than depth-wise ones: on a processor the latter wait for memory. Features begin at half
the image's width, because defects of a few pixels are gone at a quarter.

| | stages (stride: width × blocks) | for |
|---|---|---|
| nano | 2: 16, 4: 32 × 1, 8: 64 × 1, 16: 96 × 1, 32: 128 × 1 | training on a processor in minutes |
| small | 2: 24, 4: 48 × 2, 8: 96 × 2, 16: 144 × 2, 32: 192 × 2 | the source model |
| base | 2: 64, 4: 256 × 3, 8: 512 × 4, 16: 1024 × 6, 32: 2048 × 3, bottlenecks (He et al. 2016, ResNet-50) | a GPU |
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from firstshift.core.errors import BadInput
from firstshift.vision.backbone import Backbone

LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Shape:
    widths: tuple[int, ...]
    """At strides 2, 4, 8 …"""
    blocks: tuple[int, ...]
    """In each stage after the first one."""
    squeeze: int = 1
    """A block of plain convolutions (1), or a bottleneck that works at width / squeeze."""


SHAPES = {
    "nano": Shape((16, 32, 64, 96, 128), (1, 1, 1, 1)),
    "small": Shape((24, 48, 96, 144, 192), (2, 2, 2, 2)),
    "base": Shape((64, 256, 512, 1024, 2048), (3, 4, 6, 3), squeeze=4),
}


def own(name: str, channels: int = 1, seed: int = 0) -> OwnBackbone:
    """A trunk with random weights, which do not depend on what else draws random numbers in this process."""
    if name not in SHAPES:
        raise BadInput(where="backbone", expected=f"one of {', '.join(SHAPES)}", found=name)
    if not 1 <= channels <= 64:
        raise BadInput(where="backbone", expected="1 to 64 channels", found=channels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OwnBackbone(name, SHAPES[name], channels)


class OwnBackbone(Backbone):
    licence = LICENCE

    def __init__(self, name: str, shape: Shape, channels: int) -> None:
        super().__init__()
        self.name, self.shape, self.channels = name, shape, channels
        self.widths = shape.widths
        self.strides = tuple(2 << number for number in range(len(shape.widths)))
        self.stem = nn.Sequential(Convolved(channels, shape.widths[0], 3, stride=2), nn.ReLU(inplace=True))
        self.deeper = nn.ModuleList()
        for (before, width), count in zip(pairwise(shape.widths), shape.blocks, strict=True):
            first = _Block(before, width, shape.squeeze, stride=2)
            self.deeper.append(
                nn.Sequential(first, *(_Block(width, width, shape.squeeze, stride=1) for _ in range(count - 1)))
            )

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        last = self.strides[-1]
        if pixels.shape[2] % last or pixels.shape[3] % last:
            size = f"{pixels.shape[3]} × {pixels.shape[2]}"
            raise BadInput(where="backbone", expected=f"sides that are multiples of {last} pixels", found=size)
        features = [self.stem(pixels)]
        for stage in self.deeper:
            features.append(stage(features[-1]))
        return tuple(features)

    @property
    def units(self) -> list[nn.Module]:
        return [module for module in self.modules() if isinstance(module, Convolved)]

    @property
    def shape_told(self) -> dict[str, Any]:
        return {
            "kind": "own",
            "name": self.name,
            "channels": self.channels,
            "widths": list(self.shape.widths),
            "blocks": list(self.shape.blocks),
            "squeeze": self.shape.squeeze,
        }


class Convolved(nn.Sequential):
    """A convolution and what brings its answers to one scale."""

    def __init__(self, before: int, width: int, size: int, stride: int = 1) -> None:
        convolution = nn.Conv2d(before, width, size, stride, size // 2, bias=False)
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        super().__init__(convolution, nn.BatchNorm2d(width))

    def begin_with_nothing(self) -> None:
        norm = self[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)


class _Block(nn.Module):
    """What came in, and what is added to it; brought to its size by averaging where that is another."""

    def __init__(self, before: int, width: int, squeeze: int, stride: int) -> None:
        super().__init__()
        if squeeze > 1:
            narrow = width // squeeze
            last = Convolved(narrow, width, 1)
            self.change = nn.Sequential(
                Convolved(before, narrow, 1), nn.ReLU(inplace=True),
                Convolved(narrow, narrow, 3, stride), nn.ReLU(inplace=True), last,
            )  # fmt: skip
        else:
            last = Convolved(width, width, 3)
            self.change = nn.Sequential(Convolved(before, width, 3, stride), nn.ReLU(inplace=True), last)
        last.begin_with_nothing()  # a block begins by changing nothing (Goyal et al. 2017)
        shorter = [nn.AvgPool2d(2)] if stride == 2 else []
        self.past = nn.Sequential(*shorter, Convolved(before, width, 1)) if before != width or shorter else None

    def forward(self, came: Tensor) -> Tensor:
        past = came if self.past is None else self.past(came)
        return torch.relu(past + self.change(came))
