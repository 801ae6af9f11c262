"""Images, labels and records for the tests of formats: small real files, and labels of every kind."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st

from firstshift.core.encode import encode_png
from firstshift.core.image import Image
from firstshift.core.label import NOT_VISIBLE, Annotation, Label, Verdict
from firstshift.core.shapes import Box, Mask, Polygon, RunLengths, Shape
from firstshift.formats.record import Record

WIDTH, HEIGHT = 24, 16


def png(shade: int = 0, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return encode_png(Image.of(np.full((height, width), shade % 256, np.uint8)))


def jpeg() -> bytes:
    return cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes()


def mask(*rows_columns: tuple[int, int], width: int = WIDTH, height: int = HEIGHT) -> RunLengths:
    pixels = np.zeros((height, width), bool)
    for row, column in rows_columns:
        pixels[row, column] = True
    return Mask(pixels).run_lengths()


def record(source: str, label: Label | None = None, **more: Any) -> Record:
    data = png(len(source))
    return Record(source, lambda: data, label, **more)


coordinates = st.one_of(
    st.integers(-10, 40).map(float),
    st.floats(-10, 40, allow_nan=False),
    st.integers(-100_000, 400_000).map(lambda i: i / 10_000),
)
extents = st.one_of(st.integers(0, 30).map(float), st.floats(0, 30), st.integers(0, 300_000).map(lambda i: i / 10_000))
angles = st.one_of(st.just(0.0), st.integers(-400, 400).map(float), st.floats(-200, 200))
boxes = st.builds(Box, coordinates, coordinates, extents, extents, angles)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=6).map(tuple)
polygons = st.builds(Polygon, st.lists(rings, min_size=1, max_size=3).map(tuple))


@st.composite
def masks(draw: st.DrawFn) -> RunLengths:
    width, height = draw(st.sampled_from([(WIDTH, HEIGHT)] * 5 + [(7, 5)]))
    seed, share = draw(st.integers(0, 999)), draw(st.sampled_from([0.0, 0.02, 0.3, 1.0]))
    return Mask(np.random.default_rng(seed).random((height, width)) < share).run_lengths()


shapes: st.SearchStrategy[Shape] = st.one_of(boxes, polygons, masks())
names = st.one_of(
    st.sampled_from(["scratch", "pin hole", "Kratzer ä", "good", "train", "12", "a/b", "..", "x,y", "<b>&amp;", '"q"']),
    st.text(st.characters(exclude_categories=["Cc"]), min_size=1, max_size=12).filter(lambda t: bool(t.strip())),
).map(str.strip)
texts = st.one_of(
    st.none(), st.sampled_from(["", "12 NOV", "12", "null", " x ", "a\nb", "=1+1", '"']), st.text(max_size=8)
)
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-5, 5).filter(math.isfinite) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
plain_attributes = st.dictionaries(
    st.sampled_from(["iscrowd", "difficult", "truncated", "pose", "keypoints", "depth_um", "ä b", "rotation", ""]),
    plain_values,
    max_size=3,
)
visibilities = st.sampled_from([{}] * 6 + [{"visibility": NOT_VISIBLE}] * 3 + [{"visibility": "faint"}])
attributes = st.builds(lambda plain, seen: plain | seen, plain_attributes, visibilities)
annotations = st.builds(
    Annotation,
    class_name=names.filter(lambda n: 0 < len(n) <= 200),
    shape=st.none() | shapes,
    severity=st.none() | st.integers(1, 5),
    text=texts,
    attributes=attributes,
)
labels = st.none() | st.builds(Label, st.sampled_from(Verdict), st.lists(annotations, max_size=3).map(tuple))
sources = st.sampled_from(
    [
        "{}.png",
        "scratch/{}.png",
        "good/{}.png",
        "OK/{}.png",
        "test/{}_test.png",
        "{}_temp.png",
        "train/good/{}.png",
        "a b/ü {}.png",
    ]
)
splits = st.none() | st.sampled_from(["train", "val", "test", "holdout", "ü", " x "])
captures = st.dictionaries(
    st.sampled_from(["serial", "lot", "file", "captured_at", "x", "anything else"]),
    st.text(max_size=6) | plain_values,
    max_size=3,
)


@st.composite
def data_sets(draw: st.DrawFn) -> list[Record]:
    records = []
    for index in range(draw(st.integers(1, 4))):
        source = draw(sources).format(index)
        records.append(record(source, draw(labels), split=draw(splits), capture=draw(captures)))
    return records
