"""A small U-Net that learns to mark what is to be found, from rendered tiles alone.

Input: local contrast at two scales, so that brightness, gamma and slow light do not matter. Loss: BCE in which a flaw
counts the same whatever its area, plus Dice. An image's score: mean of its `TOP` highest pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from ferrite.rendering import Grey, Tile
from ferrite.varying import varied

F32 = npt.NDArray[np.float32]
CROP = 128
BATCH = 8
TOP = 5
SCALES = (5.0, 18.0)
"""Sigma of the surroundings that a pixel is compared with, in pixels of 0.2 mm."""


def contrast(grey: Grey) -> F32:
    """(2, H, W): how many local standard deviations a pixel is off its surroundings, at two scales."""
    level = np.log(grey.astype(np.float32) + 8)
    channels = []
    for sigma in SCALES:
        mean = cv2.GaussianBlur(level, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        spread = np.sqrt(cv2.GaussianBlur((level - mean) ** 2, (0, 0), 2 * sigma, borderType=cv2.BORDER_REFLECT))
        channels.append(np.clip((level - mean) / (spread + 0.015), -6, 6) * 0.5)
    return np.stack(channels).astype(np.float32)


class Block(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True),
            nn.Conv2d(outside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.steps(x)
        return out


class UNet(nn.Module):
    """Five levels, 8 to 64 channels: 0.23 million weights."""

    def __init__(self, widths: Sequence[int] = (8, 16, 32, 48, 64)) -> None:
        super().__init__()
        first, *deeper = widths
        self.first = Block(len(SCALES), first)
        self.down = nn.ModuleList(Block(a, b) for a, b in zip(widths, deeper, strict=False))
        pairs = list(zip(widths, deeper, strict=False))[::-1]
        self.up = nn.ModuleList(Block(a + b, a) for a, b in pairs)
        self.out = nn.Conv2d(first, 1, 1)
        nn.init.constant_(self.out.bias, -3.0)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = [self.first(x)]
        for block in self.down:
            kept.append(block(functional.max_pool2d(kept[-1], 2)))
        y = kept.pop()
        for block in self.up:
            y = functional.interpolate(y, scale_factor=2, mode="nearest")
            y = block(torch.cat([y, kept.pop()], dim=1))
        marked: torch.Tensor = self.out(y)
        return marked


def trained(tiles: Sequence[Tile], *, steps: int, seed: int, threads: int = 1, vary: bool = True) -> UNet:
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    model = UNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    model.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 40) * max(0.02, 0.5 * (1 + np.cos(np.pi * step / steps)))
        picked = generator.integers(len(tiles), size=BATCH)
        shown = [varied(tiles[k], generator) if vary else tiles[k] for k in picked]
        crops = [_crop(contrast(tile.grey), tile.mask, generator) for tile in shown]
        x = torch.from_numpy(np.stack([one for one, _ in crops])).contiguous(memory_format=torch.channels_last)
        wanted = torch.from_numpy(np.stack([mask for _, mask in crops])[:, None])
        loss = loss_of(model(x), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
    model.eval()
    return model


def loss_of(marked: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Balanced: all flawed pixels of a crop together weigh as much as a twentieth of it: a pore or half the tile."""
    area = wanted.mean(dim=(1, 2, 3), keepdim=True)
    heavier = (0.05 / area.clamp(min=2e-4)).clamp(min=0.1, max=40.0)
    weight = torch.where(wanted > 0.5, heavier, torch.ones_like(wanted))
    bce = (functional.binary_cross_entropy_with_logits(marked, wanted, reduction="none") * weight).mean()
    share = torch.sigmoid(marked)
    both = (share * wanted).sum(dim=(1, 2, 3))
    dice = 1 - (2 * both + 20) / (share.sum(dim=(1, 2, 3)) + wanted.sum(dim=(1, 2, 3)) + 20)
    return bce + 0.5 * dice.mean()


def _crop(full: F32, mask: npt.NDArray[np.bool_], generator: np.random.Generator) -> tuple[F32, F32]:
    """A window, at random; on flawed tiles mostly one with a flaw in it. Mirrored either way."""
    tall, wide = max(0, CROP - full.shape[1]), max(0, CROP - full.shape[2])
    if tall or wide:
        # As `marked` pads: what training never saw would count as strange.
        full = np.pad(full, ((0, 0), (0, tall), (0, wide)), mode="symmetric")
        mask = np.pad(mask, ((0, tall), (0, wide)), mode="symmetric")
    height, width = mask.shape
    top, left = (int(generator.integers(0, side - CROP + 1)) for side in (height, width))
    if mask.any() and generator.uniform() < 0.7:
        rows, columns = np.nonzero(mask)
        k = int(generator.integers(len(rows)))
        top = int(np.clip(rows[k] - generator.integers(10, CROP - 10), 0, height - CROP))
        left = int(np.clip(columns[k] - generator.integers(10, CROP - 10), 0, width - CROP))
    window = (slice(top, top + CROP), slice(left, left + CROP))
    x, y = full[:, window[0], window[1]], mask[window].astype(np.float32)
    for axis in (1, 2):
        if generator.uniform() < 0.5:
            x, y = np.flip(x, axis), np.flip(y, axis - 1)
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


@torch.inference_mode()
def marked(model: UNet, grey: Grey) -> F32:
    """(H, W): how sure the model is of a flaw, as logits."""
    x = contrast(grey)
    height, width = grey.shape
    padded = np.pad(x, ((0, 0), (0, -height % 16), (0, -width % 16)), mode="symmetric")
    out = model(torch.from_numpy(padded[None]).contiguous(memory_format=torch.channels_last))
    return np.asarray(out[0, 0, :height, :width].numpy())


def score(marks: F32) -> float:
    """Five pixels: one decides nothing, and a crack a pixel wide is not blurred away."""
    return float(np.partition(marks.ravel(), -TOP)[-TOP:].mean())
