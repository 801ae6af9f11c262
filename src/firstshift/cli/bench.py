"""`firstshift bench …`: measure this machine, with the figures beside what was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Device, Quiet, command, group
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.progress import progress_shown
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from firstshift.line.ingest_bench import IngestReport, Run
    from firstshift.line.synth.benching import Phase, SynthBench

app = group("Measure this machine.")


@app.callback()
def bench() -> None:
    """Measure this machine."""


@command(
    app,
    "ingest",
    "firstshift bench ingest",
    "firstshift bench ingest --place /mnt/data --seconds 60 --clients 8",
)
def ingest(
    place: Annotated[Path, typer.Option(metavar="FOLDER", help="A folder on the disk to measure.")] = Path(),
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="An empty database; without it, SQLite in that folder.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="For each of the three ways to record.")] = 20.0,
    clients: Annotated[int, typer.Option(help="How many record at the same time.")] = 8,
    batch: Annotated[int, typer.Option(help="Images in a transaction, for the third way.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="For the pictures that are recorded.")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast images are recorded here, each acknowledged only when it is on the disk.

    512² JPEGs of about 100 kB go into a workspace that is removed afterwards, beside the raw floor: the same bytes
    written and flushed without us. Ends with 1 when the goal is missed or something acknowledged is not there.
    """
    from firstshift.core.seed import Seed
    from firstshift.line.ingest_bench import bench_ingest

    with progress_shown(quiet or as_json) as progress:
        report = bench_ingest(
            place,
            database_url=database,
            seconds=seconds,
            clients=clients,
            batch=batch,
            seed=Seed(seed),
            progress=progress,
        )
    if as_json:
        screen.print_json(report.to_json())
    else:
        _show(report)
    if not (report.goal_met and report.is_verified):
        raise typer.Exit(ExitCode.FOUND)


def _show(report: IngestReport) -> None:
    rows = [_row(run, None) for run in report.floor] + [_row(run, report.goal_per_s) for run in report.runs]
    columns = (("", "text"), ("clients", "right"), ("images/s", "right"), ("95 %", "right"))
    latencies = (("p50 ms", "right"), ("p99 ms", "right"))
    screen.show(screen.table("Images recorded, each on the disk before it counts", *columns, *latencies, rows=rows))
    kept = "[green]every one of them verified[/]"
    if not report.is_verified:
        kept = f"[bold red]{report.recorded_events:,} recorded[/]: " + screen.quoted("; ".join(report.problems[:3]))
    screen.say(f"{report.acknowledged:,} images acknowledged, {kept}")
    goal = "[green]met[/]" if report.goal_met else "[bold red]missed[/]"
    screen.say(f"goal of {report.goal_per_s:g} images/s: {goal}")
    durability = ", ".join(f"{name} {value}" for name, value in report.durability.items())
    screen.say(
        f"[dim]{report.image_bytes / 1000:.0f} kB each; {report.database} ({screen.quoted(durability)}) "
        f"in {screen.quoted(report.place)}, {screen.quoted(report.disk)}[/]"
    )


def _row(run: Run, goal_per_s: float | None) -> tuple[str, ...]:
    colour = "dim" if goal_per_s is None else "green" if run.per_s >= goal_per_s else "bold red"
    interval = screen.NOTHING
    if run.per_s_interval is not None:
        interval = "–".join(f"{end:.0f}" for end in run.per_s_interval)
    name = f"[dim]raw floor: {screen.quoted(run.name)}[/]" if goal_per_s is None else screen.quoted(run.name)
    rate = f"[{colour}]{run.per_s:.0f}[/]"
    return name, str(run.clients), rate, interval, f"{run.p50_ms:.1f}", f"{run.p99_ms:.1f}"


