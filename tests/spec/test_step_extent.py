"""The size of a part from the text of its STEP file, and files that are none."""

from __future__ import annotations

import time
from pathlib import Path

import cascadio
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.spec import Plan, check_plan, copy_example
from firstshift.spec.step_extent import read_step_extent, step_extent

WITH_CAD = ("bracket", "cap", "fitting")


@pytest.mark.parametrize("name", WITH_CAD)
def test_agrees_with_a_cad_kernel(name: str, tmp_path: Path) -> None:
    copy_example(name, tmp_path)
    extent = read_step_extent(tmp_path / f"{name}.step")
    cascadio.step_to_glb(str(tmp_path / f"{name}.step"), str(tmp_path / "part.glb"), 0.01, 0.1)
    solid = trimesh.load(tmp_path / "part.glb").to_geometry()
    assert extent.unit == "mm"
    # Arcs count as whole circles, so the box is a little too large at most: 2 % on these parts.
    assert extent.size_mm == pytest.approx(solid.extents * 1000, rel=0.02)
    assert max(extent.size_mm) == pytest.approx(max(solid.extents) * 1000, rel=1e-3)
    assert solid.volume > 0


@pytest.mark.parametrize(
    ("edit", "way_out"),
    [
        (("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT($,.METRE.)"), "the file says metres, its numbers are mm"),
        (("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT(.CENTI.,.METRE.)"), "the file says centimetres, its numbers are mm"),
        (
            (
                "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.) )",
                "( CONVERSION_BASED_UNIT('INCH',#9999) LENGTH_UNIT() NAMED_UNIT(#9998) )",
            ),
            "the file says inches, its numbers are mm",
        ),
    ],
)
def test_wrong_unit_is_seen(tmp_path: Path, edit: tuple[str, str], way_out: str) -> None:
    plan = Plan.load(copy_example("bracket", tmp_path))
    path = tmp_path / "bracket.step"
    text = path.read_text()
    assert edit[0] in text
    path.write_text(text.replace(*edit))
    (finding,) = [f for f in check_plan(plan, tmp_path) if f.path == "part.size_mm"]
    assert way_out in finding.way_out


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ([3.15, 1.97, 0.472], "the plan says 3.15 mm"),
        ([80, 12, 50], "the axes are exchanged"),
        ([80, 50, 20], "differs from bracket.step along z"),
    ],
)
def test_wrong_size_in_the_plan_is_seen(tmp_path: Path, size: list[float], text: str) -> None:
    plan = Plan.load(copy_example("bracket", tmp_path)).with_value("part.size_mm", size)
    assert any(f.path == "part.size_mm" and text in f.text for f in check_plan(plan, tmp_path))


def test_region_beside_the_part_is_seen(tmp_path: Path) -> None:
    plan = Plan.load(copy_example("bracket", tmp_path)).with_value("part.regions[0].box.from_mm", [-40, -25, 11.5])
    far = plan.with_value("part.regions[1].box", {"from_mm": [90, 0, 0], "to_mm": [99, 9, 9]})
    assert not [f for f in check_plan(plan, tmp_path) if "beside" in f.text]
    assert [f.path for f in check_plan(far, tmp_path) if "beside" in f.text] == ["part.regions[1].box"]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "expected a STEP file"),
        ("solid cube\nfacet normal", "expected a STEP file"),
        ("ISO-10303-21;\nDATA;\nENDSEC;", "expected a solid"),
        ("ISO-10303-21;\n#1=VERTEX_POINT('',#2);", "expected a solid"),
        ("ISO-10303-21;\n#1=VERTEX_POINT('',#2);#2=CARTESIAN_POINT('',(1e300,1e300,9e999));", "expected finite"),
        ("ISO-10303-21;\n#1=CIRCLE('',#1,5.);", "expected a solid"),
    ],
)
def test_files_without_a_part(text: str, piece: str) -> None:
    with pytest.raises(BadInput) as caught:
        step_extent(text, "x.step")
    assert piece in str(caught.value)


PIECES = st.sampled_from(
    ["#1", "#", "=", "CARTESIAN_POINT", "VERTEX_POINT", "CIRCLE", "DIRECTION", "AXIS2_PLACEMENT_3D", "(", ")", "'", ",",
     "1.", "-2.5E3", "1e9999", "#12", ";", "\n", " ", "$", "SI_UNIT(.MILLI.,.METRE.)", "LENGTH_UNIT()", "é", "\x00"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(text=st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_gives_a_size_or_one_line(text: str) -> None:
    try:
        extent = step_extent("ISO-10303-21;" + text)
    except FirstshiftError:
        return
    assert all(size >= 0 for size in extent.size_mm)


@pytest.mark.parametrize(
    "piece",
    ["#1=CIRCLE('", "#1=CIRCLE(''''''''", "#1" + " " * 50, "LENGTH_UNIT()", "#1=CARTESIAN_POINT('',(", "(((((", "''''"],
)
def test_hostile_text_is_read_soon(piece: str) -> None:
    began = time.process_time()
    with pytest.raises(BadInput):
        step_extent("ISO-10303-21;" + piece * (2_000_000 // len(piece)))
    assert time.process_time() - began < 5
