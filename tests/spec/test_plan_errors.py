"""Each slip a person can make in a plan gives one line with the exact place, and a hint that helps."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, FirstshiftError, NotFound
from firstshift.spec import Plan, PlanError
from firstshift.spec.declared import Declared
from tests.spec.plans import small_plan, small_text

LENS = "lens: {kind: perspective, focal_mm: 25, f_number: 8}"
FINISH = "finish: {kind: milled, ra_um: [0.8, 1.6]}"
CAMERA = "camera: {sensor_px: [2448, 2048], pixel_um: 3.45}"
REGION = "{name: top, facing: {direction: [0, 0, 1]}}"

SLIPS = [
    # what is changed, into what, the place, a piece of the line
    ("focal_mm: 25", "focal: 25", "station.lens.focal (line 18)", "did you mean 'focal_mm'?"),
    ("focal_mm: 25", "focal_mm: '25'", "station.lens.focal_mm (line 18)", "expected a number, found '25'"),
    ("focal_mm: 25", "focal_mm: 25 mm", "station.lens.focal_mm", "write the number alone; the unit is in the name"),
    ("focal_mm: 25", "focal_mm: -25", "station.lens.focal_mm", "at least 0.5, found -25; the value is in mm"),
    ("focal_mm: 25", "focal_mm: true", "station.lens.focal_mm", "expected a number, found true"),
    ("focal_mm: 25, ", "", "station.lens.focal_mm (line 18)", "found nothing; add it: Focal length in mm"),
    ("kind: perspective", "kind: telecentrical", "station.lens.kind", "did you mean 'telecentric'?"),
    ("kind: perspective, ", "", "station.lens.kind", "one of perspective, telecentric, found nothing"),
    (LENS, "lens: 25", "station.lens", "expected a block of settings, found 25"),
    ("kind: ring,", "kind: rng,", "station.lights[0].kind (line 21)", "did you mean 'ring'?"),
    ("diameter_mm: 100", "diameter: 100", "station.lights[0].diameter", "did you mean 'diameter_mm'?"),
    ("name: low,", "name: ring,", "station.lights[1].name", "a light name used once, found 'ring'"),
    (
        "lights: [low]",
        "lights: [lo]",
        "station.channels[1].lights[0] (line 25)",
        "one of the lights ring, low, found 'lo'",
    ),
    ("lights: [low]", "lights: []", "station.channels[1].lights", "at least 1 entries"),
    ("lights: [low]", "lights: low", "station.channels[1].lights", "expected a list, found 'low'"),
    ("name: dark", "name: bright", "station.channels[1].name", "a channel name used once"),
    (
        "pixel_um: 3.45",
        "pixel_um: 0.00345",
        "station.camera.pixel_um",
        "at least 0.5, found 0.00345; the value is in µm",
    ),
    (", pixel_um: 3.45", "", "station.camera.pixel_um", "either pixel_um or sensor_mm"),
    ("pixel_um: 3.45", "pixel_um: 3.45, sensor_mm: [8, 6]", "station.camera.pixel_um", "found 'both'"),
    ("pixel_um: 3.45", "sensor_mm: [800, 600]", "station.camera.sensor_mm", "whose pixels are 0.5 to 100 µm"),
    ("[2448, 2048]", "[2448]", "station.camera.sensor_px[1]", "found nothing"),
    ("[2448, 2048]", "[2448, 2048.5]", "station.camera.sensor_px[1]", "expected a whole number, found 2048.5"),
    ("[2448, 2048]", "[2448, 1]", "station.line_scan", "settings for a line camera"),
    ("working_distance_mm: 250", "working_distance_mm: 0", "station.working_distance_mm", "above 0"),
    (
        "working_distance_mm: 250",
        "working_distance: 250",
        "station.working_distance",
        "did you mean 'working_distance_mm'?",
    ),
    (
        "width_mm: [0.1, 0.2]",
        "width_mm: [0.2, 0.1]",
        "defects[0].width_mm (line 30)",
        "low first, found [0.2, 0.1]; write [0.1, 0.2]",
    ),
    ("width_mm: [0.1, 0.2]", "width_mm: 0.1", "defects[0].width_mm", "for one fixed value write [0.1, 0.1]"),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.1, 0.2, 0.3]", "defects[0].width_mm", "a range [low, high] of two numbers"),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.1, '0.2']", "defects[0].width_mm", "a range [low, high] of two numbers"),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.1, true]", "defects[0].width_mm", "a range [low, high] of two numbers"),
    (
        "depth_um: [1, 30]",
        "depth_um: [1, 12000]",
        "defects[0].depth_um",
        "inside 0 to 5000, found [1, 12000]; deeper than 5 mm it is a 'missing_feature'",
    ),
    ("depth_um: [1, 30]", "depth_mm: [1, 30]", "defects[0].depth_mm", "did you mean 'depth_um'?"),
    ("type: scratch", "type: chatter", "defects[0].type (line 27)", "comes from its file: --defects FILE.py"),
    (
        "class: dent",
        "class: Good",
        "defects[1].class (line 34)",
        "expected a name for what is wrong, found 'Good'; 'good' is",
    ),
    ("type: scratch", "type: scratsh", "defects[0].type (line 27)", "did you mean 'scratch'?"),
    ("- type: scratch\n    class", "- class", "defects[0].type (line 27)", "one of scratch, dent"),
    ("class: dent", "class: ''", "defects[1].class", "a name of 1–80"),
    ("class: dent", "class: 12", "defects[1].class", "expected text, found 12; put it in quotes"),
    ("class: dent", "class: ../../etc", "defects[1].class", "a name of 1–80"),
    (
        "regions: [top]",
        "regions: [tip]",
        "defects[0].regions[0]",
        "one of the regions top, found 'tip'; did you mean 'top'?",
    ),
    ("class: dent", "class: dent\n    severity: [4, 2]", "defects[1].severity", "the mildest first"),
    ("class: dent", "class: dent\n    severity: [0, 2]", "defects[1].severity[0]", "at least 1, found 0"),
    ("size_mm: [60, 40, 5]", "size_mm: [60, 40]", "part.size_mm[2]", "found nothing"),
    ("size_mm: [60, 40, 5]", "size_mm: [60, 40, 0]", "part.size_mm[2]", "above 0"),
    (
        "size_mm: [60, 40, 5]",
        "size_mm: [60, 40, 5]\n  cad: ../plate.step",
        "part.cad",
        "copy the CAD file beside the plan",
    ),
    ("size_mm: [60, 40, 5]", "size_mm: [60, 40, 5]\n  cad: plate.dwg", "part.cad", "export it as STEP"),
    ("size_mm: [60, 40, 5]", "size_mm: [60, 40, 5]\n  cad: plate.stl", "part.cad_unit", "mm, cm, m or inch"),
    ("material: aluminium", "material: aluminum", "part.bodies[0].material", "did you mean 'aluminium'?"),
    (FINISH, "finish: {kind: milled, ra_um: [800, 1600]}", "part.bodies[0].finish.ra_um", "Ra is in micrometres"),
    (REGION, "{name: top}", "part.regions[0]", "at least one of body, face, box, facing"),
    (REGION, "{name: top, body: lid}", "part.regions[0].body", "one of the bodies plate, found 'lid'"),
    (REGION, "{name: top, facing: {direction: [0, 0, 0]}}", "part.regions[0].facing.direction", "[0, 0, 1] is upwards"),
    (
        REGION,
        "{name: top, box: {from_mm: [0, 9, 0], to_mm: [1, 1, 1]}}",
        "part.regions[0].box.from_mm",
        "y of from_mm below y of to_mm",
    ),
    (
        "# the end",
        "policy: {routing: {automatic_from: 0.6, review_from: 0.9}}",
        "policy.routing.review_from",
        "below automatic_from (0.6), found 0.9",
    ),
    ("# the end", "policy: {routing: {automatic_from: 95}}", "policy.routing.automatic_from", "below 1, found 95"),
    ("# the end", "policy: {phases: {spot_check: 5}}", "policy.phases.spot_check", "at most 1, found 5"),
    (
        "# the end",
        "policy: {synthetic_share: [{day: 0, share: 0.5}, {day: 30, share: 0.8}]}",
        "policy.synthetic_share[1].share",
        "at most 0.5",
    ),
    (
        "# the end",
        "policy: {synthetic_share: [{day: 30, share: 0.5}, {day: 0, share: 0.1}]}",
        "policy.synthetic_share[1].day",
        "a day after 30",
    ),
    (
        "# the end",
        "policy: {labels: {levels: [expert, operator]}}",
        "policy.labels.levels",
        "in the order operator, quality_engineer, expert",
    ),
    (
        "# the end",
        "policy: {retention: {rules: [{route: reveiw, keep_days: 3}]}}",
        "policy.retention.rules[0].route",
        "did you mean 'review'?",
    ),
    ("# the end", "polcy: {}", "polcy (line 37)", "did you mean 'policy'?"),
    ("format: 1", "format: 2", "format (line 2)", "expected one of 1, found 2"),
    (
        "name: plate",
        "serial: {template: 'A#{B|CC}', example: A1B}\n  name: plate",
        "part.serial.template",
        "equal length",
    ),
    (
        "name: plate",
        "serial: {template: 'A##', example: A1}\n  name: plate",
        "part.serial.example",
        "a serial like A##, found 'A1'",
    ),
    ("name: plate", "serial: {template: 'A{#', example: A1}\n  name: plate", "part.serial.template", "braces in pairs"),
]


@pytest.mark.parametrize(("old", "new", "place", "piece"), SLIPS, ids=[f"{s[2]}-{i}" for i, s in enumerate(SLIPS)])
def test_slip_is_named_with_place_and_way_out(old: str, new: str, place: str, piece: str) -> None:
    with pytest.raises(PlanError) as caught:
        small_plan((old, new))
    message = str(caught.value)
    assert message.startswith(f"plan.yaml: {place}"), message
    assert piece in message, message
    assert len(caught.value.lines) == 1, caught.value.lines


def test_small_plan_itself_is_in_order() -> None:
    assert small_plan().class_names == ("scratch", "dent")


def test_all_slips_are_reported_in_the_order_of_the_file() -> None:
    with pytest.raises(PlanError) as caught:
        small_plan(("focal_mm: 25", "focal: 25"), ("material: aluminium", "material: tin"), ("[1, 30]", "[30, 1]"))
    lines = caught.value.lines
    assert [line.split(" (")[0] for line in lines] == [
        "plan.yaml: part.bodies[0].material",
        "plan.yaml: station.lens.focal",
        "plan.yaml: defects[0].depth_um",
    ]
    assert str(caught.value) == lines[0]
    assert [entry["where"] for entry in caught.value.as_dict()["problems"]] == [
        line.split(": expected")[0] for line in lines
    ]


def test_settings_of_another_kind_are_named_with_those_that_exist() -> None:
    with pytest.raises(PlanError) as caught:
        small_plan(("kind: perspective", "kind: telecentric"))
    missing, unknown = caught.value.lines
    assert "station.lens.magnification" in missing
    assert unknown.endswith("found 'focal_mm'; here it can be: kind, magnification, f_number, distortion")


def test_error_crosses_process_borders() -> None:
    with pytest.raises(PlanError) as caught:
        small_plan(("format: 1", "format: 2"), ("material: aluminium", "material: tin"))
    assert pickle.loads(pickle.dumps(caught.value)).lines == caught.value.lines


TEXTS = [
    ("", "an empty file"),
    ("# only a comment\n", "an empty file"),
    ("just words", "expected a plan"),
    ("- a\n- b\n", "expected a plan"),
    ("a: &x 1\nb: *x\n", "line 1: expected no anchors and aliases"),
    ("a: *x\n", "line 1: expected no anchors and aliases"),
    ("a: &a [*a]\n", "line 1: expected no anchors and aliases"),
    ("a: &a {b: 1}\nc: {<<: *a}\n", "expected no anchors and aliases"),
    ("a: !!python/object/apply:os.system [ls]\n", "line 1: expected no tags"),
    ("a: !mine 3\n", "line 1: expected no tags"),
    ("%YAML 1.1\n---\na: 1\n", "expected no %YAML or %TAG lines"),
    ("a: 1\n---\nb: 2\n", "expected one document"),
    ("a: 1\nb: 2\na: 3\n", "line 3: expected 'a' once, found it again after line 1"),
    ("a: .nan\n", "line 1: expected a finite number, found .nan"),
    ("a: -.inf\n", "expected a finite number"),
    ("a: 1e999\n", "expected a finite number"),
    ("? [a]\n: 1\n", "expected a name before ':'"),
    ("a:\n\t- b\n", "line 2: expected YAML"),
    ("a: [1, 2\n", "expected YAML"),
    ("a: 'b\n", "expected YAML"),
    ("c: 1\na: 'b\nd: 2\ne: 3\n", "line 2: expected YAML, found what is none (unexpected end of stream)"),
    ("ISO-10303-21;\nHEADER;\nFILE_NAME('a');\n", "expected a plan, found a STEP file; name the plan.yaml"),
    ('a: "\\UFFFFFFFF"\n', "expected YAML"),
    ('a: "\\ud800"\n', "half of a surrogate pair"),
    ("a: \x00\n", "expected YAML"),
    ("a: " + "[" * 5000, "at most 20 levels"),
    ("\n".join(" " * i + "a:" for i in range(100)), "line 21: expected at most 20 levels"),
    ("".join(f"k{i}: 1\n" for i in range(60_000)), "at most 20000 values"),
    ("a: " + "!" * 100_000, "lines of at most 20000 characters"),
    ("a: 1\n" * 2_000_000, "a plan of at most 1 MB, found 10.0 MB"),
]


@pytest.mark.parametrize(("text", "piece"), TEXTS, ids=[piece[:40] for _, piece in TEXTS])
def test_text_that_is_no_plan(text: str, piece: str) -> None:
    with pytest.raises(BadInput) as caught:
        Plan.from_text(text, "plan.yaml")
    assert piece in str(caught.value)
    assert str(caught.value).startswith("plan.yaml")


FILES = [
    (b"name: caf\xe9\n", "line 1: expected text in UTF-8, found the byte 0xe9; save the file as UTF-8"),
    ("name: x\n".encode("utf-16"), "expected text in UTF-8"),
    (b"\x89PNG\r\n\x1a\n" + bytes(2000), "expected text in UTF-8"),
    (b"a: 1\n" * 2_000_000, "found 10.0 MB"),
    (b"", "an empty file"),
]


@pytest.mark.parametrize(("data", "piece"), FILES, ids=range(len(FILES)))
def test_file_that_is_no_plan(tmp_path: Path, data: bytes, piece: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"^plan\.yaml") as caught:
        Plan.load(path)
    assert piece in str(caught.value)


def test_file_with_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(b"\xef\xbb\xbf" + small_text().encode())
    assert Plan.load(tmp_path) == small_plan()


def test_missing_file_and_folder_without_plan(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(NotFound, match="expected a plan file"):
            Plan.load(path)


def test_device_is_not_read() -> None:
    with pytest.raises(BadInput, match="a folder or a device"):
        Plan.load("/dev/zero")


def test_name_with_a_null_byte(tmp_path: Path) -> None:
    with pytest.raises(FirstshiftError):
        Plan.load(tmp_path / "a\0b")


def test_plan_is_frozen() -> None:
    plan = small_plan()
    for block in (plan, plan.station, plan.part.bodies[0].finish, plan.defects[0]):
        assert isinstance(block, Declared)
        name = next(iter(type(block).model_fields))
        with pytest.raises(ValueError, match="frozen"):
            setattr(block, name, None)
