"""Labels as versions: who said what, with which authority, when and why. Nothing is overwritten (A9)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from firstshift.core.capture import from_us
from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.core.hashing import canonical_json
from firstshift.core.ids import LabelId, label_id
from firstshift.core.label import Label, Level
from firstshift.db.engine import Database
from firstshift.ledger.ledger import Ledger, now_us
from firstshift.ledger.tags import Tag
from firstshift.store.rows import NewRow, record
from firstshift.store.tables import images, label_classes, labels

MAX_LABEL_BYTES = 16_000_000
FROM_IMAGE = ("image_seq", "captured_at_us", "station")
"""What a label and its classes repeat of their image, so that a search by them need not look at each image."""
_TAGS = {
    Level.IMPORTED: Tag.LABEL_IMPORTED,
    Level.MODEL: Tag.LABEL_GENERATED,
    Level.SYNTHETIC: Tag.LABEL_GENERATED,
}


@dataclass(frozen=True, slots=True)
class NewLabel:
    label: Label
    author: str
    level: Level
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelRecord:
    id: LabelId
    image_id: str
    version: int
    label: Label
    author: str
    level: Level
    reason: str
    at: datetime
    event_seq: int

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "image": self.image_id,
            "version": self.version,
            "label": self.label.to_json(),
            "author": self.author,
            "level": self.level.value,
            "reason": self.reason,
            "at": self.at.isoformat(),
            "event": self.event_seq,
        }


class Labels:
    def __init__(self, database: Database, ledger: Ledger, actor: str) -> None:
        self._database, self._ledger, self._actor = database, ledger, actor

    def add(
        self,
        image: str,
        label: Label,
        *,
        level: Level = Level.ENGINEER,
        author: str | None = None,
        reason: str = "",
        replaces: int | None = None,
    ) -> LabelRecord:
        """A new version. `replaces` is the version the author was looking at (0 for none): when somebody else was
        quicker, this one is refused instead of burying theirs."""
        new = NewLabel(label, author or self._actor, level, reason)
        with self._database.writing() as connection:
            if connection.execute(sa.select(images.c.id).where(images.c.id == image)).first() is None:
                raise NotFound("no such image", where="labels", found=image)
            self._ledger.locked_head(connection)
            if replaces is not None:
                current = _newest_versions(connection, [image]).get(image, 0)
                if current != replaces:
                    raise Refused(
                        "somebody labelled this image meanwhile",
                        where=image,
                        expected=f"version {replaces}",
                        found=f"version {current}",
                        way_out="look at theirs, then label again",
                    )
            self.record_within(connection, [(image, new)], repeat=True)
        return self.current([image])[image]

    def add_batch(self, said: Sequence[tuple[str, NewLabel]]) -> int:
        """Labels of images that are here, in one transaction; how many were new (see `record_within`)."""
        if not said:
            return 0
        with self._database.writing() as connection:
            self._ledger.locked_head(connection)
            return len(self.record_within(connection, said))

    def record_within(
        self, connection: sa.Connection, said: Sequence[tuple[str, NewLabel]], *, repeat: bool = False
    ) -> list[str]:
        """Inside a transaction that holds the ledger's head: the images of the labels that were recorded. Unless
        `repeat`, a label that the same author gave at the same level before is not: importing twice labels once."""
        if not said:
            return []
        ids = sorted({image for image, _ in said})
        versions, facts = _newest_versions(connection, ids), _image_facts(connection, ids)
        known = set() if repeat else _said_before(connection, ids)
        rows: list[NewRow] = []
        labelled: list[str] = []
        for image, new in said:
            if image not in facts:
                raise NotFound("no such image", where="labels", found=image)
            body = label_body(new.label)
            fingerprint = (image, body, new.author, new.level.value)
            if fingerprint in known:
                continue
            if not repeat:
                known.add(fingerprint)
            versions[image] = versions.get(image, 0) + 1
            rows.append(_new_row(image, facts[image], versions[image], body, new))
            labelled.append(image)
        if rows:
            record(connection, self._ledger, rows)
            _record_classes(connection, rows)
        return labelled

    def current(self, images_wanted: Iterable[str]) -> dict[str, LabelRecord]:
        """The newest version for each image that has one."""
        with self._database.reading() as connection:
            return current_labels(connection, images_wanted)

    def history(self, image: str) -> list[LabelRecord]:
        """All versions, oldest first."""
        query = sa.select(labels).where(labels.c.image_id == image).order_by(labels.c.version)
        with self._database.reading() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def histories(self, images_wanted: Iterable[str]) -> dict[str, list[LabelRecord]]:
        """All versions of many images, oldest first."""
        found: dict[str, list[LabelRecord]] = {}
        with self._database.reading() as connection:
            for chunk in _chunks(sorted(set(images_wanted))):
                query = sa.select(labels).where(labels.c.image_id.in_(chunk)).order_by(labels.c.version)
                for row in connection.execute(query):
                    found.setdefault(row.image_id, []).append(_record_of(row))
        return found

    def get(self, label: str) -> LabelRecord:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(labels).where(labels.c.id == label)).first()
        if row is None:
            raise NotFound("no such label", where="labels", found=label)
        return _record_of(row)

    def by_id(self, ids: Iterable[str]) -> dict[str, LabelRecord]:
        found: dict[str, LabelRecord] = {}
        with self._database.reading() as connection:
            for chunk in _chunks(sorted(set(ids))):
                for row in connection.execute(sa.select(labels).where(labels.c.id.in_(chunk))):
                    found[row.id] = _record_of(row)
        return found


def current_labels(connection: sa.Connection, images_wanted: Iterable[str]) -> dict[str, LabelRecord]:
    found: dict[str, LabelRecord] = {}
    for chunk in _chunks(sorted(set(images_wanted))):
        query = sa.select(labels).where(labels.c.image_id.in_(chunk)).order_by(labels.c.version)
        for row in connection.execute(query):
            found[row.image_id] = _record_of(row)
    return found


def classes_in(body: str) -> tuple[str, ...]:
    return Label.from_json(json.loads(body)).classes


def label_body(label: Label) -> str:
    """A label as it is stored; refuses one that cannot be."""
    try:
        body = canonical_json(label.to_json())
    except (TypeError, ValueError) as error:
        raise BadInput(where="label", expected="JSON values only", found=error) from error
    if len(body) > MAX_LABEL_BYTES:
        raise BadInput(where="label", expected=f"at most {MAX_LABEL_BYTES} characters", found=len(body))
    return body


def _new_row(image: str, facts: dict[str, Any], version: int, body: str, new: NewLabel) -> NewRow:
    values: dict[str, Any] = {
        "image_id": image,
        **facts,
        "version": version,
        "verdict": new.label.verdict.value,
        "body": body,
        "author": new.author,
        "level": new.level.value,
        "reason": new.reason,
        "at_us": now_us(),
    }
    values["id"] = label_id(values)
    told = {"image": image, "verdict": values["verdict"], "version": version}
    if new.label.classes:
        told["classes"] = list(new.label.classes)[:20]
    if new.reason:
        told["reason"] = new.reason
    return NewRow("labels", values, _TAGS.get(new.level, Tag.LABEL_RECORDED), new.author, told)


def _record_classes(connection: sa.Connection, rows: Sequence[NewRow]) -> None:
    values = [
        {"label_id": row.values["id"], "class_name": name, **{fact: row.values[fact] for fact in FROM_IMAGE}}
        for row in rows
        for name in classes_in(row.values["body"])
    ]
    if values:
        connection.execute(sa.insert(label_classes), values)


def _newest_versions(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    query = (
        sa.select(labels.c.image_id, sa.func.max(labels.c.version))
        .where(labels.c.image_id.in_(ids))
        .group_by(labels.c.image_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _image_facts(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(_FACTS_OF.where(images.c.id.in_(ids))).all()
    return {row.id: {name: getattr(row, name) for name in FROM_IMAGE} for row in rows}


_FACTS_OF = sa.select(images.c.id, images.c.event_seq.label("image_seq"), images.c.captured_at_us, images.c.station)


def _said_before(connection: sa.Connection, ids: Sequence[str]) -> set[tuple[str, str, str, str]]:
    columns = (labels.c.image_id, labels.c.body, labels.c.author, labels.c.level)
    rows = connection.execute(sa.select(*columns).where(labels.c.image_id.in_(ids)))
    return {(row.image_id, row.body, row.author, row.level) for row in rows}


def _record_of(row: sa.Row[Any]) -> LabelRecord:
    return LabelRecord(
        id=LabelId(row.id),
        image_id=row.image_id,
        version=row.version,
        label=Label.from_json(json.loads(row.body)),
        author=row.author,
        level=Level(row.level),
        reason=row.reason,
        at=from_us(row.at_us),
        event_seq=row.event_seq,
    )


def _chunks(ids: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (ids[i : i + size] for i in range(0, len(ids), size))
