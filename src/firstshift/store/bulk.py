"""Many rows in one statement, on either database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]], is_sqlite: bool) -> None:
    """SQLite's driver loops in C. PostgreSQL's sends a statement per row and waits for each, so there all rows go as
    one parameter: no limit on their number, and one plan however many there are."""
    values = list(rows)
    if not values:
        return
    if is_sqlite:
        connection.execute(sa.insert(table), values)
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    statement = (
        f'INSERT INTO "{table.name}" ({columns}) '  # noqa: S608 – names from our own tables
        f'SELECT {columns} FROM json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json))'
    )
    connection.execute(sa.text(statement), {"rows": json.dumps(values, ensure_ascii=False, allow_nan=False)})
