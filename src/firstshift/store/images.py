"""Images and how they came to be: add, read, list, search.

record = ws.images.add(data, Capture(serial="A-0017", station="cell-3"))   # durable when it returns
for record in ws.images.add_many(new_images): ...                           # batches: many times faster
page = ws.images.search(Query(station="cell-3", classes=("scratch",)))
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa

from firstshift.core.capture import TEXT_FIELDS, Capture, Origin, from_us
from firstshift.core.decode import decode_grey_small, decode_image
from firstshift.core.errors import BadInput, NotFound
from firstshift.core.hashing import canonical_json, content_hash
from firstshift.core.ids import ImageId, image_id
from firstshift.core.image import Image
from firstshift.core.imagefacts import DEFAULT_LIMITS, DecodeLimits, ImageFacts, probe_image
from firstshift.core.label import Label, Level
from firstshift.db.engine import Database
from firstshift.ledger.ledger import Ledger, now_us
from firstshift.ledger.tags import Tag
from firstshift.likeness.perceptual_hash import perceptual_hash
from firstshift.store.blobs import REFRESH_AFTER_S, Blobs
from firstshift.store.golden import golden_rows
from firstshift.store.labels import Labels, NewLabel
from firstshift.store.rows import NewRow, record
from firstshift.store.search import Page, Query, search_statement
from firstshift.store.tables import images, retirements

Item = TypeVar("Item")
LIKENESS_SIZE = 64
BATCH = 64


@dataclass(frozen=True, slots=True)
class Examined:
    """What a look at an image's bytes found. Handed back with the image, it need not be decoded a second time."""

    content: str
    facts: ImageFacts
    likeness: int


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image on its way in: its bytes, how it came to be, and what is already known to be true of it."""

    data: bytes | Path
    capture: Capture = field(default_factory=Capture)
    label: NewLabel | None = None
    name: str = ""
    """For messages; defaults to the capture's source."""
    examined: Examined | None = None
    """From `Images.examine`, when these bytes were looked at before. Bytes that changed since are looked at again."""

    @property
    def shown_name(self) -> str:
        return self.name or self.capture.source or (str(self.data) if isinstance(self.data, Path) else "image")


