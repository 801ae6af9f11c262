"""Retention: the plan's rules say how long pixels are kept. The record, its labels and its events stay for ever.

    report = plan_retention(ws, plan.policy.retention, now)      # what would go, by which rule, and what stays and why
    apply_retention(ws, plan.policy.retention, now)

An image goes when the first rule that fits it says that it is old enough, counted from the day it was recorded here
(an old set imported today is not gone tomorrow). Three kinds never go, whatever the plan says: golden images, members
of any snapshot, and images that a person labelled. `keep_forever` adds routes to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from firstshift.core.capture import Route, from_us, to_us
from firstshift.core.label import Level
from firstshift.core.progress import Progress, Silent
from firstshift.db.turns import one_at_a_time
from firstshift.ledger.tags import Tag
from firstshift.spec.policy import Retention, RetentionRule
from firstshift.store.references import is_live, live_images, needed_among
from firstshift.store.rows import NewRow, record
from firstshift.store.tables import images, labels, snapshot_items
from firstshift.store.workspace import Workspace

EXAMPLES = 5
DAY_US = 86_400_000_000
_BATCH = 500
_SAID = {"pass": "passed", "review": "reviewed", "reject": "rejected", "unknown": "unknown"}
_HUMAN = [level.value for level in (Level.OPERATOR, Level.ENGINEER, Level.SENIOR, Level.EXTERNAL)]


@dataclass(slots=True)
class Going:
    """What one rule removes."""

    rule: str
    images: int = 0
    bytes: int = 0
    """Summed over the images; where several share their pixels, less is freed."""
    oldest: datetime | None = None
    newest: datetime | None = None
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "images": self.images,
            "bytes": self.bytes,
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "newest": self.newest.isoformat() if self.newest else None,
            "examples": list(self.examples),
        }


@dataclass(slots=True)
class Staying:
    reason: str
    images: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        return {"reason": self.reason, "images": self.images, "bytes": self.bytes}


@dataclass(slots=True)
class RetentionReport:
    now: datetime
    dry: bool
    going: list[Going] = field(default_factory=list)
    """One for each rule of the plan, in its order."""
    staying: list[Staying] = field(default_factory=list)
    freed_blobs: int = 0
    freed_bytes: int = 0
    """Set aside by this run; `gc` removes them after its grace period."""

    @property
    def images_going(self) -> int:
        return sum(going.images for going in self.going)

    @property
    def bytes_going(self) -> int:
        return sum(going.bytes for going in self.going)

    def to_json(self) -> dict[str, Any]:
        return {
            "now": self.now.isoformat(),
            "dry": self.dry,
            "going": [going.to_json() for going in self.going],
            "staying": [staying.to_json() for staying in self.staying],
            "freed_blobs": self.freed_blobs,
            "freed_bytes": self.freed_bytes,
        }


def plan_retention(ws: Workspace, retention: Retention, now: datetime) -> RetentionReport:
    """What would go and what stays. Changes nothing."""
    report = RetentionReport(now, dry=True, going=[Going(rule_name(rule)) for rule in retention.rules])
    decided = _decided(retention, to_us(now))
    summary = sa.select(
        decided.c.rule,
        decided.c.stays,
        sa.func.count(),
        sa.func.sum(decided.c.size),
        sa.func.min(decided.c.added_at_us),
        sa.func.max(decided.c.added_at_us),
    ).group_by(decided.c.rule, decided.c.stays)
    with ws.database.reading() as connection:
        stays: dict[str, Staying] = {}
        for rule, reason, count, size, oldest_us, newest_us in connection.execute(summary):
            if reason is None:
                going = report.going[rule]
                going.images, going.bytes = int(count), int(size)
                going.oldest, going.newest = from_us(oldest_us), from_us(newest_us)
                examples = _going_statement(decided).where(decided.c.rule == rule).limit(EXAMPLES)
                going.examples = tuple(row.id for row in connection.execute(examples))
            else:
                kept = stays.setdefault(reason, Staying(reason, 0, 0))
                kept.images, kept.bytes = kept.images + int(count), kept.bytes + int(size)
    report.staying = sorted(stays.values(), key=lambda kept: (-kept.images, kept.reason))
    return report


def apply_retention(
    ws: Workspace, retention: Retention, now: datetime, *, progress: Progress | None = None
) -> RetentionReport:
    """Retire what is due. Each batch is looked at again while nobody else can write, so a label or a snapshot that
    came in a moment ago still counts. Cut off, the next run goes on; pixels that were not set aside yet, `gc` finds."""
    shown = progress or Silent()
    report = plan_retention(ws, retention, now)
    due = report.images_going
    report.dry, report.going = False, [Going(rule_name(rule)) for rule in retention.rules]
    shown.start("retiring images", due)
    with one_at_a_time(ws.database, "gc"):
        decided = _decided(retention, to_us(now))
        for due_ids in _due(ws, decided):
            rows = _retire(ws, decided, due_ids, report, to_us(now))
            _bury_unneeded(ws, {row.content: row.size for row in rows}, report)
            shown.advance(len(due_ids))
    shown.finish()
    return report


def rule_name(rule: RetentionRule) -> str:
    """As an auditor reads it: `passed real images after 90 days`."""
    words = [word for word in (_SAID[rule.route] if rule.route else None, rule.origin) if word is not None]
    return f"{' '.join([*words, 'images'])} after {rule.keep_days} days"


def _due(ws: Workspace, decided: sa.Subquery) -> Iterator[list[str]]:
    """A batch at a time, found without holding anybody up."""
    after = 0
    while True:
        query = _going_statement(decided).where(decided.c.event_seq > after).limit(_BATCH)
        with ws.database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        after = rows[-1].event_seq
        yield [row.id for row in rows]


def _retire(
    ws: Workspace, decided: sa.Subquery, ids: list[str], report: RetentionReport, now_us: int
) -> list[sa.Row[Any]]:
    with ws.database.writing() as connection:
        ws.ledger.locked_head(connection)
        rows = list(connection.execute(_going_statement(decided).where(decided.c.id.in_(ids))).all())
        new = [_retirement(row, report.going[row.rule].rule, ws.actor, now_us) for row in rows]
        if new:
            record(connection, ws.ledger, new)
    for row in rows:
        going = report.going[row.rule]
        going.images, going.bytes = going.images + 1, going.bytes + row.size
        added = from_us(row.added_at_us)
        going.oldest = min(added, going.oldest or added)
        going.newest = max(added, going.newest or added)
        if len(going.examples) < EXAMPLES:
            going.examples = (*going.examples, row.id)
    return rows


def _retirement(row: sa.Row[Any], rule: str, actor: str, now_us: int) -> NewRow:
    values = {"image_id": row.id, "rule": rule, "at_us": now_us}
    return NewRow("retirements", values, Tag.IMAGE_RETIRED, actor, {"content": row.content, "rule": rule})


def _bury_unneeded(ws: Workspace, sizes: dict[str, int], report: RetentionReport) -> None:
    with ws.database.reading() as connection:
        needed = needed_among(connection, sorted(sizes))
    for content in sorted(sizes.keys() - needed):
        ws.blobs.bury(content)
        report.freed_blobs += 1
        report.freed_bytes += sizes[content]


def _going_statement(decided: sa.Subquery) -> sa.Select[Any]:
    return sa.select(decided).where(decided.c.stays.is_(None)).order_by(decided.c.event_seq)


def _decided(retention: Retention, now_us: int) -> sa.Subquery:
    """Every image that still has its pixels, the rule that fits it, and why it stays (NULL: it goes). One statement:
    the database decides a million images without any of them leaving it."""
    fits = [(_fits(rule), index) for index, rule in enumerate(retention.rules)]
    rule = sa.case(*fits, else_=None) if fits else sa.null()
    young = [(_fits(r), images.c.added_at_us > now_us - r.keep_days * DAY_US) for r in retention.rules]
    reasons: list[tuple[sa.ColumnElement[bool], str]] = []
    if young:
        nothing_fits = ~sa.or_(*(condition for condition, _ in fits))
        reasons += [(nothing_fits, "no rule fits"), (sa.case(*young, else_=sa.false()), "not old enough")]
    reasons += [
        (images.c.golden, "golden"),
        *((_took(route), f"route {route}") for route in Route if route in retention.keep_forever),
        (sa.exists().where(snapshot_items.c.image_id == images.c.id), "in a snapshot"),
        (sa.exists().where(labels.c.image_id == images.c.id, labels.c.level.in_(_HUMAN)), "labelled by a person"),
    ]
    stays = sa.case(*reasons, else_=None) if young else sa.literal("no rule fits")
    return (
        sa.select(
            images.c.id,
            images.c.event_seq,
            images.c.content,
            images.c.size,
            images.c.added_at_us,
            rule.label("rule"),
            stays.label("stays"),
        )
        .select_from(live_images)
        .where(is_live)
        .subquery()
    )


def _fits(rule: RetentionRule) -> sa.ColumnElement[bool]:
    conditions: list[sa.ColumnElement[bool]] = []
    if rule.route is not None:
        conditions.append(_took(rule.route))
    if rule.origin is not None:
        conditions.append(images.c.origin == rule.origin)
    return sa.and_(sa.true(), *conditions)


def _took(route: str) -> sa.ColumnElement[bool]:
    # An image without a route took none: NULL must not make the whole condition unknown.
    return sa.and_(images.c.route.is_not(None), images.c.route == str(route))
