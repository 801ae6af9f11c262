"""What labels of flaws on photographs say is seen is in the photograph's bytes: the rule of rendered images."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.image import Image
from firstshift.core.imprint import Imprint
from firstshift.core.label import NOT_VISIBLE, Verdict
from firstshift.core.outline import mask_of
from firstshift.core.seed import Seed
from firstshift.line.synth.onto_judging import Shown, covered_in, noticed_in
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, Photograph
from firstshift.line.synth.onto_painting import OntoPainter
from firstshift.line.synth.onto_pieces import pieces_of
from firstshift.line.synth.onto_placing import land_in, window_for
from firstshift.line.synth.onto_ready import OntoReady
from firstshift.render.landing import Landing
from firstshift.render.noticing import FAINT_MOVE, PLAIN_MOVE
from firstshift.render.onto.carrying import Change, carry
from firstshift.render.onto.preparing import light_of
from tests.line.synth.tiles import PART_AND_STATION, tile_order

FROM_NOTHING_TO_PLAIN = """\
  - {type: discolouration, class: shade, cause: stain, severity: [1, 5], size_mm: [1, 6], contrast: [0.004, 0.1]}
  - {type: dent, class: dent, severity: [1, 5], size_mm: [0.5, 3], depth_um: [1, 40]}
synthetic: {not_visible: 1.0}
"""


def smooth(number: int = 0, sigma: float = 0.7) -> Image:
    """A surface without texture, such as a large faint flaw needs, under uneven light."""
    draw = Seed(8).child("smooth", number).generator()
    light = 110 * np.linspace(0.9, 1.05, 120)[:, None] * np.ones((1, 160))
    return Image.of(np.clip(light + draw.normal(0, sigma, light.shape), 0, 255).astype(np.uint8))


def painter_of(folder: Path, defects: str = FROM_NOTHING_TO_PLAIN) -> OntoPainter:
    asked = OntoSettings(per_photo=1, seed=1, whole=True, plan_light=True)
    return OntoOrder.of(tile_order(folder, PART_AND_STATION + defects), asked).painter()


def made_ready(painter: OntoPainter, image: Image) -> tuple[OntoReady, Photograph]:
    photograph = Photograph("img", "one.png", encode_png(image))
    return painter.ready(photograph), photograph


def test_a_positive_moves_by_what_a_person_sees_and_what_is_plain_is_called_visible(tmp_path: Path) -> None:
    painter, met = painter_of(tmp_path), Counter[str]()
    for number in range(3):
        ready, photograph = made_ready(painter, smooth(number))
        before = ready.photograph.pixels[:, :, 0].astype(int)
        for kind in painter.classes.classes:
            for which in range(10):
                made = painter.paint(painter.drawn(ready, photograph, kind, which), ready)
                (one,) = made.label.annotations
                assert one.shape is not None
                mask = mask_of(one.shape, 160, 120).pixels
                move = float(np.quantile(np.abs(made.image.pixels[:, :, 0] - before)[mask], 0.95)) / 255
                seen = one.attributes["visibility"]
                met[seen] += 1
                where = f"{kind} {which}: {seen}, {255 * move:.2f} greys, d {one.attributes['contrast_to_noise']}"
                # The bytes also hold a little new noise: half a grey.
                least = {"visible": PLAIN_MOVE, "faint": FAINT_MOVE, NOT_VISIBLE: 0.0}[seen]
                assert move >= least - 0.5 / 255, where
                assert (made.label.verdict is Verdict.DEFECT) == (seen != NOT_VISIBLE)
                if mask.sum() > 60 and move > 8 / 255:
                    assert seen == "visible", where
    assert min(met["visible"], met["faint"], met[NOT_VISIBLE]) >= 5, met


def test_two_greys_are_no_visible_flaw_however_large(tmp_path: Path) -> None:
    """A matched filter over thousands of calm pixels is certain of them; a person finds them when told where."""
    stain = "{type: discolouration, class: shade, cause: stain, size_mm: [6, 6], contrast: [0.007, 0.008]}"
    painter = painter_of(tmp_path, f"  - {stain}\nsynthetic: {{not_visible: 1.0}}\n")
    ready, photograph = made_ready(painter, smooth())
    before = ready.photograph.pixels[:, :, 0].astype(int)
    certain = []
    for which in range(6):
        made = painter.paint(painter.drawn(ready, photograph, "shade", which), ready)
        (one,) = made.label.annotations
        assert one.shape is not None
        mask = mask_of(one.shape, 160, 120).pixels
        assert np.quantile(np.abs(made.image.pixels[:, :, 0] - before)[mask], 0.95) <= 2
        assert one.attributes["visibility"] != "visible", which
        if one.attributes["contrast_to_noise"] > 40:
            certain.append(one.attributes["visibility"])
    assert certain.count("faint") >= 3, certain


def a_flaw(painter: OntoPainter, ready: OntoReady, photograph: Photograph) -> tuple[Landing, Imprint]:
    from firstshift.defects.draw import draw_flaw

    recipe = painter.drawn(ready, photograph, "shade", 0)
    window, fixed = window_for(painter.stage, ready, recipe.flaws[0], Seed(3))
    prepared = ready.prepared(window)
    landing = land_in(painter.stage, ready, prepared, window, recipe.flaws[0], fixed, Seed(4))
    entry = painter.stage.plan.defects[recipe.flaws[0].entry]
    return landing, draw_flaw(entry, landing.ground, 3, Seed(5), painter.stage.types)


def seen(painter: OntoPainter, ready: OntoReady, *flaws: tuple[Landing, Imprint]) -> list[float]:
    _, covered = painter._carried(ready, ready.base, (0, 0, 160, 120), list(flaws), Seed(1))
    return [noticed_in(ready, each)[1].contrast_to_noise for each in covered]


def test_a_flaw_under_another_is_judged_by_what_it_adds(tmp_path: Path) -> None:
    painter = painter_of(tmp_path, FROM_NOTHING_TO_PLAIN.replace("[0.004, 0.1]", "[0.3, 0.3]"))
    ready, photograph = made_ready(painter, smooth())
    landing, stain = a_flaw(painter, ready, photograph)
    assert stain.tint is not None
    weak = replace(stain, tint=1 + np.float32(0.04) * (stain.tint - 1), smoothness=None)
    alone, strong = seen(painter, ready, (landing, weak)), seen(painter, ready, (landing, stain))
    assert alone[0] < strong[0] / 8
    both = seen(painter, ready, (landing, weak), (landing, stain))
    assert both[0] <= 1.5 * alone[0]
    assert both[1] == pytest.approx(strong[0], rel=0.2)


def test_what_covers_a_place_is_not_seen_by_the_noise_that_it_covers(tmp_path: Path) -> None:
    """Something of the surface's own brightness: the photograph's noise goes, and noise of its own comes. Where the
    photograph has texture, that goes too, and is missed."""
    painter, verdicts = painter_of(tmp_path), []
    for texture in (0.0, 9.0):
        image = smooth(sigma=1.3).pixels[:, :, 0] + texture * np.sin(np.arange(160) * 1.1)[None, :]
        ready, photograph = made_ready(painter, Image.of(image.astype(np.uint8)))
        flaw = a_flaw(painter, ready, photograph)
        (piece,) = pieces_of(ready, ready.base, (0, 0, 160, 120), [flaw], 12)
        light = light_of(ready.base, painter.lights)
        pixel, share = piece.stamped.coverage[0]
        hidden = np.zeros((120, 160), np.float32)
        hidden.ravel()[pixel] = share
        change = Change(piece.window, light, light, hidden, ready.exposure)
        carried = carry(ready.photograph, ready.levels, change, noise=ready.findings.noise, seed=Seed(1))
        covered = covered_in(ready, piece, 0, Shown(carried, hidden))
        differs = carried.image.pixels[:, :, 0] != ready.photograph.pixels[:, :, 0]
        assert differs.ravel()[pixel[share > 0.9]].mean() > 0.5
        mask, noticed = noticed_in(ready, covered)
        assert mask.area > 200
        verdicts.append(noticed.verdict)
    assert verdicts == [NOT_VISIBLE, "visible"]


def test_numbers_count_in_the_steps_of_the_camera(tmp_path: Path) -> None:
    """The same photograph in 8 bits and as a 12 bit camera's in files of 16: the same verdicts and ratios."""
    painter = painter_of(tmp_path, FROM_NOTHING_TO_PLAIN.replace("[0.004, 0.1]", "[0.1, 0.1]"))
    grey = smooth(sigma=1.5).pixels.astype(np.float64)
    found = []
    for pixels in (grey.astype(np.uint8), (np.round(grey * 4095 / 255).astype(np.uint16) << 4)):
        ready, photograph = made_ready(painter, Image.of(pixels))
        landing, stain = a_flaw(painter, ready, photograph)
        _, (covered,) = painter._carried(ready, ready.base, (0, 0, 160, 120), [(landing, stain)], Seed(1))
        found.append(noticed_in(ready, covered)[1])
        assert covered.noise.mean() == pytest.approx(1.5 * (1 if pixels.dtype == np.uint8 else 4095 / 255), rel=0.35)
    assert found[0].verdict == found[1].verdict
    assert found[0].contrast == pytest.approx(found[1].contrast, rel=0.05)
    assert found[0].contrast_to_noise == pytest.approx(found[1].contrast_to_noise, rel=0.3)
