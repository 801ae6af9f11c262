"""The folder a data set is written to: complete under its name, or not there at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firstshift.core.errors import BadInput, Unavailable
from firstshift.formats.tree import path_fault

PARTIAL = ".firstshift-partial-"
LEFTOVER_AFTER_S = 3600.0
"""A partial folder that nothing was written to for this long was left by a process that was killed."""


class OutFolder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, data: bytes) -> None:
        fault = path_fault(name)
        if fault:
            raise BadInput(where=name, expected="a relative path inside the data set", found=fault)
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:  # x: two records never share a file
            stream.write(data)

    def lift(self, folder: str) -> None:
        """What is in `folder` moves to the top, when everything is in it."""
        if [entry.name for entry in self._root.iterdir()] == [folder]:
            for entry in (self._root / folder).iterdir():
                entry.rename(self._root / entry.name)
            (self._root / folder).rmdir()

    def write_text(self, name: str, text: str) -> None:
        self.write(name, text.encode("utf-8"))


@contextmanager
def new_folder(target: Path) -> Iterator[OutFolder]:
    """A temporary sibling that takes the target's name when all went well."""
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise BadInput(where=target, expected="a new or empty folder", found="one in use", way_out="name another")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}{PARTIAL}", dir=target.parent))
    except OSError as error:
        raise Unavailable(where=target, expected="a place to write", found=error.strerror or error) from error
    try:
        yield OutFolder(partial)
        partial.chmod(0o755)
        if target.exists():
            target.rmdir()
        os.replace(partial, target)  # noqa: PTH105 - the call that is atomic on every system
    except OSError as error:
        raise Unavailable(where=target, expected="space and permission to write", found=error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_leftovers(target: Path) -> None:
    """What killed exports to the same target left. One that is still being written has young files, and stays."""
    limit_s = time.time() - LEFTOVER_AFTER_S
    prefix = f".{target.name}{PARTIAL}"
    try:
        beside = list(target.parent.iterdir())
    except PermissionError:  # a folder to write to and not to look into
        return
    for entry in beside:
        is_partial = entry.name.startswith(prefix) and entry.is_dir() and not entry.is_symlink()
        if is_partial and all(changed_s < limit_s for changed_s in _changes_s(entry)):
            shutil.rmtree(entry, ignore_errors=True)


def _changes_s(folder: Path) -> Iterator[float]:
    """When each folder in it, and so the list of files in that, was last changed."""
    for place, _, _ in os.walk(folder):
        try:
            yield Path(place).stat().st_mtime
        except FileNotFoundError:  # its export has just ended
            yield time.time()
