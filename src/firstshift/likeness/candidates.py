"""Which pairs are worth a closer look: for each image its nearest few, by two descriptions that fail differently.

* The *view*: the small levelled picture. Finds repeats from a fixed camera, also on surfaces with few landmarks.
* The *landmark summary* (VLAD, Jégou et al. 2010): how the image's landmarks differ from typical ones, summed. Knows
  no places, so turns, shifts, crops and mirror images do not matter.

Both are whitened with the data set's own covariance: what all images share (the ring of a bottle, the stripes of a
ground tile) counts little, what sets them apart counts.

Nearest neighbours are exact, by blocks of a matrix product: n² · 192 multiplications, about two minutes a core for
100,000 images, and a block in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from firstshift.core.seed import Seed
from firstshift.likeness.landmarks import LENGTH, Floats, Landmarks
from firstshift.likeness.signature import Signature

Pairs = npt.NDArray[np.int64]
"""(n, 2), the smaller index first, each pair once, sorted."""

NEIGHBOURS = 16
"""Of each kind. Repeats come first in the list when they exist, so this bounds the work, not the size of a group:
groups grow through links between neighbours."""

_WORDS = 24
_WORD_LENGTH = 32
_SUMMARY_LENGTH = 192
_SAMPLE = 4000
_BLOCK = 2048


def candidate_pairs(signatures: Sequence[Signature], seed: Seed) -> tuple[Pairs, Pairs]:
    """Pairs to compare as they are, and pairs to compare with the second image mirrored."""
    count = len(signatures)
    if count < 2:
        return _none(), _none()
    if count <= NEIGHBOURS:
        every = np.array([(i, j) for i in range(count) for j in range(i + 1, count)], dtype=np.int64)
        return every, every
    views = np.stack([s.view for s in signatures]).astype(np.float32)
    flat = views.reshape(count, -1)
    whiten_view = _whitening(_sample(flat, seed))
    view = whiten_view(flat)
    mirrored_view = whiten_view(np.ascontiguousarray(views[:, :, ::-1]).reshape(count, -1))
    summary, mirrored_summary = _summaries(signatures, seed)
    straight = [nearest(view, view, NEIGHBOURS), nearest(summary, summary, NEIGHBOURS)]
    mirrored = [nearest(mirrored_view, view, NEIGHBOURS // 4), nearest(mirrored_summary, summary, NEIGHBOURS // 4)]
    return _unique(straight), _unique(mirrored)


def nearest(queries: Floats, among: Floats, count: int) -> npt.NDArray[np.int64]:
    """For each query (a row) the indices of its most alike rows, itself left out; (n, count), best first."""
    count = min(count, len(among) - 1)
    found = np.empty((len(queries), count), dtype=np.int64)
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK] @ among.T
        rows = np.arange(len(block))
        block[rows, rows + start] = -np.inf
        top = np.argpartition(-block, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(block, top, axis=1), axis=1, kind="stable")
        found[start : start + _BLOCK] = np.take_along_axis(top, order, axis=1)
    return found


def cohort_pairs(count: int, size: int, seed: Seed) -> Pairs:
    """Random pairs, `size` for each image (fewer in a small set): what unrelated images look like to one another."""
    if count < 2:
        return _none()
    if count <= size + 1:
        return np.array([(i, j) for i in range(count) for j in range(i + 1, count)], dtype=np.int64)
    order = seed.child("cohort").generator().permutation(count)
    steps = np.arange(1, size // 2 + 1)
    ring = np.arange(count)
    pairs = np.stack((order[np.repeat(ring, len(steps))], order[(ring[:, None] + steps[None]).ravel() % count]), axis=1)
    return _sorted_once(pairs)


def _summaries(signatures: Sequence[Signature], seed: Seed) -> tuple[Floats, Floats]:
    words, squeeze = _vocabulary(signatures, seed)
    count = len(signatures)
    straight = np.empty((count, _WORDS * _WORD_LENGTH), dtype=np.float32)
    mirrored = np.empty_like(straight)
    for k, signature in enumerate(signatures):
        straight[k] = _summary(signature.landmarks, words, squeeze)
        mirrored[k] = _summary(signature.landmarks.mirrored(signature.width_px), words, squeeze)
    whiten = _whitening(_sample(straight, seed))
    return whiten(straight), whiten(mirrored)


def _summary(landmarks: Landmarks, words: Floats, squeeze: Floats) -> Floats:
    total = np.zeros((_WORDS, _WORD_LENGTH), dtype=np.float32)
    if len(landmarks):
        short = landmarks.unit_descriptions() @ squeeze
        word = (short @ words.T - (words * words).sum(axis=1) / 2).argmax(axis=1)
        np.add.at(total, word, short - words[word])
        total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)
    return total.ravel()


def _vocabulary(signatures: Sequence[Signature], seed: Seed) -> tuple[Floats, Floats]:
    """Typical landmarks of this data set (k-means) in the 32 directions in which its landmarks vary most."""
    chosen = seed.child("vocabulary").generator().permutation(len(signatures))[:400]
    found = [signatures[int(k)].landmarks.unit_descriptions() for k in sorted(chosen)]
    sample = np.concatenate([*found, np.eye(LENGTH, dtype=np.float32)])
    centred = sample - sample.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    squeeze = np.ascontiguousarray(axes[:, ::-1][:, :_WORD_LENGTH])
    short = sample @ squeeze
    start = seed.child("words").generator().permutation(len(short))[:_WORDS]
    words = short[np.sort(start)]
    for _ in range(8):
        word = (short @ words.T - (words * words).sum(axis=1) / 2).argmax(axis=1)
        for w in range(len(words)):
            members = short[word == w]
            if len(members):
                words[w] = members.mean(axis=0)
    return np.asarray(words, np.float32), np.asarray(squeeze, np.float32)


def _whitening(sample: Floats) -> Callable[[Floats], Floats]:
    mean = sample.mean(axis=0)
    centred = (sample - mean).astype(np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred / len(sample))
    keep = min(_SUMMARY_LENGTH, len(sample) - 1, len(values))
    values, axes = values[::-1][:keep], axes[:, ::-1][:, :keep]
    # Half-way whitening: directions seen once or twice in the sample are noise and must not be blown up.
    floor = max(float(values[0]), 1e-12) * 1e-4
    projection = (axes / np.maximum(values, floor) ** 0.25).astype(np.float32)

    def whiten(rows: Floats) -> Floats:
        out = (rows - mean) @ projection
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6), dtype=np.float32)

    return whiten


def _sample(rows: Floats, seed: Seed) -> Floats:
    if len(rows) <= _SAMPLE:
        return rows
    return rows[np.sort(seed.child("sample").generator().permutation(len(rows))[:_SAMPLE])]


def _unique(lists: Sequence[npt.NDArray[np.int64]]) -> Pairs:
    pairs = [np.stack((np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()), axis=1) for near in lists]
    return _sorted_once(np.concatenate(pairs))


def _sorted_once(pairs: Pairs) -> Pairs:
    pairs = np.sort(pairs, axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _none() -> Pairs:
    return np.zeros((0, 2), dtype=np.int64)


def blocks_of(pairs: Pairs, size: int) -> Iterator[Pairs]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]
