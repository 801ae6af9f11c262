"""`firstshift import` and `firstshift export`: data sets from and to other tools, with nothing lost in silence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.place import open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.selection import Filters, with_filters
from firstshift.cli.words import LevelName, checked_origin
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from firstshift.formats.record import Loss
    from firstshift.line.exporting import ExportReport
    from firstshift.line.import_report import ImportReport

MAX_SHOWN = 20
FormatName = Literal[
    "coco", "yolo", "voc", "mvtec", "datumaro", "class_folders", "csv", "label_studio", "masks", "boxes_txt"
]
NAMES = ", ".join(get_args(FormatName))
READING = "How the data set is read"


def register(app: typer.Typer) -> None:
    command(
        app,
        "import",
        "firstshift import photos/ --dry-run",
        "firstshift import line4.zip --station cell-3 --lot B7",
        "firstshift import labels.csv --column bild=file --column befund=class",
    )(import_)
    command(
        app,
        "export",
        "firstshift export out/ --format coco --snapshot 2026-11",
        "firstshift export out/ --format yolo --class scratch --task detect",
    )(export)


def import_(
    source: Annotated[Path, typer.Argument(help="A folder, an archive (.zip, .tar, .tar.gz) or a label file.")],
    format_name: Annotated[
        FormatName | None,
        typer.Option("--format", "-f", help=f"Recognised if not given; {NAMES}.", metavar="NAME"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported; write nothing.")] = False,
    skip: Annotated[
        bool,
        typer.Option("--skip-problems", help="Leave bad entries out and list them, instead of importing nothing."),
    ] = False,
    station: Annotated[str | None, typer.Option(help="The station, for images that do not say.")] = None,
    lot: Annotated[str | None, typer.Option(help="The lot, for images that do not say.")] = None,
    origin: Annotated[str, typer.Option(help="real, rendered, generated or augmented.")] = "real",
    level: Annotated[LevelName, typer.Option(help="Who stands behind the labels.", metavar="LEVEL")] = "imported",
    author: Annotated[str | None, typer.Option(help="Who labelled; without it, who imports.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the labels.", show_default=False)] = "",
    split_as: Annotated[str | None, typer.Option(metavar="SPLIT", help="Replaces the data set's own splits.")] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class-name", help="A name for each class number, in order.", rich_help_panel=READING),
    ] = None,
    good: Annotated[
        list[str] | None,
        typer.Option(help="A class or folder that means a good part; once for each.", rich_help_panel=READING),
    ] = None,
    empty: Annotated[
        Literal["good", "unlabelled"],
        typer.Option(help="What an image without annotations is: good, unlabelled.", rich_help_panel=READING),
    ] = "unlabelled",
    mask_values: Annotated[
        Literal["binary", "classes", "instances"],
        typer.Option(help="What a mask's values mean: binary, classes, instances.", rich_help_panel=READING),
    ] = "binary",
    mask_class: Annotated[
        str, typer.Option(help="The class of masks that lie in no class folder.", rich_help_panel=READING)
    ] = "defect",
    mask_threshold: Annotated[
        int, typer.Option(min=0, max=65_535, help="A mask pixel above this is marked.", rich_help_panel=READING)
    ] = 127,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="HEADER=MEANING",
            help="What a CSV column holds.",
            rich_help_panel=READING,
        ),
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Which label file, when there are several.", rich_help_panel=READING)
    ] = None,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Bring another tool's images and labels into the workspace; nothing twice.

    Everything is checked first: one bad entry, and nothing is imported (with --skip-problems the others are, and the
    command ends with 1). Stopped half-way, the same command goes on. What the workspace cannot keep is listed.
    """
    from firstshift.core.capture import Origin
    from firstshift.core.label import Level
    from firstshift.formats.record import GOOD_NAMES, ReadOptions
    from firstshift.line.importing import check_dataset, import_dataset

    options = ReadOptions(
        on_problem="skip" if skip else "stop",
        good_classes=tuple(good or GOOD_NAMES),
        empty=empty,
        classes=tuple(classes or ()),
        mask_threshold=mask_threshold,
        mask_values=mask_values,
        mask_class=mask_class,
        columns=_columns(columns),
        table=table,
    )
    checked_origin(origin)
    told: dict[str, Any] = {
        "format_name": format_name,
        "options": options,
        "station": station,
        "lot": lot,
        "split_as": split_as,
    }
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        told |= {"origin": Origin(origin), "progress": progress}
        if dry_run:
            report = check_dataset(ws, source, **told)
        else:
            try:
                report = import_dataset(ws, source, author=author, level=Level(level), reason=reason, **told)
            except BadInput as error:
                raise _in_our_words(error) from error
    if as_json:
        screen.print_json(report.to_json() | {"dry_run": dry_run})
    else:
        _show_import(report, dry_run)
    if report.problems:
        raise typer.Exit(ExitCode.FOUND)


