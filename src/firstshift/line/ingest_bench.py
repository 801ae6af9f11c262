"""How fast images are recorded here, each acknowledged only when it is on the disk.

    report = bench_ingest(Path("."), seconds=20)
    report.runs[0].per_s, report.goal_met

In a workspace of its own, which is removed afterwards: the raw floor (the same bytes written and flushed without us),
then one client, several clients at once, and batches. At the end the ledger is verified: every acknowledged image has
its event, its row and its blob.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.core.seed import Seed
from firstshift.db.durability import read_durability
from firstshift.db.engine import PASSWORD_VARIABLE
from firstshift.db.migrate import migrate
from firstshift.ledger.tags import Tag
from firstshift.line.ingest_clients import (
    Told,
    Work,
    add_in_batches,
    add_one_by_one,
    draw_pictures,
    run_clients,
    write_raw,
)
from firstshift.store.audit import verify_workspace
from firstshift.store.workspace import DEFAULT_DATABASE, Workspace

GOAL_PER_S = 83.0
"""Five times a line of 1,000 parts a minute."""
MAX_CLIENTS = 64
_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """One phase: what was asked of how many clients, and what came of it."""

    name: str
    clients: int
    images: int
    seconds: float
    per_s: float
    per_s_interval: tuple[float, float] | None
    """95 %, by bootstrap over the whole seconds of the phase; None when there are not two of them."""
    p50_ms: float
    p99_ms: float
    max_ms: float
    peak_memory_mb: float
    """Of the largest client process."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    image_bytes: float
    floor: tuple[Run, ...]
    runs: tuple[Run, ...]
    acknowledged: int
    recorded_events: int
    verified_blobs: int
    problems: tuple[str, ...]
    database: str
    durability: dict[str, str]
    place: str
    disk: str
    goal_per_s: float = field(default=GOAL_PER_S)

    @property
    def goal_met(self) -> bool:
        return self.is_verified and all(run.per_s >= self.goal_per_s for run in self.runs)

    @property
    def is_verified(self) -> bool:
        return not self.problems and self.acknowledged == self.recorded_events

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"goal_met": self.goal_met, "verified": self.is_verified}


