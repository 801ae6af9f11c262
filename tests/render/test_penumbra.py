"""Soft edges of shadows, against many rays to each emitter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.render.appearance import Emitters
from firstshift.render.gbuffer import GBuffer
from firstshift.render.penumbra import (
    Outline,
    faces,
    outlines_of_shadows,
    outlines_slowly,
    soften,
    soften_slowly,
    softened,
)
from firstshift.render.scene import Placed, Scene
from firstshift.render.view import view_of
from firstshift.render.visibility import visibility, visibility_slowly
from tests.render.shapes import at, block, station

F32 = npt.NDArray[np.float32]
PLACES = 64


def lamps(*places_mm: tuple[float, float, float], across_mm: float) -> Emitters:
    place = np.array(places_mm, np.float32)
    one = np.ones(len(place), np.float32)
    return Emitters(
        np.zeros(len(place), np.int16), place, -place / np.linalg.norm(place, axis=1, keepdims=True),
        one, across_mm * one, -one, np.ones((1, 1), np.float32), np.full((1, 1, 3), 1 / 3, np.float32), ("lamp",),
    )  # fmt: skip


def true_share(scene: Scene, gbuffer: GBuffer, emitters: Emitters) -> F32:
    """(N, E): of rays to places all over each emitter (Vogel's sunflower)."""
    share = np.zeros((len(gbuffer), len(emitters)), np.float32)
    first, second = emitters.semi_axes_mm.transpose(1, 0, 2)
    for number in range(PLACES):
        radius, angle = np.sqrt((number + 0.5) / PLACES), number * np.pi * (3 - np.sqrt(5))
        moved = emitters.position_mm + radius * (np.cos(angle) * first + np.sin(angle) * second)
        share += visibility_slowly(scene, gbuffer, replace(emitters, position_mm=moved.astype(np.float32)))
    return np.asarray(share / PLACES, dtype=np.float32)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A block on a plate, and a bar that hangs over it."""
    plate, upright = Placed(block(40, 30, 2), at(z=-1), 0), Placed(block(4, 6, 3), at(4, -2, 1.5), 1)
    return Scene((plate, upright, Placed(block(3, 20, 1), at(-6, 0, 4), 2)))


@pytest.fixture(scope="module")
def gbuffer(scene: Scene) -> GBuffer:
    return scene.cast(view_of(station(), scale=0.5))


RING = lamps((60, 0, 50), (0, 60, 50), (-50, -30, 60), (10, -20, 90), across_mm=12)


def test_edges_are_as_soft_as_many_rays_make_them(scene: Scene, gbuffer: GBuffer) -> None:
    hard = visibility(scene, gbuffer, RING)
    assert hard is not None
    soft = softened(scene, gbuffer, RING, hard.copy())
    assert soft is not None
    truth = true_share(scene, gbuffer, RING)
    before, after = (np.abs(one.astype(np.float64) - truth) for one in (hard, soft))
    assert after.mean() < 0.35 * before.mean()
    assert (after > 100).mean() < 0.2 * (before > 100).mean()
    np.testing.assert_array_equal(softened(scene, gbuffer, RING, hard.copy()), soft)


def test_a_straight_edge_grows_evenly_over_its_width(scene: Scene, gbuffer: GBuffer) -> None:
    """The bar's upper right edge, at x = −4.5, z = 4.5, under a lamp 45° to the left: the edge is at x = 0."""
    lamp = lamps((-60, 3, 60), across_mm=12)
    hard = visibility(scene, gbuffer, lamp)
    assert hard is not None
    soft = softened(scene, gbuffer, lamp, hard.copy())
    assert soft is not None
    x, y, z = gbuffer.position_mm.T
    strip = (gbuffer.surface == 0) & (np.abs(y - 4) < 1.5) & (z > -0.01) & (np.abs(x) < 1.5)
    share, truth = (one[strip, 0] / 255.0 for one in (soft, true_share(scene, gbuffer, lamp)))
    assert np.abs(share - truth).max() < 0.2
    assert np.abs(hard[strip, 0] / 255.0 - truth).max() > 0.4
    by_place = [float(share[np.abs(x[strip] - at) < 0.1].mean()) for at in np.arange(-0.8, 0.9, 0.2)]
    assert by_place == sorted(by_place)
    assert (by_place[0] < 0.1, by_place[-1] > 0.9) == (True, True)


def test_a_small_lamp_and_other_faces_are_left_alone(scene: Scene, gbuffer: GBuffer) -> None:
    small = lamps((60, 0, 50), across_mm=0.01)
    hard = visibility(scene, gbuffer, small)
    assert hard is not None
    np.testing.assert_array_equal(softened(scene, gbuffer, small, hard.copy()), hard)
    assert softened(scene, gbuffer, small, None) is None
    wide = visibility(scene, gbuffer, RING)
    assert wide is not None
    soft = softened(scene, gbuffer, RING, wide.copy())
    assert soft is not None
    changed = np.any(soft != wide, axis=1)
    on_top = gbuffer.position_mm[:, 2] > 4.4  # nothing stands before the bar's upper side
    assert on_top.sum() > 100
    assert not changed[on_top].any()


def test_outlines_are_what_the_slow_twin_finds() -> None:
    draw = np.random.default_rng(5)
    face = draw.integers(-1, 3, (40, 50)).astype(np.int32)
    first = np.arange(2000, dtype=np.int32).reshape(40, 50)
    visible = (255 * draw.integers(0, 2, (2000, 7))).astype(np.uint8)
    quick, slow = (
        sorted(zip(*(one.tolist() for one in find(first, face, visible)), strict=True))
        for find in (outlines_of_shadows, outlines_slowly)
    )
    assert quick == slow
    assert len(quick) > 500


def test_the_kernel_softens_as_its_readable_twin_does(scene: Scene, gbuffer: GBuffer) -> None:
    hard = visibility(scene, gbuffer, RING)
    assert hard is not None
    first, face = faces(scene, gbuffer)
    lamp, pixel = outlines_of_shadows(first, face, hard)
    width = np.random.default_rng(5).uniform(1.5, 40, len(pixel)).astype(np.float32)
    slow, fast = hard.copy(), hard.copy()
    group = lamp.astype(np.int64) * 1000 + face.ravel()[pixel]
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    soften(fast, first, face, lamp[order], pixel[order], width[order], starts)
    for these in np.split(order, starts[1:-1]):
        soften_slowly(slow, first, face, Outline(lamp[these], pixel[these], width[these]))
    assert (fast != hard).sum() > 1000
    np.testing.assert_allclose(fast.astype(int), slow.astype(int), atol=1)
