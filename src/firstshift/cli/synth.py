"""`firstshift synth …`: labelled images from a plan, before there are parts."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Device, Quiet, WorkspaceFolder, command
from firstshift.cli.outfile import check_picture, write_file
from firstshift.cli.place import find_plan, open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.synth_onto import Again, Anew, ClusterAddress, add_onto, show_report
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from firstshift.line.synth.order import Order


class Synth(typer.core.TyperGroup):
    """`firstshift synth plan.yaml …` is `firstshift synth run plan.yaml …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h") and not self._mistyped(args[0]):
            args = ["run", *args]
        return list(super().parse_args(ctx, args))

    def _mistyped(self, word: str) -> bool:
        """Nearly a command, and no plan: `firstshift synth previw`."""
        return not Path(word).exists() and bool(difflib.get_close_matches(word, self.commands))


app = typer.Typer(
    cls=Synth,
    help="Labelled images from a plan, before there are parts. `synth plan.yaml` is short for `synth run plan.yaml`.",
    no_args_is_help=True,
    add_completion=False,
)

PlanPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PLAN]", help="A plan file or its folder; without it, the workspace's plan.", show_default=False
    ),
]
SeedNumber = Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")]
Size = Annotated[int, typer.Option(metavar="PIXELS", help="Longer side of an image.")]
Framing = Annotated[
    Literal["window", "whole"],
    typer.Option("--view", help="window: at the camera's own scale; whole: the whole image, shrunk."),
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", help="Only this light channel; once for each.", show_default=False)
]
Classes = Annotated[
    list[str] | None, typer.Option("--class", help="Only this class; once for each.", show_default=False)
]
DefectFiles = Annotated[
    list[Path] | None,
    typer.Option("--defects", metavar="FILE", help="A file of yours with types of flaw; it is executed."),
]
ProfilePath = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", help="What `station calibrate` wrote; without it, the one in the plan."),
]
Plain = Annotated[bool, typer.Option("--plain", help="No randomisation; for comparison.")]


@command(
    app,
    "run",
    "firstshift synth run plan.yaml --good 10000 --per-defect 5000",
    "firstshift synth run --good 100 --per-defect 50 --workers 2 --seed 7",
    "firstshift synth run --per-defect 500 --class scratch --channel dark",
)
def run(
    plan: PlanPath = None,
    good: Annotated[int, typer.Option(min=0, help="Good parts.")] = 0,
    per_defect: Annotated[int, typer.Option(min=0, help="Defective parts of each class.")] = 0,
    seed: SeedNumber = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; without it, one for each core.", show_default=False)
    ] = None,
    device: Device = "cpu",
    size: Size = 512,
    framing: Framing = "window",
    channels: Channels = None,
    classes: Classes = None,
    bits: Annotated[int, typer.Option(help="8 or 16 bits for each pixel.")] = 8,
    plain: Plain = False,
    profile: ProfilePath = None,
    defects: DefectFiles = None,
    cluster: ClusterAddress = None,
    again: Again = False,
    anew: Anew = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Render labelled images of the plan's part under its camera and light, and record them in the workspace.

    A part gets one image for each light channel. The same seed gives the same bytes, whatever the number of workers;
    stopped half-way, the same command goes on, and asking for more later adds to what is there.
    """
    from firstshift.line.synth.crew import Cluster, workers_here
    from firstshift.line.synth.running import synthesise

    count = workers or workers_here()
    with open_workspace(folder) as ws:
        order = _order(
            find_plan(plan, folder), profile, defects,
            good=good, per_defect=per_defect, seed=seed, size_px=size, framing=framing,
            channels=tuple(channels or ()), classes=tuple(classes or ()), bits=bits, varied=not plain, device=device,
        )  # fmt: skip
        with progress_shown(quiet or as_json) as progress:
            report = synthesise(
                ws, order, workers=count, crew=Cluster(cluster, count) if cluster else None,
                progress=progress, told=lambda text: None if as_json else _warn(text), again=again, anew=anew,
            )  # fmt: skip
    if as_json:
        screen.print_json(report.to_json())
    else:
        show_report(report, "kind", "parts")
    report.require_any()
    if not as_json:
        screen.say("[dim]see them: `firstshift dataset stats --picture all.png`; one: `firstshift synth show IMAGE`[/]")


@command(
    app,
    "preview",
    "firstshift synth preview",
    "firstshift synth preview bracket/plan.yaml --out sheet.png --view window",
)
def preview(
    plan: PlanPath = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the picture goes.")] = Path("preview.jpg"),
    columns: Annotated[int, typer.Option(min=1, max=12, help="Images of each class.")] = 4,
    seed: SeedNumber = 0,
    size: Size = 384,
    framing: Framing = "window",
    channels: Channels = None,
    classes: Classes = None,
    plain: Plain = False,
    profile: ProfilePath = None,
    defects: DefectFiles = None,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Draw a contact sheet in seconds: good parts and each class of flaw, outlined. Nothing is recorded."""
    from firstshift.line.synth.sheet import draw_sheet

    check_picture(out)
    order = _order(
        find_plan(plan, folder), profile, defects,
        good=columns, per_defect=columns, seed=seed, size_px=size, framing=framing,
        channels=tuple(channels or ()), classes=tuple(classes or ()), bits=8, varied=not plain, device="cpu",
    )  # fmt: skip
    with progress_shown(quiet or as_json) as progress:
        sheet = draw_sheet(order, columns=columns, suffix=out.suffix, progress=progress)
    if not sheet.images:
        raise BadInput(
            where="synth preview", expected="something to draw", found="no flaw and no part with a place in the image",
            way_out="`firstshift plan check` tells more; look at part.placement and randomisation",
        )  # fmt: skip
    write_file(out, sheet.data)
    if as_json:
        told = {"images": sheet.images, "skipped": sheet.skipped, "doubts": list(sheet.doubts)}
        screen.print_json({"picture": str(out)} | told)
    else:
        for name, why in sheet.skipped.items():
            _warn(f"{name} is not drawn: {why}")
        for doubt in sheet.doubts:
            _warn(doubt)
        screen.say(f"{sheet.images} images on {screen.quoted(out)}")


@command(app, "show", "firstshift synth show img_3fa9", "firstshift synth show img_3fa9 --out look.png")
def show(
    image: Annotated[str, typer.Argument(help="An image's id, or the beginning of one.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where the picture goes; without it, none is drawn.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="The plan it was made from; without it, the workspace's.", show_default=False)
    ] = None,
    profile: ProfilePath = None,
    defects: DefectFiles = None,
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a rendered image, its mask and every draw behind it, and render it again to see that it is the same.

    Where the plan changed since, or is gone, the one that the workspace kept with the run is used. Ends with 1 when the
    image rendered again differs.
    """
    from firstshift.cli.exit_codes import ExitCode
    from firstshift.cli.synth_show import show_facts
    from firstshift.line.synth.showing import look_at

    if out is not None:
        check_picture(out)
    with open_workspace(folder) as ws:
        found = look_at(
            ws,
            image,
            find_plan(plan, folder),
            profile,
            tuple(defects or ()),
            suffix=out.suffix if out is not None else None,
        )
    if out is not None:
        write_file(out, found.picture)
    if as_json:
        screen.print_json(found.to_json() | ({"picture": str(out)} if out else {}))
    else:
        show_facts(found, out)
    if not found.is_same:
        raise typer.Exit(ExitCode.FOUND)


@command(app, "inputs", "firstshift synth inputs img_3fa9 as-it-was")
def inputs(
    image: Annotated[str, typer.Argument(help="An image's id, or the beginning of one.")],
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for them.")],
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write the plan that an image was rendered from, and the files that it names, into a folder.

    They are what the workspace kept with the run: the plan as it was written when its first image was made, and all
    files or none. A file of yours with types of flaw is among them: it is written, and never executed from the
    workspace.
    """
    from firstshift.line.synth.keeping import write_inputs

    with open_workspace(folder) as ws:
        written = write_inputs(ws, ws.images.get(image).capture.provenance, out)
    if as_json:
        screen.print_json({"files": [str(path) for path in written]})
    else:
        for path in written:
            screen.say(screen.quoted(path))


add_onto(app)


def _order(plan_file: Path, profile: Path | None, defects: list[Path] | None, **asked: Any) -> Order:
    from firstshift.line.synth.ordering import order_for
    from firstshift.line.synth.settings import SynthSettings

    return order_for(plan_file, SynthSettings(**asked), profile, tuple(defects or ()))


def _warn(text: str) -> None:
    typer.echo(text, err=True)
