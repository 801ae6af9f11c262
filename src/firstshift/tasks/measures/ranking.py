"""Scores against good and defective: how well the order fits, whatever the threshold.

    area_under_roc(scores, is_defect)            # 0.5 is a coin, 1.0 puts every defect before every good part
    average_precision(scores, is_defect)
    detected_at(scores, is_defect, 0.05)         # share of defects found when 5 % of good parts are flagged

Higher scores are more suspicious. Ties are nobody's luck: they count half in the area under the curve, and a threshold
never lies between two that are equal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]


def area_under_roc(scores: Floats, is_defect: Flags) -> float:
    """The chance that a defect scores above a good part (Hanley and McNeil 1982), from the ranks."""
    scores, is_defect = _checked(scores, is_defect)
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    defects, good = int(is_defect.sum()), int((~is_defect).sum())
    return float((ranks[is_defect].sum() - defects * (defects + 1) / 2) / (defects * good))


def average_precision(scores: Floats, is_defect: Flags) -> float:
    """Precision at each defect found, averaged over defects; equal scores are found together."""
    scores, is_defect = _checked(scores, is_defect)
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(is_defect[order])
    # Only where a threshold can lie: after the last of equal scores.
    ends = np.append(scores[order][1:] != scores[order][:-1], True)
    precision = found[ends] / (np.flatnonzero(ends) + 1)
    gained = np.diff(found[ends], prepend=0)
    return float((precision * gained).sum() / is_defect.sum())


def threshold_at(scores: Floats, is_defect: Flags, false_alarms: float) -> float:
    """The lowest threshold (score > threshold is flagged) at which at most this share of good parts is flagged."""
    scores, is_defect = _checked(scores, is_defect)
    if not 0 <= false_alarms <= 1:
        raise BadInput(where="measures", expected="a share of false alarms of 0 to 1", found=false_alarms)
    good = np.sort(scores[~is_defect])
    allowed = int(np.floor(false_alarms * len(good) + 1e-9))
    return -np.inf if allowed >= len(good) else float(good[len(good) - allowed - 1])


def detected_at(scores: Floats, is_defect: Flags, false_alarms: float) -> float:
    """The share of defects that score above that threshold."""
    threshold = threshold_at(scores, is_defect, false_alarms)
    return float((np.asarray(scores)[np.asarray(is_defect)] > threshold).mean())


def _checked(scores: Floats, is_defect: Flags) -> tuple[Floats, Flags]:
    scores, is_defect = np.asarray(scores, dtype=np.float64), np.asarray(is_defect, dtype=np.bool_)
    if scores.ndim != 1 or scores.shape != is_defect.shape:
        raise BadInput(where="measures", expected="a score for each image", found=f"{scores.shape}, {is_defect.shape}")
    if np.isnan(scores).any():
        raise BadInput(where="measures", expected="scores that are numbers", found=f"{np.isnan(scores).sum()} NaN")
    if is_defect.all() or not is_defect.any():
        raise BadInput(
            where="measures", expected="good parts and defects", found="defects only" if len(scores) and is_defect.all()
            else "no defect", way_out="an order needs both kinds",
        )  # fmt: skip
    return scores, is_defect
