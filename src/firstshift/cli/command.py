"""How a command is declared: name, docstring, examples, and the options that every command has.

@command(app, "list", "firstshift images list --limit 5")
def list_images(folder: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    \"\"\"Show the newest images.\"\"\"
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")

WorkspaceFolder = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="FIRSTSHIFT_WORKSPACE",
        metavar="FOLDER",
        help="The workspace; without it, the nearest one from here upwards.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, also for an error.")]
Device = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help="What shades: cpu; cuda or cuda:1, a GPU; numpy or torch:cpu, slow, to compare with. "
        "torch:cpu and cuda need the extra `gpu` (PyTorch).",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]

_examples: dict[Callable[..., Any], tuple[str, ...]] = {}


def command(
    app: typer.Typer, name: str, *examples: str, takes_minus: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a command. Its docstring is its help; `examples` are lines a person can paste. `takes_minus` lets an
    argument begin with a minus, as negative numbers do."""

    def register(function: Callable[P, R]) -> Callable[P, R]:
        _examples[function] = examples
        shown = _literal("\n".join(f"  $ {line}" for line in examples))
        word = "Example" if len(examples) == 1 else "Examples"
        settings = {"ignore_unknown_options": True} if takes_minus else {}
        app.command(name, help=_help_of(function), epilog=f"{word}:\n{shown}", context_settings=settings)(function)
        return function

    return register


def _help_of(function: Callable[..., Any]) -> str:
    """The docstring, each paragraph on one line: typer would keep the line breaks of the source."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return _literal("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))


def _literal(text: str) -> str:
    """So that the help shows it as it stands: no `[` is markup, and `human:label:*` holds no picture of a label.

    Typer reads help as Rich markup and cannot be told to leave such pictures out; a style that changes nothing parts
    the name from its colons.
    """
    return re.sub(r":(\w+)(?=:)", r":[not blink]\1[/]", text.replace("[", r"\["))


def examples_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """For the documentation page and for the test that holds every command to having one."""
    return _examples[function]


def group(help_text: str) -> typer.Typer:
    return typer.Typer(help=help_text, no_args_is_help=True, add_completion=False)
