"""Images without pixels, in every combination of what a search can ask for, and the plain filter to hold it against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from firstshift import Annotation, Label, Workspace
from firstshift.core.capture import Capture, Origin
from firstshift.core.hashing import content_hash
from firstshift.core.imagefacts import ImageFacts
from firstshift.core.label import Level, Verdict
from firstshift.ledger.ledger import now_us
from firstshift.ledger.tags import Tag
from firstshift.store.images import image_row
from firstshift.store.labels import NewLabel
from firstshift.store.rows import NewRow, record
from firstshift.store.search import Query

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
STATIONS, CAMERAS, ROUTES = ("cell-1", "cell-2"), ("left", "right"), ("pass", "review", "reject")
CLASSES = ("dent", "scratch", "Kratzer % _ '")
SERIALS = tuple(f"S-{n}" for n in range(8))


@dataclass
class Listed:
    """What the test knows about an image it recorded."""

    id: str
    seq: int
    content: str
    capture: Capture
    label: Label | None = None
    golden: bool = False
    retired: bool = False
    versions: list[Label] = field(default_factory=list)


def record_listed(ws: Workspace, random: np.random.Generator, count: int) -> list[Listed]:
    """In one transaction, with none, one or several label versions each."""
    captures = [_capture(random) for _ in range(count)]
    rows = [
        image_row(content_hash(random.bytes(8)), 9, ImageFacts("png", 4, 4, ("grey",), 8), 0, capture, "station:test")
        for capture in captures
    ]
    new = [NewRow("images", row, Tag.IMAGE_RECORDED, "station:test", {}) for row in rows]
    with ws.database.writing() as connection:
        numbers = record(connection, ws.ledger, new)
        listed = [
            Listed(row["id"], number, row["content"], capture)
            for row, number, capture in zip(rows, numbers, captures, strict=True)
        ]
        said = [(one.id, label) for one in listed for label in _labels(random)]
        ws.labels.record_within(
            connection, [(id_, NewLabel(x, "anna", Level.OPERATOR)) for id_, x in said], repeat=True
        )
        gone = [one for one in listed if random.random() < 0.2]
        for one in gone:
            one.retired = True
            values = {"image_id": one.id, "rule": "test", "at_us": now_us()}
            record(connection, ws.ledger, [NewRow("retirements", values, Tag.IMAGE_RETIRED, "system", {})])
    newest = dict(said)
    for one in listed:
        one.label = newest.get(one.id)
        one.golden = one.capture.origin is Origin.REAL and random.random() < 0.3
    ws.images.set_golden([one.id for one in listed if one.golden], True, reason="for the test")
    return listed


def expected(everything: list[Listed], query: Query) -> list[str]:
    """The readable twin of `search_statement`: look at each, then sort."""
    found = [one for one in everything if _matches(one, query)]
    if query.by_capture_time:
        found.sort(key=lambda one: (one.capture.captured_at_us or 0, one.seq), reverse=True)
    else:
        found.sort(key=lambda one: one.seq, reverse=True)
    return [one.id for one in found]


def _matches(one: Listed, query: Query) -> bool:
    capture, label = one.capture, one.label
    for name in (
        "serial",
        "lot",
        "station",
        "camera",
        "origin",
        "source",
        "model_version",
        "prediction",
        "route",
        "shot",
    ):
        wanted = getattr(query, name)
        if wanted is not None and getattr(capture, name) != wanted:
            return False
    confidence, at = capture.confidence, capture.captured_at
    return (
        (query.golden is None or one.golden == query.golden)
        and (query.retired is None or one.retired == query.retired)
        and (query.content is None or one.content == query.content)
        and (query.labelled is None or (label is not None) == query.labelled)
        and (query.verdict is None or (label is not None and label.verdict == query.verdict))
        and (query.class_name is None or (label is not None and query.class_name in label.classes))
        and (query.min_confidence is None or (confidence is not None and confidence >= query.min_confidence))
        and (query.max_confidence is None or (confidence is not None and confidence <= query.max_confidence))
        and (query.since is None or (at is not None and at >= query.since))
        and (query.until is None or (at is not None and at < query.until))
    )


def _capture(random: np.random.Generator) -> Capture:
    def one_of(values: tuple[str, ...], none: float = 0.2) -> str | None:
        return None if random.random() < none else values[random.integers(len(values))]

    return Capture(
        # Few different times, so that many are equal; some unknown.
        captured_at=None if random.random() < 0.2 else MONDAY + timedelta(hours=int(random.integers(12))),
        serial=one_of(SERIALS),
        lot=one_of(("L-1", "L-2")),
        station=one_of(STATIONS),
        camera=one_of(CAMERAS),
        shot=one_of(("shot-1", "shot-2", "shot-3")),
        origin=Origin.REAL if random.random() < 0.7 else Origin.RENDERED,
        source=one_of(("a.png", "b/ä.png"), 0.5),
        model_version=one_of(("m-1", "m-2")),
        prediction=one_of(("good", "scratch")),
        confidence=None if random.random() < 0.2 else int(random.integers(5)) / 4,
        route=one_of(ROUTES),
        provenance={"number": int(random.integers(2**40))},
    )


def _labels(random: np.random.Generator) -> list[Label]:
    return [_label(random) for _ in range(random.integers(0, 4))]


def _label(random: np.random.Generator) -> Label:
    verdict = tuple(Verdict)[random.integers(3)]
    names = [name for name in CLASSES if random.random() < 0.4]
    return Label(verdict, tuple(Annotation(name) for name in names * int(random.integers(1, 3))))
