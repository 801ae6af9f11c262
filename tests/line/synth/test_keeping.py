"""An image is explained after its plan changed, and after it is gone: the workspace keeps what it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from firstshift.core.errors import BadInput, NotFound, Refused
from firstshift.line.synth import keeping
from firstshift.line.synth.keeping import keep_inputs, write_inputs
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.showing import Look, look_at
from firstshift.line.synth.stage import Stage
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.spec.plan import Plan
from firstshift.store.audit import verify_workspace
from firstshift.store.backups import back_up, restore
from firstshift.store.collecting import GRACE_S, collect_garbage
from firstshift.store.moving import move_workspace
from firstshift.store.tables import kept_files
from firstshift.store.workspace import Workspace
from tests.pictures import png

OWN = Path(__file__).parents[2] / "defects" / "chatter.py"
CHATTER = "  - {type: chatter, class: chatter, size_mm: [1, 6], pitch_mm: [0.2, 0.8], depth_um: [1, 8]}"
LATER_S = 10 * GRACE_S


@dataclass(frozen=True)
class Done:
    """A workspace with an image of a dent and one of chatter, and a plan that names everything that a plan can name."""

    ws: Workspace
    folder: Path
    types: Path

    @property
    def image(self) -> str:
        return next(one.id for one in self.ws.images.all() if "/chatter/" in str(one.capture.source))

    def order(self, **asked: Any) -> Order:
        wanted: dict[str, Any] = {"seed": 3, "per_defect": 1, "classes": ("dent", "chatter")}
        settings = SynthSettings(size_px=96, **(wanted | asked))
        return order_for(self.folder, settings, None, (self.types,))

    def look(self, plan: Path, ws: Workspace | None = None) -> Look:
        return look_at(ws or self.ws, self.image, plan, None, (self.types,))


@pytest.fixture(scope="module")
def done(bracket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    place = tmp_path_factory.mktemp("done")
    shutil.copytree(bracket, place / "plan")
    shutil.copy(OWN, place / "chatter.py")
    (place / "plan" / "maps").mkdir()
    (place / "plan" / "maps" / "dents.png").write_bytes(png(5, side=64))
    file = place / "plan" / "plan.yaml"
    profile = usual_profile(Plan.load(file).station.camera)
    profile.model_copy(update={"read_noise_e": 7.5}).save(place / "plan" / "camera.json")
    text = file.read_text(encoding="utf-8").replace("\nstation:\n", "\nstation:\n  profile: camera.json\n", 1)
    text = text.replace("type: dent\n", "type: dent\n    place: heat_map\n    heat_map: maps/dents.png\n", 1)
    start, end = text.index("  - type: other"), text.index("policy:")
    file.write_text(f"{text[:start]}{CHATTER}\n\n{text[end:]}", encoding="utf-8")
    with Workspace.create(place / "ws", actor="human:test") as ws:
        made = Done(ws, place / "plan", place / "chatter.py")
        assert synthesise(ws, made.order()).images == 4
        yield made


def _replace(name: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    def spoil(plan: Path) -> object:
        data = (plan / name).read_bytes()
        assert old in data
        return (plan / name).write_bytes(data.replace(old, new))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda plan: None, ""),
        (_replace("plan.yaml", b"working_distance_mm: 287", b"working_distance_mm: 288"), "changed since"),
        (_replace("plan.yaml", b"part:", b"part: ["), "does not work as it is now"),
        (_replace("bracket.step", b"ISO-10303-21;", b"ISO-10303-21; "), "changed since"),
        (_replace("camera.json", b"7.5", b"8.5"), "the camera's profile changed since"),
        (lambda plan: (plan / "maps" / "dents.png").write_bytes(png(6, side=64)), "changed since"),
        (lambda plan: (plan / "bracket.step").unlink(), "does not work as it is now"),
        (shutil.rmtree, "is not there"),
    ],
    ids=["as it was", "plan", "broken", "cad", "profile", "heat map", "no cad", "gone"],
)
def test_whatever_became_of_the_plan_the_image_is_rendered_again_bit_for_bit(
    done: Done, tmp_path: Path, spoil: Callable[[Path], object], because: str
) -> None:
    shutil.copytree(done.folder, tmp_path / "plan")
    spoil(tmp_path / "plan")
    found = done.look(tmp_path / "plan")
    assert found.is_same
    assert found.differing == 0
    assert because in found.plan_kept_because
    assert bool(found.plan_kept_because) == bool(because)


def test_a_profile_that_is_not_there_is_not_blamed_on_the_plan(done: Done, tmp_path: Path) -> None:
    found = look_at(done.ws, done.image, done.folder, tmp_path / "nowhere.json", (done.types,))
    assert found.is_same
    assert "nowhere.json" in found.plan_kept_because
    assert "\n" not in found.plan_kept_because


def test_everything_is_kept_once_for_all_runs_of_a_plan(done: Done) -> None:
    synthesise(done.ws, done.order(per_defect=2))
    synthesise(done.ws, done.order(seed=4))
    with done.ws.database.reading() as connection:
        rows = connection.execute(sa.select(kept_files).order_by(kept_files.c.event_seq)).all()
    assert [(row.role, row.name) for row in rows] == [
        ("plan", "plan.yaml"),
        ("cad", "bracket.step"),
        ("heat map", "maps/dents.png"),
        ("defect types", "chatter.py"),
        ("profile", "camera.json"),
    ]
    assert {row.author for row in rows} == {"service:synth"}


def test_code_that_was_kept_is_read_and_never_executed(done: Done, tmp_path: Path) -> None:
    """Only a file on the disk is, and only when its bytes are those that were kept."""
    with pytest.raises(BadInput, match=r"--defects chatter\.py.*no such file named") as refused:
        look_at(done.ws, done.image, done.folder)
    assert "synth inputs" in refused.value.way_out
    ran = tmp_path / "it ran"
    (tmp_path / "other.py").write_text(f"{OWN.read_text()}\nopen({str(ran)!r}, 'w').close()\n")
    with pytest.raises(BadInput, match=r"found other text in other\.py"):
        look_at(done.ws, done.image, done.folder, None, (tmp_path / "other.py",))
    assert not ran.exists()
    told = done.ws.images.get(done.image).capture.provenance
    write_inputs(done.ws, told, tmp_path / "was")
    assert (tmp_path / "was" / "chatter.py").read_bytes() == OWN.read_bytes()
    # A file that is not needed is not executed either.
    named = (tmp_path / "other.py", tmp_path / "was" / "chatter.py")
    assert look_at(done.ws, done.image, tmp_path / "nowhere", None, named).is_same
    assert not ran.exists()


def test_what_was_kept_comes_back_as_files_that_work(done: Done, tmp_path: Path) -> None:
    told = done.ws.images.get(done.image).capture.provenance
    written = write_inputs(done.ws, told, tmp_path / "was")
    names = [path.relative_to(tmp_path / "was").as_posix() for path in written]
    assert names == ["plan.yaml", "bracket.step", "maps/dents.png", "chatter.py", "camera.json"]
    for name in names[1:3]:
        assert (tmp_path / "was" / name).read_bytes() == (done.folder / name).read_bytes()
    assert SensorProfile.load(tmp_path / "was" / "camera.json").read_noise_e == 7.5
    found = done.look(tmp_path / "was")
    assert (found.is_same, found.plan_kept_because) == (True, "")
    with pytest.raises(Refused, match="in use"):
        write_inputs(done.ws, told, tmp_path / "was")


def test_it_survives_garbage_collection_backup_and_move(done: Done, tmp_path: Path) -> None:
    back_up(done.ws, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", actor="human:test")
    with Workspace.open(tmp_path / "again", actor="human:test") as ws:
        move_workspace(ws, blobs_url=str(tmp_path / "elsewhere"))
    with Workspace.open(tmp_path / "again", actor="human:test") as ws:
        for days in (1, 2):
            swept = collect_garbage(ws, grace_s=0, clock=lambda days=days: 4e9 + days * LATER_S)  # type: ignore[misc]
            assert (swept.buried.blobs, swept.purged.blobs) == (0, 0)
        assert verify_workspace(ws).is_intact
        assert done.look(tmp_path / "nowhere", ws).is_same
        lost = next(one for one in ws.kept_files.of(_plan_hash(done)) if one.role == "cad")
        (tmp_path / "elsewhere" / lost.content[:2] / lost.content).unlink()
        problem = verify_workspace(ws).first_problem
        assert problem is not None
        assert "kept file bracket.step needs it" in str(problem)


def test_a_file_that_changes_while_the_run_begins_is_not_kept_as_what_it_was(
    done: Done, ws: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(done.folder, tmp_path / "plan")
    stage = Stage(Done(ws, tmp_path / "plan", done.types).order())
    _replace("bracket.step", b"ISO-10303-21;", b"ISO-10303-21; ")(tmp_path / "plan")
    with pytest.raises(Refused, match="changed while the run began"):
        keep_inputs(ws, stage)
    assert ws.kept_files.of(stage.plan_hash) == ()


def test_a_file_over_the_limit_is_refused(done: Done, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_FILE_BYTES", 1_000)
    with pytest.raises(BadInput, match=r"bracket.step: expected at most 1,000 bytes"):
        keep_inputs(ws, Stage(done.order()))


def test_where_nothing_was_kept_it_says_so(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing is kept"):
        write_inputs(ws, {"plan": "3" * 64}, tmp_path / "was")


def _plan_hash(done: Done) -> str:
    return str(done.ws.images.get(done.image).capture.provenance["plan"])
