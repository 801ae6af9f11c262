"""How a command ends when it cannot do what was asked: one line on stderr (or one JSON document), and a number.

    error: plan.yaml: station.focal (line 12): expected a setting that exists, found 'focal'; did you mean 'focal_mm'?

Nobody who uses the product sees a traceback; for a fault of ours it goes to a file, and the line says where.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import typer

from firstshift import __version__
from firstshift.cli import screen, streams
from firstshift.cli.exit_codes import ExitCode, code_of
from firstshift.core.errors import FirstshiftError, Unavailable, one_line
from firstshift.core.progress import Cancelled

_WORKSPACE_EXTRA = ("alembic", "cryptography", "obstore", "pg8000", "scipy", "sqlalchemy")
_PASSWORD = re.compile(r"(://[^:/@\s]*:)\S+(?=@)")
"""What is between the user and the host. In an address such as postgresql://anna:secret@host/name."""
_NO_CHOICE = re.compile(
    r"Invalid value for '(?P<name>[^']+)'(?: / '[^']+')*: (?:Value error, )?'(?P<found>.*)' is not one of (?P<known>.*)"
)
_NO_VALUE = re.compile(r"Invalid value for '(?P<name>[^']+)'(?: / '[^']+')*: Input should be (?P<said>.*)")
_EXPECTED = {
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "greater than or equal to": "{} or more",
    "less than or equal to": "{} or less",
    "greater than": "more than {}",
    "less than": "less than {}",
}
_GUESS = re.compile(r"(?P<what>.*?)\.? (?:Did you mean|\(Possible options:) (?P<names>.*?)[?)]")
_STOPPED = "stopped; what is finished is kept, and the same command goes on from there"


def run_command(work: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Do the work and turn whatever happens into an exit code."""
    as_json = "--json" in arguments
    try:
        result = work()
        sys.stdout.flush()  # here, where it can still be said that the disk is full
    except FirstshiftError as error:
        return show_error(error, as_json)
    except typer.TyperException as error:
        return _show_usage_error(error, as_json)
    except (typer.Abort, KeyboardInterrupt):
        return show_error(Cancelled(_STOPPED), as_json)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _WORKSPACE_EXTRA:
            return _show_bug(error, arguments, as_json)
        missing = Unavailable(
            f"this command needs {error.name}", way_out="install it with `pip install 'firstshift[workspace]'`"
        )
        return show_error(missing, as_json)
    except SystemExit as error:  # typer's and rich's answer to a pipe that nobody reads
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        return _end_unread()
    except BrokenPipeError:
        return _end_unread()
    except streams.OutputLost as error:
        return _show_lost_output(error)
    except Exception as error:  # noqa: BLE001 - the outermost frame: nothing above it could do better
        return _show_bug(error, arguments, as_json)
    code = result if isinstance(result, int) else ExitCode.DONE
    return show_error(Cancelled(_STOPPED), as_json) if code == ExitCode.CANCELLED else code


def _end_unread() -> ExitCode:
    streams.discard_stdout()
    return ExitCode.NOBODY_READS


def _show_lost_output(error: OSError) -> ExitCode:
    streams.discard_stdout()
    lost = Unavailable("could not write the output", where="stdout", found=error.strerror or error)
    return show_error(lost, as_json=False)


def show_error(error: FirstshiftError, as_json: bool) -> ExitCode:
    code = code_of(error)
    _show(error.as_dict() | {"exit_code": int(code)}, as_json)
    return code


def _show_usage_error(error: typer.TyperException, as_json: bool) -> ExitCode:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # the help is on the screen already
        return ExitCode.BAD_INPUT
    command = context.command_path if context is not None else "firstshift"
    message = _in_our_shape(one_line(error.format_message()).rstrip("."))
    message = f"{command}: {message}{' ' if message.endswith('?') else '; '}`{command} --help` shows an example"
    _show({"error": "Usage", "message": message, "exit_code": int(ExitCode.BAD_INPUT)}, as_json)
    return ExitCode.BAD_INPUT


def _in_our_shape(message: str) -> str:
    """Typer's sentence about a value that cannot be, as every other error says it."""
    choice, value, guess = _NO_CHOICE.fullmatch(message), _NO_VALUE.fullmatch(message), _GUESS.fullmatch(message)
    if choice is not None:
        return f"{choice['name']}: expected one of {choice['known'].replace(chr(39), '')}, found {choice['found']}"
    if value is not None:
        for said, expected in _EXPECTED.items():
            if value["said"].startswith(said):
                return f"{value['name']}: expected {expected.format(value['said'][len(said) :].strip())}"
    if guess is not None:
        return f"{guess['what'][:1].lower()}{guess['what'][1:]}; did you mean {guess['names']}?"
    return f"{message[:1].lower()}{message[1:]}"


def _show_bug(error: BaseException, arguments: Sequence[str], as_json: bool) -> ExitCode:
    handle, path = tempfile.mkstemp(prefix="firstshift-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"firstshift {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        file.write(f"firstshift {_without_passwords(' '.join(arguments))}\n\n")
        file.writelines(map(_without_passwords, traceback.format_exception(error)))
    message = (
        f"this is a bug in firstshift ({type(error).__name__}: {one_line(_without_passwords(str(error)), 120)}); "
        f"please report it with the details in {path}"
    )
    _show({"error": "Bug", "message": message, "details": path, "exit_code": int(ExitCode.BUG)}, as_json)
    return ExitCode.BUG


def _without_passwords(text: str) -> str:
    return _PASSWORD.sub(r"\1…", text)


def _show(problem: dict[str, Any], as_json: bool) -> None:
    if as_json:
        try:
            screen.print_json(problem)
            sys.stdout.flush()
        except OSError:  # the code still says it
            streams.discard_stdout()
        return
    with contextlib.suppress(OSError):
        typer.secho("error:", fg="red", bold=True, nl=False, err=True)
        typer.echo(f" {problem['message']}", err=True)
