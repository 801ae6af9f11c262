"""Tiles: nothing is lost at any size, and what does not depend on the cut comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstshift.bundle.tiling import Joined, Tiling
from firstshift.core.errors import BadInput

SIZES = st.integers(1, 150)


@given(height=SIZES, width=SIZES, size=st.integers(1, 64), share=st.floats(0, 0.5), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_what_is_cut_comes_back_as_it_was(height: int, width: int, size: int, share: float, seed: int) -> None:
    tiling = Tiling(size, int(size * share))
    pixels = np.random.default_rng(seed).normal(size=(height, width, 2)).astype(np.float32)
    joined = Joined(tiling, height, width, channels=2)
    tiles = list(tiling.tiles(height, width))
    assert len(tiles) == tiling.count(height, width)
    for tile in reversed(tiles):
        piece = tile.cut(pixels)
        assert piece.shape == (size, size, 2)
        joined.add(tile, piece.transpose(2, 0, 1).astype(np.float32))
    np.testing.assert_allclose(joined.result(), pixels.transpose(2, 0, 1), rtol=2e-5, atol=2e-6)


def test_neighbours_share_at_least_the_overlap_and_the_middle_of_a_tile_counts_most() -> None:
    tiling = Tiling(size=100, overlap=20)
    lefts = [tile.left for tile in tiling.tiles(50, 250)]
    assert lefts == [0, 80, 150]
    shares = tiling.shares(250)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)
    assert shares[0, :80].min() == 1  # nobody else sees these
    across = shares[1, 80:100]
    assert (np.diff(across) > 0).all()
    assert across[0] < 0.05 < 0.95 < across[-1]


def test_an_image_smaller_than_a_tile_is_mirrored() -> None:
    (tile,) = Tiling(size=7, overlap=2).tiles(1, 3)
    np.testing.assert_array_equal(tile.cut(np.array([[1, 2, 3]]))[0], [1, 2, 3, 2, 1, 2, 3])
    np.testing.assert_array_equal(tile.cut(np.array([[1, 2, 3]]))[:, 0], np.ones(7))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="half a tile"):
        Tiling(size=64, overlap=33)
    with pytest.raises(BadInput, match="1 to 8192"):
        Tiling(size=0, overlap=0)
    with pytest.raises(BadInput, match="with pixels"):
        list(Tiling(8, 0).tiles(0, 5))
    tiling = Tiling(8, 2)
    joined = Joined(tiling, 8, 14, channels=1)
    first, second = tiling.tiles(8, 14)
    with pytest.raises(BadInput, match="maps of"):
        joined.add(first, np.zeros((2, 8, 8)))
    joined.add(first, np.zeros((1, 8, 8)))
    with pytest.raises(BadInput, match="did not come yet"):
        joined.add(first, np.zeros((1, 8, 8)))
    with pytest.raises(BadInput, match="1 missing"):
        joined.result()
    joined.add(second, np.zeros((1, 8, 8)))
    assert joined.result().shape == (1, 8, 14)
