"""The S3 server under the other tests: real requests, real signatures, and what this server cannot do, held fast."""

from __future__ import annotations

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError
from obstore.store import S3Store

from tests.servers.s3 import Bucket, S3Server

pytestmark = pytest.mark.s3


@pytest.fixture
def store(s3: Bucket) -> S3Store:
    return S3Store(**s3.store_options())


def keys(store: S3Store, prefix: str = "") -> list[str]:
    return [item["path"] for chunk in obstore.list(store, prefix=prefix) for item in chunk]


def test_put_get_list_delete(store: S3Store) -> None:
    obstore.put(store, "aa/one", b"first")
    obstore.put(store, "bb/two", b"second")
    assert obstore.get(store, "aa/one").bytes().to_bytes() == b"first"
    assert obstore.head(store, "bb/two")["size"] == 6
    assert sorted(keys(store)) == ["aa/one", "bb/two"]
    assert keys(store, "bb") == ["bb/two"]

    obstore.delete(store, "aa/one")
    assert keys(store) == ["bb/two"]
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "aa/one")


def test_a_large_object_goes_in_parts(store: S3Store) -> None:
    data = bytes(range(256)) * 4096 * 12
    obstore.put(store, "large", data, use_multipart=True, chunk_size=5 * 1024 * 1024)
    assert obstore.get(store, "large").bytes().to_bytes() == data


def test_a_listing_has_more_than_one_page(store: S3Store) -> None:
    for number in range(1100):
        obstore.put(store, f"many/{number:04d}", b"x", use_multipart=False)
    assert len(keys(store, "many")) == 1100


def test_a_wrong_key_is_refused(s3: Bucket) -> None:
    thief = S3Store(**(s3.store_options() | {"secret_access_key": "guessed"}))
    with pytest.raises(PermissionDeniedError):
        obstore.put(thief, "x", b"1")


def test_objects_survive_a_kill_and_changes_on_disk_are_seen(s3_server: S3Server, s3: Bucket, store: S3Store) -> None:
    obstore.put(store, "aa/one", b"first")
    s3_server.kill()
    s3_server.start()
    assert obstore.get(store, "aa/one").bytes().to_bytes() == b"first"

    (s3.folder / "aa/one").write_bytes(b"altered!")
    s3_server.reread()
    assert obstore.get(store, "aa/one").bytes().to_bytes() == b"altered!"


def test_what_this_server_does_not_do(store: S3Store) -> None:
    """If this fails, the server has learnt it, and code that works around it can be tested properly."""
    obstore.put(store, "one", b"first")
    obstore.put(store, "one", b"SECOND", mode="create", use_multipart=False)
    assert obstore.get(store, "one").bytes().to_bytes() == b"SECOND", "If-None-Match is honoured now"
    with pytest.raises(GenericError, match="non-partial"):
        obstore.get_range(store, "one", start=0, end=3)
