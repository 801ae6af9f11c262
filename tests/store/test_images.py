"""Recording images: once, whole, with everything that is known about them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from firstshift import Annotation, Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.core.label import Level
from firstshift.core.shapes import Box
from firstshift.store.audit import verify_workspace
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel
from tests.pictures import jpeg, png


@pytest.fixture
def ws(database_url: str, tmp_path: Path):
    with Workspace.create(tmp_path / "w", database_url=database_url, actor="human:anna") as workspace:
        yield workspace


FULL = Capture(
    captured_at=datetime(2026, 11, 20, 9, 30, 1, 234567, tzinfo=timezone(timedelta(hours=2))),
    serial="A-0017",
    lot="B7",
    station="cell-3",
    camera="top",
    recipe="dark field 2",
    channel="ring",
    shot="A-0017/4",
    origin=Origin.REAL,
    model_version="v12",
    prediction="scratch",
    confidence=0.873,
    route="review",
    provenance={"exposure_ms": 2.5, "lens": "f/8"},
)


def test_all_that_is_known_comes_back(ws: Workspace) -> None:
    data = jpeg(1)
    record = ws.images.add(data, FULL)
    found = ws.images.get(record.id)
    assert found.capture == FULL
    assert (found.width, found.height, found.channels, found.bits, found.format) == (48, 48, 1, 8, "jpeg")
    assert (found.size, found.added_by, found.golden) == (len(data), "human:anna", False)
    assert ws.images.read_bytes(found) == data
    assert ws.images.read(found).pixels.shape == (48, 48, 1)
    assert record.is_new


def test_sending_again_records_nothing_twice(ws: Workspace) -> None:
    one, again = ws.images.add(jpeg(1), FULL), ws.images.add(jpeg(1), FULL)
    assert (one.is_new, again.is_new, one.id == again.id) == (True, False, True)
    assert ws.images.count() == 1
    with ws.database.reading() as connection:
        assert ws.ledger.head(connection).seq == 2


def test_two_inspections_with_the_same_bytes_stay_two(ws: Workspace) -> None:
    first = ws.images.add(jpeg(1), Capture(serial="1"))
    second = ws.images.add(jpeg(1), Capture(serial="2"))
    assert first.id != second.id
    assert first.content == second.content
    assert len(list(ws.blobs.all())) == 1


def test_a_batch_is_all_or_nothing(ws: Workspace) -> None:
    with pytest.raises(BadInput):
        ws.images.add_batch([NewImage(jpeg(1)), NewImage(jpeg(2)[:100], name="cut.jpg")])
    assert ws.images.count() == 0
    assert verify_workspace(ws).is_intact


def test_many_with_labels_and_repeats(ws: Workspace) -> None:
    said = NewLabel(Label.defect(Annotation("scratch", Box(1, 2, 3, 4))), "importer", Level.IMPORTED)
    new = [NewImage(png(n % 40), Capture(source=f"{n % 40}.png"), said) for n in range(100)]
    records = list(ws.images.add_many(new, batch=16))
    assert [r.is_new for r in records] == [n < 40 for n in range(100)]
    assert all(label.version == 1 for label in ws.labels.current(r.id for r in records).values())
    assert len(ws.labels.current(r.id for r in records)) == 40
    assert verify_workspace(ws).is_intact


def test_the_same_image_from_many_threads(ws: Workspace) -> None:
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda n: ws.images.add(jpeg(n % 4), label=Label.good()), range(40)))
    assert sum(r.is_new for r in records) == 4
    assert ws.images.count() == 4
    assert verify_workspace(ws).is_intact


@pytest.mark.parametrize("stage", ["write_workspace_file", "Ledger.start"])
def test_making_a_workspace_is_done_again_after_a_power_cut(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    place = tmp_path / "made twice"
    with monkeypatch.context() as patch:
        patch.setattr(f"firstshift.store.workspace.{stage}", cut_off)
        with pytest.raises(KeyboardInterrupt):
            Workspace.create(place, database_url=database_url)
    with Workspace.create(place, database_url=database_url) as made:
        made.images.add(png(1))
    with Workspace.open(place) as opened:
        assert verify_workspace(opened).problems == []
    with pytest.raises(Refused, match="in this database already"):
        Workspace.create(
            tmp_path / "other", database_url=str(opened.database.url.render_as_string(hide_password=False))
        )


def test_who_may_not_read_the_key_reads_and_verifies_without_it(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An auditor's account, for example. (The tests may run as root, who reads everything.)"""
    ws.images.add(png(1))
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path).name != "ledger.pem")
    with Workspace.open(ws.folder) as seen:
        assert not seen.is_writable
        assert verify_workspace(seen).is_intact
        with pytest.raises(Refused, match="not yours to read"):
            seen.images.add(png(2))


