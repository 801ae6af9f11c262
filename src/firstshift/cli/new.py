"""`firstshift new`: a workspace to begin with, and an example plan if one is wanted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, command
from firstshift.cli.place import FILE_NAME
from firstshift.core.errors import BadInput, Refused


def register(app: typer.Typer) -> None:
    command(
        app,
        "new",
        "firstshift new line-3 --example bracket",
        "firstshift new line-3 --database postgresql://me@db/line3 --blobs s3://box",
    )(new)


def _named(folder: str) -> Path:
    """`Path("")` is the folder one is in: a variable that a script left empty must not fill it."""
    if not folder.strip():
        raise BadInput(where="FOLDER", expected="a folder", found="an empty name", way_out="`.` is the one here")
    return Path(folder)


def new(
    folder: Annotated[
        Path,
        typer.Argument(parser=_named, help="Where it will be; the folder is made if there is none."),
    ],
    example: Annotated[
        str | None, typer.Option(help="Copy an example plan: bracket, cap, fitting or strip.", metavar="NAME")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call it; without it, as the folder.", show_default=False)] = "",
    database: Annotated[
        str, typer.Option(metavar="URL", help="sqlite:///FILE, or postgresql://USER@HOST/NAME.")
    ] = "sqlite:///firstshift.db",
    blobs: Annotated[str, typer.Option(metavar="URL", help="A folder, or s3://BUCKET/PREFIX.")] = "blobs",
    blobs_endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="The server, for S3-compatible storage other than Amazon's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a workspace: the place of one line's images, labels, data sets and evidence.

    Passwords are not options: FIRSTSHIFT_DATABASE_PASSWORD, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read from
    the environment. Keep a copy of keys/ledger.pem: without it nothing can be recorded any more.
    """
    from firstshift.spec import copy_example
    from firstshift.store.workspace import Workspace

    with tempfile.TemporaryDirectory() as waiting:
        copied: list[Path] = []
        if example is not None:  # first into a folder of its own, so that a refusal leaves nothing behind
            copy_example(example, waiting)
            copied = sorted(Path(waiting).iterdir())
            _refuse_overwriting(folder, copied)
        with Workspace.create(
            folder, name=name, database_url=database, blobs_url=blobs, blobs_endpoint=blobs_endpoint
        ) as ws:
            for file in copied:
                (folder / file.name).write_bytes(file.read_bytes())
            made = {
                "id": ws.settings.id,
                "name": ws.settings.name,
                "folder": str(folder),
                "database": ws.database.shown_url,
                "blobs": ws.blobs.shown_url,
                "public_key": ws.settings.public_key,
                "files": [file.name for file in copied],
            }
    if as_json:
        screen.print_json(made)
    else:
        _show(folder, made)


def _refuse_overwriting(folder: Path, files: list[Path]) -> None:
    if (folder / FILE_NAME).exists():
        return  # said better by `create`
    for file in files:
        if (folder / file.name).exists():
            raise Refused(
                "the example would overwrite a file",
                where=folder / file.name,
                way_out="choose another folder, or leave --example out",
            )


def _show(folder: Path, made: dict[str, Any]) -> None:
    plan = made["files"] or ["none yet; `--example bracket` would have brought one"]
    screen.say(f"[green]workspace {screen.quoted(made['name'])} is ready[/]")
    screen.show(
        screen.facts(
            [
                ("folder", screen.quoted(folder)),
                ("plan", screen.quoted(", ".join(plan))),
                ("key", f"{screen.quoted(folder / 'keys' / 'ledger.pem')}  [dim](keep a copy elsewhere)[/]"),
            ]
        )
    )
    here = screen.quoted(folder)
    if made["files"]:
        plan = screen.quoted(folder / "plan.yaml")
        screen.say(f"next: [bold]firstshift plan show {here}[/], then [bold]firstshift synth preview {plan}[/]")
    else:
        screen.say(f"next: [bold]firstshift import PHOTOS -w {here}[/]")
