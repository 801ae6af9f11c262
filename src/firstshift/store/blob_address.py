"""Where a workspace's blobs are: a folder, or `s3://bucket/prefix` with the server's address beside it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from firstshift.core.errors import BadInput
from firstshift.store.blobs import Blobs, LocalBlobs


def open_blobs(url: str, folder: Path, endpoint: str | None = None) -> Blobs:
    try:
        parts, server = urlsplit(url), urlsplit(endpoint or "https://")
    except ValueError as error:
        raise BadInput(where="blobs url", expected="a folder or s3://bucket/prefix", found=error) from error
    if "@" in parts.netloc + server.netloc:
        raise BadInput(
            where="blobs url",
            expected="an address without a key in it",
            found="one with an @",
            way_out="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
        )
    if server.scheme not in ("http", "https"):
        raise BadInput(where="blobs endpoint", expected="http://… or https://…", found=endpoint)
    if parts.scheme in ("", "file"):
        path = Path(parts.path if parts.scheme else url)
        return LocalBlobs(path if path.is_absolute() else folder / path)
    if parts.scheme == "s3":
        from firstshift.store.object_blobs import ObjectBlobs

        return ObjectBlobs(parts.netloc, parts.path.strip("/"), endpoint)
    raise BadInput(where="blobs url", expected="a folder or s3://bucket/prefix", found=url)
