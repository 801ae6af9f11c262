"""A command ends with a number that says how it went, and with one line that says where, what and the way out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from firstshift.cli import screen
from firstshift.cli.exit_codes import ExitCode, code_of
from firstshift.cli.failure import run_command
from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Refused, Tampered, Unavailable
from firstshift.core.progress import Cancelled
from firstshift.spec import PlanError
from tests.cli.conftest import Terminal
from tests.cli.test_every_command import COMMANDS

NEEDS_NO_WORKSPACE = {
    ("new",),
    ("plan", "schema"),
    ("station", "calibrate"),
    ("workspace", "restore"),
    ("bench", "ingest"),
    ("bench", "synth"),
}
ARGUMENTS = {
    ("import",): ["photos"],
    ("export",): ["out", "--format", "coco"],
    ("plan", "set"): ["name", "x"],
    ("images", "show"): ["img_00"],
    ("images", "label"): ["img_00", "good"],
    ("dataset", "snapshot"): ["v1"],
    ("dataset", "diff"): ["v1", "v2"],
    ("dataset", "golden", "add"): ["img_00", "--reason", "because"],
    ("dataset", "golden", "remove"): ["img_00", "--reason", "because"],
    ("synth", "show"): ["img_00"],
    ("synth", "inputs"): ["img_00", "out"],
    ("synth", "onto"): ["photo.png", "--per-photo", "1"],
    ("audit", "export"): ["out.jsonl"],
    ("workspace", "move"): ["--blobs", "elsewhere"],
    ("workspace", "backup"): ["backup"],
}


@pytest.mark.parametrize("path", sorted(COMMANDS.keys() - NEEDS_NO_WORKSPACE), ids=" ".join)
def test_without_a_workspace(run: Terminal, tmp_path: Path, path: tuple[str, ...]) -> None:
    ran = run(*path, *ARGUMENTS.get(path, []))
    assert ran.code == ExitCode.NOT_FOUND
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("error: ")
    assert "firstshift new" in ran.err
    as_json = run(*path, *ARGUMENTS.get(path, []), "--json")
    assert (as_json.code, as_json.err) == (ExitCode.NOT_FOUND, "")
    assert as_json.json["error"] == "NotFound"
    assert as_json.json["exit_code"] == ExitCode.NOT_FOUND
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_option_that_does_not_exist(run: Terminal, path: tuple[str, ...]) -> None:
    ran = run(*path, "--nonsense", "a", "b", "c", "d", "e")
    assert ran.code == ExitCode.BAD_INPUT
    assert ran.err.count("\n") == 1
    assert f"`firstshift {' '.join(path)} --help`" in ran.err
    assert run(*path, "--nonsense", "a", "b", "c", "d", "e", "--json").json["error"] == "Usage"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("images show img_ffffffffff", ExitCode.NOT_FOUND),
        ("images label img_ffffffffff good", ExitCode.NOT_FOUND),
        ("images search --verdict fine", ExitCode.BAD_INPUT),
        ("images search --origin invented", ExitCode.BAD_INPUT),
        ("images search --since yesterday", ExitCode.BAD_INPUT),
        ("images search --since 2026-11-20T08:00:00", ExitCode.BAD_INPUT),
        ("images list --after nonsense", ExitCode.BAD_INPUT),
        ("images list --limit 0", ExitCode.BAD_INPUT),
        ("dataset diff v1 v2", ExitCode.NOT_FOUND),
        ("dataset stats --snapshot v1", ExitCode.NOT_FOUND),
        ("dataset split --share train", ExitCode.BAD_INPUT),
        ("dataset split --share train=0.5 --share test=0.1", ExitCode.BAD_INPUT),
        ("dataset snapshot v1 --split nowhere.json", ExitCode.NOT_FOUND),
        ("dataset snapshot v1 --split plan.yaml", ExitCode.BAD_INPUT),
        ("dataset snapshot v1 --split s.json --share a=1", ExitCode.BAD_INPUT),
        ("dataset golden add --reason because", ExitCode.BAD_INPUT),
        ("dataset golden add img_ffffffffff --reason because", ExitCode.NOT_FOUND),
        ("dataset golden add --from nowhere.txt --reason because", ExitCode.BAD_INPUT),
        ("import nowhere", ExitCode.NOT_FOUND),
        ("import . --format coco", ExitCode.BAD_INPUT),
        ("import plan.yaml --format shapefile", ExitCode.BAD_INPUT),
        ("import keys --column file", ExitCode.BAD_INPUT),
        ("export out --format shapefile", ExitCode.BAD_INPUT),
        ("export . --format coco", ExitCode.BAD_INPUT),
        ("plan check nowhere.yaml", ExitCode.NOT_FOUND),
        ("synth preview --out sheet.gif", ExitCode.BAD_INPUT),
        ("dataset stats --picture sheet.jpg", ExitCode.BAD_INPUT),
        ("images show img_00 --out sheet", ExitCode.BAD_INPUT),
        ("synth preview --size 3", ExitCode.BAD_INPUT),
        ("synth preview --class scrtch", ExitCode.BAD_INPUT),
        ("synth onto . --per-photo 1 --points nowhere.json", ExitCode.BAD_INPUT),
        ("plan show keys/ledger.pem", ExitCode.BAD_INPUT),
        ("plan set station.working_distance_mm -1", ExitCode.BAD_INPUT),
        ("plan set nonsense 1", ExitCode.BAD_INPUT),
        ("audit verify --anchor plan.yaml", ExitCode.BAD_INPUT),
        ("audit export nowhere/out.jsonl", ExitCode.BAD_INPUT),
        ("audit export blobs", ExitCode.BAD_INPUT),
        ("new .", ExitCode.REFUSED),
        ("new other --example spaceship", ExitCode.NOT_FOUND),
        ("new other --database mysql://x/y", ExitCode.BAD_INPUT),
        ("workspace move", ExitCode.BAD_INPUT),
        ("workspace move --undo", ExitCode.REFUSED),
        ("workspace move --undo --blobs x", ExitCode.BAD_INPUT),
        ("workspace backup .", ExitCode.REFUSED),
        ("workspace restore nowhere x", ExitCode.NOT_FOUND),
        ("workspace gc --grace soon", ExitCode.BAD_INPUT),
        ("workspace retain --as-of 2027-01-01", ExitCode.BAD_INPUT),
        ("bench ingest --seconds 0", ExitCode.BAD_INPUT),
    ],
)
def test_the_code_says_what_kind_of_mistake(run: Terminal, here: Path, words: str, code: ExitCode) -> None:
    before = sorted(path.relative_to(here) for path in here.rglob("*"))
    ran = run(*words.split())
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    as_json = run(*words.split(), "--json")
    assert (as_json.code, as_json.err) == (code, "")
    assert ran.err == f"error: {as_json.json['message']}\n"
    assert as_json.json["exit_code"] == code
    assert sorted(path.relative_to(here) for path in here.rglob("*")) == before
    assert run("audit", "verify").code == ExitCode.DONE


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    kinds = {BadInput: 2, Refused: 3, NotFound: 4, Unavailable: 5, Tampered: 6, Cancelled: 130}
    assert {kind: int(code_of(kind("x"))) for kind in kinds} == kinds
    assert code_of(PlanError((BadInput("x"),))) is ExitCode.BAD_INPUT
    assert set(FirstshiftError.__subclasses__()) <= kinds.keys()


def test_a_fault_of_ours_leaves_one_line_and_the_details_in_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def work() -> None:
        raise KeyError("lost\nsomewhere")

    words = ["new", "x", "--database", "postgresql://anna:s3/cr:e@t@host/line3"]
    assert run_command(work, words) == ExitCode.BUG
    said = capsys.readouterr()
    [details] = tmp_path.iterdir()
    assert said.err.count("\n") == 1
    assert "this is a bug in firstshift (KeyError" in said.err
    assert str(details) in said.err
    text = details.read_text()
    assert "Traceback" in text
    assert "firstshift new x --database postgresql://anna:…@host/line3" in text
    assert details.stat().st_mode & 0o077 == 0, "for its owner only"


def test_a_missing_extra_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy")

    assert run_command(work, []) == ExitCode.UNAVAILABLE
    assert "pip install 'firstshift[workspace]'" in capsys.readouterr().err


def test_ctrl_c_is_a_clean_stop(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    assert run_command(work, []) == ExitCode.CANCELLED
    assert "the same command goes on" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    """`firstshift plan schema | head -1`"""
    command = [sys.executable, "-m", "firstshift.cli.app", "plan", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"{\n"
        process.stdout.close()
        assert process.stderr.read() == b""


def test_nothing_in_json_steers_the_terminal() -> None:
    told = {"name": "x\x9b31m\u202e\u2028\ud800", "plain": "grün, 板"}
    text = screen.json_text(told)
    assert all(c == "\n" or c.isprintable() for c in text)
    assert "grün, 板" in text
    assert json.loads(text) == told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("synth previw", "firstshift synth: no such command 'previw'; did you mean 'preview'?"),
        ("preview", "firstshift: no such command 'preview'; did you mean 'synth preview'?"),
        ("calibrat frames", "firstshift: no such command 'calibrat'; did you mean 'station calibrate'?"),
        ("plam check", "firstshift: no such command 'plam'; did you mean 'plan'?"),
        ("plan chck", "firstshift plan: no such command 'chck'; did you mean 'check'?"),
        ("synth preview --sead 3", "firstshift synth preview: no such option: --sead; did you mean --seed"),
        ("synth preview --columns 0", "firstshift synth preview: --columns: expected 1 or more; `"),
        ("synth preview --columns 99", "firstshift synth preview: --columns: expected 12 or less; `"),
        ("synth preview --seed seven", "firstshift synth preview: --seed: expected a whole number; `"),
        ("synth preview --view hole", "firstshift synth preview: --view: expected one of window, whole, found hole"),
    ],
)
def test_a_slip_of_the_keyboard_is_told_with_what_was_meant(run: Terminal, words: str, said: str) -> None:
    ran = run(*words.split())
    assert ran.code == ExitCode.BAD_INPUT
    assert ran.err.startswith(f"error: {said}")
    assert ran.err.count("\n") == 1


def test_a_word_that_is_nearly_a_command_may_be_a_plan(run: Terminal, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert "no workspace here" in run("synth", "runs", "--good", "1").err
