"""Nothing that was acknowledged is ever lost, and nothing half-written is ever seen.

Real processes are killed with SIGKILL at random moments, on SQLite and on a real PostgreSQL; the database server itself
is killed; connections are cut; the disk fills up. After each blow everything that was acknowledged must be there, byte
for byte, and the whole workspace must verify.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from firstshift import Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import Unavailable
from firstshift.core.hashing import content_hash
from firstshift.store.audit import verify_workspace
from tests.disks import mounted
from tests.journeys.ingesting import LABEL
from tests.pictures import jpeg
from tests.servers.postgres import PostgresServer

KILLS = 100
CLIENTS = 2
PATIENCE_S = 30.0


class Nursery:
    """Starts recording processes; each notes what was acknowledged in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.ingesting"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def start(self, workspace: Path, first: int, **options: int) -> Recorder:
        notes = self._folder / f"notes-{next(self._numbers)}"
        notes.touch()
        order = {"folder": str(workspace), "notes": str(notes), "first": first, **options}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Recorder(int(self._process.stdout.readline()), notes)

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE_S)


@dataclass
class Recorder:
    pid: int
    notes: Path

    def lines(self) -> list[str]:
        return self.notes.read_text().splitlines()

    def wait_for(self, lines: int) -> None:
        wait_until(lambda: len(self.lines()) >= lines)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait_gone(self) -> None:
        wait_until(lambda: not psutil.pid_exists(self.pid))


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


@pytest.fixture
def nursery(database_url: str, tmp_path: Path) -> Iterator[Nursery]:
    """After the database, whose password it needs in its environment."""
    assert database_url
    started = Nursery(tmp_path)
    yield started
    started.close()


def check_acknowledged(ws: Workspace, lines: list[str]) -> None:
    for line in lines:
        if line.startswith("error"):
            continue
        number, image, content = line.split()
        record = ws.images.get(image)
        data = ws.images.read_bytes(record)
        assert data == jpeg(int(number))
        assert content_hash(data) == record.content == content
        assert ws.labels.current([image])[image].label == LABEL


def check_whole(ws: Workspace, *, quick: bool = False) -> None:
    result = verify_workspace(ws, quick=quick)
    assert result.problems == []
    seen = 0
    for record in ws.images.all():  # no image without its label: they were one transaction
        seen += 1
        assert record.capture.serial is not None
    assert seen == ws.images.count()
    assert result.rows == 2 * seen


@pytest.mark.slow
def test_sigkill_at_a_hundred_random_moments(nursery: Nursery, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    Workspace.create(folder, database_url=database_url).close()
    chance = random.Random(20261120)
    acknowledged: list[str] = []
    for kills in range(0, KILLS, CLIENTS):
        recorders = [nursery.start(folder, (kills + n) * 10_000) for n in range(CLIENTS)]
        recorders[0].wait_for(1)
        time.sleep(chance.random() * 0.06)
        for recorder in recorders:
            recorder.kill()
            time.sleep(chance.random() * 0.01)
        for recorder in recorders:
            recorder.wait_gone()
        fresh = [line for recorder in recorders for line in recorder.lines()]
        with Workspace.open(folder) as ws:
            check_acknowledged(ws, fresh)
            if kills % 20 == 0:
                check_whole(ws, quick=True)
        acknowledged += fresh
    with Workspace.open(folder) as ws:
        check_acknowledged(ws, acknowledged)
        check_whole(ws)
        assert ws.images.count() >= len(acknowledged) >= KILLS // CLIENTS


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_database_server_is_killed(
    nursery: Nursery, postgres: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    Workspace.create(folder, database_url=database_url).close()
    chance = random.Random(7)
    acknowledged: list[str] = []
    for blow in range(6):
        recorder = nursery.start(folder, blow * 10_000)
        recorder.wait_for(3)
        time.sleep(chance.random() * 0.2)
        postgres.kill()
        time.sleep(0.05)
        recorder.kill()
        recorder.wait_gone()
        acknowledged += recorder.lines()
        postgres.start()
        with Workspace.open(folder) as ws:
            check_acknowledged(ws, acknowledged)
            check_whole(ws, quick=True)
    assert len([line for line in acknowledged if not line.startswith("error")]) >= 18


@pytest.mark.slow
@pytest.mark.postgres
def test_connections_are_cut_while_recording(postgres: PostgresServer, postgres_url: str, tmp_path: Path) -> None:
    """The client sees a one-line error, tries the same image again, and nothing is there twice."""
    name = postgres_url.rsplit("/", 1)[-1]
    stop = threading.Event()

    def cut() -> None:
        while not stop.wait(0.05):
            postgres.terminate_backends(name)

    errors: list[str] = []
    with Workspace.create(tmp_path / "w", database_url=postgres_url) as ws:
        cutter = threading.Thread(target=cut)
        cutter.start()
        try:
            for number in range(120):
                while True:
                    try:
                        ws.images.add(jpeg(number), Capture(serial=str(number)), label=LABEL)
                        break
                    except Unavailable as error:
                        errors.append(error.message)
        finally:
            stop.set()
            cutter.join()
        assert ws.images.count() == 120
        check_whole(ws)
    assert errors
    assert not any("\n" in message for message in errors)


@pytest.mark.slow
def test_files_that_cannot_grow(nursery: Nursery, database_url: str, tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for a full disk: at first only the database's log hits it, later every new file."""
    folder = tmp_path / "w"
    Workspace.create(folder, database_url=database_url).close()
    told: list[str] = []
    for max_file_bytes in (150_000, 40_000, 900):
        recorder = nursery.start(folder, max_file_bytes * 1_000, count=40, max_file_bytes=max_file_bytes)
        recorder.wait_gone()
        assert len(recorder.lines()) == 40  # it was told, image by image, and did not fall over
        told += recorder.lines()
    errors = [line for line in told if line.startswith("error")]
    assert errors
    assert all(line.startswith("error Unavailable") for line in errors), errors[0]
    with Workspace.open(folder) as ws:
        check_acknowledged(ws, told)
        check_whole(ws)
        assert ws.images.add(jpeg(1), Capture(serial="after"), label=LABEL).is_new


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "6m") as place:
        yield place


@pytest.mark.slow
@pytest.mark.may_skip("mounting needs root; test_files_that_cannot_grow covers the same code without it")
def test_the_disk_is_full(small_disk: Path) -> None:
    folder = small_disk / "w"
    ballast = small_disk / "ballast"
    acknowledged: list[tuple[str, int]] = []
    with Workspace.create(folder) as ws:
        ballast.write_bytes(b"x" * 3_000_000)
        failed: list[str] = []
        for number in range(3_000):
            try:
                record = ws.images.add(jpeg(number, 96), Capture(serial=str(number)), label=LABEL)
                acknowledged.append((record.id, number))
            except Unavailable as error:
                failed.append(error.message)
                if len(failed) == 20:
                    break
        assert len(failed) == 20
        assert not any("\n" in message for message in failed)
        assert verify_workspace(ws).problems == []
        ballast.unlink()
        acknowledged += [
            (ws.images.add(jpeg(number, 96), Capture(serial=str(number)), label=LABEL).id, number)
            for number in range(3_000, 3_050)
        ]
        for image, number in acknowledged:
            assert ws.images.read_bytes(image) == jpeg(number, 96)
        check_whole(ws)
