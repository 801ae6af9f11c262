"""The spine: events, images, labels, snapshots, and the triggers that keep them as they were written.

Revision 0001, the first.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IMAGE_COLUMNS = (
    "id event_seq content size format width height channels bits likeness captured_at_us serial lot station camera "
    "recipe channel shot origin source model_version prediction confidence route provenance added_at_us added_by"
)
# Table → the columns that may never change ("" for all of them). `golden` may, and a change of it cascades.
WRITTEN_ONCE = {
    "events": "",
    "images": IMAGE_COLUMNS,
    "labels": "",
    "label_classes": "",
    "golden_marks": "",
    "snapshots": "",
    "snapshot_items": "snapshot_id image_id purpose split label_id",
    "retirements": "",
}


def _event_seq() -> sa.Column[int]:
    return sa.Column("event_seq", sa.BigInteger, nullable=False)


def _from_image() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("image_seq", sa.BigInteger, nullable=False),
        sa.Column("captured_at_us", sa.BigInteger),
        sa.Column("station", sa.Text),
    )


def _event_constraints(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["event_seq"], ["events.seq"], name=f"fk_{table}_event_seq"),
        sa.UniqueConstraint("event_seq", name=f"uq_{table}_event_seq"),
    )


def upgrade() -> None:
    _create_ledger()
    _create_images()
    _create_labels()
    _create_snapshots()
    for table, columns in WRITTEN_ONCE.items():
        _keep_as_written(table, columns)


def downgrade() -> None:
    for table in reversed(WRITTEN_ONCE):
        op.drop_table(table)
    op.drop_table("ledger_head")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION firstshift_refuse()")


def _create_ledger() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )
    op.create_index("ix_events_tag_seq", "events", ["tag", "seq"])
    op.create_index("ix_events_actor_seq", "events", ["actor", "seq"])
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("frozen", sa.Text),
        sa.Column("place", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
        sa.CheckConstraint("id = 1", name="single"),
    )


def _create_images() -> None:
    text = ("serial", "lot", "station", "camera", "recipe", "channel", "shot")
    op.create_table(
        "images",
        sa.Column("id", sa.Text, nullable=False),
        _event_seq(),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("width", "height", "channels", "bits")),
        sa.Column("likeness", sa.BigInteger, nullable=False),
        sa.Column("captured_at_us", sa.BigInteger),
        *(sa.Column(name, sa.Text) for name in text),
        sa.Column("origin", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("source", "model_version", "prediction")),
        sa.Column("confidence", sa.Double),
        sa.Column("route", sa.Text),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("added_at_us", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("golden", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        *_event_constraints("images"),
        sa.UniqueConstraint("id", "golden", name="uq_images_id_golden"),
        sa.CheckConstraint("origin IN ('real', 'rendered', 'generated', 'augmented')", name="origin"),
        sa.CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)", name="confidence"),
        sa.CheckConstraint("NOT golden OR origin = 'real'", name="golden_is_real"),
    )
    op.create_index("ix_images_content", "images", ["content"])
    op.create_index("ix_images_captured", "images", ["captured_at_us", "event_seq"])
    for name in ("station", "camera", "route"):
        op.create_index(f"ix_images_{name}_captured", "images", [name, "captured_at_us", "event_seq"])
    for name in ("serial", "lot", "source", "station", "camera", "origin", "route", "shot", "golden"):
        op.create_index(f"ix_images_{name}", "images", [name, "event_seq"])
    op.create_index("ix_images_prediction", "images", ["prediction", "event_seq", "confidence"])
    op.create_index("ix_images_model", "images", ["model_version", "event_seq"])


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("id", sa.Text, nullable=False),
        _event_seq(),
        sa.Column("image_id", sa.Text, nullable=False),
        *_from_image(),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("verdict", "body", "author", "level", "reason")),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        *_event_constraints("labels"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_labels_image_id"),
        sa.UniqueConstraint("image_id", "version", name="uq_labels_image_id_version"),
        sa.CheckConstraint("verdict IN ('good', 'defect', 'unsure')", name="verdict"),
    )
    op.create_index("ix_labels_author", "labels", ["author", "event_seq"])
    op.create_index("ix_labels_verdict", "labels", ["verdict", "image_seq"])
    op.create_index("ix_labels_verdict_captured", "labels", ["verdict", "captured_at_us", "image_seq"])
    op.create_index("ix_labels_verdict_station", "labels", ["verdict", "station", "image_seq"])
    op.create_table(
        "label_classes",
        sa.Column("label_id", sa.Text, nullable=False),
        sa.Column("class_name", sa.Text, nullable=False),
        *_from_image(),
        sa.PrimaryKeyConstraint("label_id", "class_name", name="pk_label_classes"),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_label_classes_label_id"),
    )
    for name, columns in (("", []), ("_captured", ["captured_at_us"]), ("_station", ["station"])):
        op.create_index(f"ix_label_classes_class{name}", "label_classes", ["class_name", *columns, "image_seq"])
    op.create_table(
        "golden_marks",
        sa.Column("id", sa.Text, nullable=False),
        _event_seq(),
        sa.Column("image_id", sa.Text, nullable=False),
        sa.Column("golden", sa.Boolean, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_golden_marks"),
        *_event_constraints("golden_marks"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_golden_marks_image_id"),
    )
    op.create_index("ix_golden_marks_image", "golden_marks", ["image_id", "event_seq"])


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Text, nullable=False),
        _event_seq(),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "purpose", "manifest")),
        sa.Column("image_count", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("selection", "note", "author")),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        *_event_constraints("snapshots"),
        sa.UniqueConstraint("name", name="uq_snapshots_name"),
        sa.UniqueConstraint("id", "purpose", name="uq_snapshots_id_purpose"),
        sa.CheckConstraint("purpose IN ('train', 'evaluate')", name="purpose"),
    )
    op.create_table(
        "snapshot_items",
        sa.Column("snapshot_id", sa.Text, nullable=False),
        sa.Column("image_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("golden", sa.Boolean, nullable=False),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("label_id", sa.Text),
        sa.PrimaryKeyConstraint("snapshot_id", "image_id", name="pk_snapshot_items"),
        sa.ForeignKeyConstraint(
            ["snapshot_id", "purpose"],
            ["snapshots.id", "snapshots.purpose"],
            name="fk_snapshot_items_snapshot_id_purpose",
        ),
        sa.ForeignKeyConstraint(
            ["image_id", "golden"],
            ["images.id", "images.golden"],
            name="fk_snapshot_items_image_id_golden",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_snapshot_items_label_id"),
        sa.CheckConstraint("NOT (golden AND purpose = 'train')", name="golden_never_trains"),
    )
    op.create_index("ix_snapshot_items_image", "snapshot_items", ["image_id", "golden"])
    op.create_table(
        "retirements",
        sa.Column("image_id", sa.Text, nullable=False),
        _event_seq(),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_retirements"),
        *_event_constraints("retirements"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_retirements_image_id"),
    )


def _keep_as_written(table: str, columns: str) -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    differs = "IS NOT" if on_sqlite else "IS DISTINCT FROM"
    # Compared by value, not by `UPDATE OF`: a cascade names the key columns too without changing them.
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns.split())
    when = f"WHEN ({changed}) " if changed else ""
    if on_sqlite:
        for verb, condition in (("UPDATE", when), ("DELETE", "")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {condition}BEGIN "
                f"SELECT RAISE(ABORT, 'firstshift refuses: {table} rows are written once'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION firstshift_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'firstshift refuses: % rows are written once', TG_TABLE_NAME; END $$"
    )
    for verb, each, condition in (("UPDATE", "ROW", when), ("DELETE", "ROW", ""), ("TRUNCATE", "STATEMENT", "")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH {each} {condition}EXECUTE FUNCTION firstshift_refuse()"
        )
