"""A device that is not here is said before any work: no part is read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, Unavailable
from firstshift.line.synth.benching import bench_synth
from firstshift.line.synth.order import Order
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.store.workspace import Workspace


def test_before_the_plan_is_even_read(ws: Workspace, tmp_path: Path) -> None:
    """Anything that was looked at first would say so: there is no plan, and no place for a bench."""
    order = Order("no plan", tmp_path / "nowhere", SynthSettings(good=1, device="cuda:99"))
    with pytest.raises(Unavailable, match="--device cuda:99"):
        synthesise(ws, order)
    with pytest.raises(Unavailable, match="--device cuda:99"):
        order.painter()
    with pytest.raises(Unavailable, match="--device cuda:99"):
        bench_synth(tmp_path / "nowhere", device="cuda:99")


@pytest.mark.parametrize("name", ["gpu", "cuda:01", "cuda:00", "cuda:999", "cuda:", "cuda:\u0661", "cuda:-1"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(BadInput, match=rf"--device: expected cpu, .* cuda or cuda:1, found {name}; .*\[gpu\]"):
        SynthSettings(good=1, device=name)
