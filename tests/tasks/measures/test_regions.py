"""Regions of defects in maps, against known answers and many thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.tasks.measures.regions import per_region_overlap


def test_small_regions_count_as_much_as_large_ones() -> None:
    mask = np.zeros((40, 40), bool)
    mask[2:22, 2:22] = True
    mask[30:32, 30:32] = True
    only_large, only_small = np.zeros((2, 40, 40))
    only_large[2:22, 2:22], only_small[30:32, 30:32] = 1, 1
    # Half of all regions found at once, the other half along the chance line: ½ + ½ · ½ · 0.3.
    for shown in (only_large, only_small):
        assert per_region_overlap([shown], [mask]) == pytest.approx(0.5 + 0.5 * 0.15, abs=0.01)
    assert per_region_overlap([mask.astype(float)], [mask]) == pytest.approx(1)
    assert per_region_overlap([-mask.astype(float)], [mask]) == pytest.approx(0, abs=1e-9)


def test_regions_by_many_thresholds_one_after_the_other() -> None:
    random = np.random.default_rng(4)
    masks = [np.zeros((16, 16), bool) for _ in range(3)]
    masks[0][3:6, 3:9], masks[0][10:12, 1:3], masks[2][5:9, 6:8] = True, True, True
    maps = [np.round(random.uniform(0, 1, (16, 16)) + 0.5 * mask, 1) for mask in masks]
    regions = [
        (0, masks[0] & (np.arange(16) < 8)[:, None]),
        (0, masks[0] & (np.arange(16) >= 8)[:, None]),
        (2, masks[2]),
    ]
    points = [(0.0, 0.0)]
    for threshold in sorted({value for one in maps for value in one.ravel()}, reverse=True):
        share = np.mean([(maps[number] >= threshold)[region].mean() for number, region in regions])
        false = np.concatenate([(one >= threshold)[~mask] for one, mask in zip(maps, masks, strict=True)]).mean()
        points.append((float(false), float(share)))
    x, y = np.array(points).T
    fine = np.linspace(0, 0.3, 200_001)
    steps = np.interp(fine, x, y)
    assert per_region_overlap(maps, masks) == pytest.approx(steps.mean(), abs=1e-3)
    with pytest.raises(BadInput, match="not both"):
        per_region_overlap(maps[:1], [np.zeros((16, 16), bool)])
    with pytest.raises(BadInput, match="NaN"):
        per_region_overlap([maps[0] * np.nan], masks[:1])
    with pytest.raises(BadInput, match="size of its mask"):
        per_region_overlap([maps[0][:8]], masks[:1])
