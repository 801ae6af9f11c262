"""What a documentation page promises: its fenced blocks, in order, and how each is to be tried.

    ```python                     runs, in one namespace per page
    ```text                       directly after a python block: what that block prints
    ```console                    `$ firstshift …` lines run in the page's own folder; what follows is compared
    ```yaml title="plan.yaml"     (any language) is written to that file first

A line `...` in shown output stands for any lines, `...` inside a line for any text, and `(exit 6)` after the output
for the exit code. `<!-- not run: reason -->` directly above a block leaves it out; `<!-- setup` + Python + `-->` runs
and is not shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.contracts.house import ROOT

_PART = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$"
    r"|^<!-- setup\n(?P<setup>.*?)^-->$"
    r"|^<!-- not run: (?P<reason>.*?) -->$",
    flags=re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    language: str
    body: str
    line: int
    """The line of its first line of code, for messages that an editor can jump to."""
    title: str = ""
    not_run: str | None = None
    follows: int | None = None
    """The line of the block that this one stands directly under."""


def pages() -> list[Path]:
    """Every page a reader may copy from. Plans describe what is not built yet."""
    inside = (path for path in sorted((ROOT / "docs").rglob("*.md")) if "plans" not in path.parts)
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *inside]


def blocks(text: str) -> list[Block]:
    found: list[Block] = []
    reason: str | None = None
    last_end, last_line = 0, None
    for match in _PART.finditer(text):
        between = text[last_end : match.start()].strip()
        if match["reason"] is not None:
            reason, last_end, last_line = match["reason"], match.end(), None
            continue
        shown = match["setup"] is None
        start = match.start("body") if shown else match.start("setup")
        info = match["info"].strip() if shown else "python"
        title = re.search(r'title="([^"]+)"', info)
        block = Block(
            language=info.split()[0].strip("{}.") if info else "",
            body=match["body"] if shown else match["setup"],
            line=text.count("\n", 0, start) + 1,
            title=title[1] if title else "",
            not_run=reason if not between else None,
            follows=last_line if not between else None,
        )
        found.append(block)
        reason, last_end, last_line = None, match.end(), block.line
    return found


@dataclass(frozen=True)
class Command:
    line: str
    output: str
    exit_code: int


def commands(body: str) -> list[Command]:
    """`$ command` and what is shown under it; a backslash at the end of a command continues it."""
    joined = re.sub(r"\\\n\s*>?\s*", "", body)
    found = []
    for part in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        code = re.search(r"^\(exit (\d+)\)\n?\Z", output, flags=re.MULTILINE)
        shown = output[: code.start()] if code else output
        found.append(Command(line.strip(), shown.rstrip(), int(code[1]) if code else 0))
    return found


def matches(shown: str, printed: str) -> bool:
    """Line by line, blanks at the ends of lines aside; `...` stands for anything."""
    pattern = []
    for line in shown.splitlines():
        if line.strip() == "...":
            pattern.append(r"(?:.*\n)*?")
        else:
            pattern.append(r".*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ ]*\n")
    lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch("".join(pattern), lines) is not None
