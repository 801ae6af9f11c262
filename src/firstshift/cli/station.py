"""`firstshift station …`: what is known about the place where the part is inspected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, command, group
from firstshift.cli.outfile import check_target, write_file
from firstshift.cli.progress import progress_shown

if TYPE_CHECKING:
    from firstshift.sensor.calibrate import Calibration
    from firstshift.sensor.profile import Estimated
    from firstshift.spec.station import Camera

app = group("The station: measure the camera that is there.")
_UNITS = {
    "gain_e_per_dn": "e/DN", "read_noise_e": "e", "dsnu_e": "e", "black_level_dn": "DN", "psf_sigma_px": "px",
    "prnu": "", "illumination": "", "gamma": "",
}  # fmt: skip
_SHARES = ("prnu", "illumination")
Bits = Literal["8", "10", "12", "14", "16"]


@app.callback()
def station() -> None:
    """The station: measure the camera that is there."""


@command(
    app,
    "calibrate",
    "firstshift station calibrate frames/",
    "firstshift station calibrate frames/ --plan plan.yaml --out profile.json",
)
def calibrate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Real frames: flat/, dark/, background/, or all in one folder.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the profile goes.")] = Path("profile.json"),
    plan: Annotated[
        Path | None,
        typer.Option(metavar="PLAN", help="The plan of this camera, for what frames cannot show.", show_default=False),
    ] = None,
    bits: Annotated[
        Bits | None, typer.Option(help="Of the camera, if 16-bit files do not show it.", show_default=False)
    ] = None,
    gamma: Annotated[
        float | None,
        typer.Option(help="Tone curve: 1 unless told; 2.2 for a phone.", show_default=False, min=0.2, max=5),
    ] = None,
    skip_problems: Annotated[
        bool, typer.Option("--skip-problems", help="Leave out frames that are damaged or of an odd size.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure a camera from its frames: gain, noise, blur, illumination. Synthetic images then look like its own.

    Best are flats (a white sheet, out of focus, pairs at several exposures), dark frames (cap on)
    and a few pictures with sharp tilted edges. Any pictures do: what they do not show keeps its usual value, and the
    table says so. Writes the profile, and a picture calibration.png beside it.
    """
    from firstshift.sensor.calibrate import examine
    from firstshift.sensor.reading import REPORT, read_frames
    from firstshift.sensor.report import report_png

    picture = out.with_name(REPORT)
    check_target(out)
    check_target(picture)
    camera = _camera_of(plan)
    with progress_shown(quiet or as_json) as progress:
        frames = read_frames(folder, bits=_depth(bits), skip_problems=skip_problems, progress=progress)
        found = examine(frames, camera=camera, gamma=gamma, progress=progress)
    for why in frames.left_out:
        typer.echo(f"left out: {why}", err=True)
    # The picture first: when the profile is there, all is there.
    write_file(picture, report_png(found))
    write_file(out, found.profile.to_json().encode())
    if as_json:
        screen.print_json(_as_data(found, out, picture) | {"left_out": list(frames.left_out)})
    else:
        _show(found, out, picture)


def _depth(bits: Bits | None) -> Literal[8, 10, 12, 14, 16] | None:
    return None if bits is None else int(bits)  # type: ignore[return-value]


def _camera_of(plan: Path | None) -> Camera | None:
    if plan is None:
        return None
    from firstshift.spec import Plan

    return Plan.load(plan).station.camera


def _as_data(found: Calibration, out: Path, picture: Path) -> dict[str, Any]:
    profile = found.profile
    return {
        "profile": str(out),
        "picture": str(picture),
        "method": profile.method,
        "frames": found.counts,
        "bits": profile.bits,
        "estimates": [estimate.model_dump() for estimate in profile.estimates],
        "tail_share": profile.tail_share,
        "colour_balance": list(profile.colour_balance),
        "hot_pixels": len(profile.hot_pixels),
        "jpeg_quality": profile.jpeg_quality,
        "warnings": list(profile.warnings),
    }


def _show(found: Calibration, out: Path, picture: Path) -> None:
    profile = found.profile
    rows = [_row(estimate) for estimate in profile.estimates]
    columns = ("", ("value", "right"), ("95 %", "right"), ("from", "text"))
    screen.show(screen.table("The camera", *columns, rows=rows))
    counts = ", ".join(screen.counted(count, f"{kind} frame") for kind, count in found.counts.items() if count)
    extra = [f"{profile.bits} bits", screen.counted(len(profile.hot_pixels), "hot pixel")]
    extra += [f"JPEG quality {profile.jpeg_quality}"] if profile.jpeg_quality else []
    screen.say(f"[dim]{counts}; {', '.join(extra)}[/]")
    # The table says already what kept its usual value, and what was left out was said before it.
    for warning in (w for w in profile.warnings if " is the usual value, " not in w and not w.startswith("left out: ")):
        screen.say(f"[yellow]{screen.quoted(warning)}[/]")
    screen.say(f"wrote {screen.quoted(out)} and {screen.quoted(picture)}")
    screen.say(
        f"copy it beside the plan and put it there: firstshift plan set station.profile {screen.quoted(out.name)}"
    )


def _row(estimate: Estimated) -> tuple[str, str, str, str]:
    name = screen.quoted(estimate.name)
    value = _number(estimate.name, estimate.value)
    if not estimate.measured:
        # Moved to the bound that the frames set, a value has an end of an interval, though it was not measured.
        source = "usual" if estimate.low is None and estimate.high is None else "bound"
        return name, f"[dim]{value}[/]", f"[dim]{source}[/]", f"[dim]{screen.quoted(estimate.how)}[/]"
    interval = screen.NOTHING
    if estimate.low is not None and estimate.high is not None:
        interval = f"{_number(estimate.name, estimate.low, '')}–{_number(estimate.name, estimate.high, '')}"
    return name, value, interval, f"[dim]{screen.quoted(estimate.how)}[/]"


def _number(name: str, value: float, unit: str | None = None) -> str:
    if name in _SHARES:
        return f"{100 * value:.3g} %" if unit is None else f"{100 * value:.3g}"
    return f"{value:.4g} {_UNITS[name] if unit is None else unit}".rstrip()
