"""A data set's files, wherever they lie: a folder, a .zip, a .tar, a .tar.gz; read-only and bounded.

    with open_tree(Path("set.zip")) as tree:
        for name in tree.files: data = tree.read(name)

Archives are never unpacked to disk under their members' names. Absolute paths, `..`, links, encrypted members, names
that are not UTF-8, duplicates and members that unpack to far more than they hold are refused, each with one line in
`tree.problems`. Links inside a folder are refused as well: they may lead anywhere.
"""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.imagefacts import is_image_name

LABEL_FILES = (".csv", ".tsv", ".json", ".yaml", ".yml", ".xml")
"""A file that ends so may be named instead of the folder it lies in."""
JUNK = frozenset(("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"))
ACCEPTED = f"a folder, an archive (.zip, .tar, .tar.gz) or a label file ({', '.join(LABEL_FILES)})"
IMAGE_MAX_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class TreeLimits:
    max_files: int = 5_000_000
    max_file_bytes: int = 2**30
    max_total_bytes: int = 2**40
    max_ratio: int = 500
    """How many times its packed size a member over 1 MiB, or a whole .tar.gz, may unpack to."""


DEFAULT_TREE_LIMITS = TreeLimits()


class Tree(ABC):
    """Sorted file names, and their bytes."""

    def __init__(self, where: Path, limits: TreeLimits) -> None:
        self.where = where
        self.limits = limits
        self.problems: list[BadInput] = []
        self.prefix = ""
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._files: tuple[str, ...] | None = None
        self._images: tuple[str, ...] | None = None

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]: ...

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        pass

    @property
    def files(self) -> tuple[str, ...]:
        if self._files is None:
            cut = len(self.prefix)
            self._files = tuple(sorted(name[cut:] for name in self._sizes if name.startswith(self.prefix)))
        return self._files

    def __contains__(self, name: str) -> bool:
        return self.prefix + name in self._sizes

    def size_of(self, name: str) -> int:
        return self._sizes[self.prefix + name]

    def images(self) -> tuple[str, ...]:
        if self._images is None:
            self._images = tuple(name for name in self.files if is_image_name(name))
        return self._images

    def read(self, name: str, max_bytes: int = IMAGE_MAX_BYTES) -> bytes:
        if name not in self:
            raise NotFound(f"no such file in {self.where}", where=name)
        try:
            with self._open(self.prefix + name) as stream:
                data = stream.read(max_bytes + 1)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
            raise BadInput(
                where=name, expected="a file that can be read", found=error, way_out="copy or pack it again"
            ) from error
        if len(data) > max_bytes:
            raise BadInput(where=name, expected=f"at most {max_bytes:,} bytes", found="more")
        return data

    def enter(self, prefix: str) -> None:
        """From now on the tree is the folder `prefix`, which ends in a slash."""
        self.prefix = prefix
        self._files = self._images = None

    def _refuse(self, name: str, found: str, way_out: str = "leave it out and try again") -> None:
        shown = name.encode("utf-8", "backslashreplace").decode()
        expected = "plain files with relative names inside the data set"
        self.problems.append(BadInput(where=shown, expected=expected, found=found, way_out=way_out))

    def _admit(self, name: str, size: int) -> bool:
        """Checks that hold for every kind of tree; False when the member is refused or left out as junk."""
        parts = name.split("/")
        if not JUNK.isdisjoint(parts) or parts[-1].startswith("._"):  # ._x: what macOS leaves beside x
            return False
        fault = path_fault(name)
        if fault:
            self._refuse(name, fault)
        elif name in self._sizes:
            self._refuse(name, "the same name twice")
        elif size > self.limits.max_file_bytes:
            self._refuse(name, f"{size:,} bytes, more than {self.limits.max_file_bytes:,}")
        else:
            self._sizes[name] = size
            self._total += size
            if len(self._sizes) > self.limits.max_files or self._total > self.limits.max_total_bytes:
                raise BadInput(
                    where=self.where,
                    expected=f"at most {self.limits.max_files:,} files and {self.limits.max_total_bytes:,} bytes",
                    found="more",
                    way_out="import it in parts",
                )
            return True
        return False


class FolderTree(Tree):
    def __init__(self, where: Path, limits: TreeLimits) -> None:
        super().__init__(where, limits)
        self._scan(str(where), "")

    def _scan(self, folder: str, prefix: str) -> None:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise BadInput(where=folder, expected="a folder that can be read", found=error.strerror) from error
        for entry in found:
            name = prefix + entry.name
            if entry.is_symlink():
                self._refuse(name, "a symbolic link, which may lead anywhere", "copy the file it points to")
            elif entry.is_dir(follow_symlinks=False):
                if prefix.count("/") > 60:
                    self._refuse(name, "folders nested more than 60 deep")
                elif entry.name not in JUNK:
                    self._scan(entry.path, name + "/")
            elif entry.is_file(follow_symlinks=False):
                self._admit(name, entry.stat(follow_symlinks=False).st_size)
            else:
                self._refuse(name, "a device or a pipe")

    def _open(self, name: str) -> IO[bytes]:
        # The folder may have changed since it was listed: a link put there now is still not followed.
        handle = os.open(self.where / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        return os.fdopen(handle, "rb")


class PartTree(Tree):
    """Images and the chosen other files of a tree, as if nothing else were there."""

    def __init__(self, whole: Tree, chosen: Iterable[str]) -> None:
        super().__init__(whole.where, whole.limits)
        self._whole = whole
        self._sizes = {name: whole.size_of(name) for name in (*whole.images(), *chosen)}

    def _open(self, name: str) -> IO[bytes]:
        return self._whole._open(self._whole.prefix + name)


class ZipTree(Tree):
    def __init__(self, where: Path, limits: TreeLimits) -> None:
        super().__init__(where, limits)
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._zip = zipfile.ZipFile(where)
        try:
            self._list()
        except BaseException:
            self._zip.close()
            raise

    def _list(self) -> None:
        for info in self._zip.infolist():
            if info.is_dir():
                continue
            name = _zip_name(info)
            if stat.S_ISLNK(info.external_attr >> 16):
                self._refuse(name, "a symbolic link")
            elif info.flag_bits & 1:
                self._refuse(name, "an encrypted file", "pack it without a password")
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # Python unpacks the other kinds without a bound, whatever size the archive promises.
                self._refuse(name, "a file packed in an unusual way", "pack it with Deflate, as zip does by itself")
            elif info.file_size > 2**20 and info.file_size > self.limits.max_ratio * max(1, info.compress_size):
                self._refuse(name, f"{info.compress_size:,} bytes that unpack to {info.file_size:,}")
            elif self._admit(name, info.file_size):
                self._members[name] = info

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._members[name])

    def close(self) -> None:
        self._zip.close()


