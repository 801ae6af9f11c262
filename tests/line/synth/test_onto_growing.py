"""More photographs, or more of each class, only add to a run onto photographs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from firstshift.core.encode import encode_png
from firstshift.line.synth.onto import put_onto
from firstshift.line.synth.onto_assigning import Wish, assigned
from firstshift.line.synth.onto_order import OntoSettings
from firstshift.store.audit import verify_workspace
from firstshift.store.workspace import Workspace
from tests.line.synth.retired import retire_all
from tests.line.synth.tiles import made, photograph, taken, tile_order

CLASSES = ("blowhole", "chip", "stain")
TEN = [f"img_{number}" for number in range(10)]


def wishes_of(wanted: dict[str, tuple[Wish, ...]]) -> dict[Wish, str]:
    return {wish: image for image, wishes in wanted.items() for wish in wishes}


@pytest.mark.parametrize("asked", [OntoSettings(per_defect=7, seed=4), OntoSettings(per_photo=4, seed=4)])
def test_what_is_there_stays_and_no_number_comes_twice(asked: OntoSettings) -> None:
    few = wishes_of(assigned(TEN[:4], CLASSES, asked, {}))
    more = assigned(TEN, CLASSES, asked, few)
    assert not few.keys() & wishes_of(more).keys()
    if asked.per_photo:
        assert set(more) == set(TEN[4:])
        assert {len(wishes) for wishes in more.values()} == {4}
    else:
        assert more == {}
    twice = replace(asked, per_defect=2 * asked.per_defect, per_photo=2 * asked.per_photo)
    grown = wishes_of(assigned(TEN, CLASSES, twice, few))
    assert not few.keys() & grown.keys()
    assert set(TEN[4:]) <= set(grown.values()), "the new ones get their share"


@pytest.mark.parametrize("asked", [OntoSettings(per_defect=7, seed=4), OntoSettings(per_photo=4, seed=4)])
def test_a_run_that_was_stopped_chooses_as_if_it_had_not_been(asked: OntoSettings) -> None:
    whole = assigned(TEN, CLASSES, asked, {})
    for done in range(len(whole) + 1):
        first = wishes_of(dict(list(whole.items())[:done]))
        rest = wishes_of(assigned(TEN, CLASSES, asked, first))
        assert first | rest == wishes_of(whole)


def test_flaws_are_spread_over_photographs_and_classes() -> None:
    by_class = wishes_of(assigned(TEN, CLASSES, OntoSettings(per_defect=20, seed=1), {}))
    for name in CLASSES:
        counts = Counter(image for (kind, _), image in by_class.items() if kind == name)
        assert set(counts.values()) == {2}
    by_photo = assigned(TEN, CLASSES, OntoSettings(per_photo=3, seed=1), {})
    assert all({kind for kind, _ in wishes} == set(CLASSES) for wishes in by_photo.values())
    single = wishes_of(assigned(TEN, CLASSES, OntoSettings(per_photo=1, seed=1), {}))
    assert sorted(Counter(kind for kind, _ in single).values()) == [3, 3, 4]


@pytest.mark.parametrize("mode", ["per_photo", "per_defect"])
def test_one_photograph_more_adds_its_images_and_no_others(ws: Workspace, tmp_path: Path, mode: str) -> None:
    order = tile_order(tmp_path)
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in (0, 1):
        (folder / f"tile{number}.png").write_bytes(encode_png(photograph(number)))
    two = OntoSettings(seed=1, per_photo=1) if mode == "per_photo" else OntoSettings(seed=1, per_defect=1)
    more = two if mode == "per_photo" else replace(two, per_defect=2)
    before = put_onto(ws, order, two, taken(ws, folder))
    first = {one.id for one in made(ws)}
    (folder / "tile2.png").write_bytes(encode_png(photograph(2)))
    after = put_onto(ws, order, more, taken(ws, folder))
    new = [one for one in made(ws) if one.id not in first]
    assert after.run == before.run
    assert first < {one.id for one in made(ws)}
    assert (after.images, after.known) == (len(new), len(first))
    assert sum(after.parts.values()) == len(first) + len(new)
    third = next(image for image, name in taken(ws, folder).items() if name == "tile2.png")
    parents = [one.capture.parents[0] for one in new]
    assert parents == [third] if mode == "per_photo" else third in parents
    again = put_onto(ws, order, more, taken(ws, folder))
    assert (again.images, again.known) == (0, len(first) + len(new))


def test_what_retention_took_goes_onto_its_photograph_again(ws: Workspace, tmp_path: Path) -> None:
    order = tile_order(tmp_path)
    (tmp_path / "tile.png").write_bytes(encode_png(photograph(0)))
    asked = OntoSettings(seed=1, per_photo=1)
    photographs = taken(ws, tmp_path / "tile.png")
    put_onto(ws, order, asked, photographs)
    (old,) = made(ws)
    retire_all(ws, "augmented", of=1)
    said = put_onto(ws, order, asked, photographs)
    assert (said.images, said.known, said.retired) == (0, 0, 1)
    said = put_onto(ws, order, asked, photographs, again=True)
    assert (said.images, said.known, said.retired) == (1, 0, 0)
    (new,) = [one for one in made(ws) if one.id != old.id]
    assert (new.content, new.capture.provenance["again_of"]) == (old.content, old.id)
    assert dict(said.parts) == {new.capture.provenance["kind"]: 1}
    assert not verify_workspace(ws).problems
