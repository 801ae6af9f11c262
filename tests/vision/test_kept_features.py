"""Features on disk: made once, never another trunk's, never more than there is room for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.errors import BadInput, Unavailable
from firstshift.core.hashing import content_hash
from firstshift.vision.kept_features import SUFFIX, KeptFeatures

TRUNK, OTHER, PREPARED = "a" * 64, "b" * 64, "c" * 64
ROOM = 2**20


def image(number: int) -> str:
    return content_hash(str(number).encode())


def made(number: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(number)
    return random.normal(size=(4, 8, 8)).astype(np.float32), random.normal(size=(8, 4, 4)).astype(np.float32)


def test_features_are_made_once_and_are_the_same_either_way(tmp_path: Path) -> None:
    calls = []

    def make() -> tuple[np.ndarray, ...]:
        calls.append(1)
        return made(1)

    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    first = kept.of(image(1), make)
    again = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM).of(image(1), make)
    assert len(calls) == 1
    for one, other, exact in zip(first, again, made(1), strict=True):
        assert one.dtype == np.float16
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, exact, rtol=2**-10, atol=1e-6)


def test_another_trunks_answers_are_not_this_ones(tmp_path: Path) -> None:
    mine = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    mine.of(image(1), lambda: made(1))
    theirs = KeptFeatures(tmp_path, OTHER, PREPARED, most_bytes=ROOM)
    assert theirs.get(image(1)) is None
    assert KeptFeatures(tmp_path, TRUNK, OTHER, most_bytes=ROOM).get(image(1)) is None
    mine.folder.rename(theirs.folder)
    with pytest.raises(BadInput, match=f"features with trunk {OTHER}"):
        theirs.get(image(1))


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    kept.of(image(1), lambda: made(1))
    (path,) = kept.folder.rglob(f"*{SUFFIX}")
    whole = path.read_bytes()
    for broken in (b"", whole[:7], whole[:100], whole[:-1], b"\xff" * 64):
        path.write_bytes(broken)
        assert kept.get(image(1)) is None
        np.testing.assert_array_equal(kept.of(image(1), lambda: made(2))[0], made(2)[0].astype(np.float16))


def test_what_was_asked_for_longest_ago_goes_first(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=20_000)
    for number in range(12):
        kept.put(image(number), tuple(one.astype(np.float16) for one in made(number)))
        for path in kept.folder.rglob(f"{image(number)}{SUFFIX}"):
            os.utime(path, ns=(number * 10**9, number * 10**9))
        if number > 0:  # the first one is asked for again and again
            assert kept.get(image(0)) is not None
    left = [number for number in range(12) if kept.get(image(number)) is not None]
    assert 0 in left
    assert left[1:] == list(range(left[1], 12))
    assert sum(path.stat().st_size for path in tmp_path.rglob(f"*{SUFFIX}")) <= 20_000


def test_many_threads_ask_at_once(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: kept.of(image(number % 5), lambda: made(number % 5)), range(60)))
    for number, features in enumerate(found):
        np.testing.assert_array_equal(features[1], made(number % 5)[1].astype(np.float16))
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_no_hash_is_refused(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    for content in ("", "../../../../etc/passwd", "short"):
        with pytest.raises(BadInput, match="hash of an image"):
            kept.get(content)
    with pytest.raises(BadInput, match="fingerprint of a trunk"):
        KeptFeatures(tmp_path, "../x", PREPARED, most_bytes=ROOM)
    with pytest.raises(BadInput, match="1 to 64 maps"):
        kept.put(image(1), ())


def test_a_place_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path, TRUNK, PREPARED, most_bytes=ROOM)
    kept.of(image(1), lambda: made(1))
    (path,) = kept.folder.rglob(f"*{SUFFIX}")
    path.unlink()
    path.mkdir()  # what is no file cannot be read, whoever asks
    with pytest.raises(Unavailable, match="cannot be read") as caught:
        kept.get(image(1))
    assert "\n" not in caught.value.message
