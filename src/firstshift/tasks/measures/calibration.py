"""Whether a confidence means what it says: of all answers given with 0.9, nine of ten should be right.

reliability(confidence, is_right, bins=15)       # the diagram
expected_calibration_error(confidence, is_right)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of answers with about the same confidence; only bins that have some."""

    confidence: npt.NDArray[np.float64]
    """Mean."""
    right: npt.NDArray[np.float64]
    """Share."""
    count: npt.NDArray[np.int64]


def reliability(confidence: Floats, is_right: npt.NDArray[np.bool_], bins: int = 15) -> Reliability:
    """Bins with equal numbers of answers, so that none rests on two of them (Nguyen and O'Connor 2015)."""
    confidence, is_right = np.asarray(confidence, dtype=np.float64), np.asarray(is_right, dtype=np.bool_)
    if confidence.ndim != 1 or confidence.shape != is_right.shape or not len(confidence) or bins < 1:
        raise BadInput(where="measures", expected="a confidence for each answer", found=confidence.shape)
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise BadInput(where="measures", expected="confidences of 0 to 1", found=float(np.nanmax(confidence)))
    order = np.argsort(confidence, kind="stable")
    groups = [one for one in np.array_split(order, min(bins, len(order))) if len(one)]
    return Reliability(
        np.array([confidence[one].mean() for one in groups]),
        np.array([is_right[one].mean() for one in groups]),
        np.array([len(one) for one in groups], dtype=np.int64),
    )


def expected_calibration_error(confidence: Floats, is_right: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """How far confidence and share of right answers lie apart, averaged over answers."""
    found = reliability(confidence, is_right, bins)
    return float((np.abs(found.confidence - found.right) * found.count).sum() / found.count.sum())
