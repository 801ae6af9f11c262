"""Move a workspace: SQLite to PostgreSQL, a folder to S3, or back, without a moment in which an image could get lost.

    report = move_workspace(ws, database_url="postgresql://line3@server/line3", blobs_url="s3://line3/blobs")

The old place is frozen, copied, and the copy verified: the whole chain, every row, every blob. Then the copy gets its
first own event (`human:workspace:moved`) and `firstshift.toml` points to it; the file before is kept as
`firstshift.toml.before-move`. Killed in between, the same call goes on; `undo_move` gives up and thaws the old place.
Nothing is ever deleted at the old place: it stays frozen, and the report says what may be removed by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput, Refused
from firstshift.core.progress import Progress
from firstshift.core.wholefile import write_whole
from firstshift.db.engine import without_password
from firstshift.db.migrate import revision_of
from firstshift.ledger.ledger import Draft
from firstshift.ledger.tags import Tag
from firstshift.store.audit import Verification, verify_workspace
from firstshift.store.blob_owner import claim, refuse_taken
from firstshift.store.blobs import LocalBlobs
from firstshift.store.copying import CopyReport, copy_needed_blobs, copy_workspace, is_sealed, resume_point
from firstshift.store.verified import verified_copy
from firstshift.store.workspace import Workspace
from firstshift.store.workspace_file import FILE_NAME, WorkspaceFile, write_workspace_file

BEFORE_MOVE = f"{FILE_NAME}.before-move"
UNFINISHED = "this copy is not finished; run the same `firstshift workspace move` again"
_BEING_MOVED = "it is being moved to "
_MOVED = "it was moved to "


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What was moved and what is left behind."""

    copied: CopyReport
    verified: Verification
    database: str
    blobs: str
    left_behind: tuple[str, ...]
    """Frozen and no longer used; a person may remove it."""

    def to_json(self) -> dict[str, Any]:
        return {
            "copied": self.copied.to_json(),
            "verified": self.verified.to_json(),
            "database": self.database,
            "blobs": self.blobs,
            "left_behind": list(self.left_behind),
        }


def move_workspace(
    ws: Workspace,
    *,
    database_url: str | None = None,
    blobs_url: str | None = None,
    blobs_endpoint: str | None = None,
    progress: Progress | None = None,
) -> MoveReport:
    """To another database, another place for blobs, or both. `ws` is of no use afterwards: open the workspace again.
    A password in `database_url` is used and not kept; later it comes from FIRSTSHIFT_DATABASE_PASSWORD."""
    settings = _new_settings(ws.settings, database_url, blobs_url, blobs_endpoint)
    with Workspace(ws.folder, settings, ws.key, ws.actor) as target:
        moves_database = target.database.url != ws.database.url
        moves_blobs = target.blobs.shown_url != ws.blobs.shown_url
        if moves_blobs:
            _refuse_place(ws, target)
        if not moves_database:
            return _move_blobs(ws, target, progress)
        with ws.database.reading() as view:
            head = ws.ledger.head(view)
            done = is_sealed(target.database, head, Tag.WORKSPACE_MOVED)
            if revision_of(target.database) is not None and not done:
                resume_point(view, target.database, head)  # refuses a wrong target before anything is frozen
        _freeze(ws, target)
        if done:  # only the file is missing
            copied, verified = CopyReport(head.seq, head.hash), Verification(events=head.seq)
        else:
            copied = copy_workspace(
                ws, target.database, target.blobs if moves_blobs else None, frozen=UNFINISHED, progress=progress
            )
            verified = verified_copy(ws, target, copies_blobs=moves_blobs, progress=progress)
            _seal(target, ws, copied)
        _point_to(ws.folder, target.settings)
        _mark_moved(ws, target)
        left = [_left_database(ws)] + ([f"blobs {ws.blobs.shown_url}"] if moves_blobs else [])
        return MoveReport(copied, verified, target.database.shown_url, target.blobs.shown_url, tuple(left))


def undo_move(ws: Workspace) -> None:
    """Give up a move that was not finished: the old place takes writes again. The unfinished copy stays where it is."""
    with ws.database.writing() as connection:
        head = ws.ledger.locked_head(connection)
        if head.frozen is None:
            raise Refused(
                "no move is under way here",
                where=ws.folder,
                way_out="a finished move is undone by moving back: `firstshift workspace move` to the old place",
            )
        if not head.frozen.startswith(_BEING_MOVED):
            raise Refused(f"this is no unfinished move: {head.frozen}", where=ws.folder)
        ws.ledger.freeze(connection, None)


