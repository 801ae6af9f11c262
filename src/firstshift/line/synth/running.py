"""`synthesise`: paint what is asked for and record it, in an order that can be stopped and goes on.

Images are recorded in the order of the list of units, each unit in one transaction or a few; then the journal
`synth/RUN.json` in the workspace says how far it came. A run that was stopped paints at most one unit again, and what
was recorded of it is not recorded twice: an image's id follows from its bytes and its provenance.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from firstshift.core.errors import BadInput
from firstshift.core.label import Level
from firstshift.core.progress import Progress, Silent
from firstshift.line.synth.crew import Crew, local_crew
from firstshift.line.synth.drawing import units_of
from firstshift.line.synth.journal import Journal
from firstshift.line.synth.order import Order
from firstshift.line.synth.report import SynthReport, tallied
from firstshift.line.synth.stage import Stage
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel
from firstshift.store.workspace import Workspace

AUTHOR = "service:synth"
FOLDER = "synth"


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
    report = SynthReport(stage.run, skipped=stage.drawn.left_out)
    for name, why in report.skipped.items():
        told(f"{name} is not drawn: {why}")
    classes = stage.drawn.asked(settings.classes)
    if not settings.good and not settings.per_defect:
        raise BadInput(where="synth", expected="a number of images", found="none", way_out="--good 100 --per-defect 50")
    if not settings.good:
        stage.drawn.require_any()
    journal = Journal(ws.folder / FOLDER / f"{stage.run}.json", stage.run)
    units, channels = units_of(plan, settings, classes), len(stage.channels)
    left = journal.left_of(units)
    begun = {(unit.kind, number) for unit in left for number in unit.numbers}
    report.known = channels * sum(
        (unit.kind, number) not in begun and journal.has(unit.kind, number) for unit in units for number in unit.numbers
    )
    shown = progress or Silent()
    shown.start("rendering", channels * sum(unit.count for unit in left))
    try:
        with closing((crew or local_crew(workers, len(left))).paint(order, left)) as painted:
            for unit, images in painted:
                record(ws, images, report)
                journal.note(unit, tallied(images, [(unit.kind, number) for number in unit.numbers]))
                shown.advance(channels * unit.count, note=f"{unit.kind} {unit.first + unit.count}")
    finally:
        shown.finish()
    report.close(journal.kinds, plan.synthetic.not_visible)
    for warning in report.warnings:
        told(warning)
    return report


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
