"""Changing one setting changes nothing else; what was written comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.spec import BUILT_IN_TYPES, Plan, PlanError, Range, example_names, example_text, set_in_plan_file
from firstshift.spec.yaml_edit import as_yaml, in_line, with_value
from firstshift.spec.yaml_tree import parse_path, path_text, read_tree
from tests.spec.plans import SMALL, small_plan, small_text


def test_one_value_changes_and_every_comment_stays(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL)
    plan = set_in_plan_file(path, "station.working_distance_mm", 300)
    assert plan.station.working_distance_mm == 300
    assert path.read_text() == small_text(("working_distance_mm: 250", "working_distance_mm: 300"))


def test_setting_that_was_not_there_is_added_to_its_block(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL)
    set_in_plan_file(tmp_path, "defects[0].frequency", 2.5)
    set_in_plan_file(path, "station.lens.distortion.k1", -0.05)
    set_in_plan_file(path, "policy.routing.review_from", 0.6)
    plan = Plan.load(path)
    assert plan.defects[0].frequency == 2.5
    assert plan.station.lens.distortion.k1 == -0.05
    assert plan.policy.routing.review_from == 0.6
    expected = small_text(
        ("regions: [top]\n", "regions: [top]\n    frequency: 2.5\n"),
        ("f_number: 8}", "f_number: 8, distortion: {k1: -0.05}}"),
    )
    kept = [line for line in path.read_text().splitlines() if not line.startswith("policy")]
    assert kept == expected.splitlines()


def test_refused_change_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL)
    for setting, value in [
        ("station.working_distance_mm", "far"),
        ("station.working_distance_mm", float("nan")),
        ("defects[7].frequency", 1),
        ("station.channels[1].lights[0]", "nothing"),
        ("station.lens.focal", 3),
        ("name.inner", 3),
        ("", 3),
        ("a..b", 3),
        ("a[x]", 3),
    ]:
        with pytest.raises(BadInput):
            set_in_plan_file(path, setting, value)
        assert path.read_text() == SMALL
    assert [file.name for file in tmp_path.iterdir()] == ["plan.yaml"]


def test_ranges_and_blocks_as_values() -> None:
    plan = small_plan()
    dent = plan.defects[1]
    assert plan.with_value("defects[0].depth_um", Range(2, 20)).defects[0].depth_range_um == Range(2, 20)
    assert plan.with_value("defects[0]", dent).defects == (dent, dent)
    assert plan.with_value("defects", [dent]).defects == (dent,)
    assert plan.with_value("station.line_scan", None) == plan
    with pytest.raises(BadInput, match="expected a finite number"):
        plan.with_value("station.focus_mm", float("inf"))


def test_error_after_a_change_names_the_setting() -> None:
    with pytest.raises(PlanError, match=r"station\.lens\.f_number \(line 18\): expected a number of at least 0\.5"):
        small_plan().with_value("station.lens.f_number", 0)


def test_windows_line_ends_stay() -> None:
    text = SMALL.replace("\n", "\r\n")
    changed = (
        Plan.from_text(text).with_value("station.working_distance_mm", 300).with_value("part.round", True).to_yaml()
    )
    assert changed.count("\n") == changed.count("\r\n") == SMALL.count("\n") + 1


def test_saved_plan_is_the_text_it_was_read_from(tmp_path: Path) -> None:
    plan = small_plan()
    plan.save(tmp_path / "copy.yaml")
    assert (tmp_path / "copy.yaml").read_text() == SMALL
    copy = plan.model_copy(update={"name": "other"})
    copy.save(tmp_path / "copy.yaml")
    assert Plan.load(tmp_path / "copy.yaml") == copy != plan


def test_saving_follows_a_link_and_keeps_the_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "plan.yaml"
    real.write_text(SMALL)
    real.chmod(0o640)
    link.symlink_to(real)
    set_in_plan_file(link, "name", "other")
    assert link.is_symlink()
    assert Plan.load(real).name == "other"
    assert real.stat().st_mode & 0o777 == 0o640


def test_saving_into_nowhere_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a folder that can be written"):
        small_plan().save(tmp_path / "none" / "plan.yaml")


@pytest.mark.parametrize("name", example_names())
def test_example_survives_being_written_anew(name: str) -> None:
    plan = Plan.from_text(example_text(name))
    assert Plan.from_data(plan.as_data()) == plan
    bare = Plan.model_validate(plan.as_data())
    assert bare == plan
    assert Plan.from_text(bare.to_yaml()) == plan
    assert bare.content_hash() == plan.content_hash()


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    found = [(path, data)] if path else []
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        found += places(value, (*path, key))
    return found


TEXTS = {"small": SMALL, "strip": example_text("strip")}
PLACES = [(name, path) for name, text in TEXTS.items() for path, _ in places(read_tree(text).data)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_at_any_place(place: tuple[str, tuple[str | int, ...]], value: Any) -> None:
    """The edit is exact or refused: never another value changed (the plan's own rules are not asked here)."""
    name, path = place
    text = TEXTS[name]
    try:
        edited = with_value(text, path, value)
    except FirstshiftError:
        return
    before, after = dict(places(read_tree(text).data)), dict(places(read_tree(edited).data))
    for other, was in before.items():
        related = other[: len(path)] == path or path[: len(other)] == other
        assert related or after[other] == was
    assert after[path] == value
    if not isinstance(before[path], dict | list):
        lines = text.splitlines()
        changed = [line for line in edited.splitlines() if line not in lines]
        assert len(changed) <= 2


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_value_in_one_line_reads_back(value: Any) -> None:
    assert read_tree(f"a: {in_line(value)}\n").data == {"a": value}
    assert read_tree(as_yaml({"a": value, "b": [value, {"c": value}]})).data == {"a": value, "b": [value, {"c": value}]}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_plan_made_by_a_program_round_trips(data: st.DataObject) -> None:
    numbers = st.floats(0.01, 50).map(lambda x: round(x, 4))
    ranges = st.tuples(numbers, numbers).map(lambda pair: sorted(pair))
    base = small_plan().as_data()
    base["station"]["working_distance_mm"] = data.draw(st.floats(26, 1e4))
    base["note"] = data.draw(st.none() | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40))
    base["defects"] = [
        {
            "type": "scratch",
            "class": data.draw(st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_]{0,12}", fullmatch=True)),
            "length_mm": data.draw(ranges),
            "width_mm": data.draw(ranges),
            "depth_um": data.draw(ranges),
        }
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    plan = Plan.from_data(base)
    assert Plan.from_text(plan.to_yaml()) == plan
    assert Plan.from_text(as_yaml(plan.as_data())) == plan
    assert [entry["width_mm"] for entry in plan.as_data()["defects"]] == [
        entry["width_mm"] for entry in base["defects"]
    ]


def test_paths() -> None:
    assert parse_path("defects[2].depth_um") == ("defects", 2, "depth_um")
    assert path_text(("defects", 2, "depth_um")) == "defects[2].depth_um"
    assert path_text(("a", 0, 1)) == "a[0][1]"


def test_range() -> None:
    assert 0.5 in Range(0.1, 0.5)
    assert 0.6 not in Range(0.1, 0.5)
    assert Range(1, 3).middle == 2
    assert Range(1, 3).at(0.25) == 1.5
    assert "scratch" in BUILT_IN_TYPES.names
