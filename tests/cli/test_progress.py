"""Progress in a log, on a terminal, and Ctrl-C as a clean stop."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from firstshift.cli.progress import Bar, Stopping, progress_shown
from firstshift.core.progress import Cancelled, Silent


def test_short_work_says_nothing_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown(quiet=False) as progress:
        progress.start("working", 3)
        for _ in range(3):
            progress.advance()
        progress.finish()
    assert capsys.readouterr().err == ""


def test_long_work_writes_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstshift.cli.progress.LOG_EVERY_S", 0.0)
    with progress_shown(quiet=False) as progress:
        progress.start("working", 2)
        progress.advance(note="a.jpg")
        progress.finish()
    assert "working: 1 of 2 (50%)" in capsys.readouterr().err
    with progress_shown(quiet=True) as progress:
        progress.start("working", 2)
        progress.finish()
    assert capsys.readouterr().err == ""


def test_the_first_interrupt_stops_at_the_next_step_and_the_second_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with progress_shown(quiet=True) as progress:
        progress.start("working", 2)
        os.kill(os.getpid(), signal.SIGINT)
        assert "stopping at the next safe point" in capsys.readouterr().err
        with pytest.raises(Cancelled, match="the same command goes on"):
            progress.advance()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_nothing_stops_unasked() -> None:
    stopping = Stopping(Silent())
    stopping.start("working")
    stopping.advance()
    stopping.finish()
    assert not stopping.asked


def test_the_bar_on_a_terminal_follows_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "screen").open("w+") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", "80")
        with Bar() as bar:
            bar.advance()  # before anything started: no harm
            bar.start("importing", 4)
            bar.advance(2)
            bar.redraw()
            bar.start("verifying")
            bar.finish()
            bar.finish()
        screen.seek(0)
        shown = screen.read()
    assert "importing" in shown
    assert "2/4" in shown
