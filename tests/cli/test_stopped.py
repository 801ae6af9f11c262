"""A run with worker processes is ended from outside: no worker stays behind, and what was recorded stays."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode
from firstshift.store.workspace import Workspace
from tests.children import unmeasured
from tests.cli.conftest import Terminal
from tests.contracts.house import ROOT
from tests.line.synth.plates import plate_plan

PATIENCE_S, SOON_S = 120.0, 120.0
MANY = ("--good", "4000", "--size", "64", "--channel", "bright", "--workers", "2")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a fresh checkout the first image compiles for a minute, and a worker that compiles does not stop."""
    folder = tmp_path_factory.mktemp("compiled")
    with Workspace.create(folder / "ws", actor="human:anna"):
        pass
    plate_plan(folder / "plan")
    one = ("--good", 1, "--size", 64, "--channel", "bright", "--workers", 1, "--quiet")
    assert Terminal()("synth", "run", folder / "plan", "-w", folder / "ws", *one).code == 0


@pytest.fixture
def home(tmp_path: Path, compiled: None) -> Path:
    with Workspace.create(tmp_path / "ws", actor="human:anna"):
        pass
    plate_plan(tmp_path / "plan")
    return tmp_path


def command(home: Path) -> list[str]:
    words = ["synth", "run", str(home / "plan"), "-w", str(home / "ws"), *MANY]
    return [sys.executable, "-m", "firstshift.cli.app", *words]


def settings() -> dict[str, str]:
    return unmeasured() | {"PYTHONPATH": str(ROOT / "src"), "FIRSTSHIFT_ACTOR": "human:anna"}


@pytest.fixture
def running(home: Path) -> Iterator[subprocess.Popen[str]]:
    """With two workers, and some images recorded."""
    with subprocess.Popen(
        command(home), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=settings(),
        start_new_session=True,
    ) as run:  # fmt: skip
        try:
            wait_for(lambda: has_begun(home, run.pid), PATIENCE_S)
            yield run
        finally:
            run.kill()


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.2)


def has_begun(home: Path, parent: int) -> bool:
    return next((home / "ws" / "blobs").glob("??/*"), None) is not None and len(workers_of(parent)) == 2


def recorded(home: Path) -> int:
    with Workspace.open(home / "ws") as ws:
        return ws.images.count()


def workers_of(parent: int) -> list[int]:
    rows = [line.split(None, 2) for line in processes()]
    return [int(own) for own, above, what in rows if int(above) == parent and "spawn_main" in what]


def processes() -> list[str]:
    asked = ["ps", "-A", "-ww", "-o", "pid=,ppid=,command="]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()


def alive(ids: list[int]) -> list[int]:
    found = {int(line.split(None, 1)[0]) for line in processes() if "<defunct>" not in line}
    return [one for one in ids if one in found]


def drained(terminal: int) -> bool:
    """A bar that nobody reads would wait."""
    while select.select([terminal], [], [], 0)[0]:
        os.read(terminal, 65536)
    return True


@pytest.mark.parametrize("to_all", [False, True], ids=["to the command", "to its workers too"])
def test_a_signal_to_end_is_heard_as_ctrl_c(
    running: subprocess.Popen[str], home: Path, to_all: bool, run: Terminal
) -> None:
    workers = workers_of(running.pid)
    (os.killpg if to_all else os.kill)(running.pid, signal.SIGTERM)
    _, said = running.communicate(timeout=SOON_S)
    assert running.returncode == ExitCode.CANCELLED
    assert "stopping at the next safe point" in said
    assert "the same command goes on from there" in said
    wait_for(lambda: not alive(workers), SOON_S)
    held = recorded(home)
    asked = ("--good", 8, "--size", 64, "--channel", "bright", "--workers", 1, "--json")
    again = run("synth", "run", home / "plan", "-w", home / "ws", *asked).json
    assert again["known"] >= min(held, 8)
    assert again["images"] + again["known"] == 8  # what was recorded beyond these is not asked about


def test_no_worker_outlives_a_run_that_was_killed(running: subprocess.Popen[str], home: Path) -> None:
    workers = workers_of(running.pid)
    running.kill()
    running.wait()
    wait_for(lambda: not alive(workers), SOON_S)


def test_a_closed_terminal_ends_the_run_and_its_workers(home: Path) -> None:
    number, terminal = pty.fork()
    if number == 0:  # in a session of its own, whose terminal this is
        os.execve(sys.executable, command(home), settings())
    try:
        wait_for(lambda: drained(terminal) and has_begun(home, number), PATIENCE_S)
        workers = workers_of(number)
        os.close(terminal)
        wait_for(lambda: not alive([number, *workers]), SOON_S)
        _, status = os.waitpid(number, 0)
    except BaseException:
        os.kill(number, signal.SIGKILL)
        raise
    assert os.waitstatus_to_exitcode(status) == ExitCode.CANCELLED
