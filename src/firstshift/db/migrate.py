"""Bring a database to a revision of the schema, up or down, and say which one it has."""

from __future__ import annotations

import shlex
from pathlib import Path

import sqlalchemy as sa

from firstshift.core.errors import Refused
from firstshift.db.engine import Database

HEAD = "0002"
"""The revision this code speaks. A test holds it to the newest file in `migrations/versions`."""


def revision_of(database: Database) -> str | None:
    with database.reading() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def migrate(database: Database, target: str = "head") -> None:
    """Upgrade (or, for an older revision, downgrade) in one transaction."""
    from alembic import command
    from alembic.config import Config

    if database.is_read_only:
        raise Refused(
            "this database can only be read here",
            where=database.shown_url,
            way_out="copy the workspace's folder to where you may write, and upgrade the copy",
        )
    config = Config()
    config.set_main_option("script_location", "firstshift.db:migrations")
    backwards = target == "base" or (target != "head" and target < (revision_of(database) or ""))
    with database.raw() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if backwards else command.upgrade)(config, target)


def require_head(database: Database, folder: Path | None = None) -> None:
    """`folder`: of the workspace, for the way out; it need not be the one that a person works in."""
    found = revision_of(database)
    if found == HEAD:
        return
    if found is None:
        raise Refused(
            "there is no workspace in this database yet", where=database.shown_url, way_out="`firstshift new`"
        )
    upgrade = "firstshift workspace upgrade" + (f" -w {shlex.quote(str(folder))}" if folder is not None else "")
    way_out = f"`{upgrade}`" if found < HEAD else "install the newer firstshift that wrote it"
    raise Refused(where=database.shown_url, expected=f"schema {HEAD}", found=found, way_out=way_out)
