"""Flaws onto photographs in a workspace: what is recorded, the same bytes on any crew, painted again, bad input."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from firstshift.core.capture import Capture, Origin
from firstshift.core.decode import decode_image
from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.core.label import Annotation, Label, Level, Verdict
from firstshift.core.outline import mask_of
from firstshift.core.seed import Seed
from firstshift.line.synth.crew import Cluster, Crew, Processes
from firstshift.line.synth.onto import put_onto, read_points
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, OntoUnit, Photograph
from firstshift.line.synth.onto_painting import Outcome
from firstshift.line.synth.onto_photographs import from_files, from_workspace
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.showing import look_at
from firstshift.spec.examples import copy_example
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from tests.line.synth.tiles import made, photograph, taken, tile_order

REACH_PX = 30
"""Half a stain's own size: its edge fades out beyond what the mask counts."""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return tile_order(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, width in enumerate((160, 150, 171)):
        (folder / f"tile{number}.png").write_bytes(encode_png(photograph(number, width)))
    return folder


def test_flaws_are_recorded_with_label_and_parent_and_all_else_is_the_photograph(
    ws: Workspace, order: Order, folder: Path
) -> None:
    report = put_onto(ws, order, OntoSettings(per_photo=2, seed=1), taken(ws, folder))
    assert report.images == 6
    assert dict(report.parts) == {"blowhole": 3, "stain": 3}
    assert "shape" in report.skipped["chip"]
    assert len({record.capture.shot for record in made(ws)}) == 6, "a split keeps images of one shot together"
    for record in made(ws):
        assert record.capture.origin == Origin.AUGMENTED
        (parent,) = record.capture.parents
        before, after = ws.images.read(parent), ws.images.read(record)
        label = ws.labels.current([record.id])[record.id].label
        differs = (before.pixels != after.pixels).any(axis=2)
        assert differs.any()
        flaw = label.annotations[0]
        assert flaw.attributes["visibility"] in ("visible", "faint")
        assert label.verdict is Verdict.DEFECT
        assert flaw.shape is not None
        mask = mask_of(flaw.shape, before.width, before.height).pixels
        assert differs[mask].mean() > 0.6
        rows, columns = mask.nonzero()
        beyond = np.ones_like(differs)
        beyond[max(0, rows.min() - REACH_PX) : rows.max() + REACH_PX,
               max(0, columns.min() - REACH_PX) : columns.max() + REACH_PX] = False  # fmt: skip
        assert not differs[beyond].any()
        assert "onto img_" in record.capture.provenance["in_words"]


def test_the_same_bytes_whoever_paints_and_only_what_is_missing(ws: Workspace, order: Order, folder: Path) -> None:
    photographs = taken(ws, folder)
    put_onto(ws, order, OntoSettings(per_defect=2, seed=1), photographs)
    first = {record.id for record in made(ws)}
    again = put_onto(ws, order, OntoSettings(per_defect=2, seed=1), photographs)
    assert (again.images, again.known) == (0, 4)
    more = put_onto(ws, order, OntoSettings(per_defect=4, seed=1), photographs)
    assert (more.images, more.known) == (4, 4)
    assert dict(more.parts) == {"blowhole": 4, "stain": 4}
    everything = {record.id for record in made(ws)}
    assert first < everything
    crews: dict[str, Crew] = {"processes": Processes(2), "Ray": Cluster("local", 2)}
    for name, crew in crews.items():
        with Workspace.create(ws.folder.parent / name, actor="human:test") as other:
            put_onto(other, order, OntoSettings(per_defect=4, seed=1), taken(other, folder), crew=crew)
            assert {record.id for record in made(other)} == everything


def test_an_image_is_painted_again_from_its_record(ws: Workspace, order: Order, folder: Path) -> None:
    put_onto(ws, order, OntoSettings(per_photo=1, seed=3, gamma=2.2, mm_per_pixel=0.1), taken(ws, folder))
    for record in made(ws):
        found = look_at(ws, record.id, order.folder, suffix=".png")
        assert found.is_same
        assert found.picture.startswith(b"\x89PNG")


