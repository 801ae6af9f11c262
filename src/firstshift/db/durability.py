"""What a database itself says about when a commit is on the disk: read back from it, not from our settings."""

from __future__ import annotations

from firstshift.db.engine import Database

_SQLITE_PRAGMAS = ("journal_mode", "synchronous", "wal_autocheckpoint")
_SYNCHRONOUS = {0: "off", 1: "normal", 2: "full", 3: "extra"}
_POSTGRES_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")


def read_durability(database: Database) -> dict[str, str]:
    with database.reading() as connection:
        if not database.is_sqlite:
            return {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in _POSTGRES_SETTINGS}
        told = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _SQLITE_PRAGMAS}
        told["synchronous"] = _SYNCHRONOUS.get(int(str(told["synchronous"])), told["synchronous"])
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
        return {"sqlite_version": str(version), **{name: str(value) for name, value in told.items()}}
