"""Confidence against how often it is right."""

from __future__ import annotations

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.tasks.measures.calibration import expected_calibration_error, reliability


def test_calibration_knows_the_honest_from_the_boastful() -> None:
    random = np.random.default_rng(2)
    confidence = random.uniform(0.5, 1, 40_000)
    honest = random.uniform(size=40_000) < confidence
    # Bins of 2,667 answers: a share's deviation is at most 0.0097, its mean distance 0.8 of that.
    assert expected_calibration_error(confidence, honest) < 0.012
    boastful = random.uniform(size=40_000) < confidence - 0.2
    assert expected_calibration_error(confidence, boastful) == pytest.approx(0.2, abs=0.012)
    diagram = reliability(confidence, honest, bins=10)
    assert diagram.count.tolist() == [4000] * 10
    assert (np.diff(diagram.confidence) > 0).all()
    assert len(reliability(np.array([0.5, 0.6]), np.array([True, False])).count) == 2
    with pytest.raises(BadInput, match="0 to 1"):
        reliability(np.array([1.2]), np.array([True]))
