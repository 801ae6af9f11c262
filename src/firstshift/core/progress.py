"""Progress that a terminal, a server and a log file can all show.

Work reports to a `Progress`; whoever runs the work decides what is done with it. Cancelling goes the other way: a
reporter that raises `Cancelled` from `advance` stops the work at the next safe point.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from firstshift.core.errors import FirstshiftError

Item = TypeVar("Item")


class Cancelled(FirstshiftError):
    """A person stopped the work. What was finished is kept, and the same call goes on from there."""


class Progress(Protocol):
    def start(self, what: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1, note: str = "") -> None: ...
    def finish(self) -> None: ...


class Silent:
    def start(self, what: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1, note: str = "") -> None: ...
    def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """One state of the work, for a server to stream or a file to keep."""

    what: str
    done: int
    total: int | None
    note: str
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        if not self.total or not self.done:
            return None
        return self.seconds * max(0, self.total - self.done) / self.done

    def __str__(self) -> str:
        share = f" of {self.total} ({self.done / self.total:.0%})" if self.total else ""
        left = f", {self.seconds_left:.0f} s left" if self.seconds_left is not None else ""
        note = f" – {self.note}" if self.note else ""
        return f"{self.what}: {self.done}{share}{left}{note}"


class Reporting:
    """Calls `report` with a `ProgressEvent` at most every `every_s` seconds, and at the start and the end."""

    def __init__(
        self,
        report: Callable[[ProgressEvent], None],
        every_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report, self._every_s, self._clock = report, every_s, clock
        self._what, self._done, self._note = "", 0, ""
        self._total: int | None = None
        self._began = self._last = 0.0

    def start(self, what: str, total: int | None = None) -> None:
        self._what, self._total, self._done, self._note = what, total, 0, ""
        self._began = self._last = self._clock()
        self._emit()

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._done += steps
        self._note = note or self._note
        if self._clock() - self._last >= self._every_s:
            self._emit()

    def finish(self) -> None:
        self._emit()

    def _emit(self) -> None:
        self._last = self._clock()
        seconds = self._last - self._began
        self._report(ProgressEvent(self._what, self._done, self._total, self._note, seconds))


def to_log(logger: logging.Logger, every_s: float = 10.0) -> Reporting:
    return Reporting(lambda event: logger.info("%s", event), every_s)


def tracked(items: Iterable[Item], progress: Progress, what: str, total: int | None = None) -> Iterator[Item]:
    """`for x in tracked(xs, progress, "importing", len(xs))`: one step per item, closed also on error."""
    progress.start(what, total)
    try:
        for item in items:
            yield item
            progress.advance()
    finally:
        progress.finish()
