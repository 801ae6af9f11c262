"""Files that images were made from, kept so that they can be made again: a plan, its CAD file, a camera's profile.

    ws.kept_files.keep(plan_hash, [NewFile("plan", "plan.yaml", text), NewFile("cad", "bracket.step", data)])
    for one in ws.kept_files.of(plan_hash): ws.kept_files.read(one)

`made_from` is the hash that the images' own records carry, so a record leads to its files without naming them. The same
hash is kept once, whatever the number of runs and images; the same bytes are one blob. Rows are written once, with an
event each, and their blobs are evidence like pixels: verified, copied by backup and move, never garbage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import BadInput
from firstshift.core.hashing import record_hash
from firstshift.db.engine import Database
from firstshift.ledger.ledger import Ledger, now_us
from firstshift.ledger.tags import Tag
from firstshift.store.blobs import REFRESH_AFTER_S, Blobs
from firstshift.store.rows import NewRow, record
from firstshift.store.tables import kept_files

MAX_FILES = 1_000
MAX_FILE_BYTES = 512_000_000
"""As large as a CAD file may be."""


@dataclass(frozen=True, slots=True)
class NewFile:
    role: str
    """What it is: `plan`, `cad`, `heat map`, `profile`, `defect types`."""
    name: str
    """What its plan, or the person, calls it."""
    data: bytes


@dataclass(frozen=True, slots=True)
class KeptFile:
    made_from: str
    role: str
    name: str
    content: str
    size: int


class KeptFiles:
    def __init__(self, database: Database, ledger: Ledger, blobs: Blobs, actor: str) -> None:
        self._database, self._ledger, self._blobs, self._actor = database, ledger, blobs, actor

    def keep(self, made_from: str, files: Sequence[NewFile], *, author: str | None = None) -> int:
        """How many were recorded: all of them, or none where this hash is kept already."""
        if self.of(made_from):
            return 0
        _check(files)
        put_at_us = now_us()  # before the put: what gc counts from must not look younger than it is
        contents = [self._blobs.put(one.data) for one in files]
        rows = [
            _row(made_from, place, one, content, author or self._actor)
            for place, (one, content) in enumerate(zip(files, contents, strict=True))
        ]
        with self._database.writing() as connection:
            self._ledger.locked_head(connection)  # nobody keeps the same between the look and the insert
            if connection.execute(_of(made_from).limit(1)).first() is not None:
                return 0
            if now_us() - put_at_us > REFRESH_AFTER_S * 1_000_000:
                for one in files:
                    self._blobs.put(one.data)
            record(connection, self._ledger, rows)
        return len(rows)

    def of(self, made_from: str | None) -> tuple[KeptFile, ...]:
        """In the order in which they were kept; empty where nothing is."""
        if made_from is None:
            return ()
        with self._database.reading() as connection:
            rows = connection.execute(_of(made_from)).all()
        return tuple(KeptFile(row.made_from, row.role, row.name, row.content, row.size) for row in rows)

    def read(self, file: KeptFile) -> bytes:
        """Held against its hash."""
        if file.size > MAX_FILE_BYTES:
            raise BadInput(where=file.name, expected=f"at most {MAX_FILE_BYTES:,} bytes", found=f"{file.size:,}")
        return self._blobs.get(file.content)


def _of(made_from: str) -> sa.Select[Any]:
    return sa.select(kept_files).where(kept_files.c.made_from == made_from).order_by(kept_files.c.place)


def _check(files: Sequence[NewFile]) -> None:
    if not 0 < len(files) <= MAX_FILES:
        raise BadInput(where="kept files", expected=f"1 to {MAX_FILES:,} files", found=f"{len(files):,}")
    for one in files:
        if len(one.data) > MAX_FILE_BYTES:
            raise BadInput(where=one.name, expected=f"at most {MAX_FILE_BYTES:,} bytes", found=f"{len(one.data):,}")


def _row(made_from: str, place: int, file: NewFile, content: str, author: str) -> NewRow:
    told = {"made_from": made_from, "role": file.role, "name": file.name, "content": content}
    values = {
        "id": "kpt_" + record_hash({**told, "place": place})[:32],
        "place": place,
        **told,
        "size": len(file.data),
        "author": author,
        "at_us": now_us(),
    }
    return NewRow("kept_files", values, Tag.FILE_KEPT, author, told)