def bench_ingest(
    place: Path,
    *,
    database_url: str | None = None,
    seconds: float = 20.0,
    clients: int = 8,
    batch: int = 64,
    seed: Seed | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """`place` is a folder on the disk to measure. `database_url` names an empty database; its tables are removed at the
    end. The floor gets a quarter of `seconds` for each of its phases."""
    if not 0 < seconds <= 3_600 or not 1 <= clients <= MAX_CLIENTS or not 1 <= batch <= 10_000:
        raise BadInput(
            where="bench ingest",
            expected=f"up to 3,600 seconds, 1–{MAX_CLIENTS} clients, batches of 1–10,000",
            found=f"{seconds} s, {clients} clients, batches of {batch}",
        )
    shown = progress or Silent()
    shown.start("measuring", 8)
    pictures = draw_pictures(seed or Seed(1))
    folder = Path(tempfile.mkdtemp(prefix="firstshift-bench-", dir=place))
    try:
        floor = tuple(_measure_floor(folder, pictures, seconds / 4, clients, shown))
        ws = _create(folder / "workspace", database_url)
        try:
            return _measure_workspace(ws, floor, pictures, seconds, clients, batch, shown)
        finally:
            if database_url is not None:
                migrate(ws.database, "base")
            ws.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shown.finish()


def _measure_floor(
    folder: Path, pictures: tuple[bytes, ...], seconds: float, clients: int, shown: Progress
) -> list[Run]:
    """Each with one and with several clients, because a disk flushes for many at once."""
    runs = []
    for flush_folder, kind in ((False, "write + fsync"), (True, "write + fsync + fsync of the folder")):
        for count in sorted({1, clients}):
            phase = f"floor{int(flush_folder)}{count}"
            works = [
                Work(str(folder), client, seconds, pictures, phase, flush_folder=flush_folder)
                for client in range(count)
            ]
            runs.append(_run(kind, run_clients(write_raw, works)))
            for client in range(count):
                shutil.rmtree(folder / f"raw-{phase}-{client}")
            shown.advance(note=kind)
    return runs


def _measure_workspace(
    ws: Workspace,
    floor: tuple[Run, ...],
    pictures: tuple[bytes, ...],
    seconds: float,
    clients: int,
    batch: int,
    shown: Progress,
) -> IngestReport:
    phases: tuple[tuple[str, Callable[[Work], Told], int, int], ...] = (
        ("one client", add_one_by_one, 1, 0),
        (f"{clients} clients", add_one_by_one, clients, 0),
        (f"one client, batches of {batch}", add_in_batches, 1, batch),
    )
    runs, acknowledged = [], 0
    for number, (name, client, count, size) in enumerate(phases):
        works = [Work(str(ws.folder), n, seconds, pictures, f"phase{number}", size) for n in range(count)]
        told = run_clients(client, works)
        runs.append(_run(name, told))
        acknowledged += sum(len(one.acknowledged_s) + one.warm_up for one in told)
        shown.advance(note=name)
    verification = verify_workspace(ws)
    shown.advance(note="verified")
    with ws.database.reading() as connection:
        recorded = sum(1 for event in ws.ledger.events(connection) if event.tag == Tag.IMAGE_RECORDED)
    return IngestReport(
        image_bytes=float(np.mean([len(picture) for picture in pictures])),
        floor=floor,
        runs=tuple(runs),
        acknowledged=acknowledged,
        recorded_events=recorded,
        verified_blobs=verification.blobs,
        problems=tuple(str(problem) for problem in verification.problems[:20]),
        database=ws.database.url.get_backend_name(),
        durability=read_durability(ws.database),
        place=str(ws.folder.parent.parent.resolve()),
        disk=_disk_of(ws.folder),
    )


def _create(folder: Path, database_url: str | None) -> Workspace:
    if database_url is None:
        return Workspace.create(folder, database_url=DEFAULT_DATABASE, actor="human:bench")
    password = urlsplit(database_url).password
    if password:  # the clients open the workspace by its file, and no password is written there
        os.environ[PASSWORD_VARIABLE] = unquote(password)
    return Workspace.create(folder, database_url=database_url, actor="human:bench")


def _run(name: str, told: list[Told]) -> Run:
    acknowledged_s = np.sort(np.concatenate([one.acknowledged_s for one in told]))
    latency_ms = 1000 * np.concatenate([one.latency_s for one in told])
    if not len(acknowledged_s):
        raise BadInput(where=f"bench ingest, {name}", expected="time for one image at least", found="none recorded")
    began_s = min(one.began_s for one in told)
    seconds = float(acknowledged_s[-1] - began_s)
    return Run(
        name=name,
        clients=len(told),
        images=len(acknowledged_s),
        seconds=seconds,
        per_s=len(acknowledged_s) / seconds,
        per_s_interval=_rate_interval(acknowledged_s - began_s),
        p50_ms=float(np.percentile(latency_ms, 50, method="inverted_cdf")),
        p99_ms=float(np.percentile(latency_ms, 99, method="inverted_cdf")),
        max_ms=float(latency_ms.max()),
        peak_memory_mb=max(one.peak_memory_mb for one in told),
    )


def _rate_interval(acknowledged_s: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float] | None:
    """Images in each whole second, resampled (Efron 1979)."""
    whole = int(acknowledged_s[-1])
    if whole < 2:
        return None
    windows = np.bincount(acknowledged_s.astype(int), minlength=whole)[:whole]
    random = Seed(0).generator()
    means = random.choice(windows, (_RESAMPLES, whole)).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _disk_of(path: Path) -> str:
    """`ext4 on /dev/vda`, where the system says so."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown"
    found = ("", "unknown")
    for line in mounts.read_text(errors="replace").splitlines():
        device, point, kind, *_ = line.split()
        if path.resolve().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, f"{kind} on {device}")
    return found[1]
