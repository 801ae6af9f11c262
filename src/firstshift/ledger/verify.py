"""Walk the chain from the first event to the head and name the first thing that is not as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from firstshift.ledger.chain import GENESIS, Event, checkpoint_message, head_message, is_intact
from firstshift.ledger.keys import is_signed
from firstshift.ledger.ledger import Head
from firstshift.ledger.tags import Tag


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not verify. `what` names it (`event 17`, `image img_…`, `blob 3f…`)."""

    what: str
    finding: str
    seq: int | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.finding}"


@dataclass(slots=True)
class ChainState:
    """What the walk has seen so far."""

    seq: int = 0
    hash: str = GENESIS
    public_key: str = ""
    workspace: str = ""
    checkpoint_every: int = 0
    checkpoints: int = 0
    problems: list[Problem] = field(default_factory=list)


def walk(events: Iterable[Event], public_key: str, state: ChainState) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Yield every event with its body while checking it. After a break the walk goes on from what it finds, so that
    one inserted event is one problem and not a million."""
    for event in events:
        if not isinstance(event.seq, int) or event.seq < 1:
            state.problems.append(Problem(f"event {event.seq}", "was inserted: events are numbered from 1"))
            continue
        body = _body(event)
        if event.seq > state.seq + 1:
            gap = f"{event.seq - state.seq - 1} event(s) from here to event {event.seq - 1} are missing"
            state.problems.append(Problem(f"event {state.seq + 1}", gap, state.seq + 1))
        elif (problem := _link_problem(event, state) or _content_problem(event, body, public_key, state)) is not None:
            state.problems.append(Problem(f"event {event.seq}", problem, event.seq))
        state.seq, state.hash = event.seq, event.hash
        yield event, body if isinstance(body, dict) else {}


def head_problem(head: Head, state: ChainState, public_key: str) -> Problem | None:
    """The signed head says how long the chain is: a cut tail is seen even though what is left of it is intact."""
    if not isinstance(head.seq, int) or not isinstance(head.hash, str):
        return Problem("ledger head", f"was altered: it says {head.seq!r} ({head.hash!r})")
    if (head.seq, head.hash) != (state.seq, state.hash):
        return Problem(
            f"event {min(head.seq, state.seq) + 1}" if head.seq != state.seq else f"event {head.seq}",
            f"the chain ends at event {state.seq} ({state.hash[:12]}…), the head says {head.seq} ({head.hash[:12]}…)",
            min(head.seq, state.seq),
        )
    if not is_signed(head_message(head.seq, head.hash), head.signature, public_key):
        return Problem("ledger head", "its signature is not by this workspace's key", head.seq)
    return None


def _body(event: Event) -> Any:
    try:
        return json.loads(event.body)
    except (ValueError, TypeError, RecursionError):
        return None


def _has_types(event: Event) -> bool:
    """SQLite keeps any type in any column."""
    texts = (event.tag, event.actor, event.body, event.previous, event.hash)
    return isinstance(event.at_us, int) and all(isinstance(text, str) for text in texts)


def _link_problem(event: Event, state: ChainState) -> str | None:
    if not _has_types(event):
        return "was altered: it holds a number where text belongs, or bytes"
    if event.previous != state.hash:
        return f"does not follow from event {state.seq}: one of them was replaced, inserted or reordered"
    if not is_intact(event):
        return "was altered: its hash is not the hash of what it says"
    return None


def _content_problem(event: Event, body: Any, public_key: str, state: ChainState) -> str | None:
    if not isinstance(body, dict):
        return "its body is no JSON object"
    if event.seq == 1:
        if event.tag != Tag.LEDGER_STARTED:
            return f"the first event is {event.tag}, not {Tag.LEDGER_STARTED}"
        state.workspace = str(body.get("workspace", ""))
        every = body.get("checkpoint_every")
        state.checkpoint_every = every if isinstance(every, int) else 0
        if body.get("public_key") != public_key:
            return "the workspace was started with another key than the one given"
    elif event.tag == Tag.LEDGER_STARTED:
        return "a second start of the ledger"
    if event.tag == Tag.LEDGER_CHECKPOINTED:
        state.checkpoints += 1
        signed = checkpoint_message(event.seq - 1, event.previous)
        if not is_signed(signed, str(body.get("signature", "")), public_key):
            return "a checkpoint whose signature is not by this workspace's key"
    elif state.checkpoint_every and event.seq % state.checkpoint_every == 0:
        return f"is due to be a checkpoint (every {state.checkpoint_every} events) and is {event.tag}"
    return None
