"""How a database goes about a search: its own explanation, and whether it reads a table from end to end."""

from __future__ import annotations

import re

from firstshift.store.search import Query, search_statement
from firstshift.store.workspace import Workspace

# SQLite says `SCAN images` for reading all of a table and `SCAN images USING INDEX …` for walking an index in its
# order until the page is full; a sort is a `TEMP B-TREE`. PostgreSQL says `Seq Scan` and `Sort`.
_SQLITE_ASTRAY = re.compile(r"^SCAN \w+(?! USING)(\s|$)|TEMP B-TREE")
_POSTGRES_ASTRAY = re.compile(r"Seq Scan|Sort Key")


def plan_of(ws: Workspace, query: Query, *, run: bool = False) -> list[str]:
    """The lines of EXPLAIN; with `run`, PostgreSQL also says what it took."""
    words = (
        "EXPLAIN QUERY PLAN"
        if ws.database.is_sqlite
        else "EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF)"
        if run
        else "EXPLAIN"
    )
    statement = search_statement(query).compile(ws.database.engine, compile_kwargs={"literal_binds": True})
    with ws.database.reading() as connection:
        rows = connection.exec_driver_sql(f"{words} {statement}").all()
    return [str(row[-1]) for row in rows]


def is_by_index(plan: list[str]) -> bool:
    return not any(_SQLITE_ASTRAY.search(line) or _POSTGRES_ASTRAY.search(line) for line in plan)
