"""How images are spread over poses: a small run is varied, a large one quick, and asking for more changes nothing."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

from firstshift.line.synth.classes import first_images, pose_of
from firstshift.line.synth.drawing import units_of
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.settings import GOOD, SynthSettings


def test_small_runs_are_varied_and_large_ones_share_poses(bracket: Path) -> None:
    plan = order_for(bracket, SynthSettings(good=1)).plan().with_value("synthetic.images_per_pose", 25)
    assert len({pose_of(plan, "scratch", number) for number in range(10)}) >= 7
    large = [pose_of(plan, "scratch", number) for number in range(2000)]
    assert large.count(large[-26]) == 25
    assert len(set(large)) < 2000 / 25 + 20
    firsts = list(islice(first_images(plan, "scratch"), 200))
    assert [large.index(pose) for pose in range(60)] == firsts[:60]
    for first, following in pairwise(firsts):
        assert following - first <= max(1, first / 4 + 1)
    assert [pose_of(plan, GOOD, number) for number in range(5)] == [0, 1, 2, 3, 4]


def test_a_unit_is_a_pose_and_asking_for_more_only_adds(bracket: Path) -> None:
    plan = order_for(bracket, SynthSettings(good=1)).plan()
    few = units_of(plan, SynthSettings(good=9, per_defect=23), ("scratch",))
    many = units_of(plan, SynthSettings(good=9, per_defect=90), ("scratch",))
    for units, count in ((few, 23), (many, 90)):
        numbers = sorted(number for unit in units if unit.kind == "scratch" for number in unit.numbers)
        assert numbers == list(range(count))
        for unit in units:
            if unit.kind == "scratch":
                assert len({pose_of(plan, "scratch", number) for number in unit.numbers}) == 1
