"""`put_onto`: flaws of the plan onto good photographs, recorded as augmented images that name their photograph (M11).

Runs like `synthesise`: one piece of work for each photograph, the same bytes for any number of workers; stopped
half-way, the same call goes on, and asking for more, or with more photographs, adds to what is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from firstshift.core.errors import BadInput, one_line
from firstshift.core.progress import Progress, Silent
from firstshift.db.turns import one_at_a_time
from firstshift.line.synth.crew import Crew, local_crew
from firstshift.line.synth.fingerprint import renderer, renderer_name, what_changed
from firstshift.line.synth.keeping import keep_inputs
from firstshift.line.synth.onto_order import Method, OntoOrder, OntoSettings, Pairs, Units
from firstshift.line.synth.onto_painting import OntoPainter
from firstshift.line.synth.onto_work import OntoWork
from firstshift.line.synth.order import Order
from firstshift.line.synth.recording import TURN_S, check_may_begin, record
from firstshift.line.synth.report import SynthReport, told_by
from firstshift.store.workspace import Workspace

POINTS_TELL = "image in pixels from the upper left corner, part in mm as in the CAD file"
MAX_POINTS_BYTES = 4_000_000


def put_onto(
    ws: Workspace,
    order: Order,
    settings: OntoSettings,
    photographs: dict[str, str],
    *,
    workers: int = 1,
    crew: Crew | None = None,
    progress: Progress | None = None,
    told: Callable[[str], None] = lambda _: None,
    again: bool = False,
    anew: bool = False,
) -> SynthReport:
    """`photographs`: ids of images in the workspace and what to call them (`onto_photographs`). `again` makes what
    retention took away once more; `anew` begins a run beside one that another renderer began."""
    painter = OntoPainter(OntoOrder.of(order, settings))
    if not (settings.per_defect or settings.per_photo):
        raise BadInput(where="synth onto", expected="a number of images", found="none", way_out="--per-defect 50")
    if settings.per_defect and settings.per_photo:
        raise BadInput(where="synth onto", expected="--per-defect or --per-photo", found="both")
    painter.classes.require_any()
    with one_at_a_time(ws.database, f"synth-{painter.run}", wait_s=TURN_S):
        work = OntoWork.of(ws, painter, photographs, again)
        begun_by = work.standing.begun_by(ws, work.journal)
        changed = what_changed(begun_by) if begun_by is not None and work.left else ""
        if not changed:
            work.journal.renderer = renderer() if begun_by is None else begun_by
            chosen = crew or local_crew(workers, len(work.left))
            return _paint(ws, work, photographs, chosen, progress or Silent(), told)
        own = replace(settings, renderer=renderer_name(renderer()))
        run = OntoOrder.of(order, own).run_name(painter.plan_hash, painter.stage.profile_hash)
        check_may_begin(ws, painter.run, run, changed, anew)
    told(f"run {painter.run} is another renderer's; what is new goes into a run of its own beside it")
    return put_onto(ws, order, own, photographs, workers=workers, crew=crew, progress=progress, told=told, again=again)


def _paint(
    ws: Workspace,
    work: OntoWork,
    photographs: dict[str, str],
    crew: Crew,
    progress: Progress,
    told: Callable[[str], None],
) -> SynthReport:
    painter, journal, standing = work.painter, work.journal, work.standing
    report = SynthReport(painter.run, skipped=painter.classes.left_out)
    for name, why in report.skipped.items():
        told(f"{name} is not drawn: {why}")
    for doubt in painter.doubts:
        told(doubt)
    report.known, report.retired = work.known, work.retired
    if work.left:
        keep_inputs(ws, painter.stage)
    progress.start("painting", sum(unit.count for unit in work.left))
    try:
        with closing(crew.paint(painter.asked, Units(ws, photographs, work.left))) as painted:
            for unit, outcome in painted:
                if outcome.problem:
                    report.problems[unit.photograph.name] = outcome.problem
                    told(f"{unit.photograph.name} is left out: {outcome.problem}")
                else:
                    record(ws, outcome.images, report, standing, work.again)
                    made = {part for part, _ in told_by(outcome.images)}
                    journal.note_nowhere(unit.kind, [wish for wish in unit.asked if wish not in made])
                progress.advance(unit.count, note=unit.photograph.name)
    finally:
        progress.finish()
    report.close(work.tallies(ws), painter.stage.plan.synthetic.not_visible)
    for warning in report.warnings:
        told(warning)
    return report


def read_points(path: Path) -> tuple[tuple[str, Pairs], ...]:
    """A file of clicked points: {"points": [{"image": [x, y], "part": [x, y, z]}, …]} for all photographs, or the same
    list under each photograph's name."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_POINTS_BYTES + 1)
        told = json.loads(data) if len(data) <= MAX_POINTS_BYTES else None
    except OSError as error:
        raise _no_points(path, error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise _no_points(path, f"no JSON ({str(error)[:80]})") from error
    if len(data) > MAX_POINTS_BYTES:
        raise _no_points(path, "a file over 4 MB")
    if not isinstance(told, dict) or not told:
        raise _no_points(path, _short(told))
    return tuple(("" if name == "points" else name, _pairs(path, name, pairs)) for name, pairs in told.items())


def _pairs(path: Path, name: str, pairs: Any) -> Pairs:
    if not isinstance(pairs, list):
        raise _no_points(path, _short(pairs))
    return tuple(_pair(path, name, number, one) for number, one in enumerate(pairs))


def _pair(path: Path, name: str, number: int, one: Any) -> tuple[float, float, float, float, float]:
    try:
        (x, y), (px, py, pz) = one["image"], one["part"]
        return (float(x), float(y), float(px), float(py), float(pz))
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise BadInput(
            where=f"{path}: {name}[{number}]", expected='{"image": [x, y], "part": [x, y, z]}', found=_short(one),
            way_out=POINTS_TELL,
        ) from error  # fmt: skip


def _no_points(path: Path, found: object) -> BadInput:
    return BadInput(
        where=path, expected='{"points": [{"image": [x, y], "part": [x, y, z]}, ...]}', found=found, way_out=POINTS_TELL
    )


def _short(value: Any) -> str:
    return one_line(json.dumps(value), 80)


def chosen_method(plane: bool, points: bool, silhouette: bool) -> Method:
    """One way to register; a plane when none is named."""
    named: list[Method] = [
        name for name, is_asked in zip(get_args(Method), (plane, points, silhouette), strict=True) if is_asked
    ]
    if len(named) > 1:
        raise BadInput(where="synth onto", expected="one of --plane, --points, --silhouette", found=" and ".join(named))
    return named[0] if named else "plane"
