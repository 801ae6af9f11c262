"""Data-set snapshots: which images, with which label version, on which side of the split. Never changed again (P3, V7).

A snapshot's manifest is a blob: one JSON line per image, sorted by id. Its hash covers content and labels, so two
snapshots with the same manifest hash train the same model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from firstshift.core.capture import from_us
from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.core.hashing import canonical_json, content_hash, record_hash
from firstshift.core.ids import SnapshotId, snapshot_id
from firstshift.core.label import CLASS_NAME
from firstshift.db.engine import Database
from firstshift.ledger.ledger import Ledger, now_us
from firstshift.ledger.tags import Tag
from firstshift.store.blobs import REFRESH_AFTER_S, Blobs
from firstshift.store.golden import refuse_made_from_golden
from firstshift.store.labels import current_labels
from firstshift.store.rows import NewRow, record
from firstshift.store.tables import images, retirements, snapshot_items, snapshots

TRAIN = "train"
EVALUATE = "evaluate"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a manifest."""

    image: str
    content: str
    split: str
    label: str | None
    label_hash: str | None
    golden: bool

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "content": self.content,
            "golden": self.golden,
            "image": self.image,
            "split": self.split,
        }
        if self.label is not None:
            plain |= {"label": self.label, "label_hash": self.label_hash}
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Item:
        return cls(
            plain["image"],
            plain["content"],
            plain["split"],
            plain.get("label"),
            plain.get("label_hash"),
            plain["golden"],
        )


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    id: SnapshotId
    name: str
    purpose: str
    manifest: str
    image_count: int
    selection: dict[str, Any]
    note: str
    author: str
    at: datetime
    event_seq: int

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "purpose": self.purpose,
            "manifest": self.manifest,
            "images": self.image_count,
            "selection": self.selection,
            "note": self.note,
            "author": self.author,
            "at": self.at.isoformat(),
            "event": self.event_seq,
        }


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """What changed from one snapshot to the other; image ids, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    relabelled: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...]
    """Image, split before, split after."""
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.relabelled or self.moved)

    def to_json(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "relabelled": list(self.relabelled),
            "moved": [list(m) for m in self.moved],
            "unchanged": self.unchanged,
        }


class Snapshots:
    def __init__(self, database: Database, ledger: Ledger, blobs: Blobs, actor: str) -> None:
        self._database, self._ledger, self._blobs, self._actor = database, ledger, blobs, actor

    def create(
        self,
        name: str,
        splits: Mapping[str, str] | Iterable[str],
        *,
        purpose: str = TRAIN,
        selection: Mapping[str, Any] | None = None,
        note: str = "",
        author: str | None = None,
    ) -> SnapshotRecord:
        """Freeze images as they are labelled now. `splits` maps each image id to `train`, `val`, `test` or any other
        name (a plain list puts all into `all`). A golden image in a snapshot that trains is refused."""
        sides = dict(splits) if isinstance(splits, Mapping) else dict.fromkeys(splits, "all")
        _check_request(name, purpose, sides)
        who = author or self._actor
        try:
            how = canonical_json(dict(selection or {}))
        except (TypeError, ValueError) as error:
            raise BadInput(where="snapshot selection", expected="JSON values only", found=error) from error
        with self._database.reading() as connection:
            items = self._members(connection, sides, purpose)
        manifest_text = manifest_of(purpose, items)
        values: dict[str, Any] = {
            "name": name,
            "purpose": purpose,
            "manifest": content_hash(manifest_text),
            "image_count": len(items),
            "selection": how,
            "note": note,
            "author": who,
            "at_us": now_us(),
        }
        values["id"] = snapshot_id(record_hash({k: values[k] for k in ("name", "purpose", "manifest")}))
        if (existing := self._existing(name)) is not None:
            if existing.id == values["id"]:
                return existing
            raise Refused(
                "a snapshot of this name exists and holds something else",
                where=f"snapshot {name!r}",
                way_out="choose another name; snapshots are never changed",
            )
        self._blobs.put(manifest_text)
        told = {"images": len(items), "manifest": values["manifest"], "name": name, "purpose": purpose}
        with self._database.writing() as connection:
            record(connection, self._ledger, [NewRow("snapshots", values, Tag.SNAPSHOT_CREATED, who, told)])
            if now_us() - values["at_us"] > REFRESH_AFTER_S * 1_000_000:
                self._blobs.put(manifest_text)
            for chunk in _chunks(items):
                connection.execute(
                    sa.insert(snapshot_items), [_item_row(values["id"], purpose, item) for item in chunk]
                )
            _refuse_changed_meanwhile(connection, values["id"], purpose)
        return self.get(name)

    def all(self) -> list[SnapshotRecord]:
        query = sa.select(snapshots).order_by(snapshots.c.event_seq.desc())
        with self._database.reading() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def get(self, name: str) -> SnapshotRecord:
        """By name or id."""
        found = self._existing(name)
        if found is None:
            names = ", ".join(s.name for s in self.all()[:8]) or "there is none yet"
            raise NotFound("no such snapshot", where="snapshots", found=name, way_out=f"known: {names}")
        return found

    def items(self, name: str) -> list[Item]:
        """From the manifest, held against its hash."""
        return read_manifest(self._blobs.get(self.get(name).manifest))

    def diff(self, before: str, after: str) -> SnapshotDiff:
        old = {item.image: item for item in self.items(before)}
        new = {item.image: item for item in self.items(after)}
        both = sorted(old.keys() & new.keys())
        relabelled = tuple(i for i in both if old[i].label_hash != new[i].label_hash)
        moved = tuple((i, old[i].split, new[i].split) for i in both if old[i].split != new[i].split)
        changed = {*relabelled, *(m[0] for m in moved)}
        return SnapshotDiff(
            added=tuple(sorted(new.keys() - old.keys())),
            removed=tuple(sorted(old.keys() - new.keys())),
            relabelled=relabelled,
            moved=moved,
            unchanged=len(both) - len(changed),
        )

    def _members(self, connection: sa.Connection, sides: Mapping[str, str], purpose: str) -> list[Item]:
        items: list[Item] = []
        for chunk in _chunks(sorted(sides)):
            found = {row.id: row for row in connection.execute(_MEMBER.where(images.c.id.in_(chunk)))}
            if missing := [image for image in chunk if image not in found]:
                raise NotFound("no such image", where="snapshot", found=missing[0])
            if gone := [image for image in chunk if found[image].retired is not None]:
                raise Refused("its pixels were retired", where=gone[0], way_out="leave it out of the snapshot")
            said = current_labels(connection, chunk)
            for image in chunk:
                row, label = found[image], said.get(image)
                if purpose == TRAIN and row.golden_content:
                    raise Refused(
                        "a golden image never trains",
                        where=image,
                        way_out="leave golden images out, as `dataset snapshot` does, or use the purpose 'evaluate'",
                    )
                hashed = record_hash(label.label.to_json()) if label else None
                items.append(Item(image, row.content, sides[image], label.id if label else None, hashed, row.golden))
        return items

    def _existing(self, name: str) -> SnapshotRecord | None:
        query = sa.select(snapshots).where(sa.or_(snapshots.c.name == name, snapshots.c.id == name))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _record_of(row)


_twin = images.alias("twin")
_MEMBER = sa.select(
    images.c.id,
    images.c.content,
    images.c.golden,
    retirements.c.image_id.label("retired"),
    # Golden by its pixels: the same bytes may be here under another capture.
    sa.exists().where(_twin.c.content == images.c.content, _twin.c.golden).label("golden_content"),
).select_from(images.outerjoin(retirements, retirements.c.image_id == images.c.id))


def _refuse_changed_meanwhile(connection: sa.Connection, snapshot: str, purpose: str) -> None:
    """The members were looked at before the ledger's head was ours; somebody may have been quicker."""
    of_snapshot = snapshot_items.c.snapshot_id == snapshot
    retired = (
        sa.select(retirements.c.image_id)
        .join(snapshot_items, snapshot_items.c.image_id == retirements.c.image_id)
        .where(of_snapshot)
    )
    if (gone := connection.execute(retired.limit(1)).scalar()) is not None:
        raise Refused("its pixels were retired meanwhile", where=gone, way_out="make the snapshot again without it")
    golden = (
        sa.select(snapshot_items.c.image_id)
        .join(images, images.c.id == snapshot_items.c.image_id)
        .join(_twin, sa.and_(_twin.c.content == images.c.content, _twin.c.golden))
        .where(of_snapshot)
    )
    if purpose == TRAIN and (judge := connection.execute(golden.limit(1)).scalar()) is not None:
        raise Refused("it became golden meanwhile, and a golden image never trains", where=judge)
    refuse_made_from_golden(connection, snapshot)


