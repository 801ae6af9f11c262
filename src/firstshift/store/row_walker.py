"""One table's rows in the order of the events, held against the events that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from firstshift.ledger.chain import Event
from firstshift.ledger.verify import Problem
from firstshift.store.rows import row_hash
from firstshift.store.tables import ROW_TABLES, row_key

_BATCH = 2_000


class RowWalker:
    """Walks one table in the order of the events, in step with the ledger."""

    def __init__(self, connection: sa.Connection, table: str) -> None:
        self._connection, self._name, self._table = connection, table, ROW_TABLES[table]
        self._strays: list[dict[str, Any]] = []
        self._rows = self._walk()
        self._next: dict[str, Any] | None = next(self._rows, None)
        self.seen = 0

    def match(self, event: Event, named: dict[str, Any]) -> Problem | None:
        """The row that `event` names, or what is wrong with it. Rows passed on the way have no event."""
        key = str(named.get("key"))
        what = f"{_singular(self._name)} {key}"
        while self._next is not None and self._next["event_seq"] < event.seq:
            self._strays.append(self._next)
            self._next = next(self._rows, None)
        if self._next is None or self._next["event_seq"] != event.seq:
            return Problem(what, f"event {event.seq} recorded it and it is not there", event.seq)
        row, self._next = self._next, next(self._rows, None)
        self.seen += 1
        if row[row_key(self._table)] != key:
            return Problem(
                what, f"event {event.seq} recorded it; the row there is {row[row_key(self._table)]}", event.seq
            )
        if _hash_of(self._name, row) != named.get("hash"):
            return Problem(what, f"was altered since event {event.seq} recorded it", event.seq)
        return None

    def left_over(self) -> Iterator[Problem]:
        if self._next is not None:
            self._strays.append(self._next)
            self._strays.extend(self._rows)
        for row in self._strays:
            what = f"{_singular(self._name)} {row[row_key(self._table)]}"
            claimed = row["event_seq"]
            seq = claimed if isinstance(claimed, int) else None
            yield Problem(what, f"no event recorded it (it claims event {claimed})", seq)

    def _walk(self) -> Iterator[dict[str, Any]]:
        number = self._table.c.event_seq
        query = sa.select(self._table).order_by(number).limit(_BATCH)
        after: Any = None
        while True:
            rows = self._connection.execute(query if after is None else query.where(number > after)).all()
            for row in rows:
                if isinstance(row.event_seq, int):
                    yield dict(row._mapping)
                else:  # SQLite keeps any type in any column
                    self._strays.append(dict(row._mapping))
            if len(rows) < _BATCH:
                return
            after = rows[-1].event_seq


def _hash_of(table: str, row: dict[str, Any]) -> str | None:
    """None for a row that nobody could have recorded: bytes where text belongs, a number that is none."""
    try:
        return row_hash(table, row)
    except (TypeError, ValueError):
        return None


def _singular(table: str) -> str:
    return {
        "images": "image", "labels": "label", "snapshots": "snapshot", "golden_marks": "golden mark",
        "kept_files": "kept file",
    }.get(table, "retirement")  # fmt: skip
