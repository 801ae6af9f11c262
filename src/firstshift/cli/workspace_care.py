"""`firstshift workspace move|backup|restore|gc|retain|upgrade`: look after what is recorded."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, Quiet, WorkspaceFolder, command
from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.place import find_workspace, open_workspace
from firstshift.cli.progress import progress_shown
from firstshift.cli.words import parsed_time
from firstshift.core.errors import BadInput, Refused

if TYPE_CHECKING:
    from firstshift.store.audit import Verification
    from firstshift.store.collecting import Collection
    from firstshift.store.copying import CopyReport
    from firstshift.store.retaining import RetentionReport

DatabaseUrl = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="sqlite:///FILE, or postgresql://USER@HOST/NAME.")
]
BlobsUrl = Annotated[str | None, typer.Option("--blobs", metavar="URL", help="A folder, or s3://BUCKET/PREFIX.")]
Endpoint = Annotated[
    str | None,
    typer.Option("--blobs-endpoint", metavar="URL", help="The server, for S3-compatible storage other than Amazon's."),
]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(m|h|d)")
_SECONDS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0}


def register(app: typer.Typer) -> None:
    command(
        app,
        "move",
        "firstshift workspace move --database postgresql://firstshift@db/line3",
        "firstshift workspace move --blobs s3://images/line3",
        "firstshift workspace move --undo",
    )(move)
    command(app, "backup", "firstshift workspace backup /mnt/backup/line-3")(backup)
    command(app, "restore", "firstshift workspace restore /mnt/backup/line-3 line-3")(restore)
    command(app, "gc", "firstshift workspace gc --dry-run", "firstshift workspace gc --grace 7d")(gc)
    command(
        app,
        "retain",
        "firstshift workspace retain --dry-run",
        "firstshift workspace retain --dry-run --as-of 2027-01-01",
        "firstshift workspace retain --yes",
    )(retain)
    command(app, "upgrade", "firstshift workspace upgrade")(upgrade)


def move(
    database: DatabaseUrl = None,
    blobs: BlobsUrl = None,
    blobs_endpoint: Endpoint = None,
    undo: Annotated[bool, typer.Option("--undo", help="Give up a move that was not finished.")] = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Move the rows to another database, the blobs to another place, or both; verified before it counts.

    While it moves, nothing can be recorded. Stopped half-way, the same command goes on. Nothing is deleted at the old
    place. A password is read from FIRSTSHIFT_DATABASE_PASSWORD.
    """
    from firstshift.store.moving import move_workspace, undo_move

    if undo and (database or blobs):
        raise BadInput(where="workspace move", expected="--undo alone, or a new place", found="both")
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        if undo:
            undo_move(ws)
        else:
            report = move_workspace(
                ws, database_url=database, blobs_url=blobs, blobs_endpoint=blobs_endpoint, progress=progress
            )
    if undo:
        screen.print_json({"undone": True}) if as_json else screen.say("the move was given up; writes are taken again")
        return
    if as_json:
        screen.print_json(report.to_json())
        return
    screen.say("[bold green]moved[/] and verified")
    rows = [("database", screen.quoted(report.database)), ("blobs", screen.quoted(report.blobs))]
    screen.show(screen.facts([*rows, *_copied(report.copied, report.verified)]))
    for left in report.left_behind:
        screen.say(f"[dim]no longer used, and yours to remove: {screen.quoted(left)}[/]")


def backup(
    place: Annotated[Path, typer.Argument(help="A folder elsewhere; again into the same one copies only what is new.")],
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave the private key out; keep it somewhere else then.")
    ] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Read every blob of the backup again.")] = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Back the workspace up into a folder, and verify the backup. Work goes on meanwhile.

    Ends with 1 when the original is damaged already: the backup is made, and the damage is named.
    """
    from firstshift.store.backups import back_up

    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        report = back_up(ws, place, with_key=not without_key, thorough=thorough or None, progress=progress)
    facts = report.facts
    if as_json:
        screen.print_json(report.to_json())
    else:
        images = screen.counted(facts.counts.get("images", 0), "image")
        screen.say(f"[bold green]backed up[/] to {screen.quoted(place)}: {images}, {facts.head_seq:,} events")
        key = "is in it: whoever has the backup can write as this workspace" if facts.has_key else "is not in it"
        screen.show(screen.facts([*_copied(report.copied, report.verified), ("key", key)]))
        for problem in facts.problems:
            screen.say(f"[bold red]damaged in the original:[/] {screen.quoted(problem)}")
    if facts.problems:
        raise typer.Exit(ExitCode.FOUND)


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder that `workspace backup` made.")],
    place: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the workspace will be; a new folder.")],
    database: Annotated[
        str, typer.Option("--database", metavar="URL", help="Where its rows go.")
    ] = "sqlite:///firstshift.db",
    blobs: Annotated[str, typer.Option("--blobs", metavar="URL", help="Where its blobs go.")] = "blobs",
    blobs_endpoint: Endpoint = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The private key, for a backup that was made without it.")
    ] = None,
    accept_damage: Annotated[
        bool, typer.Option("--accept-damage", help="Restore although the original was damaged when backed up.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a workspace from a backup, verified. Stopped half-way, the same command goes on."""
    from firstshift.store.backups import restore as restore_backup

    with progress_shown(quiet or as_json) as progress:
        report = restore_backup(
            source,
            place,
            database_url=database,
            blobs_url=blobs,
            blobs_endpoint=blobs_endpoint,
            key_file=key_file,
            accept_damage=accept_damage,
            progress=progress,
        )
    if as_json:
        screen.print_json(report.to_json())
    else:
        screen.say(f"[bold green]restored[/] to {screen.quoted(report.folder)}")
        screen.show(screen.facts(_copied(report.copied, report.verified)))


