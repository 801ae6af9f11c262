"""The bracket's plan with a new pose for every fourth defect, small pictures of it, and a workspace for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.spec.examples import copy_example
from firstshift.store.workspace import Workspace


@pytest.fixture(scope="session")
def bracket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bracket")
    copy_example("bracket", folder / "plan")
    file = folder / "plan" / "plan.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nsynthetic: {images_per_pose: 4}\n", encoding="utf-8")
    return folder / "plan"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "ws", actor="human:test") as workspace:
        yield workspace


def small_order(folder: Path, **asked: Any) -> Order:
    return order_for(folder, SynthSettings(**({"size_px": 96, "seed": 3} | asked)))
