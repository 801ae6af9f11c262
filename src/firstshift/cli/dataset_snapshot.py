"""`firstshift dataset snapshot|list|stats`: freeze images with their labels under a name, and say what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from firstshift.cli import dataset_split as splitting
from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.place import open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.selection import Filters, with_filters
from firstshift.cli.split_file import read_split
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from firstshift.line.splitting import SplitPlan
    from firstshift.store.workspace import Workspace


NO_SIDE = "all"
"""Where an image is that came with no split of its own."""


def register(app: typer.Typer) -> None:
    command(
        app,
        "snapshot",
        "firstshift dataset snapshot 2026-11 --split split.json",
        "firstshift dataset snapshot line4 --share train=0.8 --share test=0.2",
        "firstshift dataset snapshot release-test --golden --purpose evaluate",
    )(snapshot)
    command(app, "list", "firstshift dataset list")(list_snapshots)


@with_filters
def snapshot(
    name: Annotated[str, typer.Argument(help="What to call it; never used again for anything else.")],
    picked: Filters,
    split: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The sides, as `dataset split --out` wrote them.")
    ] = None,
    purpose: Annotated[
        Literal["train", "evaluate"], typer.Option(help="train, or evaluate: only that may hold golden images.")
    ] = "train",
    labelled_only: Annotated[bool, typer.Option("--labelled-only", help="Leave out what has no label.")] = False,
    note: Annotated[str, typer.Option(help="What it is for; kept with it.", show_default=False)] = "",
    shares: splitting.Shares = None,
    seed: splitting.SeedNumber = 0,
    keep_together: splitting.Together = None,
    repeats: splitting.Repeats = True,
    stratify: splitting.Stratify = True,
    respect_imported: splitting.Respect = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Freeze images with the labels they have now. A snapshot is never changed; the same one again is no second one.

    With --split the sides come from that file, with --share they are made here as `dataset split` makes them. Without
    either each image keeps the side it was imported with. A training snapshot leaves golden images out.
    """
    from firstshift.line.datasets import snapshot_dataset

    if split is not None and (shares or picked.selection() is not None):
        raise BadInput(
            where="dataset snapshot",
            expected="--split alone, or --share and filters",
            found="both",
            way_out="the file says already which images are meant",
        )
    plan: SplitPlan | None = None
    read = read_split(split) if split is not None else None
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        if shares:
            plan = splitting.planned_split(
                ws, picked.selection(), shares, seed, keep_together, repeats, stratify, respect_imported, progress
            )
        frozen = snapshot_dataset(
            ws,
            name,
            read.sides if read is not None else plan or picked.selection(),
            purpose=purpose,
            labelled_only=labelled_only,
            selection=read.selection if read is not None else None,
            note=note,
        )
        sides = _sides_of(ws, name)
    if as_json:
        screen.print_json({**frozen.to_json(), "sides": sides})
        return
    if plan is not None:
        splitting.show_split(plan)
    left_out = {reason: len(ids) for reason, ids in frozen.left_out.items()}
    _show_made(frozen.snapshot.to_json(), sides, left_out if plan is None else {})
    if read is None and plan is None and purpose == "train" and list(sides) == [NO_SIDE]:
        screen.say(
            "[yellow]hint:[/] all images are on one side; `--share train=0.7 --share test=0.3`, or `--split FILE` "
            "from `dataset split --out FILE`, makes sides"
        )


def _sides_of(ws: Workspace, name: str) -> dict[str, int]:
    from collections import Counter

    return dict(sorted(Counter(item.split for item in ws.snapshots.items(name)).items()))


def _show_made(made: dict[str, Any], sides: dict[str, int], left_out: dict[str, int]) -> None:
    screen.say(f"[bold green]snapshot {screen.quoted(made['name'])}[/]: {screen.counted(made['images'], 'image')}")
    told = ", ".join(f"{side} {count:,}" for side, count in sides.items())
    screen.show(
        screen.facts(
            [
                ("id", made["id"]),
                ("sides", screen.quoted(told)),
                ("purpose", made["purpose"]),
                ("manifest", f"[dim]{made['manifest']}[/]"),
            ]
        )
    )
    for reason, count in left_out.items():
        screen.say(f"[dim]left out: {screen.counted(count, 'image')}, {screen.quoted(reason)}[/]")


def list_snapshots(folder: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the snapshots, the newest first."""
    with open_workspace(folder) as ws:
        found = ws.snapshots.all()
    if as_json:
        screen.print_json({"snapshots": [snapshot.to_json() for snapshot in found]})
        return
    if not found:
        screen.say("no snapshots")
        return
    rows = [
        (
            f"[bold]{screen.quoted(s.name)}[/]",
            f"{s.image_count:,}",
            s.purpose,
            screen.minute(s.at),
            screen.quoted(s.author),
            f"[dim]{screen.quoted(s.note)}[/]",
        )
        for s in found
    ]
    columns = ("snapshot", ("images", "right"), "purpose", "made", "by", ("note", "text"))
    screen.show(screen.table("", *columns, rows=rows))
