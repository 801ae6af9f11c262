"""Maps of suspicion against masks, region by region: a small defect counts as much as a large one.

    per_region_overlap(maps, masks, most_false=0.3)

The area under the curve of the mean share of each defect region that is flagged, over the share of defect-free pixels
that are, up to `most_false` and divided by it (PRO; Bergmann et al. 2021, IJCV 129, 1038).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Maps = Sequence[npt.NDArray[np.floating]]
Masks = Sequence[npt.NDArray[np.bool_]]


def per_region_overlap(maps: Maps, masks: Masks, most_false: float = 0.3) -> float:
    if len(maps) != len(masks) or not 0 < most_false <= 1:
        raise BadInput(where="measures", expected="a mask for each map, a share of 0 to 1", found=most_false)
    values, gains, falses = [], [], []
    regions = 0
    for number, (shown, mask) in enumerate(zip(maps, masks, strict=True)):
        if shown.shape != mask.shape:
            raise BadInput(where=f"map {number}", expected=f"the size of its mask, {mask.shape}", found=shown.shape)
        if not np.isfinite(shown).all():
            raise BadInput(where=f"map {number}", expected="numbers", found="NaN or infinite values")
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        weight = np.zeros(count, np.float64)
        weight[1:] = 1 / stats[1:, cv2.CC_STAT_AREA]
        regions += count - 1
        values.append(shown.ravel().astype(np.float64))
        gains.append(weight[labels].ravel())
        falses.append(~np.asarray(mask, dtype=np.bool_).ravel())
    value, gain, false = np.concatenate(values), np.concatenate(gains), np.concatenate(falses)
    if not regions or not false.any():
        raise BadInput(where="measures", expected="regions with a defect and pixels without", found="not both")
    order = np.argsort(-value, kind="stable")
    ends = np.append(value[order][1:] != value[order][:-1], True)
    overlap = np.append(0.0, (np.cumsum(gain[order]) / regions)[ends])
    flagged = np.append(0.0, (np.cumsum(false[order]) / false.sum())[ends])
    return _area_up_to(flagged, overlap, most_false) / most_false


def _area_up_to(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], end: float) -> float:
    """Under straight lines between the points, cut off at `end`."""
    inside = x <= end
    x_cut, y_cut = np.append(x[inside], end), np.append(y[inside], np.interp(end, x, y))
    return float(np.trapezoid(y_cut, x_cut))
