"""Copy a workspace, as it is at one moment, into another database and another place for blobs.

Move, backup and restore are this copy with something before and after it. It goes along the ledger: for a range of
events first the blobs, then all rows of the range in one transaction. So the newest event in the target says how far
the copy is, whatever killed it; the same call goes on from there, and a second copy brings only what is new. At each
step the target is the workspace as it was at that event.

The target's ledger head is written last. Until then nobody can append to the target, and the head of an earlier,
finished copy still says what that one held.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import NotFound, Refused, Tampered
from firstshift.core.progress import Progress, Silent
from firstshift.db.engine import Database
from firstshift.db.migrate import migrate, require_head, revision_of
from firstshift.db.turns import one_at_a_time
from firstshift.ledger.ledger import Head
from firstshift.ledger.tables import events, ledger_head
from firstshift.ledger.tags import Tag
from firstshift.store.blob_owner import claim
from firstshift.store.blobs import Blobs
from firstshift.store.bulk import insert_rows
from firstshift.store.references import needed_among, needed_in_range, ranges, recorded_among
from firstshift.store.tables import (
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

STEP = 1_000
PAGE = 500
THREADS = 8


@dataclass(slots=True)
class CopyReport:
    """What one run did; `head` is what the target now holds."""

    head_seq: int = 0
    head_hash: str = ""
    events: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    blobs_there: int = 0
    """Already in the target, with the right size."""
    missing: list[str] = field(default_factory=list)
    """Blobs that the source itself has lost or altered."""

    def to_json(self) -> dict[str, Any]:
        return {
            "head": {"seq": self.head_seq, "hash": self.head_hash},
            "events": self.events,
            "blobs": self.blobs,
            "blob_bytes": self.blob_bytes,
            "blobs_there": self.blobs_there,
            "missing": self.missing,
        }


def copy_workspace(
    source: Workspace,
    target: Database,
    blobs: Blobs | None,
    *,
    frozen: str,
    blobs_owner: str | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Rows into `target`, and blobs too unless they stay where they are (None). The target is left `frozen`.
    Whose the blobs there are: the workspace's, unless `blobs_owner` says otherwise."""
    shown = progress or Silent()
    report = CopyReport()
    with one_at_a_time(target, "copy"):
        _prepare(target)
        with source.database.reading() as view:
            head = source.ledger.head(view)
            cursor = resume_point(view, target, head)
            if blobs is not None:
                claim(blobs, blobs_owner or source.settings.id)
                if cursor == 0:
                    _refuse_strange_blobs(view, blobs)
            shown.start("copying the ledger with its rows and blobs", head.seq - cursor)
            for after, until in ranges(cursor, head.seq, STEP):
                if blobs is not None:
                    _copy_blobs(source, blobs, needed_in_range(view, after, until, head.seq), report)
                with target.writing() as connection:
                    _copy_rows(view, connection, target.is_sqlite, after, until)
                shown.advance(until - after)
            shown.finish()
        with target.writing() as connection:
            _set_head(connection, head, frozen)
    report.events, report.head_seq, report.head_hash = head.seq - cursor, head.seq, head.hash
    return report


def copy_needed_blobs(source: Workspace, blobs: Blobs, progress: Progress | None = None) -> CopyReport:
    """Every blob that a record needs, and of these only the ones that are not there already."""
    shown = progress or Silent()
    report = CopyReport()
    with source.database.reading() as view:
        head = source.ledger.head(view)
        shown.start("copying blobs", head.seq)
        for after, until in ranges(0, head.seq, STEP):
            _copy_blobs(source, blobs, needed_in_range(view, after, until, head.seq), report)
            shown.advance(until - after)
        shown.finish()
    report.head_seq, report.head_hash = head.seq, head.hash
    return report


def resume_point(view: sa.Connection, target: Database, head: Head) -> int:
    """The newest event that the target has. Refuses a target that is not an earlier state of this workspace."""
    with target.reading() as there:
        last = there.execute(_NEWEST).first()
        if last is None:
            return 0
        first_hash = there.execute(_HASH_OF.where(events.c.seq == 1)).scalar()
        frozen = there.execute(sa.select(ledger_head.c.frozen)).first()
    if first_hash != view.execute(_HASH_OF.where(events.c.seq == 1)).scalar():
        raise Refused(
            "the target holds another workspace",
            where=target.shown_url,
            way_out="give every workspace a database of its own",
        )
    same = view.execute(_HASH_OF.where(events.c.seq == last.seq)).scalar() if last.seq <= head.seq else None
    if same != last.hash:
        raise Refused(
            "the target has gone its own way",
            where=target.shown_url,
            expected=f"an earlier state of this workspace, up to event {head.seq}",
            found=f"an event {last.seq} that this workspace has not",
            way_out="copy into an empty database",
        )
    if frozen is not None and frozen.frozen is None:
        raise Refused(
            "the target is a workspace in use",
            where=target.shown_url,
            way_out="copy into an empty database, or where an earlier copy was made",
        )
    return int(last.seq)


