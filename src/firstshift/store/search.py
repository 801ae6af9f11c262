"""What to look for among the images, and the one statement that finds a page of it by index.

Pages are cut by key, not by offset: page 10,000 costs what page 1 costs. Newest recorded first; when a time range is
asked for, newest captured first, so that the range is walked and not sorted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from firstshift.core.capture import to_us
from firstshift.core.errors import BadInput
from firstshift.core.label import CLASS_NAME, Verdict
from firstshift.store.tables import images, label_classes, labels, retirements

Item = TypeVar("Item")
MAX_LIMIT = 10_000
_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: tuple[Item, ...]
    next: str | None
    """Hand this back as `Query.cursor` for the following page; None on the last."""


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold. Times are [since, until)."""

    serial: str | None = None
    lot: str | None = None
    station: str | None = None
    camera: str | None = None
    origin: str | None = None
    source: str | None = None
    model_version: str | None = None
    prediction: str | None = None
    route: str | None = None
    shot: str | None = None
    golden: bool | None = None
    labelled: bool | None = None
    verdict: str | None = None
    class_name: str | None = None
    content: str | None = None
    retired: bool | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise BadInput(where="search limit", expected=f"1–{MAX_LIMIT}", found=self.limit)
        if self.verdict is not None and self.verdict not in set(Verdict):
            raise BadInput(where="search verdict", expected=", ".join(Verdict), found=self.verdict)
        if self.class_name is not None and not CLASS_NAME.fullmatch(self.class_name):
            raise BadInput(where="search class", expected="a class name", found=repr(self.class_name))
        if self.cursor is not None:
            _parsed_cursor(self.cursor)

    @property
    def by_capture_time(self) -> bool:
        return self.since is not None or self.until is not None

    def after(self, cursor: str) -> Query:
        return replace(self, cursor=cursor)

    def cursor_after(self, row: sa.Row[Any]) -> str:
        return f"{row.captured_at_us}.{row.event_seq}" if self.by_capture_time else str(row.event_seq)


_EQUAL = (
    "serial",
    "lot",
    "station",
    "camera",
    "origin",
    "source",
    "model_version",
    "prediction",
    "route",
    "shot",
    "golden",
    "content",
)


def search_statement(query: Query, *, counting: bool = False) -> sa.Select[Any]:
    walk = _walk(query)
    conditions = [*walk.conditions, *_ranges(query, walk)]
    for name in _EQUAL:
        if getattr(query, name) is not None:
            column = walk.station if name == "station" else images.c[name]
            conditions.append(column == getattr(query, name))
    if query.retired is not None:
        gone = sa.exists().where(retirements.c.image_id == images.c.id)
        conditions.append(gone if query.retired else ~gone)
    if query.labelled is not None:
        said = labels.alias("said")  # of its own name: a search for a verdict has `labels` outside too
        any_label = sa.exists().where(said.c.image_id == images.c.id)
        conditions.append(any_label if query.labelled else ~any_label)
    if counting:
        return sa.select(sa.func.count()).select_from(walk.source).where(*conditions)
    order: list[sa.ColumnElement[Any]] = [walk.captured_at_us, walk.seq] if query.by_capture_time else [walk.seq]
    if query.cursor is not None:
        conditions.append(_beyond(order, _parsed_cursor(query.cursor)))
    newest_first = [column.desc() for column in order]
    return sa.select(images).select_from(walk.source).where(*conditions).order_by(*newest_first).limit(query.limit + 1)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where the search starts, and that table's columns for what an index there puts in order."""

    source: sa.FromClause
    seq: sa.ColumnElement[int]
    captured_at_us: sa.ColumnElement[int | None]
    station: sa.ColumnElement[str | None]
    conditions: tuple[sa.ColumnElement[bool], ...] = ()


def _walk(query: Query) -> _Walk:
    """For a class or a verdict it starts at the label's own index, so that a rare class among a million images, also
    within a time or at a station, is found at once."""
    if query.class_name is None and query.verdict is None:
        return _Walk(images, images.c.event_seq, images.c.captured_at_us, images.c.station)
    newer = labels.alias("newer")
    is_newest = ~sa.exists().where(newer.c.image_id == labels.c.image_id, newer.c.version > labels.c.version)
    conditions: list[sa.ColumnElement[bool]] = [is_newest]
    if query.verdict is not None:
        conditions.append(labels.c.verdict == query.verdict)
    source, first = images.join(labels, labels.c.image_id == images.c.id), labels
    if query.class_name is not None:
        conditions.append(label_classes.c.class_name == query.class_name)
        source, first = source.join(label_classes, label_classes.c.label_id == labels.c.id), label_classes
    return _Walk(source, first.c.image_seq, first.c.captured_at_us, first.c.station, tuple(conditions))


def _ranges(query: Query, walk: _Walk) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.since is not None:
        conditions.append(walk.captured_at_us >= to_us(query.since))
    if query.until is not None:
        conditions.append(walk.captured_at_us < to_us(query.until))
    if query.min_confidence is not None:
        conditions.append(images.c.confidence >= query.min_confidence)
    if query.max_confidence is not None:
        conditions.append(images.c.confidence <= query.max_confidence)
    return conditions


def _beyond(order: Sequence[sa.ColumnElement[Any]], cursor: tuple[int, ...]) -> sa.ColumnElement[bool]:
    if len(cursor) != len(order):
        raise BadInput(
            where="search cursor", expected="the `next` of the page before, for the same query", found=cursor
        )
    if len(order) == 1:
        return order[0] < cursor[0]
    return sa.tuple_(*order) < sa.tuple_(*map(sa.literal, cursor))


def _parsed_cursor(cursor: str) -> tuple[int, ...]:
    parts = cursor.split(".")
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise BadInput(where="search cursor", expected="the `next` of the page before", found=cursor)
    return tuple(int(part) for part in parts)
