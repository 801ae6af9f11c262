"""From photographs to groups: repeats found, look-alikes kept apart, odd images survived."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.progress import ProgressEvent, Reporting
from firstshift.likeness import Groups, Link, Proof, group_repeats, signature
from firstshift.likeness.groups import join

Grey = npt.NDArray[np.float32]
Surface = Callable[[int], Grey]
Photograph = Callable[..., Grey]


def _group(photographs: list[Grey]) -> Groups:
    return group_repeats([signature(p) for p in photographs], photographs.__getitem__)


def _same(labels: list[int], truth: list[int]) -> bool:
    return labels == [truth.index(k) for k in truth]


def test_repeats_of_ground_surfaces_are_found(ground: Surface, photograph: Photograph) -> None:
    parts, shots = 6, 4
    photographs = [photograph(ground(p), 100 * p + s) for p in range(parts) for s in range(shots)]
    photographs += [photograph(ground(p), 7000 + p) for p in range(50, 58)]
    truth = [p for p in range(parts) for _ in range(shots)] + list(range(50, 58))
    groups = _group(photographs)
    assert _same(groups.labels(), truth)
    assert not groups.alike
    assert all(g.confidence > 0.9 for g in groups.groups)
    assert all(link.first < link.second and link.landmarks > 8 for g in groups.groups for link in g.links)


def test_order_of_the_photographs_does_not_matter(ground: Surface, photograph: Photograph) -> None:
    photographs = [photograph(ground(p), 10 * p + s) for p in range(8) for s in range(2)]
    order = np.random.default_rng(0).permutation(len(photographs)).tolist()
    straight = _group(photographs).labels()
    shuffled = _group([photographs[k] for k in order]).labels()
    kept = [straight[k] for k in order]
    assert [shuffled.index(k) for k in shuffled] == [kept.index(k) for k in kept]


def test_turned_mirrored_scaled_and_cropped_copies_are_found(ground: Surface, photograph: Photograph) -> None:
    surface = ground(1)
    copies = [
        surface,
        np.ascontiguousarray(np.rot90(surface)),
        np.ascontiguousarray(surface[:, ::-1]),
        np.ascontiguousarray(np.rot90(surface[::-1])),
        np.asarray(cv2.resize(surface, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)),
        np.ascontiguousarray(surface[60:300, 90:340]),
    ]
    others = [photograph(ground(p), p) for p in range(20, 36)]
    labels = _group(others + copies).labels()
    assert len(set(labels[16:])) == 1
    assert len(set(labels)) == 17


def test_one_product_is_not_one_part(printed: Surface, photograph: Photograph) -> None:
    photographs = [photograph(printed(p), p, move=0.2) for p in range(24)]
    groups = _group(photographs)
    assert groups.alike
    assert len(groups.groups) <= 1
    assert len(groups.near_misses) > 0


def test_a_repeat_among_look_alikes_is_found(printed: Surface, photograph: Photograph) -> None:
    photographs = [photograph(printed(p), p, move=0.2) for p in range(24)]
    scratched = printed(99).copy()
    rng = np.random.default_rng(5)
    for _ in range(25):
        x, y, dx, dy = (int(v) for v in (*rng.integers(20, 340, 2), *rng.integers(-18, 18, 2)))
        cv2.line(scratched, (x, y), (x + dx, y + dy), 0.55, 1, cv2.LINE_AA)
    photographs += [photograph(scratched, 500, move=0.2), photograph(scratched, 501, move=0.2)]
    labels = _group(photographs).labels()
    assert labels[24] == labels[25]
    assert len(set(labels)) >= 24


def test_one_part_photographed_often_is_one_group(ground: Surface, photograph: Photograph) -> None:
    photographs = [photograph(ground(1), shot) for shot in range(14)]
    assert _group(photographs).labels() == [0] * 14


def test_two_parts_photographed_often_are_two_groups(ground: Surface, photograph: Photograph) -> None:
    photographs = [photograph(ground(part), 100 * part + shot) for part in range(2) for shot in range(10)]
    assert _group(photographs).labels() == [0] * 10 + [10] * 10


def test_a_fixed_camera_finds_repeats_that_have_hardly_a_landmark(photograph: Photograph) -> None:
    def bars(part: int) -> Grey:
        edges = np.sort(np.random.default_rng([part, 9]).integers(10, 310, 10))
        image = np.full((320, 320), 0.9, np.float32)
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            image[:, left:right] = 0.1
        return image

    photographs = [photograph(bars(p), 40 * p + s, move=0.0) for p in range(20) for s in range(2)]
    groups = _group(photographs)
    assert all(len(g.members) == 2 and g.members[0] % 2 == 0 for g in groups.groups)
    assert len(groups.groups) >= 18
    assert any(link.proof is Proof.TEXTURE for g in groups.groups for link in g.links)


def test_equal_pixels_are_one_group_whatever_they_show(ground: Surface) -> None:
    flat = np.full((60, 80), 0.5, np.float32)
    photographs = [ground(1), flat, ground(1).copy(), flat.copy(), ground(2), np.full((61, 80), 0.5, np.float32)]
    groups = _group(photographs)
    assert groups.labels() == [0, 1, 0, 1, 4, 5]
    assert {link.proof for g in groups.groups for link in g.links} == {Proof.EQUAL}


def test_odd_images_stay_alone() -> None:
    rng = np.random.default_rng(0)
    shapes = [(1, 1), (1, 700), (700, 1), (2, 2), (64, 64), (3, 4000), (33, 20)]
    photographs = [rng.random(shape, dtype=np.float32) for shape in shapes for _ in range(3)]
    photographs += [np.full((k, k), 0.5, np.float32) for k in (1, 5, 90)]
    assert _group(photographs).labels() == list(range(len(photographs)))


def test_nothing_and_one() -> None:
    assert _group([]).labels() == []
    assert _group([np.zeros((5, 5), np.float32)]).labels() == [0]


def test_without_pixels_sure_repeats_are_still_found(ground: Surface, photograph: Photograph) -> None:
    photographs = [photograph(ground(p), 10 * p + s) for p in range(12) for s in range(2)]
    groups = group_repeats([signature(p) for p in photographs])
    assert _same(groups.labels(), [p for p in range(12) for _ in range(2)])


def test_progress_is_told_and_ends(ground: Surface, photograph: Photograph) -> None:
    told: list[ProgressEvent] = []
    photographs = [photograph(ground(p), p) for p in range(4)]
    reporting = Reporting(told.append, every_s=0.0)
    group_repeats([signature(p) for p in photographs], photographs.__getitem__, progress=reporting)
    assert {event.what for event in told} >= {"comparing photographs", "comparing surfaces"}
    assert all(event.done <= (event.total or event.done) for event in told)


def _link(first: int, second: int, evidence: float) -> Link:
    return Link(first, second, Proof.LANDMARKS, 0.9, evidence, int(evidence))


def test_one_weak_link_does_not_chain_two_groups() -> None:
    inside = [_link(a, b, 50) for group in ((0, 1, 2), (3, 4, 5)) for a in group for b in group if a < b]
    assert [g.members for g in join(6, [*inside, _link(2, 3, 9)], 8.0)] == [(0, 1, 2), (3, 4, 5)]
    assert [g.members for g in join(6, [*inside, _link(2, 3, 9), _link(1, 4, 9)], 8.0)] == [(0, 1, 2, 3, 4, 5)]
    assert [g.members for g in join(6, [*inside, _link(2, 3, 13)], 8.0)] == [(0, 1, 2, 3, 4, 5)]
    assert [g.members for g in join(4, [_link(0, 1, 50), _link(1, 2, 9)], 8.0)] == [(0, 1, 2)]