def test_photographs_are_recorded_once_and_found_by_verdict(ws: Workspace, order: Order, folder: Path) -> None:
    good = ws.images.add(
        folder / "tile0.png", Capture(station="tiles", source="known.png"),
        label=Label.good(), author="human:test", level=Level.IMPORTED,
    )  # fmt: skip
    photographs = taken(ws, folder)
    assert photographs[good.id] == "tile0.png"
    assert ws.images.count(Query(origin="real")) == 3
    assert list(from_workspace(ws, Query(verdict="good", limit=500))) == [good.id]
    flawed = next(image for image in photographs if image != good.id)
    ws.labels.add(flawed, Label.defect(Annotation("crack")), level=Level.OPERATOR)
    assert flawed not in from_workspace(ws, Query(limit=500)), "its crack would stand there unlabelled"
    assert good.id in from_workspace(ws, Query(limit=500))


def test_a_corrupted_photograph_is_named_and_nothing_is_recorded(ws: Workspace, order: Order, folder: Path) -> None:
    whole = (folder / "tile1.png").read_bytes()
    (folder / "tile1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FirstshiftError, match=r"tile1\.png"):
        taken(ws, folder)
    assert ws.images.count() == 0
    told: list[str] = []
    kept = from_files(ws, [folder], station="tiles", camera=None, channel="side", skip=True, told=told.append)
    assert len(kept) == 2
    assert "tile1.png" in told[0]


def test_a_photograph_that_does_not_do_is_named_and_nothing_is_recorded(ws: Workspace, folder: Path) -> None:
    """Recorded, it would stand in the way of every later `onto --images`."""
    (folder / "thumb.png").write_bytes(as_file(np.full((20, 30), 90, np.uint8)))
    with pytest.raises(BadInput, match=r"thumb\.png: .*32 × 32 pixels or more, found 30 × 20"):
        taken(ws, folder)
    assert ws.images.count() == 0
    told: list[str] = []
    kept = from_files(ws, [folder], station="tiles", camera=None, channel="side", skip=True, told=told.append)
    assert len(kept) == 3
    assert "thumb.png" in told[0]
    assert ws.images.count() == 3


def test_where_every_photograph_is_left_out_it_is_said(ws: Workspace, tmp_path: Path) -> None:
    """There is nothing to put flaws onto, however few problems may stop the run."""
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "thumb.png").write_bytes(as_file(np.full((20, 30), 90, np.uint8)))
    told: list[str] = []
    with pytest.raises(
        BadInput, match=r"photographs: expected one that does, found none of 2; first .*bad\.jpg.*; name"
    ) as said:
        from_files(ws, [tmp_path / "bad.jpg", tmp_path / "thumb.png"], station="tiles", camera=None, channel="side",
                   skip=True, told=told.append)  # fmt: skip
    assert "\n" not in said.value.message
    assert len(told) == 2
    assert ws.images.count() == 0


def painted(order: Order, name: str, data: bytes, **asked: Any) -> Outcome:
    painter = OntoOrder.of(order, OntoSettings(per_photo=1, seed=1, **asked)).painter()
    return painter.paint_unit(OntoUnit(Photograph("img", name, data), (("stain", 0),)))


def as_file(pixels: np.ndarray[Any, Any]) -> bytes:
    colours = pixels if pixels.ndim == 2 else pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]
    return cv2.imencode(".png", np.ascontiguousarray(colours))[1].tobytes()


