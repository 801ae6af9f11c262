"""`synthesise`: paint what is asked for and record it, in an order that can be stopped and goes on.

Images are recorded in the order of the list of units, each unit in one transaction or a few; then the journal
`synth/RUN.json` in the workspace says how far it came. A run that was stopped paints at most one unit again, and what
was recorded of it is not recorded twice: an image's id follows from its bytes and its provenance.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Level
from firstshift.core.progress import Progress, Silent
from firstshift.core.wholefile import write_whole
from firstshift.line.synth.crew import Alone, Crew, Processes
from firstshift.line.synth.drawing import units_of
from firstshift.line.synth.order import Order
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.stage import Stage
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel
from firstshift.store.workspace import Workspace

AUTHOR = "service:synth"
FOLDER = "synth"


@dataclass(slots=True)
class SynthReport:
    run: str
    images: int = 0
    """Recorded by this call."""
    known: int = 0
    """Recorded by an earlier call of the same run."""
    parts: Counter[str] = field(default_factory=Counter)
    """Parts of each kind that the run now has."""
    seen: Counter[str] = field(default_factory=Counter)
    """Flaws of this call by how well they are seen: visible, faint, not visible."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Classes that cannot be drawn, and why."""
    problems: dict[str, str] = field(default_factory=dict)
    """Photographs that were left out, and why."""

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "images": self.images,
            "known": self.known,
            "parts": dict(self.parts),
            "flaws": dict(self.seen),
            "skipped": self.skipped,
            **({"problems": self.problems} if self.problems else {}),
        }


def synthesise(
    ws: Workspace,
    order: Order,
    *,
    workers: int = 1,
    crew: Crew | None = None,
    progress: Progress | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> SynthReport:
    """Raises before anything is recorded when the plan cannot be rendered."""
    stage = Stage(order)
    plan, settings = stage.plan, stage.settings
    report = SynthReport(stage.run, skipped=dict(stage.not_drawable))
    for name, why in report.skipped.items():
        told(f"{name} is not drawn: {why}")
    classes = _classes(stage)
    if not settings.good and not (settings.per_defect and classes):
        raise BadInput(where="synth", expected="a number of images", found="none", way_out="--good 100 --per-defect 50")
    journal = Journal(ws.folder / FOLDER / f"{stage.run}.json", stage.run)
    units = units_of(plan, settings, classes)
    left = journal.left_of(units)
    report.known = sum(unit.count for unit in units) - sum(unit.count for unit in left)
    told_progress = progress or Silent()
    told_progress.start("rendering", sum(unit.count for unit in left))
    try:
        chosen = crew or (Alone() if workers == 1 or len(left) == 1 else Processes(min(workers, len(left) or 1)))
        with closing(chosen.paint(order, left)) as painted:
            for unit, images in painted:
                record(ws, images, report)
                journal.note(unit)
                told_progress.advance(unit.count, note=f"{unit.kind} {unit.first + unit.count}")
    finally:
        told_progress.finish()
        report.parts = Counter(journal.done)
    return report


def _classes(stage: Stage) -> tuple[str, ...]:
    asked = stage.settings.classes or stage.plan.class_names
    drawn = tuple(dict.fromkeys(entry.class_name for entry in stage.drawable if entry.frequency > 0))
    if stage.settings.classes:
        for name in asked:
            if name not in drawn:
                why = stage.not_drawable.get(name, "its frequency is 0")
                raise BadInput(where=f"class {name!r}", expected="a class that can be drawn", found=why)
    return tuple(name for name in asked if name in drawn)


def record(ws: Workspace, images: list[NewImage], report: SynthReport) -> None:
    said = [replace(one, label=_by_synth(one.label)) for one in images]
    for record, one in zip(ws.images.add_many(said), said, strict=True):
        report.images += record.is_new
        report.known += not record.is_new
        if one.label is not None:
            for annotation in one.label.label.annotations:
                report.seen[str(annotation.attributes.get("visibility", "visible"))] += 1


def _by_synth(label: NewLabel | None) -> NewLabel | None:
    return None if label is None else replace(label, author=AUTHOR, level=Level.SYNTHETIC)


class Journal:
    """How many images of each kind are recorded, counted from the first without a gap."""

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run
        self.done: Counter[str] = Counter()
        if path.exists():
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                self.done.update({str(kind): int(count) for kind, count in told["done"].items()})
            except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
                raise BadInput(
                    where=path, expected="the journal of a run", found=error, way_out="remove the file; nothing is lost"
                ) from error

    def left_of(self, units: list[Unit]) -> list[Unit]:
        """What is still to be painted; a unit of which some is recorded is cut."""
        left = []
        for unit in units:
            begun = max(0, self.done[unit.kind] - unit.first)
            if begun < unit.count:
                left.append(Unit(unit.kind, unit.first + begun, unit.count - begun))
        return left

    def note(self, unit: Unit) -> None:
        self.done[unit.kind] = max(self.done[unit.kind], unit.first + unit.count)
        self._path.parent.mkdir(exist_ok=True)
        told = {"run": self._run, "done": dict(sorted(self.done.items()))}
        write_whole(self._path, (json.dumps(told, indent=1) + "\n").encode())
