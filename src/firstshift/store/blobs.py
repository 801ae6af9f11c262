"""Bytes by their hash. A blob is whole and on the disk before anyone is told its name.

Taking away is done in two steps, so that a blob which somebody starts to need while it is being collected is never
lost: `bury` sets it aside (a `get` or a `put` digs it up again), `purge` removes what stayed buried.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Tampered, Unavailable
from firstshift.core.hashing import ContentHash, content_hash, is_content_hash
from firstshift.core.wholefile import flush_folder, write_whole

REFRESH_AFTER_S = 600.0
"""Whoever records a row for a blob that was put longer ago than this puts it again first: far shorter than garbage lies
buried before it is removed, so no row ever refers to a blob that was collected (see `collecting`)."""


OWNER_FILE = "workspace"
MAX_OWNER_BYTES = 200


@dataclass(frozen=True, slots=True)
class BlobFacts:
    content: ContentHash
    size: int
    changed_at_s: float
    """When it was last written, needed again, or buried."""


class Blobs(Protocol):
    @property
    def shown_url(self) -> str: ...
    def owner(self) -> str | None:
        """Who said that this place is its own (see `blob_owner`)."""

    def set_owner(self, owner: str) -> None:
        """Makes the place, where it has to be made."""

    def first_file(self) -> str | None:
        """Whatever is there: a blob, a file of somebody else. None: the place is empty, or is not there."""

    def put(self, data: bytes) -> ContentHash:
        """Durable when it returns. Putting the same bytes again costs a look, and mends a blob that was damaged."""

    def get(self, content: str) -> bytes:
        """The bytes, held against their name: an altered blob raises `Tampered`."""

    def size(self, content: str) -> int | None:
        """None when there is no such blob (a buried one counts as there)."""

    def all(self) -> Iterator[BlobFacts]: ...
    def buried(self) -> Iterator[BlobFacts]: ...
    def strangers(self) -> Iterator[str]:
        """Names under the blobs' place that are no blob: half-written leftovers, files somebody put there."""

    def bury(self, content: str) -> None: ...
    def exhume(self, content: str) -> None: ...
    def purge(self, content: str) -> None: ...
    def sweep(self, older_than_s: float) -> int:
        """Remove half-written leftovers of that age; how many."""


