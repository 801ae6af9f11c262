"""One interface for every trunk: an image in, feature maps of several scales out.

    trunk = own("nano", channels=1)
    for features, stride in zip(trunk(pixels), trunk.strides): …   # (B, width, H / stride, W / stride)

`pixels` are prepared already (B, C, H, W): `preparing.py` is a module of its own, so that both go into one graph. H and
W are multiples of the last stride; tiles are cut so. A trunk is known by its `fingerprint`, the hash of its shape and
weights: features kept of one never pass for those of another.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch
from torch import Tensor, nn


class Backbone(nn.Module):
    """A trunk. What comes out at each stride has `widths` channels."""

    name: str
    licence: str
    channels: int
    """That it takes."""
    strides: tuple[int, ...]
    """Ascending: 2 is half the image's width."""
    widths: tuple[int, ...]

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        raise NotImplementedError

    @property
    def shape_told(self) -> dict[str, Any]:
        """All that is needed to build it again without its weights, as plain JSON."""
        raise NotImplementedError

    @property
    def parameters_count(self) -> int:
        return sum(one.numel() for one in self.parameters())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the shape and of every weight, in float32 and in the order of their names."""
        found = hashlib.sha256(json.dumps(self.shape_told, sort_keys=True).encode())
        for name, tensor in sorted(self.state_dict().items()):
            found.update(f"{name}{tuple(tensor.shape)}".encode())
            values = tensor.detach().cpu()
            values = values.float() if values.is_floating_point() else values
            found.update(values.contiguous().numpy().tobytes())
        return found.hexdigest()

    def freeze(self, share: float = 1.0) -> None:
        """Keep at most the first `share` of the weights, counted from the image, as they are: 1 is a frozen trunk with
        a trainable head, 0.8 thaws the last fifth or a little more, 0 trains everything. What is frozen also keeps its
        statistics."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share of 0 to 1, not {share}")
        total, until = self.parameters_count, 0
        self._frozen: list[nn.Module] = []
        for unit in self.units:
            until += sum(one.numel() for one in unit.parameters())
            is_frozen = until <= share * total
            for parameter in unit.parameters():
                parameter.requires_grad = not is_frozen
            if is_frozen:
                self._frozen.append(unit)
        self.train(self.training)

    def train(self, mode: bool = True) -> Backbone:
        super().train(mode)
        for unit in getattr(self, "_frozen", ()):
            unit.eval()
        return self

    @property
    def units(self) -> list[nn.Module]:
        """From the image on: what is frozen or thawed together. Every weight lies in one of them."""
        return list(self.children())


def with_channels(weight: Tensor, channels: int) -> Tensor:
    """First weights (out, in, h, w) for another number of channels: each of the new ones sees what the old ones saw on
    the average, and together they answer a grey image as before."""
    if weight.shape[1] == channels:
        return weight
    mean = weight.mean(dim=1, keepdim=True)
    return torch.as_tensor(mean.repeat(1, channels, 1, 1) * (weight.shape[1] / channels))
