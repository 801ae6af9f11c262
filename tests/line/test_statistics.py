"""What a data set holds, counted by hand and by `dataset_stats`; and the picture of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from firstshift.core.capture import Capture
from firstshift.core.encode import encode_tiff
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.label import Annotation, Label, Level
from firstshift.core.shapes import Box, Mask, Polygon
from firstshift.line.overview import CAPTION, COLUMNS, GAP, HEADING, MARGIN, TILE, TITLE, draw_overview
from firstshift.line.statistics import dataset_stats
from firstshift.store.workspace import Workspace
from tests.line.data_sets import workspace
from tests.pictures import jpeg


def filled(ws: Workspace) -> None:
    blob = np.zeros((48, 48), dtype=bool)
    blob[10:14, 20:30] = True
    scratch = Annotation("scratch", Mask(blob).run_lengths())
    ws.images.add(jpeg(1), Capture(serial="a"), label=Label.defect(scratch, Annotation("dent", Box(0, 0, 4, 2))))
    ws.images.add(jpeg(2), Capture(serial="a"), label=Label.defect(scratch), level=Level.OPERATOR)
    triangle = Polygon((((0.0, 0.0), (20.0, 0.0), (0.0, 10.0)),))
    ws.images.add(jpeg(3), Capture(serial="b"), label=Label.defect(Annotation("dent", triangle)))
    ws.images.add(jpeg(3), Capture(serial="c"), label=Label.good())
    lights = np.full((30, 40, 5), 900, dtype=np.uint16)
    ws.images.add(encode_tiff(Image.of(lights)))


def test_everything_is_counted(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        filled(ws)
        ws.snapshots.create("v1", {image.id: "test" for image in ws.images.all()}, purpose="evaluate")
        stats = dataset_stats(ws)
        frozen = dataset_stats(ws, snapshot="v1")
    assert (stats.images, stats.contents, stats.serials, stats.golden) == (5, 4, 3, 0)
    assert stats.verdicts == {"defect": 3, "good": 1, "unlabelled": 1}
    assert stats.levels == {"imported": 3, "operator": 1, "unlabelled": 1}
    assert stats.sizes == {"48×48×1, 8 bit": 4, "40×30×5, 16 bit": 1}
    assert stats.shapes == {"mask": 2, "box": 1, "polygon": 1}
    assert (stats.classes["scratch"].images, stats.classes["dent"].annotations) == (2, 2)
    assert stats.classes["scratch"].length_px is not None
    assert set(stats.classes["scratch"].length_px.quantiles) == {10.0}
    assert stats.classes["dent"].area_share is not None
    assert stats.classes["dent"].area_share.quantiles[-1] == pytest.approx(100 / 48**2, rel=1e-3)
    assert frozen.splits == {"test": 5}
    assert frozen.verdicts_by_split == {"test": stats.verdicts}


def test_the_picture_has_a_row_for_each_class_and_shows_the_labels(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        filled(ws)
        data = draw_overview(ws, title="Line 4")
        assert draw_overview(ws, title="Line 4") == data, "the same data set, the same picture"
        with pytest.raises(BadInput, match="columns"):
            draw_overview(ws, columns=0)
    picture = np.asarray(Pillow.open(io.BytesIO(data)))
    rows = (picture.shape[0] - 92 - 32) / (44 + 200 + 22 + 12)
    assert rows == 4, "dent, scratch, good, unlabelled"
    assert picture.shape[1] == 2 * 32 + COLUMNS * 212 - 12
    is_orange = (np.abs(picture.astype(int) - (230, 97, 0)) < 40).all(axis=2)
    assert is_orange[92:370].sum() > 200, "the first class is drawn in its colour"


def test_an_empty_workspace_has_no_picture(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws, pytest.raises(BadInput, match="at least one image"):
        draw_overview(ws)


def test_good_parts_have_a_colour_that_is_no_class_colour(tmp_path: Path) -> None:
    names = [f"class{k}" for k in range(7)]
    with workspace(tmp_path / "ws") as ws:
        for k, name in enumerate(names):
            ws.images.add(jpeg(k), label=Label.defect(Annotation(name)))
        ws.images.add(jpeg(90), label=Label.good())
        ws.images.add(jpeg(91))
        picture = np.asarray(Pillow.open(io.BytesIO(draw_overview(ws))).convert("RGB")).astype(int)
    tops = [TITLE + k * (HEADING + TILE + CAPTION + GAP) for k in range(9)]
    *classes, good, unlabelled = (picture[top + 23, MARGIN + 8] for top in tops)
    for grey in (good, unlabelled):
        assert np.ptp(grey) <= 20
        assert min(np.abs(grey - other).max() for other in classes) > 60
    assert np.abs(good - unlabelled).max() > 60
