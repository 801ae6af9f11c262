"""`firstshift synth onto …`: flaws of the plan onto good photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.place import find_plan, open_workspace
from firstshift.cli.progress import progress_shown

if TYPE_CHECKING:
    from firstshift.core.progress import Progress
    from firstshift.line.synth.onto_order import OntoSettings
    from firstshift.line.synth.order import Order
    from firstshift.line.synth.report import SynthReport
    from firstshift.store.workspace import Workspace

ClusterAddress = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Over Ray: its address, or `local`.", show_default=False),
]
Again = Annotated[bool, typer.Option("--again", help="Also render once more what retention took away.")]
Anew = Annotated[
    bool, typer.Option("--anew", help="Where another renderer began the run, begin one of its own beside it.")
]
REGISTERED = "Where the part lies in them"
TAKEN = "How they were taken"


def add_onto(app: typer.Typer) -> None:
    command(
        app,
        "onto",
        "firstshift synth onto photographs/good --per-photo 2 --mm-per-pixel 0.08",
        "firstshift synth onto --images --good-only --per-defect 200 --silhouette",
        "firstshift synth onto shot1.png --points clicked.json --per-photo 4",
    )(onto)


def onto(
    photographs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PHOTOGRAPHS]...", help="Photographs of good parts, or folders.", show_default=False),
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Real images of the workspace.")] = False,
    good_only: Annotated[bool, typer.Option("--good-only", help="Of those, the ones labelled good.")] = False,
    station: Annotated[str | None, typer.Option(help="Of those, this station's.", show_default=False)] = None,
    per_defect: Annotated[int, typer.Option(min=0, help="Images of each class, spread over the photographs.")] = 0,
    per_photo: Annotated[int, typer.Option(min=0, help="Images of each photograph, the classes in turn.")] = 0,
    plan: Annotated[
        Path | None, typer.Option(help="A plan file or its folder; without it, the workspace's.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; without it, one for each core.", show_default=False)
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="The light channel they were taken under; without it, the plan's first.")
    ] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; once for each.")] = None,
    plane: Annotated[
        bool, typer.Option("--plane", help="A flat surface fills them.", rich_help_panel=REGISTERED)
    ] = False,
    points: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Points clicked in them.", rich_help_panel=REGISTERED),
    ] = None,
    silhouette: Annotated[
        bool, typer.Option("--silhouette", help="The CAD part's outline is fitted.", rich_help_panel=REGISTERED)
    ] = False,
    mm_per_pixel: Annotated[
        float | None, typer.Option(help="Scale of a plane; without it, the plan's.", rich_help_panel=REGISTERED)
    ] = None,
    turn_deg: Annotated[
        float, typer.Option("--turn", help="The plane's turn, anticlockwise.", rich_help_panel=REGISTERED)
    ] = 0.0,
    region: Annotated[
        str | None,
        typer.Option(help="The plan's region that a plane shows; without it, the first.", rich_help_panel=REGISTERED),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="There is no background to keep off.", rich_help_panel=REGISTERED)
    ] = False,
    gamma: Annotated[
        float | None,
        typer.Option(help="2.2 for ordinary pictures; without it, the camera profile's.", rich_help_panel=TAKEN),
    ] = None,
    plan_light: Annotated[
        bool, typer.Option("--plan-light", help="Light and gloss are the plan's.", rich_help_panel=TAKEN)
    ] = False,
    skip_problems: Annotated[bool, typer.Option("--skip-problems", help="Leave out what does not do.")] = False,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `station calibrate` wrote; without it, the plan's.")
    ] = None,
    defects: Annotated[
        list[Path] | None,
        typer.Option("--defects", metavar="FILE", help="A file of yours with types of flaw; it is executed."),
    ] = None,
    cluster: ClusterAddress = None,
    again: Again = False,
    anew: Anew = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Put flaws of the plan onto photographs of good parts, and record them with labels.

    The photographs themselves are recorded as real images, if they are not there yet, and stay as they are; what is
    made names its photograph. Pixels that a flaw does not touch are the photograph's own, bit for bit. Without --points
    or --silhouette the photographs show a flat surface.
    """
    from firstshift.line.synth.crew import Cluster, workers_here
    from firstshift.line.synth.onto import chosen_method, put_onto, read_points
    from firstshift.line.synth.onto_order import OntoSettings
    from firstshift.line.synth.ordering import order_for
    from firstshift.line.synth.settings import SynthSettings

    settings = OntoSettings(
        method=chosen_method(plane, points is not None, silhouette), per_defect=per_defect, per_photo=per_photo,
        seed=seed, channel=channel, classes=tuple(classes or ()), mm_per_pixel=mm_per_pixel, turn_deg=turn_deg,
        region=region, points=read_points(points) if points is not None else (), gamma=gamma, whole=whole,
        plan_light=plan_light, skip_problems=skip_problems,
    )  # fmt: skip
    count = workers or workers_here()
    with open_workspace(folder) as ws:
        order = order_for(find_plan(plan, folder), SynthSettings(), profile, tuple(defects or ()))
        with progress_shown(quiet or as_json) as progress:
            found = _photographs(ws, order, settings, photographs, (images, good_only, station), progress, as_json)
            report = put_onto(
                ws, order, settings, found, workers=count, crew=Cluster(cluster, count) if cluster else None,
                progress=progress, told=lambda text: None if as_json else typer.echo(text, err=True),
                again=again, anew=anew,
            )  # fmt: skip
    if as_json:
        screen.print_json(report.to_json())
    else:
        show_report(report, "class", "images")
        screen.say("[dim]`firstshift synth show IMAGE` explains one[/]")


