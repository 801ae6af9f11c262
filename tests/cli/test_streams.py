"""Where the output goes is not ours: a full disk, a reader that leaves, a terminal that knows only ASCII."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode

FIRSTSHIFT = [sys.executable, "-m", "firstshift.cli.app"]
ASCII_ONLY = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "COLUMNS": "100"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("words", ["images list --json", "images list", "plan schema", "--help"])
def test_a_full_disk_under_the_output_is_said_in_one_line(here: Path, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*FIRSTSHIFT, *words.split()], stdout=full, stderr=subprocess.PIPE, check=False, cwd=here)
    assert done.returncode == ExitCode.UNAVAILABLE
    assert done.stderr.decode() == "error: stdout: could not write the output, found No space left on device\n"


@pytest.mark.parametrize("words", ["images list --json", "images list"])
def test_short_output_that_nobody_reads(here: Path, words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*FIRSTSHIFT, *words.split()], stdout=writing, stderr=subprocess.PIPE, check=False, cwd=here)
    os.close(writing)
    assert (done.returncode, done.stderr) == (ExitCode.NOBODY_READS, b"")


def test_no_output_at_all(here: Path) -> None:
    """`firstshift images list >&-`"""
    close_and_run = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", close_and_run, *FIRSTSHIFT[1:], "images", "list"]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False, cwd=here)
    assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")


def test_a_terminal_that_knows_only_ascii(line: Path) -> None:
    place = line.rename(line.with_name("line ☃"))

    def said(*words: str) -> bytes:
        command = [*FIRSTSHIFT, *words, "-w", str(place)]
        done = subprocess.run(command, capture_output=True, check=False, env=ASCII_ONLY)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()
        return done.stdout

    assert b"line ???" in said("workspace", "info")
    folder = json.loads(said("workspace", "info", "--json"))["folder"]
    assert Path(os.fsdecode(os.fsencode(folder))) == place
    stats = said("dataset", "stats")
    assert b"####" in stats
    assert b"\\u" not in stats
