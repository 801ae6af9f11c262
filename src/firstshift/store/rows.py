"""A row and the event that names it, written together.

The event's body carries the table, the key and the hash of the row. `audit verify` walks both and finds a row that was
altered, removed or slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import BadInput
from firstshift.core.hashing import record_hash
from firstshift.ledger.ledger import Draft, Ledger
from firstshift.ledger.tags import Tag
from firstshift.store.tables import NOT_HASHED, ROW_TABLES, row_key

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NewRow:
    table: str
    values: dict[str, Any]
    tag: Tag
    actor: str
    told: dict[str, Any]
    """What a person reading the log wants to see beside the hash."""


def row_hash(table: str, values: dict[str, Any]) -> str:
    return record_hash({c.name: values[c.name] for c in ROW_TABLES[table].c if c.name not in NOT_HASHED})


def record(connection: sa.Connection, ledger: Ledger, rows: Sequence[NewRow]) -> list[int]:
    """Append one event per row and insert the rows, tables in the order of their first appearance."""
    for row in rows:
        _refuse_unstorable(row)
    drafts = [Draft(row.tag, row.actor, _body(row)) for row in rows]
    numbers = ledger.append(connection, drafts)
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row, number in zip(rows, numbers, strict=True):
        by_table.setdefault(row.table, []).append({**row.values, "event_seq": number})
    for table, values in by_table.items():
        connection.execute(sa.insert(ROW_TABLES[table]), values)
    return numbers


def _refuse_unstorable(row: NewRow) -> None:
    """PostgreSQL cannot hold them, so SQLite must not take them: a workspace has to be able to move."""
    for name, value in row.values.items():
        if isinstance(value, str) and _UNSTORABLE.search(value):
            raise BadInput(
                where=f"{row.table}.{name}", expected="text without NUL or half characters", found=repr(value)
            )


def _body(row: NewRow) -> dict[str, Any]:
    key = row.values[row_key(ROW_TABLES[row.table])]
    return {**row.told, "row": {"table": row.table, "key": key, "hash": row_hash(row.table, row.values)}}
