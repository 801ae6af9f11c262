"""`firstshift plan …`: is the plan sensible, what follows from it, and how is one written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, WorkspaceFolder, command, group
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.outfile import write_file
from firstshift.cli.place import find_plan
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from firstshift.spec import ClassFacts, DefectTypes, Plan, StationFacts

app = group("The inspection plan: check it, see what follows from it, change a setting.")

PlanPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PLAN]",
        help="A plan file, or the folder it is in; without it, the workspace's plan.",
        show_default=False,
    ),
]
DefectFiles = Annotated[
    list[Path] | None,
    typer.Option("--defects", metavar="FILE", help="A file of yours with types of flaw; it is executed."),
]
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_VERDICTS = {"visible": "green", "marginal": "yellow", "invisible": "red", "unknown": "dim"}


@command(
    app,
    "check",
    "firstshift plan check",
    "firstshift plan check bracket/plan.yaml --json",
    "firstshift plan check --defects chatter.py",
)
def check(
    plan: PlanPath = None, defects: DefectFiles = None, folder: WorkspaceFolder = None, as_json: AsJson = False
) -> None:
    """Say what is wrong with a plan: mistakes in form, what cannot work, and physical nonsense.

    The CAD file and heat maps are read as `synth` reads them, where what that needs is installed. Errors mean that it
    cannot work, warnings that it contradicts physics or itself, notes are worth knowing. Ends with 1 when there are
    errors, otherwise with 0.
    """
    from firstshift.spec.plan import plan_path

    path = plan_path(find_plan(plan, folder))
    found = _findings(path, defects)
    errors = sum(finding["level"] == "error" for finding in found)
    if as_json:
        screen.print_json({"plan": str(path), "usable": not errors, "findings": found})
    else:
        _show_findings(path, found)
    if errors:
        raise typer.Exit(ExitCode.FOUND)


def _findings(path: Path, defects: list[Path] | None) -> list[dict[str, str]]:
    from firstshift.line.plan_check import check_plan_and_files
    from firstshift.spec import Plan, PlanError
    from firstshift.spec.plan import read_plan_file

    text, types = read_plan_file(path), _types(defects)
    try:
        plan = Plan.from_text(text, path.name, types)
    except PlanError as error:
        return [_as_finding(problem, path.name) for problem in error.problems]
    except BadInput as error:
        return [_as_finding(error, path.name)]
    return [finding.as_dict() for finding in check_plan_and_files(plan, path.parent)]


def _types(defects: list[Path] | None) -> DefectTypes:
    from firstshift.spec.defect_types import BUILT_IN_TYPES

    if not defects:
        return BUILT_IN_TYPES
    from firstshift.defects.drawn_types import DRAWN_TYPES
    from firstshift.defects.loading import load_types

    types = DRAWN_TYPES
    for path in defects:
        types = load_types(path, types)
    return types.catalogue()


def _as_finding(problem: BadInput, file: str) -> dict[str, str]:
    facts = [
        problem.what,
        problem.expected and f"expected {problem.expected}",
        problem.found and f"found {problem.found}",
    ]
    where = problem.where.removeprefix(file).lstrip(": ") or file
    return {"level": "error", "path": where, "text": ", ".join(filter(None, facts)), "way_out": problem.way_out}


def _show_findings(path: Path, found: list[dict[str, str]]) -> None:
    from rich.padding import Padding

    for finding in found:
        colour = _COLOURS[finding["level"]]
        screen.show(f"[bold {colour}]{finding['level']}[/] [bold]{screen.quoted(finding['path'])}[/]")
        screen.show(Padding(screen.quoted(finding["text"]), (0, 0, 0, 2)))
        if finding["way_out"]:
            screen.show(Padding(f"[dim]→ {screen.quoted(finding['way_out'])}[/]", (0, 0, 0, 2)))
    counts = [(level, sum(f["level"] == level for f in found)) for level in _COLOURS]
    told = ", ".join(screen.counted(count, level) for level, count in counts if count)
    verdict = "[red]this plan cannot work[/]" if counts[0][1] else "[green]this plan can work[/]"
    screen.say(f"{screen.quoted(path)}: {verdict}" + (f" ({told})" if told else "; nothing to remark"))


@command(app, "show", "firstshift plan show", "firstshift plan show bracket/")
def show(
    plan: PlanPath = None, defects: DefectFiles = None, folder: WorkspaceFolder = None, as_json: AsJson = False
) -> None:
    """Show what follows from a plan: pixel size, field of view, depth of field, and which flaws the camera can see."""
    from firstshift.spec import Plan, derive_facts

    loaded = Plan.load(find_plan(plan, folder), _types(defects))
    facts = derive_facts(loaded)
    if as_json:
        screen.print_json({"plan": loaded.as_data(), "hash": loaded.content_hash(), "facts": facts.as_dict()})
        return
    _show_plan(loaded, facts)


def _show_plan(plan: Plan, facts: StationFacts) -> None:
    screen.show(f"[bold]{screen.quoted(plan.name)}[/]")
    if plan.note:
        screen.show(f"[dim]{screen.quoted(plan.note)}[/]")
    rows = [(name, value, f"[dim]{screen.quoted(why)}[/]") for name, value, why in facts.rows()]
    screen.show(screen.table("What the camera gives", "", "", ("", "text"), rows=rows))
    screen.show(_class_table(facts.classes))
    needed = facts.classes[0].visible_from_mm
    screen.show(
        "[dim]width: the flaw's narrowest size; element: what one pixel resolves here. "
        f"Visible from 3 elements = {needed:.2g} mm.[/]"
    )


def _class_table(classes: tuple[ClassFacts, ...]) -> Table:
    rows = []
    for entry in classes:
        sizes = screen.NOTHING if entry.narrow_mm is None else _span(f"{end:g}" for end in entry.narrow_mm)
        elements = screen.NOTHING if entry.elements is None else _span(f"{_rounded(end):g}" for end in entry.elements)
        name = screen.quoted(entry.class_name)
        rows.append((name, sizes, elements, _verdict(entry.smallest), _verdict(entry.largest), f"[dim]{entry.type}[/]"))
    columns = ("class", ("width mm", "right"), ("elements", "right"), "smallest", "largest", "type")
    return screen.table("Which flaws it can see", *columns, rows=rows)


def _span(ends: Iterable[str]) -> str:
    return "–".join(dict.fromkeys(ends))


def _rounded(elements: float) -> float:
    return round(elements) if elements >= 10 else float(f"{elements:.2g}")


def _verdict(verdict: str) -> str:
    return f"[{_VERDICTS[verdict]}]{verdict}[/]"


@command(app, "schema", "firstshift plan schema --out plan.schema.json")
def schema(
    out: Annotated[Path | None, typer.Option(help="Write it to this file.", show_default=False)] = None,
    defects: DefectFiles = None,
    as_json: AsJson = False,
) -> None:
    """Print the JSON schema of a plan, for editors: completion and red lines while a plan is written.

    In VS Code, with the YAML extension, the first line of a plan turns it on: # yaml-language-server:
    $schema=plan.schema.json
    """
    import json

    from firstshift.spec import plan_schema

    made = plan_schema(_types(defects))
    if out is None:
        screen.print_json(made)
        return
    write_file(out, (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode())
    if as_json:
        screen.print_json({"file": str(out)})
    else:
        screen.say(f"wrote {screen.quoted(out)}")


@command(
    app,
    "set",
    "firstshift plan set station.working_distance_mm 250",
    "firstshift plan set 'defects[0].length_mm' '[0.5, 8]'",
    takes_minus=True,
)
def set_value(
    setting: Annotated[str, typer.Argument(help="Which one: station.working_distance_mm, defects[0].severity.")],
    value: Annotated[str, typer.Argument(help="The new value, as it would stand in the file.")],
    plan: Annotated[
        Path | None, typer.Option("--plan", help="The plan; without it, the workspace's.", show_default=False)
    ] = None,
    defects: DefectFiles = None,
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Change one setting of a plan; comments and order stay. A value that would make the plan wrong is refused."""
    from firstshift.spec import set_in_plan_file
    from firstshift.spec.plan import plan_path

    path = plan_path(find_plan(plan, folder))
    parsed = _parsed(value)
    set_in_plan_file(path, setting, parsed, _types(defects))
    if as_json:
        screen.print_json({"plan": str(path), "setting": setting, "value": parsed})
    else:
        screen.say(f"{screen.quoted(path)}: {screen.quoted(setting)} is now {screen.quoted(value)}")


def _parsed(value: str) -> Any:
    """As the plan's own YAML reads it, so that 250 is a number and [1, 2] a list."""
    from firstshift.spec.yaml_tree import read_tree

    try:
        return read_tree(f"value: {value}\n", "the value").data["value"]
    except BadInput as error:
        raise BadInput(where="value", expected="a value as it stands in a plan", found=value) from error
