"""One database, SQLite or PostgreSQL, and the two ways to use it: `reading()` and `writing()`.

`writing()` is acknowledged durability: when the block ends without an error, the rows are on the disk (SQLite: WAL
with `synchronous=FULL`; PostgreSQL: its default `synchronous_commit=on`). Whatever goes wrong inside leaves nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from firstshift.core.errors import BadInput, Refused, Unavailable
from firstshift.db.writer_lock import WriterLock

BUSY_TIMEOUT_MS = 60_000
FULL_BELOW_BYTES = 1_000_000
"""SQLite's log and its index take this much at once."""
PASSWORD_VARIABLE = "FIRSTSHIFT_DATABASE_PASSWORD"  # noqa: S105 – the name of a variable, not a password


class Database:
    """Knows the two dialects' differences so that no one above has to."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url = _parsed(url, folder)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(str(self.url.database))
            self.is_read_only = is_read_only(path)
            self._writer_lock: WriterLock | None = WriterLock(path.with_name(path.name + ".writer"))
            self.engine = _still_sqlite_engine(path) if self.is_read_only else _sqlite_engine(self.url)
        else:
            self.is_read_only = False
            self._writer_lock = None
            self.engine = _postgres_engine(self.url)

    @property
    def shown_url(self) -> str:
        """Without the password: fit for a log or an error."""
        name = self.url.database
        if name is None or not self.is_sqlite:
            return self.url.render_as_string(hide_password=True)
        # The bytes of a path need not be UTF-8, nor what Python takes them for under another locale.
        shown = os.fsencode(name).decode("utf-8", "replace")
        return self.url.set(database=shown).render_as_string(hide_password=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view of the database for the length of the block."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """All of the block or nothing. On SQLite writers queue here; on PostgreSQL they queue at the ledger's head."""
        if self.is_read_only:
            raise Refused("this workspace can only be read here", where=self.shown_url, found="no right to write")
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._translated())
            if self._writer_lock is not None:
                stack.enter_context(self._writer_lock)
            connection = stack.enter_context(self.engine.connect())
            if self.is_sqlite:
                connection = connection.execution_options(firstshift_begin="IMMEDIATE")
            stack.enter_context(connection.begin())
            yield connection

    @contextlib.contextmanager
    def raw(self) -> Iterator[sa.Connection]:
        """For migrations: a connection without a transaction of ours around it."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLAlchemy's errors in the product's words. Nothing of a failed block is kept, so trying again is safe."""
        try:
            yield
        except exc.DBAPIError as error:
            if _breaks_a_rule(error):
                raise Refused(
                    "the database's own rules refused this", where=self.shown_url, found=_first_line(error)
                ) from error
            if self.is_sqlite and (trouble := _file_trouble(Path(str(self.url.database)), _first_line(error))):
                raise trouble from error
            raise Unavailable(
                "the database did not do what was asked",
                where=self.shown_url,
                found=_first_line(error),
                way_out="nothing of this step was kept; check the disk and the server, then try again",
            ) from error
        except UnicodeEncodeError as error:
            found = repr(error.object)[:80]
            raise BadInput(where="search or record", expected="text without half characters", found=found) from error
        except OverflowError as error:
            raise BadInput(where="search or record", expected="numbers below 2⁶³", found=error) from error
        except exc.TimeoutError as error:
            raise Unavailable("no database connection became free", where=self.shown_url) from error


def without_password(url: str) -> str:
    """What may be written into a file: the password comes from the environment instead."""
    parsed = sa.make_url(url)
    return url if parsed.password is None else parsed._replace(password=None).render_as_string()


