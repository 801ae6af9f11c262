"""`firstshift dataset split`: no part on two sides, and how many images a naive split would have leaked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.outfile import check_target, write_file
from firstshift.cli.place import open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.selection import Filters, with_filters
from firstshift.cli.split_file import split_as_json
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from firstshift.core.progress import Progress
    from firstshift.line.splitting import SplitPlan
    from firstshift.store.search import Query
    from firstshift.store.workspace import Workspace

PANEL = "How it is split"
MAX_CLASSES, MAX_GROUPS = 30, 5

Shares = Annotated[
    list[str] | None,
    typer.Option(
        "--share",
        metavar="SIDE=SHARE",
        help="Once for each side; together 1. Without it train=0.7, val=0.15, test=0.15.",
        rich_help_panel=PANEL,
    ),
]
SeedNumber = Annotated[
    int, typer.Option("--seed", min=0, help="The same seed gives the same split.", rich_help_panel=PANEL)
]
Together = Annotated[
    list[str] | None,
    typer.Option(
        "--keep-together",
        metavar="FIELD",
        help="Equal values stay on one side: serial, shot, lot, …; once for each. [default: serial, shot, pair]",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
Repeats = Annotated[
    bool,
    typer.Option(
        "--repeats/--no-repeats",
        help="Find photographs of one part by what they show and keep them together.",
        rich_help_panel=PANEL,
    ),
]
Stratify = Annotated[
    bool,
    typer.Option("--stratify/--no-stratify", help="Every class has its share on each side.", rich_help_panel=PANEL),
]
Respect = Annotated[
    bool,
    typer.Option("--respect-imported", help="Keep the splits that came with an import.", rich_help_panel=PANEL),
]


def register(app: typer.Typer) -> None:
    command(
        app,
        "split",
        "firstshift dataset split --out split.json",
        "firstshift dataset split --share train=0.8 --share test=0.2 --seed 7",
    )(split)


@with_filters
def split(
    picked: Filters,
    shares: Shares = None,
    seed: SeedNumber = 0,
    keep_together: Together = None,
    repeats: Repeats = True,
    stratify: Stratify = True,
    respect_imported: Respect = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the split, for `dataset snapshot --split`.", show_default=False),
    ] = None,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Split images into sides so that no part is on two of them and every class has its share on each.

    Images with the same bytes, serial or shot stay together, and photographs of the same part, which are found by what
    they show. Golden images and their parts are left out. Nothing is recorded: `dataset snapshot` freezes the result.
    """
    check_target(out)
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        plan = planned_split(
            ws, picked.selection(), shares, seed, keep_together, repeats, stratify, respect_imported, progress
        )
    made = split_as_json(plan)
    if out is not None:
        write_file(out, (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())
    if as_json:
        screen.print_json(made)
        return
    show_split(plan)
    if out is not None:
        file = screen.quoted(out)
        screen.say(f"wrote {file}; next: [bold]firstshift dataset snapshot NAME --split {file}[/]")


def planned_split(
    ws: Workspace,
    selection: Query | None,
    shares: list[str] | None,
    seed: int,
    keep_together: list[str] | None,
    repeats: bool,
    stratify: bool,
    respect_imported: bool,
    progress: Progress,
) -> SplitPlan:
    from firstshift.line.families import DEFAULT_TOGETHER
    from firstshift.line.splitting import DEFAULT_SHARES, split_dataset

    return split_dataset(
        ws,
        selection,
        shares=_shares(shares) or DEFAULT_SHARES,
        seed=seed,
        keep_together=keep_together or DEFAULT_TOGETHER,
        find_repeats=repeats,
        stratify=stratify,
        respect_imported=respect_imported,
        progress=progress,
    )


def _shares(pairs: list[str] | None) -> dict[str, float]:
    meant: dict[str, float] = {}
    for pair in pairs or ():
        side, _, share = pair.rpartition("=")
        try:
            meant[side] = float(share)
        except ValueError:
            side = ""
        if not side:
            raise BadInput(where="--share", expected="SIDE=SHARE, for example train=0.7", found=pair)
    return meant


def show_split(plan: SplitPlan) -> None:
    repeats = sum(len(group.images) for group in plan.groups)
    screen.say(
        f"[bold]{screen.counted(len(plan.sides), 'image')}[/] split; "
        f"{screen.counted(len(plan.groups), 'group')} of images that belong together hold {repeats:,} of them"
    )
    screen.show(_sides(plan))
    if plan.would_leak >= 0.5:
        screen.say(
            f"[bold yellow]a split by image would have put about {plan.would_leak:.0f} of {plan.tested} held-out "
            f"images beside a repeat in training[/]; this one puts {'some: see below' if plan.torn else 'none'}"
        )
    for warning in plan.warnings:
        if not warning.startswith("a split by image"):
            screen.say(f"[yellow]warning:[/] {screen.quoted(warning)}")
    for reason, ids in plan.left_out.items():
        screen.say(f"[dim]left out: {screen.counted(len(ids), 'image')}, {screen.quoted(reason)}[/]")
    if plan.groups:
        screen.show(_groups(plan))


def _sides(plan: SplitPlan) -> Table:
    """A row for each class, a column for each side: how many images, and which share of the class."""
    sides = list(plan.shares)
    counts = {side: sum(1 for other in plan.sides.values() if other == side) for side in sides}
    rows = [["[bold]images[/]", *_cells(counts, sides)]]
    names = sorted({name for table in plan.classes.values() for name in table})
    for name in names[:MAX_CLASSES]:
        counted = {side: plan.classes[side].get(name, 0) for side in sides}
        rows.append([screen.quoted(name), *_cells(counted, sides)])
    if len(names) > MAX_CLASSES:
        rows.append([f"[dim]and {len(names) - MAX_CLASSES} more[/]", *([""] * len(sides))])
    headings = [(f"{side} ({plan.shares[side]:.0%})", "right") for side in sides]
    return screen.table("", "", *headings, rows=rows)


def _cells(counts: Mapping[str, int], sides: list[str]) -> list[str]:
    total = sum(counts.values())
    return [f"{counts[side]:,} [dim]{counts[side] / total:>4.0%}[/]" if total else screen.NOTHING for side in sides]


def _groups(plan: SplitPlan) -> Table:
    largest = sorted(plan.groups, key=lambda group: (-len(group.images), group.images))[:MAX_GROUPS]
    rows = [
        (
            f"{len(group.images):,}",
            screen.quoted(group.side or "left out"),
            screen.quoted(f"{group.names[0]} and {group.names[1]}"),
            f"[dim]{screen.quoted(group.ties[0].why if group.ties else '')}[/]",
        )
        for group in largest
    ]
    columns = (("images", "right"), "side", ("such as", "text"), ("why", "text"))
    return screen.table("The largest groups", *columns, rows=rows)
