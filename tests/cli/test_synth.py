"""`firstshift synth` and `bench synth` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstshift.store.workspace import Workspace
from tests.cli.conftest import Terminal

FEW = ("--size", "96", "--workers", "1", "--quiet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the bracket's plan, two good parts and two with each of two flaws."""
    folder = tmp_path_factory.mktemp("made") / "line"
    terminal = Terminal()
    assert terminal("new", folder, "--example", "bracket").code == 0
    ran = terminal(
        "synth", folder / "plan.yaml", "-w", folder, "--good", 2, "--per-defect", 2,
        "--class", "scratch", "--class", "dent", *FEW,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "chatter is not drawn: no model draws it" in ran.err
    assert "12 images recorded" in ran.out
    return folder


def test_the_plan_may_be_left_out_and_the_same_again_records_nothing(run: Terminal, made: Path) -> None:
    classes = ("--class", "scratch", "--class", "dent")
    ran = run("synth", "run", "-w", made, "--good", 2, "--per-defect", 2, *classes, *FEW, "--json")
    assert ran.code == 0
    assert (ran.json["images"], ran.json["known"], ran.json["parts"]) == (0, 12, {"good": 2, "scratch": 2, "dent": 2})
    assert list(ran.json["skipped"]) == ["chatter"]
    assert set(ran.json["not_visible"]) == {"scratch", "dent"}
    said = run("synth", "run", "-w", made, "--good", 1, *FEW)
    assert "0 images recorded" in said.out
    assert "2 images recorded earlier" in said.out


def test_show_tells_every_draw_and_renders_it_again(run: Terminal, made: Path, tmp_path: Path) -> None:
    with Workspace.open(made) as ws:
        image = next(one.id for one in ws.images.all() if "/dent/" in str(one.capture.source))
    ran = run("synth", "show", image, "-w", made, "--out", tmp_path / "look.png")
    assert ran.code == 0
    for words in ("rendered again: the same, bit for bit", "size_mm", "depth_um", "severity", "ra_um", "light: ring"):
        assert words in " ".join(ran.out.split())
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")
    told = run("synth", "show", image, "-w", made, "--json").json
    again = {"same": True, "differing_pixels": 0, "device": "cpu", "renderer_changed": ""}
    assert told["rendered_again"] == again
    assert told["retired"] is False
    assert told["provenance"]["kind"] == "dent"


def test_an_image_outlives_its_plan(run: Terminal, made: Path, tmp_path: Path) -> None:
    with Workspace.open(made) as ws:
        image = next(iter(ws.images.all())).id
    nowhere = ("--plan", tmp_path / "nowhere.yaml")
    ran = run("synth", "show", image, "-w", made, *nowhere)
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert "nowhere.yaml is not there: rendered again from the plan that was kept with its run" in said
    assert "rendered again: the same, bit for bit" in said
    assert "not there" in run("synth", "show", image, "-w", made, *nowhere, "--json").json["plan_kept_because"]
    written = run("synth", "inputs", image, tmp_path / "was", "-w", made, "--json").json["files"]
    assert [Path(one).name for one in written] == ["plan.yaml", "bracket.step"]
    assert run("plan", "check", tmp_path / "was").code == 0
    again = run("synth", "inputs", image, tmp_path / "was", "-w", made)
    assert (again.code, "in use" in again.err) == (3, True)


def test_show_refuses_a_photograph(run: Terminal, line: Path) -> None:
    with Workspace.open(line) as ws:
        image = next(iter(ws.images.all())).id
    ran = run("synth", "show", image, "-w", line)
    assert ran.code == 2
    assert "expected an image made by firstshift synth" in " ".join(ran.err.split())


def test_preview_draws_a_sheet_and_records_nothing(run: Terminal, made: Path, tmp_path: Path) -> None:
    with Workspace.open(made) as ws:
        before = ws.images.count()
    out = tmp_path / "sheet.png"
    ran = run("synth", "preview", "-w", made, "--out", out, "--columns", 1, "--size", 96, "--class", "dent", "--quiet")
    assert ran.code == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert "2 images on" in " ".join(ran.out.split())
    with Workspace.open(made) as ws:
        assert ws.images.count() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--good", "0"), "--good 100 --per-defect 50"),
        (("--good", "1", "--channel", "infrared"), "expected one of bright, dark"),
        (("--per-defect", "1", "--class", "rust"), "expected one of scratch"),
        (("--good", "1", "--size", "3"), "32 to 8,192"),
        (("--good", "1", "--bits", "12"), "8 or 16"),
        (("--good", "1", "--device", "cuda:99"), "expected a CUDA GPU that PyTorch can use"),
        (("--good", "1", "--device", "gpu"), "expected cpu, numpy, torch:cpu, cuda or cuda:1, found gpu"),
        (("--good", "1", "--profile", "nowhere.json"), "nowhere.json"),
        (("--good", "1", "--defects", "nowhere.py"), "nowhere.py"),
        (("--good", "1", "--cluster", "127.0.0.1:1"), "does not answer"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_slips_are_one_line_with_a_way_out(run: Terminal, made: Path, words: tuple[str, ...], message: str) -> None:
    with Workspace.open(made) as ws:
        before = ws.images.count()
    ran = run("synth", "run", "-w", made, "--workers", "1", "--quiet", *words)
    said = [line for line in ran.err.splitlines() if "is not drawn" not in line and line.strip()]
    assert ran.code in (2, 5)
    assert message in " ".join(" ".join(said).split())
    with Workspace.open(made) as ws:
        assert ws.images.count() == before


def test_onto_goes_over_a_cluster_too(run: Terminal, made: Path, tmp_path: Path) -> None:
    photograph = tmp_path / "face.png"
    with Workspace.open(made) as ws:
        good = next(one for one in ws.images.all() if "/good/" in str(one.capture.source))
        photograph.write_bytes(ws.images.read_bytes(good))
    asked = ("synth", "onto", photograph, "-w", made, "--per-photo", 1, "--whole", "--workers", 1, "--quiet")
    nobody = run(*asked, "--cluster", "127.0.0.1:1")
    assert nobody.code == 5
    assert "does not answer" in " ".join(nobody.err.split())
    ran = run(*asked, "--cluster", "local")
    assert ran.code == 0, ran.err
    assert "1 image recorded" in ran.out


def test_a_type_of_ones_own_is_drawn(run: Terminal, tmp_path: Path) -> None:
    """The plan's entry and one file, named on the command line."""
    own = Path(__file__).parents[1] / "defects" / "chatter.py"
    assert run("new", tmp_path / "line", "--example", "bracket").code == 0
    plan = tmp_path / "line" / "plan.yaml"
    text = plan.read_text()
    start, end = text.index("  - type: other"), text.index("policy:")
    entry = "  - {type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}"
    plan.write_text(f"{text[:start]}{entry}\n\n{text[end:]}")
    refused = run("synth", "run", "-w", tmp_path / "line", "--per-defect", 1, *FEW)
    assert refused.code == 2
    ran = run("synth", "run", "-w", tmp_path / "line", "--per-defect", 1, "--defects", own, *FEW, "--json")
    assert ran.code == 0, ran.err
    assert any("chatter" in kind for kind in ran.json["parts"])


def test_bench_synth_measures_and_leaves_nothing(run: Terminal, tmp_path: Path) -> None:
    few = ("--good", 24, "--defects", 60, "--size", 64, "--workers", 1)
    ran = run("bench", "synth", "--place", tmp_path, *few, "--json", "--quiet")
    told = ran.json
    assert ran.code == (0 if told["goal_met"] else 1)
    assert [phase["images"] > 0 and phase["per_s"] > 0 for phase in told["phases"]] == [True, True]
    assert list(tmp_path.iterdir()) == []
    assert json.dumps(told)


def test_bench_synth_shows_examples_side_by_side_and_holds_only_the_bracket_to_goals(
    run: Terminal, tmp_path: Path
) -> None:
    few = ("--good", 24, "--defects", 40, "--size", 64, "--workers", 1, "--place", tmp_path, "--quiet")
    asked = ("bench", "synth", "--example", "strip", "--example", "bracket")
    told = run(*asked, *few, "--json").json["examples"]
    assert [one["plan"] for one in told] == ["strip", "bracket"]
    goals = [[phase["goal_per_s"] is not None for phase in one["phases"]] for one in told]
    assert goals == [[False, False], [True, True]]
    assert told[0]["goal_met"]
    unknown = run("bench", "synth", "--example", "washer")
    assert unknown.code == 2
    assert "all or one of bracket, cap, fitting, strip" in " ".join(unknown.err.split())
    assert run("bench", "synth", "--example", "cap", "--plan", "plan.yaml").code == 2


def test_nothing_made_is_no_success(run: Terminal, tmp_path: Path) -> None:
    """A part that lies metres off in every pose: no image, and no picture that says so by being empty."""
    folder = tmp_path / "line"
    assert run("new", folder, "--example", "bracket").code == 0
    plan = folder / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("shift_mm: 1.5", "shift_mm: 9000"), encoding="utf-8")
    ran = run("synth", plan, "-w", folder, "--per-defect", 1, "--class", "hole_missing", *FEW)
    assert (ran.code, ran.err.count("error:")) == (2, 1), ran.err
    assert "expected images, found none; hole_missing" in ran.err
    sheet = run("synth", "preview", plan, "--class", "hole_missing", "--columns", 1, "--out", tmp_path / "x.png", "-q")
    assert sheet.code == 2, sheet.out
    assert not (tmp_path / "x.png").exists()