def is_sealed(target: Database, head: Head, tag: Tag) -> bool:
    """Whether the copy was finished before: it holds all that the source has, and then the event that closes a copy."""
    if revision_of(target) is None:
        return False
    with target.reading() as there:
        same = there.execute(_HASH_OF.where(events.c.seq == head.seq)).scalar() == head.hash
        own = sa.select(events.c.tag).where(events.c.seq > head.seq, events.c.tag != Tag.LEDGER_CHECKPOINTED)
        return same and there.execute(own.order_by(events.c.seq).limit(1)).scalar() == tag


_NEWEST = sa.select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
_HASH_OF = sa.select(events.c.hash)


def _prepare(target: Database) -> None:
    if revision_of(target) is None:
        migrate(target)
    require_head(target)


def _refuse_strange_blobs(view: sa.Connection, blobs: Blobs) -> None:
    """Two workspaces in one place would collect each other's blobs as garbage."""
    found = [facts.content for facts in itertools.islice(blobs.all(), 500)]
    if strange := sorted(set(found) - recorded_among(view, found)):
        raise Refused(
            "the place for the blobs is in use already",
            where=blobs.shown_url,
            found=f"blob {strange[0][:12]}…, which this workspace does not know",
            way_out="give every workspace a folder, a bucket or a prefix of its own",
        )


def _copy_blobs(source: Workspace, target: Blobs, wanted: dict[str, int | None], report: CopyReport) -> None:
    def copy(item: tuple[str, int | None]) -> tuple[str, int | None]:
        content, size = item
        if size is not None and target.size(content) == size:
            return content, 0
        try:
            data = source.blobs.get(content)
        except (NotFound, Tampered):
            return content, None
        target.put(data)
        return content, len(data)

    lost: list[str] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for content, copied in pool.map(copy, wanted.items()):
            if copied is None:
                lost.append(content)
            elif copied == 0:
                report.blobs_there += 1
            else:
                report.blobs += 1
                report.blob_bytes += copied
    if lost:
        with source.database.reading() as now:  # not lost if retired since the copy began
            report.missing += sorted(needed_among(now, lost))


def _copy_rows(view: sa.Connection, target: sa.Connection, is_sqlite: bool, after: int, until: int) -> None:
    def insert(table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
        insert_rows(target, table, rows, is_sqlite)

    for page in _pages(view, events, events.c.seq, after, until):
        insert(events, page)
    for page in _pages(view, images, images.c.event_seq, after, until):
        insert(images, ({**row, "golden": False} for row in page))  # the marks below say otherwise
    for page in _pages(view, labels, labels.c.event_seq, after, until):
        insert(labels, page)
        classes = sa.select(label_classes).where(label_classes.c.label_id.in_([row["id"] for row in page]))
        insert(label_classes, [dict(row._mapping) for row in view.execute(classes)])
    # A snapshot's items carry the golden flags of their moment, so marks and snapshots go in the ledger's order.
    marks = itertools.chain.from_iterable(_pages(view, golden_marks, golden_marks.c.event_seq, after, until))
    made = itertools.chain.from_iterable(_pages(view, snapshots, snapshots.c.event_seq, after, until))
    for row in sorted((*marks, *made), key=lambda row: int(row["event_seq"])):
        if "purpose" in row:
            insert(snapshots, [row])
            for items in _items(view, target, row["id"]):
                insert(snapshot_items, items)
        else:
            insert(golden_marks, [row])
            target.execute(sa.update(images).where(images.c.id == row["image_id"]).values(golden=row["golden"]))
    for table in (retirements, kept_files):
        for page in _pages(view, table, table.c.event_seq, after, until):
            insert(table, page)


def _pages(
    view: sa.Connection, table: sa.Table, number: sa.Column[int], after: int, until: int
) -> Iterator[list[dict[str, Any]]]:
    while True:
        query = sa.select(table).where(number > after, number <= until).order_by(number).limit(PAGE)
        page = [dict(row._mapping) for row in view.execute(query)]
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1][number.name]


def _items(view: sa.Connection, target: sa.Connection, snapshot: str) -> Iterator[list[dict[str, Any]]]:
    """With the flags that the images have in the target at this point of the ledger, not the source's of today."""
    after = ""
    while True:
        query = (
            sa.select(snapshot_items)
            .where(snapshot_items.c.snapshot_id == snapshot, snapshot_items.c.image_id > after)
            .order_by(snapshot_items.c.image_id)
            .limit(PAGE)
        )
        page = [dict(row._mapping) for row in view.execute(query)]
        if page:
            ids = [row["image_id"] for row in page]
            golden = set(target.execute(sa.select(images.c.id).where(images.c.id.in_(ids), images.c.golden)).scalars())
            yield [{**row, "golden": row["image_id"] in golden} for row in page]
        if len(page) < PAGE:
            return
        after = page[-1]["image_id"]


def _set_head(connection: sa.Connection, head: Head, frozen: str) -> None:
    values = {"seq": head.seq, "hash": head.hash, "signature": head.signature, "frozen": frozen, "place": None}
    if connection.execute(sa.update(ledger_head).values(values)).rowcount == 0:
        connection.execute(sa.insert(ledger_head).values(id=1, **values))
