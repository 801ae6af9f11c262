"""Writing a file that somebody asked for: whole or not at all, and never over an existing one unasked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from firstshift.core.errors import BadInput, Refused, Unavailable


def write_file(path: Path, data: bytes | Iterable[str], *, overwrite: bool = True) -> int:
    """Bytes, or lines as they come. Returns how many bytes were written."""
    if path.is_dir():
        raise BadInput(where=path, expected="a file to write", found="a folder")
    if not overwrite and path.exists():
        raise Refused("there is a file of this name already", where=path, way_out="choose another name, or remove it")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    except OSError as error:
        raise BadInput(
            where=path, expected="a folder that exists and can be written", found=error.strerror or error
        ) from error
    waiting = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if isinstance(data, bytes):
                file.write(data)
            else:
                for line in data:
                    file.write(line.encode("utf-8", "surrogateescape") + b"\n")
            file.flush()
            os.fsync(file.fileno())
            written = file.tell()
        waiting.chmod(0o666 & ~_umask())
        waiting.replace(path)
    except OSError as error:
        raise Unavailable("could not write the file", where=path, found=error.strerror or error) from error
    finally:
        waiting.unlink(missing_ok=True)
    return written


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
