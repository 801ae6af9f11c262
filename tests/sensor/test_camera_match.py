"""A profile of another camera than the plan's is refused where it is loaded, and the way out fits the difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.errors import BadInput
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import SynthSettings
from firstshift.sensor.profile import usual_profile
from firstshift.spec.examples import copy_example
from firstshift.spec.plan import Plan


@pytest.fixture(scope="module")
def bracket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bracket") / "plan"
    copy_example("bracket", folder)
    return folder / "plan.yaml"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sensor_px": (1224, 1024)}, "that is the plan's binned 2 × 2"),
        ({"sensor_px": (4896, 4096)}, "the plan's image is that binned 2 × 2"),
        ({"sensor_px": (2048, 2048)}, "a crop of the plan's image"),
        ({"sensor_px": (2592, 2048)}, "may be a crop of that"),
        ({"sensor_px": (2048, 2448)}, "width comes first"),
        ({"sensor_px": (2449, 2047)}, "another camera's profile?"),
        ({"colour": "colour"}, "colour: expected mono"),
    ],
)
def test_another_sensor_is_refused_in_one_line(bracket: Path, changes: dict[str, object], said: str) -> None:
    camera = Plan.load(bracket).station.camera
    usual_profile(camera).model_copy(update=changes).save(bracket.with_name("other.json"))
    with pytest.raises(BadInput) as caught:
        order_for(bracket, SynthSettings(good=1), bracket.with_name("other.json"))
    message = caught.value.message
    assert message.startswith("other.json: ")
    assert said in message
    assert "calibrate again" in message
    assert "\n" not in message


def test_the_plans_own_and_one_of_unknown_size_are_taken(bracket: Path) -> None:
    own = usual_profile(Plan.load(bracket).station.camera)
    for made_for in (own.sensor_px, None):
        own.model_copy(update={"sensor_px": made_for}).save(bracket.with_name("own.json"))
        assert order_for(bracket, SynthSettings(good=1), bracket.with_name("own.json")).profile is not None


def test_of_a_line_camera_only_the_width_counts(tmp_path: Path) -> None:
    copy_example("strip", tmp_path / "plan")
    plan = tmp_path / "plan" / "plan.yaml"
    camera = Plan.load(plan).station.camera
    for width, fits in ((camera.sensor_px[0], True), (camera.sensor_px[0] // 2, False)):
        profile = usual_profile(camera).model_copy(update={"sensor_px": (width, 1000)})
        profile.save(tmp_path / "p.json")
        if fits:
            order_for(plan, SynthSettings(good=1), tmp_path / "p.json")
        else:
            with pytest.raises(BadInput, match="sensor_px"):
                order_for(plan, SynthSettings(good=1), tmp_path / "p.json")
