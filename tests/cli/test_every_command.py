"""What holds for every command, present and to come: help, examples that parse, `--json`, and words that fit."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer
from rich.text import Text
from typer.main import get_command

from firstshift.cli.app import app
from firstshift.cli.exchange import FormatName
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.words import LevelName
from firstshift.core.label import Level
from firstshift.formats.registry import FORMATS
from tests.cli.conftest import Terminal


def leaves(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    command = command or get_command(app)
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(leaves())
EXAMPLES = [
    (path, line.strip().removeprefix("$ "))
    for path, command in COMMANDS.items()
    for line in Text.from_markup(command.epilog, emoji=False).plain.splitlines()
    if line.strip().startswith("$ ")
]


def test_the_commands_that_were_promised_are_there() -> None:
    promised = """new|plan check|plan show|plan schema|import|export|images list|images show|images search
        |dataset snapshot|dataset diff|dataset split|dataset stats|audit verify|audit export|audit log
        |workspace info|workspace move|workspace backup|workspace restore|workspace gc|workspace retain|bench ingest
        |synth run|synth preview|synth show|station calibrate|bench synth"""
    assert {tuple(words.split()) for words in promised.split("|")} <= COMMANDS.keys()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_says_what_it_does_and_shows_an_example(run: Terminal, path: tuple[str, ...]) -> None:
    ran = run(*path, "--help")
    assert ran.code == 0
    assert COMMANDS[path].help.split(".")[0][0].isupper()
    assert f"$ firstshift {' '.join(path)}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert ran.err == ""


def test_help_shows_no_pictures(run: Terminal) -> None:
    assert "--tag 'human:label:*'" in run("audit", "log", "--help").out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_explained_and_speaks_json(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        assert parameter.help or parameter.name == "help", parameter.name
    assert "as_json" in {parameter.name for parameter in COMMANDS[path].params}


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples_parse(path: tuple[str, ...], example: str) -> None:
    """By the real parser, without doing it."""
    words = shlex.split(example)
    assert words[: len(path) + 1] == ["firstshift", *path]
    context = COMMANDS[path].make_context(" ".join(path), words[len(path) + 1 :])
    assert isinstance(context, typer.Context) or context.params
    assert len(example) <= 76, "it would wrap at 80 columns"


def test_the_help_names_every_exit_code_and_where_the_workspace_is_looked_for(run: Terminal) -> None:
    shown = " ".join(run("--help").out.split())
    assert all(f"{int(code)} " in shown.partition("Exit codes:")[2] for code in ExitCode)
    assert "FIRSTSHIFT_WORKSPACE" in shown


def test_without_a_command_the_help_is_shown(run: Terminal) -> None:
    ran = run()
    assert ran.code == 2
    assert "workspace" in ran.out
    assert run("plan").code == 2


def test_names_that_the_command_line_repeats_are_those_of_the_rooms() -> None:
    assert set(get_args(FormatName)) == set(FORMATS)
    assert set(get_args(LevelName)) == set(Level)


def test_version(run: Terminal) -> None:
    from firstshift import __version__

    assert run("--version").out == f"firstshift {__version__}\n"
