"""The limits: few false links when nothing repeats, a gap found when something does, alike sets recognised."""

from __future__ import annotations

import numpy as np

from firstshift.core.seed import Seed
from firstshift.likeness.candidates import cohort_pairs, nearest
from firstshift.likeness.chance import (
    FALSE_LINKS,
    LEAST_AGREEMENT,
    LEAST_EVIDENCE,
    agreement_limit,
    chance_of,
    evidence_limit,
    nearest_misses,
)


def test_a_set_without_repeats_gets_few_links() -> None:
    # Expected: FALSE_LINKS a set by the Gumbel law; exponential evidence has exactly Gumbel largest values.
    links = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        pairs = np.array([(i, j) for i in range(80) for j in range(i)])
        evidence = rng.exponential(8.0, len(pairs))
        limit = evidence_limit(pairs[:, 0], pairs[:, 1], evidence, 80)
        links += int((evidence >= limit).sum())
    # Limits are estimated from 80 images: allow three times the nominal rate.
    assert links <= 3 * 200 * FALSE_LINKS


def test_rests_in_the_gap_below_the_repeats() -> None:
    rng = np.random.default_rng(1)
    pairs = np.array([(i, j) for i in range(120) for j in range(i)])
    repeats = pairs[:, 0] // 6 == pairs[:, 1] // 6
    evidence = np.where(repeats, rng.uniform(40, 120, len(pairs)), rng.exponential(1.0, len(pairs)))
    limit = evidence_limit(pairs[:, 0], pairs[:, 1], evidence, 120)
    assert LEAST_EVIDENCE <= limit < 40
    misses = nearest_misses(pairs[:, 0], pairs[:, 1], evidence, 120, limit)
    assert chance_of(60.0, misses) < 1e-6
    assert chance_of(1.0, misses) > 100


def test_texture_proves_nothing_where_all_are_alike() -> None:
    rng = np.random.default_rng(2)
    assert agreement_limit(rng.uniform(0, 0.05, 300)) == LEAST_AGREEMENT
    assert agreement_limit(rng.uniform(0.3, 0.8, 300)) > 1
    few_parts = np.where(rng.random(300) < 0.2, 0.95, rng.uniform(0, 0.03, 300))
    assert agreement_limit(few_parts) == LEAST_AGREEMENT
    assert agreement_limit(np.zeros(0)) == LEAST_AGREEMENT


def test_nearest_is_the_sorted_list() -> None:
    rows = np.random.default_rng(3).normal(size=(60, 9)).astype(np.float32)
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    assert np.array_equal(nearest(rows, rows, 5), np.argsort(-likeness, axis=1)[:, :5])


def test_everybody_meets_a_cohort() -> None:
    pairs = cohort_pairs(500, 32, Seed(4))
    assert np.array_equal(np.bincount(pairs.ravel(), minlength=500), np.full(500, 32))
    assert np.all(pairs[:, 0] < pairs[:, 1])
    assert np.array_equal(pairs, cohort_pairs(500, 32, Seed(4)))
    assert len(cohort_pairs(5, 32, Seed(0))) == 10
    assert len(cohort_pairs(1, 32, Seed(0))) == 0