def _in_our_words(error: BadInput) -> BadInput:
    """The way out that Python has as an argument is an option here."""
    way_out = error.way_out.replace("(on_problem 'skip')", "with --skip-problems")
    return BadInput(error.what, where=error.where, expected=error.expected, found=error.found, way_out=way_out)


def _columns(pairs: list[str] | None) -> dict[str, str]:
    from firstshift.formats.csv_table import CAPTURE, MEANINGS
    from firstshift.line.imported import FIELDS

    known = (*MEANINGS, *FIELDS)
    meant: dict[str, str] = {}
    for pair in pairs or ():
        header, sign, meaning = pair.rpartition("=")
        if not sign or not header or not meaning:
            raise BadInput(where="--column", expected="HEADER=MEANING, for example bild=file", found=pair)
        if meaning not in known and not meaning.startswith(CAPTURE):
            raise BadInput(
                where="--column",
                expected=f"a meaning out of {', '.join(known)}",
                found=pair,
                way_out=f"{header}={CAPTURE}{meaning} keeps the column with each image, as it is",
            )
        meant[header] = meaning
    return meant


def _show_import(report: ImportReport, dry_run: bool) -> None:
    known = f", {report.known:,} known already" if report.known else ""
    done = f"would be imported{known}; nothing was written" if dry_run else f"imported{known}"
    screen.say(f"[bold green]{screen.counted(report.new, 'new image')}[/] {done}")
    rows = [("format", f"{screen.quoted(report.format)}  [dim]{screen.quoted(report.why)}[/]")]
    if not dry_run:
        rows.append(("labels", f"{report.labels:,} recorded"))
    if report.splits:
        rows.append(("splits", _counts(report.splits)))
    if report.classes:
        rows.append(("classes", screen.quoted(", ".join(report.classes))))
    rows.append(("took", f"{report.seconds:.1f} s"))
    screen.show(screen.facts(rows))
    _show_listed("Not kept", "yellow", report.losses)
    _show_listed("Good to know", "cyan", report.notes)
    if report.problems:
        what = "would be left out" if dry_run else "left out"
        screen.say(f"[bold red]{screen.counted(len(report.problems), 'problem')}[/], each {what}:")
        for problem in report.problems[:MAX_SHOWN]:
            screen.say(f"  [red]·[/] {screen.quoted(problem)}")
        if len(report.problems) > MAX_SHOWN:
            screen.say(f"  [dim]and {len(report.problems) - MAX_SHOWN:,} more: --json lists all[/]")


def _counts(counts: dict[str, int]) -> str:
    return screen.quoted(", ".join(f"{name} {count:,}" for name, count in counts.items()))


def _show_listed(title: str, colour: str, losses: Iterable[Loss]) -> None:
    rows = [
        (
            f"{loss.count:,} ×",
            screen.quoted(loss.what)
            + (f"  [dim]such as {screen.quoted(loss.examples[0])}[/]" if loss.examples else ""),
        )
        for loss in losses
    ]
    if rows:
        screen.say(f"[bold {colour}]{title}[/]")
        screen.show(screen.facts(rows))


@with_filters
def export(
    target: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    format_name: Annotated[FormatName, typer.Option("--format", "-f", help=f"One of {NAMES}.", metavar="NAME")],
    picked: Filters,
    snapshot: Annotated[
        str | None, typer.Option(help="A snapshot, with its labels and splits, instead of the filters below.")
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class-order", help="The order of the classes; once for each.")
    ] = None,
    task: Annotated[
        Literal["detect", "segment", "obb"], typer.Option(help="What YOLO files hold: detect, segment, obb.")
    ] = "segment",
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write images and labels as another tool's data set. What the format cannot hold is listed.

    Image files are written byte for byte. The folder appears when it is complete. What is labelled 'not visible' is
    no positive in any format, and an image with nothing else no good part.
    """
    from firstshift.formats.record import WriteOptions
    from firstshift.line.exporting import export_dataset

    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        report = export_dataset(
            ws,
            target,
            format_name=format_name,
            snapshot=snapshot,
            selection=picked.selection(),
            options=WriteOptions(classes=tuple(classes or ()), task=task),
            progress=progress,
        )
    if as_json:
        screen.print_json(report.to_json())
    else:
        _show_export(report)


def _show_export(report: ExportReport) -> None:
    said = f"{screen.counted(report.images, 'image')} and {screen.counted(report.annotations, 'annotation')}"
    screen.say(f"[bold green]{said}[/] written to {screen.quoted(report.target)}")
    rows = [("format", report.format), ("splits", _counts(report.splits))]
    if report.classes:
        rows.append(("classes", screen.quoted(", ".join(report.classes))))
    screen.show(screen.facts(rows))
    _show_listed("Not kept", "yellow", report.losses)
