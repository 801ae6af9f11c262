"""The golden flag (V2): images that judge models and therefore never train one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.core.hashing import record_hash
from firstshift.ledger.tags import Tag
from firstshift.store.rows import NewRow
from firstshift.store.tables import images, snapshot_items

_CHUNK = 500


def golden_rows(
    connection: sa.Connection, ids: Sequence[str], golden: bool, author: str, reason: str, at_us: int
) -> list[NewRow]:
    """The marks to record for those of `ids` whose flag changes; refuses before anything is written."""
    if not reason.strip():
        raise BadInput(where="golden set", expected="a reason: an auditor will ask", found="none")
    found = connection.execute(
        sa.select(images.c.id, images.c.golden, images.c.origin).where(images.c.id.in_(ids))
    ).all()
    if missing := sorted(set(ids) - {row.id for row in found}):
        raise NotFound("no such image", where="golden set", found=missing[0])
    if golden:
        _refuse_unfit(connection, found)
    return [
        _mark(row.id, golden, author, reason, at_us)
        for row in sorted(found, key=lambda r: r.id)
        if row.golden != golden
    ]


def _refuse_unfit(connection: sa.Connection, found: Sequence[Any]) -> None:
    for row in found:
        if row.origin != "real":
            raise Refused("only real photographs judge a model", where=row.id, expected="origin real", found=row.origin)
    # The same picture may be here under another capture: what counts is whether its pixels train.
    contents = sa.select(images.c.content).where(images.c.id.in_([row.id for row in found]))
    query = (
        sa.select(snapshot_items.c.image_id, snapshot_items.c.snapshot_id)
        .join(images, images.c.id == snapshot_items.c.image_id)
        .where(snapshot_items.c.purpose == "train", images.c.content.in_(contents))
        .limit(1)
    )
    trained = connection.execute(query).first()
    if trained is not None:
        raise Refused(
            "an image that trains a model cannot judge one",
            where=trained.image_id,
            found=f"it is in the training snapshot {trained.snapshot_id}",
            way_out="choose golden images before the first snapshot, or others now",
        )
    _refuse_parents(connection, {row.id for row in found})


def _refuse_parents(connection: sa.Connection, ids: set[str]) -> None:
    for child, parents in made_in_training(connection):
        if trained_on := sorted(ids.intersection(parents)):
            raise Refused(
                "an image that trains a model cannot judge one",
                where=trained_on[0],
                found=f"{child}, made from it, is in a training snapshot",
                way_out="choose golden images before the first snapshot, or others now",
            )


def made_in_training(connection: sa.Connection, snapshot: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """The images of a training snapshot (or of all of them) that were made from others, with these."""
    query = (
        sa.select(images.c.id, images.c.provenance)
        .join(snapshot_items, snapshot_items.c.image_id == images.c.id)
        .where(snapshot_items.c.purpose == "train", images.c.origin != "real")
    )
    if snapshot is not None:
        query = query.where(snapshot_items.c.snapshot_id == snapshot)
    for row in connection.execute(query):
        told = json.loads(row.provenance).get("parents")
        if isinstance(told, list) and told:
            yield row.id, [str(parent) for parent in told]


def refuse_made_from_golden(connection: sa.Connection, snapshot: str) -> None:
    """Training on what was made from a judge is training on the judge."""
    made = list(made_in_training(connection, snapshot))
    parents = sorted({parent for _, told in made for parent in told})
    golden: set[str] = set()
    for start in range(0, len(parents), _CHUNK):
        query = sa.select(images.c.id).where(images.c.id.in_(parents[start : start + _CHUNK]), images.c.golden)
        golden.update(connection.execute(query).scalars())
    for child, told in made:
        if judges := sorted(golden.intersection(told)):
            raise Refused(
                "what was made from a golden image never trains",
                where=child,
                found=f"made from {judges[0]}",
                way_out="leave it out of the snapshot",
            )


def _mark(image: str, golden: bool, author: str, reason: str, at_us: int) -> NewRow:
    values = {"image_id": image, "golden": golden, "author": author, "reason": reason, "at_us": at_us}
    values["id"] = "gld_" + record_hash(values)[:32]
    tag = Tag.IMAGE_GOLDEN_SET if golden else Tag.IMAGE_GOLDEN_WITHDRAWN
    return NewRow("golden_marks", values, tag, author, {"image": image, "reason": reason})