class LocalBlobs:
    """`blobs/3f/3fa0…`: written beside, flushed, renamed into place, and the folder flushed too."""

    def __init__(self, root: Path) -> None:
        """Makes nothing: a folder that is not there may be a disk that is not mounted."""
        self.root = root
        self._incoming = root / "incoming"
        self._graves = root / "buried"

    @property
    def shown_url(self) -> str:
        return str(self.root)

    def owner(self) -> str | None:
        try:
            with (self.root / OWNER_FILE).open("rb") as file:
                return file.read(MAX_OWNER_BYTES).decode("utf-8", "replace").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise disk_error(error, self.root / OWNER_FILE) from error

    def set_owner(self, owner: str) -> None:
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._graves.mkdir(exist_ok=True)
            if self.owner() != owner:
                write_whole(self.root / OWNER_FILE, f"{owner}\n".encode())
        except OSError as error:
            raise disk_error(error, self.root) from error

    def first_file(self) -> str | None:
        if self.root.is_file():
            return self.root.name
        unfinished = self.root / f"{OWNER_FILE}.new"  # `set_owner` was cut off
        found = (path for path in self.root.rglob("*") if not path.is_dir() and path != unfinished)
        return next((path.relative_to(self.root).as_posix() for path in found), None)

    def put(self, data: bytes) -> ContentHash:
        content = content_hash(data)
        path = self._path(content)
        try:
            # Needed again: gc counts its age from now.
            if self._holds(path, data) and _touch_if_there(path):
                # Another writer may have renamed it a moment ago without the folder being on the disk yet, and we are
                # about to promise that it is.
                flush_folder(path.parent)
                return content
            self._write(path, data)
        except FileNotFoundError as error:
            raise Unavailable(
                "the folder of the blobs is gone",
                where=self.root,
                way_out="is it mounted? Nothing of this step was recorded",
            ) from error
        except OSError as error:
            raise disk_error(error, path) from error
        return content

    def get(self, content: str) -> bytes:
        path = self._path(content)
        for place in (path, self._graves / content, path):  # the last: exhumed between the first two looks
            try:
                data = place.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise disk_error(error, place) from error
            check_content(data, content)
            return data
        raise NotFound("no such blob", where=self.shown_url, found=content)

    def size(self, content: str) -> int | None:
        for place in (self._path(content), self._graves / content):
            try:
                return place.stat().st_size
            except FileNotFoundError:
                continue
        return None

    def all(self) -> Iterator[BlobFacts]:
        for shard in sorted(self.root.iterdir()):
            if len(shard.name) == 2 and shard.is_dir():
                yield from _facts(shard)

    def buried(self) -> Iterator[BlobFacts]:
        yield from _facts(self._graves)

    def strangers(self) -> Iterator[str]:
        for path in sorted(self.root.rglob("*")):
            if path.is_dir() or path == self.root / OWNER_FILE:
                continue
            place = path.relative_to(self.root)
            is_blob = is_content_hash(path.name) and place.parent.as_posix() in (path.name[:2], "buried")
            if not is_blob and place.parts[0] != "incoming":
                yield place.as_posix()

    def bury(self, content: str) -> None:
        _rename_if_there(self._path(content), self._graves / content)

    def exhume(self, content: str) -> None:
        self._path(content).parent.mkdir(exist_ok=True)
        _rename_if_there(self._graves / content, self._path(content))

    def purge(self, content: str) -> None:
        (self._graves / content).unlink(missing_ok=True)

    def sweep(self, older_than_s: float) -> int:
        limit = time.time() - older_than_s
        swept = 0
        for path in list(self._incoming.iterdir() if self._incoming.is_dir() else ()):
            with contextlib.suppress(FileNotFoundError):  # its writer was just done with it
                if path.stat().st_mtime < limit:
                    path.unlink()
                    swept += 1
        return swept

    def _path(self, content: str) -> Path:
        if not is_content_hash(content):
            raise BadInput(where="blob", expected="64 hex digits", found=content)
        return self.root / content[:2] / content

    def _holds(self, path: Path, data: bytes) -> bool:
        if not path.exists() and (self._graves / path.name).exists():
            self.exhume(path.name)
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except FileNotFoundError:
            return False

    def _write(self, path: Path, data: bytes) -> None:
        # First of all here, where no folder is made: what is not mounted any more is not written beside.
        waiting = self._incoming / f"{path.name[:16]}-{secrets.token_hex(8)}"
        handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                flush_folder(self.root)
            waiting.replace(path)
        except BaseException:
            waiting.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)


def blobs_folder_around(place: Path) -> Path | None:
    """The folder of blobs, of whatever workspace, that `place` is or lies in."""
    real = place.resolve()
    return next((p for p in (real, *real.parents) if (p / OWNER_FILE).is_file() and (p / "incoming").is_dir()), None)


def check_content(data: bytes, content: str) -> None:
    if content_hash(data) != content:
        raise Tampered(
            "a stored image or file is not what was recorded",
            where=f"blob {content}",
            expected="bytes with that hash",
            found=f"{len(data)} bytes with hash {content_hash(data)[:12]}…",
            way_out="`firstshift audit verify` lists what else is touched; the backup has the original",
        )


def disk_error(error: OSError, path: Path) -> FirstshiftError:
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "the file is larger than this system allows",
        errno.EROFS: "the disk is read-only",
        errno.EACCES: "not allowed to write here",
        errno.ENAMETOOLONG: "this name is too long",
    }
    what = reasons.get(error.errno or 0, error.strerror or str(error))
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    mend = "make room" if is_full else "look at the disk and at who may write there"
    free = ""
    if error.errno == errno.ENOSPC:
        free = f"{shutil.disk_usage(_existing(path)).free // 1_000_000} MB free"
    return Unavailable(what, where=path, found=free, way_out=f"nothing of this step was recorded; {mend} and try again")


def _existing(path: Path) -> Path:
    return next((p for p in (path, *path.parents) if p.exists()), Path("/"))


def _facts(folder: Path) -> Iterator[BlobFacts]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        found = sorted((e for e in entries if is_content_hash(e.name)), key=lambda e: e.name)
    for entry in found:
        try:
            state = entry.stat()
        except FileNotFoundError:
            continue
        yield BlobFacts(ContentHash(entry.name), state.st_size, state.st_mtime)


def _touch_if_there(path: Path) -> bool:
    try:
        os.utime(path)
    except FileNotFoundError:  # buried this very moment
        return False
    return True


def _rename_if_there(source: Path, target: Path) -> None:
    try:
        os.utime(source)
        source.replace(target)
    except FileNotFoundError:
        return
    flush_folder(target.parent)
    flush_folder(source.parent)