def _move_blobs(ws: Workspace, target: Workspace, progress: Progress | None) -> MoveReport:
    """The database stays. What keeps a client that is still open from writing to the old place is the ledger's
    `place`: it may append nothing any more."""
    with ws.database.reading() as view:
        head = ws.ledger.head(view)
    place = target.settings.blobs_url
    copied = CopyReport(head.seq, head.hash)
    if head.frozen is None and ws.settings.blobs_url == place and head.place in (None, place):
        verified = verify_workspace(ws, progress)  # it is there already: the run before got to the end
        return MoveReport(copied, verified, ws.database.shown_url, ws.blobs.shown_url, ())
    if head.frozen is None and head.place == place:  # only the file is missing
        verified = Verification(events=head.seq)
    else:
        _freeze(ws, target)
        if target.blobs.shown_url != ws.blobs.shown_url:
            claim(target.blobs, ws.settings.id)
            copied = copy_needed_blobs(ws, target.blobs, progress)
        verified = verified_copy(ws, target, copies_blobs=True, progress=progress)
        with target.database.writing() as connection:
            target.ledger.freeze(connection, None)
            target.ledger.set_place(connection, place)
            target.ledger.append(connection, [_draft(target, ws, copied)])
    _point_to(ws.folder, target.settings)
    left = (f"blobs {ws.blobs.shown_url}",) if target.blobs.shown_url != ws.blobs.shown_url else ()
    return MoveReport(copied, verified, target.database.shown_url, target.blobs.shown_url, left)


def _new_settings(
    old: WorkspaceFile, database_url: str | None, blobs_url: str | None, blobs_endpoint: str | None
) -> WorkspaceFile:
    if database_url is None and blobs_url is None:
        raise BadInput(where="workspace move", expected="a new database, a new place for blobs, or both", found="none")
    new = old if database_url is None else replace(old, database_url=database_url)
    return new if blobs_url is None else replace(new, blobs_url=blobs_url, blobs_endpoint=blobs_endpoint)


def _refuse_place(ws: Workspace, target: Workspace) -> None:
    """Before anything is frozen or written. The same folder by another name would be told as left behind."""
    old, new = ws.blobs, target.blobs
    if isinstance(old, LocalBlobs) and isinstance(new, LocalBlobs) and old.root.resolve() == new.root.resolve():
        raise Refused("the blobs are in this folder already", where=new.root, found=f"another name of {old.root}")
    refuse_taken(new, ws.settings.id)


def _freeze(ws: Workspace, target: Workspace) -> None:
    if ws.key is None:
        raise Refused("a workspace without its private key cannot be moved", where=ws.folder, way_out="restore the key")
    reason = _BEING_MOVED + _place_of(target)
    with ws.database.writing() as connection:
        head = ws.ledger.locked_head(connection)
        if head.frozen == reason:
            return
        if head.frozen is not None:
            raise Refused(
                f"this workspace takes no more writes: {head.frozen}",
                where=ws.folder,
                way_out="finish that move first, or `firstshift workspace move --undo`",
            )
        ws.ledger.freeze(connection, reason)


def _place_of(target: Workspace) -> str:
    return f"{target.database.shown_url} and {target.blobs.shown_url}"


def _seal(target: Workspace, ws: Workspace, copied: CopyReport) -> None:
    with target.database.writing() as connection:
        target.ledger.freeze(connection, None)
        target.ledger.append(connection, [_draft(target, ws, copied)])


def _draft(target: Workspace, ws: Workspace, copied: CopyReport) -> Draft:
    body = {
        "from": {"blobs": ws.blobs.shown_url, "database": without_password(ws.settings.database_url)},
        "to": {"blobs": target.blobs.shown_url, "database": without_password(target.settings.database_url)},
        "head": {"hash": copied.head_hash, "seq": copied.head_seq},
    }
    return Draft(Tag.WORKSPACE_MOVED, ws.actor, body)


def _point_to(folder: Path, settings: WorkspaceFile) -> None:
    """The old file is kept under another name, so that a person sees where everything was."""
    write_whole(folder / BEFORE_MOVE, (folder / FILE_NAME).read_bytes())
    write_workspace_file(folder, replace(settings, database_url=without_password(settings.database_url)))


def _mark_moved(ws: Workspace, target: Workspace) -> None:
    with ws.database.writing() as connection:
        ws.ledger.freeze(connection, f"{_MOVED}{_place_of(target)} on {datetime.now(UTC):%Y-%m-%d}")


def _left_database(ws: Workspace) -> str:
    if not ws.database.is_sqlite:
        return f"database {ws.database.shown_url}"
    path = str(ws.database.url.database)
    return f"database {path} (with {Path(path).name}-wal, -shm, .writer and .copy beside it)"
