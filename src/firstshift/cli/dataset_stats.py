"""`firstshift dataset stats`: what is in a data set, in numbers and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.outfile import check_picture, write_file
from firstshift.cli.place import open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.selection import Filters, with_filters

if TYPE_CHECKING:
    from rich.table import Table

    from firstshift.line.statistics import DatasetStats, Spread

MAX_CLASSES = 40
BAR = 24


def register(app: typer.Typer) -> None:
    command(
        app,
        "stats",
        "firstshift dataset stats",
        "firstshift dataset stats --snapshot 2026-11 --picture overview.png",
    )(stats)


@with_filters
def stats(
    picked: Filters,
    snapshot: Annotated[
        str | None, typer.Option(help="A snapshot, with its labels and splits, instead of the filters below.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Draw some images of each class, with their labels.", show_default=False),
    ] = None,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Show what a data set holds: verdicts, classes, sides, sizes, and how large the marked things are."""
    from firstshift.line.overview import draw_overview
    from firstshift.line.statistics import dataset_stats

    check_picture(picture, (".png",))
    wanted = picked.selection()
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        found = dataset_stats(ws, snapshot=snapshot, selection=wanted, progress=progress)
        if picture is not None:
            title = snapshot or ws.settings.name
            drawn = draw_overview(ws, snapshot=snapshot, selection=wanted, title=title, progress=progress)
            write_file(picture, drawn)
    if as_json:
        screen.print_json(found.to_json() | ({"picture": str(picture)} if picture is not None else {}))
        return
    _show(found)
    if picture is not None:
        screen.say(f"wrote {screen.quoted(picture)}")


def _show(found: DatasetStats) -> None:
    twins = found.images - found.contents
    rows = [
        ("images", f"{found.images:,}" + (f", {twins:,} of them with the bytes of another" if twins else "")),
        ("on disk", screen.size(found.bytes)),
        ("pixels", _counts(found.sizes)),
        ("files", _counts(found.formats)),
        ("origin", _counts(found.origins)),
        ("labels by", _counts(found.levels)),
    ]
    if found.shapes:
        rows.append(("marked as", _counts(found.shapes)))
    if found.serials:
        rows.append(("serials", f"{found.serials:,} different"))
    if found.golden:
        rows.append(("golden", f"[yellow]{found.golden:,}[/]"))
    screen.show(screen.facts(rows))
    if found.images:
        screen.show(_sides(found))
    if found.classes:
        screen.show(_classes(found))


def _counts(counts: Mapping[str, int]) -> str:
    if len(counts) == 1:
        return screen.quoted(next(iter(counts)))
    return screen.quoted(", ".join(f"{name} ({count:,})" for name, count in counts.items())) or screen.NOTHING


def _sides(found: DatasetStats) -> Table:
    verdicts = list(found.verdicts)
    rows = [
        (screen.quoted(side), f"{sum(counts.values()):,}", *(f"{counts.get(verdict, 0):,}" for verdict in verdicts))
        for side, counts in found.verdicts_by_split.items()
    ]
    if len(rows) > 1:
        rows.append(("[dim]all[/]", f"{found.images:,}", *(f"{found.verdicts[verdict]:,}" for verdict in verdicts)))
    columns: list[str | tuple[str, str]] = ["side", ("images", "right"), *((verdict, "right") for verdict in verdicts)]
    return screen.table("Sides", *columns, rows=rows)


def _classes(found: DatasetStats) -> Table:
    most = max(stats.images for stats in found.classes.values()) or 1
    unseen = any(stats.not_visible for stats in found.classes.values())
    columns: list[str | tuple[str, str]] = ["class", ("images", "right"), ("things", "right")]
    columns += [("not visible", "right")] if unseen else []
    columns += [("length px", "right"), ""]
    rows = [
        (
            screen.quoted(name),
            f"{stats.images:,}",
            f"{stats.annotations:,}",
            *([f"{stats.not_visible:,}"] if unseen else []),
            _typical(stats.length_px),
            f"[cyan]{'█' * max(min(1, stats.images), round(BAR * stats.images / most))}[/]",
        )
        for name, stats in list(found.classes.items())[:MAX_CLASSES]
    ]
    if len(found.classes) > MAX_CLASSES:
        rows.append((f"[dim]and {len(found.classes) - MAX_CLASSES:,} more[/]", *[""] * (len(columns) - 1)))
    return screen.table("Classes", *columns, rows=rows)


def _typical(spread: Spread | None) -> str:
    """The middle nine tenths, and the median."""
    if spread is None:
        return screen.NOTHING
    _, low, _, median, _, high, _ = spread.quantiles
    return f"{low:.0f}–{high:.0f} [dim]({median:.0f})[/]"
