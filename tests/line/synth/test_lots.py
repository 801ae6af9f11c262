"""Images recorded in lots: small units together, slow ones at once, and nothing that was made from another plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firstshift.core.errors import Unavailable
from firstshift.core.progress import ProgressEvent, Reporting
from firstshift.line.synth import running
from firstshift.line.synth.order import Order
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.running import synthesise
from firstshift.store.images import NewImage
from firstshift.store.workspace import Workspace
from tests.line.synth.conftest import small_order


class Slow:
    """Paints in this process; each piece takes as long as it is told, on a clock that is moved by hand."""

    def __init__(self, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.seconds, self.recorded = 0.0, seconds, [0]
        monkeypatch.setattr(running.time, "monotonic", lambda: self.now)

    def paint(self, order: Order, units: list[Unit]) -> Iterator[tuple[Unit, list[NewImage]]]:
        painter = order.painter()
        for unit in units:
            self.now += self.seconds
            yield unit, painter.paint_unit(unit)


@pytest.mark.parametrize(("seconds", "at_once"), [(0.01, 16), (30.0, 2)])
def test_small_units_are_recorded_together_and_slow_ones_as_they_come(
    ws: Workspace, bracket: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, at_once: int
) -> None:
    """What progress tells is recorded; classes begin with a part, of two images, for each pose."""
    crew, events = Slow(seconds, monkeypatch), list[ProgressEvent]()
    counts: list[int] = []

    def tell(event: ProgressEvent) -> None:
        events.append(event)
        counts.append(ws.images.count())

    order = small_order(bracket, good=0, per_defect=4, classes=("scratch", "stain", "dent"), size_px=64)
    synthesise(ws, order, crew=crew, progress=Reporting(tell, every_s=0))  # type: ignore[arg-type]
    assert (events[-1].done, ws.images.count()) == (24, 24)
    assert all(event.done <= count for event, count in zip(events, counts, strict=True))
    assert counts[1] == at_once


def _of_plan(plan: str, image: NewImage) -> NewImage:
    return replace(image, capture=replace(image.capture, provenance=image.capture.provenance | {"plan": plan}))


def test_what_another_plan_gave_is_not_recorded(ws: Workspace, bracket: Path) -> None:
    class Elsewhere:
        def paint(self, order: Order, units: list[Unit]) -> Iterator[tuple[Unit, list[NewImage]]]:
            painter = order.painter()
            for unit in units:
                made = painter.paint_unit(unit)
                if unit.first > 0:
                    made = [
                        replace(
                            one, capture=replace(one.capture, provenance=one.capture.provenance | {"plan": "other"})
                        )
                        for one in made
                    ]
                yield unit, made

    order = small_order(bracket, good=24, size_px=64)
    with pytest.raises(Unavailable, match="paints from another plan"):
        synthesise(ws, order, crew=Elsewhere())  # type: ignore[arg-type]
    assert ws.images.count() == 16  # the first unit of eight parts was made from this plan
    assert synthesise(ws, order).images == 32
