"""Kept files are written where their plan looks for them, all of them or none, and nowhere outside the folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, NotFound
from firstshift.line.synth.keeping import write_inputs
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.showing import look_at
from firstshift.sensor.profile import usual_profile
from firstshift.spec.plan import Plan
from firstshift.store.kept_files import NewFile
from firstshift.store.workspace import Workspace
from tests.line.synth.plates import plate_plan

CHATTER = (Path(__file__).parents[2] / "defects" / "chatter.py").read_text(encoding="utf-8")
ENTRY = "  - {type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}\n"
PLAN, PROFILE = "2" * 64, "3" * 64
TOLD = {"plan": PLAN, "profile": PROFILE}
BEFORE = NewFile("plan", "plan.yaml", b"name: x")


def _everything(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def field(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where escapes would land: the folder to write into is a few folders down, and this process works beside it."""
    folder = tmp_path_factory.mktemp("field")
    for name in ("here/there", "plant"):
        (folder / name).mkdir(parents=True)
    (folder / "plant" / "mine.step").write_bytes(b"mine")
    monkeypatch.chdir(folder / "plant")
    return folder


OUTSIDE = [
    "../out.step",
    "../../out.step",
    "../../../out.step",
    "../../plant/mine.step",
    "a/../../out.step",
    "a/b/../../../out.step",
    "FIELD/out.step",
    "FIELD/plant/mine.step",
    "//FIELD/out.step",
    "..\\out.step",
    "a\\..\\..\\out.step",
    "\\out.step",
    "\\\\server\\share\\out.step",
    "c:out.step",
    "c:/out.step",
    "c:\\out.step",
    "mine.step:hidden",
    "out\n.step",
    ".",
    "..",
    "",
]


@pytest.mark.parametrize("role", ["cad", "heat map", "plan"])
def test_a_kept_name_leads_nowhere_outside(ws: Workspace, field: Path, role: str) -> None:
    for number, name in enumerate(OUTSIDE):
        told = {"plan": f"{number:064}"}
        ws.kept_files.keep(told["plan"], [BEFORE, NewFile(role, name.replace("FIELD", str(field)), b"y")])
        before = _everything(field)
        with pytest.raises(BadInput, match="a name inside the plan's folder"):
            write_inputs(ws, told, field / "here" / "there" / "was")
        assert _everything(field) == before, name


def test_nor_does_what_a_plan_calls_the_profile(ws: Workspace, field: Path) -> None:
    ws.kept_files.keep(PROFILE, [NewFile("profile", "camera.json", b"y")])
    for number, name in enumerate(OUTSIDE[:-1]):
        told = {"plan": f"{number:064}", "profile": PROFILE}
        text = f"station: {{profile: {json.dumps(name.replace('FIELD', str(field)))}}}"
        ws.kept_files.keep(told["plan"], [NewFile("plan", "plan.yaml", text.encode())])
        before = _everything(field)
        with pytest.raises(BadInput, match="a name inside the plan's folder"):
            write_inputs(ws, told, field / "here" / "there" / "was")
        assert _everything(field) == before, name


def test_nor_does_the_name_of_a_persons_types(ws: Workspace, field: Path) -> None:
    """Its last part is all that counts, and of that what every disk can write."""
    outside = _everything(field)
    for number, name in enumerate(OUTSIDE):
        told, place = {"plan": f"{number:064}"}, field / "here" / "there" / f"was{number}"
        ws.kept_files.keep(told["plan"], [BEFORE, NewFile("defect types", name.replace("FIELD", str(field)), b"y")])
        if name in (".", "..", ""):
            with pytest.raises(BadInput, match="a name inside the plan's folder"):
                write_inputs(ws, told, place)
            assert not place.exists()
            continue
        written = write_inputs(ws, told, place)
        assert [path.parent for path in written] == [place, place], name
        assert _everything(place).keys() == {path.name for path in written}
        shutil.rmtree(place)
    assert _everything(field) == outside


