"""Changes of a factory's days: each does what it says, none of them invents or loses a defect's place."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.vision.augmenting.compression import compression
from firstshift.vision.augmenting.dirt import dust, oil
from firstshift.vision.augmenting.drawing import CHANGES, USUAL, Augmentation
from firstshift.vision.augmenting.light import bulb_ageing, light_gradient
from firstshift.vision.augmenting.optics import blur, noise
from firstshift.vision.augmenting.pose import flipped, pose
from firstshift.vision.augmenting.sample import Sample

RGB = ("R", "G", "B")
SEEDS = [Seed(number) for number in range(20)]


def grey(level: float = 0.5, size: tuple[int, int] = (96, 128), channels: tuple[str, ...] = ("ring",)) -> Sample:
    image = np.full((*size, len(channels)), level, np.float32)
    return Sample(image, channels, np.zeros(size, np.uint8))


def spotted(channels: tuple[str, ...] = ("ring",)) -> Sample:
    """Bright spots of class 2 on grey."""
    sample = grey(0.3, channels=channels)
    for row, column in ((30, 40), (60, 90), (48, 64)):
        sample.image[row - 3 : row + 4, column - 3 : column + 4] = 0.9
        sample.mask[row - 3 : row + 4, column - 3 : column + 4] = 2  # type: ignore[index]
    return sample


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("channels", [("ring",), RGB, ("ring", "dark", "bar", "back", "dome")])
def test_each_is_repeatable_stays_in_range_and_is_nothing_at_strength_nought(
    name: str, channels: tuple[str, ...]
) -> None:
    sample, change = spotted(channels), CHANGES[name]
    before = sample.image.copy()
    one, again, other = (change(sample, seed, 1.0) for seed in (SEEDS[1], SEEDS[1], SEEDS[2]))
    np.testing.assert_array_equal(one.image, again.image)
    assert one.image.dtype == np.float32
    assert 0 <= one.image.min() <= one.image.max() <= 1
    assert one.image.shape == before.shape
    np.testing.assert_array_equal(sample.image, before)  # what came in is not written to
    assert change(sample, SEEDS[1], 0.0) is sample
    assert any(not np.array_equal(change(sample, seed, 1.0).image, before) for seed in SEEDS)
    assert other.channels == channels


@pytest.mark.parametrize("change", [pose, flipped])
def test_masks_and_points_move_with_the_image(change: object) -> None:
    sample = spotted()
    for seed in SEEDS:
        moved = change(sample, seed, 1.0)  # type: ignore[operator]
        bright = moved.image[:, :, 0] > 0.6
        marked = moved.mask == 2
        assert (bright & marked).sum() > 0.9 * max(bright.sum(), marked.sum()) > 0
        for x, y in ((40, 30), (90, 60), (64, 48)):
            at = moved.moved @ [x, y, 1]
            column, row = np.rint(at[:2]).astype(int)
            if 0 <= row < 96 and 0 <= column < 128:
                assert marked[row, column]


def test_each_light_falls_off_in_its_own_direction_and_colours_together() -> None:
    ways = []
    for seed in SEEDS:
        lit = light_gradient(grey(channels=(*RGB, "dark")), seed, 1.0).image / 0.5
        np.testing.assert_array_equal(lit[:, :, 0], lit[:, :, 2])
        assert not np.array_equal(lit[:, :, 0], lit[:, :, 3])
        assert 0.7 < lit.min() < lit.max() < 1.35
        ways.append(lit[:, 96:, 0].mean() > lit[:, :32, 0].mean())
    assert 0 < sum(ways) < len(ways)


def test_old_bulbs_are_darker_and_yellower() -> None:
    levels = np.array([bulb_ageing(grey(channels=RGB), seed, 1.0).image.mean(axis=(0, 1)) for seed in SEEDS]) / 0.5
    assert levels.min() < 0.7 < 1 < levels.max() < 1.11
    old = levels[levels[:, 0] < 0.9]
    assert (old[:, 2] < old[:, 1]).all()
    assert (old[:, 1] < old[:, 0]).all()


def test_blur_takes_detail_and_keeps_light() -> None:
    sample = spotted()
    for seed in SEEDS:
        soft = blur(sample, seed, 1.0).image
        assert soft.mean() == pytest.approx(sample.image.mean(), rel=1e-3)
        assert np.abs(np.diff(soft, axis=1)).max() < np.abs(np.diff(sample.image, axis=1)).max()


def test_noise_grows_with_light() -> None:
    drawn = [[noise(grey(level), seed, 1.0).image.std() for seed in SEEDS] for level in (0.05, 0.6)]
    dark, bright = np.array(drawn)
    assert (bright > dark).mean() > 0.9
    assert 0.005 < bright.max() < 0.045


def test_dirt_covers_little_and_shows_on_dark_and_bright_ground() -> None:
    for level in (0.1, 0.9):
        shares = []
        for seed in SEEDS:
            dusty = dust(grey(level, (512, 512)), seed, 1.0)
            assert not dusty.mask.any()  # type: ignore[union-attr]
            shares.append((np.abs(dusty.image - level) > 0.01).mean())
        assert 0 < max(shares) < 0.01
        assert np.median(shares) > 0
    films = [oil(grey(0.5, (256, 256)), seed, 1.0).image for seed in SEEDS]
    assert min(film.min() for film in films) < 0.45
    assert 0.51 < max(film.max() for film in films) < 0.57


def test_a_jpeg_of_bad_quality_leaves_its_blocks_and_little_else() -> None:
    random = np.random.default_rng(1)
    sample = Sample(random.uniform(0.2, 0.8, (64, 64, 3)).astype(np.float32), RGB)
    off = [np.abs(compression(sample, seed, 1.0).image - sample.image).mean() for seed in SEEDS]
    assert 0.002 < min(off) < max(off) < 0.2
    smooth = grey(0.5, channels=RGB)
    assert np.abs(compression(smooth, SEEDS[0], 1.0).image - smooth.image).max() < 0.01


def test_a_drawing_gives_some_changes_to_some_images() -> None:
    usual = Augmentation(dict(USUAL), share=0.5)
    seen = [usual.of(spotted(), seed).image for seed in SEEDS]
    assert len({one.tobytes() for one in seen}) > 15
    np.testing.assert_array_equal(usual.of(spotted(), SEEDS[4]).image, seen[4])
    nothing = Augmentation({}, share=1.0)
    sample = spotted()
    assert nothing.of(sample, SEEDS[0]) is sample


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="flip, pose, light gradient"):
        Augmentation({"rotate": 1.0})
    with pytest.raises(BadInput, match="0 to 3"):
        Augmentation({"pose": 9.0})
    with pytest.raises(BadInput, match="0 to 1"):
        Augmentation(share=2.0)
    with pytest.raises(BadInput, match="float32"):
        Sample(np.zeros((4, 4, 1)), ("grey",))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="a mask of"):
        Sample(np.zeros((4, 4, 1), np.float32), ("grey",), np.zeros((4, 5), np.uint8))
