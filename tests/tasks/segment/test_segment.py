"""Segmentation's head and loss: sizes, what costs what, and that a thin line can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from firstshift.core.errors import BadInput
from firstshift.tasks.measures.overlap import confusion, intersection_over_union
from firstshift.tasks.segment.head import SegmentHead
from firstshift.tasks.segment.loss import IGNORED, balanced_entropy, dice_distance, segment_loss
from firstshift.vision.backbones.own import own


@pytest.mark.parametrize("name", ["nano", "small", "base"])
def test_scores_have_the_images_size(name: str) -> None:
    trunk = own(name).eval()
    head = SegmentHead(trunk.widths, classes=5).eval()
    with torch.inference_mode():
        assert head(trunk(torch.zeros(2, 1, 64, 96))).shape == (2, 5, 64, 96)
    with pytest.raises(BadInput, match="2 to 255"):
        SegmentHead(trunk.widths, classes=1)


def certain(mask: torch.Tensor, classes: int = 3, strength: float = 12.0) -> torch.Tensor:
    """Scores that say what the mask says."""
    return strength * torch.nn.functional.one_hot(mask.long(), classes).permute(0, 3, 1, 2).float()


def test_a_class_of_few_pixels_weighs_as_much_as_one_of_many() -> None:
    mask = torch.zeros(1, 64, 64)
    mask[0, 10:12, 10:12] = 1
    mask[0, 30:50, 30:50] = 2
    right = certain(mask)
    assert segment_loss(right, mask) < 0.01
    missed = []
    for kind in (1, 2):
        seen = mask.clone()
        seen[mask == kind] = 0
        missed.append(float(balanced_entropy(certain(seen), mask)))
    assert missed[0] == pytest.approx(missed[1], rel=1e-3)
    assert missed[0] == pytest.approx(12 / 3, rel=1e-3)  # a third of the classes is wrong by 12


def test_nobodys_pixels_cost_nothing() -> None:
    mask = torch.zeros(1, 16, 16)
    mask[0, 4:8, 4:8] = 1
    scores = certain(mask)
    mask[0, 0:3] = IGNORED
    before = [float(one(scores, mask)) for one in (balanced_entropy, dice_distance)]
    scores[0, 1, 0:3] += 30  # flagged, where nobody says what is right
    assert [float(one(scores, mask)) for one in (balanced_entropy, dice_distance)] == pytest.approx(before)


def test_false_alarms_on_good_parts_cost_and_sources_are_weighed() -> None:
    good = torch.zeros(2, 32, 32)
    seen = good.clone()
    seen[1, :16, :16] = 2
    scores = certain(seen)
    each = dice_distance(scores, good)
    assert each[0] < 0.02 < 0.3 < each[1]
    first, second = (segment_loss(scores, good, torch.tensor(one)) for one in ([1.0, 0.0], [0.0, 1.0]))
    assert segment_loss(scores, good, torch.tensor([3.0, 1.0])) == pytest.approx(float(0.75 * first + 0.25 * second))
    assert torch.isfinite(segment_loss(scores, torch.full((2, 32, 32), float(IGNORED))))


def test_a_scratch_two_pixels_wide_is_learnt_in_a_few_steps() -> None:
    """Bright lines on noise: the network's own resolution must not lose them."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    trunk = own("nano", seed=1)
    head = SegmentHead(trunk.widths, classes=2)
    steps = torch.optim.AdamW([*trunk.parameters(), *head.parameters()], lr=3e-3)

    def batch() -> tuple[torch.Tensor, torch.Tensor]:
        images = random.normal(0, 0.3, (8, 1, 64, 64)).astype(np.float32)
        masks = np.zeros((8, 64, 64), np.float32)
        for number in range(8):
            row, left, length = random.integers(4, 60), random.integers(2, 30), random.integers(12, 30)
            place = (slice(row, row + 2), slice(left, left + length))
            turned = masks[number].T if number % 2 else masks[number]
            turned[place] = 1
            images[number, 0] += masks[number]
        return torch.from_numpy(images), torch.from_numpy(masks)

    for _ in range(60):
        images, masks = batch()
        steps.zero_grad()
        segment_loss(head(trunk(images)), masks).backward()
        steps.step()
    trunk.eval(), head.eval()
    images, masks = batch()
    with torch.inference_mode():
        found = head(trunk(images)).argmax(dim=1).numpy()
    overlap = intersection_over_union(confusion(found, masks.numpy().astype(int), 2))
    assert overlap[1] > 0.5