@dataclass(frozen=True, slots=True)
class ImageRecord:
    id: ImageId
    event_seq: int
    content: str
    size: int
    format: str
    width: int
    height: int
    channels: int
    bits: int
    likeness: int
    capture: Capture
    added_at: datetime
    added_by: str
    golden: bool
    is_retired: bool = False
    """Said by `add`: it was here before, and a retention rule gave its pixels up; they are not kept again."""
    is_new: bool = False
    """False when this image (same bytes, same capture) was here already and nothing was recorded."""
    is_labelled: bool = False
    """Said by `add`: the label that came with it was recorded, and had not been before."""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "event": self.event_seq,
            "content": self.content,
            "size": self.size,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "bits": self.bits,
            "golden": self.golden,
            "added_at": self.added_at.isoformat(),
            "added_by": self.added_by,
            "capture": self.capture.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Checked, hashed and its blob on the disk; only the row and its event are missing."""

    new: NewImage
    row: dict[str, Any]
    put_at_us: int


class Images:
    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        blobs: Blobs,
        labels: Labels,
        actor: str,
        limits: DecodeLimits = DEFAULT_LIMITS,
    ) -> None:
        self._database, self._ledger, self._blobs = database, ledger, blobs
        self._labels, self._actor, self._limits = labels, actor, limits

    def add(
        self,
        data: bytes | Path,
        capture: Capture | None = None,
        *,
        label: Label | None = None,
        author: str | None = None,
        level: Level = Level.IMPORTED,
        reason: str = "",
        name: str = "",
    ) -> ImageRecord:
        """Record one image. When this returns, its bytes, its row and its event are on the disk."""
        said = NewLabel(label, author or self._actor, level, reason) if label is not None else None
        return self.add_batch([NewImage(data, capture or Capture(), said, name)])[0]

    def add_batch(self, batch: Sequence[NewImage]) -> list[ImageRecord]:
        """All of the batch in one transaction, or none of it."""
        return self._commit([self._prepare(new) for new in batch])

    def add_many(self, new_images: Iterable[NewImage], batch: int = BATCH, threads: int = 4) -> Iterator[ImageRecord]:
        """Any number of images, a batch in each transaction; every record that is yielded is durable."""
        with ThreadPoolExecutor(threads) as pool:
            for chunk in _chunks(new_images, batch):
                yield from self._commit(list(pool.map(self._prepare, chunk)))

    def examine(self, data: bytes, name: str) -> Examined:
        """Decode everything and keep the facts; raises `BadInput` for what could not be recorded. Writes nothing."""
        facts = probe_image(data, name, self._limits)
        small = decode_grey_small(data, name, LIKENESS_SIZE, self._limits)
        grey = np.asarray(small, dtype=np.float32) / np.float32(255)
        return Examined(content_hash(data), facts, perceptual_hash(grey))

    def by_id(self, ids: Iterable[str]) -> dict[str, ImageRecord]:
        """Those that are here, by full id."""
        return {one.id: one for one in self._found(images.c.id, ids)}

    def by_content(self, contents: Iterable[str]) -> dict[str, list[ImageRecord]]:
        """The images with these bytes, oldest first."""
        found: dict[str, list[ImageRecord]] = {}
        for found_one in self._found(images.c.content, contents):
            found.setdefault(found_one.content, []).append(found_one)
        return found

    def get(self, image: str) -> ImageRecord:
        """By id, or by the first characters of one."""
        with self._database.reading() as connection:
            prefix = image if image.startswith("img_") else f"img_{image}"
            query = sa.select(images).where(images.c.id >= prefix, images.c.id < prefix + "g").limit(2)
            rows = connection.execute(query).all()
        exact = [row for row in rows if row.id == prefix] or rows
        if not exact:
            raise NotFound(
                "no such image", where="images", found=image, way_out="`firstshift images list` shows the ids"
            )
        if len(exact) > 1:
            raise BadInput(where="images", expected="an id, or enough of it to be clear", found=f"{image} (several)")
        return record_of(exact[0])

    def read_bytes(self, image: str | ImageRecord) -> bytes:
        """The file as it was recorded, byte for byte."""
        found = image if isinstance(image, ImageRecord) else self.get(image)
        try:
            return self._blobs.get(found.content)
        except NotFound as error:
            with self._database.reading() as connection:
                retired = connection.execute(sa.select(retirements).where(retirements.c.image_id == found.id)).first()
            if retired is None:
                raise
            raise NotFound(
                f"the pixels were retired on {from_us(retired.at_us):%Y-%m-%d} by the rule {retired.rule!r}",
                where=found.id,
                way_out="the record and its labels are still here",
            ) from error

    def read(self, image: str | ImageRecord) -> Image:
        found = image if isinstance(image, ImageRecord) else self.get(image)
        return decode_image(self.read_bytes(found), found.id, self._limits)

    def search(self, query: Query | None = None) -> Page[ImageRecord]:
        """One page, newest first. `page.next` is the cursor for the following one."""
        wanted = query or Query()
        with self._database.reading() as connection:
            rows = connection.execute(search_statement(wanted)).all()
        found = [record_of(row) for row in rows[: wanted.limit]]
        return Page(tuple(found), wanted.cursor_after(rows[wanted.limit - 1]) if len(rows) > wanted.limit else None)

    def all(self, query: Query | None = None) -> Iterator[ImageRecord]:
        """Every match, page by page."""
        page = self.search(query or Query(limit=500))
        while True:
            yield from page.items
            if page.next is None:
                return
            page = self.search((query or Query(limit=500)).after(page.next))

    def count(self, query: Query | None = None) -> int:
        with self._database.reading() as connection:
            statement = search_statement(query or Query(), counting=True)
            return int(connection.execute(statement).scalar_one())

    def retired_among(self, ids: Sequence[str]) -> set[str]:
        """Those whose pixels a retention rule has given up."""
        with self._database.reading() as connection:
            query = sa.select(retirements.c.image_id).where(retirements.c.image_id.in_(ids))
            return set(connection.execute(query).scalars())

    def set_golden(self, ids: Sequence[str], golden: bool, *, author: str | None = None, reason: str) -> int:
        """Put images into the golden set or take them out. One that trains already is refused, and then none is set."""
        who = author or self._actor
        with self._database.writing() as connection:
            self._ledger.locked_head(connection)  # nobody makes a snapshot between the look and the flag
            rows = golden_rows(connection, ids, golden, who, reason, now_us())
            for row in rows:
                record(connection, self._ledger, [row])
                target = images.c.id == row.values["image_id"]
                connection.execute(sa.update(images).where(target).values(golden=golden))
        return len(rows)

    def _prepare(self, new: NewImage) -> _Prepared:
        data = new.data if isinstance(new.data, bytes) else _read_file(new.data, self._limits)
        found = new.examined
        if found is None or found.content != content_hash(data):
            found = self.examine(data, new.shown_name)
        put_at_us = now_us()  # before the put: what gc counts from must not look younger than it is
        content = self._blobs.put(data)
        row = image_row(content, len(data), found.facts, found.likeness, new.capture, self._actor)
        return _Prepared(new, row, put_at_us)

    def _found(self, column: sa.Column[str], values: Iterable[str]) -> Iterator[ImageRecord]:
        for chunk in _chunks(sorted(set(values)), 500):
            with self._database.reading() as connection:
                query = sa.select(images).where(column.in_(chunk)).order_by(images.c.event_seq)
                rows = connection.execute(query).all()
            yield from map(record_of, rows)

    def _commit(self, prepared: Sequence[_Prepared]) -> list[ImageRecord]:
        if not prepared:
            return []
        with self._database.writing() as connection:
            self._ledger.locked_head(connection)  # nobody records the same image between the look and the insert
            known = _known(connection, [p.row["id"] for p in prepared])
            fresh: dict[str, _Prepared] = {}
            for p in prepared:
                if p.row["id"] not in known:
                    fresh.setdefault(p.row["id"], p)
            self._put_old_ones_again(fresh.values())
            rows = [_new_row(p) for p in fresh.values()]
            numbers = record(connection, self._ledger, rows) if rows else []
            labelled = [(p.row["id"], p.new.label) for p in prepared if p.new.label is not None]
            newly_labelled = set(self._labels.record_within(connection, labelled))
        for (image, p), number in zip(fresh.items(), numbers, strict=True):
            known[ImageId(image)] = record_of_values({**p.row, "event_seq": number}, is_new=True)
        seen: set[str] = set()
        results = []
        for p in prepared:
            found = known[ImageId(p.row["id"])]
            is_first = found.id not in seen
            is_labelled = is_first and found.id in newly_labelled
            results.append(replace(found, is_new=found.is_new and is_first, is_labelled=is_labelled))
            seen.add(found.id)
        return results

    def _put_old_ones_again(self, waiting: Iterable[_Prepared]) -> None:
        """After a suspended laptop or a queue that stood still: their blobs may have been collected meanwhile."""
        limit_us = now_us() - int(REFRESH_AFTER_S * 1_000_000)
        for p in waiting:
            if p.put_at_us >= limit_us:
                continue
            data = p.new.data if isinstance(p.new.data, bytes) else _read_file(p.new.data, self._limits)
            if self._blobs.put(data) != p.row["content"]:
                raise BadInput(where=p.new.shown_name, expected="the same bytes as before", found="a changed file")


def record_of(row: sa.Row[Any]) -> ImageRecord:
    return record_of_values(dict(row._mapping))


def record_of_values(row: dict[str, Any], is_new: bool = False) -> ImageRecord:
    capture = Capture(
        captured_at=None if row["captured_at_us"] is None else from_us(row["captured_at_us"]),
        origin=Origin(row["origin"]),
        provenance=json.loads(row["provenance"]),
        **{name: row[name] for name in _CAPTURE_COLUMNS},
    )
    return ImageRecord(
        capture=capture,
        added_at=from_us(row["added_at_us"]),
        is_new=is_new,
        **{name: row[name] for name in _RECORD_COLUMNS},
    )


_CAPTURE_COLUMNS = (*TEXT_FIELDS, "confidence")
_RECORD_COLUMNS = (
    "id",
    "event_seq",
    "content",
    "size",
    "format",
    "width",
    "height",
    "channels",
    "bits",
    "likeness",
    "added_by",
    "golden",
)


def image_row(
    content: str, size: int, facts: ImageFacts, likeness: int, capture: Capture, actor: str
) -> dict[str, Any]:
    described = capture.to_json()
    return {
        "id": image_id(content, described),
        "content": content,
        "size": size,
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "channels": facts.channels,
        "bits": facts.bits,
        "likeness": likeness - (1 << 64) if likeness >= 1 << 63 else likeness,  # databases count signed
        "captured_at_us": capture.captured_at_us,
        "origin": capture.origin.value,
        "provenance": canonical_json(capture.provenance),
        "added_at_us": now_us(),
        "added_by": actor,
        "golden": False,
        **{name: getattr(capture, name) for name in _CAPTURE_COLUMNS},
    }


def _new_row(p: _Prepared) -> NewRow:
    imported = p.new.capture.source is not None
    told = {"content": p.row["content"]}
    told |= {name: p.row[name] for name in ("serial", "source", "station") if p.row[name] is not None}
    return NewRow("images", p.row, Tag.IMAGE_IMPORTED if imported else Tag.IMAGE_RECORDED, p.row["added_by"], told)


def _known(connection: sa.Connection, ids: list[str]) -> dict[ImageId, ImageRecord]:
    rows = connection.execute(sa.select(images).where(images.c.id.in_(ids))).all()
    gone = set(connection.execute(sa.select(retirements.c.image_id).where(retirements.c.image_id.in_(ids))).scalars())
    return {ImageId(row.id): replace(record_of(row), is_retired=row.id in gone) for row in rows}


def _read_file(path: Path, limits: DecodeLimits) -> bytes:
    try:
        if path.stat().st_size > limits.max_bytes:
            raise BadInput(where=path, expected=f"at most {limits.max_bytes} bytes", found=path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise NotFound("cannot read this file", where=path, found=error.strerror or error) from error


def _chunks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    iterator = iter(items)
    while chunk := tuple(itertools.islice(iterator, size)):
        yield chunk
