"""Garbage collection takes what nobody needs, and never what somebody is about to need."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firstshift import Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import Refused
from firstshift.db import turns
from firstshift.db.turns import one_at_a_time
from firstshift.store import blobs as blobs_module
from firstshift.store.audit import verify_workspace
from firstshift.store.collecting import GRACE_S, MIN_BURIED_S, collect_garbage
from firstshift.store.images import NewImage
from tests.pictures import png
from tests.servers.s3 import Bucket
from tests.store.filled import fill, live_blobs
from tests.store.killed import run_child

DAY_S = 24 * 3600.0


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def ws(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    place, endpoint = "blobs", None
    if request.param == "s3":
        bucket: Bucket = request.getfixturevalue("s3")
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        place, endpoint = f"s3://{bucket.bucket}/w", bucket.endpoint
    with Workspace.create(tmp_path / "w", blobs_url=place, blobs_endpoint=endpoint) as workspace:
        yield workspace


def after(seconds: float) -> float:
    return time.time() + seconds


def test_two_steps(ws: Workspace) -> None:
    ids = fill(ws)
    needed = live_blobs(ws)
    lost = ws.blobs.put(b"the process died before it recorded this")
    assert collect_garbage(ws).young.blobs == 1  # just put: perhaps about to be needed
    tomorrow = after(GRACE_S + 60)
    dry = collect_garbage(ws, dry=True, clock=lambda: tomorrow)
    assert (dry.buried.blobs, dry.buried.bytes) == (1, 40)
    assert live_blobs(ws) == needed | {lost}
    assert collect_garbage(ws, clock=lambda: tomorrow).to_json() == dry.to_json() | {"dry": False}
    assert live_blobs(ws) == needed
    assert ws.blobs.get(lost)  # for now it can still be read
    dry = collect_garbage(ws, dry=True, clock=lambda: after(2 * GRACE_S))
    assert ws.blobs.get(lost)
    assert dry.purged.to_json() == collect_garbage(ws, clock=lambda: after(2 * GRACE_S)).purged.to_json()
    assert dry.purged.blobs >= 1
    assert ws.blobs.size(lost) is None
    assert verify_workspace(ws).is_intact
    assert ws.images.read(ids[0]).width == 16


def test_without_grace_it_is_buried_at_once_and_removed_later(ws: Workspace) -> None:
    lost = ws.blobs.put(b"in nobody's way")
    assert collect_garbage(ws, grace_s=0, clock=lambda: after(60)).buried.blobs == 1
    again = collect_garbage(ws, grace_s=0, clock=lambda: after(60))
    assert (again.purged.blobs, again.waiting.blobs) == (0, 1)
    assert collect_garbage(ws, grace_s=0, clock=lambda: after(MIN_BURIED_S + 60)).purged.blobs == 1
    assert ws.blobs.size(lost) is None


def test_needed_after_its_burial(ws: Workspace) -> None:
    """The commit comes after the burial: readable all the while, and dug up by the next run."""
    data = png(1)
    ws.blobs.put(data)
    collect_garbage(ws, grace_s=0, clock=lambda: after(60))
    assert live_blobs(ws) == set()
    record = ws.images.add(data, Capture(serial="1"))
    ws.blobs.bury(record.content)  # as by a run that looked just before the commit
    assert ws.images.read_bytes(record) == data
    assert verify_workspace(ws).is_intact
    assert collect_garbage(ws, grace_s=0, clock=lambda: after(10 * DAY_S)).exhumed.blobs == 1
    assert live_blobs(ws) == {record.content}


def test_a_commit_that_comes_days_after_its_put(ws: Workspace, tmp_path: Path) -> None:
    """A laptop was closed between the put and the commit, and the blob was collected meanwhile."""
    path = tmp_path / "part.png"
    path.write_bytes(png(2))
    waiting = [ws.images._prepare(NewImage(source)) for source in (png(1), path)]
    waiting = [replace(p, put_at_us=p.put_at_us - int(3 * DAY_S * 1e6)) for p in waiting]
    collect_garbage(ws, grace_s=0, clock=lambda: after(60))
    collect_garbage(ws, grace_s=0, clock=lambda: after(2 * DAY_S))
    assert all(ws.blobs.size(p.row["content"]) is None for p in waiting)
    records = ws.images._commit(waiting)
    assert [ws.images.read_bytes(record) for record in records] == [png(1), png(2)]


def test_one_at_a_time(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.2)
    with one_at_a_time(ws.database, "gc"), pytest.raises(Refused, match="another gc is at work"):
        collect_garbage(ws)


def test_leftovers_are_swept(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        half = tmp_path / "w" / "blobs" / "incoming" / "half-written"
        half.write_bytes(b"")
        assert collect_garbage(ws, grace_s=0).leftovers == 0  # somebody may be writing it
        os.utime(half, (0, 0))
        assert collect_garbage(ws, dry=True).leftovers == 0
        assert half.exists()
        assert collect_garbage(ws).leftovers == 1


CHILD = """
from firstshift import Workspace
from firstshift.store import collecting
collecting._CHUNK = collecting._PURGED_AT_ONCE = 2
with Workspace.open(sys.argv[1]) as ws:
    later = float(sys.argv[2])
    collecting.collect_garbage(ws, grace_s=0, clock=lambda: collecting.time.time() + later, progress=Telling())
