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
for name in ("alembic", "cryptography", "obstore", "pg8000", "scipy", "sqlalchemy"):
    sys.modules[name] = None
for name in ("cascadio", "embreex", "numba", "trimesh"):
    sys.modules[name] = None
from firstshift.cli.app import app
assert app(["plan", "check"], standalone_mode=False) == 0
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "bracket.step was not looked at: trimesh, embreex, cascadio, scipy not installed" in told
    assert "can work" in told


def test_check_reads_the_cad_file(run: Terminal, here: Path) -> None:
    cad = here / "bracket.step"
    cad.write_bytes(cad.read_bytes()[:20_000])
    ran = run("plan", "check")
    assert ran.code == ExitCode.FOUND
    assert "END-ISO-10303-21" in ran.out
    assert "this plan cannot work" in ran.out


def test_a_plan_with_a_type_of_ones_own_is_checked_shown_and_changed(run: Terminal, here: Path) -> None:
    own = Path(__file__).parents[1] / "defects" / "chatter.py"
    text = (here / "plan.yaml").read_text()
    start, end = text.index("  - type: other"), text.index("policy:")
    entry = "  - {type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}"
    (here / "plan.yaml").write_text(f"{text[:start]}{entry}\n\n{text[end:]}")
    for words in (("plan", "check"), ("synth", "preview"), ("synth", "run", "--good", 1)):
        refused = run(*words)
        assert refused.code != ExitCode.DONE
        assert "--defects FILE.py" in " ".join((refused.out + refused.err).split())
    assert run("plan", "check", "--defects", own).code == ExitCode.DONE
    assert "chatter" in run("plan", "show", "--defects", own).out
    assert run("plan", "set", "station.working_distance_mm", 251, "--defects", own).code == ExitCode.DONE
    assert "chatter" in run("plan", "schema", "--defects", own).out


def test_a_file_of_types_that_ends_the_program_is_one_line(run: Terminal, here: Path) -> None:
    (here / "own.py").write_text("import sys\nsys.exit(3)\n")
    ran = run("plan", "check", "--defects", "own.py")
    assert ran.code == ExitCode.BAD_INPUT
    assert "own.py, line 2" in ran.err
    assert "SystemExit: 3" in " ".join(ran.err.split())
