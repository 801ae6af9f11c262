"""`events`, which only grows, and `ledger_head`, one row that says where the chain ends."""

from __future__ import annotations

import sqlalchemy as sa

from firstshift.db.base import metadata

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("tag", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("ix_events_tag_seq", "tag", "seq"),
    sa.Index("ix_events_actor_seq", "actor", "seq"),
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    sa.Column("frozen", sa.Text, nullable=True),
    # Where the other half of the workspace (its blobs) went when it was last moved. A client that was opened before
    # that would write the bytes to the old place and the rows here: it is refused.
    sa.Column("place", sa.Text, nullable=True),
)
