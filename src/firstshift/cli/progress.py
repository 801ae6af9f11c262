"""Progress on a terminal (a bar), in a log (a line every ten seconds) or not at all; and Ctrl-C as a clean stop.

The first Ctrl-C asks the work to stop at its next safe point, the second stops at once. Both leave what is finished.
The system's own ways of ending a program mean the same: SIGTERM of `kill` or a shutdown, SIGHUP of a closed terminal.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Self

import typer

from firstshift.cli.streams import silence
from firstshift.core.errors import Unavailable
from firstshift.core.progress import Cancelled, Progress, ProgressEvent, Reporting, Silent

LOG_EVERY_S = 10.0
STOPPED = "stopped; what is finished is kept, and the same command goes on from there"
STOPS = ("SIGINT", "SIGTERM", "SIGHUP")
"""As far as the system has them."""


class Stopping:
    """Passes progress on, and raises `Cancelled` at the next step after somebody asked for it."""

    def __init__(self, shown: Progress) -> None:
        self._shown, self.asked = shown, False

    def start(self, what: str, total: int | None = None) -> None:
        self._check()
        self._shown.start(what, total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._shown.advance(steps, note)
        self._check()

    def finish(self) -> None:
        self._shown.finish()

    def _check(self) -> None:
        if self.asked:
            raise Cancelled(STOPPED)


class Bar:
    """A bar on stderr that goes away when the work is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._rich = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
            transient=True,
            expand=True,
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rich.stop()

    def start(self, what: str, total: int | None = None) -> None:
        self.finish()
        self._task = self._rich.add_task(what, total=total)

    def advance(self, steps: int = 1, note: str = "") -> None:  # noqa: ARG002 - a bar has no room for a note
        if self._task is not None:
            self._rich.advance(self._task, steps)

    def redraw(self) -> None:
        self._rich.refresh()

    def finish(self) -> None:
        if self._task is not None:
            self._rich.remove_task(self._task)
            self._task = None


@contextlib.contextmanager
def progress_shown(quiet: bool) -> Iterator[Progress]:
    with contextlib.ExitStack() as stack:
        if quiet:
            shown: Progress = Silent()
        elif sys.stderr.isatty():
            shown = stack.enter_context(Bar())
        else:
            shown = Reporting(_log_line, LOG_EVERY_S)
        stopping = Stopping(shown)
        stack.enter_context(_asked_by_interrupt(stopping))
        try:
            yield stopping
        except Unavailable as error:
            # A shutdown, and `timeout`, end the workers as well as this process.
            if stopping.asked:
                raise Cancelled(STOPPED) from error
            raise


def _log_line(event: ProgressEvent) -> None:
    if event.seconds >= LOG_EVERY_S:  # short work needs no telling
        typer.echo(str(event), err=True)


@contextlib.contextmanager
def _asked_by_interrupt(stopping: Stopping) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may handle signals
        yield
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stopping.asked:
            raise KeyboardInterrupt
        stopping.asked = True
        try:
            typer.echo("stopping at the next safe point; Ctrl-C again stops at once", err=True)
        except OSError:  # the terminal was closed: what is still to be said is for nobody
            silence()

    numbers = [getattr(signal, name) for name in STOPS if hasattr(signal, name)]
    # What is ignored stays ignored: `nohup` means that closing the terminal is no reason to stop.
    before = {number: signal.signal(number, ask) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
