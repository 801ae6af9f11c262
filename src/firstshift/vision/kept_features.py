"""What a frozen trunk said of an image, kept on disk: training a head again costs seconds, not the trunk's minutes.

    kept = KeptFeatures(folder, trunk.fingerprint, preparation.fingerprint, most_bytes=20 * 2**30)
    features = kept.of(image.content, lambda: trunk_on(pixels))

A file lies under the hash of the image's bytes, of the trunk's shape and weights and of the preparation, and carries
all three: another trunk's answers are never taken for this one's, whoever moved the folder. Half precision. A damaged
file is made again. When the folder grows past its limit, what was asked for longest ago goes.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from firstshift.core.errors import BadInput, Unavailable
from firstshift.core.hashing import is_content_hash

F16 = npt.NDArray[np.float16]
Features = tuple[F16, ...]
SUFFIX = ".features"
MOST_MAPS = 64
SPARED = 0.9
"""Share of the limit that is left after the oldest went, so that not every new file looks for one to remove."""


class KeptFeatures:
    """Safe for several threads; several processes may share a folder, and each counts what it wrote itself."""

    def __init__(self, folder: Path, trunk: str, preparation: str, *, most_bytes: int) -> None:
        for name, one in (("trunk", trunk), ("preparation", preparation)):
            if not is_content_hash(one):
                raise BadInput(where="features", expected=f"the fingerprint of a {name}", found=one or "nothing")
        if most_bytes < 1:
            raise BadInput(where="features", expected="room for at least one byte", found=most_bytes)
        self._root, self._told = folder, {"trunk": trunk, "preparation": preparation}
        self.folder = folder / f"{trunk[:16]}-{preparation[:16]}"
        self._most, self._lock = most_bytes, threading.Lock()
        self._bytes = sum(size for _, size, _ in self._files())

    def of(self, content: str, make: Callable[[], Sequence[npt.NDArray[np.floating]]]) -> Features:
        """Kept ones, or those that `make` gives, which are kept from now on. Both ways the same numbers."""
        found = self.get(content)
        if found is not None:
            return found
        made = tuple(np.ascontiguousarray(one, dtype=np.float16) for one in make())
        self.put(content, made)
        return made

    def get(self, content: str) -> Features | None:
        path = self._path(content)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(
                "kept features cannot be read", where=path, found=error.strerror or error,
                way_out="see who may read there, or name another folder",
            ) from error  # fmt: skip
        try:
            held = load(data)
            told = _metadata(data)
        except (SafetensorError, ValueError, KeyError):
            path.unlink(missing_ok=True)
            return None
        wanted = {**self._told, "content": content}
        for name, value in wanted.items():
            if told.get(name) != value:
                raise BadInput(
                    where=path, expected=f"features with {name} {value}", found=told.get(name, "none"),
                    way_out="somebody moved the file here; remove it, and it is made again",
                )  # fmt: skip
        with suppress(OSError):  # another process made room meanwhile: what was read is still right
            os.utime(path)
        return tuple(held[str(number)] for number in range(len(held)))

    def put(self, content: str, features: Features) -> None:
        if not 0 < len(features) <= MOST_MAPS:
            raise BadInput(where="features", expected=f"1 to {MOST_MAPS} maps", found=len(features))
        path = self._path(content)
        data = save({str(number): one for number, one in enumerate(features)}, {**self._told, "content": content})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partly = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            partly.write_bytes(data)
            partly.replace(path)  # whole or not at all; a cache needs no fsync
        except OSError as error:
            raise Unavailable(
                "features cannot be kept", where=path, found=error.strerror or error,
                way_out="make room, or name another folder",
            ) from error  # fmt: skip
        with self._lock:
            self._bytes += len(data)
            if self._bytes > self._most:
                self._make_room()

    def _make_room(self) -> None:
        """Of all trunks' files in the folder, those that were asked for longest ago."""
        files = sorted(self._files())
        self._bytes = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._bytes <= SPARED * self._most:
                break
            path.unlink(missing_ok=True)
            self._bytes -= size

    def _files(self) -> list[tuple[int, int, Path]]:
        """When each was asked for last, how large it is, where it lies."""
        found = []
        for path in self._root.glob(f"*/*/*{SUFFIX}"):
            try:
                about = path.stat()
            except FileNotFoundError:
                continue
            found.append((about.st_mtime_ns, about.st_size, path))
        return found

    def _path(self, content: str) -> Path:
        if not is_content_hash(content):
            raise BadInput(where="features", expected="the hash of an image's bytes", found=content or "nothing")
        return self.folder / content[:2] / f"{content}{SUFFIX}"


def _metadata(data: bytes) -> dict[str, str]:
    """Of the header of a safetensors file: eight bytes of its length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= len(data) - 8:
        raise ValueError("no header")
    return {str(name): str(value) for name, value in json.loads(data[8 : 8 + length])["__metadata__"].items()}
