"""Which photographs show the same part: candidates, comparison, what is beyond chance, groups.

    groups = group_repeats([signature(grey) for grey in photographs], evidence=photographs.__getitem__)
    groups.labels()        # equal numbers, same part

No file name is looked at and nothing was learned in advance: what "beyond chance" means comes from the data set
(`chance`). Images that are equal pixel by pixel are one image in all of this and join their group at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from firstshift.core.progress import Progress, Silent
from firstshift.core.seed import Seed
from firstshift.likeness.candidates import candidate_pairs, cohort_pairs
from firstshift.likeness.chance import CERTAIN_AGREEMENT, LEAST_EVIDENCE
from firstshift.likeness.comparison import Comparer, Rarity
from firstshift.likeness.groups import Groups, Link, Proof, join
from firstshift.likeness.judging import Judged, Verdicts, beyond_chance, look_closer, stills, strongest, texture_limit
from firstshift.likeness.perceptual_hash import Grey
from firstshift.likeness.signature import Signature
from firstshift.likeness.texture import Surfaces

COHORT = 32
"""Random images that each image meets."""


def group_repeats(
    signatures: Sequence[Signature],
    evidence: Callable[[int], Grey] | None = None,
    seed: Seed = Seed(0),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> Groups:
    """Groups of indices into `signatures`.

    `evidence(k)` gives the k-th photograph as for `signature`; it is asked for a few hundred images and those of
    doubtful pairs. Without it, doubtful pairs (small overlaps, images with few landmarks) stay apart. Same input, same
    groups.
    """
    progress = progress or Silent()
    keepers, twins = _equal_pixels(signatures)
    distinct = [signatures[k] for k in keepers]
    fetch = None if evidence is None else (lambda k: evidence(keepers[k]))
    found = _find_links(distinct, fetch, seed, progress)
    links = [replace(link, first=keepers[link.first], second=keepers[link.second]) for link in found.links]
    misses = [replace(link, first=keepers[link.first], second=keepers[link.second]) for link in found.near_misses]
    return Groups(
        images=len(signatures),
        groups=join(len(signatures), [*twins, *links], found.evidence_limit),
        near_misses=tuple(misses),
        evidence_limit=found.evidence_limit,
        alike=found.alike,
    )


def _find_links(
    signatures: Sequence[Signature], fetch: Callable[[int], Grey] | None, seed: Seed, progress: Progress
) -> Verdicts:
    count = len(signatures)
    if count < 2:
        return Verdicts([], [], LEAST_EVIDENCE, alike=False)
    straight, mirrored = candidate_pairs(signatures, seed)
    cohort = cohort_pairs(count, COHORT, seed)
    progress.start("comparing photographs", len(straight) + len(mirrored) + len(cohort))
    comparer = Comparer(signatures)
    met = comparer.compare_all(cohort, progress)
    rarity = Rarity([len(s.landmarks) for s in signatures], cohort, met)
    found = [*met, *comparer.compare_all(straight, progress), *comparer.compare_all(mirrored, progress, mirrored=True)]
    progress.finish()
    judged = strongest([Judged(c, rarity.evidence(c)) for c in found])
    if fetch is None:
        return beyond_chance(judged, count, math.inf)
    surfaces = Surfaces(fetch)
    limit = texture_limit(cohort, met, signatures, surfaces, progress)
    if limit <= CERTAIN_AGREEMENT:
        judged = look_closer(judged + stills(judged, straight, signatures), count, limit, surfaces, progress)
        return beyond_chance(judged, count, limit)
    judged = look_closer(judged, count, CERTAIN_AGREEMENT, surfaces, progress, alike=True)
    return beyond_chance(judged, count, CERTAIN_AGREEMENT, alike=True)


def _equal_pixels(signatures: Sequence[Signature]) -> tuple[list[int], list[Link]]:
    """One index for each different picture, and links from it to its equals."""
    first_with: dict[bytes, int] = {}
    keepers: list[int] = []
    twins: list[Link] = []
    for k, signature in enumerate(signatures):
        keeper = first_with.setdefault(signature.digest, k)
        if keeper == k:
            keepers.append(k)
        else:
            twins.append(
                Link(keeper, k, Proof.EQUAL, 1.0, float(len(signature.landmarks)), len(signature.landmarks), 1.0)
            )
    return keepers, twins
