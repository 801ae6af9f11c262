"""Snapshots never change, and nothing golden ever trains: by code, by constraint, in both orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from firstshift import Annotation, Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, NotFound, Refused, Tampered
from firstshift.line.datasets import FROM_GOLDEN, snapshot_dataset
from firstshift.store.audit import verify_workspace
from firstshift.store.tables import images, snapshot_items
from tests.pictures import png


@pytest.fixture
def ws(database_url: str, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "w", database_url=database_url) as workspace:
        yield workspace


@pytest.fixture
def ids(ws: Workspace) -> list[str]:
    return [ws.images.add(png(n), Capture(serial=str(n)), label=Label.good()).id for n in range(6)]


def test_a_snapshot_is_frozen(ws: Workspace, ids: list[str]) -> None:
    before = ws.snapshots.create("v1", {i: "train" if n < 4 else "val" for n, i in enumerate(ids)}, note="first")
    ws.labels.add(ids[0], Label.defect(Annotation("scratch")))
    items = {item.image: item for item in ws.snapshots.items("v1")}
    assert len(items) == before.image_count == 6
    assert ws.labels.by_id([str(items[ids[0]].label)])[str(items[ids[0]].label)].label == Label.good()
    with pytest.raises(Refused, match="written once"), ws.database.writing() as connection:
        connection.execute(sa.update(snapshot_items).values(split="test"))
    with pytest.raises(Refused, match="written once"), ws.database.writing() as connection:
        connection.execute(sa.delete(snapshot_items))


def test_the_hash_covers_content_labels_and_splits(ws: Workspace, ids: list[str]) -> None:
    one = ws.snapshots.create("one", ids)
    assert ws.snapshots.create("one", list(reversed(ids))).id == one.id  # order does not matter; nothing new
    same = ws.snapshots.create("same", ids)
    assert same.manifest == one.manifest
    assert ws.snapshots.create("fewer", ids[1:]).manifest != one.manifest
    assert ws.snapshots.create("sides", dict.fromkeys(ids, "test")).manifest != one.manifest
    ws.labels.add(ids[0], Label.defect())
    assert ws.snapshots.create("relabelled", ids).manifest != one.manifest
    with pytest.raises(Refused, match="holds something else"):
        ws.snapshots.create("one", ids)


def test_a_side_may_have_any_printable_name(ws: Workspace, ids: list[str]) -> None:
    side = "one\u2028line\x85of its own"  # what Python takes for the end of a line
    ws.snapshots.create("odd", dict.fromkeys(ids, side))
    assert {item.split for item in ws.snapshots.items("odd")} == {side}
    assert verify_workspace(ws).problems == []


def test_diff(ws: Workspace, ids: list[str]) -> None:
    ws.snapshots.create("old", dict.fromkeys(ids[:5], "train"))
    ws.labels.add(ids[1], Label.defect())
    ws.snapshots.create("new", {ids[1]: "train", ids[2]: "test", ids[3]: "train", ids[4]: "train", ids[5]: "val"})
    diff = ws.snapshots.diff("old", "new")
    assert (diff.added, diff.removed, diff.relabelled) == ((ids[5],), (ids[0],), (ids[1],))
    assert diff.moved == ((ids[2], "train", "test"),)
    assert diff.unchanged == 2
    assert ws.snapshots.diff("new", "new").is_empty


def test_a_golden_image_is_refused_in_training(ws: Workspace, ids: list[str]) -> None:
    assert ws.images.set_golden(ids[:2], True, reason="quarterly choice") == 2
    assert ws.images.set_golden(ids[:2], True, reason="again") == 0
    with pytest.raises(Refused, match="golden image never trains"):
        ws.snapshots.create("t", ids)
    ws.snapshots.create("judge", ids, purpose="evaluate")
    assert [item.golden for item in ws.snapshots.items("judge")].count(True) == 2
    assert verify_workspace(ws).is_intact


def test_a_training_image_cannot_become_golden(ws: Workspace, ids: list[str]) -> None:
    ws.snapshots.create("t", ids[:3])
    with pytest.raises(Refused, match="cannot judge one"):
        ws.images.set_golden(ids, True, reason="late")
    assert not any(ws.images.get(i).golden for i in ids)  # all or none
    twin = ws.images.add(png(0), Capture(serial="the same pixels again")).id
    with pytest.raises(Refused, match="cannot judge one"):
        ws.images.set_golden([twin], True, reason="sly")


def test_the_same_pixels_as_a_golden_image_never_train(ws: Workspace, ids: list[str]) -> None:
    ws.images.set_golden([ids[0]], True, reason="choice")
    twin = ws.images.add(png(0), Capture(serial="twin")).id
    with pytest.raises(Refused, match="golden image never trains"):
        ws.snapshots.create("t", [twin])


def test_what_was_made_from_a_golden_image_never_trains(ws: Workspace, ids: list[str]) -> None:
    made = Capture(origin=Origin.AUGMENTED, provenance={"parents": [ids[0]]})
    child = ws.images.add(png(50), made).id
    ws.images.set_golden([ids[0]], True, reason="choice")
    with pytest.raises(Refused, match="made from a golden image never trains"):
        ws.snapshots.create("train", [*ids[1:], child])
    assert ws.snapshots.create("judge", [ids[0], child], purpose="evaluate").image_count == 2
    assert snapshot_dataset(ws, "left-out").left_out[FROM_GOLDEN] == (child,)
    other = Capture(origin=Origin.GENERATED, provenance={"parents": [ids[1]]})
    ws.snapshots.create("trains", [ws.images.add(png(51), other).id])
    with pytest.raises(Refused, match="cannot judge one"):
        ws.images.set_golden([ids[1]], True, reason="too late")
    assert verify_workspace(ws).problems == []


def test_the_database_itself_keeps_golden_out(ws: Workspace, ids: list[str]) -> None:
    """Around the code, with plain SQL: both orders, and the cascade into a snapshot that only evaluates."""
    training = ws.snapshots.create("t", ids[:2])
    ws.snapshots.create("judge", ids[2:4], purpose="evaluate")
    with pytest.raises(Refused), ws.database.writing() as connection:
        connection.execute(sa.update(images).where(images.c.id == ids[0]).values(golden=True))
    with ws.database.writing() as connection:
        connection.execute(sa.update(images).where(images.c.id == ids[2]).values(golden=True))
    with ws.database.reading() as connection:
        flag = sa.select(snapshot_items.c.golden).where(snapshot_items.c.image_id == ids[2])
        assert connection.execute(flag).scalar_one()
    row = {"snapshot_id": training.id, "purpose": "train", "split": "train", "image_id": ids[2]}
    for golden in (True, False):  # said openly, or with a lie about the flag
        with pytest.raises(Refused), ws.database.writing() as connection:
            connection.execute(sa.insert(snapshot_items).values(**row, golden=golden))


def test_only_real_photographs_judge(ws: Workspace) -> None:
    made = ws.images.add(png(9), Capture(origin=Origin.RENDERED)).id
    with pytest.raises(Refused, match="only real photographs"):
        ws.images.set_golden([made], True, reason="pretty")
    with pytest.raises(Refused), ws.database.writing() as connection:
        connection.execute(sa.update(images).where(images.c.id == made).values(golden=True))


def test_golden_needs_a_reason_and_can_be_withdrawn(ws: Workspace, ids: list[str]) -> None:
    with pytest.raises(BadInput, match="reason"):
        ws.images.set_golden(ids, True, reason=" ")
    with pytest.raises(NotFound):
        ws.images.set_golden(["img_none"], True, reason="x")
    ws.images.set_golden(ids[:1], True, reason="in")
    ws.images.set_golden(ids[:1], False, reason="out: part changed")
    assert not ws.images.get(ids[0]).golden
    assert verify_workspace(ws).is_intact


@pytest.mark.parametrize(
    ("name", "members", "purpose", "what"),
    [
        ("", ["x"], "train", "snapshot name"),
        ("a", [], "train", "at least one image"),
        ("a", ["x"], "fun", "snapshot purpose"),
        ("a", {"x": ""}, "train", "snapshot split"),
    ],
)
def test_bad_requests(ws: Workspace, name: str, members: object, purpose: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        ws.snapshots.create(name, members, purpose=purpose)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        ws.snapshots.create("a", ["img_unknown"])
    with pytest.raises(NotFound, match="there is none yet"):
        ws.snapshots.get("a")


def test_an_altered_manifest_is_noticed(ws: Workspace, ids: list[str]) -> None:
    record = ws.snapshots.create("t", ids)
    path = ws.folder / "blobs" / record.manifest[:2] / record.manifest
    path.write_bytes(path.read_bytes().replace(b'"all"', b'"odd"'))
    with pytest.raises(Tampered):
        ws.snapshots.items("t")
