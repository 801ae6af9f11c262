"""How one event hangs on the one before: pure functions, repeated word for word by the offline script in the docs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    at_us: int
    tag: str
    actor: str
    body: str
    previous: str
    hash: str


def event_hash(previous: str, seq: int, at_us: int, tag: str, actor: str, body: str) -> str:
    """No field can hold a line break (canonical JSON escapes them), so the joined text has one reading only."""
    text = "\n".join((previous, str(seq), str(at_us), tag, actor, body))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def linked(previous: str, seq: int, at_us: int, tag: str, actor: str, body: str) -> Event:
    return Event(seq, at_us, tag, actor, body, previous, event_hash(previous, seq, at_us, tag, actor, body))


def is_intact(event: Event) -> bool:
    return event.hash == event_hash(event.previous, event.seq, event.at_us, event.tag, event.actor, event.body)


def checkpoint_message(seq: int, chain_hash: str) -> bytes:
    """What a checkpoint event signs: the chain up to and including event `seq`."""
    return f"firstshift checkpoint\n{seq}\n{chain_hash}".encode()


def head_message(seq: int, chain_hash: str) -> bytes:
    """What the head row signs: how long the chain is. Its switches (`frozen`, `place`) say where to write, not what was
    written, and are no evidence."""
    return f"firstshift head\n{seq}\n{chain_hash}".encode()
