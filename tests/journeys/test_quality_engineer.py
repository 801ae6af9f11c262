"""A quality engineer's first day at a line, with nothing but the command line.

She has a CAD file, a camera, and a folder of photographs that somebody sorted by hand. By the evening the data are
split without a part on two sides, frozen, exported for a labelling tool, backed up, and an auditor has verified them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.pictures import jpeg

FIRSTSHIFT = (sys.executable, "-m", "firstshift.cli.app")


class Desk:
    """Where she sits: a folder, and commands that are processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        hidden = ("FIRSTSHIFT_WORKSPACE", "COLUMNS")
        self.environment = {key: value for key, value in os.environ.items() if key not in hidden}
        self.environment |= {"FIRSTSHIFT_ACTOR": "human:erika", "PYTHONIOENCODING": "utf-8"}

    def says(self, *words: object, code: int = 0) -> str:
        done = subprocess.run(
            [*FIRSTSHIFT, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout if code in (0, 1, 6) else done.stderr

    def tells(self, *words: object, code: int = 0) -> Any:
        return json.loads(self.says(*words, "--json", code=code))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def sorted_photographs(folder: Path) -> Path:
    """Twelve good parts, six scratched, four dented; the first three of each were photographed twice, byte for byte."""
    number = 0
    for name, parts in (("good", 12), ("scratch", 6), ("dent", 4)):
        (folder / name).mkdir(parents=True)
        for part in range(parts):
            (folder / name / f"{number:03}.jpg").write_bytes(jpeg(500 + number, side=64))
            if part < 3:
                shutil.copy(folder / name / f"{number:03}.jpg", folder / name / f"{number:03}_again.jpg")
            number += 1
    return folder


def test_the_first_day(desk: Desk) -> None:
    photographs = sorted_photographs(desk.folder / "photographs")

    # In the morning: a workspace, and the plan for the part.
    assert "workspace line-3 is ready" in desk.says("new", "line-3", "--example", "bracket")
    desk.folder /= "line-3"
    assert "this plan can work" in desk.says("plan", "check")
    desk.says("plan", "set", "station.working_distance_mm", 2500)
    assert "out of focus" in desk.says("plan", "check")
    desk.says("plan", "set", "station.working_distance_mm", 287)
    verdicts = {entry["class_name"]: entry["smallest"] for entry in desk.tells("plan", "show")["facts"]["classes"]}
    assert verdicts["dent"] == "visible"

    # Before noon: the photographs. One is cut short, which she hears before anything is written.
    whole = (photographs / "good" / "000.jpg").read_bytes()
    (photographs / "good" / "000.jpg").write_bytes(whole[:500])
    assert "000.jpg" in desk.says("import", photographs, "--station", "cell-3", code=2)
    assert desk.tells("workspace", "info")["counts"]["images"] == 0
    (photographs / "good" / "000.jpg").write_bytes(whole)
    assert desk.tells("import", photographs, "--station", "cell-3")["new"] == 31
    assert desk.tells("import", photographs, "--station", "cell-3")["new"] == 0

    # She looks at one, and corrects what the sorter said.
    [doubtful, *_] = desk.tells("images", "search", "--class", "scratch")["images"]
    desk.says("images", "show", doubtful["id"], "--out", "doubtful.png")
    assert (desk.folder / "doubtful.png").stat().st_size > 1_000
    desk.says("images", "label", doubtful["id"], "good", "--reason", "a hair on the lens")
    history = desk.tells("images", "show", doubtful["id"])["labels"]
    assert [(said["author"], said["label"]["verdict"]) for said in history] == [
        ("human:erika", "defect"),
        ("human:erika", "good"),
    ]

    # After lunch: golden images first, then the split. Repeats stay together, golden parts stay out.
    [judge, *_] = desk.tells("images", "search", "--class", "dent")["images"]
    desk.says("dataset", "golden", "add", judge["id"], "--reason", "drawn at random")
    split = desk.tells("dataset", "split", "--seed", 7, "--out", "split.json")
    assert split["groups"] == 9
    assert split["naive_split"]["would_leak"] > 0
    twins = [group["images"] for group in split["groups_found"]]
    for twin in twins:
        assert len({split["sides"].get(image) for image in twin}) == 1
    assert judge["id"] not in split["sides"]
    desk.says("dataset", "snapshot", "first", "--split", "split.json")
    assert "scratch" in desk.says("dataset", "stats", "--snapshot", "first", "--picture", "overview.png")

    # The labelling tool gets it, and gives it back.
    desk.says("export", "../for-labelling", "--format", "coco", "--snapshot", "first")
    count = len(split["sides"])
    assert desk.tells("import", "../for-labelling", "--dry-run")["images"] == count

    # Somebody else corrects a label; the next snapshot says what changed.
    desk.says(
        "images", "label", doubtful["id"], "defect", "--class", "scratch", "--reason", "no hair, it is in the metal"
    )
    desk.says("dataset", "snapshot", "second", "--split", "split.json")
    assert desk.tells("dataset", "diff", "first", "second", code=1)["relabelled"] == [doubtful["id"]]

    # In the evening: a backup, and an auditor who trusts nobody.
    desk.says("workspace", "backup", "../backup")
    desk.says("audit", "export", "../evidence.jsonl")
    assert desk.says("audit", "verify", "--anchor", "../evidence.jsonl").startswith("intact")
    told = desk.tells("audit", "log", "--tag", "human:label:recorded")["events"]
    assert [event["body"]["reason"] for event in told] == ["no hair, it is in the metal", "a hair on the lens"]

    # At night somebody removes an image's file. The auditor finds it, and the backup has it.
    blob = desk.folder / "blobs" / doubtful["content"][:2] / doubtful["content"]
    blob.unlink()
    assert doubtful["content"] in desk.says("audit", "verify", code=6)
    desk.says("workspace", "restore", "../backup", "../line-3-again")
    desk.folder = desk.folder.parent / "line-3-again"
    assert desk.says("audit", "verify", "--anchor", "../evidence.jsonl").startswith("intact")
    desk.says("images", "show", doubtful["id"], "--original", "again.jpg")


def test_an_import_that_was_stopped_goes_on(desk: Desk) -> None:
    photographs = desk.folder / "photographs"
    for number in range(1_500):
        place = photographs / ("good" if number % 2 else "scratch") / f"{number:04}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(jpeg(number, side=32))
    desk.says("new", "line-3")
    words = [*FIRSTSHIFT, "import", str(photographs), "-w", "line-3", "--skip-problems"]
    with subprocess.Popen(words, cwd=desk.folder, env=desk.environment, stderr=subprocess.PIPE) as process:
        blobs = desk.folder / "line-3" / "blobs"
        limit_s = time.monotonic() + 60
        while sum(1 for _ in blobs.glob("??/*")) < 100 and time.monotonic() < limit_s:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        assert process.wait(60) == 130, said
    assert said.splitlines() == [
        "stopping at the next safe point; Ctrl-C again stops at once",
        "error: stopped; what is finished is kept, and the same command goes on from there",
    ]
    kept = desk.tells("workspace", "info", "-w", "line-3")["counts"]["images"]
    assert 0 < kept < 1_500
    went_on = desk.tells("import", photographs, "-w", "line-3")
    assert (went_on["known"], went_on["new"]) == (kept, 1_500 - kept)
    assert desk.says("audit", "verify", "-w", "line-3").startswith("intact")
