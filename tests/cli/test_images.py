"""`firstshift images …`: pages, filters, one image with everything that was said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstshift.cli.exit_codes import ExitCode
from firstshift.core.decode import decode_image
from firstshift.store.workspace import Workspace
from tests.cli.conftest import Terminal
from tests.pictures import jpeg


def test_list_shows_the_newest_first_and_pages(run: Terminal, here: Path, ids: list[str]) -> None:
    first = run("images", "list", "--limit", "4", "--json").json
    assert [image["id"] for image in first["images"]] == ids[:1:-1]
    second = run("images", "list", "--limit", "4", "--after", first["next"], "--json").json
    assert [image["id"] for image in second["images"]] == ids[1::-1]
    assert second["next"] is None
    text = run("images", "list", "--limit", "4")
    assert f"--after {first['next']}" in text.out
    assert [ids[5][:14] in text.out, ids[0][:14] in text.out] == [True, False]
    assert "BR-000005-A" in text.out
    assert "2026-11-15 08:30" in text.out
    assert max(map(len, text.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("--class scratch", [3, 4]),
        ("--verdict good", [0, 1, 2]),
        ("--unlabelled", [5]),
        ("--station cell-3 --labelled", [1, 3]),
        ("--serial BR-000002-A", [2]),
        ("--since 2026-11-12 --until 2026-11-14T00:00:00+00:00", [2, 3]),
        ("--source day/1.jpg", [1]),
        ("--origin rendered", []),
        ("--golden", []),
        ("--not-golden --kept --lot X", []),
    ],
)
def test_search_finds_what_all_filters_hold_for(
    run: Terminal, here: Path, ids: list[str], asked: str, expected: list[int]
) -> None:
    found = run("images", "search", *asked.split(), "--json").json["images"]
    assert sorted(image["id"] for image in found) == sorted(ids[number] for number in expected)
    assert run("images", "search", *asked.split(), "--count", "--json").json == {"count": len(expected)}
    assert run("images", "search", *asked.split()).code == ExitCode.DONE, "finding nothing is no error"


def test_show_tells_all_and_draws_the_label(run: Terminal, here: Path, ids: list[str]) -> None:
    ran = run("images", "show", ids[3][:12], "--out", "picture.png", "--original", "original.jpg")
    assert ran.code == 0
    for word in (ids[3], "BR-000003-A", "cell-3", "day/3.jpg", "2026-11-13 08:30:00 UTC", "scratch", "operator"):
        assert word in ran.out
    assert (here / "original.jpg").read_bytes() == jpeg(3)
    drawn = decode_image((here / "picture.png").read_bytes(), "picture.png")
    assert drawn.width == 48 * 13, "enlarged by a whole factor"
    data = run("images", "show", ids[3], "--json").json
    assert data["labels"][0]["label"]["annotations"][0]["class"] == "scratch"


def test_a_label_is_a_new_version(run: Terminal, here: Path, ids: list[str]) -> None:
    ran = run("images", "label", ids[4], "good", "--reason", "only dust [sic]")
    assert (ran.code, ran.out) == (0, f"{ids[4][:14]}: good, version 2\n")
    shown = run("images", "show", ids[4]).out
    assert "scratch" in shown
    assert "only dust [sic]" in shown
    late = run("images", "label", ids[4], "defect", "--class", "dent", "--replaces", "1")
    assert late.code == ExitCode.REFUSED
    assert run("images", "label", ids[4], "defect", "--class", "dent", "--replaces", "2", "--json").json["version"] == 3
    with Workspace.open(here) as ws:
        assert [version.author for version in ws.labels.history(ids[4])] == ["human:anna"] * 3


def test_one_letter_of_an_id_that_several_have(run: Terminal, here: Path) -> None:
    assert run("images", "show", "img_").code == ExitCode.BAD_INPUT


def test_what_somebody_wrote_cannot_steer_the_terminal(run: Terminal, here: Path, ids: list[str]) -> None:
    run("images", "label", ids[0], "good", "--reason", "\x1b[2J\x1b]0;gone\x07[red]")
    shown = run("images", "show", ids[0]).out
    assert "\x1b" not in shown
    assert "[red]" in shown
    assert run("images", "show", ids[0], "--json").json["labels"][-1]["reason"].startswith("\x1b")
