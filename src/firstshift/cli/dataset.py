"""`firstshift dataset …`: freeze images and labels under a name, split them honestly, and see what changed."""

from __future__ import annotations

from typing import Annotated

import typer

from firstshift.cli import dataset_golden, dataset_snapshot, dataset_split, dataset_stats, screen
from firstshift.cli.command import AsJson, WorkspaceFolder, command, group
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.place import open_workspace

app = group("Data sets: split them, freeze them, compare them; the golden set.")
dataset_split.register(app)
dataset_snapshot.register(app)
dataset_stats.register(app)
app.add_typer(dataset_golden.app, name="golden")

MAX_SHOWN = 10


@command(app, "diff", "firstshift dataset diff 2026-10 2026-11")
def diff(
    before: Annotated[str, typer.Argument(help="The earlier snapshot: name or id.")],
    after: Annotated[str, typer.Argument(help="The later snapshot: name or id.")],
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two snapshots: images, labels, sides of the split.

    Ends with 1 when they differ and with 0 when they do not, as `diff` does.
    """
    with open_workspace(folder) as ws:
        found = ws.snapshots.diff(before, after)
    if as_json:
        screen.print_json(found.to_json())
    else:
        rows = [
            ("added", "green", [screen.short(i) for i in found.added]),
            ("removed", "red", [screen.short(i) for i in found.removed]),
            ("labelled anew", "yellow", [screen.short(i) for i in found.relabelled]),
            ("moved", "cyan", [f"{screen.short(i)} {a} → {b}" for i, a, b in found.moved]),
        ]
        screen.show(
            screen.table("", "", ("images", "right"), ("which", "text"), rows=[_diff_row(*row) for row in rows])
        )
        same = "[green]the two hold the same[/]" if found.is_empty else "[yellow]the two differ[/]"
        screen.say(f"{same}; {screen.counted(found.unchanged, 'image')} unchanged")
    if not found.is_empty:
        raise typer.Exit(ExitCode.FOUND)


def _diff_row(name: str, colour: str, which: list[str]) -> tuple[str, str, str]:
    more = f" … {len(which) - MAX_SHOWN:,} more" if len(which) > MAX_SHOWN else ""
    shown = f"[dim]{screen.quoted(', '.join(which[:MAX_SHOWN]) + more)}[/]"
    return (f"[{colour}]{name}[/]" if which else f"[dim]{name}[/]"), f"{len(which):,}", shown
