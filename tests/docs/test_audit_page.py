"""docs/audit.md: the table lists exactly the tags there are, and the offline script catches what it claims to catch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from firstshift.core.capture import Capture
from firstshift.ledger.chain import event_hash
from firstshift.ledger.tags import Tag
from firstshift.store.audit_export import export_events
from firstshift.store.images import NewImage
from firstshift.store.workspace import Workspace
from tests.contracts.house import ROOT
from tests.docs.pages import blocks
from tests.pictures import png

Lines = list[dict[str, Any]]
TEXT = (ROOT / "docs" / "audit.md").read_text()


def test_the_table_lists_every_tag() -> None:
    listed = re.findall(r"^\| `(\w+:\w+:\w+)` \|", TEXT, flags=re.MULTILINE)
    assert sorted(listed) == sorted(Tag)


def test_the_script_is_short_enough_to_read() -> None:
    (script,) = [block for block in blocks(TEXT) if block.title == "verify_audit.py"]
    assert len([line for line in script.body.splitlines() if line.strip()]) <= 50


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """A ledger long enough to hold a signed checkpoint."""
    picture = png(1)
    with Workspace.create(tmp_path_factory.mktemp("audit") / "line", actor="human:auditor") as ws:
        for _ in ws.images.add_many(NewImage(picture, Capture(serial=f"A-{n}")) for n in range(1005)):
            pass
        return [json.loads(line) for line in export_events(ws)]


def verdict(lines: Lines, folder: Path, *arguments: str) -> tuple[int, str]:
    (script,) = [block for block in blocks(TEXT) if block.title == "verify_audit.py"]
    (folder / "verify_audit.py").write_text(script.body)
    (folder / "export.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    command = [sys.executable, "verify_audit.py", "export.jsonl", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def altered(lines: Lines) -> None:
    lines[500]["actor"] = "human:nobody"


def removed(lines: Lines) -> None:
    del lines[500]


def swapped(lines: Lines) -> None:
    lines[500], lines[501] = lines[501], lines[500]


def inserted(lines: Lines) -> None:
    lines.insert(500, dict(lines[500]))


def cut(lines: Lines) -> None:
    del lines[-3:]


def cut_with_a_matching_head(lines: Lines) -> None:
    del lines[-3:]
    lines[0]["head"] |= {"seq": lines[-1]["seq"], "hash": lines[-1]["hash"]}


def rewritten_without_the_key(lines: Lines) -> None:
    lines[500]["actor"] = "human:nobody"
    for before, event in pairwise(lines[499:]):
        event["previous"] = before["hash"]
        names = ("previous", "seq", "at_us", "tag", "actor", "body")
        event["hash"] = event_hash(*(event[name] for name in names))
    lines[0]["head"]["hash"] = lines[-1]["hash"]


def test_the_script_finds_an_intact_export_intact(export: Lines, tmp_path: Path) -> None:
    code, said = verdict(export, tmp_path, export[0]["public_key"])
    assert (code, said.split(", key")[0]) == (0, f"intact: {len(export) - 1} events, 1 checkpoints")


@pytest.mark.parametrize(
    "tamper", [altered, removed, swapped, inserted, cut, cut_with_a_matching_head, rewritten_without_the_key]
)
def test_the_script_catches(tamper: Callable[[Lines], None], export: Lines, tmp_path: Path) -> None:
    lines = json.loads(json.dumps(export))
    tamper(lines)
    code, said = verdict(lines, tmp_path)
    assert code == 1
    assert said.startswith("NOT INTACT: ")


def test_the_script_refuses_another_key(export: Lines, tmp_path: Path) -> None:
    code, said = verdict(export, tmp_path, "00" * 32)
    assert code == 1
    assert "is not signed by" in said
