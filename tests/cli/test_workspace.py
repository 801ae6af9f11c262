"""`firstshift workspace …` and `firstshift bench ingest`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firstshift.cli.bench import _show
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.workspace_care import _confirm
from firstshift.core.capture import parse_time
from firstshift.core.errors import Refused
from firstshift.db.engine import Database
from firstshift.db.migrate import HEAD, migrate
from firstshift.line.ingest_bench import IngestReport, Run
from firstshift.spec import Plan
from firstshift.store.kept_files import NewFile
from firstshift.store.retaining import plan_retention
from firstshift.store.workspace import Workspace
from tests.cli.conftest import Terminal


def test_info(run: Terminal, here: Path) -> None:
    known = run("workspace", "info", "--json").json
    assert (known["name"], known["writable"], known["folder"]) == ("line-3", True, str(here))
    assert known["counts"] | {"events": 0} == {
        "images": 6, "labelled": 5, "golden": 0, "retired": 0, "snapshots": 0, "events": 0,
    }  # fmt: skip
    ran = run("workspace", "info")
    assert "6 (5 labelled, 0 golden)" in ran.out
    (here / "keys" / "ledger.pem").unlink()
    assert "for reading only" in run("workspace", "info").out
    assert run("dataset", "snapshot", "v1").code == ExitCode.REFUSED


def test_backup_and_restore(run: Terminal, here: Path, tmp_path: Path, ids: list[str]) -> None:
    first = run("workspace", "backup", tmp_path / "backup")
    assert first.out.startswith("backed up to")
    assert "6 images" in first.out
    again = run("workspace", "backup", tmp_path / "backup", "--json").json
    assert (again["copied"]["events"], again["copied"]["blobs"]) == (0, 0)
    assert run("workspace", "restore", tmp_path / "backup", tmp_path / "again").out.startswith("restored to")
    assert run("images", "show", ids[0], "-w", tmp_path / "again").code == 0
    assert run("audit", "verify", "-w", tmp_path / "again").code == 0
    twice = run("workspace", "restore", tmp_path / "backup", tmp_path / "again")
    assert twice.code == ExitCode.REFUSED


def test_a_damaged_original_is_backed_up_and_named(run: Terminal, here: Path, tmp_path: Path) -> None:
    blob = next(path for path in (here / "blobs").rglob("*") if path.is_file() and len(path.name) == 64)
    blob.unlink()
    ran = run("workspace", "backup", tmp_path / "backup")
    assert ran.code == ExitCode.FOUND
    assert "damaged in the original:" in ran.out
    refused = run("workspace", "restore", tmp_path / "backup", tmp_path / "again")
    assert refused.code == ExitCode.REFUSED
    accepted = run("workspace", "restore", tmp_path / "backup", tmp_path / "again", "--accept-damage")
    assert accepted.code == ExitCode.DONE


def test_move(run: Terminal, here: Path) -> None:
    ran = run("workspace", "move", "--database", "sqlite:///moved.db", "--blobs", "other-blobs")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("moved and verified\n")
    assert "yours to remove" in ran.out
    assert run("images", "search", "--count").out == "6 images\n"
    assert run("audit", "verify").code == 0
    assert run("workspace", "move", "--undo").code == ExitCode.REFUSED


def test_gc_sets_aside_what_no_record_needs(run: Terminal, here: Path) -> None:
    with Workspace.open(here) as ws:
        content = ws.blobs.put(b"nobody needs this")
    assert run("workspace", "gc").out.count("too young") == 1
    assert run("workspace", "gc", "--dry-run", "--grace", "0m", "--json").json["buried"]["blobs"] == 1
    ran = run("workspace", "gc", "--grace", "0m")
    assert "set aside" in ran.out
    with Workspace.open(here) as ws:
        assert ws.blobs.get(content) == b"nobody needs this"


def test_retain_asks_before_it_removes(run: Terminal, here: Path) -> None:
    rule = "[{origin: real, keep_days: 1}]"
    assert run("plan", "set", "policy.retention.rules", rule).code == 0
    assert run("workspace", "retain", "--dry-run", "--json").json["going"][0]["images"] == 0, "recorded today"
    later = run("workspace", "retain", "--dry-run", "--as-of", "2100-01-01")
    assert later.code == 0
    assert "would go" in later.out
    assert "labelled by a person" in later.out
    assert run("workspace", "retain").code == ExitCode.DONE, "nothing is due, so nothing is asked"
    with Workspace.open(here) as ws:
        assert ws.images.count() == 6


def _to_first_schema(folder: Path) -> None:
    database = Database("sqlite:///firstshift.db", folder)
    migrate(database, "0001")
    database.close()


def test_a_backup_of_the_first_schema_is_upgraded_restored_and_added_to(
    run: Terminal, here: Path, tmp_path: Path, ids: list[str]
) -> None:
    """Both were made by a release that kept no files."""
    old = tmp_path / "backup"
    assert run("workspace", "backup", old).code == 0
    for folder in (here, old):
        _to_first_schema(folder)
    refused = run("workspace", "restore", old, tmp_path / "again")
    assert (refused.code, refused.out) == (ExitCode.REFUSED, "")
    assert f"expected schema {HEAD}, found 0001; `firstshift workspace upgrade -w {old}`" in refused.err
    assert not (tmp_path / "again").exists()
    assert run("workspace", "upgrade", "--json").json == {"before": "0001", "after": HEAD}
    with Workspace.open(here) as ws:
        ws.kept_files.keep("1" * 64, [NewFile("plan", "plan.yaml", b"name: part")])
    refused = run("workspace", "backup", old)
    assert refused.code == ExitCode.REFUSED
    assert f"`firstshift workspace upgrade -w {old}`" in refused.err

    assert run("workspace", "upgrade", "-w", old).out == f"upgraded from schema 0001 to {HEAD}\n"
    assert run("workspace", "restore", old, tmp_path / "as it was").code == 0
    assert run("images", "show", ids[0], "-w", tmp_path / "as it was").code == 0
    assert run("audit", "verify", "-w", tmp_path / "as it was").code == 0
    with Workspace.open(old) as backup, pytest.raises(Refused, match="it is a backup of"):
        backup.kept_files.keep("1" * 64, [NewFile("plan", "plan.yaml", b"name: not here")])

    added = run("workspace", "backup", old, "--json").json
    assert (added["copied"]["events"], added["copied"]["blobs"]) == (1, 1)
    assert run("workspace", "restore", old, tmp_path / "again").code == 0
    assert run("audit", "verify", "-w", tmp_path / "again").code == 0
    with Workspace.open(tmp_path / "again") as ws:
        (kept,) = ws.kept_files.of("1" * 64)
        assert ws.kept_files.read(kept) == b"name: part"
        ws.kept_files.keep("2" * 64, [NewFile("plan", "plan.yaml", b"name: other")])


def test_what_cannot_be_written_is_not_upgraded(
    run: Terminal, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("workspace", "backup", tmp_path / "backup").code == 0
    _to_first_schema(tmp_path / "backup")
    with monkeypatch.context() as patch:
        patch.setattr("firstshift.db.engine.is_read_only", lambda path: path.exists())
        ran = run("workspace", "upgrade", "-w", tmp_path / "backup")
    assert ran.code == ExitCode.REFUSED
    assert "copy the workspace's folder to where you may write" in ran.err
    shutil.copytree(tmp_path / "backup", tmp_path / "copy")
    assert run("workspace", "upgrade", "-w", tmp_path / "copy").code == 0
    assert run("workspace", "restore", tmp_path / "copy", tmp_path / "again").code == 0


def test_upgrade_of_what_is_new_already(run: Terminal, here: Path) -> None:
    ran = run("workspace", "upgrade", "--json")
    assert ran.code == 0
    assert ran.json["before"] == ran.json["after"]


def test_bench_ingest_measures_and_says_whether_the_goal_is_met(run: Terminal, tmp_path: Path) -> None:
    ran = run("bench", "ingest", "--place", tmp_path, "--seconds", "0.2", "--clients", "1", "--json")
    assert ran.json["verified"] is True
    assert len(ran.json["runs"]) == 3
    assert ran.code == (ExitCode.DONE if ran.json["goal_met"] else ExitCode.FOUND)
    assert list(tmp_path.iterdir()) == []


def test_pixels_are_not_removed_unasked(run: Terminal, here: Path) -> None:
    """As `retain` finds it in a hundred years, when somebody runs it from a script without --yes."""
    run("plan", "set", "policy.retention.rules", "[{origin: real, keep_days: 1}]")
    with Workspace.open(here) as ws:
        retention = Plan.load(here).policy.retention
        report = plan_retention(ws, retention, parse_time("2100-01-01"))
        assert report.images_going == 1
        with pytest.raises(Refused, match=r"pixels of 1 image would be gone for ever.*--yes"):
            _confirm(report, as_json=True)


def test_bench_shows_the_floor_the_goal_and_what_was_lost(capsys: pytest.CaptureFixture[str]) -> None:
    fast = Run("one client", 1, 100, 1.0, 100.0, (90.0, 110.0), 5.0, 9.0, 12.0, 80.0)
    slow = Run("8 clients", 8, 60, 1.0, 60.0, None, 5.0, 9.0, 12.0, 80.0)
    facts = {"database": "sqlite", "durability": {"synchronous": "full"}, "place": "/data", "disk": "ext4 on /dev/vda"}
    met = IngestReport(100_000.0, (slow,), (fast,), 100, 100, 100, (), **facts)
    _show(met)
    shown = capsys.readouterr().out
    assert "goal of 83 images/s: met" in shown
    assert "raw floor: 8 clients" in shown
    assert "90–110" in shown
    _show(IngestReport(100_000.0, (fast,), (slow,), 100, 99, 99, ("event 7: is missing",), **facts))
    shown = capsys.readouterr().out
    assert "goal of 83 images/s: missed" in shown
    assert "99 recorded: event 7: is missing" in shown


def test_a_workspace_without_a_plan_is_told_where_one_belongs(run: Terminal, here: Path) -> None:
    (here / "plan.yaml").unlink()
    for words in ("plan check", "plan show", "workspace retain --dry-run"):
        ran = run(*words.split())
        assert (ran.code, ran.out) == (ExitCode.NOT_FOUND, "")
        assert "plan.yaml: expected a plan file, found nothing there; write one there" in ran.err
        assert "`firstshift new OTHER --example bracket`" in ran.err


def test_a_workspace_file_that_is_no_toml_has_a_way_out(run: Terminal, here: Path) -> None:
    (here / "firstshift.toml").write_text("[[[")
    assert "; mend that line; a backup of the workspace holds" in run("workspace", "info").err