def manifest_of(purpose: str, items: Sequence[Item]) -> bytes:
    header = canonical_json({"firstshift_manifest": 1, "purpose": purpose})
    return "\n".join([header, *(canonical_json(item.to_json()) for item in items), ""]).encode()


def read_manifest(data: bytes) -> list[Item]:
    lines = data.decode().rstrip("\n").split("\n")  # a name may hold other line separators, such as U+2028
    if not lines[0] or json.loads(lines[0]).get("firstshift_manifest") != 1:
        raise BadInput(where="manifest", expected="a firstshift manifest, version 1", found=lines[:1])
    return [Item.from_json(json.loads(line)) for line in lines[1:]]


def _item_row(snapshot: str, purpose: str, item: Item) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot,
        "image_id": item.image,
        "purpose": purpose,
        "golden": item.golden,
        "split": item.split,
        "label_id": item.label,
    }


def _check_request(name: str, purpose: str, sides: Mapping[str, str]) -> None:
    if not CLASS_NAME.fullmatch(name) or name != name.strip():
        raise BadInput(where="snapshot name", expected="1–200 printable characters", found=repr(name))
    if purpose not in (TRAIN, EVALUATE):
        raise BadInput(where="snapshot purpose", expected=f"{TRAIN} or {EVALUATE}", found=purpose)
    if not sides:
        raise BadInput(where=f"snapshot {name!r}", expected="at least one image", found="none")
    for side in set(sides.values()):
        if not CLASS_NAME.fullmatch(side):
            raise BadInput(where="snapshot split", expected="a name such as train, val, test", found=repr(side))


def _record_of(row: sa.Row[Any]) -> SnapshotRecord:
    return SnapshotRecord(
        id=SnapshotId(row.id),
        name=row.name,
        purpose=row.purpose,
        manifest=row.manifest,
        image_count=row.image_count,
        selection=json.loads(row.selection),
        note=row.note,
        author=row.author,
        at=from_us(row.at_us),
        event_seq=row.event_seq,
    )


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK))