def _photographs(
    ws: Workspace,
    order: Order,
    settings: OntoSettings,
    files: list[Path] | None,
    asked: tuple[bool, bool, str | None],
    progress: Progress,
    as_json: bool,
) -> dict[str, str]:
    from firstshift.core.errors import BadInput
    from firstshift.line.synth.onto_photographs import from_files, from_workspace
    from firstshift.store.search import Query

    images, good_only, station = asked
    if bool(files) == images:
        raise BadInput(
            where="photographs", expected="files and folders, or --images", found="both" if files else "neither",
            way_out="`firstshift synth onto FOLDER …`, or `--images --good-only` for those of the workspace",
        )  # fmt: skip
    if images:
        return from_workspace(
            ws, Query(origin="real", station=station, verdict="good" if good_only else None, limit=500)
        )
    if good_only or station:
        raise BadInput(
            where="--good-only" if good_only else "--station", expected="--images with it", found="files",
            way_out="it picks among images of the workspace",
        )  # fmt: skip
    declared = order.plan().station
    channel = settings.channel or declared.channels[0].name
    return from_files(
        ws, files or [], station=declared.name, camera=declared.camera.name, channel=channel,
        skip=settings.skip_problems, progress=progress,
        told=lambda text: None if as_json else typer.echo(text, err=True),
    )  # fmt: skip


def show_report(report: SynthReport, kind: str, unit: str) -> None:
    """What the run now has, in `unit`, and in images what this call added to it."""
    rows = [(screen.quoted(name), f"{count:,}") for name, count in sorted(report.parts.items())]
    screen.show(screen.table(f"Run {report.run}", kind, (unit, "right"), rows=rows))
    told = ", ".join(f"{count:,} {name}" for name, count in report.seen.most_common())
    screen.say(f"{screen.counted(report.images, 'image')} recorded" + (f", flaws: {told}" if told else ""))
    if report.known:
        screen.say(f"[dim]{screen.counted(report.known, 'image')} recorded earlier[/]")
    if report.retired:
        retired = screen.counted(report.retired, "image")
        screen.say(f"{retired} retired: only their records are left; `--again` renders them once more")
    if report.problems:
        screen.say(f"[red]{screen.counted(len(report.problems), 'photograph')} left out[/]")
