"""Collect garbage: blobs that no record needs.

They come about in two ways: a process died between writing a blob and recording its row, or retention retired the
images. Blobs and rows live in two systems without a common transaction, so a blob that looks unneeded may be about to
be needed: somebody has just put it and commits a moment later. Three things together make sure that it is not lost:

1. A blob is only looked at when nobody put it for `grace_s`. Putting it again makes it young again.
2. It is first buried, which every `get` and `put` undoes or sees through, and removed only after it lay buried for
   `grace_s` (and at least `MIN_BURIED_S`) and nobody needed it, looked up while holding the ledger's head, so that
   nobody commits between the look and the removal.
3. A commit whose blobs were put longer than `REFRESH_AFTER_S` ago puts them again first, while it holds the head. So
   whatever a commit refers to was put within that time, which is far shorter than a burial.

A blob that is buried and needed after all (the commit came after the burial) is dug up by the next run, and can be read
all the while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from firstshift.core.progress import Progress, Silent
from firstshift.db.turns import one_at_a_time
from firstshift.store.blobs import BlobFacts
from firstshift.store.references import needed_among
from firstshift.store.workspace import Workspace

GRACE_S = 24 * 3600.0
MIN_BURIED_S = 3600.0
_CHUNK = 1_000
_PURGED_AT_ONCE = 50  # while these are removed nobody can commit


@dataclass(slots=True)
class Heap:
    blobs: int = 0
    bytes: int = 0

    def add(self, facts: BlobFacts) -> None:
        self.blobs += 1
        self.bytes += facts.size

    def to_json(self) -> dict[str, int]:
        return {"blobs": self.blobs, "bytes": self.bytes}


@dataclass(slots=True)
class Collection:
    """What a run did, or, `dry`, what it would do now."""

    dry: bool
    buried: Heap
    purged: Heap
    exhumed: Heap
    waiting: Heap
    """Buried and kept for now."""
    young: Heap
    """Unneeded, and put too recently to say so."""
    leftovers: int = 0
    """Half-written files that were swept."""

    def to_json(self) -> dict[str, Any]:
        heaps = {name: getattr(self, name).to_json() for name in ("buried", "purged", "exhumed", "waiting", "young")}
        return {"dry": self.dry, **heaps, "leftovers": self.leftovers}


def collect_garbage(
    ws: Workspace,
    *,
    grace_s: float = GRACE_S,
    dry: bool = False,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> Collection:
    """With `grace_s=0` unneeded blobs are buried at once; they still stay there for `MIN_BURIED_S`. May be stopped at
    any moment and run again."""
    shown = progress or Silent()
    result = Collection(dry, Heap(), Heap(), Heap(), Heap(), Heap())
    with one_at_a_time(ws.database, "gc"):
        now_s = clock()
        _visit_graves(ws, result, now_s - max(grace_s, MIN_BURIED_S), shown)
        _visit_blobs(ws, result, now_s - grace_s, shown)
        if not dry:
            result.leftovers = ws.blobs.sweep(max(grace_s, MIN_BURIED_S))
    return result


def _visit_graves(ws: Workspace, result: Collection, buried_before_s: float, progress: Progress) -> None:
    progress.start("looking at what is buried")
    removable: list[BlobFacts] = []
    for chunk in _chunks(ws.blobs.buried(), _CHUNK):
        with ws.database.reading() as connection:
            needed = needed_among(connection, [facts.content for facts in chunk])
        for facts in chunk:
            if facts.content in needed:
                result.exhumed.add(facts)
                if not result.dry:
                    ws.blobs.exhume(facts.content)
            elif facts.changed_at_s <= buried_before_s:
                removable.append(facts)
            else:
                result.waiting.add(facts)
        progress.advance(len(chunk))
    for few in _chunks(removable, _PURGED_AT_ONCE):
        _purge(ws, result, few)
    progress.finish()


def _purge(ws: Workspace, result: Collection, few: list[BlobFacts]) -> None:
    if result.dry:
        for facts in few:
            result.purged.add(facts)
        return
    with ws.database.writing() as connection:
        ws.ledger.locked_head(connection)
        needed = needed_among(connection, [facts.content for facts in few])
        for facts in few:
            if facts.content not in needed:
                ws.blobs.purge(facts.content)
                result.purged.add(facts)


def _visit_blobs(ws: Workspace, result: Collection, put_before_s: float, progress: Progress) -> None:
    progress.start("looking for blobs that no record needs")
    for chunk in _chunks(ws.blobs.all(), _CHUNK):
        with ws.database.reading() as connection:
            needed = needed_among(connection, [facts.content for facts in chunk])
        for facts in chunk:
            if facts.content in needed:
                continue
            if facts.changed_at_s > put_before_s:
                result.young.add(facts)
                continue
            result.buried.add(facts)
            if not result.dry:
                ws.blobs.bury(facts.content)
        progress.advance(len(chunk))
    progress.finish()


def _chunks(facts: Iterable[BlobFacts], size: int) -> Iterator[list[BlobFacts]]:
    iterator = iter(facts)
    while chunk := list(islice(iterator, size)):
        yield chunk