def test_photographs_of_every_kind_come_back_as_they_are(order: Order) -> None:
    grey = photograph(1).pixels[:, :, 0]
    wide = grey.astype(np.uint16) * 257
    rgb = np.stack([grey, grey // 2, grey], axis=2)
    rgba = np.dstack([rgb, np.full_like(grey, 200)])
    for pixels in (grey, wide, wide & 0xFFF0, rgb, rgb.astype(np.uint16) * 257, rgba, grey[:-1], grey[:, :-1]):
        (image,) = painted(order, "one.png", as_file(pixels)).images
        assert isinstance(image.data, bytes)
        made = decode_image(image.data, "made").pixels
        before = pixels if pixels.ndim == 3 else pixels[:, :, None]
        assert (made.shape, made.dtype) == (before.shape, before.dtype)
        same = (made == before).all(axis=2).mean()
        assert 0.3 < same < 1, "a flaw is there, and most is the photograph's own"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("grey with alpha", "found grey with alpha; save it without alpha"),
        ("small", "32 × 32 pixels or more, found 31 × 40"),
    ],
)
def test_photographs_that_do_not_do_are_refused_by_name_or_left_out(order: Order, kind: str, said: str) -> None:
    grey = photograph(1).pixels[:, :, 0]
    stream = io.BytesIO()
    Pillow.fromarray(np.dstack([grey, grey]), "LA").save(stream, "PNG")
    data = stream.getvalue() if kind == "grey with alpha" else as_file(grey[:40, :31])
    with pytest.raises(BadInput, match=f"one.png: .*{said}"):
        painted(order, "one.png", data)
    outcome = painted(order, "one.png", data, skip_problems=True)
    assert outcome.images == []
    assert said in outcome.problem


def test_a_photograph_one_pixel_off_is_listed_and_the_others_are_done(ws: Workspace, tmp_path: Path) -> None:
    """With a pose the photograph has to be the camera's whole image."""
    copy_example("bracket", tmp_path / "plan")
    order = order_for(tmp_path / "plan", SynthSettings())
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "off.png").write_bytes(encode_png(photograph(1, 245, 206)))
    (tmp_path / "shots" / "none.png").write_bytes(encode_png(photograph(2, 245, 205)))
    told: list[str] = []
    asked = OntoSettings(per_photo=1, method="silhouette", skip_problems=True)
    report = put_onto(ws, order, asked, taken(ws, tmp_path / "shots"), told=told.append)
    assert "found 245 × 206" in report.problems["off.png"]
    assert "found 245 × 205" not in report.problems["none.png"], "its size is right; it shows no bracket"
    assert any(line.startswith("off.png is left out") for line in told)
    with pytest.raises(BadInput, match=r"off\.png.*found 245 × 206"):
        put_onto(ws, order, replace(asked, skip_problems=False, seed=2), {
            image: name for image, name in taken(ws, tmp_path / "shots").items() if name == "off.png"
        })  # fmt: skip


def test_a_tiny_foreground_tells_nothing_of_the_light(order: Order) -> None:
    """A few bright pixels on black: too few for texture."""
    draw = Seed(5).child("speck").generator()
    pixels = np.clip(draw.normal(6, 1, (120, 160)), 0, 255).astype(np.uint8)
    pixels[56:64, 75:85] = 200
    assert len(painted(order, "speck.png", as_file(pixels)).images) <= 1


def test_what_cannot_be_done_is_said_in_one_line(ws: Workspace, order: Order, folder: Path, tmp_path: Path) -> None:
    photographs = taken(ws, folder)
    with pytest.raises(BadInput, match="--per-defect 50"):
        put_onto(ws, order, OntoSettings(), photographs)
    with pytest.raises(BadInput, match="shape"):
        put_onto(ws, order, OntoSettings(per_photo=1, classes=("chip",)), photographs)
    with pytest.raises(BadInput, match="CAD file"):
        put_onto(ws, order, OntoSettings(per_photo=1, method="silhouette"), photographs)
    with pytest.raises(BadInput, match="one of side"):
        put_onto(ws, order, OntoSettings(per_photo=1, channel="dome"), photographs)
    (tmp_path / "points.json").write_text('{"points": [{"image": [1]}]}')
    with pytest.raises(BadInput, match="image"):
        read_points(tmp_path / "points.json")
