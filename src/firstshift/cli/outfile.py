"""Writing a file that somebody asked for: whole or not at all, and only where there is a file or nothing yet.

    check_target(out)  # before the work
    write_file(out, data)  # after it

Writing beside and renaming would put a file in the place of a device, a pipe or a link; whoever names one of these
means what is behind it, so it is refused.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from firstshift.core.errors import BadInput, Refused, Unavailable
from firstshift.core.wholefile import flush_folder

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_target(path: Path | None, *, overwrite: bool = True) -> None:
    """Refuse what `write_file` would refuse; None, for an option that was not given, is fine."""
    if path is None:
        return
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        _check_folder(path)
        return
    except (OSError, ValueError) as error:
        raise BadInput(where=path, expected="a file to write", found=_reason(error)) from error
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise BadInput(where=path, expected="a file to write", found=kind, way_out="choose another name")
    if not overwrite:
        raise Refused("there is a file of this name already", where=path, way_out="choose another name, or remove it")


def check_picture(path: Path | None, endings: tuple[str, ...] = (".png", ".jpg", ".jpeg")) -> None:
    """The same for a picture, whose format its name tells."""
    check_target(path)
    if path is not None and path.suffix.lower() not in endings:
        known = " or ".join([", ".join(endings[:-1]), endings[-1]] if endings[1:] else endings)
        raise BadInput(
            where=path, expected=f"a name that ends in {known}", found=path.suffix or "no ending",
            way_out=f"write {path.with_suffix('.png').name}",
        )  # fmt: skip


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise BadInput(
            where=path,
            expected="a folder that exists and can be written",
            found="No such file or directory",
            way_out=f"make the folder {path.parent} first",
        )


def write_file(path: Path, data: bytes | Iterable[str], *, overwrite: bool = True) -> int:
    """Bytes, or lines as they come. Returns how many bytes were written."""
    check_target(path, overwrite=overwrite)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    except OSError as error:
        raise BadInput(where=path, expected="a folder that exists and can be written", found=_reason(error)) from error
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
        check_target(path, overwrite=overwrite)  # the work may have taken long
        waiting.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise Unavailable("could not write the file", where=path, found=_reason(error)) from error
    finally:
        waiting.unlink(missing_ok=True)
    return written


def _reason(error: OSError | ValueError) -> object:
    return getattr(error, "strerror", None) or error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
