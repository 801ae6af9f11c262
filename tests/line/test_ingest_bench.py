"""The ingest benchmark itself: what it says was acknowledged is there, and nothing of it stays behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.core.imagefacts import probe_image
from firstshift.core.seed import Seed
from firstshift.db.engine import Database
from firstshift.db.migrate import revision_of
from firstshift.line.ingest_bench import bench_ingest
from firstshift.line.ingest_clients import draw_pictures


def test_it_measures_every_phase_verifies_and_cleans_up(database_url: str, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    on_server = database_url.startswith("postgresql")
    report = bench_ingest(place, database_url=database_url if on_server else None, seconds=0.8, clients=2, batch=8)
    assert report.is_verified, report.problems
    assert report.acknowledged == report.recorded_events == report.verified_blobs
    assert [run.clients for run in report.floor] == [1, 2, 1, 2]
    assert [run.clients for run in report.runs] == [1, 2, 1]
    for run in report.floor + report.runs:
        assert run.images >= 1
        assert run.per_s == pytest.approx(run.images / run.seconds)
        assert 0 < run.p50_ms <= run.p99_ms <= run.max_ms
    assert sum(run.images for run in report.runs) < report.acknowledged  # and the warm-up
    if on_server:
        assert (report.durability["fsync"], report.durability["synchronous_commit"]) == ("on", "on")
        emptied = Database(database_url)
        assert revision_of(emptied) is None
        emptied.close()
    else:
        assert (report.durability["synchronous"], report.durability["journal_mode"]) == ("full", "wal")
    assert list(place.iterdir()) == []
    json.dumps(report.to_json(), allow_nan=False)


def test_the_pictures_are_as_announced_and_the_same_every_time() -> None:
    pictures = draw_pictures(Seed(1), 8)
    assert pictures == draw_pictures(Seed(1), 8)
    assert len(set(pictures)) == 8
    for picture in pictures:
        facts = probe_image(picture, "drawn.jpg")
        assert (facts.format, facts.width, facts.height, facts.channels) == ("jpeg", 512, 512, 3)
        assert 90_000 < len(picture) < 120_000


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"clients": 0}, {"clients": 65}, {"batch": 0}])
def test_senseless_numbers_are_refused_before_anything_is_written(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="bench ingest"):
        bench_ingest(tmp_path, **wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
