"""The four plans that ship with the package: in order, explained, and copied without harm."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from firstshift.core.errors import NotFound, Refused
from firstshift.spec import Level, Plan, check_plan, copy_example, derive_facts, example_names, example_text
from firstshift.spec.visibility import Visibility


def test_names() -> None:
    assert example_names() == ("bracket", "cap", "fitting", "strip")


@pytest.mark.parametrize("name", example_names())
def test_example_checks_without_errors(name: str, tmp_path: Path) -> None:
    plan = Plan.load(copy_example(name, tmp_path))
    findings = check_plan(plan, tmp_path)
    assert [str(f) for f in findings if f.level is Level.ERROR] == []
    # The one warning three of them keep is explained beside the setting: deeper surfaces are not inspected from above.
    warned = [f.path for f in findings if f.level is Level.WARNING]
    assert warned == ([] if name == "strip" else ["station.lens.f_number"])
    if warned:
        assert "`plan check`" in example_text(name)


@pytest.mark.parametrize("name", example_names())
def test_no_class_of_an_example_is_invisible(name: str) -> None:
    facts = derive_facts(Plan.from_text(example_text(name)))
    verdicts = {entry.class_name: entry.smallest for entry in facts.classes}
    assert Visibility.INVISIBLE not in verdicts.values(), verdicts
    assert Visibility.VISIBLE in verdicts.values()


@pytest.mark.parametrize("name", example_names())
def test_example_is_commented(name: str) -> None:
    lines = example_text(name).splitlines()
    assert sum("#" in re.sub(r'"[^"]*"', "", line) for line in lines) >= 15
    assert max(map(len, lines)) <= 120


def test_copy_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("mine")
    with pytest.raises(Refused, match="a file with this name"):
        copy_example("cap", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["plan.yaml"]
    assert (tmp_path / "plan.yaml").read_text() == "mine"


def test_unknown_example() -> None:
    with pytest.raises(NotFound, match="one of bracket, cap, fitting, strip"):
        example_text("../bracket")


def test_step_files_carry_a_fixed_time() -> None:
    for name in ("bracket", "cap", "fitting"):
        spec = importlib.util.find_spec("firstshift.spec")
        assert spec is not None
        assert spec.origin is not None
        header = (Path(spec.origin).parent / "examples" / name / f"{name}.step").read_text()[:400]
        assert "'2026-01-01T00:00:00'" in header
