"""What a person sees: tables that fit a terminal, words in colour, and for programs one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from firstshift.cli.streams import stdout_knows_unicode

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

NOTHING = "–"
SHORT_ID = 14


def print_json(value: Any) -> None:
    print(json_text(value, ascii_only=not stdout_knows_unicode()))  # noqa: T201


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """Readable, and nothing in it steers the terminal: JSON itself escapes only the older control characters."""
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only, allow_nan=False)
    return text if text.isascii() else "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def console() -> Console:
    from rich.console import Console

    return Console(highlight=False, emoji=False, file=sys.stdout)


def say(text: str) -> None:
    """One line, however long: what does not fit is left to the terminal, so that a pipe gets it whole. Rich markup."""
    console().print(text, soft_wrap=True)


def show(*things: RenderableType) -> None:
    screen = console()
    for thing in things:
        screen.print(thing)


def table(title: str, *columns: str | tuple[str, str], rows: Iterable[Sequence[str]]) -> Table:
    """A column is its heading, or heading and how it is set: `right` for numbers, `text` for what may run over lines,
    `rest` for what is cut where the line ends. Cells may hold rich markup: quote what comes from outside."""
    from rich import box
    from rich.table import Table

    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        header_style="dim",
        show_header=any(column if isinstance(column, str) else column[0] for column in columns),
        pad_edge=False,
        expand=False,
    )
    for column in columns:
        heading, kind = (column, "") if isinstance(column, str) else column
        made.add_column(
            heading,
            justify="right" if kind == "right" else "left",
            no_wrap=kind not in ("text", "rest"),
            overflow="fold" if kind == "text" else "ellipsis",
            min_width=None if kind in ("text", "rest") else len(heading),
        )
    cut = [not isinstance(column, str) and column[1] == "rest" for column in columns]
    for row in rows:
        cells = (_cut(cell) if c else cell for cell, c in zip(row, cut, strict=True))
        made.add_row(*cells)
    return made


def _cut(cell: str) -> Text:
    from rich.text import Text

    text = Text.from_markup(cell, overflow="ellipsis", emoji=False)
    text.no_wrap = True
    return text


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values under each other, without a frame. Values may hold rich markup."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value)
    return made


def quoted(text: object) -> str:
    """Text from outside, so that a `[` in it is no markup and nothing in it steers the terminal."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "�" for c in str(text)))


def short(identifier: str) -> str:
    """Enough of an id to name it in a command."""
    return identifier[:SHORT_ID]


def minute(time: datetime | None) -> str:
    return NOTHING if time is None else f"{time:%Y-%m-%d %H:%M}"


def second(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def size(count: int) -> str:
    """In units of 1,000, as disks are sold."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{count} bytes" if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
