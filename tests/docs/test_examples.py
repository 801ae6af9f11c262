"""Every example in the documentation is tried: Python in one namespace per page, commands by the real `firstshift`."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.children import unmeasured
from tests.contracts.house import ROOT
from tests.docs.pages import Block, blocks, commands, matches, pages

RUNNABLE = {"python", "console"}
MUST_SAY = {"python", "py", "pycon", "python3", "console", "bash", "sh", "shell", "shell-session"}
HARMLESS = {"firstshift", "cat", "ls", "mkdir", "cp", "echo", "head", "python"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__example__"}
    printed: dict[int, str] = {}
    for block in blocks(page.read_text()):
        where = f"{name_of(page)}:{block.line}"
        if block.not_run is not None:
            continue
        if block.title:
            write_file(tmp_path, block)
        elif block.language == "python":
            printed[block.line] = run_python(block, page, namespace)
        elif block.language == "console":
            run_console(block, where, tmp_path)
        elif block.language == "text" and block.follows in printed:
            output = printed[block.follows]
            assert matches(block.body, output), f"{where}: the page shows\n{block.body}\nand it prints\n{output}"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_example_is_left_out_without_a_reason(page: Path) -> None:
    for block in blocks(page.read_text()):
        if block.language in MUST_SAY and not block.title:
            where = f"{name_of(page)}:{block.line}"
            assert block.language in RUNNABLE or block.not_run, (
                f"{where}: write ```python or ```console, or say why not"
            )
        assert block.not_run is None or len(block.not_run) > 10, f"{name_of(page)}:{block.line}: give a reason"


def write_file(folder: Path, block: Block) -> None:
    target = folder / block.title
    assert target.resolve().is_relative_to(folder), f"line {block.line}: a file outside the example's folder"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.body)


def run_python(block: Block, page: Path, namespace: dict[str, Any]) -> str:
    # Blank lines in front, so that a traceback names the line of the page.
    code = compile("\n" * (block.line - 1) + block.body, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, namespace)
    return output.getvalue()


def run_console(block: Block, where: str, folder: Path) -> None:
    tools = Path(sys.executable).parent
    environment = {key: value for key, value in unmeasured().items() if not key.startswith("FIRSTSHIFT_")}
    environment |= {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    for command in commands(block.body):
        words = shlex.split(command.line)
        assert words[0] in HARMLESS, f"{where}: expected one of {', '.join(sorted(HARMLESS))}, found {words[0]}"
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        told = f"{where}: $ {command.line}\n{done.stdout}{done.stderr}"
        assert done.returncode == command.exit_code, (
            f"{told}\nexpected exit {command.exit_code}, found {done.returncode}"
        )
        if command.output:
            printed = done.stdout if done.stdout.strip() else done.stderr
            assert matches(command.output, printed), f"{told}\nand the page shows\n{command.output}"


def test_an_example_that_fails_is_seen(tmp_path: Path) -> None:
    page = (
        "# Page\n\n```python\nx = 1\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n3\n```\n\n"
        "<!-- not run: needs a camera -->\n```console\n$ rm -rf x\n```\n"
    )
    first, second, shown, left_out = blocks(page)
    namespace: dict[str, Any] = {}
    run_python(first, tmp_path / "page.md", namespace)
    output = run_python(second, tmp_path / "page.md", namespace)
    assert output == "2\n"
    assert shown.follows == second.line == 8
    assert not matches(shown.body, output)
    assert left_out.not_run == "needs a camera"
    with pytest.raises(AssertionError, match="expected one of"):
        run_console(left_out, "page.md:17", tmp_path)


def test_wildcards_stand_for_text_and_for_lines() -> None:
    assert matches("one\n...\nlast ... s", "one\ntwo\nthree\nlast 0.3 s\n")
    assert not matches("one\nlast", "one\ntwo\nlast\n")
    assert matches("...", "anything\nat all\n")
    (command,) = commands("$ firstshift audit verify \\\n    --json\nbroken ...\n(exit 6)\n")
    assert (command.line, command.output, command.exit_code) == ("firstshift audit verify --json", "broken ...", 6)
