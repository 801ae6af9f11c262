"""How much likeness is nothing but chance, or one product being like another? The data set itself answers.

Two limits, both from the images at hand:

* `evidence_limit`: an image's strongest pair *below* the limit is its nearest miss. Nearest misses are largest values
  of many, so they follow a Gumbel law (Gumbel 1958); the limit is where fewer than `FALSE_LINKS` of all images would
  have a nearest miss by that law. It starts low and rises as long as the nearest misses crowd up against it, so it
  comes to rest in a gap: at 8 landmarks where unrelated images share three, at 60 where all show the same product.
* `agreement_limit`: how far fine texture agrees between random images. Where that is nowhere, agreement in most of the
  overlap is proof; where all images are alike it proves nothing, and the limit lies above 1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

FALSE_LINKS = 0.05
"""Expected number of false links in the whole data set, by evidence alone."""
LEAST_EVIDENCE = 8.0
"""Rare landmarks in common, whatever the data set says: chance alone reaches 4 or 5 (measured on six public sets)."""
LEAST_AGREEMENT = 0.6
"""Of the overlap: clearly the larger part. Unrelated surfaces of one kind reach 0.1, one design cut elsewhere 0.45."""
SUSPECT_AGREEMENT = 0.4
"""From here on a pair may be a repeat: too little to join it, too much to call it a miss."""
CERTAIN_AGREEMENT = 0.9
"""Of the overlap, in any set: different parts of one moulded, printed or blown product reach 0.86 at best."""
ALIKE = 0.3
"""Agreement of half of all random pairs from which on texture is the product's, not the part's."""

_STEPS = 100
_LEAST_SPREAD = 0.3


def evidence_limit(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], evidence: Numbers, images: int
) -> float:
    """`first[k]` and `second[k]` share `evidence[k]`; pairs already known to be repeats are left out by the caller."""
    limit = LEAST_EVIDENCE
    if not images:
        return limit
    for _ in range(_STEPS):
        misses = nearest_misses(first, second, evidence, images, limit)
        middle, spread = gumbel_of(misses)
        raised = middle + spread * math.log(images / FALSE_LINKS)
        if raised <= limit:
            break
        limit = raised
    return limit


def nearest_misses(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], evidence: Numbers, images: int, limit: float
) -> Numbers:
    misses = np.zeros(images)
    below = evidence < limit
    np.maximum.at(misses, first[below], evidence[below])
    np.maximum.at(misses, second[below], evidence[below])
    return misses


def gumbel_of(misses: Numbers) -> tuple[float, float]:
    """Location and spread from the median and the ninth decile: the largest few may be repeats and must not count."""
    half, most = np.quantile(misses, [0.5, 0.9])
    spread = max(float(most - half) / (_gumbel(0.9) - _gumbel(0.5)), _LEAST_SPREAD)
    return float(half) - _gumbel(0.5) * spread, spread


def chance_of(evidence: float, misses: Numbers) -> float:
    """How many of all images are expected to have a nearest miss this strong."""
    middle, spread = gumbel_of(misses)
    return len(misses) * -math.expm1(-math.exp(-min((evidence - middle) / spread, 700.0)))


def agreement_limit(agreements: Numbers) -> float:
    """From the agreements of random pairs; above 1 when the images are too alike for agreement to mean anything.

    Median and third quartile: up to a quarter of random pairs may be repeats (a set of four parts).
    """
    if not len(agreements):
        return LEAST_AGREEMENT
    half, most = np.quantile(agreements, [0.5, 0.75])
    return 2.0 if half > ALIKE else max(LEAST_AGREEMENT, float(half + 8 * (most - half)))


def _gumbel(share: float) -> float:
    return -math.log(-math.log(share))
