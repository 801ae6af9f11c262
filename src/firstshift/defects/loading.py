"""A person's own type, from a file they name: `--defects chatter.py`.

**The file is a program and is executed**, with all that the person who started the command may do. That is their
decision: nothing is ever loaded that was not named, a plan cannot name one, and the file is read once, from its path,
not from the places Python searches. A mistake in it comes back as one line that names the file and the line.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from importlib.abc import ExecutionLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.defects.drawn import DrawnType, DrawnTypes
from firstshift.defects.drawn_types import DRAWN_TYPES

MAX_BYTES = 1_000_000


def load_types(path: str | Path, types: DrawnTypes = DRAWN_TYPES) -> DrawnTypes:
    """`types` and those the file defines, for drawing; `.catalogue()` of it is what `Plan.load(types=…)` takes.

    The file names them in a tuple: `TYPES = (ChatterFlaw(),)`.
    """
    file = Path(path)
    module = _executed(file)
    found: Any = getattr(module, "TYPES", None)
    if not isinstance(found, tuple) or not found or not all(isinstance(drawn, DrawnType) for drawn in found):
        raise BadInput(
            where=file.name,
            expected="TYPES, a tuple of drawn types",
            found="nothing of that name" if found is None else type(found).__name__,
            way_out="end the file with TYPES = (ChatterFlaw(),)",
        )
    larger = types.adding(*found)
    larger.catalogue()
    return larger


def _executed(file: Path) -> ModuleType:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadInput(where=file.name, expected=f"at most {MAX_BYTES} bytes", found=file.stat().st_size)
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(where=str(file), expected="a Python file", found=error.strerror or "unreadable") from error
    except UnicodeDecodeError as error:
        raise BadInput(where=file.name, expected="Python source in UTF-8", found="other bytes") from error
    # Its own name for each text: pydantic looks a model's words up in the module that `__module__` names.
    name = f"firstshift_defects_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    loader = _NamedFile(file, source)
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except FirstshiftError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        # Whatever a person's file raises is a mistake in that file.
        raise BadInput(
            where=f"{file.name}, line {_line(error, str(file))}",
            expected="a file that runs",
            found=f"{type(error).__name__}: {error}",
            way_out="define types in it, and do nothing else" if isinstance(error, SystemExit) else "",
        ) from error
    return module


class _NamedFile(ExecutionLoader):
    """Python's own loading, of the text that was read and checked, without a __pycache__ beside the person's file."""

    def __init__(self, file: Path, source: str) -> None:
        self.file, self.source = file, source

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002
        return str(self.file)

    def get_source(self, fullname: str) -> str:  # noqa: ARG002
        return self.source


def _line(error: BaseException, name: str) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return lines[-1] if lines else 0
