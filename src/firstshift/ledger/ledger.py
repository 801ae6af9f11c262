"""Append events inside somebody else's transaction; read them back.

    with database.writing() as connection:
        seqs = ledger.append(connection, [Draft(Tag.IMAGE_RECORDED, "station:cell-3", {"row": …})])
        connection.execute(insert(images).values(event_seq=seqs[0], …))

The row and its event are one transaction, or neither is. Writers meet at the head row: whoever holds it appends, so
there is one chain however many clients write.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import BadInput, Refused
from firstshift.core.hashing import canonical_json
from firstshift.ledger.chain import GENESIS, Event, checkpoint_message, head_message, linked
from firstshift.ledger.keys import SigningKey
from firstshift.ledger.tables import events, ledger_head
from firstshift.ledger.tags import Tag

MAX_BODY_BYTES = 1_000_000
CHECKPOINT_EVERY = 1_000
_ACTOR = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_COLUMNS = ("seq", "at_us", "tag", "actor", "body", "previous", "hash")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a place in the chain."""

    tag: Tag
    actor: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    hash: str
    signature: str
    frozen: str | None
    place: str | None = None


def now_us() -> int:
    return time.time_ns() // 1_000


class Ledger:
    def __init__(self, key: SigningKey | None, clock: Callable[[], int] = now_us, place: str | None = None) -> None:
        """`place`: where this client keeps what the rows refer to; see `ledger_head.place`."""
        self._key, self._clock, self._place = key, clock, place

    def start(self, connection: sa.Connection, workspace_id: str, actor: str) -> None:
        """The first event of a new workspace; names the workspace and the key that signs."""
        key = self._required_key()
        body = {"checkpoint_every": CHECKPOINT_EVERY, "public_key": key.public_hex, "workspace": workspace_id}
        first = linked(GENESIS, 1, self._clock(), Tag.LEDGER_STARTED, _checked_actor(actor), canonical_json(body))
        connection.execute(sa.insert(events), [_as_row(first)])
        signature = key.sign(head_message(first.seq, first.hash))
        connection.execute(sa.insert(ledger_head).values(id=1, seq=1, hash=first.hash, signature=signature))

    def append(self, connection: sa.Connection, drafts: Sequence[Draft]) -> list[int]:
        """The numbers the drafts got, in order. Holds the head until the caller's transaction ends."""
        key = self._required_key()
        head = self.locked_head(connection)
        _refuse_frozen(head)
        if head.place and self._place and head.place != self._place:
            raise Refused(
                "the images of this workspace were moved",
                expected=head.place,
                found=self._place,
                way_out=f"open the workspace again; no help? `firstshift workspace move --blobs {head.place}`",
            )
        at_us, previous, seq = self._clock(), head.hash, head.seq
        chained: list[Event] = []
        numbers: list[int] = []
        for draft in drafts:
            seq += 1
            if seq % CHECKPOINT_EVERY == 0:
                chained.append(self._checkpoint(key, previous, seq, at_us))
                previous, seq = chained[-1].hash, seq + 1
            chained.append(
                linked(previous, seq, at_us, draft.tag, _checked_actor(draft.actor), _checked_body(draft.body))
            )
            previous = chained[-1].hash
            numbers.append(seq)
        if chained:
            connection.execute(sa.insert(events), [_as_row(event) for event in chained])
            self._set_head(connection, key, seq, previous)
        return numbers

    def checkpoint(self, connection: sa.Connection) -> int:
        """Sign the chain as it stands now, beside the regular checkpoints."""
        key = self._required_key()
        head = self.locked_head(connection)
        _refuse_frozen(head)
        event = self._checkpoint(key, head.hash, head.seq + 1, self._clock())
        connection.execute(sa.insert(events), [_as_row(event)])
        self._set_head(connection, key, event.seq, event.hash)
        return event.seq

    def freeze(self, connection: sa.Connection, reason: str | None) -> None:
        """From now on nothing is appended (or, with None, it is again)."""
        self.locked_head(connection)
        connection.execute(sa.update(ledger_head).values(frozen=reason))

    def set_place(self, connection: sa.Connection, place: str | None) -> None:
        """From now on only clients that were opened for this place append."""
        self.locked_head(connection)
        connection.execute(sa.update(ledger_head).values(place=place))
        self._place = place or self._place

    def head(self, connection: sa.Connection) -> Head:
        return _head(connection.execute(_HEAD))

    def locked_head(self, connection: sa.Connection) -> Head:
        return _head(connection.execute(_HEAD.with_for_update()))

    def events(self, connection: sa.Connection, after: int | None = None, batch: int = 2_000) -> Iterator[Event]:
        """In order, a batch at a time, so that half a billion of them fit in memory. All of them, also one that
        somebody gave a number below 1."""
        while True:
            query = sa.select(events).order_by(events.c.seq).limit(batch)
            if after is not None:
                query = query.where(events.c.seq > after)
            rows = connection.execute(query).all()
            yield from (Event(*row) for row in rows)
            if len(rows) < batch:
                return
            after = rows[-1].seq

    def log(
        self,
        connection: sa.Connection,
        *,
        tag: str | None = None,
        actor: str | None = None,
        since_us: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Event]:
        """Newest first; `tag` may end in `*`."""
        query = sa.select(events).order_by(events.c.seq.desc()).limit(limit)
        if tag:
            prefix = tag.rstrip("*")
            query = query.where(events.c.tag.startswith(prefix, autoescape=True) if "*" in tag else events.c.tag == tag)
        if actor:
            query = query.where(events.c.actor == actor)
        if since_us is not None:
            query = query.where(events.c.at_us >= since_us)
        if before is not None:
            query = query.where(events.c.seq < before)
        return [Event(*row) for row in connection.execute(query)]

    def _checkpoint(self, key: SigningKey, previous: str, seq: int, at_us: int) -> Event:
        body = {
            "hash": previous,
            "public_key": key.public_hex,
            "seq": seq - 1,
            "signature": key.sign(checkpoint_message(seq - 1, previous)),
        }
        return linked(previous, seq, at_us, Tag.LEDGER_CHECKPOINTED, "system", canonical_json(body))

    def _set_head(self, connection: sa.Connection, key: SigningKey, seq: int, chain_hash: str) -> None:
        signature = key.sign(head_message(seq, chain_hash))
        connection.execute(sa.update(ledger_head).values(seq=seq, hash=chain_hash, signature=signature))

    def _required_key(self) -> SigningKey:
        if self._key is None:
            raise Refused(
                "this workspace is open for reading only: its private key is not here, or not yours to read",
                way_out="put keys/ledger.pem back from the backup, or work as the user that owns it",
            )
        return self._key


