"""Flaws longer than the window they land in: nothing is cut off, and no seam shows where two pieces meet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.image import Image
from firstshift.core.outline import mask_of
from firstshift.core.seed import Seed
from firstshift.line.synth import onto_pieces, onto_placing
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, Photograph
from firstshift.line.synth.onto_painting import OntoPainter, PaintedOnto
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.render.onto.carrying import Noise, softening_reach

WIDTH, HEIGHT = 3000, 240
PLAN = """
format: 1
name: sheet
part:
  name: sheet
  size_mm: [150, 12, 1]
  bodies:
    - name: sheet
      material: steel
      finish: {kind: ground, ra_um: [0.4, 0.8], lay: straight, lay_deg: 0}
station:
  name: table
  camera: {sensor_px: [3000, 240], pixel_um: 6, colour: mono, bits: 8}
  lens: {kind: perspective, focal_mm: 12, f_number: 8}
  working_distance_mm: 100
  lights:
    - {kind: bar, name: side, length_mm: 300, width_mm: 15, position_mm: [0, 80, 60]}
  channels:
    - {name: side, lights: [side]}
defects:
  - type: scratch
    class: scratch
    severity: [5, 5]
    length_mm: [90, 90]
    width_mm: [0.5, 0.5]
    depth_um: [30, 30]
    orientation_deg: [0, 2]
  - {type: discolouration, class: stain, cause: stain, severity: [5, 5], size_mm: [70, 70], contrast: [0.8, 0.9]}
policy:
  routing: {automatic_from: 0.95, review_from: 0.75}
  certificate: {missed_at_most: 0.01, confidence: 0.95, false_alarms_at_most: 0.10}
"""


@pytest.fixture
def painter(tmp_path: Path) -> OntoPainter:
    (tmp_path / "plan.yaml").write_text(PLAN)
    asked = OntoSettings(per_photo=1, seed=2, whole=True, plan_light=True)
    return OntoOrder.of(order_for(tmp_path, SynthSettings()), asked).painter()


def sheet() -> Image:
    draw = Seed(4).child("sheet").generator()
    light = 120 * np.linspace(0.9, 1.1, WIDTH)[None, :] * (1 + 0.01 * draw.standard_normal((HEIGHT, 1)))
    return Image.of(np.clip(light + draw.normal(0, 0.8, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8))


def put(painter: OntoPainter, number: int) -> tuple[Image, PaintedOnto]:
    photograph = Photograph("img", "sheet.png", encode_png(sheet()))
    ready = painter.ready(photograph)
    return ready.photograph, painter.paint(painter.drawn(ready, photograph, "scratch", number), ready)


@pytest.mark.parametrize("number", [0, 3])
def test_a_scratch_longer_than_its_window_is_there_as_far_as_it_is_labelled(painter: OntoPainter, number: int) -> None:
    before, made = put(painter, number)
    (flaw,) = made.label.annotations
    assert flaw.attributes["visibility"] == "visible"
    assert flaw.shape is not None
    mask = mask_of(flaw.shape, WIDTH, HEIGHT).pixels
    rows, columns = mask.nonzero()
    assert np.ptp(columns) > onto_placing.MOST_WINDOW + 200
    change = made.image.pixels[:, :, 0].astype(int) - before.pixels[:, :, 0]
    # Where the label is, the photograph differs: all along, in every stretch of twenty columns.
    labelled = np.add.reduceat(mask.sum(axis=0), np.arange(0, WIDTH, 20))
    changed = np.add.reduceat((mask & (change != 0)).sum(axis=0), np.arange(0, WIDTH, 20))
    full = labelled >= 10
    assert full.sum() > 40
    assert (changed[full] > 0.6 * labelled[full]).all()
    # ... and where it is not, bit for bit the photograph's own.
    beyond = np.ones_like(mask)
    reach = softening_reach(4 * 1.5) + 8
    beyond[max(0, rows.min() - reach) : rows.max() + reach,
           max(0, columns.min() - reach) : columns.max() + reach] = False  # fmt: skip
    assert not change[beyond].any()


def test_pieces_meet_without_a_seam(painter: OntoPainter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside one piece as large as the photograph, from the same draws and without new noise. A stain: what it does
    to light is no sampling, so that nothing but a seam could differ."""
    photograph = Photograph("img", "sheet.png", encode_png(sheet()))
    ready = painter.ready(photograph)
    ready.findings = replace(ready.findings, noise=Noise(0.0, 0.0))
    recipe = painter.drawn(ready, photograph, "stain", 0)
    pieced = painter.paint(recipe, ready)
    monkeypatch.setattr(onto_pieces, "PIECE_PX", WIDTH)
    single = painter.paint(recipe, ready)
    assert single.label.annotations[0].shape == pieced.label.annotations[0].shape
    change = np.abs(single.image.pixels.astype(int) - ready.photograph.pixels)
    gap = np.abs(pieced.image.pixels.astype(int) - single.image.pixels)
    assert (change > 1).sum() > 100_000
    assert gap.max() <= 1
