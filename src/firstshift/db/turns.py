"""One at a time: work on a database that would go wrong if two did it, whoever and wherever they are.

    with one_at_a_time(database, "gc"):
        …

The turn ends with the block, and when the process dies: the kernel drops a file's lock, PostgreSQL a session's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from firstshift.core.errors import Refused
from firstshift.db.engine import Database

try:
    import fcntl
except ImportError:  # pragma: no cover – Windows
    fcntl = None  # type: ignore[assignment]

WAIT_S = 5.0


@contextlib.contextmanager
def one_at_a_time(database: Database, what: str, wait_s: float | None = None) -> Iterator[None]:
    """Refused when somebody else is still at it after `wait_s` (usually 5)."""
    with contextlib.ExitStack() as stack:
        take = _file_turn(database, what, stack) if database.is_sqlite else _server_turn(database, what, stack)
        deadline = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
        while not take():
            if time.monotonic() > deadline:
                raise Refused(
                    f"another {what} is at work here", where=database.shown_url, way_out="wait until it is done"
                )
            time.sleep(0.05)
        yield


def _file_turn(database: Database, what: str, stack: contextlib.ExitStack) -> Callable[[], bool]:
    path = Path(str(database.url.database))
    handle = os.open(path.with_name(f"{path.name}.{what}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    stack.callback(os.close, handle)  # closing drops the lock

    def take() -> bool:
        if fcntl is None:  # pragma: no cover – Windows
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return take


def _server_turn(database: Database, what: str, stack: contextlib.ExitStack) -> Callable[[], bool]:
    connection = stack.enter_context(database.raw())
    connection = connection.execution_options(isolation_level="AUTOCOMMIT")
    number = int.from_bytes(hashlib.sha256(f"firstshift {what}".encode()).digest()[:8], "big", signed=True)

    def take() -> bool:
        return bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar())

    def give_back() -> None:
        # The connection goes back to the pool, so the lock has to be given back by name; if the server is gone, so is
        # the lock.
        with contextlib.suppress(exc.DBAPIError):
            connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))

    stack.callback(give_back)
    return take