_HEAD = sa.select(*(ledger_head.c[name] for name in ("seq", "hash", "signature", "frozen", "place")))


def _head(result: sa.CursorResult[Any]) -> Head:
    rows = result.all()
    if len(rows) != 1:
        raise Refused(
            "the ledger has no head: the workspace was never started or its head row was removed"
            if not rows
            else "the ledger has two heads: somebody added one"
        )
    row = rows[0]
    return Head(row.seq, row.hash, row.signature, row.frozen, row.place)


def _refuse_frozen(head: Head) -> None:
    if head.frozen:
        raise Refused(
            f"this workspace takes no more writes: {head.frozen}",
            way_out="open the workspace at its new place, or `firstshift workspace move --undo`",
        )


def _as_row(event: Event) -> dict[str, Any]:
    return dict(zip(_COLUMNS, astuple(event), strict=True))


def _checked_actor(actor: str) -> str:
    if not _ACTOR.fullmatch(actor):
        raise BadInput(where="actor", expected="1–200 printable characters", found=repr(actor))
    return actor


def _checked_body(body: dict[str, Any]) -> str:
    text = canonical_json(body)
    if len(text) > MAX_BODY_BYTES:
        raise BadInput(where="event body", expected=f"at most {MAX_BODY_BYTES} characters", found=len(text))
    return text
