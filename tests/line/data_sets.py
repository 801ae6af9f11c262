"""Small data sets that the tests lay out themselves, and what a workspace holds, to compare before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import sqlalchemy as sa

from firstshift.core.label import Annotation, Label
from firstshift.core.shapes import Box
from firstshift.formats.record import Record, WriteOptions
from firstshift.formats.registry import write_dataset
from firstshift.ledger.tables import events
from firstshift.store.blobs import OWNER_FILE
from firstshift.store.tables import ROW_TABLES, label_classes, snapshot_items
from firstshift.store.workspace import Workspace
from tests.pictures import encoded, jpeg


@contextmanager
def workspace(folder: Path, database_url: str = "sqlite:///firstshift.db") -> Iterator[Workspace]:
    with Workspace.create(folder, database_url=database_url, actor="human:anna") as ws:
        yield ws


def class_folders(folder: Path, counts: dict[str, int], first: int = 0) -> Path:
    """`good/000.jpg`, `scratch/001.jpg`, … each with pixels of its own."""
    number = first
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            (folder / name / f"{number:03}.jpg").write_bytes(jpeg(number))
            number += 1
    return folder


def boxed_records(count: int = 6) -> list[Record]:
    """Half with one scratch and some capture data, half good; train and test."""
    records = []
    for number in range(count):
        data = jpeg(number)
        defect = Label.defect(Annotation("scratch", Box(4.0, 5.0, 10.0 + number, 6.0)))
        records.append(
            Record(
                source=f"part_{number:02}.jpg",
                read_bytes=partial(bytes, data),
                label=defect if number % 2 else Label.good(),
                split="train" if number < count * 2 // 3 else "test",
            )
        )
    return records


def written(name: str, records: list[Record], folder: Path, options: WriteOptions | None = None) -> Path:
    return write_dataset(name, records, folder, options).folder


def holdings(ws: Workspace) -> dict[str, int]:
    """Rows of every table, events, and blobs with their leftovers, but not the file that says whose they are."""
    found = {}
    with ws.database.reading() as connection:
        for table in (*ROW_TABLES.values(), label_classes, snapshot_items, events):
            found[table.name] = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    blobs = ws.folder / "blobs"
    return found | {
        "files among the blobs": sum(path.is_file() for path in blobs.rglob("*") if path != blobs / OWNER_FILE)
    }


def photographs(part: int, count: int) -> list[bytes]:
    """One surface, photographed again: laid down a little elsewhere each time, under a light that drifts."""
    rng = np.random.default_rng(part + 1000)
    fine = cv2.GaussianBlur(rng.normal(0, 1, (240, 240)).astype(np.float32), (0, 0), 2.5)
    surface = cv2.resize(rng.normal(0, 1, (6, 6)).astype(np.float32), (240, 240)) * 18 + fine / fine.std() * 24 + 120
    shots = []
    for number in range(count):
        x, y = rng.integers(0, 40, 2)
        light = 0.85 + 0.1 * number
        pixels = surface[y : y + 200, x : x + 200] * light + rng.normal(0, 2, (200, 200))
        shots.append(encoded(np.clip(pixels, 0, 255).astype(np.uint8), "PNG"))
    return shots