class TarTree(Tree):
    def __init__(self, where: Path, limits: TreeLimits) -> None:
        super().__init__(where, limits)
        self._members: dict[str, tarfile.TarInfo] = {}
        self._stream = _unpacked(where, limits)
        try:
            self._tar = tarfile.open(fileobj=self._stream, mode="r:")  # noqa: SIM115 - closed with the tree
            self._list()
        except BaseException:
            self._stream.close()
            raise

    def _list(self) -> None:
        for member in self._tar:
            name = member.name.removeprefix("./")
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                self._refuse(name, "a link, a device or a sparse file")
            elif self._admit(name, member.size):
                self._members[name] = member

    def _open(self, name: str) -> IO[bytes]:
        stream = self._tar.extractfile(self._members[name])
        if stream is None:
            raise OSError("not a plain file")
        return stream

    def close(self) -> None:
        self._tar.close()
        self._stream.close()


@contextmanager
def open_tree(path: Path, limits: TreeLimits = DEFAULT_TREE_LIMITS) -> Iterator[Tree]:
    """A folder, an archive, or a single label file (whose folder is opened then)."""
    tree = _tree(path, limits)
    try:
        yield tree
    finally:
        tree.close()


def _tree(path: Path, limits: TreeLimits) -> Tree:
    if not path.exists():
        raise NotFound("no such folder or archive", where=path)
    if path.is_dir():
        return FolderTree(path, limits)
    if not path.is_file():
        raise BadInput(where=path, expected=ACCEPTED, found="a device, a pipe or a socket")
    if not is_archive(path):
        if path.suffix.lower() not in LABEL_FILES:
            way_out = f"name the folder if the whole of {path.parent} is meant"
            raise BadInput(where=path, expected=ACCEPTED, found="another kind of file", way_out=way_out)
        return FolderTree(path.parent, limits)
    try:
        packed = path.name.lower().endswith((".tar", ".tar.gz", ".tgz"))
        tree: Tree = TarTree(path, limits) if packed else ZipTree(path, limits)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise BadInput(
            where=path, expected="a whole .zip, .tar or .tar.gz", found=error, way_out="copy or pack it again"
        ) from error
    tree.enter(_wrapping_folder(tree.files))
    return tree


def is_archive(path: Path) -> bool:
    """By its name, or, for a zip, by what is in it."""
    if not path.is_file():
        return False
    try:
        return path.name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz")) or zipfile.is_zipfile(path)
    except OSError:
        return False


def _wrapping_folder(files: tuple[str, ...]) -> str:
    """The one folder an archive is often wrapped in, so that it reads as the folder that was packed."""
    tops = {name.split("/")[0] for name in files}
    if len(tops) != 1 or any("/" not in name for name in files):
        return ""
    inner = [name.split("/", 1)[1] for name in files]
    is_wrapping = any("/" in name or not is_image_name(name) for name in inner)
    return tops.pop() + "/" if is_wrapping else ""


def _unpacked(path: Path, limits: TreeLimits) -> IO[bytes]:
    """A plain .tar to seek in; a packed one goes to an unnamed temporary file first, within limits."""
    if path.name.lower().endswith(".tar"):
        return path.open("rb")
    bound = min(limits.max_total_bytes, max(2**20, path.stat().st_size * limits.max_ratio))
    plain = tempfile.TemporaryFile()  # noqa: SIM115 - the tree closes it
    try:
        with gzip.open(path) as packed:
            while block := packed.read(2**20):
                plain.write(block)
                if plain.tell() > bound:
                    raise BadInput(where=path, expected=f"at most {bound:,} bytes once unpacked", found="more")
        plain.seek(0)
    except BaseException:
        plain.close()
        raise
    return plain


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are code page 437 by the standard and UTF-8 by habit."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeEncodeError:
        return info.filename
    except UnicodeDecodeError:
        return info.filename.encode("cp437").decode("utf-8", "surrogateescape")


def path_fault(name: str) -> str:
    """What is wrong with a relative path, or nothing."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
    parts = name.split("/")
    if name.startswith("/") or name[1:2] == ":":
        return "an absolute path"
    if ".." in parts:
        return "a path that leads out of the data set"
    if "" in parts or "." in parts or "\\" in name:
        return "a path with an empty part, a lone dot or a backslash"
    if not name.isprintable():
        return "a name with control characters"
    return "a name of more than 1,000 characters" if len(name) > 1000 else ""
