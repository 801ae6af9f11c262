"""Split: what belongs together stays together, every class has its share, golden images and their parts stay out."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.line.datasets import GOLDEN_TWIN, UNLABELLED, snapshot_dataset
from firstshift.line.importing import import_dataset
from firstshift.line.signatures import cache_folder
from firstshift.line.splitting import GOLDEN, UNSURE, WITH_GOLDEN, SplitPlan, split_dataset
from firstshift.store.images import NewImage
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from tests.line.data_sets import class_folders, photographs, workspace
from tests.pictures import jpeg

HALVES = {"train": 0.5, "test": 0.5}


def add(ws: Workspace, number: int, verdict: str = "good", **capture: object) -> str:
    label = Label.good() if verdict == "good" else Label.defect(Annotation(verdict))
    return ws.images.add(jpeg(number), Capture(**capture), label=label).id  # type: ignore[arg-type]


def sides_of(plan: SplitPlan, images: list[str]) -> set[str]:
    return {plan.sides[image] for image in images}


def test_a_serial_is_never_on_two_sides(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        parts = [[add(ws, 10 * p + k, serial=f"SN-{p}") for k in range(3)] for p in range(12)]
        plan = split_dataset(ws, find_repeats=False, seed=1)
    assert all(len(sides_of(plan, part)) == 1 for part in parts)
    assert len(plan.sides) == 36
    assert {len(group.images) for group in plan.groups} == {3}
    assert plan.groups[0].ties[0].why == "same serial SN-0"
    assert plan.would_leak > 8, "11 held-out images, nearly all with a sister in training"
    assert "a split by image would have leaked about" in plan.warnings[0]


@pytest.mark.parametrize("stratify", [True, False])
def test_every_class_has_its_share(stratify: bool, tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        number = iter(range(1000))
        new = []
        for verdict, count in {"good": 100, "scratch": 40, "dent": 20, "pore": 10}.items():
            label = Label.good() if verdict == "good" else Label.defect(Annotation(verdict))
            new += [NewImage(jpeg(next(number), 24), Capture(serial=str(k // 2), lot=verdict)) for k in range(count)]
            ids = [record.id for record in ws.images.add_many(new)]
            for image in ids:
                ws.labels.add(image, label)
            new = []
        plan = split_dataset(ws, find_repeats=False, stratify=stratify, keep_together=(), seed=2)
        again = split_dataset(ws, find_repeats=False, stratify=stratify, keep_together=(), seed=2)
        other = split_dataset(ws, find_repeats=False, stratify=stratify, keep_together=(), seed=3)
    assert plan == again
    assert plan.sides != other.sides
    counts = {side: sum(table.values()) for side, table in plan.classes.items()}
    assert abs(counts["train"] - 119) <= 1
    assert abs(counts["val"] - counts["test"]) <= 1
    if stratify:
        assert plan.classes["train"] == {"dent": 14, "good": 70, "pore": 7, "scratch": 28}
        assert {plan.classes[side]["pore"] for side in ("val", "test")} <= {1, 2}


def test_photographs_of_one_part_are_found_and_kept_together(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        parts = [[ws.images.add(data, label=Label.good()).id for data in photographs(p, 3)] for p in range(4)]
        plan = split_dataset(ws, shares=HALVES, seed=1)
        assert all(len(sides_of(plan, part)) == 1 for part in parts)
        assert sorted(sorted(group.images) for group in plan.groups) == sorted(sorted(part) for part in parts)
        assert all("landmarks" in tie.why for group in plan.groups for tie in group.ties)
        cached = sorted(path.name for path in cache_folder(ws).rglob("*") if path.is_file())
        assert cached == sorted({image.content for image in ws.images.all()})
        # The cache changes nothing: not when it is there, not when it is gone, not when it is damaged.
        for path in list(cache_folder(ws).rglob("*"))[:9]:
            if path.is_file():
                path.write_bytes(b"damaged")
        assert split_dataset(ws, shares=HALVES, seed=1) == plan


def test_golden_images_and_their_parts_are_given_to_no_side(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        golden, sister = add(ws, 1, serial="SN-1"), add(ws, 2, serial="SN-1")
        twin = add(ws, 1, serial="SN-9")
        rest = [add(ws, k) for k in range(10, 20)]
        ws.images.set_golden([golden], True, reason="judges the next model")
        plan = split_dataset(ws, find_repeats=False)
        assert plan.left_out == {GOLDEN: (golden,), WITH_GOLDEN: tuple(sorted((sister, twin)))}
        assert set(plan.sides) == set(rest)
        without = split_dataset(ws, [sister, *rest], find_repeats=False)
        assert without.left_out == {WITH_GOLDEN: (sister,)}, "also when the golden image itself was not asked for"
        assert snapshot_dataset(ws, "v1", plan).snapshot.image_count == 10
        whole = snapshot_dataset(ws, "without a split")
        assert whole.left_out == {GOLDEN: (golden,), WITH_GOLDEN: (sister,), GOLDEN_TWIN: (twin,)}


def test_unsure_images_are_left_out(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        unsure = ws.images.add(jpeg(1), label=Label(Verdict.UNSURE)).id
        for k in range(2, 8):
            add(ws, k)
        plan = split_dataset(ws, find_repeats=False)
    assert plan.left_out == {UNSURE: (unsure,)}


def test_what_was_made_from_an_image_stays_with_it(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        for k in range(10):
            parent = add(ws, k)
            made = Capture(origin=Origin.AUGMENTED, provenance={"parents": [parent], "seed": k})
            child = ws.images.add(jpeg(100 + k), made).id
            assert parent != child
        plan = split_dataset(ws, find_repeats=False, shares=HALVES)
        assert len(plan.groups) == 10
        assert all(group.side in HALVES and group.ties[0].why == "made from it" for group in plan.groups)


def test_imported_splits_are_kept_when_asked_and_leaks_across_them_told(tmp_path: Path) -> None:
    for side, first in (("train", 0), ("test", 50)):
        class_folders(tmp_path / "set" / side, {"good": 5, "scratch": 5}, first)
    torn = tmp_path / "set/test/good/same as 000.jpg"
    torn.write_bytes((tmp_path / "set/train/good/000.jpg").read_bytes())
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, tmp_path / "set")
        plan = split_dataset(ws, shares=HALVES, respect_imported=True, find_repeats=False)
        sources = {image.capture.source: plan.sides[image.id] for image in ws.images.all()}
        assert sources["good/001.jpg"] == "train"
        assert sources["good/050.jpg"] == "test"
        assert (sources["good/000.jpg"], sources["good/same as 000.jpg"]) == ("train", "test")
        assert [set(group.names) for group in plan.torn] == [{"good/000.jpg", "good/same as 000.jpg"}]
        assert any("tear a group" in warning for warning in plan.warnings)
        mended = split_dataset(ws, shares=HALVES, find_repeats=False)
        assert mended.torn == ()


def test_fields_that_came_with_an_import_hold_groups_together_too(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    rows = ["file,class,pallet"]
    for k in range(12):
        (folder / f"{k}.jpg").write_bytes(jpeg(k))
        rows.append(f"{k}.jpg,good,P{k // 4}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    with workspace(tmp_path / "ws") as ws:
        import_dataset(ws, folder)
        plan = split_dataset(ws, keep_together=("pallet",), find_repeats=False, shares={"train": 2 / 3, "test": 1 / 3})
        assert sorted(len(group.images) for group in plan.groups) == [4, 4, 4]
        with pytest.raises(BadInput, match="keep together"):
            split_dataset(ws, keep_together=("palet",), find_repeats=False)


@pytest.mark.parametrize(
    "shares", [{}, {"train": 0.5}, {"train": 1.5, "test": -0.5}, {"train": 0.5, "te\nst": 0.5}, {"train": float("nan")}]
)
def test_shares_that_make_no_sense_are_refused(shares: dict[str, float], tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        add(ws, 1)
        with pytest.raises(BadInput, match="split shares"):
            split_dataset(ws, shares=shares)


def test_a_training_snapshot_leaves_out_what_may_not_train(tmp_path: Path) -> None:
    with workspace(tmp_path / "ws") as ws:
        golden, twin, plain = add(ws, 1, serial="a"), add(ws, 1, serial="b"), add(ws, 2)
        unsure = ws.images.add(jpeg(3), label=Label(Verdict.UNSURE)).id
        bare = ws.images.add(jpeg(4)).id
        ws.images.set_golden([golden], True, reason="judges")
        frozen = snapshot_dataset(ws, "v1", labelled_only=True)
        assert {item.image for item in ws.snapshots.items("v1")} == {plain}
        assert frozen.left_out == {GOLDEN: (golden,), GOLDEN_TWIN: (twin,), UNSURE: (unsure,), UNLABELLED: (bare,)}
        assert snapshot_dataset(ws, "v2").snapshot.image_count == 2
        judged = snapshot_dataset(ws, "judges", Query(golden=True), purpose="evaluate")
        assert judged.snapshot.image_count == 1
        assert judged.snapshot.selection["query"] == {"golden": True}
        with pytest.raises(BadInput, match=r"at least one image.*golden"):
            snapshot_dataset(ws, "v3", Query(golden=True))
