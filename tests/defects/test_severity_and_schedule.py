"""How bad and how many: severity bands, several flaws in one image, which come together."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.defects.draw import draw_flaw
from firstshift.defects.drawn_types import DRAWN_TYPES
from firstshift.defects.draws import band_of
from firstshift.defects.schedule import Together, draw_flaws_of
from firstshift.defects.scratch import ScratchFlaw
from firstshift.spec.examples import example_names, example_text
from firstshift.spec.plan import Plan
from tests.defects.entries import entry_of, ground, mean_and_bound

DEFECTS = [entry_of(drawn, **{"class": drawn.name}) for drawn in DRAWN_TYPES.types]
SOME = [DEFECTS[0], DEFECTS[1], DEFECTS[4]]


def test_bands_cover_the_whole_range_and_overlap() -> None:
    bands = [band_of((1, 5), grade) for grade in range(1, 6)]
    assert bands[0].low == 0
    assert bands[-1].high == 1
    for milder, worse in pairwise(bands):
        assert milder.low < worse.low < milder.high < worse.high
    assert band_of((3, 3), 3).as_list() == [0, 1]
    with pytest.raises(BadInput, match="expected a grade from 2 to 4, found 5"):
        band_of((2, 4), 5)


def test_worse_flaws_are_longer_wider_and_deeper() -> None:
    entry = entry_of(ScratchFlaw())
    means: dict[str, list[float]] = {"length_mm": [], "width_mm": [], "depth_um": []}
    for grade in (1, 3, 5):
        drawn = [draw_flaw(entry, ground(0.1), grade, Seed(s)).parameters for s in range(40)]
        for name, mean in means.items():
            mean.append(mean_and_bound([p[name] for p in drawn])[0])
    for mean in means.values():
        assert mean[0] * 1.5 < mean[1] < mean[2] / 1.5


def test_one_flaw_by_default_and_the_same_for_the_same_seed() -> None:
    one = draw_flaws_of(SOME, seed=Seed(3))
    assert one == draw_flaws_of(SOME, seed=Seed(3))
    assert len(one) == 1
    assert len({draw_flaws_of(SOME, seed=Seed(s))[0].seed.value for s in range(20)}) == 20


def test_classes_come_as_often_as_their_frequency_says() -> None:
    entries = [SOME[0].model_copy(update={"frequency": 3.0}), SOME[1], SOME[2].model_copy(update={"frequency": 0.0})]
    n = 2000
    found = Counter(draw_flaws_of(entries, seed=Seed(s))[0].class_name for s in range(n))
    assert abs(found["scratch"] / n - 0.75) < 4 * np.sqrt(0.75 * 0.25 / n)
    assert found["crack"] == 0


def test_count_and_density() -> None:
    several = [SOME[0].model_copy(update={"count": (2, 4)}), *SOME[1:]]
    counts = Counter(len(draw_flaws_of(several, target_class="scratch", seed=Seed(s))) for s in range(300))
    assert set(counts) == {2, 3, 4}
    counts = Counter(len(draw_flaws_of(SOME, per_image=(3, 5), seed=Seed(s))) for s in range(300))
    assert set(counts) == {3, 4, 5}
    counts = Counter(
        len(draw_flaws_of(several, target_class="scratch", per_image=(1, 1), seed=Seed(s))) for s in range(9)
    )
    assert set(counts) == {1}
    with pytest.raises(BadInput, match=r"flaws per image: expected .*, found"):
        draw_flaws_of(SOME, per_image=(3, 2), seed=Seed(0))


def test_which_flaws_share_an_image() -> None:
    def others(together: Together, n: int = 600) -> Counter[str]:
        return Counter(
            one.class_name
            for s in range(n)
            for one in draw_flaws_of(
                SOME, target_class="scratch", per_image=(2, 2), together=together, seed=Seed(s)
            )[1:]
        )  # fmt: skip

    assert set(others(Together(mixed=0))) == {"scratch"}
    assert "scratch" not in others(Together(mixed=1))
    mixed = others(Together(mixed=0.4))
    assert abs(1 - mixed["scratch"] / 600 - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 600)
    likelier = others(Together(mixed=1, likelier={("dent", "scratch"): 4}))
    assert abs(likelier["dent"] / 600 - 0.8) < 4 * np.sqrt(0.8 * 0.2 / 600)
    with pytest.raises(BadInput, match="mixed"):
        Together(mixed=1.5)


def test_what_cannot_be_drawn_is_left_out_or_refused_in_one_line() -> None:
    found = {one.class_name for s in range(300) for one in draw_flaws_of(DEFECTS, seed=Seed(s))}
    assert found == {drawn.name for drawn in DRAWN_TYPES.types} - {"other"}
    with pytest.raises(BadInput, match=r"a type without a model.*real images"):
        draw_flaws_of(DEFECTS, target_class="other", seed=Seed(0))
    with pytest.raises(BadInput, match="no model draws it"):
        draw_flaw(DEFECTS[-1], ground(), 3, Seed(0))
    with pytest.raises(BadInput, match="expected one of scratch, dent, crack, found scrach"):
        draw_flaws_of(SOME, target_class="scrach", seed=Seed(0))
    with pytest.raises(BadInput, match="an edge of the part"):
        draw_flaw(next(e for e in DEFECTS if e.type == "burr"), ground(edge=False), 3, Seed(0))


@pytest.mark.parametrize("name", example_names())
def test_every_entry_of_the_example_plans_can_be_drawn(name: str) -> None:
    for entry in Plan.from_text(example_text(name)).defects:
        if DRAWN_TYPES.can_be_drawn(entry):
            for grade in entry.severity:
                assert draw_flaw(entry, ground(0.05), grade, Seed(1)).mask.any()
