"""`firstshift dataset …`: split, snapshot, diff, stats, the golden set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode
from firstshift.core.capture import Capture
from firstshift.core.decode import probe_image
from firstshift.store.workspace import Workspace
from tests.cli.conftest import Terminal
from tests.pictures import jpeg


def test_split_look_snapshot(run: Terminal, here: Path, ids: list[str]) -> None:
    with Workspace.open(here) as ws:  # the same part once more: another photograph with its serial
        twin = ws.images.add(jpeg(77), Capture(serial="BR-000000-A"))
    words = ("dataset", "split", "--share", "train=0.5", "--share", "test=0.5", "--seed", "7")
    ran = run(*words, "--out", "split.json")
    assert ran.code == 0
    assert "7 images split; 1 group of images that belong together hold 2 of them" in ran.out
    assert "held-out images beside a repeat" in " ".join(ran.out.split())
    assert "same serial BR-000000-A" in " ".join(ran.out.split())
    split = json.loads((here / "split.json").read_text())
    assert split["sides"][ids[0]] == split["sides"][twin.id]
    assert run(*words, "--json").json == split, "the same seed gives the same split"

    made = run("dataset", "snapshot", "v1", "--split", "split.json", "--note", "first", "--json").json
    assert made["sides"] == split["images"]
    assert made["selection"]["split"] == split["split"]
    assert run("dataset", "snapshot", "v1", "--split", "split.json").code == ExitCode.DONE, "the same again"
    assert run("dataset", "snapshot", "v1").code == ExitCode.REFUSED, "another one of that name"
    listed = run("dataset", "list")
    assert "first" in listed.out
    assert len(run("dataset", "list", "--json").json["snapshots"]) == 1


def test_snapshot_and_split_in_one(run: Terminal, here: Path) -> None:
    ran = run("dataset", "snapshot", "v1", "--share", "train=0.5", "--share", "test=0.5", "--labelled")
    assert ran.code == 0
    assert "train (50%)" in ran.out
    assert "snapshot v1: 5 images" in ran.out
    plain = run("dataset", "snapshot", "v2", "--json").json
    assert (plain["images"], plain["sides"]) == (6, {"all": 6})


def test_diff_names_what_changed_and_ends_with_one(run: Terminal, here: Path, ids: list[str]) -> None:
    run("dataset", "snapshot", "v1", "--labelled")
    run("images", "label", ids[4], "good")
    run("dataset", "snapshot", "v2")
    ran = run("dataset", "diff", "v1", "v2")
    assert ran.code == ExitCode.FOUND
    assert "the two differ; 4 images unchanged" in ran.out
    changes = run("dataset", "diff", "v1", "v2", "--json").json
    assert (changes["added"], changes["relabelled"]) == ([ids[5]], [ids[4]])
    same = run("dataset", "diff", "v2", "v2")
    assert (same.code, "the two hold the same" in same.out) == (ExitCode.DONE, True)


def test_golden_images_never_train(run: Terminal, here: Path, ids: list[str]) -> None:
    (here / "chosen.txt").write_text(f"# drawn at random\n{ids[1]}\n\n{ids[2][:12]}\n")
    added = run("dataset", "golden", "add", ids[1][:12], "--from", "chosen.txt", "--reason", "release set")
    assert added.out == "2 images added to the golden set\n"
    assert "2 golden images" in run("dataset", "golden", "list").out
    assert run("images", "search", "--golden", "--count").out == "2 images\n"
    made = run("dataset", "snapshot", "v1", "--json").json
    assert (made["images"], sum(made["left_out"].values())) == (4, 2)
    assert run("dataset", "snapshot", "judge", "--golden", "--purpose", "evaluate", "--json").json["images"] == 2
    refused = run("dataset", "golden", "add", ids[0], "--reason", "too late")
    assert refused.code == ExitCode.REFUSED
    again = run("dataset", "golden", "remove", ids[1], ids[2], "--reason", "wrong part", "--json").json
    assert again["changed"] == 2
    assert run("dataset", "golden", "remove", ids[1], "--reason", "x").out.startswith("0 images taken out")


def test_stats_in_numbers_and_as_a_picture(run: Terminal, here: Path) -> None:
    ran = run("dataset", "stats", "--picture", "overview.png")
    assert ran.code == 0
    assert "scratch" in ran.out
    assert "unlabelled" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert probe_image((here / "overview.png").read_bytes(), "overview.png").width > 500
    stats = run("dataset", "stats", "--class", "scratch", "--json").json
    assert (stats["images"], stats["classes"]["scratch"]["annotations"]) == (2, 2)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"firstshift_split": 2}', '{"firstshift_split": 1}', '{"firstshift_split": 1, "sides": {"a": 1}}'],
)
def test_a_split_file_that_is_none_freezes_nothing(run: Terminal, here: Path, text: str) -> None:
    (here / "s.json").write_text(text)
    ran = run("dataset", "snapshot", "v1", "--split", "s.json")
    assert (ran.code, ran.err.count("\n")) == (ExitCode.BAD_INPUT, 1)
    assert "s.json" in ran.err
    assert run("dataset", "list").out == "no snapshots\n"


def test_a_split_file_may_name_no_image_that_is_not_there(run: Terminal, here: Path) -> None:
    (here / "s.json").write_text('{"firstshift_split": 1, "sides": {"img_ff": "train"}}')
    assert run("dataset", "snapshot", "v1", "--split", "s.json").code == ExitCode.NOT_FOUND


def test_a_snapshot_without_sides_says_how_they_are_made(run: Terminal, here: Path) -> None:
    assert "hint: all images are on one side; `--share train=0.7 --share" in run("dataset", "snapshot", "one").out
    shared = run("dataset", "snapshot", "two", "--share", "train=0.5", "--share", "test=0.5", "--no-repeats")
    assert (shared.code, "hint:" in shared.out) == (0, False)
    judged = run("dataset", "snapshot", "three", "--purpose", "evaluate")
    assert (judged.code, "hint:" in judged.out) == (0, False)
