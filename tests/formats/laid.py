"""Data sets laid out by hand as other tools write them, and read with the format told from the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from firstshift.formats.record import Reading, ReadOptions, Record
from firstshift.formats.registry import detect_format, read_dataset
from tests.formats.drawing import HEIGHT, WIDTH


def lay(folder: Path, files: dict[str, bytes | str | Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


def read(folder: Path, format_name: str, options: ReadOptions | None = None) -> tuple[dict[str, Record], Reading]:
    assert detect_format(folder).format == format_name
    with read_dataset(folder, options) as reading:
        records = list(reading.records)
    assert len({r.source for r in records}) == len(records)
    return {r.source: r for r in records}, reading


def coco(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "images": [{"id": 7, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 3, "name": "scratch", "supercategory": "x"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}],
    }
    return plain | changes


def annotation(**more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 7, "category_id": 3} | more
