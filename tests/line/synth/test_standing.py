"""What a run finds in the workspace: images that are missing, retired, another renderer's, or just being painted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from firstshift.core.errors import Refused, Unavailable
from firstshift.line.synth.crew import Alone, Job, Result, Work
from firstshift.line.synth.fingerprint import NO_PIXELS, renderer, what_changed
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.recording import record
from firstshift.line.synth.report import SynthReport
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.showing import look_at
from firstshift.line.synth.standing import Standing
from firstshift.store.audit import verify_workspace
from firstshift.store.images import ImageRecord
from firstshift.store.workspace import Workspace
from tests.line.synth.retired import retire_all
from tests.line.synth.tiles import BLOWHOLE, PART_AND_STATION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "plan.yaml").write_text(PART_AND_STATION + BLOWHOLE)
    return tmp_path / "plan"


def order(folder: Path, **asked: Any) -> Order:
    return order_for(folder, SynthSettings(**({"size_px": 64, "seed": 2} | asked)))


class Watched:
    """Paints in this process and knows what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def paint(self, order: Work[Job, Result], units: Sequence[Job]) -> Generator[tuple[Job, Result], None, None]:
        self.given.extend(units)
        yield from Alone().paint(order, units)


def journal_of(ws: Workspace) -> Path:
    (path,) = (ws.folder / "synth").glob("*.json")
    return path


def by_source(ws: Workspace) -> dict[str, list[ImageRecord]]:
    found: dict[str, list[ImageRecord]] = {}
    for one in ws.images.all():
        found.setdefault(str(one.capture.source), []).append(one)
    return found


def test_a_database_older_than_its_journal_gets_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "ws"
    with Workspace.create(place, actor="human:test") as ws:
        synthesise(ws, order(folder, good=1))
    shutil.copy(place / "firstshift.db", tmp_path / "backup.db")
    with Workspace.open(place) as ws:
        synthesise(ws, order(folder, good=3, per_defect=1))
        everything = {one.id for one in ws.images.all()}
    for path in place.glob("firstshift.db*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", place / "firstshift.db")
    with Workspace.open(place) as ws:
        report = synthesise(ws, order(folder, good=3, per_defect=1), crew=(watched := Watched()))
        assert (report.images, report.known) == (3, 1)
        assert sorted(watched.given, key=str) == [Unit("blowhole", 0, 1), Unit("good", 1, 2)]
        assert {one.id for one in ws.images.all()} == everything
        assert dict(report.parts) == {"good": 3, "blowhole": 1}, "no part is counted twice"


def test_without_its_journal_a_run_paints_nothing_twice(ws: Workspace, folder: Path) -> None:
    before = synthesise(ws, order(folder, good=2, per_defect=2))
    journal_of(ws).unlink()
    after = synthesise(ws, order(folder, good=2, per_defect=2), crew=(watched := Watched()))
    assert (after.images, after.known, watched.given) == (0, 4, [])
    assert after.parts == before.parts
    assert after.hidden == before.hidden


@pytest.mark.parametrize("has_journal", [True, False], ids=["with its journal", "without it"])
def test_what_retention_took_comes_again_when_asked_for(ws: Workspace, folder: Path, has_journal: bool) -> None:
    synthesise(ws, order(folder, good=1, per_defect=1))
    old = {source: one for source, (one,) in by_source(ws).items()}
    retire_all(ws)
    if not has_journal:
        journal_of(ws).unlink()
    said = synthesise(ws, order(folder, good=1, per_defect=1))
    assert (said.images, said.known, said.retired) == (0, 0, 2)
    said = synthesise(ws, order(folder, good=1, per_defect=1), again=True)
    assert (said.images, said.known, said.retired) == (2, 0, 0)
    assert dict(said.parts) == {"good": 1, "blowhole": 1}
    for source, pair in by_source(ws).items():
        (new,) = [one for one in pair if one.id != old[source].id]
        assert new.capture.provenance["again_of"] == old[source].id
        assert new.content == old[source].content
        assert ws.images.read(new).width == 64
        assert ws.labels.current([new.id])[new.id].label == ws.labels.current([old[source].id])[old[source].id].label
        assert look_at(ws, new.id, folder).is_same
    assert not verify_workspace(ws).problems
    once_more = synthesise(ws, order(folder, good=1, per_defect=1), again=True)
    assert (once_more.images, once_more.known, once_more.retired) == (0, 2, 0)


