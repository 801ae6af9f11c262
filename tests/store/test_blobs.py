"""The blob contract, over the local folder and over a real S3 server."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, NotFound, Tampered, Unavailable
from firstshift.core.hashing import content_hash
from firstshift.store.blob_address import open_blobs
from firstshift.store.blobs import Blobs, LocalBlobs
from tests.servers.s3 import Bucket


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    if request.param == "local":
        local = open_blobs("blobs", tmp_path)
        local.set_owner("wsp_1")
        return local
    bucket: Bucket = request.getfixturevalue("s3")
    for name, value in bucket.environment().items():
        monkeypatch.setenv(name, value)
    plant = open_blobs(f"s3://{bucket.bucket}/line-3", tmp_path, bucket.endpoint)
    plant.set_owner("wsp_1")
    return plant


def test_put_get_size(blobs: Blobs) -> None:
    data = os.urandom(70_000)
    content = blobs.put(data)
    assert content == content_hash(data) == blobs.put(data)
    assert blobs.get(content) == data
    assert blobs.size(content) == len(data)
    assert [facts.content for facts in blobs.all()] == [content]
    assert list(blobs.strangers()) == []


def test_what_is_not_there(blobs: Blobs) -> None:
    missing = content_hash(b"never stored")
    assert blobs.size(missing) is None
    with pytest.raises(NotFound, match="no such blob"):
        blobs.get(missing)
    with pytest.raises(BadInput, match="64 hex digits"):
        blobs.get("../../etc/passwd")


def test_burying_loses_nothing_that_is_needed_again(blobs: Blobs) -> None:
    content = blobs.put(b"needed")
    blobs.bury(content)
    assert list(blobs.all()) == []
    assert [facts.content for facts in blobs.buried()] == [content]
    assert blobs.get(content) == b"needed"
    blobs.put(b"needed")
    assert [facts.content for facts in blobs.all()] == [content]
    blobs.purge(content)
    assert blobs.get(content) == b"needed"
    blobs.bury(content)
    blobs.purge(content)
    assert blobs.size(content) is None
    blobs.bury(content)  # neither is a mistake: another gc was quicker
    blobs.exhume(content)
    blobs.purge(content)


def test_an_altered_blob_is_not_handed_out(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.set_owner("wsp_1")
    content = blobs.put(b"the truth")
    (tmp_path / content[:2] / content).write_bytes(b"the trvth")
    with pytest.raises(Tampered, match=content):
        blobs.get(content)


def test_a_short_blob_is_mended_by_putting_it_again(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.set_owner("wsp_1")
    content = blobs.put(b"whole bytes")
    (tmp_path / content[:2] / content).write_bytes(b"who")
    blobs.put(b"whole bytes")
    assert blobs.get(content) == b"whole bytes"


def test_a_rotten_blob_is_mended_by_putting_it_again(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.set_owner("wsp_1")
    content = blobs.put(b"sound")
    (tmp_path / content[:2] / content).write_bytes(b"sounD")
    assert blobs.put(b"sound") == content
    assert blobs.get(content) == b"sound"


def test_leftovers_are_swept_and_strangers_are_named(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.set_owner("wsp_1")
    (tmp_path / "incoming" / "half").write_bytes(b"x")
    os.utime(tmp_path / "incoming" / "half", (time.time() - 100, time.time() - 100))
    (tmp_path / "incoming" / "young").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("hello")
    assert list(blobs.strangers()) == ["notes.txt"]
    assert blobs.sweep(older_than_s=50) == 1
    assert (tmp_path / "incoming" / "young").exists()


@pytest.mark.s3
def test_a_store_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    blobs = open_blobs("s3://bucket/x", tmp_path, "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="object store"):
        blobs.put(b"data")


@pytest.mark.s3
def test_a_bucket_that_went_away_acknowledges_nothing(
    s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers a write with "not found"."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    blobs = open_blobs(f"s3://{s3.bucket}-gone/line-3", tmp_path, s3.endpoint)
    with pytest.raises(Unavailable, match="object store"):
        blobs.put(b"data")


def test_unknown_places_are_refused(tmp_path: Path) -> None:
    for url in ("ftp://host/x", "s3://[half", "s3://", "s3://bucket/../other"):
        with pytest.raises(BadInput, match="blobs url"):
            open_blobs(url, tmp_path)
    with pytest.raises(BadInput, match="http"):
        open_blobs("s3://bucket/x", tmp_path, "server:9000")


@pytest.mark.parametrize(
    ("url", "endpoint"), [("s3://key:geheim@bucket/x", None), ("s3://bucket/x", "http://key:geheim@server:9000")]
)
def test_a_key_in_an_address_is_refused_and_not_told(url: str, endpoint: str | None, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="environment") as caught:
        open_blobs(url, tmp_path, endpoint)
    assert "geheim" not in str(caught.value)
