"""`firstshift import` and `firstshift export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode
from tests.cli.conftest import Terminal
from tests.pictures import jpeg


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number, name in enumerate(("good", "good", "scratch", "dent")):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name / f"{number}.jpg").write_bytes(jpeg(100 + number))
    return tmp_path / "photos"


def test_import_says_what_it_would_do_then_does_it_once(run: Terminal, here: Path, photos: Path) -> None:
    words = ("import", photos, "--station", "cell-9", "--lot", "B7")
    tried = run(*words, "--dry-run")
    assert tried.out.startswith("4 new images would be imported; nothing was written\n")
    assert run("images", "search", "--lot", "B7", "--count").out == "0 images\n"
    done = run(*words)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("4 new images imported\n")
    assert "class_folders" in done.out
    assert run("images", "search", "--lot", "B7", "--station", "cell-9", "--class", "dent", "--count").out[:2] == "1 "
    again = run(*words)
    assert again.out.startswith("0 new images imported, 4 known already\n")
    assert "0 new images would be imported, 4 known already" in run(*words, "--dry-run").out


def test_one_bad_file_stops_the_import_or_is_left_out(run: Terminal, here: Path, photos: Path) -> None:
    (photos / "good" / "cut.jpg").write_bytes(jpeg(7)[:400])
    before = run("audit", "log", "--json").json
    stopped = run("import", photos)
    assert (stopped.code, stopped.out) == (ExitCode.BAD_INPUT, "")
    assert "cut.jpg" in stopped.err
    assert run("audit", "log", "--json").json == before
    tried = run("import", photos, "--dry-run")
    assert tried.code == ExitCode.FOUND
    assert "1 problem, each would be left out" in tried.out
    skipped = run("import", photos, "--skip-problems", "--json")
    assert skipped.code == ExitCode.FOUND
    assert (skipped.json["new"], len(skipped.json["problems"])) == (4, 1)


def test_options_of_reading_reach_the_format(run: Terminal, here: Path, tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "a.jpg").write_bytes(jpeg(50))
    (tmp_path / "table" / "labels.csv").write_text("bild,befund\na.jpg,Kratzer\n")
    ran = run(
        "import", tmp_path / "table", "--format", "csv", "--column", "bild=file", "--column", "befund=class",
        "--level", "senior", "--author", "human:eva", "--reason", "audit", "--json",
    )  # fmt: skip
    assert ran.json["classes"] == ["Kratzer"]
    [image] = run("images", "search", "--class", "Kratzer", "--json").json["images"]
    label = image["label"]
    assert (label["author"], label["level"], label["reason"]) == ("human:eva", "senior", "audit")


def test_export_lists_what_the_format_cannot_hold(run: Terminal, here: Path, tmp_path: Path) -> None:
    ran = run("export", tmp_path / "out", "--format", "yolo", "--class", "scratch", "--task", "detect")
    assert ran.code == 0
    assert ran.out.startswith("2 images and 2 annotations written to")
    assert "Not kept" in ran.out
    assert run("export", tmp_path / "out", "--format", "yolo").code == ExitCode.BAD_INPUT, "the folder is in use"
    report = run("export", tmp_path / "coco", "--format", "coco", "--json").json
    assert report["images"] == 6
    assert len(list((tmp_path / "coco").rglob("*.jpg"))) == 6


def test_a_snapshot_comes_back_as_it_was_exported(run: Terminal, here: Path, tmp_path: Path) -> None:
    assert run("dataset", "snapshot", "v1", "--share", "train=0.5", "--share", "test=0.5").code == 0
    exported = run("export", tmp_path / "out", "-f", "coco", "--snapshot", "v1", "--json").json
    assert exported["splits"] == {"test": 3, "train": 3}
    assert run("new", tmp_path / "other").code == 0
    imported = run("import", tmp_path / "out", "-w", tmp_path / "other", "--json").json
    assert (imported["new"], imported["splits"]) == (6, {"test": 3, "train": 3})
    both = run("export", tmp_path / "x", "-f", "coco", "--snapshot", "v1", "--golden")
    assert both.code == ExitCode.BAD_INPUT


def test_the_way_out_of_a_stopped_import_is_an_option_that_exists(run: Terminal, here: Path, photos: Path) -> None:
    (photos / "good" / "cut.jpg").write_bytes(jpeg(7)[:400])
    said = run("import", photos).err
    assert said.endswith("mend it, or skip what is bad with --skip-problems\n")
    assert "on_problem" not in said


def test_a_column_can_only_mean_what_is_known(run: Terminal, here: Path, tmp_path: Path) -> None:
    table = tmp_path / "table" / "t.csv"
    table.parent.mkdir()
    (table.parent / "a.jpg").write_bytes(jpeg(201))
    table.write_text("file,date,shift\na.jpg,2026-11-20T08:00:00Z,early\n")
    wrong = run("import", table.parent, "--format", "csv", "--column", "date=bar")
    assert (wrong.code, wrong.out) == (ExitCode.BAD_INPUT, "")
    assert wrong.err.startswith("error: --column: expected a meaning out of file, class, verdict, x, y,")
    assert "captured_at" in wrong.err
    assert wrong.err.endswith("found date=bar; date=capture.bar keeps the column with each image, as it is\n")
    kept = run(
        "import", table.parent, "--format", "csv", "--column", "date=captured_at", "--column", "shift=capture.crew"
    )
    assert (kept.code, kept.err) == (0, "")
    [image] = run("images", "search", "--source", "a.jpg", "--json").json["images"]
    assert image["capture"]["captured_at"].startswith("2026-11-20T08:00:00")
    assert image["capture"]["provenance"]["imported"]["extra"]["crew"] == "early"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("import photos --format shapefile", "--format"),
        ("export out --format shapefile", "--format"),
        ("images label img_00 good --level shapefile", "--level"),
    ],
)
def test_a_choice_that_is_none_reads_like_every_error(run: Terminal, here: Path, words: str, option: str) -> None:
    said = run(*words.split()).err
    assert f": {option}: expected one of " in said
    assert ", found shapefile; `firstshift " in said
    assert "Value error" not in said