def _copied(copied: CopyReport, verified: Verification) -> list[tuple[str, str]]:
    there = f", {copied.blobs_there:,} were there" if copied.blobs_there else ""
    blobs = f"{screen.counted(copied.blobs, 'blob')} ({screen.size(copied.blob_bytes)}){there}"
    return [
        ("copied", f"{screen.counted(copied.events, 'event')}, {blobs}"),
        ("verified", f"{verified.events:,} events, {verified.rows:,} rows, {verified.blobs:,} blobs"),
    ]


def gc(
    grace: Annotated[str, typer.Option(metavar="TIME", help="Leave alone what is younger: 30m, 24h, 7d.")] = "24h",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")] = False,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Collect blobs that no record needs. They are set aside first and removed by a later run, so nothing is lost."""
    from firstshift.store.collecting import collect_garbage

    grace_s = _seconds(grace)
    with open_workspace(folder) as ws, progress_shown(quiet or as_json) as progress:
        result = collect_garbage(ws, grace_s=grace_s, dry=dry_run, progress=progress)
    if as_json:
        screen.print_json(result.to_json())
    else:
        _show_collection(result)


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise BadInput(where="--grace", expected="minutes, hours or days: 30m, 24h, 7d", found=text)
    return float(match[1]) * _SECONDS[match[2]]


def _show_collection(result: Collection) -> None:
    told = (
        ("set aside", "no record needs them; a later run removes them", result.buried),
        ("removed", "were set aside earlier", result.purged),
        ("brought back", "were set aside and are needed", result.exhumed),
        ("waiting", "set aside too recently to remove", result.waiting),
        ("too young", "unneeded so far; perhaps on their way", result.young),
    )
    rows = [
        (what, f"{heap.blobs:,}", screen.size(heap.bytes), f"[dim]{why}[/]") for what, why, heap in told if heap.blobs
    ]
    if result.dry:
        screen.say("[yellow]dry run: nothing was changed[/]")
    if rows:
        screen.show(screen.table("", "", ("blobs", "right"), ("size", "right"), ("", "text"), rows=rows))
    else:
        screen.say("nothing to collect")
    if result.leftovers:
        screen.say(f"{screen.counted(result.leftovers, 'half-written leftover')} swept away")


def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --dry-run: as if it were that day.", show_default=False)
    ] = None,
    folder: WorkspaceFolder = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Remove the pixels that the plan's retention no longer keeps. Records, labels and events stay for ever.

    Golden images, members of snapshots and what a person labelled never go. Asks before it does anything.
    """
    from firstshift.spec.plan import Plan
    from firstshift.store.retaining import apply_retention, plan_retention

    if as_of is not None and not dry_run:
        raise BadInput(
            where="--as-of", expected="--dry-run with it", found="none", way_out="nothing goes before its day"
        )
    now = parsed_time(as_of) or datetime.now(UTC)
    with open_workspace(folder) as ws:
        retention = Plan.load(ws.plan_path).policy.retention
        report = plan_retention(ws, retention, now)
        if not dry_run and report.images_going and not yes:
            _confirm(report, as_json)
        if not dry_run:
            with progress_shown(quiet or as_json) as progress:
                report = apply_retention(ws, retention, now, progress=progress)
    if as_json:
        screen.print_json(report.to_json())
    else:
        _show_retention(report)


def _confirm(report: RetentionReport, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise Refused(
            f"the pixels of {screen.counted(report.images_going, 'image')} would be gone for ever",
            where="workspace retain",
            way_out="look with --dry-run, then say --yes",
        )
    _show_retention(report)
    if not typer.confirm("Remove these pixels for ever?", err=True):
        raise Refused("nothing was removed", where="workspace retain")


def _show_retention(report: RetentionReport) -> None:
    if not report.going:
        screen.say("the plan has no rule for retention: everything is kept")
        return
    gone = "would go" if report.dry else "gone"
    rows = [
        (
            screen.quoted(going.rule),
            f"{going.images:,}",
            screen.size(going.bytes),
            f"{going.oldest:%Y-%m-%d} – {going.newest:%Y-%m-%d}" if going.oldest and going.newest else screen.NOTHING,
        )
        for going in report.going
    ]
    columns = (("rule", "text"), (gone, "right"), ("size", "right"), "recorded")
    screen.show(screen.table("", *columns, rows=rows))
    for staying in report.staying:
        size = screen.size(staying.bytes)
        screen.say(f"[dim]kept: {screen.counted(staying.images, 'image')} ({size}), {screen.quoted(staying.reason)}[/]")
    if report.freed_blobs:
        freed = f"{screen.counted(report.freed_blobs, 'blob')} ({screen.size(report.freed_bytes)})"
        screen.say(f"{freed} set aside; `firstshift workspace gc` removes them after its grace period")


def upgrade(folder: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Bring the database of a workspace, or of a backup, to the schema of this version of firstshift.

    All of it or nothing is done. A backup of the state before is made by the version before, or by copying the folder.
    """
    from firstshift.db.engine import Database
    from firstshift.db.migrate import migrate, revision_of
    from firstshift.store.workspace_file import read_workspace_file

    place = find_workspace(folder)
    database = Database(read_workspace_file(place).database_url, place)
    try:
        before = revision_of(database)
        if before is None:
            raise Refused(
                "there is no workspace in this database", where=database.shown_url, way_out="`firstshift new`"
            )
        migrate(database)
        after = revision_of(database)
    finally:
        database.close()
    if as_json:
        screen.print_json({"before": before, "after": after})
    elif before == after:
        screen.say(f"nothing to do: the database has schema {after} already")
    else:
        screen.say(f"[green]upgraded[/] from schema {before} to {after}")