@command(
    app,
    "synth",
    "firstshift bench synth",
    "firstshift bench synth --plan line3/plan.yaml --good 500 --defects 10000",
    "firstshift bench synth --example all --good 40 --defects 200",
)
def synth(
    place: Annotated[Path, typer.Option(metavar="FOLDER", help="A folder on the disk to write to.")] = Path(),
    plan: Annotated[
        Path | None, typer.Option(metavar="PLAN", help="A plan of yours; without it, the bracket.", show_default=False)
    ] = None,
    example: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An example's plan, or all; may be given several times.", show_default=False),
    ] = None,
    good: Annotated[int, typer.Option(min=1, help="Good parts to render, of each plan.")] = 200,
    defects: Annotated[int, typer.Option(min=1, help="Defective parts to render, of all classes together.")] = 1000,
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of an image.")] = 512,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; without it, one for each core.", show_default=False)
    ] = None,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="For the images.")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast labelled images are made here, from CAD to recorded in a workspace, which is removed afterwards.

    Good parts have a new pose and finish each; defects lie on poses that are prepared once for many images. Ends with 1
    when a goal is missed; the goals were set for the bracket, and a plan of yours is held to them too.
    """
    from firstshift.line.synth.benching import bench_synth

    names = _examples(example, plan)
    with progress_shown(quiet or as_json) as progress:
        reports = [
            bench_synth(
                place, example=name, plan_file=plan, good=good, defects=defects, size_px=size, workers=workers,
                seed=seed, device=device, progress=progress,
            )
            for name in names
        ]  # fmt: skip
    if as_json:
        screen.print_json(reports[0].to_json() if not example else {"examples": [one.to_json() for one in reports]})
    elif len(reports) == 1:
        _show_synth(reports[0])
    else:
        _show_examples(reports)
    if not all(report.goal_met for report in reports):
        raise typer.Exit(ExitCode.FOUND)


def _examples(asked: list[str] | None, plan: Path | None) -> list[str]:
    from firstshift.spec.examples import example_names

    names = list(example_names())
    if asked and plan is not None:
        raise BadInput(where="--example", expected="an example or --plan", found="both")
    unknown = [name for name in asked or [] if name not in [*names, "all"]]
    if unknown:
        raise BadInput(where="--example", expected=f"all or one of {', '.join(names)}", found=unknown[0])
    if not asked:
        return names[:1]
    return names if "all" in asked else list(dict.fromkeys(asked))


def _show_examples(reports: list[SynthBench]) -> None:
    """A row for each: another part, another light, another speed."""
    rows = []
    for report in reports:
        rates = []
        for phase in report.phases:
            goal = screen.NOTHING if phase.goal_per_s is None else f"{phase.goal_per_s:g}"
            rates += [f"{phase.images:,}", f"[{_colour(phase)}]{phase.per_s:.1f}[/]", goal]
        memory = max((phase.memory_mb[-1] for phase in report.phases if phase.memory_mb), default=0.0)
        rows.append((f"{report.plan}, {report.channel}", *rates, f"{memory:.0f}"))
    names = ("good", "good/s", "goal", "defects", "defects/s", "goal", "memory MB")
    columns = tuple((name, "right") for name in names)
    screen.show(screen.table("Images rendered, labelled and recorded", ("", "text"), *columns, rows=rows))
    screen.say(f"[dim]{reports[0].size_px}², {reports[0].workers} processes[/]")


def _colour(phase: Phase) -> str:
    if phase.goal_per_s is None:
        return "default"
    return "green" if phase.goal_met else "bold red"


def _show_synth(report: SynthBench) -> None:
    rows = []
    for phase in report.phases:
        interval = (
            screen.NOTHING if phase.per_s_interval is None else "–".join(f"{x:.1f}" for x in phase.per_s_interval)
        )
        memory = f"{phase.memory_mb[-1]:.0f}" if phase.memory_mb else screen.NOTHING
        rate = f"[{_colour(phase)}]{phase.per_s:.1f}[/]"
        goal = screen.NOTHING if phase.goal_per_s is None else f"{phase.goal_per_s:g}"
        rows.append((phase.name, f"{phase.images:,}", rate, interval, goal, memory))
    columns = (("images", "right"), ("images/s", "right"), ("95 %", "right"), ("goal", "right"), ("memory MB", "right"))
    screen.show(screen.table("Images rendered, labelled and recorded", ("", "text"), *columns, rows=rows))
    screen.say(
        f"[dim]{screen.quoted(report.plan)}, channel {screen.quoted(report.channel)}, {report.size_px}², "
        f"{report.workers} processes, {report.image_bytes / 1000:.0f} kB an image[/]"
    )
