"""`synthesise`: paint what is asked for and record it, in an order that can be stopped and goes on.

What the store has of the run is not painted again, whatever became of the journal (`synth/RUN.json` in the workspace);
what it lacks is, whatever the journal says. A run that was killed paints again what was under way, and at most a
second's work besides; what was recorded is not recorded twice: an image's id follows from its bytes and its provenance.
A run has one renderer: where it changed, the run is not gone on with, but another begun beside it when asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.db.turns import one_at_a_time
from firstshift.line.synth.crew import Cluster, Crew, local_crew
from firstshift.line.synth.drawing import units_of
from firstshift.line.synth.fingerprint import renderer, renderer_name, what_changed
from firstshift.line.synth.journal import Journal
from firstshift.line.synth.keeping import keep_inputs
from firstshift.line.synth.order import Order
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.recording import FOLDER, TURN_S, check_made_from, check_may_begin, record
from firstshift.line.synth.report import SynthReport, Told, tallied, told_by
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.line.synth.standing import Standing
from firstshift.render.devices import require_device
from firstshift.store.images import NewImage
from firstshift.store.workspace import Workspace

LOT, LOT_S = 16, 1.0
"""Images that are recorded together, and how long the first of them waits for others."""


def synthesise(
    ws: Workspace,
    order: Order,
    *,
    workers: int = 1,
    crew: Crew | None = None,
    progress: Progress | None = None,
    told: Callable[[str], None] = lambda _: None,
    again: bool = False,
    anew: bool = False,
) -> SynthReport:
    """Raises before anything is recorded when the plan cannot be rendered.

    `again` renders what retention took away once more. `anew` lets a run that another renderer began be, and begins one
    beside it.
    """
    if not isinstance(crew, Cluster):  # its machines say for themselves what they have
        require_device(order.settings.device)
    stage = Stage(order)
    settings = stage.settings
    if not settings.good and not settings.per_defect:
        raise BadInput(where="synth", expected="a number of images", found="none", way_out="--good 100 --per-defect 50")
    if not settings.good:
        stage.drawn.require_any()
    with one_at_a_time(ws.database, f"synth-{stage.run}", wait_s=TURN_S):
        work = _Work.of(ws, stage, again)
        beside = _beside(ws, stage, work, anew)
        if beside is None:
            return _paint(ws, work, crew or local_crew(workers, len(work.pieces)), progress or Silent(), told)
    told(f"run {stage.run} is another renderer's; what is new goes into a run of its own beside it")
    return synthesise(
        ws, replace(order, settings=beside), workers=workers, crew=crew, progress=progress, told=told, again=again
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """A unit, and what is left to do for it."""

    unit: Unit
    pieces: tuple[Unit, ...]
    """To be painted."""
    fresh: range
    """Numbers that the journal does not know yet."""


@dataclass(frozen=True, slots=True)
class _Work:
    stage: Stage
    journal: Journal
    standing: Standing
    steps: list[_Step]
    again: bool

    @classmethod
    def of(cls, ws: Workspace, stage: Stage, again: bool) -> _Work:
        journal = Journal(ws.folder / FOLDER / f"{stage.run}.json", stage.run)
        units = units_of(stage.plan, stage.settings, stage.drawn.asked(stage.settings.classes))
        standing = Standing.of(ws, (_shot(stage, unit.kind, number) for unit in units for number in unit.numbers))
        steps = []
        for unit in units:
            old, fresh = journal.split(unit)
            wanted = [*(number for number in old if journal.has(unit.kind, number)), *fresh]
            pieces = _in_pieces(
                unit.kind,
                (one for one in wanted if standing.lacks(_shot(stage, unit.kind, one), stage.channels, again)),
            )
            if pieces or fresh:
                steps.append(_Step(unit, pieces, fresh))
        return cls(stage, journal, standing, steps, again)

    @property
    def pieces(self) -> list[Unit]:
        return [piece for step in self.steps for piece in step.pieces]


def _shot(stage: Stage, kind: str, number: int) -> str:
    return f"synth/{stage.run}/{kind}/{number:07d}"


def _in_pieces(kind: str, numbers: Iterable[int]) -> tuple[Unit, ...]:
    pieces: list[Unit] = []
    for number in numbers:
        if pieces and number == pieces[-1].first + pieces[-1].count:
            pieces[-1] = Unit(kind, pieces[-1].first, pieces[-1].count + 1)
        else:
            pieces.append(Unit(kind, number, 1))
    return tuple(pieces)


def _beside(ws: Workspace, stage: Stage, work: _Work, anew: bool) -> SynthSettings | None:
    """What to ask for instead, because another renderer began the run. With nothing left to paint it is left alone."""
    then = work.standing.begun_by(ws, work.journal)
    changed = what_changed(then) if then is not None and work.pieces else ""
    if not changed:
        work.journal.renderer = renderer() if then is None else then
        return None
    own = replace(stage.settings, renderer=renderer_name(renderer()))
    run = own.run_name(stage.plan_hash, stage.profile_hash, stage.channels)
    check_may_begin(ws, stage.run, run, changed, anew)
    return own


def _paint(ws: Workspace, work: _Work, crew: Crew, progress: Progress, told: Callable[[str], None]) -> SynthReport:
    stage, journal, standing = work.stage, work.journal, work.standing
    report = SynthReport(stage.run, skipped=stage.drawn.left_out)
    for name, why in report.skipped.items():
        told(f"{name} is not drawn: {why}")
    for doubt in stage.doubts:
        told(doubt)
    report.known, report.retired = len(standing.live), len(standing.retired)
    pieces, channels = work.pieces, len(stage.channels)
    if pieces:
        keep_inputs(ws, stage)
    progress.start("rendering", channels * sum(piece.count for piece in pieces))
    try:
        with closing(crew.paint(stage.order, pieces)) as painted:
            lot = _Lot(ws, work, report, progress)
            try:
                for step in work.steps:
                    for piece, made in _next_of(painted, len(step.pieces)):
                        lot.take(piece, made)
                    lot.end(step)
            finally:
                lot.record()  # whatever ended the painting, what is painted is kept
    finally:
        progress.finish()
    report.close(journal.kinds, stage.plan.synthetic.not_visible)
    for warning in report.warnings:
        told(warning)
    return report


class _Lot:
    """Images that are recorded in one transaction: those of small units together, and nothing waits for longer than a
    second once it is painted, unless the next one takes longer."""

    def __init__(self, ws: Workspace, work: _Work, report: SynthReport, progress: Progress) -> None:
        self._ws, self._work, self._report, self._progress = ws, work, report, progress
        self._waiting: list[tuple[Unit, list[NewImage]]] = []
        self._of_step: list[NewImage] = []
        self._ended: list[tuple[_Step, list[NewImage]]] = []
        self._since = time.monotonic()

    def take(self, piece: Unit, made: list[NewImage]) -> None:
        self._waiting.append((piece, made))
        self._of_step += made
        self._record_when_due()

    def end(self, step: _Step) -> None:
        """All pieces of the step were taken."""
        self._ended.append((step, self._of_step))
        self._of_step = []
        self._record_when_due()

    def _record_when_due(self) -> None:
        if sum(len(made) for _, made in self._waiting) >= LOT or time.monotonic() - self._since > LOT_S:
            self.record()

    def record(self) -> None:
        """What waits, then into the journal which steps ended with it."""
        work, waiting, ended, self._waiting, self._ended = self._work, self._waiting, self._ended, [], []
        images = [one for _, made in waiting for one in made]
        check_made_from(images, work.stage.plan_hash, work.stage.profile_hash)
        record(self._ws, images, self._report, work.standing, work.again)
        for piece, _ in waiting:
            note = f"{piece.kind} {piece.first + piece.count}"
            self._progress.advance(len(work.stage.channels) * piece.count, note=note)
        for step, made in ended:
            if step.fresh:
                _note(self._ws, work, step, made)
        if any(step.fresh for step, _ in ended):
            work.journal.write()
        self._since = time.monotonic()


def _next_of(painted: Iterator[tuple[Unit, list[NewImage]]], count: int) -> Iterator[tuple[Unit, list[NewImage]]]:
    for _ in range(count):
        yield next(painted)


def _note(ws: Workspace, work: _Work, step: _Step, images: list[NewImage]) -> None:
    """Into the journal: the new parts of a unit, those that were painted and those that the store had already."""
    kind, fresh = step.unit.kind, step.fresh
    now = {number for piece in step.pieces for number in piece.numbers}
    said: list[Told] = [one for one in told_by(images) if one[0][1] in fresh]
    there = {
        image: (kind, number)
        for number in fresh
        if number not in now
        for image in work.standing.images_of(_shot(work.stage, kind, number), work.stage.channels)
    }
    labels = ws.labels.current(there)
    said += [(part, labels[image].label if image in labels else None) for image, part in there.items()]
    work.journal.add(Unit(kind, fresh.start, len(fresh)), tallied(said, [(kind, number) for number in fresh]))
