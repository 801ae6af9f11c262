"""Retention by the plan's rules: a dry run that changes nothing, pixels that go, and everything that must stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firstshift import Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import NotFound, Refused
from firstshift.core.label import Level
from firstshift.ledger.tags import Tag
from firstshift.spec.policy import Retention, RetentionRule
from firstshift.store import retaining
from firstshift.store.audit import verify_workspace
from firstshift.store.collecting import collect_garbage
from firstshift.store.retaining import apply_retention, plan_retention
from firstshift.store.search import Query
from tests.pictures import png
from tests.store.filled import live_blobs, rows_of
from tests.store.killed import run_child

RULES = Retention(
    rules=(
        RetentionRule(route="pass", origin="real", keep_days=30),
        RetentionRule(origin="rendered", keep_days=5),
        RetentionRule(route="review", keep_days=5),
    )
)


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.fixture
def ws(database_url: str, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "w", database_url=database_url) as workspace:
        yield workspace


@pytest.fixture
def ids(ws: Workspace) -> dict[str, str]:
    def add(number: int, **capture: object) -> str:
        return ws.images.add(png(number, side=16), Capture(**capture)).id  # type: ignore[arg-type]

    found = {
        name: add(number, serial=name, route="pass")
        for number, name in enumerate(("plain", "golden", "trains", "judges", "by a person", "by a model", "another"))
    }
    found |= {
        "one more": add(20, serial="p", route="pass"),
        "rendered": add(21, origin=Origin.RENDERED),
        "shares": add(21, serial="the same pixels, real"),
        "review": add(22, route="review"),
        "no route": add(23, serial="no route"),
    }
    ws.images.set_golden([found["golden"]], True, reason="judges")
    ws.snapshots.create("train", [found["trains"]])
    ws.snapshots.create("judge", [found["judges"]], purpose="evaluate")
    ws.labels.add(found["by a person"], Label.good(), level=Level.OPERATOR)
    ws.labels.add(found["by a model"], Label.good(), level=Level.MODEL)
    return found


def test_a_dry_run_says_what_would_go_and_changes_nothing(ws: Workspace, ids: dict[str, str]) -> None:
    before, blobs = rows_of(ws.database), live_blobs(ws)
    report = plan_retention(ws, RULES, in_days(40))
    assert [(going.rule, going.images) for going in report.going] == [
        ("passed real images after 30 days", 4),
        ("rendered images after 5 days", 1),
        ("reviewed images after 5 days", 0),
    ]
    assert {kept.reason: kept.images for kept in report.staying} == {
        "golden": 1,
        "in a snapshot": 2,
        "labelled by a person": 1,
        "no rule fits": 2,
        "route review": 1,
    }
    assert set(report.going[0].examples) == {ids[n] for n in ("plain", "by a model", "another", "one more")}
    assert report.bytes_going == sum(ws.images.get(i).size for i in report.going[0].examples + report.going[1].examples)
    assert rows_of(ws.database) == before
    assert live_blobs(ws) == blobs


def test_pixels_go_and_records_stay(ws: Workspace, ids: dict[str, str]) -> None:
    report = apply_retention(ws, RULES, in_days(40))
    assert [going.images for going in report.going] == [4, 1, 0]
    assert report.freed_blobs == 4  # the rendered image shares its pixels with one that stays
    assert apply_retention(ws, RULES, in_days(40)).images_going == 0
    assert {r.id for r in ws.images.all(Query(retired=True))} == {
        ids[n] for n in ("plain", "by a model", "another", "one more", "rendered")
    }
    collect_garbage(ws, clock=lambda: in_days(3).timestamp())
    with pytest.raises(NotFound, match=r"retired on .* by the rule 'passed real images after 30 days'"):
        ws.images.read(ids["plain"])
    assert ws.labels.history(ids["by a model"])
    assert ws.images.read(ids["shares"]).width == 16
    assert verify_workspace(ws).is_intact
    with ws.database.reading() as connection:
        events = ws.ledger.log(connection, tag=Tag.IMAGE_RETIRED)
    assert {event.actor for event in events} == {ws.actor}
    assert len(events) == 5
    with pytest.raises(Refused, match="retired"):
        ws.snapshots.create("too late", [ids["plain"]])


def test_sending_a_retired_image_again_is_told(ws: Workspace) -> None:
    capture = Capture(serial="A", route="pass")
    ws.images.add(png(1), capture)
    apply_retention(ws, Retention(rules=(RetentionRule(keep_days=1),)), in_days(40))
    again = ws.images.add(png(1), capture)
    assert (again.is_new, again.is_retired) == (False, True)
    other = ws.images.add(png(1), Capture(serial="A", route="pass", lot="a second inspection"))
    assert (other.is_new, other.is_retired) == (True, False)
    assert ws.images.read_bytes(other) == png(1)


def test_by_age_since_it_was_recorded_here(ws: Workspace) -> None:
    """A set that was photographed years ago and imported today has its days still before it."""
    old = datetime(2019, 5, 1, tzinfo=UTC)
    ws.images.add(png(1), Capture(captured_at=old, route="pass"))
    assert plan_retention(ws, RULES, in_days(29)).images_going == 0
    assert {kept.reason for kept in plan_retention(ws, RULES, in_days(29)).staying} == {"not old enough"}
    assert plan_retention(ws, RULES, in_days(31)).images_going == 1


def test_the_first_rule_that_fits_decides(ws: Workspace, ids: dict[str, str]) -> None:
    keeps = Retention(rules=(RetentionRule(route="pass", keep_days=3650), RetentionRule(keep_days=1)))
    report = plan_retention(ws, keeps, in_days(40))
    assert [going.images for going in report.going] == [0, 3]
    assert next(kept.images for kept in report.staying if kept.reason == "not old enough") == 8


def test_what_the_plan_says_about_routes(ws: Workspace, ids: dict[str, str]) -> None:
    nothing_kept = Retention(keep_forever=(), rules=(RetentionRule(keep_days=1),))
    staying = {kept.reason for kept in plan_retention(ws, nothing_kept, in_days(40)).staying}
    assert staying == {"golden", "in a snapshot", "labelled by a person"}  # whatever the plan says


def test_without_rules_everything_stays(ws: Workspace, ids: dict[str, str]) -> None:
    report = apply_retention(ws, Retention(), in_days(4000))
    assert report.images_going == 0
    assert [(kept.reason, kept.images) for kept in report.staying] == [("no rule fits", 12)]


def test_a_label_that_comes_at_the_last_moment(
    ws: Workspace, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = retaining._retire

    def label_first(*arguments: object) -> object:
        ws.labels.add(ids["plain"], Label.good(), level=Level.OPERATOR)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(retaining, "_retire", label_first)
    assert apply_retention(ws, RULES, in_days(40)).going[0].images == 3
    assert ws.images.read(ids["plain"]).width == 16


CHILD = """
from datetime import datetime
from firstshift import Workspace
from firstshift.spec.policy import Retention, RetentionRule
from firstshift.store import retaining
retaining._BATCH = 3
rules = Retention(rules=(RetentionRule(route="pass", keep_days=30),))
with Workspace.open(sys.argv[1]) as ws:
    retaining.apply_retention(ws, rules, datetime.fromisoformat(sys.argv[2]), progress=Telling())
"""


def test_killed_and_run_again(ws: Workspace, tmp_path: Path) -> None:
    for n in range(30):
        ws.images.add(png(n, side=16), Capture(route="pass"))
    for steps in (2, 4, None):
        run_child(CHILD, ws.folder, in_days(40).isoformat(), kill_after_steps=steps)
        assert verify_workspace(ws).is_intact
    assert ws.images.count(Query(retired=True)) == 30
    collect_garbage(ws, clock=lambda: in_days(2).timestamp())
    collect_garbage(ws, clock=lambda: in_days(4).timestamp())
    assert live_blobs(ws) == set()
    assert verify_workspace(ws).is_intact
