"""Every search people do is answered by an index on both databases: no table is read from end to end, nothing sorted.

At 20,000 rows, made as `make bench ONLY=search` makes its million.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bench.million import rows
from bench.million.rows import START, fill, serial_of
from firstshift import Seed, Workspace
from firstshift.store.audit import verify_workspace
from firstshift.store.search import Query, search_statement
from tests.servers.postgres import PASSWORD, PostgresServer

IMAGES = 20_000
DAY = {"since": START + timedelta(days=9), "until": START + timedelta(days=10)}
SEARCHES = {
    "newest": Query(),
    "deep page": Query(cursor="2000"),
    "serial": Query(serial=serial_of(700)),
    "lot": Query(lot="L-000"),
    "station": Query(station="cell-03"),
    "time": Query(**DAY),
    "station, time": Query(station="cell-03", **DAY),
    "camera, time": Query(camera="cell-03-left", **DAY),
    "route": Query(route="review"),
    "route, time": Query(route="review", **DAY),
    "verdict": Query(verdict="defect"),
    "verdict, time": Query(verdict="defect", **DAY),
    "verdict, station": Query(verdict="defect", station="cell-03"),
    "frequent class": Query(class_name="scratch"),
    "rare class": Query(class_name="crack"),
    "class, station": Query(class_name="dent", station="cell-03"),
    "class, time": Query(class_name="scratch", **DAY),
    "prediction, confidence": Query(prediction="scratch", min_confidence=0.7, max_confidence=0.8),
    "golden": Query(golden=True),
    "unlabelled": Query(labelled=False),
    "shot": Query(shot="shot-0000390"),
}
# SQLite: `SCAN images` reads it all, `SCAN images USING INDEX …` walks an index in order until the page is full.
READS_ALL = re.compile(r"^SCAN \w+( AS \w+)?$|Seq Scan")
SORTS = re.compile(r"TEMP B-TREE|Sort Key")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ws(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("plans") / "line"
    if request.param == "sqlite":
        with Workspace.create(folder, actor="human:test") as ws:
            fill(ws, IMAGES, Seed(1))
            yield ws
        return
    postgres.start()
    with pytest.MonkeyPatch.context() as patch, postgres.database() as url:
        patch.setenv("FIRSTSHIFT_DATABASE_PASSWORD", PASSWORD)
        with Workspace.create(folder, database_url=url, actor="human:test") as ws:
            fill(ws, IMAGES, Seed(1))
            postgres.execute("VACUUM ANALYZE", url.rsplit("/", 1)[-1])  # as autovacuum does within a minute
            yield ws


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_answered_by_an_index(ws: Workspace, name: str) -> None:
    statement = search_statement(SEARCHES[name]).compile(ws.database.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if ws.database.is_sqlite else "EXPLAIN"
    with ws.database.reading() as connection:
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}")]
    shown = "\n".join(plan)
    assert not [line for line in plan if READS_ALL.search(line)], shown
    # PostgreSQL may sort a handful of rows that an index picked (a serial's five); SQLite never has to.
    assert not ws.database.is_sqlite or not SORTS.search(shown), shown
    assert "INDEX" in shown.upper()


def test_the_filled_rows_verify(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows the measurements are made on are rows like any other: chained, signed and hashed. Three batches do."""
    monkeypatch.setattr(rows, "_BATCH", 1_000)
    with Workspace.create(tmp_path / "line", database_url=database_url, actor="human:test") as ws:
        fill(ws, 2_500, Seed(1))
        problems = verify_workspace(ws, quick=True).problems
    assert {problem.what.split()[0] for problem in problems} == {"blob"}  # there are no pixels
