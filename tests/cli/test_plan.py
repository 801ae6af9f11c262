"""`firstshift new` and `firstshift plan …`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from firstshift.cli.exit_codes import ExitCode
from firstshift.spec import Plan, example_names
from tests.cli.conftest import Terminal


@pytest.mark.parametrize("example", example_names())
def test_every_example_becomes_a_workspace_with_a_plan_that_can_work(
    run: Terminal, tmp_path: Path, example: str
) -> None:
    made = run("new", tmp_path / "ws", "--example", example, "--name", "Line 3", "--json").json
    assert made["name"] == "Line 3"
    assert "plan.yaml" in made["files"]
    checked = run("plan", "check", tmp_path / "ws", "--json")
    assert (checked.code, checked.json["usable"]) == (ExitCode.DONE, True)
    shown = run("plan", "show", tmp_path / "ws")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    for name in Plan.load(tmp_path / "ws").class_names:
        assert name in shown.out
    assert run("workspace", "info", "-w", tmp_path / "ws", "--json").json["plan"].endswith("plan.yaml")


def test_new_overwrites_nothing(run: Terminal, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("mine")
    ran = run("new", tmp_path, "--example", "cap")
    assert ran.code == ExitCode.REFUSED
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]
    assert (tmp_path / "plan.yaml").read_text() == "mine"
    assert run("new", tmp_path).code == ExitCode.DONE


def test_the_plan_of_the_workspace_is_found_from_inside_it(
    run: Terminal, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("plan", "show").out.startswith("bracket")
    monkeypatch.chdir(here / "keys")
    assert run("plan", "show").out.startswith("bracket")
    monkeypatch.chdir(here.parent)
    assert run("plan", "show").code == ExitCode.NOT_FOUND
    assert run("plan", "show", "-w", here).out.startswith("bracket")
    monkeypatch.setenv("FIRSTSHIFT_WORKSPACE", str(here))
    assert run("plan", "show").out.startswith("bracket")


def test_check_lists_everything_that_is_wrong_in_form(run: Terminal, here: Path) -> None:
    plan = here / "plan.yaml"
    text = plan.read_text()
    plan.write_text(text.replace("focal_mm:", "focal_m:") + "colour: blue\n")
    ran = run("plan", "check")
    assert ran.code == ExitCode.FOUND
    assert "did you mean" in ran.out
    assert "colour" in ran.out
    assert "this plan cannot work (2 errors)" in ran.out
    assert ran.err == ""
    findings = run("plan", "check", "--json").json["findings"]
    assert [finding["level"] for finding in findings] == ["error", "error"]
    shown = run("plan", "show")
    assert (shown.code, shown.out) == (ExitCode.BAD_INPUT, "")


def test_check_of_something_that_is_no_yaml(run: Terminal, here: Path) -> None:
    (here / "plan.yaml").write_text("a: [1, 2")
    ran = run("plan", "check")
    assert ran.code == ExitCode.FOUND
    assert "cannot work (1 error)" in ran.out


def test_check_says_what_physics_does_not_allow(run: Terminal, here: Path) -> None:
    assert run("plan", "set", "station.working_distance_mm", "2500").code == 0
    ran = run("plan", "check")
    assert ran.code == ExitCode.DONE, "warnings are no errors"
    assert "invisible" in ran.out
    assert "→ focus on the part" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "invisible" in run("plan", "show").out


def test_set_keeps_the_comments_and_says_what_it_did(run: Terminal, here: Path) -> None:
    before = (here / "plan.yaml").read_text()
    ran = run("plan", "set", "defects[0].length_mm", "[0.5, 8]", "--json")
    assert ran.json["value"] == [0.5, 8]
    after = (here / "plan.yaml").read_text()
    assert [line for line in after.splitlines() if "#" in line] == [line for line in before.splitlines() if "#" in line]
    assert Plan.load(here).as_data()["defects"][0]["length_mm"] == [0.5, 8]
    refused = run("plan", "set", "defects[0].length_mm", "[8, 0.5]")
    assert refused.code == ExitCode.BAD_INPUT
    assert (here / "plan.yaml").read_text() == after


def test_schema_is_one_that_the_plan_fits(run: Terminal, here: Path) -> None:
    schema = run("plan", "schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    assert run("plan", "schema", "--out", "schema.json").out == "wrote schema.json\n"
    assert json.loads((here / "schema.json").read_text()) == schema
    jsonschema.validate(run("plan", "show", "--json").json["plan"], schema)


def test_plans_can_be_checked_where_only_the_core_is_installed(here: Path) -> None:
    script = """
import sys
from firstshift.cli.app import app
assert app(["plan", "check"], standalone_mode=False) == 0
extra = {"alembic", "cryptography", "obstore", "pg8000", "scipy", "sqlalchemy"} & set(sys.modules)
assert not extra, extra
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