def _parsed(url: str, folder: Path | None) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise BadInput(
            where="database url",
            expected="sqlite:///file.db or postgresql://user@host/name",
            found=url.split("@")[-1],
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        name = parsed.database
        if not name or name == ":memory:":
            raise BadInput(where="database url", expected="a file", found=url, way_out="use sqlite:///firstshift.db")
        path = Path(name) if Path(name).is_absolute() else (folder or Path()) / name
        return sa.URL.create("sqlite", database=str(path.absolute()))
    if backend == "postgresql":
        if "password" in parsed.query or "@" in (parsed.host or ""):
            raise BadInput(
                where="database url",
                expected="the password before the host, if at all, with %40 for an @",
                found="a setting named password" if "password" in parsed.query else "two @",
                way_out=f"better set {PASSWORD_VARIABLE} in the environment",
            )
        parsed = parsed.set(drivername="postgresql+pg8000")
        if parsed.password is None and os.environ.get(PASSWORD_VARIABLE):
            parsed = parsed.set(password=os.environ[PASSWORD_VARIABLE])
        return parsed
    raise BadInput(where="database url", expected="sqlite or postgresql", found=backend)


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        pool_size=8,
        max_overflow=24,
    )

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say: the driver's own is too late and too weak
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        kind = connection.get_execution_options().get("firstshift_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def is_read_only(path: Path) -> bool:
    """A mounted backup, an auditor's copy: the file is there, and neither it nor its folder can be written."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _still_sqlite_engine(path: Path) -> sa.Engine:
    """SQLite wants to write even to read a WAL database, unless it is told that nobody changes the file."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise Unavailable(
            "the database was not closed and cannot be written here",
            where=path,
            found=f"{log.name} beside it",
            way_out="copy the folder to where you may write, and open the copy",
        )
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.QueuePool)


def _postgres_engine(url: sa.URL) -> sa.Engine:
    from firstshift.db.postgres_driver import PARAMETER_STYLE, PipeliningConnection

    # pool_pre_ping: a connection that the server closed overnight is replaced, not handed to the caller.
    engine = sa.create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        paramstyle=PARAMETER_STYLE,
        connect_args={"timeout": 60, "application_name": "firstshift"},
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: list[Any], settings: dict[str, Any]) -> PipeliningConnection:
        return PipeliningConnection(*args, **settings)

    @sa.event.listens_for(engine, "connect")
    def insist(connection: Any, _record: Any) -> None:
        """Where a server or a role turned it off to be faster, a commit would be told before it is on the disk."""
        connection.cursor().execute(_FLUSH_AT_COMMIT)
        connection.commit()

    return engine


_FLUSH_AT_COMMIT = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


def _breaks_a_rule(error: exc.DBAPIError) -> bool:
    """A constraint, or one of our own triggers (SQLite: RAISE(ABORT); PostgreSQL: RAISE EXCEPTION, state P0001).
    pg8000 has one exception for all, so there the SQL state decides: class 23 is integrity."""
    state = str(_server_fields(error).get("C", ""))
    return isinstance(error, exc.IntegrityError) or state[:2] == "23" or "firstshift refuses" in str(error.orig)


def _file_trouble(path: Path, told: str) -> Unavailable | None:
    """SQLite says "disk I/O error" for a full disk too, so what is free decides."""
    if "malformed" in told or "not a database" in told:
        return Unavailable(
            "the database file is damaged",
            where=path,
            found=told,
            way_out="keep it aside, and bring the last backup back with `firstshift workspace restore`",
        )
    is_full = "disk is full" in told
    if not is_full and "disk I/O error" not in told and "unable to open" not in told:
        return None
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return None
    if is_full or free < FULL_BELOW_BYTES:
        return Unavailable(
            "the disk is full",
            where=path,
            found=f"{free // 1_000_000} MB free",
            way_out="nothing of this step was kept; make room and try again",
        )
    if "disk I/O error" in told:
        return Unavailable(
            "the disk did not read or write what was asked",
            where=path,
            found=told,
            way_out="nothing of this step was kept; look at the disk, and if it is damaged bring the last backup back "
            "with `firstshift workspace restore`",
        )
    return None


def _server_fields(error: exc.DBAPIError) -> dict[str, Any]:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], dict) else {}


def _first_line(error: exc.DBAPIError) -> str:
    told = str(_server_fields(error).get("M") or error.orig)
    return told.splitlines()[0] if told else type(error.orig).__name__