def test_names_that_are_taken_already(ws: Workspace, tmp_path: Path) -> None:
    """Only files of types give way: the plan names the others."""
    types = [NewFile("defect types", name, name.encode()) for name in ("maps", "Plan.yaml", "own.py", "own.py")]
    files = [BEFORE, NewFile("heat map", "maps/dents.png", b"y"), *types]
    ws.kept_files.keep(PLAN, files)
    hashes = [one.content[:8] for one in ws.kept_files.of(PLAN)]
    written = write_inputs(ws, TOLD, tmp_path / "was")
    assert [path.relative_to(tmp_path / "was").as_posix() for path in written] == [
        "plan.yaml",
        "maps/dents.png",
        f"{hashes[2]}-maps",
        f"{hashes[3]}-Plan.yaml",
        "own.py",
        f"{hashes[5]}-own.py",
    ]
    assert [path.read_bytes() for path in written] == [one.data for one in files]


def test_what_cannot_be_completed_leaves_the_folder_as_it_was(ws: Workspace, tmp_path: Path) -> None:
    ws.kept_files.keep(PLAN, [BEFORE, NewFile("heat map", "maps/a.png", b"y"), NewFile("cad", "x.step", b"z")])
    lost = ws.kept_files.of(PLAN)[2].content
    hidden = ws.folder / "blobs" / lost[:2] / lost
    hidden.rename(tmp_path / "hidden")
    (tmp_path / "was").mkdir()
    with pytest.raises(NotFound):
        write_inputs(ws, TOLD, tmp_path / "was")
    assert list((tmp_path / "was").iterdir()) == []
    (tmp_path / "hidden").rename(hidden)
    assert len(write_inputs(ws, TOLD, tmp_path / "was")) == 3


def _plate(folder: Path) -> Path:
    file = plate_plan(folder)
    profile = usual_profile(Plan.load(file).station.camera)
    profile.model_copy(update={"read_noise_e": 7.5}).save(folder / "camera.json")
    return file


def _images(ws: Workspace) -> set[str]:
    return {one.id for one in ws.images.all()}


def test_the_profile_is_written_under_the_name_that_the_plan_has_for_it(ws: Workspace, tmp_path: Path) -> None:
    """The same profile is kept once, for plans that name it and for plans that do not."""
    file = _plate(tmp_path / "plan")
    settings = SynthSettings(size_px=96, seed=3, good=1)
    synthesise(ws, order_for(file, settings, tmp_path / "plan" / "camera.json"))
    before = _images(ws)
    text = file.read_text(encoding="utf-8").replace("station:\n", "station:\n  profile: camera.json\n")
    file.write_text(text, encoding="utf-8")
    synthesise(ws, order_for(file, settings))
    for images, name in ((before, "profile.json"), (_images(ws) - before, "camera.json")):
        told = ws.images.get(min(images)).capture.provenance
        written = write_inputs(ws, told, tmp_path / name.partition(".")[0])
        assert [path.name for path in written] == ["plan.yaml", "plate.stl", name]
    found = look_at(ws, min(_images(ws) - before), tmp_path / "camera")
    assert (found.is_same, found.plan_kept_because) == (True, "")


@pytest.mark.parametrize(
    ("named", "kept"), [("my:types.py", "my_types.py"), (os.fsdecode(b"t\xffpes.py"), "t_pes.py"), ("t\n.py", "t_.py")]
)
def test_a_name_that_not_every_disk_can_write_is_kept_as_one_that_can_be(
    ws: Workspace, tmp_path: Path, named: str, kept: str
) -> None:
    file = plate_plan(tmp_path / "plan")
    file.write_text(file.read_text(encoding="utf-8") + ENTRY, encoding="utf-8")
    (tmp_path / named).write_text(CHATTER, encoding="utf-8")
    settings = SynthSettings(size_px=96, seed=3, per_defect=1, classes=("chatter",))
    assert synthesise(ws, order_for(file, settings, None, (tmp_path / named,))).images
    image = min(_images(ws))
    written = write_inputs(ws, ws.images.get(image).capture.provenance, tmp_path / "was")
    assert [path.name for path in written] == ["plan.yaml", "plate.stl", kept]
    assert look_at(ws, image, tmp_path / "was", None, (tmp_path / "was" / kept,)).is_same


def test_a_name_with_a_backslash_is_written_as_the_plan_has_it(ws: Workspace, tmp_path: Path) -> None:
    """Here it is a letter like others, on other systems it divides folders: what the plan says finds it on each."""
    ws.kept_files.keep(PLAN, [BEFORE, NewFile("heat map", "maps\\dents.png", b"y")])
    write_inputs(ws, TOLD, tmp_path / "was")
    assert (tmp_path / "was" / "maps\\dents.png").read_bytes() == b"y"
