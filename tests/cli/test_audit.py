"""`firstshift audit …`: what verifies, what does not, and what happened."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from firstshift.cli.exit_codes import ExitCode
from tests.cli.conftest import Terminal


def test_an_intact_workspace(run: Terminal, here: Path) -> None:
    ran = run("audit", "verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("intact: everything is as it was recorded\n")
    report = run("audit", "verify", "--quick", "--json").json
    assert (report["intact"], report["first_problem"], report["blobs"]) == (True, None, 6)


def test_what_does_not_verify_is_named_first(run: Terminal, here: Path, ids: list[str]) -> None:
    blob = next(path for path in (here / "blobs").rglob("*") if path.is_file() and len(path.name) == 64)
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with sqlite3.connect(here / "firstshift.db") as database:
        [trigger] = database.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'images' and sql like '%UPDATE%'"
        ).fetchone()
        database.execute(f"drop trigger {trigger}")
        database.execute("update images set serial = 'BR-999999-A' where id = ?", [ids[0]])
    ran = run("audit", "verify")
    assert ran.code == ExitCode.TAMPERED
    first = ran.out.splitlines()[0]
    assert first.startswith("NOT INTACT first problem: ")
    assert ids[0] in first or blob.name in " ".join(ran.out.split())
    report = run("audit", "verify", "--json")
    assert report.code == ExitCode.TAMPERED
    assert report.json["first_problem"] in report.json["problems"]
    assert len(report.json["problems"]) == 2
    assert len(run("audit", "verify", "--quick", "--json").json["problems"]) == 1, "quick does not read blobs"


def test_export_is_whole_and_serves_as_an_anchor(run: Terminal, here: Path) -> None:
    ran = run("audit", "export", "kept.jsonl")
    assert ran.code == 0
    header, *events = (json.loads(row) for row in (here / "kept.jsonl").read_text().splitlines())
    assert header["head"]["seq"] == len(events) == events[-1]["seq"]
    assert run("audit", "verify", "--anchor", "kept.jsonl").code == 0
    text = (here / "kept.jsonl").read_text()
    (here / "other.jsonl").write_text(text.replace(header["head"]["hash"], "0" * 64, 1))
    wrong = run("audit", "verify", "--anchor", "other.jsonl")
    assert wrong.code == ExitCode.TAMPERED
    assert "the anchor says" in wrong.out


def test_log_filters(run: Terminal, here: Path, ids: list[str]) -> None:
    ran = run("audit", "log")
    assert (ran.code, max(map(len, ran.out.splitlines())) <= 80) == (0, True)
    labels = run("audit", "log", "--tag", "human:label:*", "--actor", "human:anna", "--json").json["events"]
    assert len(labels) == 5
    assert labels[0]["body"]["image"] == ids[4]
    older = run("audit", "log", "--before", labels[0]["seq"], "--limit", "1", "--json").json["events"]
    assert older[0]["seq"] == labels[0]["seq"] - 1
    assert run("audit", "log", "--since", "2100-01-01").out == "no events\n"
