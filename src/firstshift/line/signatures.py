"""What is remembered of each photograph to find its repeats, computed once and kept in the workspace's cache folder.

`cache/likeness/v3/3f/3fa0…` is named after the image's bytes. The folder can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress
from firstshift.likeness.perceptual_hash import Grey
from firstshift.likeness.signature import VERSION, Signature, signature
from firstshift.store.images import ImageRecord
from firstshift.store.workspace import Workspace

MAX_BYTES = 1_000_000
_AHEAD = 64
_THREADS = 4


def cache_folder(ws: Workspace) -> Path:
    return ws.folder / "cache" / "likeness" / f"v{VERSION}"


def signatures_of(ws: Workspace, images: Sequence[ImageRecord], progress: Progress) -> list[Signature]:
    """One for each image, in order."""
    found: list[Signature] = []
    progress.start("looking at photographs", len(images))
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(images), _AHEAD):
                chunk = images[start : start + _AHEAD]
                found += pool.map(lambda image: _signature(ws, image), chunk)
                progress.advance(len(chunk))
    finally:
        progress.finish()
    return found


def grey_of(ws: Workspace, image: ImageRecord) -> Grey:
    return ws.images.read(image).grey()


def _signature(ws: Workspace, image: ImageRecord) -> Signature:
    path = cache_folder(ws) / image.content[:2] / image.content
    known = _cached(path)
    if known is not None:
        return known
    fresh = signature(grey_of(ws, image))
    _keep(path, fresh.to_bytes())
    # Read back, so that a split does not depend on whether the cache was there: the stored form is rounded.
    return Signature.from_bytes(fresh.to_bytes())


def _cached(path: Path) -> Signature | None:
    try:
        with path.open("rb") as file:
            return Signature.from_bytes(file.read(MAX_BYTES))
    except (OSError, BadInput):
        return None


def _keep(path: Path, data: bytes) -> None:
    """A cache that cannot be written costs time, not the split."""
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_bytes(data)
        os.replace(waiting, path)  # noqa: PTH105 - the call that is atomic on every system
