"""Who paints: this process, several processes of this machine, or a Ray cluster. The pictures are the same.

Units come back in the order in which they were given, and never more than a few are under way, so that memory stays
flat however long the list is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from firstshift.core.errors import FirstshiftError, Unavailable

Job = TypeVar("Job")
"""What a worker takes at one time."""
JobIn = TypeVar("JobIn", contravariant=True)
Result = TypeVar("Result")
Made = TypeVar("Made", covariant=True)
ANSWER_S = 5.0
AHEAD = 2
"""Units under way for each worker: one it works at, one waiting."""


class Paints(Protocol[JobIn, Made]):
    def paint_unit(self, unit: JobIn, /) -> Made: ...


class Work(Protocol[JobIn, Made]):
    """What is the same for all jobs; it travels to each worker once."""

    def painter(self) -> Paints[JobIn, Made]: ...


class Crew(Protocol):
    def paint(self, order: Work[Job, Result], units: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]: ...


@dataclass(frozen=True, slots=True)
class Alone:
    """In this process: nothing to start, easy to debug."""

    def paint(self, order: Work[Job, Result], units: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        painter = order.painter()
        for unit in units:
            yield unit, painter.paint_unit(unit)


@dataclass(frozen=True, slots=True)
class Processes:
    workers: int

    def paint(self, order: Work[Job, Result], units: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        # A fresh interpreter for each worker: a forked one would inherit locks that threads of ours hold.
        pool = ProcessPoolExecutor(
            self.workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(order,)
        )
        try:
            yield from _in_order(units, lambda unit: pool.submit(_paint, unit), Future.result, self.workers * AHEAD)
        except BrokenProcessPool as error:
            raise Unavailable(
                "a worker process died",
                where="synth",
                way_out="the same command goes on where it stopped; with too little memory, use fewer --workers",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def workers_here() -> int:
    """One for each core."""
    return os.cpu_count() or 1


def local_crew(workers: int, jobs: int) -> Crew:
    """No more processes than there is work for."""
    count = min(workers, jobs)
    return Processes(count) if count > 1 else Alone()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Over Ray. `address` is that of a running cluster; `local` starts one on this machine."""

    address: str
    workers: int

    def paint(self, order: Work[Job, Result], units: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        if not units:
            return
        try:
            import ray
        except ImportError as error:
            raise Unavailable(
                "Ray is not installed", where="--cluster", way_out="pip install 'firstshift[cluster]'"
            ) from error
        started = not ray.is_initialized()
        if started:
            _join(ray, self.address, self.workers)
        try:
            remote: Any = ray.remote(num_cpus=1)(RayPainter)
            count = min(self.workers, len(units))
            painters: list[Any] = [remote.remote(order) for _ in range(count)]
            given = iter(range(len(units)))

            def submit(unit: Any) -> Any:
                return painters[next(given) % count].paint_unit.remote(unit)

            def answer(ticket: Any) -> Any:
                came = ray.get(ticket)
                if isinstance(came, FirstshiftError):
                    raise came
                return came

            yield from _in_order(units, submit, answer, count * AHEAD)
        except ray.exceptions.RayTaskError:
            raise  # a fault of ours, not of the cluster: to be seen as what it is
        except ray.exceptions.RayError as error:
            raise Unavailable(
                "the cluster lost a worker",
                where="--cluster",
                found=error,
                way_out="the same command goes on where it stopped",
            ) from error
        finally:
            if started:
                ray.shutdown()


class RayPainter:
    """One worker of the cluster. What a person can mend comes back as a value, which Ray does not wrap up."""

    def __init__(self, order: Work[Any, Any]) -> None:
        _one_thread()
        self._painter: Any = None
        self._error: FirstshiftError | None = None
        try:
            self._painter = order.painter()
        except FirstshiftError as error:
            self._error = error

    def paint_unit(self, unit: Any) -> Any:
        if self._error is not None:
            return self._error
        try:
            return self._painter.paint_unit(unit)
        except FirstshiftError as error:
            return error


def _join(ray: Any, address: str, workers: int) -> None:
    quiet = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    try:
        if address == "local":
            ray.init(num_cpus=workers, **quiet)
        else:
            _knock(address)
            ray.init(address=address, **{key: quiet[key] for key in ("log_to_driver", "configure_logging")})
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise Unavailable(
            "the cluster does not answer", where=address, found=error, way_out="`--cluster local` starts one here"
        ) from error


def _knock(address: str) -> None:
    """Ray itself waits for minutes for a cluster that is not there."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()


def _in_order(
    units: Sequence[Job], submit: Callable[[Job], Any], result: Callable[[Any], Result], most: int
) -> Generator[tuple[Job, Result], None, None]:
    waiting: deque[tuple[Job, Any]] = deque()
    for unit in units:
        if len(waiting) >= most:
            first, ticket = waiting.popleft()
            yield first, result(ticket)
        waiting.append((unit, submit(unit)))
    while waiting:
        first, ticket = waiting.popleft()
        yield first, result(ticket)


_painter: Any = None


def _begin(order: Work[Any, Any]) -> None:
    global _painter
    # The parent hears Ctrl-C and the end of the terminal, and winds the workers up.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    _one_thread()
    _painter = order.painter()


def _end_with_parent() -> None:
    """A parent that was killed winds nobody up, and a worker without one would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # a pipe that closes when it ends, in whatever way; a handle on Windows
        os._exit(1)


def _paint(unit: Any) -> Any:
    return _painter.paint_unit(unit)


def _one_thread() -> None:
    """Workers are the parallelism; threads inside them would only fight each other."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    import cv2

    cv2.setNumThreads(1)
