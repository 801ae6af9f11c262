"""A small workspace with everything in it that a copy could get wrong, and a way to compare two of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from firstshift import Annotation, Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.label import Level
from firstshift.db.engine import Database
from firstshift.ledger.tables import events
from firstshift.spec.policy import Retention, RetentionRule
from firstshift.store.images import NewImage
from firstshift.store.kept_files import NewFile
from firstshift.store.labels import NewLabel
from firstshift.store.retaining import apply_retention
from firstshift.store.tables import ROW_TABLES, label_classes, snapshot_items
from tests.pictures import png

LATER = datetime(2036, 1, 1, tzinfo=UTC)
RENDERED_GO = Retention(rules=(RetentionRule(origin="rendered", keep_days=1),))


def fill(ws: Workspace, images: int = 12, first: int = 0) -> list[str]:
    """Golden flags set and withdrawn around snapshots, relabelled images, shared pixels, retired images."""
    new = [
        NewImage(
            png(first + n, side=16),
            Capture(serial=f"S-{first + n:05d}", station="cell-3", confidence=n / 997, provenance={"seed": n / 7}),
            NewLabel(Label.defect(Annotation("scratch"), Annotation("Kratzer ä €")), "anna", Level.IMPORTED),
        )
        for n in range(images)
    ]
    ids = [record.id for record in ws.images.add_many(new)]
    ws.images.set_golden(ids[:2], True, reason="judges")
    ws.snapshots.create(f"judge {first}", ids[:3], purpose="evaluate")
    ws.images.set_golden(ids[1:2], False, reason="trains instead")
    ws.snapshots.create(f"train {first}", dict.fromkeys(ids[1:6], "train"))
    plan = NewFile("plan", "plan.yaml", f"name: part {first}\n".encode())
    assert ws.kept_files.keep(f"{first:064x}", [plan, NewFile("cad", "part.step", b"of part %d" % first)]) == 2
    ws.labels.add(ids[7], Label.good(), level=Level.SENIOR, reason="dust, ‘not’ a \\ scratch")
    ws.images.set_golden(ids[8:10], True, reason="judges too")
    gone = [Capture(serial=f"R-{first + n}", origin=Origin.RENDERED) for n in range(3)]
    for n, capture in enumerate(gone):
        ws.images.add(png(10_000 + first + n, side=16), capture)
    ws.images.add(png(10_000 + first, side=16), Capture(serial="shares its pixels"))
    assert apply_retention(ws, RENDERED_GO, LATER).images_going == 3
    return ids


def rows_of(database: Database, until: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with database.reading() as connection:
        for table in (events, *ROW_TABLES.values(), label_classes, snapshot_items):
            query = sa.select(table)
            if until is not None and table is events:
                query = query.where(events.c.seq <= until)
            found[table.name] = sorted((tuple(row) for row in connection.execute(query)), key=repr)
    return found


def head_seq(ws: Workspace) -> int:
    with ws.database.reading() as connection:
        return ws.ledger.head(connection).seq


def live_blobs(ws: Workspace) -> set[str]:
    return {facts.content for facts in ws.blobs.all()}
