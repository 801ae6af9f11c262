"""A file that is there as a whole or not at all, and still there after the power fails.

Written beside, flushed, renamed into place, and the folder flushed too: a rename is on the disk only with its folder.
"""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600
AS_USUAL = 0o666
"""The process's umask takes away what others may not do."""


def write_whole(path: Path, data: bytes, mode: int = AS_USUAL) -> None:
    waiting = path.with_name(f"{path.name}.new")
    waiting.unlink(missing_ok=True)  # of a run that was cut off; its mode may be another
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover – Windows flushes the name with the file
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
