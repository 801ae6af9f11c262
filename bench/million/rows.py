"""A workspace as a plant would have it after a month, without pixels: valid rows, chained events, no blobs.

    fill(ws, 1_000_000, Seed(2026))

20 stations with two cameras each, five images of a part, four routes, 5 % defects in 12 classes from 60 % down to
0.01 % of them, about 30 % labelled and some of those again by an engineer, capture times over 30 days that arrive
almost in order. Everything goes through the store's own functions, so ids, hashes, chain and checkpoints are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from firstshift.core.capture import Capture, Origin
from firstshift.core.hashing import content_hash
from firstshift.core.imagefacts import ImageFacts
from firstshift.core.label import Annotation, Label, Level
from firstshift.core.progress import Progress, Silent
from firstshift.core.seed import Seed
from firstshift.core.shapes import Box
from firstshift.ledger.tags import Tag
from firstshift.store.images import image_row
from firstshift.store.labels import NewLabel
from firstshift.store.rows import NewRow, record
from firstshift.store.workspace import Workspace

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 30
STATIONS = tuple(f"cell-{n:02d}" for n in range(1, 21))
CAMERAS = tuple(f"{station}-{side}" for station in STATIONS for side in ("left", "right"))
CLASSES = {
    "scratch": 0.60,
    "dent": 0.18,
    "pitting": 0.09,
    "porosity": 0.05,
    "stain": 0.03,
    "burr": 0.02,
    "fibre": 0.013,
    "chip": 0.009,
    "oil": 0.005,
    "crack": 0.002,
    "inclusion": 0.0009,
    "missing_feature": 0.0001,
}
DEFECT_SHARE = 0.05
IMAGES_PER_SERIAL = 5
GOLDEN_EVERY = 2_000
_BATCH = 5_000
_FACTS = ImageFacts("jpeg", 512, 512, ("grey",), 8)


def serial_of(index: int) -> str:
    return f"SN-{index // IMAGES_PER_SERIAL:07d}"


def fill(ws: Workspace, count: int, seed: Seed, progress: Progress | None = None) -> None:
    """`count` images with their labels and golden marks; the last batch of an interrupted call is as if never begun."""
    shown = progress or Silent()
    shown.start(f"filling {ws.database.url.get_backend_name()}", count)
    for first in range(0, count, _BATCH):
        batch = _draw(seed.child(first), first, min(_BATCH, count - first), count)
        with ws.database.writing() as connection:
            record(connection, ws.ledger, [image.row for image in batch])
            said = [(image.id, label) for image in batch for label in image.labels]
            ws.labels.record_within(connection, said, repeat=True)
        golden = [image.id for number, image in enumerate(batch, first) if number % GOLDEN_EVERY == 0]
        ws.images.set_golden(golden, True, reason="drawn for the quarter's golden set")
        shown.advance(len(batch))
    shown.finish()


@dataclass(frozen=True, slots=True)
class _Image:
    row: NewRow
    labels: tuple[NewLabel, ...]

    @property
    def id(self) -> str:
        return str(self.row.values["id"])


def _draw(seed: Seed, first: int, count: int, total: int) -> list[_Image]:
    random = seed.generator()
    defect = random.random(count) < DEFECT_SHARE
    kind = random.choice(len(CLASSES), count, p=list(CLASSES.values()))
    # Busy stations make ten times what quiet ones do.
    busy = np.geomspace(10, 1, len(STATIONS))
    station = random.choice(len(STATIONS), count, p=busy / busy.sum())
    side = random.integers(0, 2, count)
    late_s = random.exponential(20, count)
    confidence = np.round(1 - random.beta(1, 14, count), 4)
    route = random.random(count)
    labelled = random.random(count) < np.where(defect, 0.9, 0.27)
    again = random.random(count) < 0.05
    content = random.bytes(32 * count)
    images = []
    for i in range(count):
        index = first + i
        name = list(CLASSES)[kind[i]]
        capture = Capture(
            captured_at=START + timedelta(days=DAYS) * (index / total) - timedelta(seconds=round(late_s[i], 3)),
            serial=serial_of(index),
            lot=f"L-{index // 20_000:03d}",
            station=STATIONS[station[i]],
            camera=CAMERAS[2 * station[i] + side[i]],
            recipe="bright",
            channel=("ring", "bar")[index % 2],
            shot=f"shot-{index // 2:07d}",
            origin=Origin.RENDERED if index % 50 == 7 else Origin.REAL,
            model_version=f"m-{1 + 4 * index // total}",
            prediction=name if defect[i] else "good",
            confidence=float(confidence[i]),
            route=_route(bool(defect[i]), float(route[i])),
        )
        row = image_row(content_hash(content[32 * i : 32 * i + 32]), 100_000, _FACTS, 0, capture, "station:bench")
        labels = _labels(name if defect[i] else None, bool(again[i])) if labelled[i] else ()
        images.append(_Image(_new_row(row), labels))
    return images


def _route(defect: bool, draw: float) -> str:
    shares = (("reject", 0.8), ("review", 0.98)) if defect else (("review", 0.06), ("reject", 0.065), ("pass", 0.999))
    return next((route for route, limit in shares if draw < limit), "unknown")


def _labels(name: str | None, again: bool) -> tuple[NewLabel, ...]:
    truth = Label.good() if name is None else Label.defect(Annotation(name, Box(100, 120, 40, 12), severity=3))
    first = NewLabel(truth, "operator:anna", Level.OPERATOR)
    if not again:
        return (first,)
    mistaken = Label.defect(Annotation("scratch")) if name is None else Label.good()
    return (
        NewLabel(mistaken, "operator:ben", Level.OPERATOR),
        NewLabel(truth, "engineer:cleo", Level.ENGINEER, "seen"),
    )


def _new_row(row: dict[str, Any]) -> NewRow:
    told = {name: row[name] for name in ("content", "serial", "station")}
    return NewRow("images", row, Tag.IMAGE_RECORDED, row["added_by"], told)
