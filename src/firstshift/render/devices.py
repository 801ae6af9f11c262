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

from firstshift.core.errors import BadInput, Unavailable

NAMES = "cpu, numpy, torch:cpu, cuda or cuda:1"
WITHOUT_TORCH = ("cpu", "numpy")
_TORCH = re.compile(r"torch:cpu|cuda(:\d{1,3})?")
_INSTALL = "torch:cpu and cuda need PyTorch: pip install 'firstshift[gpu]'"


def check_device(name: str) -> None:
    """The name alone: nothing is imported."""
    if name not in WITHOUT_TORCH and not _TORCH.fullmatch(name):
        raise BadInput(where="--device", expected=NAMES, found=name, way_out=_INSTALL)


def require_device(name: str) -> None:
    """Raises Unavailable where PyTorch or the GPU is missing."""
    check_device(name)
    if name in WITHOUT_TORCH:
        return
    try:
        import torch
    except ImportError:
        raise Unavailable(
            where=f"--device {name}",
            expected="PyTorch",
            found="it is not installed",
            way_out="pip install 'firstshift[gpu]'; cpu and numpy need nothing more",
        ) from None
    if not name.startswith("cuda"):
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(name.partition(":")[2] or 0) >= count:
        raise Unavailable(
            where=f"--device {name}",
            expected="a CUDA GPU that PyTorch can use",
            found=f"{count} of them, counted from cuda:0" if count else "none",
            way_out="nvidia-smi shows what is there; without --device the processor shades",
        )
