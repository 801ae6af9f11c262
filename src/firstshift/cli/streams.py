"""What is printed arrives as far as it can: on a terminal without our characters, on a full disk, in an unread pipe.

prepare_streams()  # once, before anything is printed
try:
    print("…")
except OutputLost:  # the disk is full; no other file's error looks like this one
    discard_stdout()  # or Python would try again when it ends, and complain
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

_ERRORS = "firstshift-plain"
_PLAIN = {
    "█": "#",
    "–": "-",
    "—": "-",
    "−": "-",
    "→": "->",
    "×": "x",
    "·": "*",
    "…": "...",
    "“": '"',
    "”": '"',
    "µ": "u",
    "�": "?",
}
"""What stands for our own characters where a terminal does not know them."""


class OutputLost(OSError):
    """What was printed could not be written. A pipe that nobody reads stays a `BrokenPipeError`."""


class _Output(io.TextIOWrapper):
    """Standard output whose errors are told from those of every other file."""

    def write(self, text: str, /) -> int:
        return int(_told(super().write, text))

    def flush(self) -> None:
        _told(super().flush)


def _told(do: Callable[..., Any], *arguments: str) -> Any:
    try:
        return do(*arguments)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error.errno, error.strerror) from error


def prepare_streams() -> None:
    """Names of files need not be UTF-8, and a terminal need not know every character: show what can be shown."""
    codecs.register_error(_ERRORS, _plain_characters)
    if sys.stdout is None:  # closed by whoever called us, who wants to see nothing
        sys.stdout = _Output(io.BufferedWriter(io.FileIO(os.devnull, "w")), "utf-8")
    elif isinstance(sys.stdout, io.TextIOWrapper):  # the first one lives on as sys.__stdout__ and keeps the file open
        sys.stdout.flush()
        sys.stdout = _Output(sys.stdout.buffer, sys.stdout.encoding, line_buffering=sys.stdout.line_buffering)
    if sys.stderr is None:
        sys.stderr = _Output(io.BufferedWriter(io.FileIO(os.devnull, "w")), "utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _plain_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in unknown), error.end


def stdout_knows_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")


def discard_stdout() -> None:
    _discard(sys.stdout)


def silence() -> None:
    """Nobody is there any more to read anything."""
    _discard(sys.stdout)
    _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    try:
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError):
        return
    os.dup2(nowhere, number)
    os.close(nowhere)
