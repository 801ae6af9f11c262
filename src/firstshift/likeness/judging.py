"""From compared pairs to verdicts: repeats by texture, repeats by landmarks, near misses.

Texture is asked first where it can answer: a pair whose fine texture agrees over most of the overlap is a repeat,
however few landmarks it shares. What then remains shows how many landmarks unrelated images of this set share, and a
pair far beyond that is a repeat as well: a tile turned round under light from one side agrees in its landmarks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.core.progress import Progress
from firstshift.likeness.candidates import Pairs
from firstshift.likeness.chance import (
    SUSPECT_AGREEMENT,
    agreement_limit,
    chance_of,
    evidence_limit,
    nearest_misses,
)
from firstshift.likeness.comparison import Comparison
from firstshift.likeness.forest import Forest
from firstshift.likeness.groups import Link, Proof
from firstshift.likeness.registration import NOTHING
from firstshift.likeness.signature import Signature
from firstshift.likeness.texture import Surfaces

WORTH_A_LOOK = 6.0
"""Evidence from which on the pixels of a pair are compared."""
STILL_VIEW = 0.8
"""Correlation of two small views from which on the photographs are laid on each other as they are."""
NEAR_MISSES = 50

_TEXTURE_SAMPLE = 300
_SAME_SHAPE = 0.02

Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A compared pair with its evidence, and the agreement of its texture where that was measured."""

    comparison: Comparison
    evidence: float
    agreement: float | None = None

    @property
    def pair(self) -> tuple[int, int]:
        one, other = self.comparison.first, self.comparison.second
        return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class Verdicts:
    links: list[Link]
    near_misses: list[Link]
    evidence_limit: float
    alike: bool


def strongest(judged: Sequence[Judged]) -> list[Judged]:
    """Once a pair: the random cohort, the candidates and their mirror images may name it again."""
    best: dict[tuple[int, int], Judged] = {}
    for j in judged:
        if j.pair not in best or j.evidence > best[j.pair].evidence:
            best[j.pair] = j
    return [best[pair] for pair in sorted(best)]


def texture_limit(
    cohort: Pairs, met: Sequence[Comparison], signatures: Sequence[Signature], surfaces: Surfaces, progress: Progress
) -> float:
    """How far texture agrees between random pairs, laid on each other by their landmarks or else as they are."""
    by_pair = {(c.first, c.second): c for c in met}
    sample = [(int(a), int(b)) for a, b in cohort[:: max(1, len(cohort) // _TEXTURE_SAMPLE)]]
    progress.start("learning what chance looks like", len(sample))
    agreements = np.zeros(len(sample))
    for k, (first, second) in enumerate(sample):
        comparison = by_pair.get((first, second)) or _as_they_are(first, second, signatures)
        agreements[k] = surfaces.agreement(comparison)
        progress.advance()
    progress.finish()
    return agreement_limit(agreements)


def stills(judged: Sequence[Judged], candidates: Pairs, signatures: Sequence[Signature]) -> list[Judged]:
    """Candidates from a camera and a part that did not move, on surfaces that have hardly a landmark."""
    enough = {j.pair for j in judged if j.evidence >= WORTH_A_LOOK}
    views = np.stack([s.view for s in signatures]).reshape(len(signatures), -1).astype(np.float32)
    views -= views.mean(axis=1, keepdims=True)
    views /= np.maximum(np.linalg.norm(views, axis=1, keepdims=True), 1e-6)
    alike = np.einsum("ij,ij->i", views[candidates[:, 0]], views[candidates[:, 1]]) > STILL_VIEW
    found = []
    for first, second in candidates[alike].tolist():
        if (first, second) not in enough and _same_shape(signatures[first], signatures[second]):
            found.append(Judged(_as_they_are(first, second, signatures), 0.0))
    return found


def look_closer(
    judged: Sequence[Judged],
    count: int,
    agreement: float,
    surfaces: Surfaces,
    progress: Progress,
    *,
    alike: bool = False,
) -> list[Judged]:
    """Measures the texture of pairs that have something in common but not enough to be sure, the strongest first, and
    of none whose images hang together already. Where all are alike, common landmarks count whether rare or not: in
    a set of one part, photographed often, none is rare."""
    sure = evidence_limit(*_columns(judged), count)
    proven = Forest(count)
    progress.start("comparing surfaces", len(judged))
    looked: list[Judged] = []
    for j in sorted(judged, key=lambda j: (-j.evidence, j.pair)):
        common = len(j.comparison.registration)
        doubtful = (common if alike else j.evidence) >= WORTH_A_LOOK and j.evidence < sure
        if (doubtful or not common) and not proven.together(*j.pair):
            j = replace(j, agreement=surfaces.agreement(j.comparison))
            if (j.agreement or 0.0) >= agreement:
                proven.unite(*j.pair)
        looked.append(j)
        progress.advance()
    progress.finish()
    return looked


def beyond_chance(judged: Sequence[Judged], count: int, agreement: float, *, alike: bool = False) -> Verdicts:
    """`agreement`: the limit for texture; infinite when texture was not asked."""
    proven = [j for j in judged if (j.agreement or 0.0) >= agreement]
    together = Forest(count)
    for j in proven:
        together.unite(*j.pair)
    # Pairs within a proven group and pairs that may be repeats say nothing about how alike unrelated images are.
    rest = [j for j in judged if (j.agreement or 0.0) < agreement]
    suspect = agreement if alike else SUSPECT_AGREEMENT
    unrelated = [j for j in rest if (j.agreement or 0.0) < suspect and not together.together(*j.pair)]
    limit = evidence_limit(*_columns(unrelated), count)
    misses = nearest_misses(*_columns(unrelated), count, limit)
    links = [_link(j, Proof.TEXTURE, j.agreement or 0.0) for j in proven]
    near = []
    for j in rest:
        if j.evidence >= limit:
            links.append(_link(j, Proof.LANDMARKS, max(0.0, 1.0 - chance_of(j.evidence, misses))))
        elif j.evidence >= WORTH_A_LOOK and not together.together(*j.pair):
            near.append(_link(j, Proof.LANDMARKS, max(0.0, 1.0 - chance_of(j.evidence, misses))))
    near.sort(key=lambda link: (-link.evidence, link.first, link.second))
    return Verdicts(links, near[:NEAR_MISSES], limit, alike)


def _as_they_are(first: int, second: int, signatures: Sequence[Signature]) -> Comparison:
    scale = signatures[second].width_px / signatures[first].width_px
    return Comparison(first, second, False, replace(NOTHING, turn=complex(scale)))


def _same_shape(one: Signature, other: Signature) -> bool:
    return abs(one.width_px * other.height_px / (other.width_px * one.height_px) - 1) < _SAME_SHAPE


def _columns(judged: Sequence[Judged]) -> Columns:
    pairs = np.array([j.pair for j in judged], dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.array([j.evidence for j in judged], dtype=np.float64)


def _link(judged: Judged, proof: Proof, confidence: float) -> Link:
    return Link(
        *judged.pair,
        proof=proof,
        confidence=round(confidence, 6),
        evidence=judged.evidence,
        landmarks=len(judged.comparison.registration),
        agreement=judged.agreement,
        mirrored=judged.comparison.mirrored,
    )
