"""Writers queue, readers see one moment, and a cut connection loses only what was not acknowledged."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from firstshift import Workspace
from firstshift.core.errors import BadInput, Unavailable
from firstshift.db.engine import Database, without_password
from firstshift.store.search import Query
from tests.pictures import jpeg
from tests.servers.postgres import PostgresServer


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "not a url"])
def test_unfit_urls_say_what_fits(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Database(url)
    assert "database url" in str(caught.value)


def test_password_is_in_no_file_and_no_message(postgres_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=postgres_url) as ws:
        assert "only-for-tests" not in (tmp_path / "w" / "firstshift.toml").read_text()
        assert "only-for-tests" not in ws.database.shown_url
        assert "only-for-tests" not in repr(ws)
    assert without_password("postgresql://anna:secret@plant/db") == "postgresql://anna@plant/db"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:geheim@plant:port/db",
        "postgresql://plant/db?password=geheim",
        "postgresql://anna:geh@eim@plant/db",
    ],
)
def test_a_password_in_an_odd_place_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(BadInput, match="database url") as caught:
        Database(url)
    assert "geh" not in str(caught.value)
    assert "eim" not in str(caught.value)


def test_what_no_database_can_look_for_is_said_in_one_line(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:
        with pytest.raises(BadInput, match="half characters"):
            ws.images.search(Query(serial="\ud800"))
        with pytest.raises(BadInput, match="half characters"):
            ws.images.get("\ud800")
        assert ws.images.count() == 0  # the connection is as good as before


@pytest.mark.postgres
def test_a_commit_is_on_the_disk_also_where_a_server_is_set_to_hurry(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    with database.raw() as connection:
        name = database.url.database
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        connection.commit()
    database.close()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_a_reader_sees_one_moment(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:
        count = sa.text("SELECT count(*) FROM images")
        with ws.database.reading() as connection:
            before = connection.execute(count).scalar()
            writer = threading.Thread(target=ws.images.add, args=(jpeg(1),))
            writer.start()
            writer.join()
            assert connection.execute(count).scalar() == before == 0
        assert ws.images.count() == 1


def test_sqlite_is_durable(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws, ws.database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.postgres
def test_connection_cut_in_mid_transaction(postgres: PostgresServer, postgres_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=postgres_url) as ws:
        ws.images.add(jpeg(1))
        name = str(sa.make_url(postgres_url).database)

        def cut_half_way() -> None:
            with ws.database.writing() as connection:
                ws.ledger.checkpoint(connection)
                postgres.terminate_backends(name)
                connection.execute(sa.text("SELECT 1"))

        with pytest.raises(Unavailable) as caught:
            cut_half_way()
        assert "nothing of this step was kept" in str(caught.value)
        assert ws.images.count() == 1  # the next call gets a fresh connection
        assert ws.images.add(jpeg(2)).is_new
        with ws.database.reading() as connection:
            assert [e.tag for e in ws.ledger.events(connection)][-1] == "station:image:recorded"
