"""A command run as a person runs it, and workspaces to run it on."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from firstshift.cli.app import app
from firstshift.core.capture import Capture, parse_time
from firstshift.core.label import Annotation, Label, Level
from firstshift.core.shapes import Box
from firstshift.store.workspace import Workspace
from tests.pictures import jpeg


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Exactly one document, and nothing beside it."""
        return json.loads(self.out)


class Terminal:
    """80 columns, no colours."""

    def __call__(self, *words: object) -> Ran:
        runner = CliRunner(env={"COLUMNS": "80", "FIRSTSHIFT_ACTOR": "human:anna"})
        with runner.isolation() as (out, err, _):
            code = house().main([str(word) for word in words], prog_name="firstshift", standalone_mode=False)
            sys.stdout.flush()
            sys.stderr.flush()
            return Ran(code, out.getvalue().decode(), err.getvalue().decode())


@cache
def house() -> Any:
    """Built once: `CliRunner.invoke` reads the signature of every command again for each call, three quarters of it."""
    return get_command(app)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.delenv("FIRSTSHIFT_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    return Terminal()


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a plan, six images, and labels on five of them; made once, copied for each test."""
    folder = tmp_path_factory.mktemp("pattern") / "line-3"
    assert Terminal()("new", folder, "--example", "bracket").code == 0
    with Workspace.open(folder, actor="human:anna") as ws:
        for number in range(6):
            capture = Capture(
                captured_at=parse_time(f"2026-11-{10 + number}T08:30:00Z"),
                serial=f"BR-{number:06}-A",
                station="cell-3" if number % 2 else "cell-4",
                source=f"day/{number}.jpg",
            )
            ws.images.add(jpeg(number), capture, label=_label(number), level=Level.OPERATOR)
    return folder


@pytest.fixture
def line(run: Terminal, pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "line-3"))


def _label(number: int) -> Label | None:
    if number == 5:
        return None
    return Label.good() if number < 3 else Label.defect(Annotation("scratch", Box(4.0, 5.0, 20.0, 6.0)))


@pytest.fixture
def here(line: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(line)
    return line


@pytest.fixture
def ids(line: Path) -> list[str]:
    """Oldest first."""
    with Workspace.open(line) as ws:
        return [record.id for record in ws.images.all()][::-1]
