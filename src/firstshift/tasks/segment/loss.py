"""What training brings down: every class counts alike in an image, however few pixels it has.

    loss = segment_loss(scores, mask, weights)

Cross-entropy as a mean over each class's own pixels, then over the classes that the image shows: a pore of four pixels
weighs as much as the surface around it. To that the soft Dice distance (Milletari et al. 2016), which sees the shape as
a whole. Pixels of IGNORED are nobody's: the fringe of a hand-drawn outline, a flaw that cannot be seen for certain.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = 255
DICE_SHARE = 0.5
SOFT = 1.0
"""Added above and below Dice's line, in pixels: a class of no pixels, of which none is found, is right."""


def segment_loss(scores: Tensor, mask: Tensor, weights: Tensor | None = None) -> Tensor:
    """`scores` (B, C, H, W), `mask` (B, H, W) of classes, `weights` (B,): how much each image counts, by its source."""
    each = (1 - DICE_SHARE) * balanced_entropy(scores, mask) + DICE_SHARE * dice_distance(scores, mask)
    if weights is None:
        return each.mean()
    return (each * weights).sum() / weights.sum().clamp_min(1e-9)


def balanced_entropy(scores: Tensor, mask: Tensor) -> Tensor:
    """(B,)"""
    entropy = functional.cross_entropy(scores, mask.long(), ignore_index=IGNORED, reduction="none")
    shown = _shown(mask, scores.shape[1])
    count = shown.sum(dim=(2, 3))
    of_class = (entropy[:, None] * shown).sum(dim=(2, 3)) / count.clamp_min(1)
    there = (count > 0).float()
    return torch.as_tensor((of_class * there).sum(dim=1) / there.sum(dim=1).clamp_min(1))


def dice_distance(scores: Tensor, mask: Tensor) -> Tensor:
    """(B,): of all classes but the good surface; those that the image shows, or all where it shows none, so that a flaw
    seen on a good part costs something too."""
    shown = _shown(mask, scores.shape[1])
    counted = (mask != IGNORED).float()[:, None]
    chance = torch.softmax(scores.float(), dim=1) * counted
    both = (chance * shown).sum(dim=(2, 3))
    distance = 1 - (2 * both + SOFT) / (chance.sum(dim=(2, 3)) + shown.sum(dim=(2, 3)) + SOFT)
    there = (shown.sum(dim=(2, 3)) > 0).float()[:, 1:]
    there = torch.where(there.sum(dim=1, keepdim=True) > 0, there, torch.ones_like(there))
    return torch.as_tensor((distance[:, 1:] * there).sum(dim=1) / there.sum(dim=1))


def _shown(mask: Tensor, classes: int) -> Tensor:
    """(B, C, H, W): 1 where a pixel is of the class."""
    numbers = torch.arange(classes, device=mask.device)[None, :, None, None]
    return (mask[:, None].long() == numbers).float()
