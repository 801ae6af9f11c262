"""Where flaws land in photographs: on a plane in the region it shows, on a registered part told of the edges near."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput
from firstshift.core.image import Image
from firstshift.core.seed import Seed
from firstshift.line.synth.onto import put_onto
from firstshift.line.synth.onto_order import OntoOrder, OntoSettings, Photograph
from firstshift.line.synth.onto_painting import OntoPainter
from firstshift.line.synth.onto_placing import land_in, window_for
from firstshift.line.synth.onto_ready import surfaces_of
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.render.onto.preparing import light_of, prepare_registered
from firstshift.render.onto.registering import Registered
from firstshift.spec.examples import copy_example
from firstshift.store.workspace import Workspace
from tests.line.synth.tiles import PART_AND_STATION, TILE, photograph, taken, tile_order

SIZE = (612, 512)
"""A quarter of the bracket's camera."""
DENT = "  - {type: dent, class: dent, severity: [4, 5], size_mm: [1, 2], depth_um: [100, 200]}\n"


def strip_painter(folder: Path, **asked: Any) -> OntoPainter:
    copy_example("strip", folder / "strip")
    order = order_for(folder / "strip", SynthSettings())
    return OntoOrder.of(order, OntoSettings(per_photo=1, mm_per_pixel=0.1, **asked)).painter()


def test_what_comes_at_the_border_only_is_not_put_into_the_middle_of_a_plane(tmp_path: Path) -> None:
    painter = strip_painter(tmp_path)
    assert "edge_crack" not in painter.classes.classes
    assert {"scratch", "roll_mark", "pitting", "oil"} <= set(painter.classes.classes)
    why = painter.classes.left_out["edge_crack"]
    assert why == (
        "it comes on left_edge and right_edge only, and the photographs are taken to show surface; "
        "--region names another"
    )
    assert "\n" not in why


def test_a_person_says_which_region_the_photographs_show(tmp_path: Path) -> None:
    painter = strip_painter(tmp_path, region="right_edge")
    assert {"edge_crack", "scratch", "oil"} <= set(painter.classes.classes), "what names no region comes everywhere"
    assert "roll_mark" in painter.classes.left_out
    with pytest.raises(BadInput, match="one of surface, left_edge, right_edge, found middle"):
        strip_painter(tmp_path / "other", region="middle")
    with pytest.raises(BadInput, match="--plane"):
        OntoSettings(method="silhouette", region="surface")


CORE = "    - {name: core, material: copper, finish: {kind: ground, ra_um: [0.6, 3.0], lay: straight, lay_deg: 90}}\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (CORE + "  regions: [{name: sealed, face: bore}]\n", "region 'sealed' names no body"),
        (CORE, "the plan has no regions"),
        (CORE + "  regions: [{name: sealed, face: bore, body: core}]\n", ""),
        (CORE.replace("copper", "ferrite"), ""),
        ("  regions: [{name: sealed, face: bore}]\n", ""),
    ],
)
def test_whose_material_a_plane_has_is_told_where_the_region_does_not_say(tmp_path: Path, more: str, said: str) -> None:
    text = TILE.replace("station:\n", f"{more}station:\n", 1)
    painter = OntoOrder.of(tile_order(tmp_path, text), OntoSettings(per_photo=1)).painter()
    if not said:
        assert painter.doubts == ()
        return
    (doubt,) = painter.doubts
    assert doubt == (
        f"part.regions: {said}: the plane is taken as tile (ferrite, ground), the first of 2 bodies; "
        "`body` in a region says another"
    )


def test_a_run_tells_its_doubts(ws: Workspace, tmp_path: Path) -> None:
    order = tile_order(tmp_path, TILE.replace("station:\n", f"{CORE}station:\n", 1))
    (tmp_path / "tile.png").write_bytes(encode_png(photograph(1)))
    told: list[str] = []
    put_onto(ws, order, OntoSettings(per_photo=1, plan_light=True), taken(ws, tmp_path), told=told.append)
    assert sum("the first of 2 bodies" in one for one in told) == 1


def test_dents_go_onto_a_plane_which_has_no_edges(tmp_path: Path) -> None:
    asked = OntoSettings(per_photo=1, seed=1)
    painter = OntoOrder.of(tile_order(tmp_path, PART_AND_STATION + DENT), asked).painter()
    given = Photograph("img", "tile.png", encode_png(photograph(1)))
    ready = painter.ready(given)
    for number in range(3):
        (one,) = painter.paint(painter.drawn(ready, given, "dent", number), ready).label.annotations
        assert one.attributes["visibility"] == "visible"
        assert "at_edge" not in one.attributes


@pytest.fixture(scope="module")
def bracket_painter(tmp_path_factory: pytest.TempPathFactory) -> OntoPainter:
    """Its dents beside the outer edge only, and points that register it as it lies."""
    folder = tmp_path_factory.mktemp("registered") / "bracket"
    copy_example("bracket", folder)
    file = folder / "plan.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "size_mm: [0.3, 3]\n    depth_um: [10, 200]", "size_mm: [2, 3]\n    depth_um: [150, 200]"
    )
    file.write_text(text.replace("regions: [upper_face, outer_edge]", "regions: [outer_edge]"), encoding="utf-8")
    order = order_for(folder, SynthSettings())
    stage = order.painter().stage
    view = Registered(stage.plan.station, SIZE, SIZE[0] / stage.image_px[0], stage.seat, "points").view()
    corners = [(x, y, z) for x in (-38.0, 38.0) for y in (-23.0, 23.0) for z in (12.0, 3.0)]
    seen = view.project(stage.seat.to_station(np.array(corners)))
    pairs = tuple((float(x), float(y), *point) for (x, y), point in zip(seen, corners, strict=True))
    asked = OntoSettings(method="points", per_photo=1, seed=1, points=(("", pairs),), plan_light=True, channel="bright")
    return OntoOrder.of(order, asked).painter()


def bracket_photograph(painter: OntoPainter) -> Photograph:
    """As the camera would take it, shrunk to a quarter."""
    stage = painter.stage
    lying = Registered(stage.plan.station, SIZE, SIZE[0] / stage.image_px[0], stage.seat, "points")
    surfaces = tuple(replace(one, finish_seed=9) for one in surfaces_of(stage, 0.5, None))
    light = light_of(prepare_registered(lying, stage.mesh, surfaces, colour_channels=1, textured=True), painter.lights)
    grey = np.clip(light * (120 / np.median(light[light > 0])), 0, 255)
    return Photograph("img", "bracket.png", encode_png(Image.of(np.round(grey).astype(np.uint8))))


def test_a_dent_beside_an_edge_of_a_registered_part_is_told_of_it(bracket_painter: OntoPainter) -> None:
    """The edge gives way there, as on rendered images."""
    given = bracket_photograph(bracket_painter)
    painter, ready = bracket_painter, bracket_painter.ready(given)
    (flaw,) = painter.drawn(ready, given, "dent", 0).flaws
    window, fixed = window_for(painter.stage, ready, flaw, Seed(1))
    near = 0
    for number in range(120):
        landing = land_in(painter.stage, ready, ready.base, window, flaw, fixed, Seed(2).child(number))
        x, y, _ = landing.local_mm
        if max(abs(x) - 40, abs(y) - 25) > -2.5 and landing.normal[2] > 0.99:
            near += 1
            assert landing.ground.edge is not None, landing.local_mm
    assert near >= 5
    cut = []
    for number in range(6):
        made = painter.paint(painter.drawn(ready, given, "dent", number), ready)
        cut.append(made.label.annotations[0].attributes.get("at_edge", False))
    assert any(cut)
