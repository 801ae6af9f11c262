"""Verify a whole workspace: the chain, every row against its event, every blob against its name.

    result = verify_workspace(ws)
    result.is_intact, result.first_problem

Three walks: along the events (chain, signatures, head), beside them along each table (a row is where its event says and
hashes as it did), and along the blobs. One pass each, in order, so that a million images need little memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import FirstshiftError, Refused, Tampered
from firstshift.core.hashing import is_content_hash
from firstshift.core.progress import Progress, Silent
from firstshift.ledger.tables import events
from firstshift.ledger.verify import ChainState, Problem, head_problem, walk
from firstshift.store.labels import FROM_IMAGE, classes_in
from firstshift.store.references import needed_among
from firstshift.store.row_walker import RowWalker
from firstshift.store.snapshots import read_manifest
from firstshift.store.tables import (
    ROW_TABLES,
    golden_marks,
    images,
    kept_files,
    label_classes,
    labels,
    retirements,
    snapshot_items,
    snapshots,
)
from firstshift.store.workspace import Workspace

_BATCH = 2_000


@dataclass(slots=True)
class Verification:
    """What was looked at and what was found."""

    events: int = 0
    checkpoints: int = 0
    rows: int = 0
    blobs: int = 0
    head: str = ""
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Nothing wrong, but worth knowing: unreferenced blobs, half-written leftovers."""

    @property
    def is_intact(self) -> bool:
        return not self.problems

    @property
    def in_order(self) -> list[Problem]:
        """The problems by their place in the chain; what has none comes last."""
        return sorted(self.problems, key=lambda p: p.seq if isinstance(p.seq, int) else 1 << 63)

    @property
    def first_problem(self) -> Problem | None:
        return next(iter(self.in_order), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "intact": self.is_intact,
            "events": self.events,
            "checkpoints": self.checkpoints,
            "rows": self.rows,
            "blobs": self.blobs,
            "head": self.head,
            "problems": [{"what": p.what, "finding": p.finding, "event": p.seq} for p in self.problems],
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that was kept elsewhere (an export, a print-out): the chain must still pass through it."""

    seq: int
    hash: str
    workspace: str | None = None
    """Whose head it is, when that is known."""


def verify_workspace(
    ws: Workspace, progress: Progress | None = None, *, quick: bool = False, anchor: Anchor | None = None
) -> Verification:
    """`quick` looks at each blob's size instead of reading it. An `anchor` finds what no look inside can: a workspace
    that was put back, whole and signed, to an earlier state."""
    shown = progress or Silent()
    result = Verification()
    with ws.database.reading() as connection:
        _verify_chain_and_rows(ws, connection, result, shown)
        if anchor is not None:
            _verify_anchor(ws, connection, anchor, result)
        _verify_derived(connection, result)
        _note_missing_triggers(connection, result)
        _verify_snapshots(ws, connection, result)
        _verify_blobs(ws, connection, result, shown, quick)
    return result


def _verify_chain_and_rows(ws: Workspace, connection: sa.Connection, result: Verification, progress: Progress) -> None:
    try:
        head = ws.ledger.head(connection)
    except Refused as error:
        result.problems.append(Problem("ledger head", error.what))
        return
    state = ChainState()
    walkers = {name: RowWalker(connection, name) for name in ROW_TABLES}
    progress.start("verifying events and rows", head.seq)
    for event, body in walk(ws.ledger.events(connection), ws.settings.public_key, state):
        named = body.get("row")
        if isinstance(named, dict) and (walker := walkers.get(str(named.get("table")))) is not None:
            problem = walker.match(event, named)
            if problem is not None:
                state.problems.append(problem)
        progress.advance()
    progress.finish()
    if state.workspace != ws.settings.id:
        finding = f"the ledger was started for {state.workspace}, firstshift.toml says {ws.settings.id}"
        state.problems.append(Problem("workspace", finding, 1))
    for walker in walkers.values():
        state.problems.extend(walker.left_over())
    if (broken := head_problem(head, state, ws.settings.public_key)) is not None:
        state.problems.append(broken)
    result.events, result.checkpoints, result.head = state.seq, state.checkpoints, state.hash
    result.rows = sum(walker.seen for walker in walkers.values())
    result.problems.extend(state.problems)


def _note_missing_triggers(connection: sa.Connection, result: Verification) -> None:
    """Nothing was altered by that alone, but somebody took away what refuses alterations."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        found = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    there = set(connection.execute(sa.text(found)).scalars())
    guarded = sorted({"events", "label_classes", "snapshot_items", *ROW_TABLES})
    missing = [
        f"{table}_no_{verb}" for table in guarded for verb in ("update", "delete") if f"{table}_no_{verb}" not in there
    ]
    if missing:
        result.notes.append(
            f"the database no longer refuses changes: {len(missing)} of its triggers are gone, such as {missing[0]}"
        )


def _verify_anchor(ws: Workspace, connection: sa.Connection, anchor: Anchor, result: Verification) -> None:
    if anchor.workspace not in (None, ws.settings.id):
        finding = f"it was kept from another workspace, {anchor.workspace}; this one is {ws.settings.id}"
        result.problems.append(Problem("anchor", finding))
        return
    found = connection.execute(sa.select(events.c.hash).where(events.c.seq == anchor.seq)).scalar()
    if found != anchor.hash:
        state = f"has the hash {found[:12]}…" if found else "is not there: later events were cut off"
        finding = f"the anchor says {anchor.hash[:12]}…, and it {state}"
        result.problems.append(Problem(f"event {anchor.seq}", finding, anchor.seq))


def _verify_derived(connection: sa.Connection, result: Verification) -> None:
    """What other rows imply: an image's golden flag, the classes of a label."""
    newest = sa.select(golden_marks.c.image_id, sa.func.max(golden_marks.c.event_seq).label("seq")).group_by(
        golden_marks.c.image_id
    )
    last = newest.subquery()
    marked = (
        sa.select(golden_marks.c.image_id, golden_marks.c.golden, golden_marks.c.event_seq)
        .join(last, sa.and_(last.c.image_id == golden_marks.c.image_id, last.c.seq == golden_marks.c.event_seq))
        .subquery()
    )
    wrong = (
        sa.select(images.c.id, images.c.golden, marked.c.event_seq)
        .select_from(images.outerjoin(marked, marked.c.image_id == images.c.id))
        .where(images.c.golden != sa.func.coalesce(marked.c.golden, sa.false()))
    )
    for row in connection.execute(wrong):
        found = f"its golden flag is {row.golden}; no event says so"
        result.problems.append(Problem(f"image {row.id}", found, row.event_seq))
    _verify_label_classes(connection, result)


def _verify_label_classes(connection: sa.Connection, result: Verification) -> None:
    after = 0
    while True:
        query = sa.select(labels).where(labels.c.event_seq > after).order_by(labels.c.event_seq).limit(_BATCH // 4)
        rows = connection.execute(query).all()
        if not rows:
            break
        after = rows[-1].event_seq
        listed: dict[str, dict[str, tuple[Any, ...]]] = {row.id: {} for row in rows}
        found = connection.execute(sa.select(label_classes).where(label_classes.c.label_id.in_(list(listed))))
        for item in found:
            listed[item.label_id][item.class_name] = _from_image(item)
        for row in rows:
            expected = dict.fromkeys(_classes(row.body), _from_image(row))
            if listed[row.id] != expected:
                text = f"its index of classes says {sorted(map(str, listed[row.id]))}, the label {sorted(expected)}"
                result.problems.append(Problem(f"label {row.id}", text, row.event_seq))
    orphans = sa.select(label_classes.c.label_id).where(label_classes.c.label_id.not_in(sa.select(labels.c.id)))
    for orphan in connection.execute(orphans):
        result.problems.append(Problem(f"label {orphan.label_id}", "its index of classes is there, the label is not"))


def _from_image(row: sa.Row[Any]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in FROM_IMAGE)


def _classes(body: str) -> tuple[str, ...]:
    try:
        return classes_in(body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, FirstshiftError):
        return ()  # the row's own hash has already told


def _verify_snapshots(ws: Workspace, connection: sa.Connection, result: Verification) -> None:
    for row in connection.execute(sa.select(snapshots).order_by(snapshots.c.event_seq)).all():
        what = f"snapshot {row.name} ({row.id})"
        try:
            manifest = read_manifest(ws.blobs.get(row.manifest))
        except (FirstshiftError, ValueError, KeyError, TypeError) as error:
            result.problems.append(Problem(what, f"its manifest cannot be read: {error}", row.event_seq))
            continue
        expected = {item.image: (item.split, item.label, row.purpose) for item in manifest}
        query = sa.select(snapshot_items).where(snapshot_items.c.snapshot_id == row.id)
        listed = {i.image_id: (i.split, i.label_id, i.purpose) for i in connection.execute(query)}
        if listed != expected:
            differs = sorted((k for k in expected.keys() | listed.keys() if expected.get(k) != listed.get(k)), key=str)
            text = f"{len(differs)} of its rows are not as in its manifest, the first is {differs[0]}"
            result.problems.append(Problem(what, text, row.event_seq))
    stray = sa.select(snapshot_items.c.snapshot_id).where(
        snapshot_items.c.snapshot_id.not_in(sa.select(snapshots.c.id))
    )
    for item in connection.execute(stray.distinct()):
        result.problems.append(Problem(f"snapshot {item.snapshot_id}", "its rows are there, the snapshot is not"))
    wrong_flag = (
        sa.select(snapshot_items.c.image_id, snapshot_items.c.snapshot_id)
        .join(images, images.c.id == snapshot_items.c.image_id)
        .where(images.c.golden != snapshot_items.c.golden)
    )
    for item in connection.execute(wrong_flag):
        text = f"its golden flag in {item.snapshot_id} is not the image's"
        result.problems.append(Problem(f"image {item.image_id}", text))


def _verify_blobs(
    ws: Workspace, connection: sa.Connection, result: Verification, progress: Progress, quick: bool
) -> None:
    needed = _needed_blobs(connection)
    progress.start("verifying blobs", len(needed))
    present: dict[str, int] = {}
    for facts in (*ws.blobs.all(), *ws.blobs.buried()):
        present[facts.content] = facts.size
    for content, (what, seq, size) in needed.items():
        progress.advance()
        if content not in present:
            if not _is_missing(ws, content):
                continue
            result.problems.append(Problem(f"blob {content}", f"{what} needs it and it is not there", seq))
        elif size is not None and present[content] != size:
            finding = f"{present[content]} bytes instead of {size} ({what})"
            result.problems.append(Problem(f"blob {content}", finding, seq))
        elif not quick and (altered := _altered(ws, content)):
            result.problems.append(Problem(f"blob {content}", f"{altered} ({what})", seq))
        result.blobs += 1
    progress.finish()
    for content in sorted(present.keys() - needed.keys()):
        if not quick and (altered := _altered(ws, content)):
            result.problems.append(Problem(f"blob {content}", altered))
        else:
            result.notes.append(f"blob {content} belongs to no record; `firstshift workspace gc` collects it")
    result.problems.extend(
        Problem(f"file {name}", "is no blob; somebody put it there") for name in ws.blobs.strangers()
    )


def _is_missing(ws: Workspace, content: str) -> bool:
    """Looked for once more: since we began it may have been dug up again, or retired and removed."""
    if not isinstance(content, str) or not is_content_hash(content):
        return True
    if ws.blobs.size(content) is not None:
        return False
    with ws.database.reading() as now:
        return content in needed_among(now, [content])


def _altered(ws: Workspace, content: str) -> str | None:
    try:
        ws.blobs.get(content)
    except Tampered:
        return "was altered: its bytes do not have that hash"
    except FirstshiftError as error:
        return f"cannot be read: {error}"
    return None


def _needed_blobs(connection: sa.Connection) -> dict[str, tuple[str, int, int | None]]:
    """Content → who needs it, since which event, and how many bytes it has."""
    live = (
        sa.select(images.c.content, images.c.id, images.c.event_seq, images.c.size)
        .select_from(images.outerjoin(retirements, retirements.c.image_id == images.c.id))
        .where(retirements.c.image_id.is_(None))
        .order_by(images.c.event_seq.desc())
    )
    needed: dict[str, tuple[str, int, int | None]] = {
        row.content: (f"image {row.id}", row.event_seq, row.size) for row in connection.execute(live)
    }
    for row in connection.execute(sa.select(snapshots.c.manifest, snapshots.c.name, snapshots.c.event_seq)):
        needed[row.manifest] = (f"snapshot {row.name}", row.event_seq, None)
    for row in connection.execute(sa.select(kept_files).order_by(kept_files.c.event_seq.desc())):
        needed[row.content] = (f"kept file {row.name}", row.event_seq, row.size)
    return needed
