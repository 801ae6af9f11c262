"""Progress that a terminal, a server and a log file can all show."""

from __future__ import annotations

import logging

import pytest

from firstshift.core.progress import ProgressEvent, Reporting, to_log, tracked


def test_reports_at_the_start_now_and_then_and_at_the_end() -> None:
    seen: list[ProgressEvent] = []
    times = iter(float(t) for t in range(100))
    progress = Reporting(seen.append, every_s=3.0, clock=lambda: next(times))
    assert list(tracked("abcdefgh", progress, "importing", 8)) == list("abcdefgh")
    assert [event.done for event in seen] == sorted(event.done for event in seen)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 8, 8)
    assert 2 < len(seen) < 8


def test_time_left_follows_from_the_share_that_is_done() -> None:
    event = ProgressEvent("importing", 25, 100, "a.png", 10.0)
    assert event.seconds_left == pytest.approx(30.0)
    assert str(event) == "importing: 25 of 100 (25%), 30 s left – a.png"
    assert ProgressEvent("counting", 3, None, "", 1.0).seconds_left is None


def test_a_log_file_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="import"):
        list(tracked(range(3), to_log(logging.getLogger("import"), every_s=0.0), "importing", 3))
    assert caplog.messages[0] == "importing: 0 of 3 (0%)"
    assert caplog.messages[-1].startswith("importing: 3 of 3 (100%)")


def test_closed_also_when_the_work_fails() -> None:
    seen: list[ProgressEvent] = []

    def work() -> None:
        for number in tracked(range(5), Reporting(seen.append, every_s=1e9), "importing", 5):
            if number == 2:
                raise RuntimeError("the disk went away")

    with pytest.raises(RuntimeError):
        work()
    assert seen[-1].done == 2
