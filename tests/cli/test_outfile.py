"""What somebody names as an output is written whole, and a device, a pipe or a link is never replaced by a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode
from firstshift.cli.outfile import write_file
from firstshift.core.errors import BadInput
from tests.cli.conftest import Terminal

COMMANDS = (
    "audit export",
    "dataset stats --picture",
    "dataset split --no-repeats --out",
    "plan schema --out",
    "images show {image} --out",
    "images show {image} --original",
)


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_no_file_stays_what_it_is(run: Terminal, here: Path, ids: list[str], words: str) -> None:
    target, link, pipe = here / "target.txt", here / "link", here / "pipe"
    target.write_text("precious")
    link.symlink_to(target)
    (here / "dangling").symlink_to(here / "nothing")
    os.mkfifo(pipe)
    before = sorted(here.iterdir())
    for name, kind in {"link": "a symbolic link", "dangling": "a symbolic link", "pipe": "a pipe"}.items():
        ran = run(*words.format(image=ids[0]).split(), name)
        assert (ran.code, ran.out) == (ExitCode.BAD_INPUT, "")
        assert ran.err == f"error: {name}: expected a file to write, found {kind}; choose another name\n"
    assert sorted(here.iterdir()) == before
    assert link.readlink() == target
    assert target.read_text() == "precious"
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_it_is_refused_before_any_work(run: Terminal, here: Path) -> None:
    os.mkfifo(here / "pipe")
    (here / "firstshift.toml").write_text("this would be the next complaint")
    assert "found a pipe" in run("audit", "export", "pipe").err
    assert "make the folder nowhere first" in run("dataset", "split", "--out", "nowhere/split.json").err


def test_a_file_is_replaced_as_a_whole(run: Terminal, here: Path) -> None:
    (here / "out.jsonl").write_text("older")
    assert run("audit", "export", "out.jsonl").code == ExitCode.DONE
    assert (here / "out.jsonl").read_text().startswith("{")
    assert not list(here.glob(".out.jsonl*"))


def test_a_link_that_appears_during_the_work_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"

    def slow() -> Iterator[str]:
        target.symlink_to(tmp_path / "elsewhere")
        yield "one"

    with pytest.raises(BadInput, match="a symbolic link"):
        write_file(target, slow())
    assert target.is_symlink()
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
