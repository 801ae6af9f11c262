"""`firstshift dataset golden …`: the images that judge models and therefore never train one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, WorkspaceFolder, command, group
from firstshift.cli.place import open_workspace
from firstshift.cli.words import label_words, part_words
from firstshift.core.errors import BadInput

app = group("The golden set: images that judge models and never train one.")

MAX_LIST_BYTES = 100_000_000
Ids = Annotated[
    list[str] | None, typer.Argument(metavar="IMAGE...", help="Ids, or their beginnings.", show_default=False)
]
IdFile = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="A file with one id on each line.", show_default=False)
]
Reason = Annotated[str, typer.Option("--reason", help="Why; an auditor will ask.")]


@command(
    app,
    "add",
    "firstshift dataset golden add img_3f2a9c81d0 --reason 'drawn at random'",
    "firstshift dataset golden add --from chosen.txt --reason 'release set 2'",
)
def add(
    reason: Reason, images: Ids = None, file: IdFile = None, folder: WorkspaceFolder = None, as_json: AsJson = False
) -> None:
    """Put images into the golden set. One that trains a model already is refused, and then none is added."""
    _set(images, file, folder, True, reason, as_json)


@command(app, "remove", "firstshift dataset golden remove img_3f2a9c81d0 --reason 'wrong part'")
def remove(
    reason: Reason, images: Ids = None, file: IdFile = None, folder: WorkspaceFolder = None, as_json: AsJson = False
) -> None:
    """Take images out of the golden set. That they were in it stays on record."""
    _set(images, file, folder, False, reason, as_json)


def _set(
    images: list[str] | None, file: Path | None, folder: Path | None, golden: bool, reason: str, as_json: bool
) -> None:
    wanted = [*(images or []), *(_listed(file) if file is not None else [])]
    if not wanted:
        raise BadInput(where="golden set", expected="the ids of images, or --from FILE", found="none")
    with open_workspace(folder) as ws:
        ids = list(dict.fromkeys(ws.images.get(image).id for image in wanted))
        changed = ws.images.set_golden(ids, golden, reason=reason)
    if as_json:
        screen.print_json({"golden": golden, "changed": changed, "images": ids})
    else:
        way = "added to" if golden else "taken out of"
        already = f"; {len(ids) - changed} of {len(ids)} were so already" if changed < len(ids) else ""
        screen.say(f"{screen.counted(changed, 'image')} {way} the golden set{already}")


def _listed(file: Path) -> list[str]:
    try:
        if file.stat().st_size > MAX_LIST_BYTES:
            raise BadInput(where=file, expected=f"at most {MAX_LIST_BYTES:,} bytes", found="more")
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "something else"
        raise BadInput(where=file, expected="a text file with one id on each line", found=found) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@command(app, "list", "firstshift dataset golden list")
def list_golden(folder: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the golden set, the newest image first."""
    from firstshift.store.search import Query

    with open_workspace(folder) as ws:
        found = list(ws.images.all(Query(golden=True, limit=500)))
        said = ws.labels.current([record.id for record in found])
    if as_json:
        screen.print_json({"images": [record.to_json() for record in found]})
        return
    rows = [
        (
            screen.short(record.id),
            screen.minute(record.capture.captured_at),
            part_words(record.capture),
            label_words(said[record.id].label if record.id in said else None),
        )
        for record in found
    ]
    if rows:
        screen.show(screen.table("", "image", "taken", "part", "label", rows=rows))
    screen.say(f"{screen.counted(len(rows), 'golden image')}")
