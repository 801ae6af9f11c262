"""How fast images are made here, written and labelled: `firstshift bench synth`.

In a workspace of its own, which is removed afterwards: first a warm-up that nobody counts (code is compiled then), then
good parts with a new pose and finish each, then defective parts on prepared poses. A part has one image here, so that
images a second are parts a second. What an image of each class costs in processor time can be measured beside it.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.line.synth.costing import ClassCost, class_costs
from firstshift.line.synth.crew import Processes
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.running import synthesise
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.render.devices import require_device
from firstshift.spec.examples import copy_example
from firstshift.store.workspace import Workspace

GOAL_DEFECT_PER_S = 40.0
GOAL_GOOD_PER_S = 10.0
GOALS_OF = "bracket"
"""The example that the goals were set for; what other examples make is told beside it, and no goal is missed there."""
_RESAMPLES = 2_000
AT_ONCE_S = 0.02


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    images: int
    seconds: float
    per_s: float
    per_s_interval: tuple[float, float] | None
    """95 %, by bootstrap over stretches of the phase; None when there are too few of them."""
    goal_per_s: float | None
    """None: there is no goal for this plan."""
    memory_mb: tuple[float, ...]
    """Of all processes together, at tenths of the phase."""

    @property
    def goal_met(self) -> bool:
        return self.goal_per_s is None or self.per_s >= self.goal_per_s

    @property
    def memory_growth(self) -> float | None:
        """Last tenth against the second one, as a share: 0.02 is 2 % more."""
        return self.memory_mb[-1] / self.memory_mb[1] - 1 if len(self.memory_mb) > 3 else None


@dataclass(frozen=True, slots=True)
class SynthBench:
    plan: str
    channel: str
    size_px: int
    workers: int
    image_bytes: float
    phases: tuple[Phase, ...]
    classes: tuple[ClassCost, ...] = ()
    note: str = field(default="")

    @property
    def goal_met(self) -> bool:
        return all(phase.goal_met for phase in self.phases)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"goal_met": self.goal_met}


def bench_synth(
    place: Path,
    *,
    example: str = GOALS_OF,
    plan_file: Path | None = None,
    good: int = 200,
    defects: int = 1000,
    size_px: int = 512,
    workers: int | None = None,
    seed: int = 1,
    device: str = "cpu",
    per_class: int = 0,
    progress: Progress | None = None,
) -> SynthBench:
    """`place` is a folder on the disk to write to; `plan_file` measures a plan of one's own instead of an example, and
    holds it to the goals too. `per_class`: images of each class whose processor time is measured afterwards."""
    if good < 1 or defects < 1:
        raise BadInput(where="bench synth", expected="at least one image of each kind", found=f"{good} and {defects}")
    require_device(device)
    count = workers or os.cpu_count() or 1
    shown = progress or Silent()
    folder = Path(tempfile.mkdtemp(prefix="firstshift-bench-", dir=place))
    try:
        if plan_file is None:
            copy_example(example, folder / "plan")
        plan = plan_file or folder / "plan"
        channel = order_for(plan, SynthSettings(good=1)).plan().station.channels[0].name
        phases, written = [], 0.0
        with Workspace.create(folder / "workspace") as ws:
            asked = SynthSettings(seed=seed, size_px=size_px, channels=(channel,), device=device)
            each = math.ceil(defects / len(Stage(order_for(plan, SynthSettings())).drawn.classes))
            crew = Processes(count)
            warm_up = replace(asked, good=count * 8, per_defect=1, seed=seed + 1)
            synthesise(ws, order_for(plan, warm_up), crew=crew)
            has_goals = plan_file is not None or example == GOALS_OF
            for name, goal, wanted in (
                ("good parts, new pose and finish each", GOAL_GOOD_PER_S, replace(asked, good=good)),
                ("defects on prepared poses", GOAL_DEFECT_PER_S, replace(asked, per_defect=each)),
            ):
                watch = _Watch(shown)
                report = synthesise(ws, order_for(plan, wanted), crew=crew, progress=watch)
                phases.append(watch.phase(name, goal if has_goals else None, report.images))
            first = ws.images.search().items
            written = statistics.fmean(one.size for one in first)
        costs = class_costs(order_for(plan, asked), per_class) if per_class else ()
        return SynthBench(
            example if plan_file is None else str(plan_file), channel, size_px, count, written, tuple(phases), costs
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Watch:
    """Notes when images were recorded and how much memory is in use; passes progress on."""

    def __init__(self, shown: Progress) -> None:
        self._shown, self._total = shown, 1
        self._done: list[tuple[float, int]] = []
        self._memory: list[tuple[float, float]] = []

    def start(self, what: str, total: int | None = None) -> None:
        self._total = total or 1
        self._shown.start(what, total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Units that are recorded together are told one after the other: they are one moment."""
        before, now = (self._done[-1][1] if self._done else 0), time.monotonic()
        if self._done and now - self._done[-1][0] < AT_ONCE_S:
            self._done.pop()
        self._done.append((now, before + steps))
        self._memory.append(((before + steps) / self._total, memory_mb()))
        self._shown.advance(steps, note)

    def finish(self) -> None:
        self._shown.finish()

    def phase(self, name: str, goal: float | None, images: int) -> Phase:
        """Counted from the first images recorded on: workers start once, for fifty thousand images as for fifty."""
        (began, first), (ended, last) = self._done[0], self._done[-1]
        if last == first:
            raise BadInput(where="bench synth", expected="more images than one worker takes at a time", found=images)
        tenths = tuple(
            statistics.fmean(one)
            for tenth in range(10)
            if (one := [mb for share, mb in self._memory if tenth / 10 < share <= (tenth + 1) / 10])
        )
        rate = (last - first) / (ended - began)
        return Phase(name, last - first, ended - began, rate, self._interval(), goal, tenths)

    def _interval(self) -> tuple[float, float] | None:
        """Stretches of several units: units come back in pairs, one from each worker."""
        steps = 10
        marks = [self._done[round(k * (len(self._done) - 1) / steps)] for k in range(steps + 1)]
        stretches = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(marks) if b[1] > a[1] and b[0] > a[0]]
        if len(stretches) < 5:
            return None
        seconds, images = np.array(stretches).T
        drawn = np.random.default_rng(0).integers(len(stretches), size=(_RESAMPLES, len(stretches)))
        low, high = np.percentile(images[drawn].sum(axis=1) / seconds[drawn].sum(axis=1), [2.5, 97.5]).tolist()
        return low, high


def memory_mb() -> float:
    """Resident memory of this process and its children; pages that processes share are counted once for each."""
    return sum(_resident_mb(pid) for pid in [os.getpid(), *_children(os.getpid())])


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
