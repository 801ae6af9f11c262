"""The schema goes up and down on both databases, with data in it, and is what the code believes it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from firstshift import Label, Workspace
from firstshift.core.errors import FirstshiftError, Refused
from firstshift.db.base import metadata
from firstshift.db.engine import Database
from firstshift.db.migrate import HEAD, migrate, require_head, revision_of
from firstshift.store.audit import verify_workspace
from firstshift.store.kept_files import NewFile
from tests.pictures import jpeg


def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", "firstshift.db:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_tables_in_code_are_the_tables_in_the_database(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws, ws.database.raw() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_down_and_up_again_with_data(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:
        record = ws.images.add(jpeg(1), label=Label.good())
        ws.snapshots.create("one", [record.id])
        migrate(ws.database, "base")
        with ws.database.reading() as connection:
            left = set(sa.inspect(connection).get_table_names())
        assert left <= {"alembic_version"}
        with pytest.raises(FirstshiftError):
            require_head(ws.database)
        migrate(ws.database)
        require_head(ws.database)
        with ws.database.writing() as connection:
            ws.ledger.start(connection, ws.settings.id, "human:test")
        assert ws.images.add(jpeg(1)).is_new


def test_a_workspace_of_the_first_schema_is_upgraded_and_keeps_its_data(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:
        ws.images.add(jpeg(1), label=Label.good())
        migrate(ws.database, "0001")
        with pytest.raises(Refused, match="firstshift workspace upgrade"):
            require_head(ws.database)
        migrate(ws.database)
        ws.kept_files.keep("1" * 64, [NewFile("plan", "plan.yaml", b"name: part")])
        assert verify_workspace(ws).is_intact
        with pytest.raises(Refused, match="written once"), ws.database.writing() as connection:
            connection.execute(sa.text("DELETE FROM kept_files"))


def test_an_empty_database_is_no_workspace(database_url: str) -> None:
    database = Database(database_url)
    assert revision_of(database) is None
    with pytest.raises(Refused, match="no workspace in this database"):
        require_head(database)
    database.close()


def test_a_newer_schema_is_refused_with_the_way_out(sqlite_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=sqlite_url) as ws, ws.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="install the newer firstshift"):
        Workspace.open(tmp_path / "w")
