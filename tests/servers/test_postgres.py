"""The PostgreSQL under the other tests: durable, separate per test, and it comes back after being killed."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.postgres


def test_a_committed_row_survives_a_kill(postgres: PostgresServer, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE part (serial TEXT)"))
        connection.execute(text("INSERT INTO part VALUES ('A-1')"))
    open_transaction = engine.connect()
    open_transaction.execute(text("INSERT INTO part VALUES ('A-2')"))

    postgres.kill()
    with pytest.raises(DBAPIError):
        open_transaction.execute(text("INSERT INTO part VALUES ('A-3')"))
    open_transaction.invalidate()
    postgres.start()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT serial FROM part")).scalars().all() == ["A-1"]
    engine.dispose()


def test_terminate_backends_cuts_only_that_database(postgres: PostgresServer, postgres_url: str) -> None:
    with postgres.database() as other_url:
        engine, other = create_engine(postgres_url), create_engine(other_url)
        with other.connect() as spared:
            victim = engine.connect()
            victim.execute(text("SELECT 1"))
            spared.execute(text("SELECT 1"))

            assert postgres.terminate_backends(postgres_url) == 1

            with pytest.raises(DBAPIError):
                victim.execute(text("SELECT 1"))
            victim.invalidate()
            assert spared.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()
        other.dispose()


def test_commits_wait_for_the_disk(postgres: PostgresServer) -> None:
    shown = [postgres.execute(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit", "full_page_writes")]
    assert shown == ["on", "on", "on"]


def test_every_test_gets_an_empty_database(postgres: PostgresServer, postgres_url: str) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [(0,)]


def test_it_is_the_newest_in_the_wheel(postgres: PostgresServer) -> None:
    assert int(postgres.version.split(".")[0]) >= 16
    assert str(postgres.execute("SHOW server_version")[0][0]).startswith(postgres.version)