"""


def test_killed_and_run_again(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        fill(ws)
        needed = live_blobs(ws)
        lost = [ws.blobs.put(f"lost {n}".encode()) for n in range(20)]
        for steps in (5, 8, None):
            run_child(CHILD, ws.folder, 60, kill_after_steps=steps)
            assert verify_workspace(ws).is_intact
        assert live_blobs(ws) == needed
        for steps in (3, None):
            run_child(CHILD, ws.folder, 2 * MIN_BURIED_S, kill_after_steps=steps)
            assert verify_workspace(ws).is_intact
        assert not [content for content in lost if ws.blobs.size(content) is not None]


ADDER = """
import random, time
from firstshift import Workspace
from firstshift.core.capture import Capture
from firstshift.core.errors import Unavailable
from firstshift.store import images
from firstshift.store.images import NewImage
from tests.pictures import png
images.REFRESH_AFTER_S = 0.2                      # against half a second of burial, as 10 minutes against an hour
folder, seed = sys.argv[1], int(sys.argv[2])
rng = random.Random(seed)
with Workspace.open(folder) as ws:
    for _ in range(40):
        number = rng.randrange(150)
        try:
            capture = Capture(serial=f"{seed}-{rng.random()}")
            prepared = ws.images._prepare(NewImage(png(number, side=16), capture))
        except Unavailable:                        # so slow a write that it was swept: an error, and no promise
            continue
        if rng.random() < 0.4:
            continue                               # it dies before it records the row: garbage
        time.sleep(rng.choice((0, 0, 0, 0.05, 0.3, 1.0)))
        record = ws.images._commit([prepared])[0]
        print(record.id, number, flush=True)       # acknowledged
"""

COLLECTOR = """
import time
from pathlib import Path
from firstshift import Workspace
from firstshift.core.errors import Refused
from firstshift.store import collecting
collecting.MIN_BURIED_S = 0.5
with Workspace.open(sys.argv[1]) as ws:
    purged = exhumed = 0
    while not Path(sys.argv[2]).exists():
        time.sleep(0.02)
        try:
            result = collecting.collect_garbage(ws, grace_s=0)
        except Refused:                            # it was the other's turn all the time
            continue
        purged, exhumed = purged + result.purged.blobs, exhumed + result.exhumed.blobs
    print(purged, exhumed, flush=True)
"""


def test_nothing_acknowledged_is_ever_collected(database_url: str, tmp_path: Path) -> None:
    """Three processes put and record the same few hundred pictures, often without recording them and sometimes long
    after, while two collect garbage without grace. The times are scaled down; their order is the real one."""
    stop = tmp_path / "stop"
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:

        def start(code: str, *arguments: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", f"import sys\n{code}", str(ws.folder), *arguments]
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

        children = [
            *(start(ADDER, str(seed)) for seed in range(3)),
            *(start(COLLECTOR, str(stop)) for _ in range(2)),
        ]
        outputs = [child.communicate(timeout=240)[0] for child in children[:3]]
        stop.touch()
        outputs += [child.communicate(timeout=60)[0] for child in children[3:]]
        assert all(child.returncode == 0 for child in children)
        acknowledged = [line.split() for output in outputs[:3] for line in output.splitlines()]
        purged, exhumed = (sum(map(int, column)) for column in zip(*(o.split() for o in outputs[3:]), strict=True))
        assert len(acknowledged) > 50
        assert purged > 0, "nothing was collected: the test shows nothing"
        for record, number in acknowledged:
            assert ws.images.read_bytes(record) == png(int(number), side=16)
        assert verify_workspace(ws).is_intact
        print(f"{len(acknowledged)} acknowledged, {purged} collected, {exhumed} dug up again")


def test_the_margins_are_wide() -> None:
    """What the argument in `collecting` rests on."""
    assert blobs_module.REFRESH_AFTER_S * 5 <= MIN_BURIED_S <= GRACE_S
