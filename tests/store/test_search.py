"""Searching: every filter and every combination against a plain Python filter, and paging while rows are added."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from firstshift import Workspace
from firstshift.core.errors import BadInput
from firstshift.store.search import Query
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.store.listed import CAMERAS, CLASSES, MONDAY, ROUTES, SERIALS, STATIONS, Listed, expected, record_listed

IMAGES = 240


class Filled:
    """A plain class: Hypothesis would print a dataclass with all its images."""

    def __init__(self, ws: Workspace, everything: list[Listed]) -> None:
        self.ws, self.everything = ws, everything


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """Filled once for each database; the tests that add to it add to the list as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRSTSHIFT_DATABASE_PASSWORD", PASSWORD)
        if request.param == "postgres":
            postgres.start()
            with postgres.database() as url, _workspace(tmp_path_factory.mktemp("ws"), database_url=url) as ws:
                yield Filled(ws, record_listed(ws, np.random.default_rng(7), IMAGES))
        else:
            with _workspace(tmp_path_factory.mktemp("ws")) as ws:
                yield Filled(ws, record_listed(ws, np.random.default_rng(7), IMAGES))


def _workspace(folder: Path, **options: Any) -> Workspace:
    return Workspace.create(folder / "line", actor="human:test", **options)


def _maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


HOURS = [MONDAY + timedelta(hours=hour) for hour in (-1, 0, 3, 4, 11, 12, 30)]
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "serial": _maybe(*SERIALS, "S-none"),
    "lot": _maybe("L-1", "L-2"),
    "station": _maybe(*STATIONS),
    "camera": _maybe(*CAMERAS),
    "origin": _maybe("real", "rendered", "generated"),
    "source": _maybe("a.png", "b/ä.png"),
    "model_version": _maybe("m-1", "m-2"),
    "prediction": _maybe("good", "scratch"),
    "route": _maybe(*ROUTES),
    "shot": _maybe("shot-1", "shot-2"),
    "golden": _maybe(True, False),
    "labelled": _maybe(True, False),
    "retired": _maybe(True, False),
    "verdict": _maybe("good", "defect", "unsure"),
    "class_name": _maybe(*CLASSES, "nothing"),
    "min_confidence": _maybe(0.0, 0.25, 0.75),
    "max_confidence": _maybe(0.25, 0.5, 1.0),
    "since": _maybe(*HOURS),
    "until": _maybe(*HOURS),
}
SOME = {
    "serial": "S-1",
    "lot": "L-1",
    "station": "cell-1",
    "camera": "left",
    "origin": "rendered",
    "source": "b/ä.png",
    "model_version": "m-1",
    "prediction": "good",
    "route": "pass",
    "shot": "shot-1",
    "golden": True,
    "labelled": False,
    "retired": True,
    "verdict": "unsure",
    "class_name": CLASSES[2],
    "min_confidence": 0.5,
    "max_confidence": 0.5,
    "since": HOURS[3],
    "until": HOURS[3],
}


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A few filters at a time: of many at once nothing would be left."""
    names = draw(st.lists(st.sampled_from(sorted(FILTERS)), max_size=4, unique=True))
    return Query(**{name: draw(FILTERS[name]) for name in names}, limit=draw(st.sampled_from([7, 50, 500])))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries())
@example(query=Query(limit=1))  # pages of one: enough once, with as many pages as images
@example(query=Query(station=STATIONS[0], limit=3))
def test_a_search_finds_what_a_plain_filter_finds_in_the_same_order(filled: Filled, query: Query) -> None:
    ws, everything = filled.ws, filled.everything
    wanted = expected(everything, query)
    assert [record.id for record in ws.images.all(query)] == wanted
    assert ws.images.count(query) == len(wanted)
    first = ws.images.search(query)
    assert [record.id for record in first.items] == wanted[: query.limit]
    assert (first.next is None) == (len(wanted) <= query.limit)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_each_filter_alone_keeps_some_and_leaves_some_out(filled: Filled, name: str) -> None:
    """So that the property above is about something."""
    ws, everything = filled.ws, filled.everything
    query = Query(**{name: SOME[name]}, limit=500)
    wanted = expected(everything, query)
    assert 0 < len(wanted) < len(everything)
    assert [record.id for record in ws.images.search(query).items] == wanted


def test_every_two_filters_together(filled: Filled) -> None:
    ws, everything = filled.ws, filled.everything
    for one, other in itertools.combinations(sorted(SOME), 2):
        query = Query(**{one: SOME[one], other: SOME[other]}, limit=500)
        assert [record.id for record in ws.images.search(query).items] == expected(everything, query), (one, other)


@pytest.mark.parametrize(
    "query",
    [
        Query(limit=7),
        Query(limit=7, station="cell-1"),
        Query(limit=3, class_name="scratch"),
        Query(limit=5, verdict="defect"),
        Query(limit=7, since=HOURS[0]),
        Query(limit=3, since=HOURS[1], until=HOURS[4], class_name="dent"),
        Query(limit=3, until=HOURS[4], verdict="good", route="pass"),
    ],
    ids=["all", "station", "class", "verdict", "time", "class in time", "verdict in time"],
)
def test_pages_have_no_gaps_and_no_repeats_while_images_arrive(filled: Filled, query: Query) -> None:
    """Images recorded meanwhile may show or not (they are newer, or captured whenever); those that were there must."""
    ws, everything = filled.ws, filled.everything
    wanted = expected(everything, query)
    random = np.random.default_rng(len(everything))
    seen: list[str] = []
    page = ws.images.search(query)
    while True:
        seen += [record.id for record in page.items]
        if page.next is None:
            break
        everything += record_listed(ws, random, 2)
        page = ws.images.search(query.after(page.next))
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in set(wanted)] == wanted


def test_a_cursor_of_another_order_is_refused(filled: Filled) -> None:
    ws = filled.ws
    cursor = ws.images.search(Query(limit=1)).next
    with pytest.raises(BadInput, match="for the same query"):
        ws.images.search(Query(since=HOURS[0], cursor=cursor))


@pytest.mark.parametrize("cursor", ["", "x", "1;2", "1.2.3", "9" * 30, "1_0", "\u0661"])
def test_a_cursor_that_is_none_is_refused(filled: Filled, cursor: str) -> None:
    ws = filled.ws
    with pytest.raises(BadInput, match="cursor"):
        ws.images.search(Query(cursor=cursor, limit=1))
