"""Write docs/command-line.md from the command line itself, so that the page cannot say anything else."""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

from rich.text import Text

from requirements import ROOT

PAGE = ROOT / "docs" / "command-line.md"
HEAD = """\
# Command line

<!-- Written by scripts/command-line-page; tests/docs/test_command_line_page.py holds it to the commands. -->

Every command has `--help` with an example and `--json` for programs. `firstshift` finds the workspace by walking up
from the current folder; `--workspace` or the variable `FIRSTSHIFT_WORKSPACE` names another one. Progress goes to stderr
and the result to stdout, so a pipe gets only the result.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when out of date")
    options = parser.parse_args()
    text = page()
    if not options.check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit(
            "docs/command-line.md: expected what the commands say, found an older text; run scripts/command-line-page"
        )


def page() -> str:
    parts = [HEAD]
    top: list[str] = []
    for path, command in leaves():
        # `firstshift plan check` stands under "plan", `firstshift new` under its own name.
        if path[0] not in top:
            top.append(path[0])
            parts.append(f"\n## {path[0]}\n")
        parts.append(section(path, command))
    parts.append(exit_codes())
    return "".join(parts)


def leaves() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that lead to it, in the order of the help."""
    import typer

    from firstshift.cli.app import app

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path, command
            return
        for name, child in children.items():
            if not child.hidden:
                yield from below(child, (*path, name))

    yield from below(typer.main.get_command(app), ())


def section(path: tuple[str, ...], command: Any) -> str:
    words = " ".join(("firstshift", *path))
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden and p.name != "help"]
    usage = " ".join([words, *(argument_name(a) for a in arguments)] + (["[OPTIONS]"] if options else []))
    rows = [f"| `{argument_name(a)}` | {described(a)} |" for a in arguments]
    rows += [f"| `{option_name(o)}` | {described(o)} |" for o in options]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    shown = plain(command.epilog or "")
    lines = [line.strip().removeprefix("$ ") for line in shown.splitlines() if line.strip().startswith("$ ")]
    examples = "\n```text\n" + "\n".join(f"$ {line}" for line in lines) + "\n```\n" if lines else ""
    about = inspect.cleandoc(plain(command.help or ""))
    return f"\n### `{words}`\n\n{about}\n\n```text\n{usage}\n```\n{table}{examples}"


def argument_name(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = f"{name}..." if argument.nargs == -1 and not name.endswith("...") else name
    return name if argument.required or name.startswith("[") else f"[{name}]"


def option_name(option: Any) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {option.metavar or value_name(option.type_descriptor.annotation)}"


def value_name(kind: Any) -> str:
    """`{a,b}` for a choice, otherwise the kind of value: TEXT, INT, PATH."""
    if typing.get_origin(kind) is typing.Literal:
        return "{" + ",".join(str(choice) for choice in typing.get_args(kind)) + "}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "{" + ",".join(str(choice.value) for choice in kind) + "}"
    return {"str": "TEXT"}.get(getattr(kind, "__name__", ""), getattr(kind, "__name__", "VALUE").upper())


def described(parameter: Any) -> str:
    text = " ".join(plain(getattr(parameter, "help", None) or "").split())
    default = parameter.default
    if (
        parameter.param_type_name == "option"
        and not parameter.is_flag
        and isinstance(default, str | int | float)
        and default != ""
    ):
        text += f" Default: `{getattr(default, 'value', default)}`."
    envvar = getattr(parameter, "envvar", None)
    if envvar:
        text += f" Or the variable `{envvar}`."
    return text.replace("|", "\\|").strip()


def plain(markup: str) -> str:
    return Text.from_markup(markup.replace("\b\n", "")).plain


def exit_codes() -> str:
    """The table of the codes, with the sentence that stands under each one in the source."""
    from firstshift.cli import exit_codes as module

    tree = ast.parse(inspect.getsource(module))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ExitCode").body
    rows = []
    for line, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            said = ""
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                said = " ".join(str(following.value.value).split())
            name = line.targets[0].id
            rows.append(f"| {int(module.ExitCode[name])} | {name.lower().replace('_', ' ')} | {said} |")
    return "\n## Exit codes\n\n| code | | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
