"""The last step of preparation, as a module: it goes into the graph, so no runtime can do it otherwise.

graph = nn.Sequential(Prepared(preparation), trunk)
graph(torch.from_numpy(pixels))        # (B, C, H, W): the numbers of the file, as floats
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from firstshift.bundle.preparation import Preparation


class Prepared(nn.Module):
    """(value / white − mean) / deviation, for each channel, as one multiplication and one addition."""

    factor: Tensor
    offset: Tensor

    def __init__(self, preparation: Preparation) -> None:
        super().__init__()
        mean = torch.tensor(preparation.mean, dtype=torch.float64)
        deviation = torch.tensor(preparation.deviation, dtype=torch.float64)
        self.register_buffer("factor", (1 / (deviation * preparation.white)).float().reshape(1, -1, 1, 1))
        self.register_buffer("offset", (-mean / deviation).float().reshape(1, -1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels * self.factor + self.offset