def test_ids_may_be_shortened(ws: Workspace) -> None:
    records = [ws.images.add(png(n)) for n in range(40)]
    assert ws.images.get(records[0].id[4:16]).id == records[0].id
    with pytest.raises(BadInput, match="several"):
        ws.images.get("img_")
    with pytest.raises(NotFound, match="images list"):
        ws.images.get("img_zzz")


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"serial": ""}, "capture.serial"),
        ({"serial": "a\nb"}, "capture.serial"),
        ({"station": "x" * 1001}, "capture.station"),
        ({"route": "automatic"}, "capture.route"),
        ({"confidence": 1.2}, "capture.confidence"),
        ({"confidence": float("nan")}, "capture.confidence"),
        ({"captured_at": datetime(2026, 1, 1)}, "capture.captured_at"),  # noqa: DTZ001 – the point of the test
        ({"provenance": {"x": float("inf")}}, "capture.provenance"),
        ({"provenance": {"x": "y" * 70_000}}, "capture.provenance"),
    ],
)
def test_impossible_captures(wrong: dict[str, object], where: str) -> None:
    with pytest.raises(BadInput, match=where):
        Capture(**wrong)  # type: ignore[arg-type]


def test_capture_json_round_trip() -> None:
    assert Capture.from_json(FULL.to_json()) == FULL
    assert FULL.captured_at is not None
    assert Capture.from_json(FULL.to_json()).captured_at == FULL.captured_at.astimezone(UTC)
    with pytest.raises(BadInput, match="seriell"):
        Capture.from_json({"seriell": "1"})


def test_labels_are_versions(ws: Workspace) -> None:
    image = ws.images.add(jpeg(1), label=Label.good(), author="importer").id
    ws.labels.add(image, Label.defect(Annotation("dent")), level=Level.OPERATOR, author="ben", replaces=1)
    ws.labels.add(image, Label.good(), level=Level.SENIOR, author="carla", reason="only dust")
    history = ws.labels.history(image)
    assert [(label.version, label.author, label.label.verdict) for label in history] == [
        (1, "importer", "good"),
        (2, "ben", "defect"),
        (3, "carla", "good"),
    ]
    assert ws.labels.current([image])[image] == history[-1]
    assert ws.labels.get(history[1].id) == history[1]


def test_a_label_of_an_image_that_is_not_there(ws: Workspace) -> None:
    said = NewLabel(Label.good(), "anna", Level.OPERATOR)
    with pytest.raises(NotFound, match="no such image"):
        ws.labels.add_batch([("img_unknown", said)])


def test_nobody_buries_anothers_label(ws: Workspace) -> None:
    image = ws.images.add(jpeg(1)).id
    ws.labels.add(image, Label.good(), author="ben", replaces=0)
    with pytest.raises(Exception, match="somebody labelled this image meanwhile"):
        ws.labels.add(image, Label.defect(), author="carla", replaces=0)
    with pytest.raises(NotFound):
        ws.labels.add("img_none", Label.good())
