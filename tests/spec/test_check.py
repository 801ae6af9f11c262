"""Physical nonsense is seen, and a sensible plan is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.spec import Level, check_plan, has_errors
from tests.spec.plans import small_plan

LENS = "lens: {kind: perspective, focal_mm: 25, f_number: 8}"
LOW = "{kind: dark_field, name: low, diameter_mm: 100, height_mm: 10}"
RING = "{kind: ring, name: ring, diameter_mm: 100, height_mm: 100}"
DISTANCE = "working_distance_mm: 250"
DARK = "{name: dark, lights: [low]}"

NONSENSE = [
    # what is changed, into what, level, place, a piece of the text
    (
        "width_mm: [0.1, 0.2]",
        "width_mm: [0.004, 0.2]",
        "warning",
        "defects[0].width_mm",
        "the smallest scratch is invisible",
    ),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.002, 0.005]", "warning", "defects[0].width_mm", "also at its largest"),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.02, 0.2]", "note", "defects[0].width_mm", "marginal: 0.02 mm is 0.64"),
    ("width_mm: [0.1, 0.2]", "width_mm: [0.1, 20]", "warning", "defects[0].width_mm", "wider (20 mm) than long (5 mm)"),
    ("length_mm: [2, 5]", "length_mm: [2, 500]", "warning", "defects[0].length_mm", "longer than the part"),
    (
        "depth_um: [1, 30]",
        "depth_um: [1, 3000]",
        "warning",
        "defects[0].depth_um",
        "deeper (3000 µm) than wide (200 µm)",
    ),
    ("60, 40, 5]", "60, 40, 0.02]", "warning", "defects[0].depth_um", "deeper than the part is thick"),
    (
        "regions: [top]",
        "accept: {longest_mm: 9, widest_mm: 1}",
        "warning",
        "defects[0].accept",
        "every scratch of the range is accepted",
    ),
    ("regions: [top]", "accept: {widest_mm: 0.05}", "warning", "defects[0].accept.widest_mm", "cannot be judged"),
    ("regions: [top]", "accept: {longest_mm: 1}", "note", "defects[0].accept.longest_mm", "below the smallest scratch"),
    ("regions: [top]", "accept: {depth_um: 5}", "note", "defects[0].accept.depth_um", "a camera sees no depth"),
    (
        DISTANCE,
        "working_distance_mm: 20",
        "error",
        "station.working_distance_mm",
        "more than the focal length of 25 mm",
    ),
    (DISTANCE, "working_distance_mm: 60", "warning", "station.working_distance_mm", "too near for an ordinary lens"),
    (DISTANCE, "working_distance_mm: 150", "warning", "station", "the field of view is smaller than the part"),
    (DISTANCE, "working_distance_mm: 2000", "note", "station", "the part fills"),
    (DISTANCE, DISTANCE + "\n  focus_mm: 260", "warning", "station.focus_mm", "out of focus"),
    (LENS, LENS.replace("f_number: 8", "f_number: 22"), "warning", "station.lens.f_number", "diffraction"),
    (LENS, "lens: {kind: perspective, focal_mm: 2, f_number: 16}", "note", "station.working_distance_mm", "hyperfocal"),
    (
        "60, 40, 5]",
        "60, 40, 5]\n  cad: plate.step",
        "warning",
        "station.lens.f_number",
        "the part is 5 mm high, sharp are the upper 2.51 mm",
    ),
    (DISTANCE, DISTANCE + "\n  part_speed_mm_s: 100", "note", "station.channels[0].exposure_ms", "blur is unknown"),
    (
        DARK,
        "{name: dark, lights: [low], exposure_ms: 5}\n  part_speed_mm_s: 100",
        "warning",
        "station.part_speed_mm_s",
        "moves 16 pixels",
    ),
    (DARK, "{name: dark, lights: [ring]}", "warning", "station.lights[1]", "it is never on"),
    (DARK, "{name: dark, lights: [ring]}", "note", "station.channels[1].lights", "the same lights as bright"),
    (
        LOW,
        LOW.replace("height_mm: 10", "height_mm: 60"),
        "warning",
        "station.lights[1].height_mm",
        "50° above the surface is no dark field",
    ),
    (
        LOW,
        LOW.replace("height_mm: 10", "height_mm: -4"),
        "error",
        "station.lights[1].height_mm",
        "behind the part's upper surface",
    ),
    (
        LOW,
        LOW.replace("diameter_mm: 100", "diameter_mm: 40"),
        "warning",
        "station.lights[1].diameter_mm",
        "narrower than what is looked at",
    ),
    (
        RING,
        RING.replace("height_mm: 100", "height_mm: 400"),
        "note",
        "station.lights[0].height_mm",
        "behind the lens",
    ),
    (
        LOW,
        "{kind: spot, name: low, position_mm: [0, 0, -50]}",
        "error",
        "station.lights[1].position_mm",
        "behind the part: z",
    ),
    (
        LOW,
        "{kind: spot, name: low, position_mm: [90, 0, -50]}",
        "error",
        "station.lights[1].position_mm",
        "behind the part: z",
    ),
    (
        LOW,
        "{kind: spot, name: low, position_mm: [0, 0, 50], aim_mm: [0, 0, 50]}",
        "error",
        "station.lights[1].aim_mm",
        "itself",
    ),
    (
        LOW,
        "{kind: back_light, name: low, size_mm: [90, 90], below_mm: 2}",
        "warning",
        "station.lights[1].below_mm",
        "inside the part",
    ),
    (
        LOW,
        "{kind: back_light, name: low, size_mm: [90, 90], below_mm: -9}",
        "error",
        "station.lights[1].below_mm",
        "in front",
    ),
    (
        LOW,
        "{kind: coaxial, name: low, size_mm: [20, 20], height_mm: 50}",
        "warning",
        "station.lights[1].size_mm",
        "its edge shows",
    ),
    (
        LOW,
        "{kind: dome, name: low, diameter_mm: 90, opening_mm: 95}",
        "error",
        "station.lights[1].opening_mm",
        "as large as the dome",
    ),
    ("60, 40, 5]", "60000, 40000, 5000]\n  cad: plate.step", "warning", "part.size_mm", "a part of 60 m"),
    ("60, 40, 5]", "0.06, 0.04, 0.005]", "warning", "part.size_mm", "a part of 60 µm"),
    ("ra_um: [0.8, 1.6]", "ra_um: [0.8, 63]", "warning", "part.bodies[0].finish.ra_um", "usual is 0.2–12.5"),
    (
        "material: aluminium",
        "material: aluminium\n      colour: '#ff0000'",
        "note",
        "part.bodies[0].colour",
        "its own colour",
    ),
    (
        "direction: [0, 0, 1]",
        "direction: [0, 0, -1]",
        "error",
        "part.regions[0].facing",
        "looks away from the camera",
    ),
    (
        "# the end",
        "policy: {routing: {automatic_from: 0.75}}",
        "warning",
        "policy.routing.automatic_from",
        "0.95 is usual",
    ),
    (
        "# the end",
        "policy: {certificate: {missed_at_most: 0.0001}}",
        "warning",
        "policy.certificate.missed_at_most",
        "29,956 real defects",
    ),
    ("# the end", "policy: {certificate: {}}", "note", "policy.certificate.missed_at_most", "needs 299 real"),
    (
        "# the end",
        "policy: {certificate: {}, phases: {spot_check: 0}}",
        "warning",
        "policy.phases.spot_check",
        "no new evidence",
    ),
    (
        "# the end",
        "policy: {certificate: {}, phases: {spot_check: 0, parallel_hours: 0}}",
        "warning",
        "policy.phases.spot_check",
        "no proof",
    ),
    (
        "# the end",
        "policy: {certificate: {}, retention: {keep_forever: [training], rules: [{keep_days: 9}]}}",
        "warning",
        "policy.retention.keep_forever",
        "remove the certificate images",
    ),
    (
        "# the end",
        "policy: {retention: {keep_forever: [golden], rules: [{keep_days: 9}]}}",
        "warning",
        "policy.retention.keep_forever",
        "training images",
    ),
    (
        "# the end",
        "policy: {retention: {rules: [{keep_days: 2}]}}",
        "warning",
        "policy.retention.rules[0].keep_days",
        "before the parallel phase",
    ),
    (
        "# the end",
        "policy: {retention: {rules: [{keep_days: 9}, {origin: real, keep_days: 5}]}}",
        "warning",
        "policy.retention.rules[1]",
        "never reached",
    ),
    (
        "# the end",
        "policy: {retention: {rules: [{route: review, keep_days: 9}]}}",
        "warning",
        "policy.retention.rules[0].route",
        "for ever as well",
    ),
    ("# the end", "policy: {labels: {levels: [operator]}}", "note", "policy.labels.levels", "nobody decides"),
    ("# the end", "policy: {labels: {audit: 0}}", "note", "policy.labels.audit", "stays unseen"),
]


@pytest.mark.parametrize(
    ("old", "new", "level", "place", "piece"), NONSENSE, ids=[f"{c[3]}-{i}" for i, c in enumerate(NONSENSE)]
)
def test_nonsense_is_seen(old: str, new: str, level: str, place: str, piece: str) -> None:
    findings = check_plan(small_plan((old, new)))
    said = [str(finding) for finding in findings]
    assert any(f.level == level and f.path == place and piece in str(f) for f in findings), said
    assert has_errors(findings) == (level == "error")


def test_sensible_plan_is_left_in_peace() -> None:
    assert check_plan(small_plan()) == []


def test_unused_catalogue() -> None:
    plan = small_plan(("class: dent", "class: dent\n    frequency: 0"), ("regions: [top]", "frequency: 0"))
    assert [f.path for f in check_plan(plan)] == ["defects"]


def test_back_light_alone_shows_no_surface() -> None:
    back = "{kind: back_light, name: low, size_mm: [90, 90], below_mm: 20}"
    plan = small_plan((LOW, back), ("lights: [ring]", "lights: [low]"))
    assert "station.channels" in [f.path for f in check_plan(plan)]


def test_line_camera_with_stretched_pixels_and_too_long_exposure() -> None:
    plan = small_plan(
        ("sensor_px: [2448, 2048]", "sensor_px: [2448, 1]"),
        (DISTANCE, DISTANCE + "\n  line_scan: {line_rate_hz: 5000, speed_mm_s: 300, length_mm: 60}"),
        (DARK, "{name: dark, lights: [low], exposure_ms: 0.5}"),
    )
    found = {f.path: f for f in check_plan(plan)}
    assert "9662 Hz makes them square" in found["station.line_scan.line_rate_hz"].way_out
    assert found["station.channels[1].exposure_ms"].level is Level.ERROR


def test_way_out_of_a_small_field_of_view_works() -> None:
    """What the check advises makes the warning go away."""
    plan = small_plan((DISTANCE, "working_distance_mm: 150"))
    (finding, *_) = [f for f in check_plan(plan) if f.path == "station"]
    advised = int(finding.way_out.split("move the camera to ")[1].split(" mm")[0])
    better = plan.with_value("station.working_distance_mm", advised)
    assert not [f for f in check_plan(better) if f.path == "station"]


def test_cad_file_must_be_there_and_inside_the_folder(tmp_path: Path) -> None:
    plan = small_plan(("60, 40, 5]", "60, 40, 5]\n  cad: plate.step"))
    assert [f.text for f in check_plan(plan, tmp_path) if f.level is Level.ERROR] == [
        "no file plate.step beside the plan"
    ]
    outside = tmp_path / "outside.step"
    outside.write_text("ISO-10303-21;")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "plate.step").symlink_to(outside)
    assert "leads out of the plan's folder" in str(check_plan(plan, inner)[0])
    (inner / "plate.step").unlink()
    (inner / "plate.step").write_text("hello")
    assert "expected a STEP file" in str(check_plan(plan, inner)[0])


FITTING_LENS = "lens: {kind: telecentric, magnification: 0.4, f_number: 10}"


def test_a_distance_beyond_the_depth_of_field_says_how_many_pixels_of_blur_it_means() -> None:
    """0.4× at f/10 on pixels of 3.45 µm: c = |z − s|·m²/N, so 2 % of 250 mm, 5 mm, are 80 µm or 23 pixels."""
    lens = (LENS, FITTING_LENS)
    assert not [one for one in check_plan(small_plan(lens)) if "randomisation" in one.path]
    asked = small_plan(lens, ("# the end", "policy:\n  randomisation: {distance: 0.02}"))
    (found,) = [one for one in check_plan(asked) if "randomisation" in one.path]
    assert (found.level, found.path) == (Level.WARNING, "policy.randomisation.distance")
    assert "±5 mm: up to 23 pixels of blur" in found.text
    assert found.way_out.startswith("leave it out for ±0.00086")


def test_a_distance_that_stays_in_focus_is_left_in_peace() -> None:
    near = small_plan(("# the end", "policy:\n  randomisation: {distance: 0.004}"))
    assert not [one for one in check_plan(near) if "randomisation" in one.path]
