"""`firstshift audit …`: does the evidence hold, what happened, and a copy that verifies without us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command, group
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.outfile import check_target, write_file
from firstshift.cli.place import open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.words import parsed_time

if TYPE_CHECKING:
    from firstshift.ledger.chain import Event
    from firstshift.store.audit import Verification

app = group("Evidence: verify it, read it, take a copy that verifies anywhere.")

MAX_SHOWN = 20


@command(app, "verify", "firstshift audit verify", "firstshift audit verify --anchor last-month.jsonl --json")
def verify(
    folder: WorkspaceFolder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Look at each blob's size instead of reading it.")] = False,
    anchor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An earlier `audit export` kept elsewhere: today's chain must pass through its head.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold every event, row and blob against what was recorded, and name the first that does not fit.

    Ends with 0 when everything is intact and with 6 when something is not. A workspace that was put back as a whole to
    an earlier state is found with --anchor only.
    """
    from firstshift.store.audit import verify_workspace
    from firstshift.store.audit_export import read_anchor

    kept = read_anchor(anchor) if anchor is not None else None
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        result = verify_workspace(ws, progress, quick=quick, anchor=kept)
    if as_json:
        screen.print_json(result.to_json() | {"first_problem": _first(result)})
    else:
        _show_result(result, quick)
    if not result.is_intact:
        raise typer.Exit(ExitCode.TAMPERED)


def _first(result: Verification) -> dict[str, Any] | None:
    first = result.first_problem
    return None if first is None else {"what": first.what, "finding": first.finding, "event": first.seq}


def _show_result(result: Verification, quick: bool) -> None:
    first = result.first_problem
    if first is None:
        screen.say("[bold green]intact[/]: everything is as it was recorded")
    else:
        screen.show(f"[bold red]NOT INTACT[/] first problem: [bold]{screen.quoted(first.what)}[/]")
        screen.show(f"  {screen.quoted(first.finding)}")
    rows = [
        ("events", f"{result.events:,}, of them {screen.counted(result.checkpoints, 'signed checkpoint')}"),
        ("rows", f"{result.rows:,}"),
        ("blobs", f"{result.blobs:,}" + (" (sizes only)" if quick else "")),
        ("head", f"[dim]{result.head}[/]"),
    ]
    screen.show(screen.facts(rows))
    others = result.in_order[1:]
    for problem in others[:MAX_SHOWN]:
        screen.say(f"[red]·[/] {screen.quoted(problem)}")
    if len(others) > MAX_SHOWN:
        screen.say(f"[dim]and {len(others) - MAX_SHOWN:,} more: --json lists all[/]")
    for note in result.notes[:MAX_SHOWN]:
        screen.say(f"[dim]note: {screen.quoted(note)}[/]")
    if len(result.notes) > MAX_SHOWN:
        screen.say(f"[dim]and {len(result.notes) - MAX_SHOWN:,} more notes: --json lists all[/]")


@command(app, "export", "firstshift audit export 2026-11.jsonl")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; replaced as a whole when it exists.")],
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write all events to a file that verifies offline, with the script in the documentation and nothing of ours.

    Kept where the workspace's administrator cannot reach it, it is also the anchor for `audit verify --anchor`.
    """
    from firstshift.store.audit_export import export_events, read_anchor

    check_target(file)
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        size = write_file(file, export_events(ws, progress))
    head = read_anchor(file)
    if as_json:
        screen.print_json({"file": str(file), "bytes": size, "events": head.seq, "head": head.hash})
    else:
        screen.say(f"wrote {screen.quoted(file)}: {screen.counted(head.seq, 'event')}, {screen.size(size)}")
        screen.say(f"head [dim]{head.hash}[/]")


@command(app, "log", "firstshift audit log --limit 10", "firstshift audit log --tag 'human:label:*' --actor human:anna")
def log(
    folder: WorkspaceFolder = None,
    tag: Annotated[
        str | None,
        typer.Option(help="Only this kind of event; `human:*` stands for all that begin so.", show_default=False),
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this person or system did.", show_default=False)] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Then or later: 2026-11-20, or with time and zone.", show_default=False),
    ] = None,
    before: Annotated[
        int | None, typer.Option(metavar="EVENT", help="Only events before this number.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what happened, the newest first."""
    from firstshift.core.capture import to_us

    time = parsed_time(since)
    with open_workspace(folder) as ws, ws.database.reading() as connection:
        found = ws.ledger.log(
            connection, tag=tag, actor=actor, since_us=to_us(time) if time else None, before=before, limit=limit
        )
    if as_json:
        screen.print_json({"events": [_event_json(event) for event in found]})
        return
    if not found:
        screen.say("no events")
        return
    rows = [_event_row(event) for event in found]
    screen.show(screen.table("", ("event", "right"), "when (UTC)", "what", "who", ("about", "rest"), rows=rows))


def _event_json(event: Event) -> dict[str, Any]:
    from firstshift.core.capture import from_us

    return {
        "seq": event.seq,
        "at": from_us(event.at_us).isoformat(),
        "tag": event.tag,
        "actor": event.actor,
        "body": _body(event),
        "hash": event.hash,
    }


def _event_row(event: Event) -> tuple[str, ...]:
    from firstshift.core.capture import from_us

    return (
        str(event.seq),
        f"{from_us(event.at_us):%m-%d %H:%M:%S}",
        event.tag,
        screen.quoted(event.actor),
        f"[dim]{screen.quoted(_about(event))}[/]",
    )


def _body(event: Event) -> dict[str, Any]:
    """Also of an event that somebody altered: the log is what one looks into then."""
    try:
        body = json.loads(event.body)
    except (ValueError, TypeError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {"name": "(altered: no JSON object)"}


def _about(event: Event) -> str:
    """The few words of an event that name what it is about."""
    body = _body(event)
    words = [str(body[name]) for name in ("name", "serial", "source", "verdict") if body.get(name)]
    words += [", ".join(map(str, body["classes"]))] if isinstance(body.get("classes"), list) else []
    words += [screen.short(body["image"])] if isinstance(body.get("image"), str) else []
    words += [f"“{body['reason']}”"] if body.get("reason") else []
    return " ".join(words)
