"""docs/command-line.md is what the commands say of themselves, and every command says something."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.contracts.house import ROOT


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "command_line_page.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_is_current() -> None:
    done = script("--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "new",
        *("plan check", "plan show", "plan schema", "import", "export"),
        *("images list", "images show", "images search"),
        *("dataset snapshot", "dataset diff", "dataset split", "dataset stats"),
        *("audit verify", "audit export", "audit log"),
        *(
            "workspace info",
            "workspace move",
            "workspace backup",
            "workspace restore",
            "workspace gc",
            "workspace retain",
        ),
        "bench ingest",
    ],
)
def test_every_promised_command_has_its_section_and_an_example(command: str) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    heading = f"\n### `firstshift {command}`\n"
    assert heading in page
    section = page.split(heading)[1].split("\n### ")[0]
    assert f"$ firstshift {command}" in section
    assert "--json" in section
