"""pg8000 with one round trip where it makes three, and rows of a batch sent together.

pg8000 waits for the server after parsing, after describing and after executing a statement, scans its text in Python
for placeholders, and inserts the rows of a batch one by one. None of it is needed: the messages of the extended query
protocol can be sent in one go (PostgreSQL documentation, "Pipelining"), SQLAlchemy writes `$1` by itself, and one
parsed statement can be bound as often as there are rows. Every statement is still planned for its own values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from pg8000 import legacy
from pg8000.core import NULL_BYTE, SYNC_MSG, Context, DatabaseError, InterfaceError, _flush, _write, make_params

PARAMETER_STYLE = "numeric_dollar"
_ROWS_TOGETHER = 200
"""The server answers each row with some 30 bytes, which wait in the sockets until we read: 200 rows always fit."""


class PipeliningConnection(legacy.Connection):  # type: ignore[misc]  # pg8000 has no types
    def __init__(self, *args: Any, **settings: Any) -> None:
        with _as_network_error():
            super().__init__(*args, **settings)

    def cursor(self) -> PipeliningCursor:
        return PipeliningCursor(self)

    def handle_messages(self, context: Context) -> None:
        with _as_network_error():
            super().handle_messages(context)

    def close(self) -> None:
        with contextlib.suppress(InterfaceError, OSError):  # of a connection that was cut, nothing is left to close
            super().close()

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, wanted: bool) -> None:
        """SQLAlchemy's ping leaves an empty transaction behind, and what follows would stay in it."""
        if wanted and self._in_transaction:
            self.rollback()
        self._autocommit = wanted

    def commit(self) -> None:
        self.execute_simple("commit")

    def rollback(self) -> None:
        if self._in_transaction:
            with contextlib.suppress(InterfaceError):  # the server rolls back what a cut connection had begun
                self.execute_simple("rollback")

    def execute_rows(self, statement: str, rows: Sequence[Sequence[Any]]) -> Context:
        """Parse once, bind and execute for each row; the first row that is refused ends it."""
        if self._sock is None:
            raise InterfaceError("connection is closed")
        context = Context(statement)
        bound = [make_params(self.py_types, row) for row in rows]  # what cannot be sent fails before anything is
        self.send_PARSE(NULL_BYTE, statement)
        self.send_DESCRIBE_STATEMENT(NULL_BYTE)
        for first in range(0, len(bound), _ROWS_TOGETHER):
            for row in bound[first : first + _ROWS_TOGETHER]:
                self.send_BIND(NULL_BYTE, row)
                self.send_EXECUTE()
            _write(self._sock, SYNC_MSG)
            _flush(self._sock)
            self.handle_messages(context)
        return context


class PipeliningCursor(legacy.Cursor):  # type: ignore[misc]
    def execute(self, operation: str, args: Sequence[Any] = (), stream: Any = None) -> PipeliningCursor:
        if stream is not None or not args:
            super().execute(operation, args, stream)
            return self
        return self._execute_rows(operation, [args])

    def executemany(self, operation: str, param_sets: Sequence[Sequence[Any]]) -> PipeliningCursor:
        return self._execute_rows(operation, param_sets) if param_sets else self

    def _execute_rows(self, operation: str, rows: Sequence[Sequence[Any]]) -> PipeliningCursor:
        connection = self._c
        if connection is None:
            raise InterfaceError("Cursor closed")
        try:
            if not connection._in_transaction and not connection.autocommit:
                connection.execute_simple("begin transaction")
            self._context = connection.execute_rows(operation, rows)
        except DatabaseError as error:
            raise _sorted(error) from error
        self._row_iter = iter(self._context.rows or [])
        return self


@contextlib.contextmanager
def _as_network_error() -> Iterator[None]:
    """pg8000 lets some of the socket's own errors through, which are no DB-API errors."""
    try:
        yield
    except OSError as error:
        raise InterfaceError(f"network error: {error.strerror or error}") from error


def _sorted(error: DatabaseError) -> DatabaseError:
    """The exception class that a DB-API driver owes its caller, by SQL state."""
    fields = error.args[0]
    state = str(fields.get("C", "")) if isinstance(fields, dict) else ""
    kind = legacy.IntegrityError if state.startswith("23") else legacy.ProgrammingError
    return kind(fields)
