"""What one client of the ingest benchmark does, in a process of its own: write as fast as it is acknowledged.

Every client waits at a gate until all have opened their workspace, works for a number of seconds, and reports when
each image was acknowledged and how long that took.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2
import numpy as np

from firstshift.core.capture import Capture
from firstshift.core.seed import Seed
from firstshift.store.images import NewImage
from firstshift.store.workspace import Workspace

SIDE = 512
QUALITY = 90
WARM_UP = 3
_GATE_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Work:
    """What a client needs to know."""

    folder: str
    client: int
    seconds: float
    pictures: tuple[bytes, ...]
    phase: str
    batch: int = 0
    """Images in a transaction; 0 for one by one."""
    flush_folder: bool = False
    """For the raw floor: flush the folder as well as the file."""


@dataclass(frozen=True, slots=True)
class Told:
    """`acknowledged_s` and `began_s` are readings of the one monotonic clock that all processes share."""

    began_s: float
    acknowledged_s: tuple[float, ...]
    latency_s: tuple[float, ...]
    warm_up: int
    peak_memory_mb: float


def draw_pictures(seed: Seed, count: int = 32) -> tuple[bytes, ...]:
    """Colour JPEGs of 512² with slow shading, grain and a scratch: about 100 kB each."""
    return tuple(_draw(seed.child("picture", number).generator()) for number in range(count))


def run_clients(client: Callable[[Work], Told], works: list[Work]) -> list[Told]:
    """All at once, each in a new process; an error in one is raised here."""
    context = get_context("spawn")
    gate = context.Barrier(len(works))
    with ProcessPoolExecutor(len(works), context, initializer=_stand_at, initargs=(gate,)) as pool:
        return list(pool.map(client, works))


def write_raw(work: Work) -> Told:
    """The floor under every figure: the same bytes into new files, flushed, without anything of ours."""
    folder = Path(work.folder) / f"raw-{work.phase}-{work.client}"
    folder.mkdir()
    log = _Log(work)
    for number, data in _pictures_until_done(log, work):
        handed_s = time.monotonic()
        handle = os.open(folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        os.write(handle, data)
        os.fsync(handle)
        os.close(handle)
        if work.flush_folder:
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        log.acknowledge(handed_s)
    return log.told()


def add_one_by_one(work: Work) -> Told:
    with Workspace.open(work.folder, actor=f"station:bench-{work.client}") as ws:
        for number in range(WARM_UP):
            ws.images.add(_unlike(work, number, "warm-up"), _capture(work, number))
        log = _Log(work, WARM_UP)
        for number, data in _pictures_until_done(log, work):
            handed_s = time.monotonic()
            ws.images.add(data, _capture(work, number))
            log.acknowledge(handed_s)
    return log.told()


def add_in_batches(work: Work) -> Told:
    """The latency of an image here is from handing it over to its record, so it includes waiting for the batch."""
    with Workspace.open(work.folder, actor=f"station:bench-{work.client}") as ws:
        log = _Log(work)
        handed_s: list[float] = []

        def arriving() -> Iterator[NewImage]:
            for number, data in _pictures_until_done(log, work):
                handed_s.append(time.monotonic())
                yield NewImage(data, _capture(work, number))

        for number, _record in enumerate(ws.images.add_many(arriving(), batch=work.batch)):
            log.acknowledge(handed_s[number])
    return log.told()


_gate: Barrier | None = None


def _stand_at(gate: Barrier) -> None:
    """How a pool hands something to its processes once."""
    global _gate
    _gate = gate


class _Log:
    """Starts counting when every client is ready."""

    def __init__(self, work: Work, warm_up: int = 0) -> None:
        if _gate is not None:
            _gate.wait(_GATE_TIMEOUT_S)
        self.began_s = time.monotonic()
        self.ends_s = self.began_s + work.seconds
        self._warm_up = warm_up
        self._acknowledged_s: list[float] = []
        self._latency_s: list[float] = []

    def acknowledge(self, handed_s: float) -> None:
        now_s = time.monotonic()
        self._acknowledged_s.append(now_s)
        self._latency_s.append(now_s - handed_s)

    def told(self) -> Told:
        times, latencies = tuple(self._acknowledged_s), tuple(self._latency_s)
        return Told(self.began_s, times, latencies, self._warm_up, _peak_memory_mb())


def _pictures_until_done(log: _Log, work: Work) -> Iterator[tuple[int, bytes]]:
    number = 0
    while time.monotonic() < log.ends_s:
        yield number, _unlike(work, number)
        number += 1


def _unlike(work: Work, number: int, note: str = "") -> bytes:
    """One of the pictures with a comment of its own: other bytes, other hash, the same work to decode."""
    text = f"{work.phase} {work.client} {number} {note}".encode()
    picture = work.pictures[(work.client + number) % len(work.pictures)]
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


def _capture(work: Work, number: int) -> Capture:
    return Capture(
        captured_at=datetime.now(UTC),
        serial=f"SN-{work.phase}-{work.client}-{number:06d}",
        station=f"cell-{work.client}",
        camera="top",
        recipe="bright",
        model_version="m-1",
        prediction="good",
        confidence=0.97,
        route="pass",
    )


def _draw(random: np.random.Generator) -> bytes:
    shading = cv2.resize(
        random.normal(128, 30, (6, 6, 3)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    grain = random.normal(0, 11, (SIDE, SIDE, 1)) + random.normal(0, 3, (SIDE, SIDE, 3))
    pixels = np.clip(shading + grain, 0, 255).astype(np.uint8)
    start, end = random.integers(0, SIDE, 2), random.integers(0, SIDE, 2)
    cv2.line(pixels, tuple(map(int, start)), tuple(map(int, end)), (235, 235, 235), 2, cv2.LINE_AA)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()


def _peak_memory_mb() -> float:
    """Of this process since it began; 0 where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:  # pragma: no cover – Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
