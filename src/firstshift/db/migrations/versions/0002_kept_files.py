"""Kept files: what images were rendered from (plan, CAD file, heat maps, profile, types of flaw), written once.

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "kept_files"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("event_seq", sa.BigInteger, nullable=False),
        sa.Column("made_from", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("role", "name", "content")),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_files"),
        sa.ForeignKeyConstraint(["event_seq"], ["events.seq"], name="fk_kept_files_event_seq"),
        sa.UniqueConstraint("event_seq", name="uq_kept_files_event_seq"),
        sa.UniqueConstraint("made_from", "place", name="uq_kept_files_made_from_place"),
    )
    op.create_index("ix_kept_files_content", TABLE, ["content"])
    _keep_as_written()


def downgrade() -> None:
    op.drop_table(TABLE)


def _keep_as_written() -> None:
    """As revision 0001 does for its tables; on PostgreSQL the function that refuses is there since then."""
    message = f"firstshift refuses: {TABLE} rows are written once"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"FOR EACH {each} EXECUTE FUNCTION firstshift_refuse()"
        )
