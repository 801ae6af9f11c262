"""A capture holds what a database gives back as it was, or is refused: a row hashes the same before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from firstshift.core.capture import Capture, Origin, to_us
from firstshift.core.errors import BadInput


def test_numbers_and_words_become_what_the_database_gives_back() -> None:
    capture = Capture(confidence=1, origin="rendered")  # type: ignore[arg-type]
    assert type(capture.confidence) is float
    assert capture.origin is Origin.RENDERED
    assert type(Capture(confidence=np.float32(0.25)).confidence) is float  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "told",
    [
        {"confidence": True},
        {"confidence": "0.5"},
        {"confidence": float("nan")},
        {"serial": 17},
        {"serial": ""},
        {"origin": "painted"},
        {"captured_at": "2026-11-20"},
        {"captured_at": datetime(2026, 11, 20)},  # noqa: DTZ001 - what is refused here
        {"captured_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))},
        {"provenance": {"made_at": datetime(2026, 1, 1, tzinfo=UTC)}},
    ],
)
def test_what_would_come_back_as_something_else_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        Capture(**told)
    assert refused.value.expected
    assert refused.value.found


def test_times_count_from_1970_on_both_sides() -> None:
    assert to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000
    assert to_us(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000
