"""What shading runs on: which devices there are by name, and whether one is here, asked before any work.

    require_device("cuda")      # raises in a moment, not after a part was read and a pose made ready

| device | what shades | needs |
|---|---|---|
| `cpu` | compiled loops | nothing |
| `numpy` | the slow readable twin, for comparison | nothing |
| `torch:cpu` | the GPU's formulas on the processor, for comparison | the extra `gpu` |
| `cuda`, `cuda:1` | a GPU, or the second one | the extra `gpu`, and the GPU |
"""

from __future__ import annotations

import re

from firstshift.core.errors import BadInput

NAMES = "cpu, numpy, torch:cpu, cuda or cuda:1"
WITHOUT_TORCH = ("cpu", "numpy")
_TORCH = re.compile(r"torch:cpu|cuda(:(0|[1-9][0-9]?))?")
"""An index of torch is one byte, and cuda:999 would come out as another; cuda:01 torch itself refuses."""
_INSTALL = "torch:cpu and cuda need PyTorch: pip install 'firstshift[gpu]'"


def check_device(name: str) -> None:
    """The name alone: nothing is imported."""
    if name not in WITHOUT_TORCH and not _TORCH.fullmatch(name):
        raise BadInput(where="--device", expected=NAMES, found=name, way_out=_INSTALL)


def require_device(name: str) -> None:
    """Raises Unavailable where PyTorch or the GPU is missing."""
    check_device(name)
    if name not in WITHOUT_TORCH:
        from firstshift.render.shade_torch import torch_device

        torch_device(name)
