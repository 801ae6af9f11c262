"""Compiled loops give the same bits on every run: compiled a moment ago, loaded from the cache, in any process."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.contracts.house import ROOT

SOURCES = [path for path in sorted((ROOT / "src").rglob("*.py")) if "njit" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_compiled_code_is_cached_and_keeps_the_order_of_operations(path: Path) -> None:
    """Even `fastmath={"contract"}` gave other bits loaded from the cache than compiled in the same process."""
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "njit"
    ]
    for call in calls:
        told = {word.arg: word.value for word in call.keywords}
        assert "fastmath" not in told, f"{path.name}:{call.lineno}"
        cached = told.get("cache")
        assert isinstance(cached, ast.Constant), f"{path.name}:{call.lineno}"
        assert cached.value is True, f"{path.name}:{call.lineno}"


def test_there_is_compiled_code() -> None:
    assert len(SOURCES) > 10
