"""`firstshift workspace …`: what is in it, and moving, backing up and tidying it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstshift.cli import screen, workspace_care
from firstshift.cli.command import AsJson, WorkspaceFolder, command, group
from firstshift.cli.place import open_workspace

if TYPE_CHECKING:
    from firstshift.store.workspace import Workspace

app = group("The workspace: what is in it; move, back up and tidy it.")


@command(app, "info", "firstshift workspace info", "firstshift workspace info -w line-3 --json")
def info(folder: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Show where the workspace keeps its things and how many there are."""
    with open_workspace(folder) as ws:
        known = _known(ws)
    if as_json:
        screen.print_json(known)
        return
    counts = known["counts"]
    labelled, golden = f"{counts['labelled']:,} labelled", f"{counts['golden']:,} golden"
    retired = f", {counts['retired']:,} retired" if counts["retired"] else ""
    writable = "" if known["writable"] else "[yellow]for reading only: keys/ledger.pem is not here[/]"
    if known["frozen"]:
        writable = f"[yellow]closed: {screen.quoted(known['frozen'])}[/]"
    rows = [
        ("workspace", f"[bold]{screen.quoted(known['name'])}[/]  {writable}".rstrip()),
        ("id", known["id"]),
        ("folder", screen.quoted(known["folder"])),
        ("database", screen.quoted(known["database"])),
        ("blobs", screen.quoted(known["blobs"])),
        ("plan", screen.quoted(known["plan"]) if known["plan"] else "[dim]none yet[/]"),
        ("images", f"{counts['images']:,} ({labelled}, {golden}{retired})"),
        ("snapshots", f"{counts['snapshots']:,}"),
        ("events", f"{counts['events']:,}, head [dim]{known['head'][:16]}…[/]"),
    ]
    screen.show(screen.facts(rows))


def _known(ws: Workspace) -> dict[str, Any]:
    from firstshift.store.search import Query

    with ws.database.reading() as connection:
        head = ws.ledger.head(connection)
    return {
        "id": ws.settings.id,
        "name": ws.settings.name,
        "folder": str(ws.folder.absolute()),
        "database": ws.database.shown_url,
        "blobs": ws.blobs.shown_url,
        "plan": str(ws.plan_path.absolute()) if ws.plan_path.exists() else None,
        "writable": ws.is_writable and not head.frozen,
        "frozen": head.frozen,
        "public_key": ws.settings.public_key,
        "head": head.hash,
        "counts": {
            "images": ws.images.count(),
            "labelled": ws.images.count(Query(labelled=True)),
            "golden": ws.images.count(Query(golden=True)),
            "retired": ws.images.count(Query(retired=True)),
            "snapshots": len(ws.snapshots.all()),
            "events": head.seq,
        },
    }


workspace_care.register(app)
