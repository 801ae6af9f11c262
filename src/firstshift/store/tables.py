"""The store's tables. Every row but `images.golden` is written once; triggers refuse the rest (see the migration).

Times are microseconds since 1970 UTC and JSON is canonical text, so that a row has the same hash in every database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from firstshift.db.base import metadata


def _from_image() -> tuple[sa.Column[Any], ...]:
    """The image's own event, time and station once more: a million images are searched by class or verdict in the
    order of the images, within a time or at a station, without looking at each image."""
    return (
        sa.Column("image_seq", sa.BigInteger, nullable=False),
        sa.Column("captured_at_us", sa.BigInteger),
        sa.Column("station", sa.Text),
    )


def _event_seq() -> sa.Column[int]:
    return sa.Column("event_seq", sa.BigInteger, sa.ForeignKey("events.seq"), nullable=False, unique=True)


images = sa.Table(
    "images",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _event_seq(),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("channels", sa.Integer, nullable=False),
    sa.Column("bits", sa.Integer, nullable=False),
    sa.Column("likeness", sa.BigInteger, nullable=False),
    sa.Column("captured_at_us", sa.BigInteger),
    sa.Column("serial", sa.Text),
    sa.Column("lot", sa.Text),
    sa.Column("station", sa.Text),
    sa.Column("camera", sa.Text),
    sa.Column("recipe", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("shot", sa.Text),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("model_version", sa.Text),
    sa.Column("prediction", sa.Text),
    sa.Column("confidence", sa.Double),
    sa.Column("route", sa.Text),
    sa.Column("provenance", sa.Text, nullable=False),
    sa.Column("added_at_us", sa.BigInteger, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("golden", sa.Boolean, nullable=False),
    sa.UniqueConstraint("id", "golden"),
    sa.CheckConstraint("origin IN ('real', 'rendered', 'generated', 'augmented')", name="origin"),
    sa.CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)", name="confidence"),
    sa.CheckConstraint("NOT golden OR origin = 'real'", name="golden_is_real"),
    sa.Index("ix_images_content", "content"),
    sa.Index("ix_images_captured", "captured_at_us", "event_seq"),
    sa.Index("ix_images_serial", "serial", "event_seq"),
    sa.Index("ix_images_lot", "lot", "event_seq"),
    sa.Index("ix_images_source", "source", "event_seq"),
    sa.Index("ix_images_station_captured", "station", "captured_at_us", "event_seq"),
    sa.Index("ix_images_station", "station", "event_seq"),
    sa.Index("ix_images_camera_captured", "camera", "captured_at_us", "event_seq"),
    sa.Index("ix_images_camera", "camera", "event_seq"),
    sa.Index("ix_images_origin", "origin", "event_seq"),
    sa.Index("ix_images_model", "model_version", "event_seq"),
    # With the confidence in it, the few of a range are picked without looking at every image of that prediction.
    sa.Index("ix_images_prediction", "prediction", "event_seq", "confidence"),
    sa.Index("ix_images_route_captured", "route", "captured_at_us", "event_seq"),
    sa.Index("ix_images_route", "route", "event_seq"),
    sa.Index("ix_images_shot", "shot", "event_seq"),
    sa.Index("ix_images_golden", "golden", "event_seq"),
)

labels = sa.Table(
    "labels",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _event_seq(),
    sa.Column("image_id", sa.Text, sa.ForeignKey("images.id"), nullable=False),
    *_from_image(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("image_id", "version"),
    sa.CheckConstraint("verdict IN ('good', 'defect', 'unsure')", name="verdict"),
    sa.Index("ix_labels_author", "author", "event_seq"),
    sa.Index("ix_labels_verdict", "verdict", "image_seq"),
    sa.Index("ix_labels_verdict_captured", "verdict", "captured_at_us", "image_seq"),
    sa.Index("ix_labels_verdict_station", "verdict", "station", "image_seq"),
)

label_classes = sa.Table(
    "label_classes",
    metadata,
    sa.Column("label_id", sa.Text, sa.ForeignKey("labels.id"), primary_key=True),
    sa.Column("class_name", sa.Text, primary_key=True),
    *_from_image(),
    sa.Index("ix_label_classes_class", "class_name", "image_seq"),
    sa.Index("ix_label_classes_class_captured", "class_name", "captured_at_us", "image_seq"),
    sa.Index("ix_label_classes_class_station", "class_name", "station", "image_seq"),
)

golden_marks = sa.Table(
    "golden_marks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _event_seq(),
    sa.Column("image_id", sa.Text, sa.ForeignKey("images.id"), nullable=False),
    sa.Column("golden", sa.Boolean, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Index("ix_golden_marks_image", "image_id", "event_seq"),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _event_seq(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),
    sa.Column("image_count", sa.BigInteger, nullable=False),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("id", "purpose"),
    sa.CheckConstraint("purpose IN ('train', 'evaluate')", name="purpose"),
)

snapshot_items = sa.Table(
    "snapshot_items",
    metadata,
    sa.Column("snapshot_id", sa.Text, primary_key=True),
    sa.Column("image_id", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("golden", sa.Boolean, nullable=False),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("label_id", sa.Text, sa.ForeignKey("labels.id")),
    sa.ForeignKeyConstraint(["snapshot_id", "purpose"], ["snapshots.id", "snapshots.purpose"]),
    # The golden flag travels with the image: flagging one that is already in a training snapshot cascades here
    # and the check refuses it.
    sa.ForeignKeyConstraint(["image_id", "golden"], ["images.id", "images.golden"], onupdate="CASCADE"),
    sa.CheckConstraint("NOT (golden AND purpose = 'train')", name="golden_never_trains"),
    sa.Index("ix_snapshot_items_image", "image_id", "golden"),
)

retirements = sa.Table(
    "retirements",
    metadata,
    sa.Column("image_id", sa.Text, sa.ForeignKey("images.id"), primary_key=True),
    _event_seq(),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
)

kept_files = sa.Table(
    "kept_files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _event_seq(),
    sa.Column("made_from", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("made_from", "place"),
    sa.Index("ix_kept_files_content", "content"),
)

ROW_TABLES: dict[str, sa.Table] = {
    table.name: table for table in (images, labels, golden_marks, snapshots, retirements, kept_files)
}
"""Tables whose every row is named, with its hash, by an event."""

NOT_HASHED = frozenset({"event_seq", "golden"})
"""Columns left out of an image row's hash: the event's own number, and the flag that `golden_marks` accounts for."""


def row_key(table: sa.Table) -> str:
    return "image_id" if table is retirements else "id"
