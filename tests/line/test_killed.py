"""An import killed with SIGKILL again and again is finished by the same call: nothing twice, nothing missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstshift.line.importing import import_dataset
from firstshift.store.audit import verify_workspace
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from tests.contracts.house import ROOT
from tests.line.data_sets import class_folders, workspace

IMAGES = 200
KILLS = 6
CHILD = """
import sys
from firstshift.core.progress import Reporting
from firstshift.line.importing import import_dataset
from firstshift.store.workspace import Workspace

def say(event):
    if event.what.startswith("importing"):
        print("importing", event.done, flush=True)

with Workspace.open(sys.argv[1], actor="human:anna") as ws:
    import_dataset(ws, sys.argv[2], progress=Reporting(say, every_s=0), batch=8)
"""


def start(ws: Path, source: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ws), str(source)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )


@pytest.mark.parametrize("seed", [1])
def test_killed_and_called_again_until_it_is_done(seed: int, tmp_path: Path) -> None:
    source = class_folders(tmp_path / "set", {"good": IMAGES - 60, "scratch": 60})
    with workspace(tmp_path / "ws"):
        pass
    chance = random.Random(seed)
    held: list[int] = []
    for kill in range(KILLS):
        child = start(tmp_path / "ws", source)
        assert child.stdout is not None
        line = child.stdout.readline()  # the check is done and the first batch under way
        assert line, "the child ended before it imported anything"
        acknowledged = int(line.split()[1])
        # Later kills come later, each somewhere inside a batch.
        for _ in range(chance.randint(kill, kill + 3)):
            if line := child.stdout.readline():
                acknowledged = int(line.split()[1])
        time.sleep(chance.uniform(0, 0.03))
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
        child.stdout.close()
        child.wait()
        acknowledged = max(
            [acknowledged, *(int(said.split()[1]) for said in rest.splitlines() if len(said.split()) > 1)]
        )
        with Workspace.open(tmp_path / "ws") as ws:
            held.append(ws.images.count())
            assert held[-1] >= min(acknowledged, IMAGES)
            assert ws.images.count(Query(labelled=False)) == 0, "an image never stands without its label"
    assert held == sorted(held), "no kill takes back what was there"
    with Workspace.open(tmp_path / "ws") as ws:
        report = import_dataset(ws, source)
        assert report.new == IMAGES - held[-1]
        assert ws.images.count() == IMAGES
        assert len({image.capture.source for image in ws.images.all()}) == IMAGES
        assert all(len(ws.labels.history(image.id)) == 1 for image in ws.images.all())
        assert verify_workspace(ws).is_intact
    assert held[0] < IMAGES, "the kills came too late to prove anything"
