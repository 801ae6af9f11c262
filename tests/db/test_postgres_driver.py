"""The PostgreSQL driver: what is sent together is still refused, rolled back and read like one statement at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from firstshift.core.errors import Refused, Unavailable
from firstshift.db.engine import Database
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.postgres

parts = sa.Table(
    "parts",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("weight_g", sa.Double),
    sa.Column("good", sa.Boolean),
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    with database.writing() as connection:
        parts.create(connection)
    yield database
    database.close()


def rows_of(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(parts).order_by(parts.c.number))]


@pytest.mark.parametrize("count", [1, 2, 199, 200, 201, 1_500])
def test_rows_of_a_batch_arrive_as_they_were_given(database: Database, count: int) -> None:
    given = [
        (n, f"Teil {n} %s ' \" \\ $1 :x €" if n % 3 else None, n / 7 if n % 5 else None, n % 2 == 0)
        for n in range(count)
    ]
    names = [column.name for column in parts.c]
    with database.writing() as connection:
        connection.execute(sa.insert(parts), [dict(zip(names, row, strict=True)) for row in given])
    assert rows_of(database) == given


@pytest.mark.parametrize("bad", [0, 150, 200, 449])
def test_one_refused_row_undoes_the_whole_batch(database: Database, bad: int) -> None:
    values = [{"number": n} for n in range(450)]
    values[bad] = {"number": values[bad - 1]["number"]}
    with pytest.raises(Refused, match="duplicate key"), database.writing() as connection:
        connection.execute(sa.insert(parts), values)
    assert rows_of(database) == []
    with database.writing() as connection:  # and the same connection goes on
        connection.execute(sa.insert(parts), [{"number": 1}])
    assert len(rows_of(database)) == 1


def test_a_statement_that_cannot_be_parsed_leaves_the_connection_usable(database: Database) -> None:
    with pytest.raises(Unavailable, match="no_such_column"), database.reading() as connection:
        connection.execute(sa.text("SELECT no_such_column FROM parts WHERE number = :n"), {"n": 1})
    assert rows_of(database) == []


def test_after_an_error_in_it_a_transaction_commits_nothing(database: Database) -> None:
    def go_on_regardless() -> None:
        with database.writing() as connection:
            connection.execute(sa.insert(parts), [{"number": 1}])
            with pytest.raises(sa.exc.DBAPIError):
                connection.execute(sa.text("SELECT 1 / CAST(:zero AS INTEGER)"), {"zero": 0})
            connection.execute(sa.insert(parts), [{"number": 2}])

    with pytest.raises(Unavailable):
        go_on_regardless()
    assert rows_of(database) == []


def test_a_reader_sees_one_state_of_the_database(database: Database) -> None:
    count = sa.select(sa.func.count()).select_from(parts)
    with database.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with database.writing() as writer:
            writer.execute(sa.insert(parts), [{"number": 1}])
        assert reader.execute(count).scalar() == 0
    with database.reading() as later:
        assert later.execute(count).scalar() == 1
        assert later.execute(sa.text("SHOW transaction_isolation")).scalar() == "repeatable read"


def test_a_cut_connection_is_said_and_replaced(postgres: PostgresServer, postgres_url: str, database: Database) -> None:
    def write_while_being_cut() -> None:
        with database.writing() as connection:
            connection.execute(sa.insert(parts), [{"number": 1}])
            postgres.terminate_backends(postgres_url)
            connection.execute(sa.insert(parts), [{"number": 2}])

    with pytest.raises(Unavailable):
        write_while_being_cut()
    assert rows_of(database) == []


def test_nothing_to_insert_is_nothing_inserted(database: Database) -> None:
    with database.writing() as connection:
        cursor = connection.connection.cursor()
        cursor.executemany("INSERT INTO parts (number) VALUES ($1)", [])
        cursor.close()
    assert rows_of(database) == []


def test_outside_a_transaction_is_outside_also_after_a_ping(database: Database) -> None:
    assert rows_of(database) == []  # so that the next connection comes from the pool and is pinged
    with database.raw() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM parts")
    with database.writing() as connection:  # and the pool's connection is as before
        connection.execute(sa.insert(parts), [{"number": 1}])
        connection.rollback()
    assert rows_of(database) == []
