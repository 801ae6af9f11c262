"""From a trunk's features to one score for each class and pixel.

    head = SegmentHead(trunk.widths, classes=4)
    scores = head(trunk(pixels))                 # (B, classes, H, W), before softmax; class 0 is good surface

From the coarsest scale down: what is known there is laid over the next finer one and looked at again (Ronneberger et
al. 2015). It goes down to half the image's width before the last, smooth doubling, so that a scratch two pixels wide is
decided by features that still see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from firstshift.core.errors import BadInput

WIDTH_SHARE, LEAST_WIDTH = 0.5, 16


class SegmentHead(nn.Module):
    def __init__(self, widths: Sequence[int], classes: int) -> None:
        """`widths` of the features, finest first; each of them at half the size of the one before."""
        super().__init__()
        if not 2 <= classes <= 255:
            raise BadInput(where="segment", expected="2 to 255 classes, the first one good surface", found=classes)
        own = [max(LEAST_WIDTH, round(width * WIDTH_SHARE)) for width in widths]
        self.begin = nn.Sequential(nn.Conv2d(widths[-1], own[-1], 1, bias=False), nn.BatchNorm2d(own[-1]), nn.ReLU())
        self.finer = nn.ModuleList(
            _Finer(coarse, width, fine) for (fine, coarse), width in zip(pairwise(own), widths[:-1], strict=True)
        )
        self.last = nn.Conv2d(own[0], classes, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        known = self.begin(features[-1])
        for finer, here in zip(reversed(self.finer), reversed(features[:-1]), strict=True):
            known = finer(known, here)
        return functional.interpolate(self.last(known), scale_factor=2.0, mode="bilinear", align_corners=False)


class _Finer(nn.Module):
    """What is known at a coarse scale, and what is seen at the next finer one."""

    def __init__(self, coarse: int, seen: int, fine: int) -> None:
        super().__init__()
        self.known = nn.Conv2d(coarse, fine, 1, bias=False)
        self.seen = nn.Conv2d(seen, fine, 1, bias=False)
        self.together = nn.Sequential(nn.BatchNorm2d(fine), nn.ReLU(), nn.Conv2d(fine, fine, 3, padding=1, bias=False))
        self.after = nn.BatchNorm2d(fine)

    def forward(self, known: Tensor, here: Tensor) -> Tensor:
        above = functional.interpolate(self.known(known), scale_factor=2.0, mode="nearest")
        return torch.relu(self.after(self.together(above + self.seen(here))))
