"""`put_onto`: flaws of the plan onto good photographs, recorded as augmented images that name their photograph (M11).

Runs like `synthesise`: one piece of work for each photograph, a journal of how far each came, the same bytes for any
number of workers; stopped half-way, the same call goes on, and asking for more adds to what is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.line.synth.crew import Crew, local_crew
from firstshift.line.synth.journal import Journal
from firstshift.line.synth.onto_order import (
    Method,
    OntoOrder,
    OntoSettings,
    OntoUnit,
    Pairs,
    Photograph,
    Units,
    assigned,
)
from firstshift.line.synth.onto_painting import OntoPainter
from firstshift.line.synth.order import Order
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.report import SynthReport, tallied
from firstshift.line.synth.running import FOLDER, record
from firstshift.store.workspace import Workspace

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
) -> SynthReport:
    """`photographs`: ids of images in the workspace and what to call them (`onto_photographs`)."""
    asked = OntoOrder.of(order, settings, list(photographs))
    painter = OntoPainter(asked)
    classes = painter.classes.asked(settings.classes)
    if not (settings.per_defect or settings.per_photo):
        raise BadInput(where="synth onto", expected="a number of images", found="none", way_out="--per-defect 50")
    if settings.per_defect and settings.per_photo:
        raise BadInput(where="synth onto", expected="--per-defect or --per-photo", found="both")
    painter.classes.require_any()
    report = SynthReport(painter.run, skipped=painter.classes.left_out)
    for name, why in report.skipped.items():
        told(f"{name} is not drawn: {why}")
    journal = Journal(ws.folder / FOLDER / f"{painter.run}.json", painter.run)
    wanted = assigned(list(photographs), classes, settings)
    left = []
    for image, pieces in wanted.items():
        begun = min(journal.done[image], len(pieces))
        report.known += sum(journal.has(*piece) for piece in pieces[:begun])
        if begun < len(pieces):
            left.append(OntoUnit(Photograph(image, photographs[image], b""), begun, pieces[begun:]))
    shown = progress or Silent()
    shown.start("painting", sum(unit.count for unit in left))
    try:
        chosen = crew or local_crew(workers, len(left))
        with closing(chosen.paint(asked, Units(ws, photographs, left))) as painted:
            for unit, outcome in painted:
                if outcome.problem:
                    report.problems[unit.photograph.name] = outcome.problem
                    told(f"{unit.photograph.name} is left out: {outcome.problem}")
                else:
                    record(ws, outcome.images, report)
                    journal.note(Unit(unit.kind, unit.first, unit.count), tallied(outcome.images, unit.asked))
                shown.advance(unit.count, note=unit.photograph.name)
    finally:
        shown.finish()
    report.close(journal.kinds, painter.stage.plan.synthetic.not_visible)
    for warning in report.warnings:
        told(warning)
    return report


def read_points(path: Path) -> tuple[tuple[str, Pairs], ...]:
    """A file of clicked points: {"points": [{"image": [x, y], "part": [x, y, z]}, …]} for all photographs, or the same
    list under each photograph's name."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_POINTS_BYTES + 1)
        if len(data) > MAX_POINTS_BYTES:
            raise ValueError("a file over 4 MB")
        told = json.loads(data)
        named = {"" if name == "points" else str(name): pairs for name, pairs in told.items()}
        return tuple((name, tuple(_pair(one) for one in pairs)) for name, pairs in named.items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadInput(
            where=path,
            expected='{"points": [{"image": [x, y], "part": [x, y, z]}, ...]}',
            found=str(error)[:100],
            way_out="image in pixels from the upper left corner, part in mm as in the CAD file",
        ) from error


def _pair(one: dict[str, Any]) -> tuple[float, float, float, float, float]:
    (x, y), (px, py, pz) = one["image"], one["part"]
    return (float(x), float(y), float(px), float(py), float(pz))


def chosen_method(plane: bool, points: bool, silhouette: bool) -> Method:
    """One way to register; a plane when none is named."""
    named: list[Method] = [
        name for name, is_asked in zip(get_args(Method), (plane, points, silhouette), strict=True) if is_asked
    ]
    if len(named) > 1:
        raise BadInput(where="synth onto", expected="one of --plane, --points, --silhouette", found=" and ".join(named))
    return named[0] if named else "plane"
