"""Devices by name: what is none is refused, and what is not here is said before any work."""

from __future__ import annotations

import subprocess
import sys

import pytest

from firstshift.core.errors import BadInput, Unavailable
from firstshift.render.devices import check_device, require_device


@pytest.mark.parametrize("name", ["cpu", "numpy", "torch:cpu", "cuda", "cuda:0", "cuda:12"])
def test_names_of_devices(name: str) -> None:
    check_device(name)


@pytest.mark.parametrize("name", ["", "CPU", "gpu", "cuda:", "cuda:x", "cuda:-1", "torch", "cpu\n", "cuda:128", "mps"])
def test_anything_else_is_refused_with_the_names_and_the_extra(name: str) -> None:
    with pytest.raises(BadInput, match="expected cpu, numpy, torch:cpu, cuda or cuda:1") as refused:
        check_device(name)
    assert "firstshift[gpu]" in refused.value.message


@pytest.mark.parametrize("name", ["cpu", "numpy", "torch:cpu"])
def test_a_processor_is_always_here(name: str) -> None:
    require_device(name)


def test_a_gpu_beyond_those_that_are_here_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="expected a CUDA GPU that PyTorch can use"):
        require_device("cuda:99")


def test_without_pytorch_the_extra_is_named_and_the_processor_needs_none() -> None:
    """In a process that cannot import it, as where the extra is not installed."""
    program = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from firstshift.core.errors import Unavailable\n"
        "from firstshift.render.devices import require_device\n"
        "require_device('numpy')\n"
        "for name in ('cuda', 'torch:cpu'):\n"
        "    try:\n"
        "        require_device(name)\n"
        "    except Unavailable as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("expected PyTorch" in line and "pip install 'firstshift[gpu]'" in line for line in lines)