def test_a_retired_image_is_shown_without_its_pixels(ws: Workspace, folder: Path) -> None:
    synthesise(ws, order(folder, per_defect=1))
    (record,) = ws.images.all()
    retire_all(ws)
    found = look_at(ws, record.id, folder, suffix=".png")
    assert (found.is_retired, found.is_same, found.differing) == (True, True, None)
    assert found.picture.startswith(b"\x89PNG")


def another_renderer(path: Path) -> None:
    told = json.loads(path.read_text())
    told["renderer"] |= {"source": "0123456789abcdef", "numba": "0.1"}
    path.write_text(json.dumps(told))


def test_a_run_is_never_gone_on_with_by_another_renderer_unnoticed(ws: Workspace, folder: Path) -> None:
    begun = synthesise(ws, order(folder, good=1))
    another_renderer(journal_of(ws))
    complete = synthesise(ws, order(folder, good=1))
    assert (complete.run, complete.images, complete.known) == (begun.run, 0, 1), "nothing to paint, nothing to refuse"
    with pytest.raises(Refused, match=r"begun by another renderer \(.*numba was 0.1, is .*--anew") as refused:
        synthesise(ws, order(folder, good=2))
    assert "\n" not in str(refused.value)
    assert ws.images.count() == 1
    told: list[str] = []
    own = synthesise(ws, order(folder, good=2), anew=True, told=told.append)
    assert own.run != begun.run
    assert (own.images, ws.images.count()) == (2, 3)
    assert any("beside" in line for line in told)
    more = synthesise(ws, order(folder, good=3))
    assert (more.run, more.images, more.known) == (own.run, 1, 2), "asked for once, it goes on"


def test_without_a_journal_the_images_say_who_began(ws: Workspace, folder: Path) -> None:
    (new,) = order(folder, good=1).painter().paint_unit(Unit("good", 0, 1))
    provenance = new.capture.provenance | {"renderer": renderer() | {"source": "another"}}
    ws.images.add(bytes(new.data), type(new.capture)(**(_fields(new.capture) | {"provenance": provenance})))
    with pytest.raises(Refused, match="source was another"):
        synthesise(ws, order(folder, good=2))


def _fields(capture: Any) -> dict[str, Any]:
    return {name: getattr(capture, name) for name in capture.__dataclass_fields__}


def test_a_worker_with_other_code_is_refused(ws: Workspace, folder: Path) -> None:
    (new,) = order(folder, good=1).painter().paint_unit(Unit("good", 0, 1))
    new.capture.provenance["renderer"] = renderer() | {"numpy": "1.0"}
    with pytest.raises(Unavailable, match=r"numpy was 1\.0"):
        record(ws, [new], SynthReport("run"), Standing(), again=False)
    assert ws.images.count() == 0


def test_the_renderer_is_told_in_words() -> None:
    told = renderer()
    assert len(told["source"]) == 16
    assert {"numpy", "numba", "opencv", "embreex"} <= told.keys()
    assert "none" not in (told["numpy"], told["opencv"])
    assert what_changed(told) == ""
    assert what_changed(told | {"numpy": "1.0"}) == f"numpy was 1.0, is {told['numpy']}"
    assert "does not say" in what_changed(None)


def test_what_is_left_out_of_the_fingerprint_is_there() -> None:
    import firstshift

    root = Path(firstshift.__file__).parent
    assert [name for name in sorted(NO_PIXELS) if not (root / name).is_file()] == []


def test_of_two_processes_with_one_run_the_second_gets_one_line(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "ws"
    Workspace.create(place, actor="human:test").close()
    command = [
        *(sys.executable, "-m", "firstshift.cli.app", "synth", "run", str(folder / "plan.yaml"), "-w", str(place)),
        *("--good", "5000", "--size", "64", "--workers", "1", "--quiet"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        try:
            deadline = time.monotonic() + 120
            while not list(place.glob("synth/*.json")):
                assert first.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            second = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert first.poll() is None, "it is still at work"
        finally:
            first.kill()
    assert second.returncode != 0
    assert "at work here" in second.stderr
    assert "Traceback" not in second.stderr
