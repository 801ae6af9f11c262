"""Identifiers: what kind of thing an id names is visible in the id itself (`img_…`, `lab_…`, `snp_…`)."""

from __future__ import annotations

from typing import NewType

from firstshift.core.hashing import record_hash

ImageId = NewType("ImageId", str)
LabelId = NewType("LabelId", str)
SnapshotId = NewType("SnapshotId", str)

ID_LENGTH = 4 + 32


def image_id(content: str, capture: dict[str, object]) -> ImageId:
    """Same bytes and same capture give the same id: sending an image again records nothing twice, while two
    inspections that happen to give the same bytes stay two."""
    return ImageId("img_" + record_hash({"capture": capture, "content": content})[:32])


def label_id(label: dict[str, object]) -> LabelId:
    return LabelId("lab_" + record_hash(label)[:32])


def snapshot_id(manifest_hash: str) -> SnapshotId:
    return SnapshotId("snp_" + manifest_hash[:32])
