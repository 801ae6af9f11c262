"""A queue for the writers of one SQLite file.

SQLite's own waiting is a poll with growing sleeps: under eight writers some wait a hundred times longer than others.
A lock of the operating system wakes the next writer at once. It is dropped by the kernel when a process dies. Where
there is no `fcntl` (Windows), SQLite's polling serves: slower, still correct.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # pragma: no cover – Windows
    fcntl = None  # type: ignore[assignment]


class WriterLock(contextlib.AbstractContextManager["WriterLock"]):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> WriterLock:
        self._threads.acquire()
        try:
            if fcntl is not None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        try:
            if self._file is not None:
                os.close(self._file)  # closing drops the lock
        finally:
            self._file = None
            self._threads.release()
