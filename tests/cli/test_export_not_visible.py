"""Exports of synthetic images with flaws that nobody can see: read without this software, they show none of them.

A plan whose scratches are a micrometre wide beside ordinary dents; each format's files are read here by hand.
"""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image as Pillow

from firstshift.core.capture import Capture
from firstshift.core.label import Annotation, Label, Verdict
from firstshift.core.shapes import Box, Mask, RunLengths
from firstshift.formats.unseen import ALONE, ALONE_UNSURE, LEFT_OUT, SET_ASIDE
from firstshift.store.workspace import Workspace
from tests.cli.conftest import Terminal
from tests.pictures import jpeg

TOO_FINE = {
    r"length_mm: \[0.5, 20\]": "length_mm: [0.5, 0.6]",
    r"width_mm: \[0.03, 0.3\]": "width_mm: [0.001, 0.002]",
    r"depth_um: \[2, 40\]": "depth_um: [0.01, 0.02]",
    r"lips: \[0.1, 0.5\]": "lips: [0, 0]",
}
Found = dict[str, list[str] | str]
"""Path of an image file → the classes a program finds on it; a text for a verdict that it can see."""


@dataclass(frozen=True)
class Truth:
    folder: Path
    labels: dict[str, Label]
    """By the hash of the image file: names change on the way into some formats."""

    @property
    def alone(self) -> set[str]:
        """Images with flaws none of which can be seen."""
        return {image for image, label in self.labels.items() if label.verdict is Verdict.UNSURE}

    def classes(self, image: str, with_shapes: bool = False) -> list[str]:
        things = [a for a in self.labels[image].annotations if a.attributes["visibility"] != "not visible"]
        return [a.class_name for a in things if a.shape is not None or not with_shapes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("made") / "line"
    terminal = Terminal()
    assert terminal("new", folder, "--example", "bracket").code == 0
    plan = (folder / "plan.yaml").read_text(encoding="utf-8")
    for old, new in TOO_FINE.items():
        plan, changed = re.subn(old, new, plan, count=1)
        assert changed
    plan += "\nsynthetic: {flaws: [1, 3], mixed: 1, not_visible: 1}\n"
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    ran = terminal(
        "synth", folder / "plan.yaml", "-w", folder, "--good", 1, "--per-defect", 4, "--class", "scratch",
        "--class", "dent", "--size", 96, "--workers", 1, "--quiet",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    with Workspace.open(folder) as ws:
        said = ws.labels.current([image.id for image in ws.images.all()])
        contents = {sha256(ws.images.read_bytes(image)).hexdigest(): said[image.id] for image in ws.images.all()}
    truth = Truth(folder, {content: one.label for content, one in contents.items()})
    unseen = [a for label in truth.labels.values() for a in label.annotations if not a.is_visible]
    assert len(truth.labels) == 18, "no two files alike"
    assert len(unseen) > len(truth.alone) > 0, "on images of their own and beside what can be seen"
    return truth


def coco(out: Path) -> Found:
    table = json.loads((out / "annotations.json").read_text())
    names = {each["id"]: each["name"] for each in table["categories"]}
    found: Found = {each["file_name"]: [] for each in table["images"]}
    paths = {each["id"]: each["file_name"] for each in table["images"]}
    for each in table["annotations"]:
        classes = found[paths[each["image_id"]]]
        assert isinstance(classes, list)
        classes.append(names[each["category_id"]])
    return found


def yolo(out: Path) -> Found:
    listed = re.findall(r"^ +(\d+): (\S+)$", (out / "data.yaml").read_text(), re.MULTILINE)
    names = {int(number): name for number, name in listed}
    found: Found = {}
    for path in pictures(out):
        lines = (out / path.replace("images/", "labels/", 1)).with_suffix(".txt")
        # A trainer takes an image without a file for one without things.
        text = lines.read_text() if lines.exists() else ""
        found[path] = [names[int(line.split()[0])] for line in text.splitlines()]
    return found


def voc(out: Path) -> Found:
    found: Found = {}
    for path in pictures(out):
        stem = PurePosixPath(path).relative_to("JPEGImages").with_suffix(".xml")
        root = ElementTree.parse(out / "Annotations" / stem).getroot()
        found[path] = [each.findtext("name", "") for each in root.iter("object")]
    return found


def mvtec(out: Path) -> Found:
    return {path: [] if "/good/" in path else [path.split("/")[1]] for path in pictures(out, ("train", "test"))}


def datumaro(out: Path) -> Found:
    table = json.loads((out / "annotations/default.json").read_text())
    names = [each["name"] for each in table["categories"]["label"]["labels"]]
    return {
        f"images/default/{item['image']['path']}": [names[each["label_id"]] for each in item["annotations"]]
        for item in table["items"]
    }


def class_folders(out: Path) -> Found:
    return {path: by_folder(path.rsplit("/", 1)[0]) for path in pictures(out)}


def masks(out: Path) -> Found:
    return {path: by_folder(path.split("/")[1]) for path in pictures(out, ("image",))}


def by_folder(folder: str) -> list[str] | str:
    return [] if folder == "good" else "unsure" if folder == "unsure" else [folder]


def table(out: Path) -> Found:
    with (out / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found: Found = {}
    for row in rows:
        assert bool(row["class"]) or not (row["x"] or row["y"] or row["w"] or row["h"])
        if row["verdict"] == "unsure":
            assert not row["class"]
            found[row["file"]] = "unsure"
        else:
            classes = found.setdefault(row["file"], [])
            assert isinstance(classes, list)
            classes += [row["class"]] if row["class"] else []
    return found


def label_studio(out: Path) -> Found:
    found: Found = {}
    for task in json.loads((out / "label_studio.json").read_text()):
        [answer] = task["annotations"]
        values = {each["from_name"]: each["value"] for each in answer["result"]}
        regions = [e["value"][e["type"]][0] for e in answer["result"] if e["from_name"] in ("brushlabels", "choices")]
        unsure = values["verdict"]["choices"] == ["unsure"]
        assert not (unsure and regions)
        found[task["data"]["image"].split("?d=")[1]] = "unsure" if unsure else regions
    return found


def boxes_txt(out: Path) -> Found:
    return {
        path: [line.split()[4] for line in beside.read_text().splitlines()] if beside.exists() else []
        for path in pictures(out)
        if (beside := (out / path).with_suffix(".txt"))
    }


def pictures(out: Path, tops: Iterable[str] = ("",)) -> list[str]:
    return [str(path.relative_to(out)) for top in tops for path in sorted((out / top).rglob("*.png"))]


READERS: dict[str, Callable[[Path], Found]] = {
    "coco": coco, "yolo": yolo, "voc": voc, "mvtec": mvtec, "datumaro": datumaro, "class_folders": class_folders,
    "csv": table, "label_studio": label_studio, "masks": masks, "boxes_txt": boxes_txt,
}  # fmt: skip
ONE_CLASS = ("mvtec", "class_folders", "masks")
SHAPES_ONLY = ("yolo", "boxes_txt")
SAYS_UNSURE = ("class_folders", "csv", "label_studio", "masks")
SETS_ASIDE = ("coco", "voc", "datumaro", "csv", "label_studio")


@pytest.mark.parametrize("name", READERS)
def test_what_cannot_be_seen_is_no_positive_and_its_image_no_negative(
    run: Terminal, made: Truth, tmp_path: Path, name: str
) -> None:
    ran = run("export", tmp_path / "out", "-f", name, "-w", made.folder, "--json")
    assert ran.code == 0
    read = READERS[name](tmp_path / "out")
    found = {sha256((tmp_path / "out" / path).read_bytes()).hexdigest(): classes for path, classes in read.items()}
    unsure = made.alone if name in SAYS_UNSURE else set()
    assert {image for image, classes in found.items() if classes == "unsure"} == unsure
    assert found.keys() == made.labels.keys() - (made.alone - unsure)
    for image in found.keys() - unsure:
        wanted = made.classes(image, with_shapes=name in SHAPES_ONLY)
        assert Counter(found[image]) == Counter(wanted[:1] if name in ONE_CLASS else wanted)
    losses = {loss["what"]: loss["count"] for loss in ran.json["losses"]}
    written = [label for image, label in made.labels.items() if image in found]
    assert losses[SET_ASIDE if name in SETS_ASIDE else LEFT_OUT] == sum(
        not a.is_visible for label in written for a in label.annotations
    )
    assert losses[ALONE_UNSURE if unsure else ALONE] == len(made.alone)
    assert ran.json["splits"] == {"none": ran.json["images"]} == {"none": len(found)}
    if name not in ONE_CLASS:
        assert ran.json["annotations"] == sum(len(v) for v in found.values() if isinstance(v, list))


def blot(row: int, column: int) -> RunLengths:
    pixels = np.zeros((48, 48), dtype=bool)
    pixels[row : row + 3, column : column + 3] = True
    return Mask(pixels).run_lengths()


UNSEEN = {"visibility": "not visible", "iscrowd": 1, "difficult": 1}
MIXED = Label.defect(
    Annotation("dent", Box(30.0, 30.0, 6.0, 4.0), attributes=UNSEEN),
    Annotation("dent", Box(3.0, 4.0, 6.0, 4.0), severity=2, attributes={"visibility": "faint"}),
    Annotation("pore", severity=1, attributes=UNSEEN),
)
HIDDEN_GOOD = Label.good(Annotation("screw", Box(1.0, 1.0, 5.0, 5.0), attributes=UNSEEN))


def recorded(folder: Path, *labels: Label) -> Path:
    """A workspace with these labels, each on an image of its own."""
    with Workspace.create(folder, actor="human:anna") as ws:
        for number, label in enumerate(labels):
            ws.images.add(jpeg(number), Capture(source=f"{number}.jpg"), label=label)
    return folder


@pytest.mark.parametrize("name", SETS_ASIDE)
def test_what_was_set_aside_comes_back_with_import(run: Terminal, tmp_path: Path, name: str) -> None:
    folder = recorded(tmp_path / "line", MIXED, HIDDEN_GOOD)
    assert run("export", tmp_path / "out", "-f", name, "-w", folder, "--quiet").code == 0
    assert run("new", tmp_path / "other").code == 0
    assert run("import", tmp_path / "out", "-w", tmp_path / "other", "--quiet").code == 0
    with Workspace.open(tmp_path / "other") as ws:
        images = sorted(ws.images.all(), key=lambda image: str(image.capture.source))
        said = ws.labels.current([image.id for image in images])
        assert [said[image.id].label for image in images] == [MIXED, HIDDEN_GOOD]


@pytest.mark.parametrize(("name", "folder"), [("masks", "mask"), ("mvtec", "ground_truth")])
def test_masks_hold_only_what_can_be_seen(run: Terminal, tmp_path: Path, name: str, folder: str) -> None:
    unseen = Annotation("dent", blot(30, 30), attributes=UNSEEN)
    line = recorded(tmp_path / "line", Label.defect(unseen, Annotation("dent", blot(5, 9))))
    assert run("export", tmp_path / "out", "-f", name, "-w", line, "--quiet").code == 0
    [path] = (tmp_path / "out" / folder).rglob("*.png")
    rows, columns = np.nonzero(np.asarray(Pillow.open(path)))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 7, 9, 11)


@pytest.mark.parametrize("name", READERS)
def test_a_defect_of_which_nothing_can_be_seen_is_none_to_others(run: Terminal, tmp_path: Path, name: str) -> None:
    """Also where a person has said `defect`."""
    label = Label.defect(Annotation("dent", Box(30.0, 30.0, 6.0, 4.0), attributes=UNSEEN))
    line = recorded(tmp_path / "line", label, Label.good())
    report = run("export", tmp_path / "out", "-f", name, "-w", line, "--json").json
    assert report["images"] == (2 if name in SAYS_UNSURE else 1)
    assert report["annotations"] == 0
    assert report["classes"] == []
    assert (ALONE_UNSURE if name in SAYS_UNSURE else ALONE) in {loss["what"] for loss in report["losses"]}


def test_the_command_says_so_and_the_numbers_do_not_count_it(run: Terminal, tmp_path: Path) -> None:
    line = recorded(tmp_path / "line", MIXED, MIXED, Label.good())
    said = " ".join(run("export", tmp_path / "out", "-f", "yolo", "-w", line).out.split())
    assert "4 × marks that are not visible: left out" in said
    stats = run("dataset", "stats", "-w", line, "--json").json
    assert stats["shapes"] == {"box": 2}
    assert {
        name: (one["images"], one["annotations"], one["not_visible"]) for name, one in stats["classes"].items()
    } == {
        "dent": (2, 2, 2),
        "pore": (0, 0, 2),
    }
    shown = run("dataset", "stats", "-w", line, "--picture", tmp_path / "overview.png")
    assert re.search(r"pore +0 +0 +2 +–", shown.out)
    split = run("dataset", "split", "--share", "train=0.5", "--share", "test=0.5", "-w", line, "--json").json
    assert {name for side in split["classes"].values() for name in side} == {"dent", "good"}
