"""Blobs in S3-compatible storage. Access keys come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).

An S3 `PUT` is atomic and durable when it is acknowledged, so there is nothing half-written to sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, NotFoundError

from firstshift.core.errors import BadInput, NotFound, Unavailable
from firstshift.core.hashing import ContentHash, content_hash, is_content_hash
from firstshift.store.blobs import MAX_OWNER_BYTES, OWNER_FILE, BlobFacts, check_content

if TYPE_CHECKING:
    from obstore.store import S3Store

_BURIED = "buried/"


class ObjectBlobs:
    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        if not bucket:
            raise BadInput(where="blobs url", expected="s3://bucket/prefix", found="no bucket")
        self._url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._store = _open(bucket, prefix, endpoint)

    @property
    def shown_url(self) -> str:
        return self._url

    def owner(self) -> str | None:
        data = self._read(OWNER_FILE)
        return None if data is None else data[:MAX_OWNER_BYTES].decode("utf-8", "replace").strip()

    def set_owner(self, owner: str) -> None:
        self._put(OWNER_FILE, f"{owner}\n".encode())

    def first_file(self) -> str | None:
        return next((str(entry["path"]) for batch in self._batches("") for entry in batch), None)

    def put(self, data: bytes) -> ContentHash:
        content = content_hash(data)
        key = _key(content)
        # Written also when it is there: that refreshes its age (gc counts from the last need) and mends a short one.
        self._put(key, data)
        return content

    def get(self, content: str) -> bytes:
        for key in (_key(content), _BURIED + content, _key(content)):
            data = self._read(key)
            if data is not None:
                check_content(data, content)
                return data
        raise NotFound("no such blob", where=self._url, found=content)

    def size(self, content: str) -> int | None:
        for key in (_key(content), _BURIED + content):
            if (facts := self._head(key)) is not None:
                return int(facts["size"])
        return None

    def all(self) -> Iterator[BlobFacts]:
        return (facts for key, facts in self._listed() if key == _key(facts.content))

    def buried(self) -> Iterator[BlobFacts]:
        return (facts for key, facts in self._listed(_BURIED) if key == _BURIED + facts.content)

    def strangers(self) -> Iterator[str]:
        for batch in self._batches(""):
            for entry in batch:
                name = str(entry["path"]).rsplit("/", 1)[-1]
                if entry["path"] == OWNER_FILE:
                    continue
                if not is_content_hash(name) or entry["path"] not in (_key(name), _BURIED + name):
                    yield str(entry["path"])

    def bury(self, content: str) -> None:
        self._move(_key(content), _BURIED + content)

    def exhume(self, content: str) -> None:
        self._move(_BURIED + content, _key(content))

    def purge(self, content: str) -> None:
        self._delete(_BURIED + content)

    def sweep(self, older_than_s: float) -> int:  # noqa: ARG002 – nothing is ever half-written here
        return 0

    def _listed(self, prefix: str = "") -> Iterator[tuple[str, BlobFacts]]:
        for batch in self._batches(prefix):
            for entry in batch:
                name = str(entry["path"]).rsplit("/", 1)[-1]
                if is_content_hash(name):
                    changed = entry["last_modified"].timestamp()
                    yield str(entry["path"]), BlobFacts(ContentHash(name), int(entry["size"]), changed)

    def _batches(self, prefix: str) -> Iterator[Any]:
        try:
            yield from obstore.list(self._store, prefix=prefix or None)
        except (BaseError, OSError) as error:
            raise self._unavailable(error, prefix) from error

    def _move(self, source: str, target: str) -> None:
        """The copy is there before the original goes."""
        data = self._read(source)
        if data is None:
            return
        self._put(target, data)
        self._delete(source)

    def _head(self, key: str) -> Any:
        try:
            return obstore.head(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise self._unavailable(error, key) from error

    def _read(self, key: str) -> bytes | None:
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise self._unavailable(error, key) from error

    def _put(self, key: str, data: bytes) -> None:
        try:
            obstore.put(self._store, key, data)
        except (BaseError, OSError) as error:  # "not found" too: then the bucket itself is gone
            raise self._unavailable(error, key) from error

    def _delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise self._unavailable(error, key) from error

    def _unavailable(self, error: Exception, key: str) -> Unavailable:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Unavailable(
            "the object store did not do what was asked",
            where=f"{self._url}/{key}",
            found=first,
            way_out="check the endpoint, the bucket and the access keys; nothing of this step was recorded",
        )


def _key(content: str) -> str:
    if not is_content_hash(content):
        raise BadInput(where="blob", expected="64 hex digits", found=content)
    return f"{content[:2]}/{content}"


def _open(bucket: str, prefix: str, endpoint: str | None) -> S3Store:
    from obstore.store import S3Store

    plain_http = bool(endpoint and endpoint.startswith("http://"))
    options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            client_options={"allow_http": plain_http, "timeout": "60s"},
            retry_config={"max_retries": 3},
            **options,
        )
    except ValueError as error:
        raise BadInput(where="blobs url", expected="s3://bucket/prefix", found=error) from error
